"""A photo is looked at once: with the same photo and other hints, only the answering half of a model runs.

The answer without hints is kept too: it is asked for again with every set of hints, to see what they change.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from safelight.arrays import Lightness, Planes
from safelight.runtime.session import KNOWN, Session

Reply = Mapping[str, npt.NDArray[np.float32]]


@dataclass(frozen=True)
class _Look:
    """What the trunk made of one photo, and the reply to it without hints, if that was asked for."""

    L: Lightness  # as the network saw it
    known: Mapping[str, npt.NDArray[np.float32]]
    automatic: Reply | None = None


class Recall:
    """A session that keeps what its trunk saw in the last photo (about two megabytes, with the automatic reply).

    A model that has no separate trunk (an older one, or one whose encoder sees the hints) runs whole.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._last: _Look | None = None

    def __reduce__(self) -> "tuple[type[Recall], tuple[Session]]":
        return type(self), (self._session,)

    def __call__(self, planes: Planes, *also: str) -> Reply:
        """The model's reply to these planes, of which the first is all that the trunk sees; see Session."""
        hinted = bool(planes[1:].any())
        last = self._last  # read once: another thread may put its own in its place
        if last is None or not np.array_equal(last.L, planes[0]):
            reply = self._session(*also, planes=planes)
            known = {KNOWN + name: reply[name] for name in self._session.recalled}
            last = _Look(planes[0].copy(), known)
        elif not hinted and last.automatic is not None and not also:
            return last.automatic
        else:
            reply = self._session(*also, planes=planes, **last.known)
        self._last = last if hinted else replace(last, automatic=self._without_known(reply))
        return reply

    def _without_known(self, reply: Reply) -> Reply:
        return {name: plane for name, plane in reply.items() if name not in self._session.recalled}
