"""What a dataset is built with. Two builds with equal settings on equal pictures are equal, byte by byte."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from typing import Any, TypeAlias

from safelight.errors import DatasetError

Progress: TypeAlias = Callable[[int, int, str], None]  # done, total, what

FITS = ("crop", "pad", "stretch")
CASTS = ("keep", "leave")
RULES = ("own", "hash")
MOST_FOLDS = 1000  # an index holds 65,535 at most


@dataclass(frozen=True)
class BuildSettings:
    """How pictures are chosen, fitted and split.

    size: side of the stored squares in pixels. fit: "crop" cuts the ends of the longer side off, "pad" keeps
    the whole picture inside a border, "stretch" squeezes it. tags: keep pictures that have at least one of
    these; () keeps all. without: (key, value) pairs of the metadata that leave a picture out. min_side: of
    the file, in pixels. min_ab_range, min_chroma: in units of Lab; below either a picture counts as grey.
    min_spread: in units of Lab; a picture of one warm hue whose ab strays less than this at one lightness counts
    as toned (sepia) and is left out; 0 keeps them. max_cast: in units of Lab; beyond it a picture counts as one
    with a color cast. casts: "keep" reports them, "leave" leaves them out. subject: side of the square cut
    around the subject that the metadata name, over the picture's shorter side; 0 leaves subjects aside. splits:
    "own" keeps the folders' or metadata's own train, val and test where they have them, "hash" ignores them.
    hold_out: (source, n) pairs: every nth picture of the source, chosen by its content, is in the split "foreign".
    val, test: shares of the groups, 0..1. folds: for cross-validation.
    """

    size: int = 160
    fit: str = "crop"
    tags: tuple[str, ...] = ()
    without: tuple[tuple[str, str], ...] = ()
    min_side: int = 64
    min_ab_range: float = 5.0  # siggraph17 leaves out the same pictures
    min_chroma: float = 2.0
    min_spread: float = 1.8
    max_cast: float = 25.0
    casts: str = "keep"
    subject: float = 0.0
    splits: str = "own"
    hold_out: tuple[tuple[str, int], ...] = ()
    val: float = 0.08
    test: float = 0.08
    folds: int = 5

    def __post_init__(self) -> None:
        if self.fit not in FITS:
            raise DatasetError(f"fit is {self.fit!r}; expected one of {', '.join(FITS)}")
        if not 16 <= self.size <= 4096:
            raise DatasetError(f"size is {self.size}; expected 16 to 4096 pixels")
        if self.casts not in CASTS:
            raise DatasetError(f"casts is {self.casts!r}; expected one of {', '.join(CASTS)}")
        if self.splits not in RULES:
            raise DatasetError(f"splits is {self.splits!r}; expected one of {', '.join(RULES)}")
        if not 0 <= self.subject <= 1:
            raise DatasetError(f"subject is {self.subject:g}; expected a share of the shorter side, 0 to 1")
        for name in ("min_side", "min_ab_range", "min_chroma", "min_spread", "max_cast"):
            if not getattr(self, name) >= 0:
                raise DatasetError(f"{name} is {getattr(self, name)}; expected 0 or more")
        if not (self.val >= 0 and self.test >= 0 and self.val + self.test < 1):
            raise DatasetError(f"val {self.val} and test {self.test} leave nothing to train on; lower them")
        for source, every in self.hold_out:
            if not (source and every >= 1):
                raise DatasetError(
                    f"hold_out has {source!r}, {every}; expected a source, and every how many of its pictures"
                )
        if not 2 <= self.folds <= MOST_FOLDS:
            raise DatasetError(f"folds is {self.folds}; expected 2 to {MOST_FOLDS}")

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "BuildSettings":
        """The settings stored in a dataset.json; names that are not known here are left aside."""
        known = {field.name: stored[field.name] for field in fields(cls) if field.name in stored}
        pairs = tuple((str(key), str(value)) for key, value in known.pop("without", ()))
        held_out = tuple((str(source), int(every)) for source, every in known.pop("hold_out", ()))
        tags = tuple(known.pop("tags", ()))
        return cls(**known, tags=tags, without=pairs, hold_out=held_out)
