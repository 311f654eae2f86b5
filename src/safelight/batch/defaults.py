"""What a setting is where an order does not name it: left out of hashes, so that a setting added later changes none.

A setting's first default is meant, of the version that added it. Every result made before has been made so, and no
later version may mean another thing by the same hash. A default that is changed keeps the first one beside it:

    vivid: float = field(default=0.6, metadata=first(0.5))

A setting that is on by default but was not there before has the value of what was done before as its first.
"""

from collections.abc import Mapping
from dataclasses import MISSING, fields
from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from safelight.batch.work import Json

SETTINGS = {  # command -> "module:class" of its settings
    "colorize": "safelight.batch.colorize:ColorizeSettings",
    "fill": "safelight.batch.fill:FillSettings",
    "scratches": "safelight.batch.scratches:ScratchesSettings",
    "repair": "safelight.batch.repair:RepairSettings",
    "reconstruct": "safelight.batch.reconstruct:ReconstructSettings",
    "sample": "safelight.batch.pictures:SampleSettings",
    "interpolate": "safelight.batch.pictures:InterpolateSettings",
    "pairs": "safelight.batch.pictures:PairsSettings",
}
FIRST = "first"


def first(value: "Json") -> "Mapping[str, Json]":
    """Metadata of a field whose default was another when it was added."""
    return {FIRST: value}


def settings_kind(command: str) -> "type[DataclassInstance] | None":
    """The dataclass of a command's settings; None for a command that there is not."""
    if command not in SETTINGS:
        return None
    module, _, name = SETTINGS[command].partition(":")
    kind: type[DataclassInstance] = getattr(import_module(module), name)
    return kind


@cache
def first_defaults(kind: "type[DataclassInstance]") -> "Mapping[str, Json]":
    """The first default of each setting that has a default."""
    known = {each.name: each.metadata.get(FIRST, each.default) for each in fields(kind)}
    return MappingProxyType({name: value for name, value in known.items() if value is not MISSING})
