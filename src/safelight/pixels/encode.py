"""Pixels as a picture file, which says what color they are, with the alpha and the metadata of a photo.

JPEGs of RGB are written by OpenCV, other JPEGs and WebP by Pillow, PNG in png.py, TIFF in tiff.py.
"""

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

import numpy as np
from PIL import Image, ImageCms

from safelight.arrays import Pixels
from safelight.errors import PhotoError, SafelightError, in_short, shown
from safelight.files import new_file
from safelight.pixels import icc, jpeg_segments, png, profiles, tiff, tiff_packing, write_metadata
from safelight.pixels.icc import ProfileError
from safelight.pixels.native import Native, lost_in_srgb
from safelight.pixels.photo import Photo
from safelight.pixels.space import SRGB, Mode, Numbers, on_white
from safelight.pixels.tiff_packing import Packing
from safelight.shaped import UInt8, UInt16

if TYPE_CHECKING:
    from safelight.pixels.inputs import Given


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


def profile_of(photo: Photo, packing: Packing = tiff_packing.USUAL) -> bytes | None:
    """The ICC profile of what is written of the photo: its own numbers, else its sRGB; None for plain inks and Lab."""
    native, srgb = photo.native, srgb_profile() if packing != "none" else _older(srgb_profile())
    if native is None:
        return srgb
    if native.space.profile is not None or native.mode in ("CMYK", "LAB"):
        return native.space.profile
    return _grey_srgb() if native.mode == "L" else srgb


def _older(profile: bytes) -> bytes:
    """The profile as one of ICC 4.3, which it is too: programs that check masters know of no 4.4."""
    return profile[:8] + b"\x04\x30" + profile[10:]


@cache
def srgb_profile() -> bytes:
    """A small ICC profile of sRGB, the same bytes each time (LittleCMS would put the hour into it)."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[24:36] = b"\x07\xe8\x00\x01\x00\x01" + bytes(6)  # 1 January 2024
    return bytes(profile)


@cache
def _grey_srgb() -> bytes:
    return icc.grey_profile("sRGB grey", icc.SRGB_CURVE)


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
        space = replace(space, profile=icc.rgb_profile(space.name, icc.SRGB_PRIMARIES, curve))
    return Native(np.repeat(native.pixels, 3, axis=2), "RGB", space)


Writer: TypeAlias = Callable[[BinaryIO, Photo, int, Packing], tuple[str, ...]]  # -> what it could not hold

_STRIP = 1 << 20  # pixels converted at a time
_JFIF = 20  # bytes of a JPEG up to the end of its first segment
FULL_COLOR = 90  # the quality of a JPEG from which on its color has the size of its light
_DEEP = (".png", ".tif", ".tiff")  # what holds 16 bits
MOST_ABOVE = 0.5  # of a picture's floats above 1: more are levels of 0..255
ON_WHITE = "what is transparent in it was laid on white, as a JPEG has no alpha; a .png or .tif keeps it"


def write_photo(
    path: str | Path,
    picture: "Given",
    like: "Given | None" = None,
    overwrite: bool = False,
    quality: int = 95,
    packing: Packing = tiff_packing.USUAL,
) -> Path:
    """Write a picture in the format of the path's suffix (JPEG, PNG, TIFF or WebP); returns the path.

    picture is a Photo, a picture of Pillow's, or an array: (h, w, 3) sRGB or (h, w) grey, floats 0..1, uint8 or
    uint16. Alpha (if the size is the same), metadata and, of floats, 8 or 16 bits are those of
    `like`: a Photo, a picture of Pillow's, or the path of one. JPEG has no alpha: white shows through. quality
    is that of JPEG (from 90 up with color at full size) and WebP, 1 to 100; 100 is WebP's lossless. packing is that
    of a TIFF: none (a master as archives ask for it), lzw, deflate or zstd.
    A photo with `native` numbers is written in these, with its own profile and mode, where the format holds them.
    What a format cannot hold is left out; `write_remarked` does the same and says what that was.

    The file appears whole or not at all; one that exists stays, unless overwrite. Raises PhotoError.
    """
    write_remarked(path, picture, like, overwrite, quality, packing)
    return Path(path)


def write_remarked(
    path: str | Path,
    picture: "Given",
    like: "Given | None" = None,
    overwrite: bool = False,
    quality: int = 95,
    packing: Packing = tiff_packing.USUAL,
) -> tuple[str, ...]:
    """As `write_photo`; returns what of the photo the file could not hold, a sentence each."""
    path = checked_path(path)
    writer = _writer(path)
    _check_quality(quality)
    tiff_packing.check_packing(packing)
    picture, like = _taken(picture), None if like is None else _model_of(like)
    photo, remarks = fitted(_as_photo(picture, like, deep=path.suffix.lower() in _DEEP), _FORMATS[writer])
    remarks += _shallower(picture, like, photo, path.suffix)
    with in_words(path):
        remarks += check_new(path, overwrite)
        with new_file(path, overwrite) as file:
            remarks += writer(file, photo, quality, packing)
    return remarks


def check_new(path: Path, overwrite: bool) -> tuple[str, ...]:
    """A remark where the file that will be replaced has other names.

    Raises PhotoError for a folder, FileExistsError, before the work, where the name is taken and `overwrite` is False;
    whoever takes it in between is seen at the end.
    """
    if path.is_dir():
        raise PhotoError(f"{shown(path)} is a folder; give the name of a file to write")
    if not overwrite and (path.exists() or path.is_symlink()):
        raise FileExistsError
    return _other_names(path)


@contextlib.contextmanager
def in_words(path: Path) -> Iterator[None]:
    """PhotoError, in one line, for what goes wrong while a picture is written."""
    try:
        yield
    except FileExistsError as error:
        raise PhotoError(
            f"{shown(path)} exists; give another name, or ask for it to be overwritten"
        ) from error
    except SafelightError:
        raise
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or " ".join(str(error).split())
        raise PhotoError(
            f"{shown(path)} cannot be written ({reason}); check the folder and the size"
        ) from error


def _other_names(path: Path) -> tuple[str, ...]:
    """A remark where the file that will be replaced has other names."""
    others = path.stat().st_nlink - 1 if path.exists() else 0
    said = "another name (a hard link), which keeps" if others == 1 else f"{others} other names, which keep"
    return (f"the file that was there had {said} the old picture",) if others > 0 else ()


def checked_path(path: object) -> Path:
    if not isinstance(path, (str, os.PathLike)) or not str(path):
        raise PhotoError(
            f"the file to write is {in_short(path)}; expected its path, ending in .jpg, .png, .tif or .webp"
        )
    return Path(path)


def _check_quality(quality: object) -> None:
    whole = isinstance(quality, (int, np.integer)) and not isinstance(quality, bool)
    if not whole or quality not in range(1, 101):
        raise PhotoError(f"quality is {in_short(quality)}; expected a whole number from 1 to 100")


def _taken(picture: "Given") -> Photo | Pixels:
    """The picture, its type and shape checked. Floats beyond 0..1 are clipped, NaN is black."""
    from safelight.pixels.inputs import photo_of

    if isinstance(picture, (str, os.PathLike)):
        raise PhotoError(
            f"the picture is the text {in_short(str(picture))}; expected a Photo or an array (path first)"
        )
    if isinstance(picture, np.ndarray) and picture.dtype.kind == "f":
        if picture.size and np.mean(picture > 1) > MOST_ABOVE:
            raise PhotoError("most of the picture's floats are above 1; expected 0..1: divide it by 255")
        picture = np.nan_to_num(picture, nan=0, posinf=1, neginf=0).clip(0, 1)
    return photo_of(picture)


def _model_of(like: "Given") -> Photo:
    from safelight.pixels.inputs import whole_photo

    return whole_photo(like)


def _writer(path: Path) -> Writer:
    writers: dict[str, Writer] = {
        **dict.fromkeys((".jpg", ".jpeg", ".jpe", ".jfif"), _write_jpeg),
        **dict.fromkeys((".tif", ".tiff"), _write_tiff),
        ".png": _write_png,
        ".webp": _write_webp,
    }
    try:
        return writers[path.suffix.lower()]
    except KeyError:
        raise PhotoError(
            f"{shown(path)} ends in {shown(path.suffix) or 'nothing'}; expected .jpg, .png, .tif or .webp"
        ) from None


def _as_photo(picture: Photo | Pixels, like: Photo | None, deep: bool) -> Photo:
    """The picture with the metadata of `like`, at 8 or 16 bits."""
    like = like or (picture if isinstance(picture, Photo) else Photo(picture))
    pixels = picture.pixels if isinstance(picture, Photo) else picture
    alpha = picture.alpha if isinstance(picture, Photo) else None
    if pixels.ndim != 3 or pixels.shape[2] != 3 or not pixels.size:
        raise PhotoError(f"a picture of shape {pixels.shape} was to be written; expected (h, w, 3)")
    if alpha is None and like.alpha is not None and like.size == pixels.shape[:2]:
        alpha = like.alpha
    depth = np.uint16 if deep and np.uint16 in (pixels.dtype, _depth_of(pixels, like)) else np.uint8
    native = picture.native if isinstance(picture, Photo) else None
    like = like if native else like.in_srgb()
    return replace(
        like
        if like.size == pixels.shape[:2]
        else write_metadata.of_size(like, (pixels.shape[0], pixels.shape[1])),
        pixels=_to_depth(pixels, depth),
        alpha=None if alpha is None else _to_depth(alpha, depth),
        native=native and replace(native, pixels=_to_depth(native.pixels, depth)),
    )


def _depth_of(pixels: Pixels, like: Photo) -> "np.dtype[np.generic]":
    """Floats take the depth of the photo that they were made from."""
    return like.pixels.dtype if pixels.dtype.kind == "f" else pixels.dtype


def _shallower(picture: Photo | Pixels, like: Photo | None, photo: Photo, suffix: str) -> tuple[str, ...]:
    """A remark where 16 bits were given and 8 are written."""
    given = picture.pixels if isinstance(picture, Photo) else picture
    if np.uint16 not in (given.dtype, _depth_of(given, like or photo)) or photo.pixels.dtype == np.uint16:
        return ()
    return (f"its 16 bits a channel became 8, which is all that a {suffix} holds; a .png or .tif keeps them",)


def _to_depth(values: np.ndarray, depth: type) -> UInt8[np.ndarray, "..."] | UInt16[np.ndarray, "..."]:
    """Floats 0..1, uint8 or uint16 as uint8 or uint16, strip by strip."""
    if values.dtype == depth:
        return values
    whole = np.float32(np.iinfo(depth).max)
    scale = whole / np.float32(1 if values.dtype.kind == "f" else np.iinfo(values.dtype).max)
    result: np.ndarray = np.empty(values.shape, depth)
    rows = max(1, _STRIP // values.shape[1])
    for top in range(0, len(values), rows):
        strip = np.clip(values[top : top + rows].astype(np.float32) * scale, 0, whole) + np.float32(0.5)
        result[top : top + rows] = strip
    return result


def _own(photo: Photo) -> tuple[Numbers, Mode]:
    """What is written: own numbers, where there are any, or sRGB."""
    return (photo.native.pixels, photo.native.mode) if photo.native else (photo.pixels, "RGB")


def _write_jpeg(file: BinaryIO, photo: Photo, quality: int, packing: Packing) -> tuple[str, ...]:
    pixels, mode = _own(photo)
    segments, remarks = write_metadata.in_jpeg(photo)
    density, rounded = write_metadata.jfif_density(photo)
    remarks += rounded
    if photo.alpha is not None and photo.alpha.min() < 255:
        paper = 0 if mode == "CMYK" else 255
        pixels, remarks = on_white(pixels, photo.alpha, paper), (ON_WHITE, *remarks)
    profile = profile_of(photo)
    if mode == "RGB" and max(pixels.shape) <= jpeg_segments.LONGEST_SIDE:
        packed = _packed_jpeg(pixels, quality)
        file.write(write_metadata.with_density(bytes(packed[:_JFIF]), density))
        file.write(segments)
        file.writelines(jpeg_segments.profile_segments(profile or b""))
        file.write(packed[_JFIF:])
        return remarks
    Image.frombuffer(mode, pixels.shape[1::-1], np.ascontiguousarray(pixels)).save(
        file,
        "JPEG",
        quality=quality,
        subsampling=0 if quality >= FULL_COLOR else 2,
        icc_profile=profile,
        extra=segments,
    )
    file.seek(0)
    start = write_metadata.with_density(file.read(_JFIF), density)
    file.seek(0)
    file.write(start)
    file.seek(0, 2)
    return remarks


def _packed_jpeg(pixels: UInt8[np.ndarray, "h w 3"], quality: int) -> memoryview:
    """A JPEG of RGB, its first segment a JFIF, by OpenCV: each byte that Pillow writes, in two thirds of the time."""
    import cv2

    sampling = cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420
    manner = [
        *(cv2.IMWRITE_JPEG_QUALITY, quality),
        *(cv2.IMWRITE_JPEG_SAMPLING_FACTOR, sampling[quality < FULL_COLOR]),
    ]
    done, packed = cv2.imencode(".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), manner)
    if not done:
        raise ValueError("the pixels cannot be packed")
    return packed.data


def _write_webp(file: BinaryIO, photo: Photo, quality: int, packing: Packing) -> tuple[str, ...]:
    pixels, _ = _own(photo)
    pixels = pixels if photo.alpha is None else np.dstack([pixels, photo.alpha])
    block, packet, remarks = write_metadata.in_webp(photo)
    Image.fromarray(pixels).save(
        file,
        "WEBP",
        quality=quality,
        lossless=quality >= 100,
        exact=True,  # also the colors under what is transparent
        use_sharp_yuv=True,
        icc_profile=profile_of(photo),
        **({"exif": block} if block else {}),
        **({"xmp": packet} if packet else {}),
    )
    return remarks


def _write_png(file: BinaryIO, photo: Photo, quality: int, packing: Packing) -> tuple[str, ...]:
    return png.write(file, photo)


def _write_tiff(file: BinaryIO, photo: Photo, quality: int, packing: Packing) -> tuple[str, ...]:
    return tiff.write(file, photo, profile_of(photo, packing), packing)


_FORMATS: dict[Writer, str] = {
    _write_jpeg: "JPEG",
    _write_webp: "WebP",
    _write_png: "PNG",
    _write_tiff: "TIFF",
}
