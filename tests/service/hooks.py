"""What schemathesis is told beyond the OpenAPI document: pictures that are pictures, and ids that there are."""

import os

import cv2
import numpy as np
import schemathesis
from hypothesis import strategies as st

PHOTOS = os.environ.get("SAFELIGHT_PHOTOS", "").split()
GREY = np.tile(np.arange(48, dtype=np.uint8) * 5, (40, 1))
ERASED = np.dstack([GREY, GREY, GREY, np.where(np.arange(48) % 16 < 3, 0, 255)[None].repeat(40, 0)])
PICTURES = {
    "image/png": cv2.imencode(".png", ERASED.astype(np.uint8))[1].tobytes(),
    "image/jpeg": cv2.imencode(".jpg", GREY)[1].tobytes(),
    "image/tiff": cv2.imencode(".tif", GREY)[1].tobytes(),
    "image/webp": cv2.imencode(".webp", GREY)[1].tobytes(),
    "image/bmp": cv2.imencode(".bmp", GREY)[1].tobytes(),
    "image/gif": cv2.imencode(".png", GREY)[1].tobytes(),
    "image/heic": cv2.imencode(".png", GREY)[1].tobytes(),
}
for kind, content in PICTURES.items():
    schemathesis.openapi.media_type(kind, st.just(content))
schemathesis.openapi.media_type(
    "application/octet-stream", st.one_of(st.sampled_from(list(PICTURES.values())), st.binary(max_size=200))
)


@schemathesis.hook
def map_path_parameters(context, path_parameters):  # type: ignore[no-untyped-def]
    """Mostly a photo that there is; what deletes keeps its own."""
    if context.operation.method.lower() == "delete" or not path_parameters or not PHOTOS:
        return path_parameters
    asked = path_parameters.get("photo")
    if isinstance(asked, str) and hash(asked) % 4:
        return {**path_parameters, "photo": PHOTOS[hash(asked) % len(PHOTOS)]}
    return path_parameters
