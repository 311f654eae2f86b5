"""Projects: kept as a file, and replayed at full size."""

import shutil
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.background import BackgroundTask
from starlette.responses import FileResponse, Response

from safelight.service import keeping
from safelight.service.bodies import StrictRoute
from safelight.service.darkroom import Darkroom
from safelight.service.photos import Item
from safelight.service.problems import declared
from safelight.service.routes.common import darkroom, item
from safelight.service.routes.jobs import attachment
from safelight.service.schemas import JobJson, ProjectJson

router = APIRouter(tags=["projects"], route_class=StrictRoute)
PROJECT = {
    "description": "The project file.",
    "content": {"application/json": {"schema": {"type": "object"}}},
}
Room = Annotated[Darkroom, Depends(darkroom)]
Photo = Annotated[Item, Depends(item)]


@router.post(
    "/v1/photos/{photo}/project",
    response_class=Response,
    responses={**declared(400, 404, 422), 200: PROJECT},
)
async def post_project(request: Request, room: Room, photo: Photo, document: ProjectJson) -> Response:
    """The project as a file: with the photo's name and checksum, and the mask's own bytes."""
    path = await room.quick(request, lambda: keeping.write_project(room, photo, document.sent()))
    headers = {"Content-Disposition": attachment(path.name), "Cache-Control": "no-store"}
    gone = BackgroundTask(shutil.rmtree, path.parent, ignore_errors=True)
    return FileResponse(path, media_type="application/json", headers=headers, background=gone)


@router.post(
    "/v1/photos/{photo}/result", response_model=JobJson, status_code=202, responses=declared(400, 404, 422)
)
async def post_result(request: Request, room: Room, photo: Photo, document: ProjectJson) -> dict[str, Any]:
    """The full-size result of a project, in the photo's own format: a job, whose result is the file."""
    project, mask = await room.quick(request, lambda: keeping.project_of(room, photo, document.sent()))
    return room.jobs.add(
        "result", photo.id, lambda: keeping.make_result(room, photo, project, mask)
    ).to_json()
