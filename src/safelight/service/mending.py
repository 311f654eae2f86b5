"""Damage found and filled: masks as they are sent, finds one by one, and the mended photo as another one."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from safelight.arrays import Pixels
from safelight.errors import EmptyMaskError, PhotoError
from safelight.masks.edit import grow
from safelight.masks.files import Missing, read_mask
from safelight.masks.shapes import Hole
from safelight.masks.windows import pieces
from safelight.pixels.files import read_photo
from safelight.pixels.photo import Photo
from safelight.service.darkroom import Darkroom
from safelight.service.jobs import Result
from safelight.service.photos import Item, Mask, box_json, told
from safelight.service.problems import ProblemError
from safelight.service.schemas import FillQuestion, ScratchesQuestion
from safelight.shaped import Int32
from safelight.tasks.scratches.ridge_filter import ScratchSettings
from safelight.watched import step

RIM, MIN_RIM = (
    2 / 1024,
    2,
)  # as safelight repair grows what was found: of the longer side, and pixels at least
MASKS_KEPT = 8  # of one photo, for projects that name an earlier one
JSON = "application/json"


def keep_mask(room: Darkroom, item: Item, path: Path, missing: Missing) -> Mask:
    """Keep a mask of the photo. path: its file, in a folder of its own. Raises PhotoError for what is no mask."""
    facts = room.shelf.facts(item)
    size = (facts.height, facts.width)
    try:
        read = read_mask(path, size, missing)
        mask = Mask(path, read.hole, tuple(line.replace(str(path), "the mask") for line in read.remarks))
    except EmptyMaskError:
        mask = Mask(path, np.zeros(size, bool))
    except PhotoError as error:
        raise PhotoError(str(error).replace(str(path), "the mask")) from None
    with item.lock:
        step()  # where the answer was given up meanwhile, the file is gone
        item.masks[mask.sha256] = mask
        item.masks.move_to_end(mask.sha256)
        while len(item.masks) > MASKS_KEPT:
            item.masks.popitem(last=False)
    return mask


def newest_mask(item: Item, status: int = 404) -> Mask:
    """The mask that was sent last. Raises ProblemError where there is none, 409 for who needs it."""
    with item.lock:
        if not item.masks:
            raise ProblemError(status, "the photo has no mask; PUT one")
        return next(reversed(item.masks.values()))


def mask_json(mask: Mask) -> dict[str, Any]:
    """A mask as the service writes it."""
    return {
        "sha256": mask.sha256,
        "marked": mask.marked,
        "width": mask.size[1],
        "height": mask.size[0],
        "remarks": list(mask.remarks),
    }


def mask_png(hole: Hole) -> bytes:
    """White = missing."""
    import cv2

    return bytes(cv2.imencode(".png", hole.astype(np.uint8) * np.uint8(255))[1])


@dataclass(frozen=True)
class Finds:
    """Damage that was found: of each pixel the number of its find, 0 = none, and the finds."""

    numbers: Int32[np.ndarray, "h w"]
    finds: list[dict[str, Any]]


def finds_of(found: Hole, grown: Hole, likelihood: np.ndarray | None) -> Finds:
    """The connected parts of what is grown, each with its box, its pixels and how sure the finder is of it.

    likelihood (h2, w2), 0..1, may be smaller; None: the finder gives none, and each is 1.
    """
    import cv2

    count, numbers, stats, _ = cv2.connectedComponentsWithStats(grown.astype(np.uint8), connectivity=8)
    sure = np.ones(count)
    if likelihood is not None and count > 1:
        whole = cv2.resize(likelihood, grown.shape[::-1], interpolation=cv2.INTER_LINEAR)
        inside = np.where(found, numbers, 0).ravel()
        total = np.bincount(inside, minlength=count)
        sure = np.bincount(inside, whole.ravel(), minlength=count) / np.maximum(total, 1)
    finds = [
        {
            "number": number,
            "left": int(left),
            "top": int(top),
            "width": int(width),
            "height": int(height),
            "pixels": int(area),
            "confidence": round(float(sure[number]), 3),
        }
        for number, (left, top, width, height, area) in enumerate(stats)
        if number
    ]
    return Finds(numbers.astype(np.int32), finds)


def labels_png(numbers: Int32[np.ndarray, "h w"]) -> bytes:
    """The numbers of finds as a picture: number = R + 256 G + 65536 B."""
    import cv2

    rgb = np.stack([numbers & 255, numbers >> 8 & 255, numbers >> 16 & 255], axis=-1).astype(np.uint8)
    return bytes(cv2.imencode(".png", rgb[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 1])[1])


def find_damage(room: Darkroom, item: Item, question: ScratchesQuestion) -> Result:
    """Scratches, cracks and dust of the photo, one by one."""
    with room.space(item):
        return _found(room, room.shelf.pixels(item), question)


def _found(room: Darkroom, pixels: Pixels, question: ScratchesQuestion) -> Result:
    found, likelihood = room.models.finder.find_likely(pixels, ScratchSettings(question.sensitivity))
    step(0.8)
    rim = max(MIN_RIM, round(RIM * max(pixels.shape[:2]))) if question.grow is None else question.grow
    hole = found.mask > 0
    grown = grow(hole, rim)
    finds = finds_of(hole, grown, likelihood)
    step(0.9)
    return _kept(room, finds, {"marked": float(grown.mean()), "method": found.method})


def _kept(room: Darkroom, finds: Finds, beside: dict[str, Any]) -> Result:
    """Finds as files: a damaged photo may have a hundred thousand, and many jobs are kept."""
    path = room.shelf.new_path("finds.json")
    labels = path.with_name("labels.png")
    try:
        labels.write_bytes(labels_png(finds.numbers))
        with path.open("w", encoding="utf-8") as file:
            file.write('{"finds": [')
            for number, find in enumerate(finds.finds):  # one by one: nothing else runs while JSON is written
                file.write(f"{', ' if number else ''}{json.dumps(find)}")
            file.write(f"], {json.dumps(beside)[1:]}")
    except BaseException:
        shutil.rmtree(path.parent, ignore_errors=True)
        raise
    return Result(file=path, media_type=JSON, parts={"labels": labels})


def fill_damage(room: Darkroom, item: Item, mask: Mask, question: FillQuestion) -> Result:
    """The photo with what its mask marks filled, as another photo; and where it changed."""
    if not mask.marked:
        raise ProblemError(422, "the mask is empty, nothing in it is missing")
    with room.space(item):
        return told(item.path, lambda: _filled(room, item, mask.hole, question))()


def _filled(room: Darkroom, item: Item, hole: Hole, question: FillQuestion) -> Result:
    photo = read_photo(item.path, room.limits.megapixels, native=True) if item.source != "mended" else None
    photo = photo or Photo(room.shelf.pixels(item).copy())  # the shelf's own are those of the other photo
    filled = room.models.filler.fill(
        photo, hole, question.method, question.grow, question.feather, in_place=True, grain=question.grain
    )
    step(0.95)
    path = room.shelf.new_path("mended.npy")
    np.save(path, filled.photo.pixels)
    mended = room.shelf.add(path, item.name, "mended", item)
    try:
        described = room.describe(mended)
        reach = question.grow + question.feather
        changed = [box_json(piece.box) for piece in pieces(grow(hole, reach) if reach else hole.copy())]
    except BaseException:  # the first photo was deleted, or the job was cancelled
        room.remove(mended)
        raise
    return Result(
        json={"photo": described, "changed": changed, "used": dict(filled.used)},
        media_type=JSON,
        remarks=(room.models.filler.remark(filled.used, question.method),),
        undo=lambda: room.remove(mended),
    )
