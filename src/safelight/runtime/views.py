"""A panorama is looked at in views along its long side, as large as any other photo, whose colors fade into each other.

Shrunk until its long side fits, a network would see a strip of few rows, and no trees in it.
"""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float32

from safelight.arrays import Planes
from safelight.pixels.geometry import LONGEST
from safelight.runtime.recall import Recall, Reply
from safelight.runtime.session import Session

VIEW = 2  # sizes of the model: a view's long side
STEP = 32  # views begin at its multiples, so that coarser outputs fit, too


class Views:
    """A session that is asked about pictures of any shape. size: the short side that its model was trained for."""

    def __init__(self, session: Session, size: int) -> None:
        self._session = Recall(session)
        self._left_out = session.recalled
        self._view = max(VIEW * size // STEP, VIEW) * STEP

    def __call__(self, planes: Planes, *also: str) -> Reply:
        """The reply to planes (c, h, w), multiples of STEP; see Session. A number for the picture, such as how
        unfamiliar it is, is the mean of the views' numbers.
        """
        short, long = sorted(planes.shape[1:])
        if long <= LONGEST * max(short, self._view // VIEW):
            return self._session(planes, *also)
        along = 1 + int(planes.shape[2] == long)
        spans = list(_spans(long, self._view))
        replies = [self._session(_cut(planes, along, span), *also) for span in spans]
        return {
            name: _joined([reply[name] for reply in replies], spans, long, along)
            for name in replies[0]
            if name not in self._left_out
        }


def _spans(long: int, view: int) -> Iterator[slice]:
    """Views that cover the long side; neighbors share a quarter of one, at least."""
    count = -(-(long - view // 4) // (view - view // 4))
    for index in range(count):
        first = index * (long - view) // (count - 1) // STEP * STEP
        yield slice(first, first + view)


def _cut(planes: Planes, along: int, span: slice) -> Planes:
    return planes[:, span] if along == 1 else planes[:, :, span]


def _joined(
    parts: list[Float32[np.ndarray, "..."]], spans: list[slice], long: int, along: int
) -> Float32[np.ndarray, "..."]:
    """One output from those of the views: planes fade over all that two of them share."""
    if parts[0].ndim != 3:
        return np.asarray(np.mean(parts, axis=0), np.float32)
    length = parts[0].shape[along]
    coarse = (spans[0].stop - spans[0].start) // length
    shape = list(parts[0].shape)
    shape[along] = long // coarse
    total, weights = np.zeros(shape, np.float32), np.zeros(long // coarse, np.float32)
    fade = np.minimum(np.arange(length) + 1, np.arange(length)[::-1] + 1).astype(np.float32)
    across = (slice(None),) * along
    for part, span in zip(parts, spans, strict=True):
        place = slice(span.start // coarse, span.start // coarse + length)
        total[(*across, place)] += part * _on_axis(fade, along)
        weights[place] += fade
    total /= _on_axis(weights, along)
    return total


def _on_axis(numbers: Float32[np.ndarray, " n"], along: int) -> Float32[np.ndarray, "..."]:
    return numbers[None, :, None] if along == 1 else numbers[None, None, :]
