"""The colors of an open photo: planes for a page to join, how sure they are, what a place may be, where next.

Hints are read by the thread that works with them: thousands, each with a region, take a second.
"""

from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from safelight.service.bodies import StrictRoute
from safelight.service.darkroom import Darkroom, float16
from safelight.service.photos import Item
from safelight.service.problems import declared
from safelight.service.routes.common import OCTETS, binary, darkroom, item
from safelight.service.schemas import (
    CertaintyQuestion,
    ColorsQuestion,
    Likely,
    LikelyQuestion,
    Suggestions,
    SuggestQuestion,
    hint_set,
)
from safelight.tasks.colorize.bins import gamut_bins, likely_colors
from safelight.tasks.colorize.certainty import certainty
from safelight.tasks.colorize.suggest import CELL, Suggestion, hex_at

router = APIRouter(tags=["colors"], route_class=StrictRoute)
Room = Annotated[Darkroom, Depends(darkroom)]
Photo = Annotated[Item, Depends(item)]
MOST_LIKELY = 5


@router.post(
    "/v1/photos/{photo}/colors",
    response_class=Response,
    responses={**declared(400, 404, 422, 504), 200: binary("float16 planes.", OCTETS)},
)
async def post_colors(request: Request, room: Room, photo: Photo, question: ColorsQuestion) -> Response:
    """The a and b planes (float16, little-endian) at the network's size: one layer, and one for each region."""

    def work() -> np.ndarray:
        live = room.live(photo)
        hints = hint_set(question.hints)
        ask = live.kriged if question.stage == "kriged" else live.colors
        layers = ask(hints, question.vivid, question.reach)
        return np.stack([np.moveaxis(ab, 2, 0) for ab in (layers.ab, *(ab for _, ab in layers.lassos))])

    return _planes(await room.quick(request, work), question.stage)


@router.post(
    "/v1/photos/{photo}/certainty",
    response_class=Response,
    responses={**declared(400, 404, 422, 504), 200: binary("A float16 plane.", OCTETS)},
)
async def post_certainty(request: Request, room: Room, photo: Photo, question: CertaintyQuestion) -> Response:
    """How sure each color is: the chance that the true one is near the one shown, in cells of 8 x 8 pixels."""

    def work() -> np.ndarray:
        live = room.live(photo)
        hints = hint_set(question.hints)
        shown = live.colors(hints, question.vivid, question.reach).ab
        return certainty(live.distribution(hints), shown, live.nearness(hints))

    return _planes(await room.quick(request, work), "network")


@router.post("/v1/photos/{photo}/likely", response_model=Likely, responses=declared(400, 404, 422, 504))
async def post_likely(request: Request, room: Room, photo: Photo, question: LikelyQuestion) -> dict[str, Any]:
    """The likeliest colors of one place."""

    def work() -> dict[str, Any]:
        live = room.live(photo)
        hints = hint_set(question.hints)
        h, w = live.size
        y, x = min(int(question.y * h), h - 1), min(int(question.x * w), w - 1)
        shares, L = live.distribution(hints)[:, y // CELL, x // CELL], float(live.L[y, x])
        found = likely_colors(shares, gamut_bins(), MOST_LIKELY)
        return {"L": L, "colors": [{"color": hex_at(L, each.ab), "share": each.share} for each in found]}

    return await room.quick(request, work)


@router.post(
    "/v1/photos/{photo}/suggestions", response_model=Suggestions, responses=declared(400, 404, 422, 504)
)
async def post_suggestions(
    request: Request, room: Room, photo: Photo, question: SuggestQuestion
) -> dict[str, Any]:
    """Where further hints would help most."""
    found = await room.quick(
        request, lambda: room.live(photo).suggest(hint_set(question.hints), question.count)
    )
    return suggestions_json(found)


def suggestions_json(found: list[Suggestion]) -> dict[str, Any]:
    """Suggestions as the service writes them."""
    places = []
    for each in found:
        colors = [{"color": color, "share": share} for color, share in each.colors]
        places.append({"x": each.x, "y": each.y, "worth": each.worth, "colors": colors})
    return {"places": places}


def _planes(planes: np.ndarray, stage: str) -> Response:
    headers = {
        "Safelight-Shape": ",".join(map(str, planes.shape)),
        "Safelight-Dtype": "float16",
        "Safelight-Stage": stage,
        "Cache-Control": "no-store",
    }
    return Response(float16(planes), media_type=OCTETS, headers=headers)
