"""What schemathesis is told beyond the OpenAPI document: pictures that are pictures, and ids that there are.

All pictures have the size of the photos that the service was sent before, so that each can be a mask of them.
"""

import os
import zlib

import cv2
import numpy as np
import schemathesis
from hypothesis import strategies as st
from schemathesis.checks import CHECKS
from schemathesis.specs.openapi import checks

GREY = np.tile(np.arange(48, dtype=np.uint8) * 5, (40, 1))
MASK = np.zeros_like(GREY)
MASK[18:22, 5:40] = 255
ERASED = np.dstack([GREY, GREY, GREY, np.where(np.arange(48) % 16 < 3, 0, 255)[None].repeat(40, 0)])
PNG, MASK_PNG, ERASED_PNG = (
    cv2.imencode(".png", each.astype(np.uint8))[1].tobytes() for each in (GREY, MASK, ERASED)
)
PICTURES = {
    "image/png": [ERASED_PNG, MASK_PNG, PNG],
    "image/jpeg": [cv2.imencode(".jpg", GREY)[1].tobytes()],
    "image/tiff": [cv2.imencode(".tif", each)[1].tobytes() for each in (ERASED.astype(np.uint8), GREY)],
    "image/webp": [cv2.imencode(".webp", GREY)[1].tobytes()],
    "image/bmp": [cv2.imencode(".bmp", each)[1].tobytes() for each in (MASK, GREY)],
    "image/gif": [PNG],
    "image/heic": [PNG],
}
for kind, contents in PICTURES.items():
    schemathesis.openapi.media_type(kind, st.sampled_from(contents))
schemathesis.openapi.media_type(
    "application/octet-stream",
    st.one_of(
        st.sampled_from([each for kind in PICTURES.values() for each in kind]), st.binary(max_size=200)
    ),
)


def ensure_resource_availability(context, response, case):  # type: ignore[no-untyped-def]
    """As schemathesis has it, but for the mask: a photo that was just sent has none until one is sent, too."""
    masked = case.operation.label == "GET /v1/photos/{photo}/mask"
    return None if masked else checks.ensure_resource_availability(context, response, case)


CHECKS.register(ensure_resource_availability)
LONGEST = 60  # letters of an id; a longer one is meant to be refused
THERE = {name: os.environ.get(f"SAFELIGHT_{name.upper()}S", "").split() for name in ("photo", "job")}


@schemathesis.hook
def map_path_parameters(context, path_parameters):  # type: ignore[no-untyped-def]
    """Mostly a photo or a job that there is; what deletes keeps its own, and never takes those away."""
    deletes = context.operation.method.lower() == "delete"
    for name, there in THERE.items():
        asked = (path_parameters or {}).get(name)
        if not (isinstance(asked, str) and there and len(asked) <= LONGEST):
            continue
        if deletes and asked in there:
            return {**path_parameters, name: "gone"}
        number = zlib.crc32(asked.encode(errors="replace"))  # not hash(): it differs from run to run
        if not deletes and number % 4:
            return {**path_parameters, name: there[number // 4 % len(there)]}
    return path_parameters
