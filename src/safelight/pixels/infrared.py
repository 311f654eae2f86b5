"""The infrared channel of a scan, which sees dust and scratches and, through the dyes of color film, no picture.

Scanner programs write it in three ways. VueScan's "64 bit RGBI" has it as a fourth sample of each pixel, which
ExtraSamples (338) calls unspecified, or which it does not speak of. SilverFast's HDRi has it as a grey page behind
the picture and of its size, which may say to be a mask (NewSubfileType 4); SilverFast 9 puts a small copy of the
picture between. Other programs write a file of its own (NAME_IR.tif). Sources: TIFF 6.0; VueScan's user guide, "File
formats"; files that users of these programs have described.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np

from safelight.errors import PhotoError, shown
from safelight.pixels import tiff_layout, tiff_pages, tiff_samples
from safelight.pixels.decode import read_photo
from safelight.pixels.exif import ORIENTATION
from safelight.pixels.geometry import resize
from safelight.pixels.native import Native
from safelight.pixels.opening import in_words, left_out, open_file
from safelight.pixels.photo import Metadata, Photo
from safelight.pixels.space import upright
from safelight.pixels.tiff_layout import GREY, Layout
from safelight.pixels.tiff_pages import MASK_LEFT_OUT, Page
from safelight.shaped import Shaped

AUTO = "auto"
Numbers: TypeAlias = Shaped[np.ndarray, "h w"]  # uint8 or uint16, upright; dust is dark
_SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_PHOTOMETRIC, _X_RESOLUTION, _Y_RESOLUTION, _UNIT = 262, 282, 283, 296
_CENTIMETER = 3
_SAME_SHAPE = 0.02  # of the ratio of the sides: programs round
_SMALLEST = 0.5  # of the picture's side: an infrared scan of less says too little of its dust


@dataclass(frozen=True, eq=False)
class Infrared:
    """The infrared of one picture, at its size.

    where: in the file. page: the page as it is to be written behind the picture, where it would else be left out.
    """

    numbers: Numbers
    where: Literal["channel", "page", "file"]
    remarks: tuple[str, ...] = ()
    page: Photo | None = None

    def kept_in(self, photo: Photo) -> Photo:
        """The photo with its infrared channel, which a TIFF has a place for, and no alpha that is that channel."""
        lost = left_out(1) if self.where == "channel" else MASK_LEFT_OUT if self.page else ""
        photo = replace(photo, remarks=tuple(each for each in photo.remarks if each != lost))
        if self.where != "channel":
            return photo
        return replace(photo, alpha=None, beside=self.numbers[..., None])


def check_choice(which: str) -> str:
    """What says where the infrared is: "auto", or the number of a page. Raises PhotoError."""
    if which == AUTO or (which.isascii() and which.isdigit() and 1 <= int(which) <= 10_000):
        return which
    raise PhotoError(f"infrared is {shown(which)}; expected auto, the number of a page, or a file")


def read_infrared(path: Path, photo: Photo, which: str, number: int | None = None) -> Infrared:
    """The infrared in the file of a photo.

    photo: the picture as read. which: "auto": the fourth channel of the picture, else the grey page behind it;
    or the number of the page, from 1, every page counted, as viewers do. number: which of the pictures in the
    file the photo is (pages.py), None for the largest. Raises PhotoError: there is none, it cannot be read.
    """
    check_choice(which)
    with open_file(path) as file:
        if file.read(4) not in _SIGNATURES:
            raise PhotoError(f"{shown(path)} has no infrared channel: it is no TIFF; {_ADVICE}")
        with in_words(path):
            found = tiff_pages.pages(file)
            pictures = tiff_pages.pictures(found)
            picture = tiff_pages.choose(found)[0] if number is None else pictures[number - 1]
            if which == AUTO:
                channel = _channel(tiff_layout.layout_of(picture))
                if channel is not None:
                    return Infrared(_turned(channel, picture, picture), "channel")
            page = _behind(found, picture) if which == AUTO else _page(path, found, int(which), picture)
            if page is None:
                raise PhotoError(
                    f"{shown(path)} has no infrared channel, nor a grey page of its size; {_ADVICE}"
                )
            return _of_page(path, page, picture, photo, is_picture=page in pictures)


_ADVICE = "leave --infrared out, or name the file that has it"


def read_infrared_file(path: Path, photo: Photo) -> Infrared:
    """The infrared of a photo, in a file of its own. Raises PhotoError: unreadable, of another shape, in color."""
    own = read_photo(path, native=True)
    assert own.native is not None
    numbers = own.native.pixels
    if own.native.mode == "RGB" and (numbers == numbers[..., :1]).all():
        numbers = numbers[..., :1]  # grey, written three times
    if numbers.shape[2] != 1:
        raise PhotoError(f"{shown(path)} is in color; expected the infrared scan, in grey")
    return _fitted(path, numbers[..., 0], photo, Infrared(numbers[..., 0], "file"))


def infrared_pages(path: Path, which: str) -> frozenset[int]:
    """The numbers of those pictures in a file (pages.py) that are the infrared of others. Raises PhotoError."""
    with open_file(path) as file:
        if file.read(4) not in _SIGNATURES:
            return frozenset()
        with in_words(path):
            found = tiff_pages.pages(file)
            pictures = tiff_pages.pictures(found)
            if which != AUTO:
                chain = [page for page in found if page.chained]
                named = chain[int(which) - 1] if int(which) <= len(chain) else None
                return frozenset(n for n, page in enumerate(pictures, 1) if page is named)
            claimed: set[int] = set()
            for picture in pictures:
                page = None if picture.at in claimed or _has_channel(picture) else _behind(found, picture)
                claimed |= {page.at} if page else set()
            return frozenset(n for n, page in enumerate(pictures, 1) if page.at in claimed)


def _has_channel(picture: Page) -> bool:
    layout = tiff_layout.layout_of(picture)
    return layout.samples == layout.colors + 1 and not _is_alpha(layout)


def _is_alpha(layout: Layout) -> bool:
    """Whether the fourth channel says that it is alpha."""
    return bool(layout.extra) and tiff_layout.alpha_at(layout) is not None


def _channel(layout: Layout) -> Numbers | None:
    """The one sample beside the colors, which is not said to be alpha; None if there is none."""
    if layout.samples != layout.colors + 1 or _is_alpha(layout):
        return None
    if layout.bits not in (8, 16) or layout.kind == tiff_layout.FLOAT:
        raise ValueError(f"its infrared channel has {layout.bits} bits; 8 and 16 are read")
    return tiff_samples.samples(layout)[..., layout.colors]


def _behind(found: Sequence[Page], picture: Page) -> Page | None:
    """The first grey page behind a picture that is of its size; none behind the next picture in color."""
    for page in found:
        if page.link < picture.link or page.at == picture.at or not page.area:
            continue
        if page.link > picture.link and page.number(277, 1) >= 3 and not page.is_reduced:
            return None
        if _may_be_infrared(page, picture):
            return page
    return None


def _may_be_infrared(page: Page, picture: Page) -> bool:
    bits = page.number(258, 1)
    is_small_copy = page.is_reduced and not page.is_mask
    return page.number(277, 1) == 1 and bits in (8, 16) and not is_small_copy and _same_shape(page, picture)


def _same_shape(page: Page, picture: Page) -> bool:
    (w, h), (width, height) = ((each.number(256), each.number(257)) for each in (page, picture))
    return w >= _SMALLEST * width and abs(w * height / max(h * width, 1) - 1) <= _SAME_SHAPE


def _page(path: Path, found: Sequence[Page], number: int, picture: Page) -> Page:
    chain = [page for page in found if page.chained]
    if number > len(chain):
        raise PhotoError(f"{shown(path)} has no page {number}; it has {len(chain)}")
    page = chain[number - 1]
    if page.at == picture.at:
        raise PhotoError(
            f"page {number} of {shown(path)} is the picture itself; name the page of its infrared"
        )
    if not _may_be_infrared(page, picture):
        raise PhotoError(
            f"page {number} of {shown(path)} is {page.number(256)} × {page.number(257)} pixels with "
            f"{page.number(277, 1)} channels of {page.number(258, 1)} bits; expected an infrared scan: one channel of "
            "8 or 16 bits, of the picture's shape"
        )
    return page


def _of_page(path: Path, page: Page, picture: Page, photo: Photo, is_picture: bool) -> Infrared:
    as_grey = replace(page, entries={**page.entries, _PHOTOMETRIC: _grey_entry(page)})
    numbers = tiff_samples.samples(tiff_layout.layout_of(as_grey))[..., 0]
    numbers = _turned(numbers, page, picture)
    infrared = Infrared(numbers, "page", page=None if is_picture else _as_photo(numbers, page, photo))
    return _fitted(path, numbers, photo, infrared)


def _grey_entry(page: Page) -> bytes:
    """Photometric interpretation: a mask of 16 bits is read as grey."""
    head = struct.pack(page.order + ("HHQ" if page.big else "HHL"), _PHOTOMETRIC, 3, 1)
    return head + struct.pack(page.order + "H", GREY).ljust(8 if page.big else 4, b"\0")


def _turned(numbers: Numbers, page: Page, picture: Page) -> Numbers:
    """Upright, as the page says; where it says nothing, as the picture does."""
    turn = page.number(ORIENTATION) or picture.number(ORIENTATION, 1)
    return upright(numbers, turn if turn in range(2, 9) else 1)


def _as_photo(numbers: Numbers, page: Page, photo: Photo) -> Photo:
    """The page to be written behind the picture, its kind and resolution as they were."""
    x, y = page.numbers(_X_RESOLUTION), page.numbers(_Y_RESOLUTION)
    scale = 2.54 if page.number(_UNIT, 2) == _CENTIMETER else 1
    return Photo(
        np.repeat(numbers[..., None], 3, axis=2),
        format="TIFF",
        dpi=(x[0] * scale, y[0] * scale) if x and y else photo.dpi,
        metadata=Metadata(subfile=page.number(tiff_pages.NEW_KIND)),
        native=Native(numbers[..., None], "L"),
    )


def _fitted(path: Path, numbers: Numbers, photo: Photo, infrared: Infrared) -> Infrared:
    """At the photo's size. Raises PhotoError where it has another shape."""
    (h, w), (height, width) = numbers.shape, photo.size
    if (h, w) == (height, width):
        return infrared
    if abs(w * height / (h * width) - 1) > _SAME_SHAPE or w < _SMALLEST * width:
        raise PhotoError(f"{shown(path)}: the infrared is {w} × {h} pixels, the photo {width} × {height}")
    remark = f"its infrared is {w} × {h} pixels and was resized to the photo's {width} × {height}"
    return replace(infrared, numbers=resize(numbers, photo.size), remarks=(*infrared.remarks, remark))
