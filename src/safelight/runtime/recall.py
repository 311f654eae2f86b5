"""A photo is looked at once: with the same photo and other hints, only the answering half of a model runs."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from safelight.arrays import Lightness, Planes
from safelight.runtime.session import KNOWN, Session

Reply = Mapping[str, npt.NDArray[np.float32]]


@dataclass(frozen=True)
class _Look:
    """What the trunk made of one photo."""

    L: Lightness  # as the network saw it
    known: Mapping[str, npt.NDArray[np.float32]]


class Recall:
    """A session that keeps what its trunk saw in the last photo (about a megabyte).

    A model that has no separate trunk (an older one, or one whose encoder sees the hints) runs whole.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._last: _Look | None = None

    def __call__(self, planes: Planes, *also: str) -> Reply:
        """The model's reply to these planes, of which the first is all that the trunk sees; see Session."""
        last = self._last  # read once: another thread may put its own in its place
        if last is not None and np.array_equal(last.L, planes[0]):
            return self._session(*also, planes=planes, **last.known)
        reply = self._session(*also, planes=planes)
        known = {KNOWN + name: reply[name] for name in self._session.recalled}
        self._last = _Look(planes[0].copy(), known) if known else None
        return reply
