"""The strip below a picture: in every mode and depth, the picture itself as it was."""

import numpy as np
import pytest

from safelight.errors import PhotoError
from safelight.pixels.icc import SRGB_PRIMARIES
from safelight.pixels.native import Native
from safelight.pixels.photo import Photo
from safelight.pixels.space import SRGB, Hdr, Mode, Space
from safelight.provenance.caption import caption_of, check_caption, draw, with_caption
from safelight.provenance.made import Made, UsedModel

CHANNELS: dict[Mode, int] = {"L": 1, "RGB": 3, "CMYK": 4, "LAB": 3}


def photo(
    mode: Mode | None = None, depth: type = np.uint8, alpha: bool = False, space: Space = SRGB
) -> Photo:
    rng, top = np.random.default_rng(0), np.iinfo(depth).max
    pixels = rng.integers(0, top, (120, 200, 3), depth)
    own = (
        None if mode is None else Native(rng.integers(0, top, (120, 200, CHANNELS[mode]), depth), mode, space)
    )
    return Photo(pixels, rng.integers(0, top, (120, 200), depth) if alpha else None, native=own)


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
@pytest.mark.parametrize("mode", [None, "L", "RGB", "CMYK", "LAB"])
def test_the_picture_stays_and_the_strip_is_black_on_white(mode: Mode | None, depth: type) -> None:
    before = photo(mode, depth, alpha=mode != "LAB")
    after = with_caption(before, "Colored by a machine")
    assert after.pixels.dtype == depth
    np.testing.assert_array_equal(after.pixels[:120], before.pixels)
    strip = after.pixels[120:] / np.iinfo(depth).max
    assert len(strip) > 8
    assert strip.max() > 0.99
    assert strip.min() < 0.2
    assert np.ptp(strip, axis=2).max() < 0.02, "the strip has no color"
    if before.native and after.native:
        assert after.native.mode == mode
        assert after.native.pixels.dtype == depth
        np.testing.assert_array_equal(after.native.pixels[:120], before.native.pixels)
        assert len(after.native.pixels) == len(after.pixels)
    if after.alpha is not None:
        assert (after.alpha[120:] == np.iinfo(depth).max).all()


@pytest.mark.parametrize("transfer", ["PQ", "HLG"])
def test_paper_is_no_lamp_in_hdr(transfer: str) -> None:
    """The strip's white is paper white, which is sRGB's white here; not the brightest that there is."""
    space = Space("hdr", hdr=Hdr(transfer, SRGB_PRIMARIES))
    after = with_caption(photo("RGB", np.uint16, space=space), "Colored by a machine")
    assert after.native is not None
    signal = after.native.pixels[120:].max() / 65535
    assert 0.5 < signal < 0.8
    assert 240 < after.pixels[120:].max() / 257 <= 255


@pytest.mark.parametrize("width", [1, 3, 40, 1000])
def test_every_letter_lies_within(width: int) -> None:
    ink = draw("Colored by a machine: safelight 0.1.0, model color", width, 12)
    assert ink.shape[1] == width
    assert ink.max() > 0 or width < 9


def test_long_words_and_many_lines() -> None:
    narrow, wide = draw("W" * 100, 200, 12), draw("W" * 100, 4000, 12)
    assert narrow.shape[0] > 3 * wide.shape[0]
    assert (narrow[:, -2:] == 0).all(), "cut, not clipped"


def test_letters_of_users() -> None:
    assert check_caption("  für\n Else ") == "für Else"
    for odd in ("\0", "a\x07b", "x" * 501):
        with pytest.raises(PhotoError, match="caption has"):
            check_caption(odd)


def test_without_the_large_font(monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenCV 4 has none: Pillow's draws English, and other letters are refused."""
    from safelight.provenance import caption

    monkeypatch.setattr(caption, "_large_font", lambda: None)
    assert draw("Colored by a machine", 300, 14).max() == 1
    with pytest.raises(PhotoError, match=r"lacks .*ü"):
        check_caption("für Else")


def test_what_it_says() -> None:
    model = (UsedModel("color", "ab"),)
    assert caption_of(Made("colorize", "learned", models=model, version="0.1.0")) == (
        "Colored by a machine: safelight 0.1.0, model color"
    )
    assert (
        caption_of(Made("fill", "classical", version="0.1.0"))
        == "Damage filled by an algorithm: safelight 0.1.0"
    )
    assert caption_of(Made("repair", "unchanged")) == ""
