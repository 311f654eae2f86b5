"""Dust by infrared: drawn damage that a scan with known optics shows, and scans that cannot show any."""

import numpy as np
import pytest

from safelight.errors import PhotoError
from safelight.masks.edit import grow
from safelight.tasks.scratches import infrared
from safelight.tasks.scratches.infrared import infrared_mask
from tests.scans import Scan, film_scan


def scores(scan: Scan, mask: np.ndarray) -> tuple[float, float]:
    """Recall, and precision with a rim of two pixels, which repair grows a mask by."""
    found = mask > 0
    near = grow(scan.damage.astype(np.float32), 2)
    return float(found[scan.damage].mean()), float(near[found].mean())


@pytest.mark.parametrize(
    "optics",
    [
        {},
        {"crosstalk": 0},
        {"noise": 0.05, "stopped": 0.4},  # a Coolscan's, about
        {"noise": 0.005, "stopped": 0.09, "crosstalk": 0.2},  # an infrared that damage hardly stops
    ],
    ids=["usual", "no crosstalk", "noisy", "weak"],
)
def test_drawn_damage_is_found_and_the_picture_is_not(optics: dict[str, float]) -> None:
    scan = film_scan(**optics)
    mask = infrared_mask(scan.infrared, scan.rgb)
    assert mask.dtype == np.float32
    assert set(np.unique(mask)) == {0, 1}
    recall, precision = scores(scan, mask)
    assert recall > 0.97
    assert precision > 0.9


def test_without_the_line_for_red_the_picture_is_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    scan = film_scan()
    loss = infrared._loss
    monkeypatch.setattr(infrared, "_loss", lambda seen, red, crosstalk: loss(seen, red, 0.0))
    monkeypatch.setattr(infrared, "MOST", 1)
    assert scores(scan, infrared_mask(scan.infrared, scan.rgb))[1] < 0.4


def test_eight_bits_and_floats_say_the_same() -> None:
    scan = film_scan()
    deep = infrared_mask(scan.infrared, scan.rgb) > 0
    shallow = infrared_mask((scan.infrared >> 8).astype(np.uint8), (scan.rgb >> 8).astype(np.uint8)) > 0
    floats = infrared_mask(scan.infrared, scan.rgb.astype(np.float32) / 65535) > 0
    assert (deep & floats).sum() > 0.99 * (deep | floats).sum()
    assert (deep & shallow).sum() > 0.7 * (deep | shallow).sum()
    assert scores(scan, shallow)[0] > 0.97


def test_clean_film_has_no_damage() -> None:
    scan = film_scan(stopped=0)
    assert infrared_mask(scan.infrared, scan.rgb).mean() < 1e-4


def test_a_higher_sensitivity_marks_more() -> None:
    scan = film_scan(noise=0.05, stopped=0.12)
    found = [infrared_mask(scan.infrared, scan.rgb, each) > 0 for each in (0.0, 0.5, 1.0)]
    assert found[0].sum() < found[1].sum() < found[2].sum()
    assert not (found[0] & ~found[1]).any()
    assert not (found[1] & ~found[2]).any()


@pytest.mark.parametrize("as_negative", [False, True])
def test_silver_film_is_refused(as_negative: bool) -> None:
    scan = film_scan(silver=True, noise=0.02)
    pixels = 65535 - scan.rgb if as_negative else scan.rgb
    with pytest.raises(PhotoError, match=r"shows the picture itself \(correlation 0\.\d\d .*silver film"):
        infrared_mask(scan.infrared, pixels)


def test_dust_on_an_even_sky_is_no_silver() -> None:
    # Light and infrared both go down at the dust, and there is nothing else that they could agree on.
    scan = film_scan(stopped=0.6)
    sky = np.full_like(scan.rgb, 40000)
    sky[scan.damage] = 12000
    recall, precision = scores(scan, infrared_mask(film_scan(stopped=0.6, crosstalk=0).infrared, sky))
    assert recall > 0.97
    assert precision > 0.85


def test_the_holder_of_the_film_is_no_damage() -> None:
    scan = film_scan()
    scan.infrared[:, :30] = 200
    scan.rgb[:, :30] = 100
    mask = infrared_mask(scan.infrared, scan.rgb)
    assert mask[:, :30].mean() < 0.01
    assert mask[:, 40:][scan.damage[:, 40:]].mean() > 0.97


def test_an_empty_channel_and_one_of_another_picture_are_refused() -> None:
    scan = film_scan()
    with pytest.raises(PhotoError, match="is empty: every value is 65535"):
        infrared_mask(np.full_like(scan.infrared, 65535), scan.rgb)
    other = np.ascontiguousarray(scan.rgb[::-1, ::-1, 1])
    with pytest.raises(PhotoError, match=r"marks \d+% of it, which is no dust: it may be of another picture"):
        infrared_mask(other, scan.rgb)
