"""The work of safelight scratches: from a photo to the mask of its damage."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from safelight.arrays import Mask
from safelight.batch import overlays
from safelight.batch.defaults import first
from safelight.batch.pages import Done, by_page, of_page, summed
from safelight.batch.places import room_for
from safelight.batch.work import Job, Order, Report, settings_of
from safelight.errors import PhotoError, shown
from safelight.masks.files import write_mask
from safelight.pixels.files import Photo, read_photo
from safelight.pixels.pages import naming, pages_of
from safelight.runtime.names import mask_name
from safelight.tasks.scratches.restore import FindMethod, Found, load_finder
from safelight.tasks.scratches.ridge_filter import ScratchSettings

MIN_PERCENT = 0.1  # smaller shares are not given in figures


@dataclass(frozen=True)
class ScratchesSettings:
    """The options that decide a mask, by their names. grow: pixels. edges: as of ScratchSettings."""

    model: str | None = None
    sensitivity: float = 0.5
    method: FindMethod = "auto"
    dark: bool = False
    no_dust: bool = False
    grow: int = 1
    edges: bool = field(default=False, metadata=first(True))


class ScratchesWorker:
    """Marks damage. Facts of the report: "marked", the share of the photo (0..1), and "found_by"."""

    def __init__(self, order: Order, threads: int = 1) -> None:
        settings = settings_of(order, ScratchesSettings)
        self._method, self._manner = settings.method, order.manner
        self._search = ScratchSettings(
            settings.sensitivity,
            dark=settings.dark,
            dust=not settings.no_dust,
            margin=settings.grow,
            edges=settings.edges,
        )
        self._finder = load_finder(settings.model, threads)
        self.cards = (self._finder.card,) if self._finder.card else ()

    def __call__(self, job: Job) -> Report:
        """One photo; its mask is written even where it is empty. A TIFF of several pages has a mask for each."""
        pages = pages_of(job.photo)
        places = {number: _place(job, number) for number in range(1, pages.count + 1)}
        for place in places.values():
            if place.exists() and not self._manner.overwrite:
                raise PhotoError(f"{shown(place)} exists; give another name, or ask for it to be overwritten")
        masks, done = list[tuple[Path, Packed]](), list[Done]()
        for number, place in places.items():
            with naming(number, pages.count):
                photo = read_photo(job.photo, page=number if pages.count > 1 else None)
                found = self._finder.find(photo.pixels, self._search, self._method)
                masks.append((place, Packed.of(found.mask)))
                done.append(self._found(of_page(job, number), photo, found))
        for place, packed in masks:  # all or none
            write_mask(room_for(place), packed.mask, overwrite=self._manner.overwrite)
        remarks = by_page(list(places), done) if pages.count > 1 else done[0].remarks
        written = (*places.values(), *(path for each in done for path in each.beside))
        return Report(remarks, facts=summed([each.facts for each in done]), written=written)

    def _found(self, job: Job, photo: Photo, found: Found) -> Done:
        """What is said of a mask, and its preview."""
        facts = {"marked": float((found.mask > 0).mean()), "found_by": found.method}
        if not found.mask.any():
            harder = looks_harder(self._search.sensitivity)
            return Done(None, (f"nothing was marked {found.title}: the mask is empty{harder}",), facts)
        previews: tuple[Path, ...] = ()
        if self._manner.preview:
            previews = (overlays.write_preview(job, photo.pixels, found.mask > 0),)
        marked = f"marked {damaged_share(found.mask)} of the photo as damaged {found.title}"
        return Done(None, (marked, *map(overlays.preview_remark, previews)), facts, previews)


@dataclass(frozen=True)
class Packed:
    """A mask in eight pixels a byte, until those of all pages are found."""

    bits: np.ndarray
    shape: tuple[int, ...]

    @classmethod
    def of(cls, mask: Mask) -> "Packed":
        """Of a mask, 1 = damaged."""
        return cls(np.packbits(mask > 0), mask.shape)

    @property
    def mask(self) -> Mask:
        """The mask again."""
        bits = np.unpackbits(self.bits, count=int(np.prod(self.shape)))
        return bits.reshape(self.shape).view(bool)


def _place(job: Job, number: int) -> Path:
    """Where the mask of a page goes: NAME-2-mask.png beside NAME-mask.png; m-2.png beside m.png."""
    result = job.result
    if number == 1:
        return result
    if result.name == job.name(mask_name):
        return result.with_name(of_page(job, number).name(mask_name))
    return result.with_name(f"{result.stem}-{number}{result.suffix}")


HARDER = (0.8, 1.0)  # sensitivities to be tried


def looks_harder(sensitivity: float) -> str:
    """What can be tried where nothing was found; nothing if it was looked for as hard as can be."""
    harder = next((step for step in HARDER if step > sensitivity), None)
    return f"; --sensitivity {harder:g} looks harder" if harder else ""


def damaged_share(mask: Mask) -> str:
    """The marked share of a photo, "3.2 %", with as many digits as it takes not to be 0."""
    percent = 100 * float((mask > 0).mean())
    return f"{percent:.1f} %" if percent >= MIN_PERCENT else f"less than {MIN_PERCENT:g} %"
