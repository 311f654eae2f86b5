"""Which of a photo's own numbers a format can hold, and the profile that says what they are."""

from dataclasses import replace
from functools import cache

import numpy as np
from PIL import ImageCms

from safelight.pixels import icc, icc_made, profiles
from safelight.pixels.icc import ProfileError
from safelight.pixels.native import Native, lost_in_srgb
from safelight.pixels.photo import Photo
from safelight.pixels.space import SRGB, Mode

_HOLDS: dict[str, tuple[Mode, ...]] = {
    "PNG": ("L", "RGB"),
    "WebP": ("RGB",),
    "JPEG": ("L", "RGB", "CMYK"),
    "TIFF": ("L", "RGB", "CMYK", "LAB"),
}


def fitted(photo: Photo, format: str) -> tuple[Photo, tuple[str, ...]]:
    """The photo with own numbers that PNG, WebP, JPEG or TIFF holds, else in sRGB; and a remark on what that cost."""
    native = photo.native
    if native is None:
        return photo, ()
    if native.space.hdr and format != "PNG":
        return photo.in_srgb(), lost_in_srgb(native.space)
    held = native if native.mode != "L" else _held_grey(native, format)
    if held is not None and held.mode in _HOLDS[format]:
        return replace(photo, native=held), ()
    kind = {"CMYK": "inks (CMYK)", "LAB": "CIE Lab"}.get(native.mode, "grey of its own kind")
    keeps = "a .tif or .jpg" if kind == "inks (CMYK)" else "a .tif"
    return photo.in_srgb(), (f"its {kind} became sRGB, as a {format} cannot hold that; {keeps} keeps it",)


def profile_of(photo: Photo) -> bytes | None:
    """The ICC profile of what is written of the photo: its own numbers, else its sRGB; None for plain inks and Lab."""
    native = photo.native
    if native is None:
        return srgb_profile()
    if native.space.profile is not None or native.mode in ("CMYK", "LAB"):
        return native.space.profile
    return _grey_srgb() if native.mode == "L" else srgb_profile()


@cache
def srgb_profile() -> bytes:
    """A small ICC profile of sRGB, the same bytes each time (LittleCMS would put the hour into it)."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[24:36] = b"\x07\xe8\x00\x01\x00\x01" + bytes(6)  # 1 January 2024
    return bytes(profile)


@cache
def _grey_srgb() -> bytes:
    return icc_made.grey_profile("sRGB grey", icc_made.SRGB_CURVE)


def _held_grey(native: Native, format: str) -> Native | None:
    """Grey as it is; or R = G = B with a profile for them: in WebP, and where a PNG must not have the grey's profile.

    That is an RGB profile (PNG 11.3.2.3). None where no such profile can be made.
    """
    space, profile = native.space, native.space.profile
    rgb = profile is not None and icc.parse(profile).space == b"RGB "
    if format != "WebP" and not (format == "PNG" and rgb):
        return native
    if profile is None or profiles.is_srgb(profile, "L"):
        if format == "PNG":
            return replace(native, space=SRGB)
        space = SRGB
    elif not rgb:
        try:
            curve = icc.parse(profile).tags[b"kTRC"]
        except (KeyError, ProfileError):
            return None
        space = replace(space, profile=icc_made.rgb_profile(space.name, icc_made.SRGB, curve))
    return Native(np.repeat(native.pixels, 3, axis=2), "RGB", space)
