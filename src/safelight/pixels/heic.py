"""HEIC and HEIF, decoded in a process of their own and handed over as a PNG in memory.

A damaged file can end the process that decodes it, which must not be ours. The PNG has the picture upright, as the
file's boxes say, at 8 or 16 bits, its alpha, EXIF, XMP, profile or code points of color. Needs pi-heif (the extra
`formats`). Sources: ISO 23008-12; ISO 23000-22 (MIAF: irot and imir count, the orientation of EXIF and XMP does not).
"""

import importlib.util
import io
import json
import re
import struct
import subprocess
import sys
import zlib
from typing import BinaryIO

from safelight.errors import INSTALL_FORMATS

_CHILD = (
    "import sys, json; sys.path[:] = json.loads(sys.argv[1]); from safelight.pixels import heic; heic.main()"
)
_LONGEST = 600  # seconds
_ORIENTATION = re.compile(rb"(tiff:Orientation(?:=[\"']|>))[2-8]")
_UPRIGHT = b"II*\0\x08\0\0\0\x01\0" + struct.pack("<HHLHH", 0x0112, 3, 1, 1, 0) + bytes(4)
_SRGB_CURVES = (0, 1, 2, 6, 14, 15)  # transfer functions of video, which photos in sRGB say to have (H.273)


def as_png(file: BinaryIO, limit_megapixels: float) -> tuple[bytes, tuple[str, ...]]:
    """The picture as PNG, and what else the file holds, in words.

    Raises ValueError: damaged, without pi-heif, or too large (the message is "WIDTH HEIGHT").
    """
    if importlib.util.find_spec("pi_heif") is None:
        raise ValueError(f"found a HEIC, which takes a package more: {INSTALL_FORMATS}")
    file.seek(0)
    command = [sys.executable, "-c", _CHILD, json.dumps(sys.path), str(limit_megapixels)]
    try:
        done = subprocess.run(command, input=file.read(), capture_output=True, timeout=_LONGEST, check=False)
    except subprocess.TimeoutExpired:
        raise ValueError("its decoder does not come to an end") from None
    head, _, png = done.stdout.partition(b"\n")
    if done.returncode or not head:
        raise ValueError("it is damaged")
    told = json.loads(head)
    if "size" in told:
        raise TooLargeError(*told["size"])
    if "wrong" in told:
        raise ValueError(told["wrong"])
    return png, tuple(told["around"])


class TooLargeError(ValueError):
    """A picture of more pixels than the limit."""

    def __init__(self, width: int, height: int) -> None:
        super().__init__(f"{width} × {height}")
        self.size = width, height


def main() -> None:
    """In the process of its own: the file on standard input, a line of JSON and the PNG on standard output."""
    from pi_heif import open_heif

    try:
        picture = open_heif(io.BytesIO(sys.stdin.buffer.read()), convert_hdr_to_8bit=False)
        width, height = picture.size
        told: dict[str, object] = {"around": _around(picture.info, len(picture))}
        if width * height > float(sys.argv[2]) * 1e6:
            told, png = {"size": (width, height)}, b""
        else:
            png = _png(picture)
    except Exception as error:  # whatever a decoder raises
        told, png = {"wrong": " ".join(str(error).split()) or type(error).__name__}, b""
    sys.stdout.buffer.write(json.dumps(told).encode() + b"\n" + png)


def _around(info: dict[str, object], count: int) -> list[str]:
    """What the file holds around its picture, in words."""
    names = " ".join(str(name).lower() for name in info.get("aux") or ())  # type: ignore[attr-defined]
    return [
        *(["its gain map (HDR)"] if "gainmap" in names or "21496" in names else []),
        *(["its depth map"] if info.get("depth_images") else []),
        *(["its other pictures"] if count > 1 else []),
    ]


def _png(picture: object) -> bytes:
    import numpy as np

    info: dict[str, object] = picture.info  # type: ignore[attr-defined]
    depth, pixels = int(info.get("bit_depth") or 8), np.asarray(picture)  # type: ignore[call-overload]
    if picture.premultiplied_alpha:  # type: ignore[attr-defined]
        raise ValueError("its colors are multiplied by its alpha, which is not read")
    if pixels.dtype == np.uint16:  # pi-heif has them in the upper bits
        top = (1 << depth) - 1
        pixels = (((pixels >> (16 - depth)).astype(np.uint32) * 65535 + top // 2) // top).astype(">u2")
    pixels = pixels if pixels.ndim == 3 else pixels[..., None]
    height, width, channels = pixels.shape
    rows = np.zeros((height, 1 + width * channels * pixels.itemsize), np.uint8)
    rows[:, 1:] = np.ascontiguousarray(pixels).view(np.uint8).reshape(height, -1)
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    header = struct.pack(">LLBBBBB", width, height, 8 * pixels.itemsize, kind, 0, 0, 0)
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", header),
            *_color(info),
            *_said(info),
            _chunk(b"IDAT", zlib.compress(rows.tobytes(), 1)),
            _chunk(b"IEND", b""),
        )
    )


def _color(info: dict[str, object]) -> list[bytes]:
    """The profile, or the code points where they do not say sRGB."""
    if info.get("icc_profile"):
        return [_chunk(b"iCCP", b"ICC\0\0" + zlib.compress(bytes(info["icc_profile"])))]  # type: ignore[call-overload]
    points = info.get("nclx_profile") or {}
    primaries = int(points.get("color_primaries", 2))  # type: ignore[attr-defined]
    transfer = int(points.get("transfer_characteristics", 2))  # type: ignore[attr-defined]
    primaries, transfer = (
        primaries if primaries not in (0, 2) else 1,
        13 if transfer in _SRGB_CURVES else transfer,
    )
    if (primaries, transfer) == (1, 13) or max(primaries, transfer) > 255:
        return []
    return [_chunk(b"cICP", bytes((primaries, transfer, 0, 1)))]


def _said(info: dict[str, object]) -> list[bytes]:
    """EXIF, which says that the picture is upright, and XMP, which does not say otherwise."""
    from safelight.pixels import exif

    block = exif.strip_prefix(bytes(info.get("exif") or b"")) or _UPRIGHT  # type: ignore[call-overload]
    changed = bytearray(block)
    for entry in exif.entries(block):
        if entry.tag == exif.ORIENTATION and entry.kind == 3:
            struct.pack_into(exif.byte_order(block) + "H", changed, entry.at + 8, 1)
    packet = _ORIENTATION.sub(rb"\g<1>1", bytes(info.get("xmp") or b""))  # type: ignore[call-overload]
    text = [_chunk(b"iTXt", b"XML:com.adobe.xmp" + bytes(5) + packet)] if packet else []
    return [_chunk(b"eXIf", bytes(changed)), *text]


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">L", len(data)) + kind + data + struct.pack(">L", zlib.crc32(kind + data))
