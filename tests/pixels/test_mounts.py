"""Paper around pictures: found to the pixel where it was laid, and not where there is none."""

import numpy as np
import pytest

from safelight.pixels.geometry import Box
from safelight.pixels.mounts import find_mount, keep_mount

from .test_looks import colored, lightness, picture

PAPERS = [(232, 222, 196), (255, 255, 255), (214, 196, 160), (150, 140, 125)]


def mounted(
    seed: int, paper: tuple[int, int, int], box: Box, size: tuple[int, int], noise: float
) -> np.ndarray:
    """A grey picture (darker than its paper at the edges) on paper with a little grain."""
    rng = np.random.default_rng(seed)
    laid = np.clip(np.full((*size, 3), paper, float) + rng.normal(0, noise, (*size, 1)), 0, 255)
    L = np.minimum(lightness(seed), 80)
    photo = picture(np.minimum(L, 55 + 0 * L), np.zeros(2))
    rows, columns = (
        np.linspace(0, side - 1, want).astype(int)
        for side, want in zip(L.shape, (box.height, box.width), strict=True)
    )
    laid[box.slices] = photo[rows][:, columns]
    return np.round(laid).astype(np.uint8)


@pytest.mark.parametrize("paper", PAPERS)
@pytest.mark.parametrize(
    ("box", "size"),
    [
        (Box(30, 40, 300, 220), (420, 300)),
        (Box(12, 12, 376, 276), (400, 300)),
        (Box(301, 207, 1500, 1100), (2100, 1500)),
        (Box(90, 130, 450, 360), (700, 620)),
    ],
)
def test_a_mount_is_found_to_the_pixel(paper: tuple[int, int, int], box: Box, size: tuple[int, int]) -> None:
    assert find_mount(mounted(1, paper, box, size, 1.0)) == box


def test_a_caption_on_the_mount_is_no_part_of_the_picture() -> None:
    box = Box(30, 40, 300, 220)
    card = mounted(2, PAPERS[0], box, (420, 300), 1.0)
    card[370:378, 100:130] = 60
    assert find_mount(card) == box


def test_depth_does_not_matter() -> None:
    box = Box(30, 40, 300, 220)
    card = mounted(3, PAPERS[0], box, (420, 300), 0.5)
    assert find_mount(card.astype(np.uint16) * 257) == box
    assert find_mount(card / np.float32(255)) == box


@pytest.mark.parametrize("seed", range(6))
def test_pictures_without_paper_have_none(seed: int) -> None:
    assert find_mount(colored(seed)) is None
    assert find_mount(picture(lightness(seed), np.zeros(2))) is None
    assert find_mount(np.full((200, 200, 3), 240, np.uint8)) is None
    thing = np.full((300, 300, 3), 255, np.uint8)  # a round thing before a white wall has no straight edges
    y, x = np.mgrid[:300, :300]
    thing[(x - 150) ** 2 + (y - 150) ** 2 < 100**2] = (90, 40, 60)
    assert find_mount(thing) is None
    sky = np.full((200, 300, 3), (235, 238, 240), np.uint8)  # paper on three sides is no mount
    sky[80:] = picture(np.tile(lightness(seed)[:120, :150], (1, 2)), np.zeros(2))
    assert find_mount(sky) is None
    black = np.zeros((200, 300, 3), np.uint8)
    black[30:170, 40:260] = 120
    assert find_mount(black) is None


def test_what_is_kept_is_kept_bit_by_bit() -> None:
    rng = np.random.default_rng(0)
    result, original = rng.integers(0, 256, (2, 20, 30, 3), dtype=np.uint8)
    kept = keep_mount(result, original, Box(3, 4, 10, 12))
    np.testing.assert_array_equal(kept[3:13, 4:16], result[3:13, 4:16])
    kept[3:13, 4:16] = original[3:13, 4:16]
    np.testing.assert_array_equal(kept, original)


@pytest.mark.parametrize("share", [0.8, 0.9, 0.93, 0.95, 0.97, 1.0])
@pytest.mark.parametrize("paper", [(150, 140, 125), (104, 104, 104), (110, 108, 104)])
@pytest.mark.parametrize("step", [1, 2])
def test_a_look_at_the_rim_alone_passes_over_no_mount(
    monkeypatch: pytest.MonkeyPatch, share: float, paper: tuple[int, int, int], step: int
) -> None:
    """Near every limit: paper hardly light enough, and hardly enough of the rim."""
    found = []
    for seed in range(4):
        photo = mounted(
            seed, paper, Box(60 * step, 50 * step, 520 * step, 420 * step), (640 * step, 530 * step), 2
        )
        stained = np.random.default_rng(seed).random(photo.shape[0]) > share
        photo[stained, : 30 * step] = 0
        quick = find_mount(photo)
        with monkeypatch.context() as patched:
            patched.setattr("safelight.pixels.mounts._may_be_paper", lambda rim: True)
            assert find_mount(photo) == quick
        found.append(quick)
    if share == 1 and paper[0] > 104:
        assert all(found)
