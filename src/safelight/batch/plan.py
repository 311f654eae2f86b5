"""Which photos a command takes, where the result of each goes, and which mask or other file belongs to a photo.

Names are compared in NFC with case folded, as most file systems and people do. NAME-jpg-mask.png is the mask of
NAME.jpg and nobody else's; NAME-mask.png that of NAME.jpg where no other photo is called NAME, and otherwise that
of the photo of its own kind, NAME.png.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from safelight.batch.work import Found, Job
from safelight.errors import PhotoError, shown
from safelight.runtime.folders import PassedOver, exists, is_folder, same_file, walk
from safelight.runtime.names import (
    COLORED,
    FORMATS,
    NUMBERED,
    WRITTEN,
    Namer,
    alike,
    carrying,
    is_photo,
    kind,
    made_of_others,
)

MASK = "-mask"


class Shelves:
    """Folders, each listed once."""

    def __init__(self) -> None:
        self._shelves: dict[Path, dict[str, list[str]]] = {}
        self._numbered: dict[tuple[Path, str], dict[str, list[tuple[int, str]]]] = {}

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

    def marked(self, photo: Path, mark: str, suffix: str) -> Found:
        """The file beside the photo that is called by it, a mark and a suffix: NAME.hints.json, NAME-jpg.hints.json."""
        found = self._choose(photo, [(photo.parent, mark)], lambda name: Path(name).suffix.lower() == suffix)
        return replace(
            found, further=self._further(photo, [(photo.parent, mark)], lambda name: name.endswith(suffix))
        )

    def mask(self, photo: Path, folders: Sequence[Path] | None = None) -> Found:
        """The mask beside the photo, NAME-mask.* or NAME-jpg-mask.*; in the folders, if given, NAME.* too."""
        if folders is None:
            places = [(photo.parent, MASK)]
            return replace(
                self._choose(photo, places, is_photo), further=self._further(photo, places, is_photo)
            )
        places = [
            (folder, mark)
            for folder in folders
            for mark in (MASK, "")
            if mark or not same_file(folder, photo.parent)
        ]
        return replace(self._choose(photo, places, is_photo), further=self._further(photo, places, is_photo))

    def _further(
        self, photo: Path, places: Sequence[tuple[Path, str]], wanted: Callable[[str], bool]
    ) -> tuple[tuple[int, Path], ...]:
        """The files of the further pages of a TIFF, NAME-2-mask.png, unless there is a photo NAME-2."""
        if kind(photo.name) != "tif":
            return ()
        found: dict[int, Path] = {}
        for folder, mark in dict.fromkeys(places):
            for number, name in self._called(folder, photo.stem, mark):
                is_anothers = self._is_of_photo(photo, number) and same_file(folder, photo.parent)
                if wanted(name.lower()) and not is_anothers:
                    found.setdefault(number, folder / name)
        return tuple(sorted(found.items()))

    def kept_further(self, photo: Path, folder: Path, stem: str) -> tuple[tuple[int, Path], ...]:
        """The masks STEM-2-mask.png, ... that were kept of the further pages of a TIFF in the folder of its result.

        One that a photo NAME-2 of the TIFF's folder would have is left out.
        """
        if kind(photo.name) != "tif":
            return ()
        return tuple(
            (number, folder / name)
            for number, name in sorted(self._called(folder, stem, MASK))
            if name == f"{stem}-{number}{MASK}.png" and not self._is_of_photo(photo, number)
        )

    def _called(self, folder: Path, stem: str, mark: str) -> Sequence[tuple[int, str]]:
        """The files STEM-NUMBER and a mark of a folder, with their numbers."""
        self.named(folder, "")
        if (folder, mark) not in self._numbered:
            self._numbered[folder, mark] = _by_number(self._shelves[folder], mark)
        return self._numbered[folder, mark].get(alike(stem), ())

    def _is_of_photo(self, photo: Path, number: int) -> bool:
        """Whether a photo beside this one is called NAME-NUMBER."""
        return any(map(is_photo, self.named(photo.parent, f"{photo.stem}-{number}")))

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


def _by_number(shelf: dict[str, list[str]], mark: str) -> dict[str, list[tuple[int, str]]]:
    """The files that are called by a stem, a number from 2 and a mark: stem -> their numbers and names."""
    numbered: dict[str, list[tuple[int, str]]] = {}
    for stem, names in shelf.items():
        found = NUMBERED.fullmatch(stem.removesuffix(mark)) if stem.endswith(mark) else None
        if found and int(found[2]) > 1:
            numbered.setdefault(found[1], []).extend((int(found[2]), name) for name in names)
    return numbered


def _rank(stem: str, name: str) -> tuple[bool, bool, str]:
    """Letter by letter alike comes first, then .png."""
    return Path(name).stem != stem, Path(name).suffix.lower() != ".png", name


def _is(photo: Path, name: str) -> bool:
    """Whether this name of its folder is the photo itself, which a file system may have under another case."""
    if name == photo.name:
        return True
    return alike(name) == alike(photo.name) and same_file(photo, photo.with_name(name))


FILES = re.compile(  # kinds of files that Python's own table of them may lack
    r"\.(hei[cf]|hif|avif|jxl|jp2|jpx|j2k|ps[db]|xcf|exr|hdr|tga|jxr|qoi|eps|dng|nef|cr[23]|arw|orf|rw2|raf|pef"
    r"|7z|rar|gz|bz2|xz|zst|tgz|iso|onnx|npz|parquet|md|log)"
)


@dataclass(frozen=True)
class Plan:
    """The jobs in their order, and what was passed over in the folders."""

    jobs: tuple[Job, ...]
    passed: PassedOver = field(default_factory=PassedOver, compare=False)

    def __len__(self) -> int:
        return len(self.jobs)

    def __iter__(self) -> Iterator[Job]:
        return iter(self.jobs)


def plan(
    inputs: Sequence[Path],
    out: Path | None = None,
    names: Sequence[Namer] | None = None,
    folder: bool = False,
    aside: Sequence[Path] = (),
) -> Plan:
    """A job for each photo among the inputs: files as given, folders searched at every depth, by name.

    names: how results are named, NAME-color.EXT unless another is given; in folders, what bears one of these
    names is left out. out: None puts the result beside the photo. One photo may go to a file; otherwise
    `out` is a folder, in which the results lie as the photos lay in the folder that was given, and which is not
    searched where it lies among the photos. folder: `out` is one even where it is named like a file. aside: files
    and folders among the photos that are none of them, such as masks.
    Where NAME.jpg and NAME.png would have the same result, that of the one that changes its kind becomes
    NAME-jpg-filled.png; so does, in another folder, that of the second of two whose names differ by case alone.
    Raises PhotoError if two photos would still have the same result, a result would replace its photo, or `out` is
    named like a file of a kind that is not written.
    """
    if out is not None:
        folder = folder or is_folder(out)
        _check_out(inputs, out, folder)
    names, left_out = names or COLORED, [*aside, *([] if out is None else [out])]
    gathered = gather(inputs, names, left_out)
    one_file = out is not None and not folder and out.suffix.lower() in WRITTEN
    shelves = Shelves()
    jobs = [_job(job, shelves, out, names[0], one_file) for job in gathered]
    if not one_file:
        jobs = _with_distinct_results(jobs, out, names[0])
    _check_results(jobs)
    return Plan(tuple(jobs), gathered.passed)


def gather(
    places: Sequence[Path], names: Sequence[Namer] | None = None, leave_out: Sequence[Path] = ()
) -> Plan:
    """A job for each photo, once: the files given, and those of the folders without results of earlier runs.

    The result of each is still the photo itself. leave_out: files and folders in them that are passed over, such as
    the folder of the results. A folder that cannot be listed is a job in trouble, so that it is said and counted.
    """
    passed = PassedOver()
    jobs = dict[Path, Job]()
    for place in places:
        if not is_folder(place):
            jobs.setdefault(place, Job(place, place))
            continue
        for folder, files in walk(place, passed, leave_out):
            made = made_of_others(files, names or COLORED)
            passed.made += sorted(made)
            inner = folder.relative_to(place)  # once: a million photos share it
            for name in files:
                if not is_photo(name):
                    passed.other(name)
                elif name not in made:
                    photo = folder / name
                    jobs.setdefault(photo, Job(photo, photo, inner=inner))
    for closed, reason in passed.closed:
        jobs.setdefault(closed, Job(closed, closed, trouble=f"cannot be listed ({reason}); check its rights"))
    return Plan(tuple(jobs.values()), passed)


def _check_out(inputs: Sequence[Path], out: Path, folder: bool) -> None:
    """Raises PhotoError where the results cannot go to `out`."""
    if folder:
        return
    one = len(inputs) == 1 and not is_folder(inputs[0])
    if out.suffix.lower() in WRITTEN:
        if not one:
            raise PhotoError(
                f"{shown(out)} is one file for several photos; give a folder (-o {shown(out.with_suffix(''))}/)"
            )
    elif exists(out):
        raise PhotoError(f"{shown(out)} is a file, and no {FORMATS}; choose another name, or a folder")
    elif out.suffix and (one or is_of_a_file(out)):
        raise PhotoError(
            f"{shown(out)} is no name of a {FORMATS}; choose one, or for a folder of that name write {shown(out)}/"
        )


def is_of_a_file(out: Path) -> bool:
    """Whether a name that is not there yet has the suffix of a kind of files; "scans.2024" has none."""
    if FILES.fullmatch(out.suffix.lower()):
        return True
    import mimetypes  # here and not above: milliseconds of every command

    kinds = mimetypes.MimeTypes()  # Python's own table, not the machine's
    return any(out.suffix.lower() in each for each in kinds.types_map)


def _check_results(jobs: Sequence[Job]) -> None:
    """Raises PhotoError where two results would be one file, or a result replace its photo."""
    taken: dict[Path, Path] = {}
    for job in jobs:
        if job.trouble:
            continue
        other = taken.setdefault(job.result, job.photo)
        if other != job.photo:
            raise PhotoError(
                f"{other} and {job.photo} would both be written to {job.result}; use two folders"
            )
        if same_file(job.result, job.photo):
            raise PhotoError(f"{shown(job.photo)} would be replaced by its own result; choose another -o")


def _job(job: Job, shelves: Shelves, out: Path | None, namer: Namer, one_file: bool) -> Job:
    """The job with its result and its rivals."""
    if job.trouble:
        return job
    job = replace(job, rivals=shelves.rivals(job.photo))
    return replace(job, result=out) if one_file and out is not None else _placed(job, out, namer)


def _placed(job: Job, out: Path | None, namer: Namer) -> Job:
    """The job with its result beside the photo, or where it lies in the folder of the results."""
    return replace(job, result=(job.photo.parent if out is None else out / job.inner) / job.name(namer))


def _with_distinct_results(jobs: Sequence[Job], out: Path | None, namer: Namer) -> list[Job]:
    """The jobs, with another name for results that would be one file.

    Those that change their kind carry it. In another folder, so does a result that differs from an earlier one by
    case alone: on a disk or server that takes no notice of case it would be taken for one that is there.
    """
    often = Counter(job.result for job in jobs)
    taken: dict[str, Path] = {}
    renamed = []
    for job in jobs:
        named = job
        if often[job.result] > 1 and job.result.suffix != job.photo.suffix and not job.trouble:
            named = _placed(replace(job, called=carrying(job.photo).stem), out, namer)
        for called in _other_stems(job.photo, len(jobs)):
            first = taken.setdefault(alike(str(named.result)), named.result)
            if job.trouble or first == named.result or same_file(named.result.parent, job.photo.parent):
                break
            named = _placed(replace(job, called=called), out, namer)
        renamed.append(named)
    return renamed


def _other_stems(photo: Path, most: int) -> Iterator[str]:
    """NAME-jpg, NAME-jpg-2, NAME-jpg-3 …"""
    stem = carrying(photo).stem
    yield stem
    yield from (f"{stem}-{number}" for number in range(2, most + 2))
