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
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from PIL import ImageFile, TiffImagePlugin

from safelight.pixels import icc, icc_made, profiles
from safelight.pixels.code_points import made_space, space_of_code_points
from safelight.pixels.exif_color import ColorSaid, read_color
from safelight.pixels.icc import ProfileError
from safelight.pixels.newer import CODE_POINTS
from safelight.pixels.said import OF_GAMMA, OF_HDR, Said, read_bmp, read_gif, read_jpeg, read_png, read_tiff
from safelight.pixels.space import SRGB, Mode, Space

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
    curves = said.curves or (icc_made.SRGB_CURVE,)
    if said.gamma is not None and not _SRGB_GAMMA[0] <= said.gamma <= _SRGB_GAMMA[1]:
        if not _GAMMAS[0] <= said.gamma <= _GAMMAS[1]:
            raise ProfileError(f"a gamma of {said.gamma:g} makes no sense")
        curves = (icc_made.power(1 / said.gamma),)
    name = "its own primaries and gamma" if said.primaries else "its own gamma"
    chunks = tuple(chunk for chunk in said.chunks if chunk[0] in OF_GAMMA)
    space = made_space(name, said.primaries or icc_made.SRGB, curves, mode, chunks)
    assert space.profile is not None
    return SRGB if profiles.is_srgb(space.profile, mode) else space


def _by_exif(block: bytes | None, mode: Mode) -> Space:
    said = read_color(block)
    if mode == "CMYK" or (said.space == 1 and not said.adobe_rgb):
        return SRGB
    if not said.adobe_rgb:
        return _by_exif_primaries(said, mode)
    return made_space("Adobe RGB (1998)", icc_made.ADOBE_RGB, (icc_made.power(icc_made.ADOBE_GAMMA),), mode)


def _by_exif_primaries(said: ColorSaid, mode: Mode) -> Space:
    """Primaries of a picture that is not said to be sRGB, and its gamma (else sRGB's curve)."""
    if said.primaries is None:
        return SRGB
    power = said.gamma is not None and 1 / _GAMMAS[1] <= said.gamma <= 1 / _GAMMAS[0]
    curve = icc_made.power(said.gamma or 1) if power else icc_made.SRGB_CURVE
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
