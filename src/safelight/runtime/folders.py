"""The one walk over a folder of photos, for every command and for datasets: what is looked at, what is passed over.

Passed over, and counted: hidden files and folders, what file servers, systems and photo programs keep for
themselves (thumbnails, bins, copies of their own), and files of kinds that are not read. Linked folders are
followed, each once.
"""

import os
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from safelight.errors import shown
from safelight.runtime.names import alike, is_photo

KEPT_FOLDERS = frozenset(  # compared with case folded; those that begin with a dot are hidden anyway
    (
        # Synology, QNAP, Asustor, TerraMaster, Western Digital, Buffalo, NetApp
        *("@eadir", "@tmp", "@recycle", "@recently-snapshot", "@transcode", "@sharebin", "@sharesnap"),
        *("#recycle", "#snapshot", "@appstore", "@database", "@img_bkp_cache", "@synoresource", "nas_prog"),
        *("trashbox", "~snapshot", "@downloadstation", "@quarantine", "@snapshot"),
        # macOS and netatalk
        *("__macosx", "network trash folder", "temporary items", "thevolumesettingsfolder"),
        # Windows
        *("$recycle.bin", "recycler", "recycled", "system volume information", "$windows.~bt"),
        # Linux and Android
        *("lost+found", "lost.dir"),
        # Nextcloud and ownCloud; Bridge; Capture One; ACDSee's untouched copies
        *(
            "files_trashbin",
            "files_versions",
            "bridgecache",
            "adobe bridge cache",
            "captureone",
            "[originals]",
        ),
    )
)
KEPT = re.compile(  # folders and files, by a part of the name
    r"\._.*"  # AppleDouble: what a file is besides its bytes
    r"|\.(appledouble|thumbnails|picasaoriginals|dtrash|trash.*|@__thumb|spotlight-v100|fseventsd|snapshots?|zfs)"
    r"|\.(stversions|photoprism|digikam.*|comments|recycle|temporaryitems|documentrevisions-v100)"
    r"|syno(file|photo|video|index|audio)[_:@].*"  # Synology's thumbnails and films
    r"|.*\.(lrdata|lrlibrary|photoslibrary|photolibrary|aplibrary|migratedphotolibrary|cocatalog|cosessiondb)"
    r"|found\.\d{3}"  # of Windows' check of a disk
    r"|appdata_oc[0-9a-z]+"  # Nextcloud's previews
    r"|albumart(small\.jpg|_\{.*)"  # Windows Media Player
    r"|(ehthumbs(_vista)?|thumbs)\.db|desktop\.ini|picasa\.ini|zbthumbnail\.info|pspbrwse\.jbf|icon\r"
)
BESIDE = (".hints.json", ".jsonl")  # files that safelight itself reads beside photos
MOST_NAMED = 8  # names or kinds that a line gives


@dataclass
class PassedOver:
    """What a walk did not take, to be said in lines at the end. closed: folders that cannot be listed, and why."""

    kept: Counter[str] = field(default_factory=Counter)
    hidden: list[str] = field(default_factory=list)
    made: list[str] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)
    nowhere: list[str] = field(default_factory=list)
    upward: list[str] = field(default_factory=list)
    closed: list[tuple[Path, str]] = field(default_factory=list)

    def other(self, name: str) -> None:
        """Count a file that is no photo, unless it is one of those that lie beside photos."""
        if not alike(name).endswith(BESIDE):
            self.others[Path(name).suffix.lower() or "without a suffix"] += 1

    def all_lines(self) -> tuple[str, ...]:
        """A line for each folder that cannot be listed, and those of `lines`."""
        closed = (
            f"{shown(folder)}: cannot be listed ({reason}); check its rights"
            for folder, reason in self.closed
        )
        return (*closed, *self.lines())

    def lines(self) -> list[str]:
        """A line for each reason of another kind, with numbers and some names."""
        number = self.others.total()
        reasons = [
            (
                self.kept,
                f"passed over, kept by servers, systems or programs for themselves: {_often(self.kept)}",
            ),
            (self.hidden, f"passed over, hidden: {_some(self.hidden)}"),
            (self.made, f"passed over, made of other photos here: {_some(self.made)}"),
            (self.nowhere, f"links that lead nowhere: {_some(self.nowhere)}"),
            (self.upward, f"linked folders not followed, since they lead back up: {_some(self.upward)}"),
            (
                self.others,
                f"{number} {'file' if number == 1 else 'files'} of kinds that are not read: {_often(self.others)}",
            ),
        ]
        return [line for reason, line in reasons if reason]


def walk(
    place: Path,
    passed: PassedOver,
    leave_out: Collection[Path] = (),
    ends: Callable[[Path, Sequence[str]], bool] = lambda folder, names: False,
) -> Iterator[tuple[Path, list[str]]]:
    """Each folder below `place`, and it, with the names of its files, both sorted; linked folders after the others.

    leave_out: files and folders that are passed over unsaid, such as the folder of the results. ends: whether a
    folder is passed over unsaid, with all below it, for the files in it.
    """
    home = os.path.realpath(place)
    left_out = {os.path.realpath(path) for path in leave_out} - {home}
    seen: set[tuple[int, int]] = set()
    real, links = [place], list[Path]()
    while real or links:
        folder = real.pop() if real else links.pop(0)
        if not _is_new(folder, seen):
            continue
        listed = [entry for entry in _list(folder, passed) if not _is_left_out(entry, left_out)]
        inner = [entry for entry in listed if _is_folder(entry)]
        files = [entry.name for entry in listed if not _is_folder(entry)]
        if ends(folder, files):
            continue
        for entry in reversed(inner):
            if not entry.is_symlink():
                real.append(Path(entry.path))
            elif _is_above(entry.path, home):
                passed.upward.append(entry.name)
            else:
                links.append(Path(entry.path))
        yield folder, files


def is_folder(path: Path) -> bool:
    """Whether this is a folder, or a link to one."""
    return os.path.isdir(path)  # noqa: PTH112 (a name too long, or one in a closed folder, is none, and no error)


def exists(path: Path) -> bool:
    """Whether a file of this name is there."""
    try:
        return path.exists()
    except (OSError, ValueError):  # A name too long for the file system, say: writing it will say so.
        return False


def same_file(one: Path, other: Path) -> bool:
    """Whether both are names of one file that is there."""
    return exists(one) and exists(other) and one.samefile(other)


def _list(folder: Path, passed: PassedOver) -> list[os.DirEntry[str]]:
    """What lies in a folder, by name, without what is hidden, kept by others, or leads nowhere."""
    try:
        with os.scandir(folder) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        passed.closed.append((folder, error.strerror or str(error)))
        return []
    return [entry for entry in found if _is_of_use(entry, passed)]


def _is_of_use(entry: os.DirEntry[str], passed: PassedOver) -> bool:
    """Whether an entry is to be looked at; otherwise it is counted."""
    name = alike(entry.name)
    photo, folder = is_photo(entry.name), _is_folder(entry)
    if KEPT.fullmatch(name) or (folder and name in KEPT_FOLDERS):
        passed.kept["._*" if name.startswith("._") else entry.name] += 1
        return False
    if name.startswith("."):
        if photo or folder:
            passed.hidden.append(entry.name)
        return False
    if entry.is_symlink() and not photo and not os.path.exists(entry.path):  # noqa: PTH110
        passed.nowhere.append(entry.name)
        return False
    return True


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether it is a folder or a link to one; a link that goes in a circle, or may not be looked at, is none."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def _is_new(folder: Path, seen: set[tuple[int, int]]) -> bool:
    """Whether a folder was not walked before, by whatever way."""
    try:
        status = folder.stat()
    except OSError:
        return True  # listing it says why not
    place = status.st_dev, status.st_ino
    if place in seen:
        return False
    seen.add(place)
    return True


def _is_left_out(entry: os.DirEntry[str], left_out: Collection[str]) -> bool:
    """Whether it is one of these; only what bears the name of one, or is a link, can be."""
    if not (entry.is_symlink() or any(entry.name == Path(path).name for path in left_out)):
        return False
    return os.path.realpath(entry.path) in left_out


def _is_above(link: str, home: str) -> bool:
    """Whether a link leads to a folder that the walked one lies in: there, all would be walked that lies beside it."""
    real = os.path.realpath(link)
    return home != real and Path(home).is_relative_to(real)


def _often(counts: Counter[str]) -> str:
    """3 .heic, 2 .jp2 and 4 more."""
    common = counts.most_common(MOST_NAMED)
    rest = counts.total() - sum(number for _, number in common)
    return ", ".join(f"{number} {shown(name)}" for name, number in common) + (
        f" and {rest} more" * bool(rest)
    )


def _some(names: Sequence[str]) -> str:
    """2 (a, b)."""
    rest = len(names) - MOST_NAMED
    said = ", ".join(map(shown, names[:MOST_NAMED])) + (f" and {rest} more" if rest > 0 else "")
    return f"{len(names)} ({said})"
