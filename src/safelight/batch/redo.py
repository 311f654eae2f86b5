"""Results made again from their own marks: the photo and its files are found and checked, the work is done once more.

What a mark says is somebody else's word: names of files are looked for at a few places and counted only with their
checksums; nothing is written but where the user says.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from safelight import __version__
from safelight.batch import pictures
from safelight.batch.marks import without_folders
from safelight.batch.plan import Shelves
from safelight.batch.run import run
from safelight.batch.work import NOTHING, Found, Job, Json, Manner, Order, Worker, worker_of
from safelight.errors import ModelError, PhotoError, SafelightError, shown
from safelight.ledger.index import source_of
from safelight.pixels.color import eight_bits
from safelight.pixels.files import read_photo, write_photo
from safelight.pixels.pages import pages_of
from safelight.provenance.info import read_info
from safelight.provenance.made import Made, Source, checksum
from safelight.provenance.mark import libraries
from safelight.reports.text import count
from safelight.runtime.card import ModelCard
from safelight.runtime.folders import is_folder, same_file
from safelight.runtime.inference import engine_name
from safelight.runtime.names import kind
from safelight.tasks.autoencode.restore import load_vae
from safelight.tasks.colorize.hints import MARK, SUFFIX

_SHORT = 12  # digits of a checksum in words


@dataclass(frozen=True)
class Given:
    """What a user says of where things are. photos: of a result with several sources, in their order."""

    photos: tuple[Path, ...] = ()
    mask: Path | None = None
    hints: Path | None = None
    model: str | None = None


@dataclass(frozen=True)
class Redone:
    """What became of it: whether the new bytes equal those of the result, and lines that say why not."""

    equal: bool
    remarks: tuple[str, ...] = ()


class Redoer:
    """Makes results again. A worker that was made once serves all results of the same order."""

    def __init__(self) -> None:
        self._workers: dict[tuple[str, Manner], Worker] = {}

    def check(self, result: Path, given: Given) -> Redone:
        """Make it again in a temporary folder, and compare. Raises SafelightError."""
        with tempfile.TemporaryDirectory(prefix="safelight-redo-") as folder:
            return self.make(result, given, Path(folder) / f"again{result.suffix}")

    def make(self, result: Path, given: Given, out: Path, overwrite: bool = False) -> Redone:
        """Make it again as the file `out`, and compare. Raises SafelightError where it cannot be made."""
        made, remarks = record_of(result)
        before = checksum(result)
        photos = _photos(made, result, given)
        for photo in photos:
            if same_file(photo, out):
                raise PhotoError(f"{shown(out)} is the photo itself; give another -o")
        order = _order(made, given, overwrite)
        with called_as_then(photos, [source.name for source in made.sources]) as called:
            if made.command in pictures.MAKERS:
                _make_picture(made, order, called, out, overwrite)
            else:
                self._make_result(made, order, called, photos, given, result, out, overwrite)
        if checksum(out) == before:
            return Redone(True, remarks)
        return Redone(False, (*remarks, *_differences(made, result, out)))

    def _worker(self, order: Order) -> Worker:
        key = order.hash, order.manner
        if key not in self._workers:
            self._workers[key] = worker_of(order)
        return self._workers[key]

    def _make_result(
        self,
        made: Made,
        order: Order,
        called: list[Path],
        photos: list[Path],
        given: Given,
        result: Path,
        out: Path,
        overwrite: bool,
    ) -> None:
        """Make the result of one photo. called: the photo under the name that it had."""
        if len(photos) != 1:
            raise PhotoError(f"its mark names {len(photos)} photos; {made.command} has one")
        worker = self._worker(order)
        _check_models(made, worker.cards)
        job = Job(
            called[0],
            out,
            hints=_beside("hints", made, given.hints, photos[0], result),
            mask=_beside("mask", made, given.mask, photos[0], result),
            when=made.when,
        )
        (outcome,) = run([job], worker, overwrite)
        if outcome.state == "done":
            return
        said = outcome.remarks[0] if outcome.remarks else f"{shown(out)} is there already; use --overwrite"
        raise PhotoError(said if outcome.state != "left" else f"{said}: nothing was made of it")


@contextlib.contextmanager
def called_as_then(photos: Sequence[Path], names: Sequence[str]) -> Iterator[list[Path]]:
    """The photos under the names that they had, which results state: copies of those that were renamed."""
    with tempfile.TemporaryDirectory(prefix="safelight-redo-") as folder:
        called = []
        for number, (photo, name) in enumerate(zip(photos, names, strict=True)):
            if (
                name == photo.name
                or Path(name).name != name
                or Path(name).suffix.lower() != photo.suffix.lower()
            ):
                called.append(photo)  # a name that could lead elsewhere is not taken from a mark
                continue
            place = Path(folder) / str(number)
            place.mkdir()
            called.append(Path(shutil.copy(photo, place / name)))
        yield called


def record_of(result: Path) -> tuple[Made, tuple[str, ...]]:
    """The last record in a result's mark; a remark if the file was edited since. Raises PhotoError without one."""
    said = read_info(result).said
    if not said.steps:
        why = f" ({'; '.join(said.remarks)})" if said.remarks else ""
        raise PhotoError(
            f"{shown(result)} has no mark of safelight's to make it again by{why}; results that were made with "
            "--no-mark have none"
        )
    made = said.steps[-1]
    edited = said.instance_id != f"xmp.iid:{made.id}"
    remark = f"{shown(result)}: its XMP was edited after safelight made it"
    return made, (remark,) if edited else ()


def _order(made: Made, given: Given, overwrite: bool) -> Order:
    """The order that the mark states. Raises SafelightError."""
    settings: dict[str, Json] = {
        name: value for name, value in made.settings.items() if name != pictures.NUMBER
    }
    if given.model is not None:
        named = [name for name, value in settings.items() if name.endswith("model") and value is not None]
        if len(named) > 1:
            raise PhotoError(f"its mark names several models ({', '.join(named)}); put them where they were")
        settings[named[0] if named else "model"] = given.model
    return Order(made.command, settings, Manner(overwrite))


def _photos(made: Made, result: Path, given: Given) -> list[Path]:
    """The file of each source. Raises PhotoError for one that is not found, or another than it was."""
    if given.photos and len(given.photos) != len(made.sources):
        raise PhotoError(
            f"{shown(result)} was made of {len(made.sources)} photos, {len(given.photos)} are given with --photo"
        )
    named = given.photos or (None,) * len(made.sources)
    return [_photo(source, file, result) for source, file in zip(made.sources, named, strict=True)]


def _photo(source: Source, given: Path | None, result: Path) -> Path:
    if given is None:
        return _found("photo", "--photo", source.name, source.sha256, list(_places(source.name, result)))
    if not is_folder(given):
        return _found("photo", "--photo", source.name, source.sha256, [given])
    named = given / source.name
    if named.is_file() and checksum(named) == source.sha256:
        return named
    for other in sorted(given.iterdir()):  # it may have been renamed
        if kind(other.name) == kind(named.name) and other.is_file() and checksum(other) == source.sha256:
            return other
    raise PhotoError(
        f"the photo {shown(source.name)} is not in {shown(given)}, under no name (its sha256 is "
        f"{source.sha256[:_SHORT]}…); say where it is: --photo FILE"
    )


def _places(name: str, result: Path) -> Iterator[Path]:
    """Where a photo may be: beside its result, and where a ledger says."""
    yield result.parent / name
    source = source_of(result)
    if source is not None:
        yield source


def _beside(role: str, made: Made, given: Path | None, photo: Path, result: Path) -> Found:
    """A file that lay beside the photo, if one did, with those of a TIFF's further pages.

    Raises PhotoError for one that is not found.
    """
    used = made.files.get(role)
    if used is None:
        return NOTHING
    places = [given] if given else [folder / used.name for folder in (photo.parent, result.parent)]
    path = _found(role, f"--{role}", used.name, used.sha256, places)
    shelves = Shelves()
    near = shelves.mask(photo, [path.parent]) if role == "mask" else shelves.marked(photo, MARK, SUFFIX)
    return Found(path, place=path, further=near.further)


def _found(role: str, option: str, name: str, sha256: str, places: list[Path]) -> Path:
    """The first of the places that has the file with this checksum. Raises PhotoError."""
    there = [place for place in places if place.is_file()]
    for place in there:
        if checksum(place) == sha256:
            return place
    if not there:
        where = ", ".join(shown(place) for place in places)
        raise PhotoError(f"the {role} {shown(name)} is not at {where}; say where it is: {option} FILE")
    raise PhotoError(
        f"{shown(there[0])} is another file than the {role} that was used (its sha256 is "
        f"{checksum(there[0])[:_SHORT]}…, the mark says {sha256[:_SHORT]}…); give that one: {option} FILE"
    )


def _check_models(made: Made, cards: tuple[ModelCard, ...]) -> None:
    """Raises ModelError unless the models are those of the mark."""
    here = {card.name: card.sha256 for card in cards}
    known = {card.sha256 for card in cards}
    for model in made.models:
        if model.sha256 not in known:
            found = here.get(model.name)
            raise ModelError(
                f"it was made with the model {model.name} {model.sha256[:_SHORT]}…, here it is "
                f"{f'{found[:_SHORT]}…' if found else 'another'}; give that one: --model FILE"
            )


def _make_picture(made: Made, order: Order, photos: list[Path], out: Path, overwrite: bool) -> None:
    """Write the picture, or the grid, of an autoencoder."""
    vae = load_vae(order.settings.get("model"), threads=1)
    _check_models(made, vae.cards)
    found = pictures.pictures_of(vae, order, photos)
    mark = pictures.PictureMarker(
        replace(order, settings=without_folders(made.settings)), vae, photos, made.when
    )
    number = made.settings.get(pictures.NUMBER)
    if number is None:
        photo = mark(pictures.grid(found, pictures.columns_of(order, len(found))), None)
    elif isinstance(number, int) and 0 <= number < len(found):
        photo = mark(eight_bits(found[number]), number)
    else:
        raise SafelightError(f"its mark says that it is picture {number} of {len(found)}")
    write_photo(out, photo, overwrite=overwrite)


def _in_pixels(result: Path, out: Path, pages: int) -> Iterator[str]:
    """How two pictures of as many pages differ in their pixels, page by page; nothing where they do not."""
    for page in range(1, pages + 1):
        number, of_page = (page, f"page {page}: ") if pages > 1 else (None, "")
        one, other = (read_photo(path, page=number).pixels for path in (result, out))
        if one.shape != other.shape or one.dtype != other.dtype:
            yield f"{of_page}the new picture has another size or depth: {other.shape[1]} × {other.shape[0]}"
        elif not np.array_equal(one, other):
            yield f"{of_page}{float((one != other).any(axis=2).mean()):.2%} of the pixels differ"


def _differences(made: Made, result: Path, out: Path) -> Iterator[str]:
    """Why the bytes are not equal, as far as it can be told."""
    then_has, here_has = pages_of(result).count, pages_of(out).count
    if then_has != here_has:
        yield f"the new file has {count(here_has, 'page')}, not {then_has}"
    else:
        yield from list(_in_pixels(result, out, then_has)) or [
            "every pixel is the same; metadata or packing differ"
        ]
    here, then = {"safelight": __version__, **libraries()}, {"safelight": made.version, **made.libraries}
    if made.engine:
        here["engine"], then["engine"] = engine_name(), made.engine
    others = [
        f"{name} {then[name]}, here {here.get(name, 'none')}" for name in then if then[name] != here.get(name)
    ]
    if others:
        yield f"it was made with {'; '.join(others)}"
