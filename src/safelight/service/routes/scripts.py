"""One request for one photo, for scripts: the body is the photo, the answer the result."""

import shutil
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from starlette.background import BackgroundTask
from starlette.responses import FileResponse, Response

from safelight.batch.colorize import ColorizeSettings
from safelight.batch.fill import FillSettings
from safelight.batch.memory import needed
from safelight.batch.repair import RepairSettings
from safelight.batch.scratches import ScratchesSettings
from safelight.batch.work import Found, Job, Order, order_of
from safelight.errors import PhotoError
from safelight.pixels.files import read_photo
from safelight.runtime.names import Namer, filled_name, mask_name, repaired_name, result_name
from safelight.service.bodies import StrictRoute
from safelight.service.darkroom import Darkroom
from safelight.service.keeping import KINDS
from safelight.service.photos import discard, told
from safelight.service.problems import declared
from safelight.service.routes.colors import suggestions_json
from safelight.service.routes.common import OCTETS, PICTURE_BODY, binary, darkroom, receive_photo
from safelight.service.routes.jobs import attachment
from safelight.service.schemas import Suggestions
from safelight.tasks.colorize.suggest import MOST_PLACES
from safelight.tasks.colorize.task import REACH, VIVID

router = APIRouter(tags=["scripts"], route_class=StrictRoute)
Room = Annotated[Darkroom, Depends(darkroom)]
Share = Annotated[float, Query(ge=0, le=1)]
Pixels = Annotated[float, Query(ge=0, le=500)]
Method = Literal["auto", "model", "biharmonic", "telea"]
Name = Annotated[
    str, Query(max_length=1000, description="What the photo is called; its ending names the format.")
]
PICTURE: dict[int | str, dict[str, Any]] = {
    **declared(415, 422, 429, 504),
    200: binary("The result, in the photo's format.", *sorted(set(KINDS.values()))),
}


@router.post("/v1/colorize", response_class=FileResponse, responses=PICTURE, openapi_extra=PICTURE_BODY)
async def post_colorize(
    request: Request,
    room: Room,
    vivid: Share = VIVID,
    reach: Share = REACH,
    recolor: bool = False,
    name: Name = "photo",
) -> Response:
    """The photo in color, as `safelight colorize` makes it."""
    model = room.models.names["color"]
    settings = ColorizeSettings(model, vivid=vivid, reach=reach, recolor=recolor)
    return await _worked(request, room, order_of("colorize", settings), result_name, name)


@router.post("/v1/repair", response_class=FileResponse, responses=PICTURE, openapi_extra=PICTURE_BODY)
async def post_repair(
    request: Request,
    room: Room,
    sensitivity: Share = 0.5,
    method: Method = "model",
    color: bool = False,
    name: Name = "photo",
) -> Response:
    """The photo with its scratches found and filled, as `safelight repair` makes it."""
    settings = RepairSettings(sensitivity, method=method, color=color)
    return await _worked(request, room, order_of("repair", settings), repaired_name, name)


@router.post("/v1/inpaint", response_class=FileResponse, responses=PICTURE, openapi_extra=PICTURE_BODY)
async def post_inpaint(
    request: Request,
    room: Room,
    method: Method = "auto",
    grow: Pixels = 0,
    feather: Pixels = 0,
    grain: Share = 1,
    name: Name = "photo",
) -> Response:
    """The photo with what is transparent in it filled: `safelight fill --missing erased`."""
    settings = FillSettings(room.models.names["fill"], method, "erased", grow, feather, grain=grain)
    return await _worked(request, room, order_of("fill", settings), filled_name, name, own_mask=True)


@router.post(
    "/v1/scratches",
    response_class=FileResponse,
    responses={**declared(415, 422, 429, 504), 200: binary("The mask, white = damaged.", "image/png")},
    openapi_extra=PICTURE_BODY,
)
async def post_scratches(
    request: Request,
    room: Room,
    sensitivity: Share = 0.5,
    grow: Annotated[int, Query(ge=0, le=500)] = 1,
    name: Name = "photo",
) -> Response:
    """The mask of scratches, cracks and dust, as `safelight scratches` writes it."""
    settings = ScratchesSettings(sensitivity=sensitivity, grow=grow)
    return await _worked(request, room, order_of("scratches", settings), mask_name, name)


@router.post(
    "/v1/suggest",
    response_model=Suggestions,
    responses=declared(415, 422, 429, 504),
    openapi_extra=PICTURE_BODY,
)
async def post_suggest(
    request: Request, room: Room, count: Annotated[int, Query(ge=1, le=MOST_PLACES)] = 3
) -> dict[str, Any]:
    """Where hints would help most, and the likely colors there."""
    path = await receive_photo(request, room, "photo")

    def work() -> dict[str, Any]:
        with room.memory.taking(needed(path)):
            photo = read_photo(path, room.limits.megapixels)
        return suggestions_json(room.models.colorizer.suggest(photo, count=count))

    try:
        return await room.slow(request, told(path, work))
    finally:
        discard(path)


async def _worked(
    request: Request, room: Room, order: Order, namer: Namer, name: str, own_mask: bool = False
) -> Response:
    """The result of an order on the photo in the body."""
    path = await receive_photo(request, room, name)

    def work() -> tuple[Path, tuple[str, ...]]:
        job = Job(path, path.with_name(f"result-{namer(path)}"), mask=Found(path if own_mask else None))
        with room.memory.taking(needed(path)):
            report = room.models.worker(order)(job)
        if report.left:
            raise PhotoError("; ".join(report.remarks))
        return report.written[0], report.remarks

    try:
        result, remarks = await room.slow(request, told(path, work))
    except BaseException:
        shutil.rmtree(path.parent, ignore_errors=True)
        raise
    headers = {
        "Content-Disposition": attachment(result.name.removeprefix("result-")),
        "Accept-Ranges": "none",
    }
    headers |= {
        "Safelight-Remarks": " ".join("; ".join(remarks).split()).encode("ascii", "replace").decode()[:2000]
    }
    gone = BackgroundTask(shutil.rmtree, path.parent, ignore_errors=True)
    return FileResponse(
        result, media_type=KINDS.get(result.suffix.lower(), OCTETS), headers=headers, background=gone
    )
