"""Which RGB is this? One answer from all that a file says of its color, in the order of the standards.

1. cICP (PNG, third edition, 11.3.2.6; ITU-T H.273), before all else in a PNG
2. an ICC profile: PNG's iCCP (11.3.2.3), JPEG's APP2 and TIFF's 34675 (ICC.1:2022, annex B), WebP's ICCP chunk,
   GIF's application extension ICCRGBG1012, BMP's version 5 header
3. sRGB (PNG 11.3.2.5; BMP's version 4 and 5 headers)
4. gAMA and cHRM (PNG 11.3.2.1 and 2); BMP's end points and gammas; TIFF 6.0, section 20: 301, 318, 319
5. EXIF: ColorSpace 2, or InteropIndex R03 where ColorSpace is not 1 (sRGB): Adobe RGB (DCF 2.0, CIPA DC-009);
   PrimaryChromaticities, WhitePoint and Gamma where ColorSpace is not 1 (CIPA DC-008)
6. sRGB
"""

import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import IO, Any

import numpy as np
from PIL import ImageFile, TiffImagePlugin

from safelight.pixels import icc, jpeg_segments, png_chunks, profiles
from safelight.pixels.box_formats import CODE_POINTS
from safelight.pixels.exif import ColorSaid, read_color
from safelight.pixels.icc import Primaries, ProfileError, Xy
from safelight.pixels.photo import Chunk
from safelight.pixels.space import SRGB, Mode, Space, made_space, space_of_code_points

OF_GAMMA, OF_HDR = (b"gAMA", b"cHRM"), (b"mDCV", b"cLLI")
_KEPT = (*OF_GAMMA, *OF_HDR)  # written back with the numbers that they describe
_COLOR_CHUNKS = (b"cICP", b"sRGB", *_KEPT)
_RAW_PROFILE = b"raw profile type ic"  # icc or icm
_NUMBERED = 14  # bytes before a part of a JPEG's profile
_LONGEST = 4096  # chunks looked through
_LARGEST = 1 << 24  # bytes of a profile
_BITS, _TRANSFER, _WHITE, _PRIMARIES = 258, 301, 318, 319  # TIFF tags


@dataclass(frozen=True)
class Said:
    """What a file says of its color, but for its EXIF. `curves`: to linear light, one or three, as ICC has them.

    damage: why a profile that is there could not be taken out of the file.
    """

    points: bytes | None = None
    profile: bytes | None = None
    damage: str = ""
    srgb: bool = False
    gamma: float | None = None
    primaries: Primaries | None = None
    curves: tuple[bytes, ...] = ()
    chunks: tuple[tuple[bytes, bytes], ...] = ()


def read_png(file: IO[bytes]) -> Said:
    """The color chunks, which come before the pixels; the first of each kind counts.

    Without iCCP a profile in a text counts, as ImageMagick wrote it ("Raw profile type icc").
    """
    found: dict[bytes, bytes] = {}
    texts: list[Chunk] = []
    own, damage = b"", ""
    file.seek(8)
    for _ in range(_LONGEST):
        length, kind = struct.unpack(">L4s", file.read(8))
        if kind in (b"IDAT", b"IEND"):
            break
        if kind in _COLOR_CHUNKS and length <= 32:
            found.setdefault(kind, file.read(length))
            file.seek(4, 1)
        elif kind == b"iCCP":
            data = file.read(min(length, _LARGEST))
            file.seek(length - len(data) + 4, 1)
            if not own and not damage:
                own = _unpacked(data)
                damage = "" if own else "it is damaged"
        elif kind in (b"tEXt", b"zTXt") and length <= _LARGEST:
            data = file.read(length)
            file.seek(4, 1)
            if not texts and data[: len(_RAW_PROFILE)].lower() == _RAW_PROFILE:
                texts.append(Chunk(kind, data))
        else:
            file.seek(length + 4, 1)
    gamma = struct.unpack(">L", found[b"gAMA"])[0] / 100_000 if b"gAMA" in found else None
    white, red, green, blue = _pairs(found.get(b"cHRM", bytes(32)))
    raw, _ = png_chunks.blocks(texts)
    return Said(
        points=found.get(b"cICP"),
        profile=own or raw.get("icc") or raw.get("icm"),
        damage=damage,
        srgb=b"sRGB" in found,
        gamma=gamma,
        primaries=(red, green, blue, white) if b"cHRM" in found else None,
        chunks=tuple((kind, found[kind]) for kind in _KEPT if kind in found),
    )


def _unpacked(chunk: bytes) -> bytes:
    """The profile in an iCCP chunk; nothing if it is damaged."""
    unpacker = zlib.decompressobj()
    try:
        profile = unpacker.decompress(chunk.partition(b"\0")[2][1:], _LARGEST)
    except zlib.error:
        return b""
    return profile if unpacker.eof else b""


def read_jpeg(file: IO[bytes]) -> Said:
    """A profile in APP2 segments, of which each says its number and how many there are (ICC.1:2022, B.4).

    Pillow takes none where a segment is there twice, or behind the frame header.
    """
    numbered: dict[int, bytes] = {}
    parts = [each.data for each in jpeg_segments.read(file) if jpeg_segments.is_profile(each)]
    for each in parts:
        if len(each) < _NUMBERED or numbered.setdefault(each[12], each[_NUMBERED:]) != each[_NUMBERED:]:
            return Said(damage="two of its parts have one number")
    if not parts:
        return Said()
    if len(numbered) != parts[0][13]:
        return Said(damage="a part of it is missing")
    return Said(profile=b"".join(numbered[number] for number in sorted(numbered)))


def _pairs(chunk: bytes) -> list[Xy]:
    """The four chromaticities of a cHRM chunk."""
    numbers = struct.unpack(">8L", chunk)
    return [(x / 100_000, y / 100_000) for x, y in zip(numbers[::2], numbers[1::2], strict=True)]


def read_tiff(image: TiffImagePlugin.TiffImageFile) -> Said:
    """White point, primaries and transfer function (TIFF 6.0, section 20)."""
    tags = image.tag_v2
    try:
        white = tuple(float(value) for value in tags.get(_WHITE, ()))
        corners = tuple(float(value) for value in tags.get(_PRIMARIES, ()))
        table = np.asarray(tags.get(_TRANSFER, ()), np.float64)
    except (TypeError, ValueError, ZeroDivisionError):
        return Said()
    primaries = None
    if len(corners) == 6 and all(0 < value < 1 for value in (*corners, *white)):
        place = (white[0], white[1]) if len(white) == 2 else icc.D65
        primaries = (corners[0:2], corners[2:4], corners[4:6], place)
    levels = 1 << min(max(tags.get(_BITS, (1,))), 16)
    curves: tuple[bytes, ...] = ()
    if len(table) in (levels, 3 * levels) and table.max() <= 65535:
        curves = tuple(icc.sampled(each / 65535) for each in table.reshape(-1, levels))
    return Said(primaries=primaries, curves=curves)


def read_gif(file: IO[bytes]) -> Said:
    """A profile in the application extension ICCRGBG1012, before the first picture."""
    file.seek(0)
    head = file.read(13)
    if head[10] & 0x80:
        file.seek(3 << (head[10] & 7) + 1, 1)
    for _ in range(_LONGEST):
        if file.read(1) != b"!":
            break
        label, name = file.read(1), file.read(file.read(1)[0])
        blocks = []
        while size := file.read(1)[0]:
            blocks.append(file.read(size))
        if label == b"\xff" and name == b"ICCRGBG1012":
            return Said(profile=b"".join(blocks))
    return Said()


def read_bmp(file: IO[bytes]) -> Said:
    """End points and gammas of a version 4 header, sRGB, or a profile of version 5 (MS-WMF 2.2.2.1)."""
    file.seek(14)
    (length,) = struct.unpack("<L", file.read(4))
    if length < 108:
        return Said()
    header = file.read(length - 4)
    kind = header[52:56][::-1]
    if kind in (b"sRGB", b"Win "):
        return Said(srgb=True)
    if kind == b"MBED" and length >= 124:
        start, size = struct.unpack_from("<2L", header, 108)
        file.seek(14 + start)
        return Said(profile=file.read(min(size, _LARGEST)))
    if kind != bytes(4):
        return Said()
    ends = np.array(struct.unpack_from("<9L", header, 56)).reshape(3, 3) / (1 << 30)
    gammas = [value / 65536 for value in struct.unpack_from("<3L", header, 92)]
    if not (ends.sum(axis=1) > 0).all():
        return Said()  # nothing was filled in
    white = ends.sum(axis=0)
    points = [(float(x / (x + y + z)), float(y / (x + y + z))) for x, y, z in (*ends, white)]
    curves = tuple(icc.power(gamma) for gamma in gammas) if all(0.3 <= g <= 10 for g in gammas) else ()
    return Said(primaries=(points[0], points[1], points[2], points[3]), curves=curves)


_SRGB_GAMMA = (0.44, 0.47)  # gAMA 45455 is what stands for sRGB (PNG 11.3.2.5)
_GAMMAS = (0.1, 3.0)  # of gAMA: outside it was not meant


def what_is_said(image: ImageFile.ImageFile) -> Said:
    """What a picture's file says of its color; to be asked before its pixels are loaded."""
    said = Said(profile=image.info.get("icc_profile") or None, points=image.info.get(CODE_POINTS))
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        return replace(read_tiff(image), profile=said.profile)
    reader = {"JPEG": read_jpeg, "MPO": read_jpeg, "PNG": read_png, "GIF": read_gif, "BMP": read_bmp}.get(
        str(image.format)
    )
    if reader is None or image.fp is None or (reader is read_jpeg and said.profile):
        return said
    place = image.fp.tell()
    try:
        found = reader(image.fp)
    except (struct.error, ValueError, IndexError, ZeroDivisionError):
        # It is cut off, which what reads the pixels will say.
        found = Said()
    image.fp.seek(place)
    return replace(found, profile=found.profile or said.profile)


def said_by_pillow(info: Mapping[str | tuple[int, int], Any]) -> Said:
    """What Pillow keeps of it beside a picture in memory: the profile, and a PNG's sRGB, gAMA and cHRM."""
    gamma, places = info.get("gamma"), info.get("chromaticity")
    primaries = None
    if isinstance(places, tuple) and len(places) == 8:
        white, red, green, blue = zip(places[::2], places[1::2], strict=True)
        primaries = (red, green, blue, white)
    return Said(
        profile=info.get("icc_profile") or None,
        srgb="srgb" in info,
        gamma=gamma if isinstance(gamma, float) else None,
        primaries=primaries,
    )


def which_space(said: Said, mode: Mode, depth: int, block: bytes | None) -> tuple[Space, tuple[str, ...]]:
    """The space of pixels of a mode and depth (8 or 16), by what the file says and its EXIF; and remarks."""
    if mode == "LAB":
        return replace(SRGB, name="CIE Lab", lab="CIELab"), ()
    remarks: list[str] = []
    for claim in (_by_points, _by_profile, _by_srgb, _by_primaries):
        try:
            space = claim(said, mode, depth)
        except ProfileError as error:
            remarks.append(f"its {CLAIMS[claim]} left out ({error})")
            continue
        if space is not None:
            return space, tuple(remarks)
    space = _by_exif(block, mode)
    return space, tuple(f"{remark}; read as {space.name}" for remark in remarks)


def _by_points(said: Said, mode: Mode, depth: int) -> Space | None:
    if said.points is None or mode == "CMYK":
        return None
    space = space_of_code_points(said.points, mode, depth)
    about = tuple(chunk for chunk in said.chunks if chunk[0] in OF_HDR)
    return replace(space, chunks=(*space.chunks, *about)) if space.hdr else space


def _by_profile(said: Said, mode: Mode, depth: int) -> Space | None:
    if said.damage and not said.profile:
        raise ProfileError(said.damage)
    if not said.profile:
        return None
    profile = icc.of_its_length(said.profile)
    profiles.check(profile, mode, depth)
    wide = mode == "RGB" and profiles.is_wide(profile)
    return Space(profiles.title(profile), profile, wide=wide)


def _by_srgb(said: Said, mode: Mode, depth: int) -> Space | None:
    return SRGB if said.srgb and mode != "CMYK" else None


def _by_primaries(said: Said, mode: Mode, depth: int) -> Space | None:
    """Primaries (else sRGB's) and a gamma or curves (else sRGB's, as browsers do)."""
    if mode == "CMYK" or (said.gamma is None and said.primaries is None and not said.curves):
        return None
    curves = said.curves or (icc.SRGB_CURVE,)
    if said.gamma is not None and not _SRGB_GAMMA[0] <= said.gamma <= _SRGB_GAMMA[1]:
        if not _GAMMAS[0] <= said.gamma <= _GAMMAS[1]:
            raise ProfileError(f"a gamma of {said.gamma:g} makes no sense")
        curves = (icc.power(1 / said.gamma),)
    name = "its own primaries and gamma" if said.primaries else "its own gamma"
    chunks = tuple(chunk for chunk in said.chunks if chunk[0] in OF_GAMMA)
    space = made_space(name, said.primaries or icc.SRGB_PRIMARIES, curves, mode, chunks)
    assert space.profile is not None
    return SRGB if profiles.is_srgb(space.profile, mode) else space


def _by_exif(block: bytes | None, mode: Mode) -> Space:
    said = read_color(block)
    if mode == "CMYK" or (said.space == 1 and not said.adobe_rgb):
        return SRGB
    if not said.adobe_rgb:
        return _by_exif_primaries(said, mode)
    return made_space("Adobe RGB (1998)", icc.ADOBE_RGB, (icc.power(icc.ADOBE_GAMMA),), mode)


def _by_exif_primaries(said: ColorSaid, mode: Mode) -> Space:
    """Primaries of a picture that is not said to be sRGB, and its gamma (else sRGB's curve)."""
    if said.primaries is None:
        return SRGB
    power = said.gamma is not None and 1 / _GAMMAS[1] <= said.gamma <= 1 / _GAMMAS[0]
    curve = icc.power(said.gamma or 1) if power else icc.SRGB_CURVE
    try:
        space = made_space("its own primaries and gamma", said.primaries, (curve,), mode)
    except ProfileError:
        return SRGB
    assert space.profile is not None
    return SRGB if profiles.is_srgb(space.profile, mode) else space


CLAIMS = {
    _by_points: "cICP chunk was",
    _by_profile: "color profile was",
    _by_srgb: "sRGB chunk was",
    _by_primaries: "primaries and gamma were",
}
