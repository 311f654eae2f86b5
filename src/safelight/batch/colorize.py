"""The work of safelight colorize: a photo from file to file."""

from array import array
from collections.abc import Iterable
from dataclasses import astuple, dataclass, replace
from functools import partial
from pathlib import Path

from safelight.batch.beside import hints_for
from safelight.batch.marks import LabelSettings, Marker, region_within
from safelight.batch.pages import Done, Page, Writing, worked
from safelight.batch.work import Job, Json, Order, Report, settings_of
from safelight.errors import PhotoError
from safelight.pixels.color import srgb_to_lab
from safelight.pixels.files import Photo, write_photo
from safelight.pixels.geometry import Box
from safelight.pixels.large import open_large, recolored
from safelight.pixels.pages import ALL
from safelight.pixels.tiff_packing import USUAL, Packing
from safelight.reports.text import count
from safelight.runtime import familiar
from safelight.tasks.colorize import tone_and_mount
from safelight.tasks.colorize.hints import HintSet
from safelight.tasks.colorize.restore import load_colorizer
from safelight.tasks.colorize.task import REACH, VIVID


@dataclass(frozen=True)
class ColorizeSettings(LabelSettings):
    """The options that decide a colored photo, by their names. hints: the JSON of a hint file, None for no option.

    Without hints those of the file beside each photo count. pages: those of a TIFF. tiff: how a result is packed.
    """

    model: str | None = None
    hints: dict[str, Json] | None = None
    vivid: float = VIVID
    reach: float = REACH
    recolor: bool = False
    keep_toning: bool = False
    no_mount: bool = False
    pages: str = ALL
    tiff: Packing = USUAL


class ColorizeWorker:
    """Colorizes photos. Of the report's facts, "unfamiliarity" (0..; 1 = threshold) and "toned" are for `summed_up`."""

    def __init__(self, order: Order, threads: int = 1) -> None:
        self._settings, self._manner = settings_of(order, ColorizeSettings), order.manner
        hints = self._settings.hints
        self._hints = None if hints is None else HintSet.from_json(hints)
        self._colorizer = load_colorizer(self._settings.model, threads)
        self.cards = (self._colorizer.card,)
        self._mark = Marker(order, self._settings, self.cards)

    def __call__(self, job: Job) -> Report:
        """One photo from file to file; left as it is if it has colors of its own that are not to be replaced."""
        settings = self._settings
        return worked(job, self._color, Writing(settings.pages, settings.tiff, self._manner.overwrite))

    def _color(self, job: Job, page: Page) -> Done:
        if page.is_large:
            return self._color_large(job, page)
        return self._colored(job, page, page.read())

    def _color_large(self, job: Job, page: Page) -> Done:
        """Colors are found in a small copy, and laid on the photo strip by strip."""
        if self._settings.caption is not None:
            raise PhotoError("it is too large for a caption below it; leave --caption out")
        with open_large(page.path, page.number) as large:
            small, step = large.shrunk(), large.step
            photo = large.photo
        done = self._colored(job, page, small, step)
        if done.photo is None:
            return done
        said = f"it is large: its colors were found in a copy of {small.size[1]} × {small.size[0]} pixels"
        return replace(
            done,
            photo=replace(done.photo, pixels=photo.pixels, alpha=photo.alpha),
            remarks=(*done.remarks, said),
            rows=partial(
                recolored,
                page.path,
                page.number,
                srgb_to_lab(done.photo.pixels)[..., 1:],
                done.mount,
            ),
        )

    def _colored(self, job: Job, page: Page, photo: Photo, step: int = 1) -> Done:
        """step: how many times smaller the sides of this copy of the photo are."""
        settings = self._settings
        hint_set, remarks = hints_for(job.hints, self._hints)
        drawn, drawings = (self._draw(photo, hint_set), self._drawings) if page.is_first else ((), ())
        analysis = tone_and_mount.analyze(photo.pixels, not settings.no_mount)
        if not settings.recolor and analysis.look.has_colors and not hint_set:
            # Nothing of the photo is lost: no result is written.
            return Done(None, (*remarks, *drawn, analysis.left_because), beside=drawings)
        colored, unfamiliarity = self._colorizer.colorize(photo, hint_set, settings.vivid, settings.reach)
        colored = tone_and_mount.keep_tone_and_mount(photo, colored, analysis, settings.keep_toning)
        files = {} if self._hints is not None else {"hints": job.hints}
        mount = analysis.mount and Box(*(step * each for each in astuple(analysis.mount)))
        colored = self._mark(colored, job, "learned", region_within(mount), files=files)
        distance = 0.0 if unfamiliarity is None else unfamiliarity
        return Done(
            colored,
            (*colored.remarks, *remarks, *drawn, *analysis.remarks(settings.keep_toning)),
            {
                "unfamiliarity": distance,
                "toned": analysis.look.kind == "toned" and not settings.keep_toning,
            },
            drawings,
            familiar.warning(distance),
            mount=mount,
        )

    @property
    def _drawings(self) -> tuple[Path, ...]:
        return (Path(self._manner.picture),) if self._manner.picture else ()

    def _draw(self, photo: Photo, hint_set: HintSet | None) -> tuple[str, ...]:
        """Write the photo with its hints on it, where that was asked for; a remark that says so."""
        if not self._manner.picture:
            return ()
        from safelight.batch import overlays  # few ask for it, and it is half the imports

        (path,) = self._drawings
        write_photo(path, overlays.draw_hints(photo.pixels, hint_set or ()), overwrite=self._manner.overwrite)
        hints_drawn = f"with {count(len(hint_set), 'hint')}" if hint_set else "without hints"
        return (f"{path}: the photo under a grid, {hints_drawn}",)


def summed_up(reports: Iterable[Report]) -> str:
    """What the summary line says of the photos that were colored: how many lost their tone, how many are unfamiliar."""
    toned, unfamiliarity = array("B"), array("d")  # 9 bytes a photo
    for report in reports:
        toned.append(report.facts["toned"])
        unfamiliarity.append(report.facts["unfamiliarity"])
    parts = tone_and_mount.toned_in_words(toned), familiar.in_words(unfamiliarity)
    return ", ".join(filter(None, parts))
