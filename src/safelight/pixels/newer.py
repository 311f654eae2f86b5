"""AVIF and JPEG 2000: opened by Pillow, with their color and their depth.

Pillow keeps 8 bits of them and passes over how their color is stated; both are read here from the boxes of the
file. Sources: ISO 14496-12 (boxes), AV1-ISOBMFF (av1C), ISO 15444-1, annexes A.5.1 and I.5.3.
"""

import re
import struct
from typing import IO, BinaryIO

import numpy as np
from PIL import ImageFile

from safelight.pixels.space import Mode
from safelight.pixels.stored import Stored

_HEAD = 1 << 16  # bytes in which the boxes that describe a picture are looked for
_SRGB_CURVES = (1, 2, 6, 14, 15)  # transfer functions of video, which photos in sRGB say to have (H.273)
_KNOWN_COLORS = (12, 16, 17, 18)  # JPEG 2000's own: inks, sRGB, grey, sYCC
_SRGB_POINTS = bytes((1, 13, 0, 1))
_ITEM_OF_GAIN = re.compile(rb"(?s)infe\x02.{7}tmap")  # ISO 23008-12: a picture made of two by a tone map
_SIGNED = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
CODE_POINTS = "cicp"  # where a picture's info says its color by H.273


def open_avif(file: BinaryIO) -> tuple[ImageFile.ImageFile, int]:
    """An AVIF, and its depth in bits."""
    from PIL.AvifImagePlugin import AvifImageFile

    image = AvifImageFile(file)
    file.seek(0)
    head = file.read(_HEAD)
    at, depth = head.find(b"av1C"), 8
    if 0 < at < len(head) - 7:
        depth = {0: 8, 2: 10, 3: 12}.get(head[at + 6] >> 5 & 3, 8)
    _state_color(image, file)
    return image, depth


def around(file: IO[bytes]) -> tuple[str, ...]:
    """In words what an AVIF has beside its picture, by its list of items."""
    file.seek(0)
    head = file.read(_HEAD)
    items = head[: head.find(b"mdat")] if b"mdat" in head else head
    said = (
        ("its gain map (HDR)", _ITEM_OF_GAIN.search(items)),
        ("its depth map", b"auxiliary:depth" in items),
        ("its signed origin (C2PA)", _SIGNED in items),
    )
    return tuple(words for words, is_there in said if is_there)


def _state_color(image: ImageFile.ImageFile, file: BinaryIO) -> None:
    """Put into a picture's info what its first colr box of code points says, unless it has an ICC profile."""
    file.seek(0)
    head = file.read(_HEAD)
    at = head.find(b"colrnclx")
    if at < 0 or image.info.get("icc_profile") or at + 14 > len(head):
        return
    primaries, transfer = struct.unpack_from(">HH", head, at + 8)
    if primaries in (0, 2) and transfer in (0, 2):
        return
    primaries = 1 if primaries in (0, 2) else primaries
    transfer = 13 if transfer in (0, *_SRGB_CURVES) else transfer
    if max(primaries, transfer) < 256:
        image.info[CODE_POINTS] = bytes((primaries, transfer, 0, 1))  # RGB, its whole range


def open_jpeg2000(file: BinaryIO) -> tuple[ImageFile.ImageFile, int]:
    """A JPEG 2000, boxed or not, and its depth in bits. Raises ValueError if its colors are none that are read."""
    from PIL.Jpeg2KImagePlugin import Jpeg2KImageFile

    image = Jpeg2KImageFile(file)
    file.seek(0)
    head = file.read(1 << 22)
    at = head.find(b"\xff\x4f\xff\x51")
    size = head[at + 4 :]
    depths = [size[38 + 3 * number] for number in range(struct.unpack_from(">H", size, 36)[0])]
    if any(depth & 0x80 for depth in depths):
        raise ValueError("its numbers are signed, which does not say where black is")
    box = head[:at].find(b"colr")
    if box > 0:
        _state_color_of_jp2(image, head[box + 4 : box - 4 + struct.unpack_from(">L", head, box - 4)[0]])
    return image, max(depth & 0x7F for depth in depths) + 1


def _state_color_of_jp2(image: ImageFile.ImageFile, box: bytes) -> None:
    if box[:1] == b"\x01":
        (number,) = struct.unpack_from(">L", box, 3)
        if number not in _KNOWN_COLORS:
            raise ValueError(f"its colors are of a kind that is not read (JPEG 2000's number {number})")
        if number != _KNOWN_COLORS[0]:
            image.info[CODE_POINTS] = _SRGB_POINTS
    elif box[:1] in (b"\x02", b"\x03"):
        image.info["icc_profile"] = box[3:]


def read_deep(image: ImageFile.ImageFile, file: IO[bytes], depth: int) -> Stored | None:
    """The picture's numbers at 16 bits; None where they cannot be had, so that 8 of them are left."""
    file.seek(0)
    data = file.read()
    whole = by_opencv(data)
    if whole is None or whole.dtype != np.uint16 or whole.shape[:2] != image.size[::-1]:
        return None
    whole = whole[..., None] if whole.ndim == 2 else whole
    channels = whole.shape[2]
    if channels == 2:
        return None
    top = (1 << depth) - 1
    table = ((np.arange(65536).clip(0, top) * 65535 + top // 2) // top).astype(np.uint16)
    mode: Mode = "L" if channels == 1 else "RGB"
    alpha = table[whole[..., 3]] if channels == 4 else None
    return Stored(mode, table[whole[..., :3]], alpha)


def by_opencv(data: bytes) -> np.ndarray | None:
    """A picture in memory as OpenCV has it, but RGB; it says nothing by itself. None if it reads none."""
    import cv2

    level = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        whole = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    finally:
        cv2.utils.logging.setLogLevel(level)
    if whole is None or whole.ndim == 2:
        return None if whole is None else np.asarray(whole)
    return np.asarray(whole[..., [2, 1, 0, *range(3, whole.shape[2])]])


def shallow(depth: int) -> str:
    """What is said where only 8 bits of a deeper picture could be read."""
    return f"its {depth} bits a channel were read as 8"
