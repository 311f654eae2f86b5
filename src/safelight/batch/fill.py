"""The work of safelight fill: a photo and its mask from file to file."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from safelight.batch import overlays
from safelight.batch.beside import mask_remarks
from safelight.batch.defaults import first
from safelight.batch.infrared import SENSITIVITY, THAT_PAGE, is_infrared_page, see
from safelight.batch.large_holes import filled_large, read_large_mask
from safelight.batch.lossless import made_opaque
from safelight.batch.marks import LabelSettings, Marker, region_of
from safelight.batch.pages import Done, Page, Writing, is_of_pages, worked
from safelight.batch.scratches import damaged_share
from safelight.batch.work import Job, Order, Report, settings_of
from safelight.errors import EmptyMaskError, PhotoError, shown
from safelight.masks.edit import grow
from safelight.masks.files import Missing, read_mask
from safelight.masks.shapes import Hole
from safelight.pixels.files import Photo, read_photo
from safelight.pixels.large import open_large
from safelight.pixels.pages import ALL, pages_of
from safelight.pixels.tiff_packing import USUAL, Packing
from safelight.provenance.terms import Kind
from safelight.runtime.names import MARKS, mask_name
from safelight.tasks.inpaint.restore import Method, load_filler


@dataclass(frozen=True)
class FillSettings(LabelSettings):
    """The options that decide a filled photo, by their names. missing: how masks are read. grow, feather: pixels.

    pages: those of a TIFF. tiff: how a result is packed. infrared: what is the mask: "auto", the number of a page,
    "file" (the job's mask is the infrared scan), "" for nothing. grain: how much of the surroundings' grain what is
    filled gets, 0 to 1.
    """

    model: str | None = None
    method: Method = "auto"
    missing: Missing = "auto"
    grow: float = 0
    feather: float = 0
    pages: str = ALL
    tiff: Packing = USUAL
    infrared: str = ""
    grain: float = field(default=1.0, metadata=first(0.0))


class FillWorker:
    """Fills what a photo's mask marks. Facts of the report: "filled", the number of places by method."""

    def __init__(self, order: Order, threads: int = 1) -> None:
        self._settings, self._manner = settings_of(order, FillSettings), order.manner
        self._filler = load_filler(self._settings.model, threads)
        self.cards = (self._filler.card,) if self._filler.card else ()
        self._mark = Marker(order, self._settings, self.cards)

    def __call__(self, job: Job) -> Report:
        """One photo from file to file; what was done, and what could not be kept of it."""
        settings, mask = self._settings, job.mask
        if mask.file is None and not mask.further and not settings.infrared:
            raise PhotoError("; ".join((_lacking(job), *mask.remarks)))
        writing = Writing(settings.pages, settings.tiff, self._manner.overwrite, lossless=True)
        return worked(job, self._fill, writing)

    def _fill(self, job: Job, page: Page) -> Done:
        settings, mask = self._settings, job.mask
        if settings.infrared:
            return self._fill_infrared(job, page)
        number = page.number if mask.file == job.photo or is_of_pages(mask.file) else None
        if mask.file is None or (number and number > pages_of(mask.file).count):
            return Done(None, ("has no mask: it is as it was", *mask.remarks))
        try:
            return self._fill_by(job, page, mask.file, number)
        except EmptyMaskError:  # as scratches writes one of a sound photo
            if mask.file in (mask.place, job.photo):
                raise
            return Done(None, (f"the mask {shown(mask.file.name)} is empty: it is as it was",))

    def _fill_by(self, job: Job, page: Page, file: Path, number: int | None) -> Done:
        """A page by the mask in this file, of this page of it."""
        settings, mask = self._settings, job.mask
        if page.is_large:
            return self._fill_large(job, page, file, number)
        photo = page.read(native=True)
        marked = read_mask(file, photo.size, settings.missing, number)
        done = self._filled(job, photo, marked.hole)
        remarks = () if file == job.photo else mask_remarks(mask)
        return replace(done, remarks=(*remarks, *photo.remarks, *marked.remarks, *done.remarks))

    def _filled(self, job: Job, photo: Photo, hole: Hole) -> Done:
        """The photo with this hole filled; the remarks are those of filling alone."""
        settings = self._settings
        whole = grow(hole, settings.grow + settings.feather)
        previews: tuple[Path, ...] = ()
        if self._manner.preview:
            previews = (overlays.write_preview(job, photo.pixels, whole),)
        filled = self._filler.fill(
            photo,
            hole,
            settings.method,
            settings.grow,
            settings.feather,
            in_place=True,
            grain=settings.grain,
        )
        result = made_opaque(filled.photo, hole) if settings.missing == "erased" else filled.photo
        result = self._mark(result, job, kind_of(filled.used), region_of(whole), files={"mask": job.mask})
        of_mark = result.remarks[len(photo.remarks) :]
        return Done(
            result,
            (
                *map(overlays.preview_remark, previews),
                self._filler.remark(filled.used, settings.method),
                *of_mark,
            ),
            {"filled": dict(filled.used)},
            previews,
        )

    def _fill_infrared(self, job: Job, page: Page) -> Done:
        """What its infrared marks."""
        settings = self._settings
        if is_infrared_page(page, settings.infrared):
            return Done(None, (THAT_PAGE,))
        seen = see(job, page, page.read(native=True), settings.infrared, SENSITIVITY)
        if not seen.mask.any():
            return Done(
                None, (*seen.photo.remarks, *seen.remarks, "its infrared marks no damage: it is as it was")
            )
        done = self._filled(job, seen.photo, seen.mask > 0)
        marked = f"marked {damaged_share(seen.mask)} of the photo as damaged (by its infrared)"
        remarks = (*seen.photo.remarks, *seen.remarks, marked, *done.remarks)
        return replace(done, remarks=remarks, further=seen.further)

    def _fill_large(self, job: Job, page: Page, mask: Path, number: int | None) -> Done:
        """In windows; there is no preview of it, and no caption below it."""
        settings = self._settings
        if settings.caption is not None or self._manner.preview:
            raise PhotoError("it is too large for a preview or a caption; leave these out")
        with open_large(page.path, page.number) as large:
            size = large.photo.size
        hole, remarks = read_large_mask(mask, size, settings.missing, number)
        done = filled_large(
            page, hole, self._filler, settings.method, settings.grow, settings.feather, settings.grain
        )
        assert done.photo is not None
        kind = kind_of(done.facts["filled"])
        photo = self._mark(done.photo, job, kind, hole.region, files={"mask": job.mask})
        return replace(done, photo=photo, remarks=(*mask_remarks(job.mask), *remarks, *done.remarks))


def _lacking(job: Job) -> str:
    """What to say of a photo without a mask. Raises PhotoError for what is wrong with it, which comes first."""
    alpha = read_photo(job.photo).alpha
    if job.mask.place is not None:
        return f"has no mask in {shown(job.mask.place)}; add {job.name(mask_name)}"
    if alpha is not None and not alpha.all():
        return "has no mask; a part of it is transparent: if that is what is missing, say --missing erased"
    if job.photo.stem.endswith(MARKS[mask_name]):
        return "is called like a mask and has none; if it is one, give it with --mask"
    return "has no mask; give --mask, or make one with safelight scratches"


def kind_of(used: Mapping[str, int]) -> Kind:
    """Whether a model filled some of it."""
    return "learned" if "model" in used else "classical"
