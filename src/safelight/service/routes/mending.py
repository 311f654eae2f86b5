"""Masks, damage found, damage filled."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from safelight.service import mending
from safelight.service.bodies import StrictRoute
from safelight.service.darkroom import Darkroom
from safelight.service.photos import Item, discard
from safelight.service.problems import declared
from safelight.service.routes.common import PICTURE_BODY, binary, darkroom, item, receive_photo
from safelight.service.schemas import FillQuestion, JobJson, MaskJson, ScratchesQuestion

router = APIRouter(tags=["mending"], route_class=StrictRoute)
Room = Annotated[Darkroom, Depends(darkroom)]
Photo = Annotated[Item, Depends(item)]


@router.put(
    "/v1/photos/{photo}/mask",
    response_model=MaskJson,
    responses=declared(404, 415, 422, 429),
    openapi_extra=PICTURE_BODY,
)
async def put_mask(
    request: Request,
    room: Room,
    photo: Photo,
    missing: Annotated[Literal["auto", "white", "black", "painted", "erased"], Query()] = "auto",
) -> dict[str, Any]:
    """Keep a mask: a picture of the photo's size in which white marks what is missing."""
    path = await receive_photo(request, room, "mask")
    try:
        mask = await room.quick(request, lambda: mending.keep_mask(room, photo, path, missing))
    except BaseException:
        discard(path)
        raise
    return mending.mask_json(mask)


@router.get(
    "/v1/photos/{photo}/mask",
    response_class=Response,
    responses={**declared(404), 200: binary("White = missing.", "image/png")},
)
async def get_mask(request: Request, room: Room, photo: Photo) -> Response:
    """The mask that was sent last, black and white, of the photo's size."""
    mask = mending.newest_mask(photo)
    content = await room.quick(request, lambda: mending.mask_png(mask.hole))
    return Response(content, media_type="image/png", headers={"Cache-Control": "no-store"})


@router.delete("/v1/photos/{photo}/mask", status_code=204, responses=declared(404))
async def delete_mask(photo: Photo) -> Response:
    """Forget the masks of the photo."""
    with photo.lock:
        photo.masks.clear()
    return Response(status_code=204)


@router.post(
    "/v1/photos/{photo}/scratches",
    response_model=JobJson,
    status_code=202,
    responses=declared(400, 404, 422),
)
async def post_scratches(room: Room, photo: Photo, question: ScratchesQuestion) -> dict[str, Any]:
    """Find scratches, cracks and dust: a job, whose result lists the finds."""
    job = room.jobs.add("scratches", photo.id, lambda: mending.find_damage(room, photo, question))
    return job.to_json()


@router.post(
    "/v1/photos/{photo}/fill", response_model=JobJson, status_code=202, responses=declared(400, 404, 409, 422)
)
async def post_fill(room: Room, photo: Photo, question: FillQuestion) -> dict[str, Any]:
    """Fill what the kept mask marks: a job, whose result names the mended photo."""
    mask = mending.newest_mask(photo, 409)
    job = room.jobs.add("fill", photo.id, lambda: mending.fill_damage(room, photo, mask, question))
    return job.to_json()
