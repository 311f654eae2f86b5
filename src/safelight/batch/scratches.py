"""The work of safelight scratches: from a photo to the mask of its damage."""

from dataclasses import dataclass, field
from pathlib import Path

from safelight.arrays import Mask
from safelight.batch import overlays
from safelight.batch.defaults import first
from safelight.batch.places import room_for
from safelight.batch.work import Job, Order, Report, settings_of
from safelight.masks.files import write_mask
from safelight.pixels.files import read_photo
from safelight.tasks.scratches.restore import FindMethod, load_finder
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
        """One photo; its mask is written even where it is empty."""
        photo = read_photo(job.photo)
        found = self._finder.find(photo.pixels, self._search, self._method)
        write_mask(room_for(job.result), found.mask, overwrite=self._manner.overwrite)
        facts = {"marked": float((found.mask > 0).mean()), "found_by": found.method}
        if not found.mask.any():
            harder = looks_harder(self._search.sensitivity)
            nothing = f"nothing was marked {found.title}: the mask is empty{harder}"
            return Report((nothing,), facts=facts, written=(job.result,))
        previews: tuple[Path, ...] = ()
        if self._manner.preview:
            previews = (overlays.write_preview(job, photo.pixels, found.mask > 0),)
        marked = f"marked {damaged_share(found.mask)} of the photo as damaged {found.title}"
        return Report(
            (marked, *map(overlays.preview_remark, previews)),
            facts=facts,
            written=(job.result, *previews),
        )


HARDER = (0.8, 1.0)  # sensitivities to be tried


def looks_harder(sensitivity: float) -> str:
    """What can be tried where nothing was found; nothing if it was looked for as hard as can be."""
    harder = next((step for step in HARDER if step > sensitivity), None)
    return f"; --sensitivity {harder:g} looks harder" if harder else ""


def damaged_share(mask: Mask) -> str:
    """The marked share of a photo, "3.2 %", with as many digits as it takes not to be 0."""
    percent = 100 * float((mask > 0).mean())
    return f"{percent:.1f} %" if percent >= MIN_PERCENT else f"less than {MIN_PERCENT:g} %"
