"""What lies beside a photo and belongs to it: a mask, a hint file; which of several photos of one name it is of.

Names are compared in NFC with case folded, as most file systems and people do. NAME-jpg-mask.png is the mask of
NAME.jpg and nobody else's; NAME-mask.png that of NAME.jpg where no other photo is called NAME, and otherwise that
of the photo of its own kind, NAME.png.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from safelight.errors import shown
from safelight.runtime.folders import is_folder, same_file
from safelight.runtime.names import alike, carrying, is_photo, kind

MASK = "-mask"
HINTS = ".hints"
OF_HINTS = ".json"


@dataclass(frozen=True)
class Found:
    """The file that belongs to a photo, if one does; and what is to be remarked on how it was chosen."""

    file: Path | None = None
    remarks: tuple[str, ...] = ()


class Shelves:
    """Folders, each listed once."""

    def __init__(self) -> None:
        self._shelves: dict[Path, dict[str, list[str]]] = {}

    def named(self, folder: Path, stem: str) -> list[str]:
        """The files of a folder, hidden ones left out, whose stem is alike."""
        if folder not in self._shelves:
            self._shelves[folder] = _by_stem(folder)
        return self._shelves[folder].get(alike(stem), [])

    def rivals(self, photo: Path) -> tuple[Path, ...]:
        """The other photos of the folder with the same name but for its kind or its case."""
        return tuple(
            photo.with_name(name)
            for name in self.named(photo.parent, photo.stem)
            if is_photo(name) and not _is(photo, name)
        )

    def hints(self, photo: Path) -> Found:
        """The hint file beside the photo: NAME.hints.json or NAME-jpg.hints.json."""
        return self._choose(
            photo, [(photo.parent, HINTS)], lambda name: Path(name).suffix.lower() == OF_HINTS
        )

    def mask(self, photo: Path, folders: Sequence[Path] | None = None) -> Found:
        """The mask beside the photo, NAME-mask.* or NAME-jpg-mask.*; in the folders, if given, NAME.* too."""
        if folders is None:
            return self._choose(photo, [(photo.parent, MASK)], is_photo)
        places = [
            (folder, mark)
            for folder in folders
            for mark in (MASK, "")
            if mark or not same_file(folder, photo.parent)
        ]
        return self._choose(photo, places, is_photo)

    def _choose(
        self, photo: Path, places: Sequence[tuple[Path, str]], wanted: Callable[[str], bool]
    ) -> Found:
        """The first of the files that belong to the photo: those that carry its kind first, then .png."""
        own, others = list[Path](), list[str]()
        for folder, mark in dict.fromkeys(places):
            for stem in (carrying(photo).stem, photo.stem):
                for name in sorted(self.named(folder, stem + mark), key=partial(_rank, stem + mark)):
                    if not wanted(name) or is_folder(folder / name) or folder / name in own:
                        continue
                    owners = self._owners(photo, name, mark)
                    if owners == [photo]:
                        own.append(folder / name)
                    else:
                        others.append(_of_another(photo, owners, name, mark))
        if own:
            rest = ", ".join(shown(file.name) for file in own[1:])
            return Found(own[0], (f"{rest} lies there too and is not used",) if rest else ())
        return Found(None, tuple(others))

    def _owners(self, photo: Path, name: str, mark: str) -> list[Path]:
        """The photos that a file may belong to, among this one and its rivals: one, or several in doubt."""
        base = Path(name).stem[: len(Path(name).stem) - len(mark)]
        called = self.named(photo.parent, base)
        owners = [photo.with_name(each) for each in called if is_photo(each) and not _is(photo, each)]
        owners += [photo] if alike(photo.stem) == alike(base) else []
        if not owners:  # it carries a kind
            owners = [
                each for each in (photo, *self.rivals(photo)) if alike(carrying(each).stem) == alike(base)
            ]
        for fits in (
            lambda owner: base in (owner.stem, carrying(owner).stem),
            lambda owner: owner.suffix.lower() == Path(name).suffix.lower(),
            lambda owner: kind(owner.name) == kind(name),
        ):
            owners = list(filter(fits, owners)) or owners
        return owners


def _of_another(photo: Path, owners: Sequence[Path], name: str, mark: str) -> str:
    """What to say of a file that is named for this photo and not taken for its own."""
    own = carrying(photo).stem + mark + Path(name).suffix
    whose = " or ".join(shown(owner.name) for owner in owners)
    if photo in owners:
        return (
            f"{shown(name)} may be that of {whose} and is not used; call it {shown(own)} if it is of this one"
        )
    return f"{shown(name)} is taken for that of {whose}; {shown(own)} would be that of this one"


def _by_stem(folder: Path) -> dict[str, list[str]]:
    shelf: dict[str, list[str]] = {}
    try:
        names = [path.name for path in folder.iterdir()]
    except OSError:  # of a photo that cannot be looked at either: reading it will say so
        return shelf
    for name in sorted(names):
        if not name.startswith("."):
            shelf.setdefault(alike(Path(name).stem), []).append(name)
    return shelf


def _rank(stem: str, name: str) -> tuple[bool, bool, str]:
    """Letter by letter alike comes first, then .png."""
    return Path(name).stem != stem, Path(name).suffix.lower() != ".png", name


def _is(photo: Path, name: str) -> bool:
    """Whether this name of its folder is the photo itself, which a file system may have under another case."""
    if name == photo.name:
        return True
    return alike(name) == alike(photo.name) and same_file(photo, photo.with_name(name))
