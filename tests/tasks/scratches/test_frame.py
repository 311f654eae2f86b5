"""The print's own edge: where it is seen, what is left unmarked along it, and that real scratches beside it stay."""

import cv2
import numpy as np
import pytest

from safelight.batch.defaults import first_defaults
from safelight.batch.repair import RepairSettings
from safelight.batch.scratches import ScratchesSettings
from safelight.tasks.scratches.frame import SIDES, Line, print_edge, without_print_edges
from safelight.tasks.scratches.restore import ScratchFinder
from safelight.tasks.scratches.ridge_filter import ScratchSettings

SIZE = (300, 400)
BEGIN, SLOPE = 6.0, 0.01  # where the print ends, at the left


def scene(seed: int = 0) -> np.ndarray:
    """L (300, 400) of a picture: soft blotches between 20 and 80."""
    noise = np.random.default_rng(seed).random((12, 16)).astype(np.float32)
    return 20 + 60 * cv2.resize(noise, SIZE[::-1], interpolation=cv2.INTER_CUBIC).clip(0, 1)


def framed(border: float = 5.0) -> np.ndarray:
    """The scene as a print on a scanner's background, a little askew, with a light rim of paper of 2 pixels."""
    L, rows = scene(), np.arange(SIZE[0])[:, None]
    off = np.arange(SIZE[1])[None] - (BEGIN + SLOPE * rows)
    return np.where(off < 0, border, np.where(off < 2, 95.0, L)).astype(np.float32)


def line(start: tuple[float, float], end: tuple[float, float], width: int = 3) -> np.ndarray:
    """A find (300, 400): a line from one (row, column) to another."""
    found = np.zeros(SIZE, np.uint8)
    points = [(round(column), round(row)) for row, column in (start, end)]
    cv2.line(found, points[0], points[1], 1, width)
    return found > 0


def turned_back(side: int, plane: np.ndarray) -> np.ndarray:
    """A plane whose left side becomes that side of the photo."""
    return np.ascontiguousarray((plane, plane[:, ::-1], plane.T, plane.T[::-1])[side])


@pytest.mark.parametrize("side", range(4))
def test_a_print_ends_where_its_even_surroundings_end(side: int) -> None:
    found = print_edge(SIDES[side](turned_back(side, framed())))
    assert found is not None
    assert found.at(np.array([0, 299])) == pytest.approx([BEGIN, BEGIN + 299 * SLOPE], abs=1.5)


def test_a_photo_without_a_border_has_no_edge() -> None:
    assert print_edge(scene()) is None
    assert print_edge(np.full(SIZE, 50, np.float32)) is None
    scratched = np.full(SIZE, 50, np.float32)
    scratched[:, 10:13] = 90  # the same wall behind it as before it
    assert print_edge(scratched) is None
    silhouette = np.full(SIZE, 80, np.float32)  # an even sky that ends, but at no straight line
    for row, end in enumerate(40 + 25 * np.sin(np.arange(SIZE[0]) / 20)):
        silhouette[row, int(end) :] = 20
    assert print_edge(silhouette) is None
    assert print_edge(np.zeros((40, 30), np.float32)) is None


@pytest.mark.parametrize("side", range(4))
def test_what_only_follows_the_edge_is_left(side: int) -> None:
    along = line((40, BEGIN + 0.4), (130, BEGIN + 1.3))
    L, found = turned_back(side, framed()), turned_back(side, along)
    assert not without_print_edges(found, L).any()
    assert found.any(), "what was given is not written into"


def test_real_scratches_near_the_edge_stay() -> None:
    L = framed()
    beside = line((40, BEGIN + 12), (200, BEGIN + 12))  # along the edge, but within the picture
    across = line((100, BEGIN), (104, 90))  # a crack that begins at the edge
    bent = line((150, BEGIN + 1.5), (260, BEGIN + 2.6)) | line(
        (260, BEGIN + 2.6), (290, 60)
    )  # along it, then away
    speck = line((30, BEGIN), (32, BEGIN), 4)
    for found in (beside, across, bent, speck):
        np.testing.assert_array_equal(without_print_edges(found, L), found)
    follows = line((40, BEGIN + 0.4), (80, BEGIN + 0.8))
    np.testing.assert_array_equal(without_print_edges(follows | across, L), across)


@pytest.mark.parametrize("column", [4, 8, 20])
@pytest.mark.parametrize("length", [40, 120, 290])
def test_scratches_along_the_border_of_a_photo_without_frame_stay(column: int, length: int) -> None:
    for L in (scene(), np.full(SIZE, 40, np.float32)):
        found = line((4, column), (4 + length, column))
        scratched = np.where(found, 95, L).astype(np.float32)
        np.testing.assert_array_equal(without_print_edges(found, scratched), found)


def test_a_long_straight_line_close_to_the_side_is_an_edge_if_the_picture_behind_it_is_another() -> None:
    """As the rough mat of a daguerreotype: not even, but lighter than the picture."""
    rough = scene() * 0.3 + np.random.default_rng(1).normal(75, 8, SIZE)
    L = np.where(np.arange(SIZE[1]) < 5, rough, scene() * 0.6).astype(np.float32)
    found = line((30, 5), (230, 5))
    assert print_edge(L) is None
    assert not without_print_edges(found, L).any()
    short = line((30, 5), (120, 5))
    np.testing.assert_array_equal(without_print_edges(short, L), short)
    wavy = np.zeros(SIZE, bool)
    for row in range(30, 230):
        wavy[row, 1 : 3 + row % 24 // 4] = True
    np.testing.assert_array_equal(without_print_edges(wavy, L), wavy)


def test_a_line_tells_where_it_is() -> None:
    assert Line(3.0, 0.5).at(np.array([0, 4])).tolist() == [3, 5]


class _Likely(ScratchFinder):
    """A finder that holds one line for damage."""

    def __init__(self, likely: np.ndarray) -> None:
        super().__init__(None)
        self._likely = likely
        self._session = object()  # type: ignore[assignment]  # never asked

    def predict(self, srgb: np.ndarray) -> np.ndarray:
        return np.where(self._likely, 0.99, 0.0).astype(np.float32)


def test_a_finder_leaves_the_edge_unless_it_is_asked_for() -> None:
    along = line((40, BEGIN + 0.4), (130, BEGIN + 1.3))
    photo = np.repeat(framed()[..., None] / 100, 3, axis=2).astype(np.float32)
    finder = _Likely(along)
    assert not finder.find(photo).mask.any()
    assert finder.find(photo, ScratchSettings(edges=True)).mask[along].all()


def test_masks_made_before_edges_were_left_are_made_again_as_they_were() -> None:
    for kind in (ScratchesSettings, RepairSettings):
        assert first_defaults(kind)["edges"] is True
        assert kind().edges is False
