"""Types and shapes of arrays in annotations, as jaxtyping writes them: Float32[np.ndarray, "h w 3"].

Type checkers see jaxtyping's. When safelight runs they are the plain types, unless jaxtyping was imported before, as
by its import hook, which checks them: to import it and to make its types takes a third of the start of a command.
"""

import sys
from typing import TYPE_CHECKING, Any

__all__ = [
    "Bool",
    "Float",
    "Float32",
    "Float64",
    "Int",
    "Int16",
    "Int32",
    "Int64",
    "Shaped",
    "UInt8",
    "UInt16",
    "UInt64",
]

if TYPE_CHECKING or "jaxtyping" in sys.modules:
    from jaxtyping import (
        Bool,
        Float,
        Float32,
        Float64,
        Int,
        Int16,
        Int32,
        Int64,
        Shaped,
        UInt8,
        UInt16,
        UInt64,
    )
else:

    class _Plain:
        """Float32[np.ndarray, "h w 3"] is np.ndarray."""

        def __class_getitem__(cls, item: tuple[Any, str]) -> Any:
            return item[0]

    Bool = Float = Float32 = Float64 = Int = Int16 = Int32 = Int64 = Shaped = UInt8 = UInt16 = UInt64 = _Plain
