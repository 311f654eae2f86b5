"""The work of safelight repair: scratches are detected and filled, and on request the photo is colorized."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from safelight.arrays import Mask
from safelight.batch import overlays
from safelight.batch.beside import hints_for, mask_remarks
from safelight.batch.defaults import first
from safelight.batch.fill import kind_of
from safelight.batch.infrared import THAT_PAGE, is_infrared_page, see
from safelight.batch.large_holes import LargeHole, enlarged, filled_large, read_large_mask
from safelight.batch.marks import LabelSettings, Marker, region_of
from safelight.batch.pages import Done, Page, Writing, is_of_pages, unchanged, worked
from safelight.batch.places import room_for
from safelight.batch.plan import Plan, Shelves
from safelight.batch.scratches import damaged_share, looks_harder
from safelight.batch.work import Found, Job, Json, Order, Report, settings_of
from safelight.errors import EmptyMaskError, PhotoError, shown
from safelight.ledger.index import Index, source_of
from safelight.masks.edit import grow
from safelight.masks.files import MaskFile, Missing, read_mask, write_mask
from safelight.masks.shapes import Hole
from safelight.pixels.files import Photo
from safelight.pixels.large import open_large
from safelight.pixels.native import lost_in_srgb
from safelight.pixels.pages import ALL, pages_of
from safelight.pixels.tiff_packing import USUAL, Packing
from safelight.provenance.terms import Kind
from safelight.runtime import familiar
from safelight.runtime.folders import exists, same_file
from safelight.runtime.names import mask_name, repaired_name
from safelight.tasks.colorize import tone_and_mount
from safelight.tasks.colorize.hints import HintSet
from safelight.tasks.colorize.restore import load_colorizer
from safelight.tasks.colorize.task import REACH, VIVID
from safelight.tasks.inpaint.restore import Method, load_filler
from safelight.tasks.scratches.restore import FindMethod, load_finder
from safelight.tasks.scratches.ridge_filter import ScratchSettings

MUCH = 0.05  # of the photo: more is rarely all damage
RIM = 2 / 1024  # of the longer side: what was found is grown by so much, and by MIN_RIM pixels at least
MIN_RIM = 2


@dataclass(frozen=True)
class RepairSettings(LabelSettings):
    """The options that decide a repaired photo, by their names.

    find: how damage is detected. method: how it is filled. grow: pixels by which a mask is grown; None for the rim of
    a detected mask and nothing for one that was given. hints: the JSON of a hint file, None for no option.
    What follows it is said by a project (batch/project.py), as the options of fill and colorize.
    pages: those of a TIFF. tiff: how a result is packed. infrared: what is the mask instead of detection: "auto", the
    number of a page, "file" (the job's mask is the infrared scan), "" for nothing. grain: as of fill.
    edges: as of scratches. missing: how masks are read.
    """

    sensitivity: float = 0.5
    find: FindMethod = "auto"
    grow: float | None = None
    method: Method = "model"
    color: bool = False
    hints: dict[str, Json] | None = None
    feather: float = 0
    vivid: float = VIVID
    reach: float = REACH
    recolor: bool = False
    keep_toning: bool = False
    no_mount: bool = False
    color_model: str | None = None
    fill_model: str | None = None
    pages: str = ALL
    tiff: Packing = USUAL
    infrared: str = ""
    grain: float = field(default=1.0, metadata=first(0.0))
    edges: bool = field(default=False, metadata=first(True))
    missing: Missing = "auto"


@dataclass(frozen=True)
class _Part:
    """What one step made of a photo: its remarks, facts and the files that it wrote beside the result."""

    remarks: tuple[str, ...] = ()
    facts: tuple[tuple[str, Json], ...] = ()
    written: tuple[Path, ...] = ()


class RepairWorker:
    """Repairs photos. Facts of the report, each where its step was taken: those of scratches, fill and colorize."""

    def __init__(self, order: Order, threads: int = 1) -> None:
        self._settings, self._manner = settings_of(order, RepairSettings), order.manner
        hints = self._settings.hints
        self._hints = None if hints is None else HintSet.from_json(hints)
        settings = self._settings
        self._finder, self._filler = load_finder(threads=threads), load_filler(settings.fill_model, threads)
        self._colorizer = load_colorizer(settings.color_model, threads) if settings.color else None
        cards = (self._finder.card, self._filler.card, self._colorizer and self._colorizer.card)
        self.cards = tuple(card for card in cards if card)
        self._mark = Marker(order, self._settings, self.cards)

    def __call__(self, job: Job) -> Report:
        """One photo from file to file: scratches, fill, color."""
        settings = self._settings
        writing = Writing(settings.pages, settings.tiff, self._manner.overwrite, lossless=True)
        return worked(job, self._repair, writing)

    def _repair(self, job: Job, page: Page) -> Done:
        infrared = self._settings.infrared
        if is_infrared_page(page, infrared):
            return Done(None, (THAT_PAGE,))
        if page.is_large and not infrared:
            return self._repair_large(job, page)
        photo, further = page.read(native=True), tuple[Photo, ...]()
        if infrared:
            seen = see(job, page, photo, infrared, self._settings.sensitivity)
            photo, further = seen.photo, seen.further
            hole, damage = self._marked_as_damaged(
                job, seen.mask, "(by its infrared)", "infrared", seen.remarks
            )
        else:
            hole, damage = self._damage(job, photo, page)
        parts = [damage]
        if hole.any():
            if self._manner.preview:
                preview = overlays.write_preview(job, photo.pixels, hole)
                parts.append(_Part((overlays.preview_remark(preview),), written=(preview,)))
            settings = self._settings
            filled = self._filler.fill(
                photo, hole, settings.method, feather=settings.feather, in_place=True, grain=settings.grain
            )
            photo = filled.photo
            parts.append(_Part((self._filler.remark(filled.used),), (("filled", dict(filled.used)),)))
        if self._colorizer:
            photo, colored = self._colorize(job, photo)
            parts.append(colored)
        photo = self._marked(photo, job, hole, dict(fact for part in parts for fact in part.facts))
        return Done(
            photo,
            (*photo.remarks, *(remark for part in parts for remark in part.remarks)),
            dict(fact for part in parts for fact in part.facts),
            tuple(path for part in parts for path in part.written),
            further=further,
        )

    def _repair_large(self, job: Job, page: Page) -> Done:
        """Damage is looked for in a small copy, or said by a mask, and filled in windows."""
        settings = self._settings
        if settings.caption is not None or self._manner.preview or self._colorizer:
            raise PhotoError(
                "it is too large for a preview or a caption, and to be colored in one step; leave these out, and "
                "colorize the result"
            )
        with open_large(page.path, page.number) as large:
            small, size = large.shrunk(), large.photo.size
        if job.mask.file is None:
            found, damage = self._damage(job, small, page)
            hole, remarks = enlarged(found, size), damage.remarks
        else:
            number = page.number if is_of_pages(job.mask.file) else None
            try:
                hole, remarks = read_large_mask(job.mask.file, size, settings.missing, number)
            except EmptyMaskError:
                if job.mask.file == job.mask.place:
                    raise
                hole, remarks = LargeHole(size), ("the mask is empty: nothing was filled",)
            damage, remarks = _Part(), (*mask_remarks(job.mask), *remarks)
        if hole.any():
            done = filled_large(
                page,
                hole,
                self._filler,
                settings.method,
                settings.grow or 0,
                settings.feather,
                settings.grain,
            )
        else:
            done = unchanged(page)
        assert done.photo is not None
        facts = {**dict(damage.facts), **done.facts}
        kind: Kind = kind_of(facts["filled"]) if "filled" in facts else "unchanged"
        photo = self._mark(done.photo, job, kind, hole.region, files={"mask": job.mask})
        return replace(
            done, photo=photo, remarks=(*remarks, *done.remarks), facts=facts, beside=damage.written
        )

    def _marked(self, photo: Photo, job: Job, hole: Hole, facts: dict[str, Json]) -> Photo:
        """The photo with a mark of the most that was done with it: colored, filled, or nothing."""
        is_colored = facts.get("colored", False)
        files = {"mask": job.mask}
        if is_colored and self._hints is None:
            files["hints"] = job.hints
        kind: Kind = (
            "learned" if is_colored else kind_of(facts["filled"]) if "filled" in facts else "unchanged"
        )
        return self._mark(photo, job, kind, None if is_colored else region_of(hole), files=files)

    def _colorize(self, job: Job, photo: Photo) -> tuple[Photo, _Part]:
        """The photo in color, unless it has colors of its own and no hints."""
        assert self._colorizer is not None
        hint_set, remarks = hints_for(job.hints, self._hints)
        remarks = (*remarks, *(lost_in_srgb(photo.native.space) if photo.native else ()))
        settings = self._settings
        analysis = tone_and_mount.analyze(photo.pixels, not settings.no_mount)
        if not settings.recolor and analysis.look.has_colors and not hint_set:
            own = tone_and_mount.OWN[analysis.look.kind]
            return photo, _Part(
                (*remarks, f"{own}: not colored (colorize --recolor replaces them)"), (("colored", False),)
            )
        colored, unfamiliarity = self._colorizer.colorize(photo, hint_set, settings.vivid, settings.reach)
        photo = tone_and_mount.keep_tone_and_mount(photo, colored, analysis, settings.keep_toning)
        distance = unfamiliarity or 0.0
        facts = (
            ("colored", True),
            ("unfamiliarity", distance),
            ("toned", analysis.look.kind == "toned" and not settings.keep_toning),
        )
        return photo, _Part(
            (*remarks, *analysis.remarks(settings.keep_toning), *familiar.warning(distance)), facts
        )

    def _damage(self, job: Job, photo: Photo, page: Page) -> tuple[Hole, _Part]:
        """The mask of this photo, given, beside it or detected; of a further page without one that was named, none."""
        mask = job.mask
        number = page.number if is_of_pages(mask.file) else None
        if mask.file is not None and (not number or number <= pages_of(mask.file).count):
            return self._read_mask(mask.file, mask, photo, number)
        if mask.place is not None and page.several:
            return MaskFile.empty(photo.size).hole, _Part(("has no mask: nothing was filled",))
        if mask.place is not None:
            lacking = f"has no mask in {shown(mask.place)}; add {mask_name(job.photo)}, or leave --mask out"
            raise PhotoError("; ".join((lacking, *mask.remarks)))
        return self._detect(job, photo)

    def _detect(self, job: Job, photo: Photo) -> tuple[Hole, _Part]:
        settings = self._settings
        search = ScratchSettings(settings.sensitivity, edges=settings.edges)
        found = self._finder.find(photo.pixels, search, settings.find)
        return self._marked_as_damaged(job, found.mask, found.title, found.method, job.mask.remarks)

    def _marked_as_damaged(
        self, job: Job, mask: Mask, title: str, method: str, also: tuple[str, ...]
    ) -> tuple[Hole, _Part]:
        """A detected mask, grown, and what is said of it. title, method: what detected it. also: earlier remarks."""
        settings, size = self._settings, (mask.shape[0], mask.shape[1])
        hole = grow(mask, _rim(size) if settings.grow is None else settings.grow)
        written: tuple[Path, ...] = ()
        if self._manner.keep_mask:
            written = (room_for(kept_mask(job)),)
            of_another = self._manner.overwrite and written[0].is_file() and is_of_another(job, {})
            write_mask(written[0], hole, overwrite=of_another)  # never one that somebody may have corrected
        facts = (("marked", float((mask > 0).mean())), ("found_by", method))
        if not hole.any():
            nothing = f"no damage was found that is sure {title}, so nothing was filled"
            return hole, _Part((*also, f"{nothing}{looks_harder(settings.sensitivity)}"), facts, written)
        remarks = [*also, f"marked {damaged_share(mask)} of the photo as damaged {title}"]
        if mask.mean() > MUCH and not self._manner.keep_mask:
            remarks.append(
                "that is a lot: look at what is marked (--preview); if it marks good parts, use --sensitivity 0.2"
            )
        return hole, _Part(tuple(remarks), facts, written)

    def _read_mask(self, path: Path, mask: Found, photo: Photo, number: int | None) -> tuple[Hole, _Part]:
        """The mask of a file; an empty one is an error only where --mask names it."""
        try:
            marked = read_mask(path, photo.size, self._settings.missing, number)
        except EmptyMaskError:
            if mask.file == mask.place:
                raise
            marked = MaskFile.empty(photo.size)
        advice = "" if mask.place else "; remove it to have the damage looked for again"
        hole = grow(marked.hole, self._settings.grow or 0)
        empty = () if hole.any() else ("the mask is empty: nothing was filled",)
        return hole, _Part((*marked.remarks, *mask_remarks(mask, advice), *empty))


def summed_up(reports: Iterable[Report]) -> str:
    """What the summary line says of photos in which nothing was filled."""
    whole = sum("filled" not in report.facts for report in reports)
    return f"nothing to fill in {whole}" if whole else ""


def with_kept_masks(jobs: Plan) -> Plan:
    """The jobs; those that have no mask take what an earlier run wrote, as somebody may have corrected it.

    Masks are called like the photos. Of a result that has a name of its own in another folder, like the result:
    several photos may be called alike.
    """
    indexes, shelves = dict[Path, Index](), Shelves()
    named = (replace(job, called=job.result.stem) if _has_own_name(job) else job for job in jobs)
    return replace(jobs, jobs=tuple(_with_kept_mask(job, indexes, shelves) for job in named))


def _has_own_name(job: Job) -> bool:
    beside = same_file(job.result.parent, job.photo.parent)
    return job.result.name != job.name(repaired_name) and not beside and not job.trouble


def _with_kept_mask(job: Job, indexes: dict[Path, Index], shelves: Shelves) -> Job:
    if job.mask.file:
        return job
    kept = kept_mask(job)
    further = shelves.kept_further(job.photo, kept.parent, job.called or job.photo.stem)
    if not (kept.is_file() or further) or is_of_another(job, indexes):
        return replace(job, mask=Found())
    return replace(job, mask=Found(kept if kept.is_file() else None, further=further))


def is_of_another(job: Job, indexes: dict[Path, Index]) -> bool:
    """Whether a ledger says that what lies under the name of this result was made of another photo.

    indexes: of folders, to be read once.
    """
    source = source_of(job.result, indexes)
    return source is not None and exists(source) and not same_file(source, job.photo)


def kept_mask(job: Job) -> Path:
    """Where --keep-mask writes the mask of a photo."""
    return job.result.with_name(job.name(mask_name))


def _rim(size: tuple[int, int]) -> int:
    """Pixels by which a detected mask is grown, at this size of the photo."""
    return max(MIN_RIM, round(RIM * max(size)))
