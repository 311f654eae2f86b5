"""Photos as resources: sent, listed, shown, deleted."""

from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Depends, Query, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import Response

from safelight.service.bodies import StrictRoute
from safelight.service.darkroom import Darkroom
from safelight.service.limits import PREVIEW_PIXELS
from safelight.service.photos import Item
from safelight.service.previews import MEDIA_TYPES, Depth, Format, View, lightness, picture, view_of
from safelight.service.problems import declared
from safelight.service.routes.common import OCTETS, PICTURE_BODY, binary, darkroom, item, receive_photo
from safelight.service.schemas import PhotoJson, PhotosJson

router = APIRouter(tags=["photos"], route_class=StrictRoute)
Pixel = Annotated[int | None, Query(ge=0, le=10_000_000)]
Side = Annotated[int | None, Query(ge=1, le=10_000_000)]
KEPT = {"Cache-Control": "private, max-age=3600"}


class Asked(NamedTuple):
    """Which part of a photo (left, top, width, height) is shown, and with how many pixels."""

    part: tuple[int | None, int | None, int | None, int | None]
    pixels: int

    def view(self, size: tuple[int, int]) -> View:
        """The view of a photo of this size (h, w). Raises ProblemError."""
        return view_of(size, *self.part, self.pixels)


async def asked(
    left: Pixel = None,
    top: Pixel = None,
    width: Side = None,
    height: Side = None,
    pixels: Annotated[int, Query(ge=1, le=PREVIEW_PIXELS)] = PREVIEW_PIXELS,
) -> Asked:
    """What the address asks for."""
    return Asked((left, top, width, height), pixels)


Part = Annotated[Asked, Depends(asked)]
Room = Annotated[Darkroom, Depends(darkroom)]
Photo = Annotated[Item, Depends(item)]


@router.get("/v1/photos", response_model=PhotosJson, responses=declared())
async def list_photos(room: Room) -> dict[str, Any]:
    """All photos: those of the command line first, then what was sent; not opened for it."""
    return {"photos": [room.describe(each, opened=False) for each in room.shelf]}


@router.post(
    "/v1/photos",
    response_model=PhotoJson,
    status_code=201,
    responses=declared(415, 422, 429),
    openapi_extra=PICTURE_BODY,
)
async def send_photo(
    request: Request,
    response: Response,
    room: Room,
    name: Annotated[str, Query(max_length=1000)] = "photo",
) -> dict[str, Any]:
    """Send a photo: the body is the file itself, of any kind that safelight reads."""
    room.shelf.check()
    path = await receive_photo(request, room, name)
    sent = room.shelf.add(path, path.name, "upload")
    try:
        described = await room.quick(request, lambda: room.describe(sent))
    except BaseException:
        room.remove(sent)
        raise
    response.headers["Location"] = f"/v1/photos/{sent.id}"
    return described


@router.get("/v1/photos/{photo}", response_model=PhotoJson, responses=declared(404, 422))
async def get_photo(request: Request, room: Room, photo: Photo) -> dict[str, Any]:
    """One photo; it is opened if it was not."""
    return await room.quick(request, lambda: room.describe(photo))


@router.delete("/v1/photos/{photo}", status_code=204, responses=declared(404))
async def delete_photo(room: Room, photo: Photo) -> Response:
    """Forget a photo. A file that the command line named stays on disk."""
    await run_in_threadpool(room.remove, photo)
    return Response(status_code=204)


@router.get(
    "/v1/photos/{photo}/preview",
    response_class=Response,
    responses={**declared(404, 422), 200: binary("The view.", *MEDIA_TYPES.values())},
)
async def get_preview(
    request: Request, room: Room, photo: Photo, part: Part, format: Format = "jpeg"
) -> Response:
    """The photo, or a part of it, as a picture of sRGB: upright, what is transparent on white."""

    def work() -> tuple[bytes, View]:
        pixels = room.shelf.shown_pixels(photo)
        view = part.view((pixels.shape[0], pixels.shape[1]))
        return picture(pixels, view, format), view

    content, view = await room.quick(request, work)
    headers = {**KEPT, "Safelight-Size": f"{view.size[1]}x{view.size[0]}"}
    return Response(content, media_type=MEDIA_TYPES[format], headers=headers)


@router.get(
    "/v1/photos/{photo}/lightness",
    response_class=Response,
    responses={**declared(404, 422), 200: binary("L row by row, little-endian.", OCTETS)},
)
async def get_lightness(
    request: Request, room: Room, photo: Photo, part: Part, format: Depth = "u16"
) -> Response:
    """L of Lab of the same view, 0..100 as 0..65535 (or 0..255), to be joined with colors."""

    def work() -> tuple[bytes, View]:
        pixels = room.shelf.shown_pixels(photo)
        view = part.view((pixels.shape[0], pixels.shape[1]))
        return lightness(pixels, view, format).tobytes(), view

    content, view = await room.quick(request, work)
    headers = {**KEPT, "Safelight-Shape": f"{view.size[0]},{view.size[1]}"}
    return Response(content, media_type=OCTETS, headers=headers)
