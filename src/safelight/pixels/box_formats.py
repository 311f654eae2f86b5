"""The formats made of boxes: AVIF and JPEG 2000, which Pillow opens, and HEIC, which another process decodes.

Pillow keeps 8 bits of the first two and passes over how their color is stated and what stands beside the pixels;
these are read here from the boxes of the file. A damaged HEIC can end the process that decodes it, which must not
be ours: it is handed over as a PNG in memory, upright, as the file's boxes say, at 8 or 16 bits, with its alpha,
EXIF, XMP, profile or code points of color. That needs pi-heif (the extra `formats`).
Sources: ISO 14496-12 (boxes), AV1-ISOBMFF (av1C), ISO 15444-1, annexes A.5.1 and I; XMP Specification part 3, 1.1.4;
exiftool's JPEG 2000 tags (which UUID is what); ISO 23008-12; ISO 23000-22 (MIAF: irot and imir count, the
orientation of EXIF and XMP does not).
"""

import importlib.util
import io
import json
import re
import struct
import sys
import zlib
from collections.abc import Iterator
from typing import IO, BinaryIO

import numpy as np
from PIL import ImageFile

from safelight.errors import INSTALL_FORMATS
from safelight.pixels.png_chunks import SIGNATURE, chunk_bytes
from safelight.pixels.space import Mode, Stored

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


def around_avif(file: IO[bytes]) -> tuple[str, ...]:
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
    return np.asarray(cv2.cvtColor(whole, {3: cv2.COLOR_BGR2RGB, 4: cv2.COLOR_BGRA2RGBA}[whole.shape[2]]))


def shallow(depth: int) -> str:
    """What is said where only 8 bits of a deeper picture could be read."""
    return f"its {depth} bits a channel were read as 8"


LARGEST = 1 << 24  # bytes of one box, and of all that are kept
_MOST = 1000  # boxes
_UUIDS = {
    bytes.fromhex("be7acfcb97a942e89c71999491e3afac"): "xmp",
    bytes.fromhex("33c7a4d2b81d4723a0baf1a3e097ad38"): "iptc",
    bytes.fromhex("2c4c0100850440b9a03e562148d6dfeb"): "8bim",
    b"JpgTiffExif->JP2": "exif",
    bytes.fromhex("0537cdab9d0c4431a72afa561f2a113e"): "exif",  # Photoshop's
}
_MAP = bytes.fromhex("b14bf8bd083d4b43a5ae8cd7d5a6ce03")
_LAYOUT = (  # pixels, colors, readers, room
    *(
        b"jP  ",
        b"jP\x1a\x1a",
        b"ftyp",
        b"jp2h",
        b"jp2c",
        b"rreq",
        b"jpch",
        b"jplh",
        b"free",
        b"mdat",
        b"jp2i",
    ),
    *(b"dtbl", b"ftbl", b"flst", b"cref"),
)


def read_jpeg2000_boxes(file: IO[bytes]) -> tuple[dict[str, bytes], list[str], list[bytes]]:
    """EXIF ("exif"), XMP ("xmp"), captions ("iptc") and resources ("8bim"); in words what belongs to the photo as
    it was; names of boxes not known. Of a bare codestream nothing."""
    found: dict[str, bytes] = {}
    belongs: list[str] = []
    unknown: list[bytes] = []
    left = LARGEST
    for kind, length in _boxes(file):
        if kind in (b"uuid", b"Exif") and 16 <= length <= left:
            data = file.read(length)
            left -= length
            name = "exif" if kind == b"Exif" else _UUIDS.get(data[:16])
            if name:
                found.setdefault(name, data[4:] if kind == b"Exif" else data[16:])
            else:
                belongs += ["its place on the map (GeoTIFF)"] if data[:16] == _MAP else []
                unknown += [kind] if data[:16] != _MAP else []
        elif kind == b"jumb":
            belongs.append("its signed origin (C2PA)")
        elif kind not in _LAYOUT:
            unknown.append(kind)
    return found, belongs, unknown


def _boxes(file: IO[bytes]) -> Iterator[tuple[bytes, int]]:
    """The kind of each box and how many bytes it holds, the file at the first of them."""
    end = file.seek(0, 2)
    at = 0
    for _ in range(_MOST):
        file.seek(at)
        head = file.read(16)
        if len(head) < 8 or (at == 0 and head[4:6] != b"jP"):
            return
        length, kind = struct.unpack_from(">L4s", head)
        start = at + (16 if length == 1 else 8)
        if length == 1 and len(head) == 16:
            (length,) = struct.unpack_from(">Q", head, 8)
        stop = end if length == 0 else at + length
        if stop < start or stop > end:
            return
        file.seek(start)
        yield kind, stop - start
        at = stop


_CHILD = (
    "import sys, json; sys.path[:] = json.loads(sys.argv[1]); "
    "from safelight.pixels import box_formats; box_formats.decode_heic()"
)
_LONGEST = 600  # seconds
_ORIENTATION = re.compile(rb"(tiff:Orientation(?:=[\"']|>))[2-8]")
_UPRIGHT = b"II*\0\x08\0\0\0\x01\0" + struct.pack("<HHLHH", 0x0112, 3, 1, 1, 0) + bytes(4)


def heic_as_png(file: BinaryIO, limit_megapixels: float) -> tuple[bytes, tuple[str, ...]]:
    """The picture as PNG, and what else the file holds, in words.

    Raises ValueError: damaged, without pi-heif, or too large (the message is "WIDTH HEIGHT").
    """
    import subprocess

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
    reply = json.loads(head)
    if "size" in reply:
        raise TooLargeError(*reply["size"])
    if "wrong" in reply:
        raise ValueError(reply["wrong"])
    return png, tuple(reply["around"])


class TooLargeError(ValueError):
    """A picture of more pixels than the limit."""

    def __init__(self, width: int, height: int) -> None:
        super().__init__(f"{width} × {height}")
        self.size = width, height


def decode_heic() -> None:
    """In the process of its own: the file on standard input, a line of JSON and the PNG on standard output."""
    from pi_heif import open_heif

    try:
        picture = open_heif(io.BytesIO(sys.stdin.buffer.read()), convert_hdr_to_8bit=False)
        width, height = picture.size
        reply: dict[str, object] = {"around": _around(picture.info, len(picture))}
        if width * height > float(sys.argv[2]) * 1e6:
            reply, png = {"size": (width, height)}, b""
        else:
            png = _png(picture)
    except Exception as error:  # whatever a decoder raises
        reply, png = {"wrong": " ".join(str(error).split()) or type(error).__name__}, b""
    sys.stdout.buffer.write(json.dumps(reply).encode() + b"\n" + png)


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
            SIGNATURE,
            chunk_bytes(b"IHDR", header),
            *_color(info),
            *_said(info),
            chunk_bytes(b"IDAT", zlib.compress(rows.tobytes(), 1)),
            chunk_bytes(b"IEND", b""),
        )
    )


def _color(info: dict[str, object]) -> list[bytes]:
    """The profile, or the code points where they do not say sRGB."""
    if info.get("icc_profile"):
        return [chunk_bytes(b"iCCP", b"ICC\0\0" + zlib.compress(bytes(info["icc_profile"])))]  # type: ignore[call-overload]
    points = info.get("nclx_profile") or {}
    primaries = int(points.get("color_primaries", 2))  # type: ignore[attr-defined]
    transfer = int(points.get("transfer_characteristics", 2))  # type: ignore[attr-defined]
    primaries, transfer = (
        primaries if primaries not in (0, 2) else 1,
        13 if transfer in (0, *_SRGB_CURVES) else transfer,
    )
    if (primaries, transfer) == (1, 13) or max(primaries, transfer) > 255:
        return []
    return [chunk_bytes(b"cICP", bytes((primaries, transfer, 0, 1)))]


def _said(info: dict[str, object]) -> list[bytes]:
    """EXIF, which says that the picture is upright, and XMP, which does not say otherwise."""
    from safelight.pixels import exif

    block = exif.strip_prefix(bytes(info.get("exif") or b"")) or _UPRIGHT  # type: ignore[call-overload]
    changed = bytearray(block)
    for entry in exif.entries(block):
        if entry.tag == exif.ORIENTATION and entry.kind == 3:
            struct.pack_into(exif.byte_order(block) + "H", changed, entry.at + 8, 1)
    packet = _ORIENTATION.sub(rb"\g<1>1", bytes(info.get("xmp") or b""))  # type: ignore[call-overload]
    text = [chunk_bytes(b"iTXt", b"XML:com.adobe.xmp" + bytes(5) + packet)] if packet else []
    return [chunk_bytes(b"eXIf", bytes(changed)), *text]
