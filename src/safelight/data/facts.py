"""What is known about one picture file. Kept, so that no build opens a file twice."""

from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

import numpy as np
from jaxtyping import UInt8

from safelight.data.scan import Found
from safelight.data.subject import Subject
from safelight.pixels.tone import Tone

Square: TypeAlias = UInt8[np.ndarray, "size size 3"]  # a fitted picture, sRGB

THUMB = 16  # side of the lightness thumbnail that near-duplicates are compared by


@dataclass(frozen=True)
class Facts:
    """What screening found about one picture file; everything a later build needs to not open it again."""

    file_name: str
    bytes: int
    changed: int  # when the file changed, in ns
    sha256: str = ""  # of the file
    refused: str = ""  # "" when usable, else a reason of one word
    detail: str = ""  # the reason in numbers
    height: int = 0  # of the file, upright
    width: int = 0
    chroma: float = 0.0  # mean distance from grey in the ab plane
    ab_range: float = 0.0  # extent of a plus extent of b
    colorfulness: float = 0.0  # Hasler & Süsstrunk 2003
    phash: str = ""  # 64 bits, hexadecimal
    thumb: str = ""  # THUMB × THUMB lightness bytes, hexadecimal
    pixels: str = ""  # sha256 of the fitted pixels: equal for exact duplicates
    box: tuple[int, int, int, int] | None = None  # top, left, height, width inside the square, with fit "pad"
    slot: int | None = None  # where its pixels are stored
    tone: Tone | None = None  # None where an older version screened it
    subject: Subject | None = None  # as its metadata named it then
    at: tuple[float, float] | None = None  # (x, y) of the subject in fractions of the square

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "Facts":
        box, at, tone, subject = (stored.get(name) for name in ("box", "at", "tone", "subject"))
        typed = {
            "box": tuple(box) if box else None,
            "at": tuple(at) if at else None,
            "tone": Tone(**{**tone, "cast": tuple(tone["cast"])}) if tone else None,
            "subject": Subject(**subject) if subject else None,
        }
        return cls(**{**stored, **typed})

    def describes(self, found: Found, subject: Subject | None = None) -> bool:
        """Whether the file, and the subject that its metadata name, still are what was screened."""
        return (self.bytes, self.changed, self.subject) == (found.bytes, found.changed, subject)
