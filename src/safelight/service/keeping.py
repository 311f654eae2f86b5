"""Projects of open photos: filled in and written as files, and replayed at full size by the batch's own workers."""

import shutil
from dataclasses import replace
from pathlib import Path

from safelight.batch.project import SUFFIX, MaskRef, Project, now, replayed
from safelight.errors import PhotoError
from safelight.service.darkroom import Darkroom
from safelight.service.jobs import Result
from safelight.service.mending import mask_png
from safelight.service.photos import Item, Mask, told
from safelight.service.problems import ProblemError
from safelight.watched import step

KINDS = {
    **{".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".webp": "image/webp"},
    **{".tif": "image/tiff", ".tiff": "image/tiff"},
}


def project_of(room: Darkroom, item: Item, project: Project) -> tuple[Project, Mask | None]:
    """The project with all that it may leave to the service, the photo and the time; and the mask that it names.

    Raises ProblemError for a mask that was not sent, and a project of another photo.
    """
    if item.source == "mended":
        raise ProblemError(422, f"the photo was mended from {item.of}; send the project to that one")
    facts = room.shelf.facts(item)
    if project.sha256 not in (None, facts.sha256):
        raise ProblemError(422, "the project is of another photo: its checksum is not this photo's")
    project = replace(project, name=item.name, sha256=facts.sha256, saved=project.saved or now())
    mask = project.mend.mask
    if mask is None or mask.png is not None:
        return project, None
    with item.lock:
        kept = item.masks.get(mask.sha256 or "")
    if kept is None:
        raise ProblemError(422, "the photo has no mask of that checksum; PUT it first")
    return project, kept


def with_mask(project: Project, mask: Mask | None) -> Project:
    """The project with the mask itself in place of its checksum: not before it is needed, in memory."""
    if mask is None:
        return project
    png = MaskRef(png=mask_png(mask.hole)) if mask.marked else None  # as it was read, whatever marked it
    return replace(project, mend=replace(project.mend, mask=png))


def write_project(room: Darkroom, item: Item, project: Project) -> Path:
    """The project as a file of the service's own, NAME.safelight.json. Raises ProblemError as `project_of`."""
    path = room.shelf.new_path("x").with_name(f"{Path(item.name).stem}{SUFFIX}")
    return with_mask(*project_of(room, item, project)).save(path)


def make_result(room: Darkroom, item: Item, project: Project, mask: Mask | None) -> Result:
    """The full-size result of a project: what `safelight … --project` writes, byte for byte. mask: that it names."""
    folder = room.shelf.new_path("x").parent
    try:
        replay = replayed(with_mask(project, mask), item.path, folder, models=room.models.names)
        step(0.05)
        with room.space(item):
            report = told(item.path, lambda: room.models.worker(replay.order)(replay.job), folder)()
        if report.left:
            raise PhotoError("; ".join(report.remarks))
        result = report.written[0]
        return Result(
            file=result,
            media_type=KINDS.get(result.suffix.lower(), "application/octet-stream"),
            name=result.name,
            remarks=report.remarks,
        )
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
