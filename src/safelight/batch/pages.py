"""Work on every page of a photo: a TIFF of several pages becomes one of as many, in the same order.

Pages are read, worked on and written one at a time, so that memory is that of one. The photo fails as a whole with its
first page that does. A result of another kind holds one picture, for which the largest page is taken.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from safelight.batch.lossless import write_lossless
from safelight.batch.places import room_for
from safelight.batch.work import Found, Job, Json, Report
from safelight.errors import PhotoError, SafelightError, is_of_memory, shown
from safelight.pixels import tiff
from safelight.pixels.files import Photo, read_photo, write_remarked
from safelight.pixels.geometry import Box
from safelight.pixels.large import Strip, is_large, open_large
from safelight.pixels.pages import ALL, TIFF, PageWriter, chosen, naming, new_pages, pages_of
from safelight.pixels.tiff_packing import Packing
from safelight.pixels.tiff_pages import MASK_LEFT_OUT
from safelight.provenance.made import now


@dataclass(frozen=True)
class Page:
    """A picture to be worked on. number: which page of its file, from 1; None for the only or largest one.

    several: whether its result will have further pages. is_first: whether it is the first one that is worked on.
    to_tiff: whether its result is a TIFF.
    """

    path: Path
    number: int | None = None
    several: bool = False
    is_first: bool = True
    to_tiff: bool = False

    @property
    def is_large(self) -> bool:
        """Whether it is worked on in strips, as it is a TIFF of more than 200 megapixels and becomes one."""
        return self.to_tiff and is_large(self.path, self.number)

    def read(self, native: bool = False) -> Photo:
        """The photo. Raises PhotoError."""
        return read_photo(self.path, native=native, page=self.number)


@dataclass(frozen=True)
class Done:
    """What was made of a page: the photo to be written, None where it is left as it is; as a report has them, remarks,
    facts and the files that were written beside the result.

    further: pages that are to be written behind it, where the result is a TIFF.
    last: remarks that come behind those on the writing. mount: the picture inside its mount, whose paper was kept.
    rows: of a photo that is too large for memory its rows, as they are to be written; its own pixels are noughts then.
    """

    photo: Photo | None
    remarks: tuple[str, ...] = ()
    facts: Mapping[str, Json] = field(default_factory=dict)
    beside: tuple[Path, ...] = ()
    last: tuple[str, ...] = ()
    rows: Callable[[], Iterator[Strip]] | None = None
    mount: Box | None = None
    further: tuple[Photo, ...] = ()


Work = Callable[[Job, Page], Done]


@dataclass(frozen=True)
class Writing:
    """How results are written. pages: those of a TIFF that are worked on, "all" or such as "1,3-4". lossless: whether
    every pixel that was not meant to change comes back as it was."""

    pages: str = ALL
    packing: Packing = "deflate"
    overwrite: bool = False
    lossless: bool = False


class _AllLeftError(Exception):
    """No page was changed: the file is not to appear."""


def worked(job: Job, work: Work, writing: Writing) -> Report:
    """A photo from file to file, page by page. Raises SafelightError, which names the page where there are several."""
    job = replace(job, when=job.when or now())  # one time for all pages, as redo has it
    if job.result.suffix.lower() not in TIFF and writing.pages == ALL:
        return _one(job, Page(job.photo), work, writing)
    found = pages_of(job.photo)
    numbers = chosen(writing.pages, found.count)
    if len(numbers) > 1 and job.result.suffix.lower() not in TIFF:
        kind = shown(job.result.suffix)
        raise PhotoError(
            f"{len(numbers)} pages were asked for, and a {kind} holds one; choose one, or a .tif"
        )
    to_tiff = job.result.suffix.lower() in TIFF
    if found.count == 1:
        return _one(job, Page(job.photo, to_tiff=to_tiff), work, writing, found.remarks)
    if len(numbers) == 1:
        with naming(numbers[0], found.count):
            own = of_page(job, numbers[0], is_only=True)
            return _one(own, Page(job.photo, numbers[0], to_tiff=to_tiff), work, writing, found.remarks)
    done, changed = list[Done](), 0
    try:
        with new_pages(room_for(job.result), writing.overwrite, writing.packing, found.bytes) as out:
            for number in numbers:
                page = Page(job.photo, number, True, number == numbers[0], to_tiff)
                made, is_changed = _add(out, of_page(job, number), page, work, found.count)
                done.append(made)
                changed += is_changed
            if not changed:
                raise _AllLeftError
    except _AllLeftError:
        remarks = by_page(numbers, done)
        return Report((*remarks, *found.remarks), left=True, written=_beside(done))
    return Report(
        (*found.remarks, *by_page(numbers, done)),
        facts={**summed([each.facts for each in done if each.facts]), "pages": len(done)},
        written=(job.result, *_beside(done)),
    )


def _one(job: Job, page: Page, work: Work, writing: Writing, also: tuple[str, ...] = ()) -> Report:
    """The only page of a result."""
    done = work(job, page)
    if done.photo is None:
        return Report(done.remarks, left=True, facts=done.facts, written=done.beside)
    if done.rows:
        with new_pages(
            room_for(job.result), writing.overwrite, writing.packing, tiff.bytes_of(done.photo)
        ) as out:
            lost = out.add(done.photo, done.rows)
    elif done.further and page.to_tiff:
        lost = _with_further(job, done, writing)
    elif writing.lossless:
        lost = write_lossless(job.result, done.photo, writing.overwrite, writing.packing)
    else:
        lost = write_remarked(
            room_for(job.result), done.photo, overwrite=writing.overwrite, packing=writing.packing
        )
    kept = {MASK_LEFT_OUT} if done.further and page.to_tiff else set()
    also = tuple(each for each in also if each not in {*done.remarks, *kept})
    return Report(
        (*also, *done.remarks, *lost, *done.last), facts=done.facts, written=(job.result, *done.beside)
    )


def _with_further(job: Job, done: Done, writing: Writing) -> tuple[str, ...]:
    """The photo and the pages behind it; remarks on what of them the file could not hold."""
    assert done.photo is not None
    photos = (done.photo, *done.further)
    most = sum(map(tiff.bytes_of, photos))
    with new_pages(room_for(job.result), writing.overwrite, writing.packing, most) as out:
        return tuple(dict.fromkeys(remark for photo in photos for remark in out.add(photo)))


def _add(out: PageWriter, job: Job, page: Page, work: Work, count: int) -> tuple[Done, bool]:
    """One page of several: worked on, written, its pixels freed; and whether it was not left as it is."""
    assert page.number is not None
    with naming(page.number, count):
        try:
            done = work(job, page)
            kept = unchanged(page) if done.photo is None and page.is_large else done
            lost = out.add(kept.photo or page.read(native=True), kept.rows)
            for further in kept.further:
                lost += out.add(further)
        except (SafelightError, OSError):
            raise
        except Exception as error:
            if is_of_memory(error):
                raise
            raise PhotoError(f"unexpected {type(error).__name__}: {error}") from error
    return replace(
        done, photo=None, further=(), remarks=(*done.remarks, *lost, *done.last)
    ), done.photo is not None


def unchanged(page: Page) -> Done:
    """A large page as it is, in its own numbers."""

    def rows() -> Iterator[Strip]:
        with open_large(page.path, page.number, native=True) as large:
            yield from large.strips()

    with open_large(page.path, page.number, native=True) as large:
        return Done(large.photo, rows=rows)


def of_page(job: Job, number: int, is_only: bool = False) -> Job:
    """The job of one page: with its own mask and hints, and its number in the names of what is written beside.

    is_only: no other page is worked on, so that files without a number are meant for it.
    """
    if number == 1:
        return job
    return replace(
        job,
        called=f"{job.called or job.photo.stem}-{number}",
        hints=_found(job.hints, number, is_only),
        mask=job.mask if is_of_pages(job.mask.file) else _found(job.mask, number, is_only),
    )


def _found(found: Found, number: int, is_only: bool) -> Found:
    own = found.of_page(number)
    return found if own.file is None and is_only else own


def is_of_pages(mask: Path | None) -> bool:
    """Whether a mask is a TIFF of several pages, each of which is the mask of the page of its number."""
    return mask is not None and mask.suffix.lower() in TIFF and pages_of(mask).count > 1


def by_page(numbers: Sequence[int], done: Sequence[Done]) -> tuple[str, ...]:
    """The remarks of all pages; those of the same words once."""
    pages_with: dict[str, list[str]] = {}
    for number, each in zip(numbers, done, strict=True):
        for remark in each.remarks:
            pages_with.setdefault(remark, []).append(str(number))
    return tuple(
        f"page{'s' * (len(pages) > 1)} {', '.join(pages)}: {remark}" for remark, pages in pages_with.items()
    )


def _beside(done: Sequence[Done]) -> tuple[Path, ...]:
    return tuple(path for each in done for path in each.beside)


def summed(facts: Sequence[Mapping[str, Json]]) -> dict[str, Json]:
    """The facts of several pages as those of one photo: any of truths, the highest of numbers, sums of counts."""
    names = dict.fromkeys(name for each in facts for name in each)
    return {name: _together([each[name] for each in facts if name in each]) for name in names}


def _together(values: Sequence[Json]) -> Json:
    first = values[0]
    if isinstance(first, Mapping):
        return {
            key: sum(each.get(key, 0) for each in values) for key in {k: 0 for each in values for k in each}
        }
    return max(values) if isinstance(first, (bool, int, float)) else first
