"""One inference session without torch; the features of the last photo are cached; panoramas are run in views.

With the same photo and other hints only the answering half of a model runs. A panorama is worked on in views along
its long side, each as large as any other photo, whose colors fade into each other.
"""

import contextlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock, Thread

import numpy as np
import numpy.typing as npt

from safelight import watched
from safelight.arrays import Lightness, Planes
from safelight.errors import ModelError, is_of_memory
from safelight.pixels.geometry import LONGEST
from safelight.runtime import arena
from safelight.runtime.ahead import is_ahead
from safelight.runtime.card import Port
from safelight.runtime.inference import Opened, engine_name, open_graph
from safelight.runtime.modelfile import ModelFile, check_threads
from safelight.runtime.onnx_cheaper import with_own_padding, with_quick_channels, with_quick_means
from safelight.runtime.onnx_parts import Graph, without_attention
from safelight.shaped import Float32

LARGE = 1 << 20  # numbers of an input: of more, the memory that a run took is given back after it
KNOWN = "known_"  # before the name of an output: the optional input that gives it back
DISTRIBUTION = "distribution"  # how likely each bin of color is: made only for those who ask


class Session:
    """A model, ready to run; several threads may call it at once.

    model: the file and its card; the checksum is verified on the bytes that are then opened.
    threads: how many threads one run may use; 0 lets ONNX Runtime choose (one a core).
    recalled: outputs that a later run on the same photo may be given, each as KNOWN + its name; the part of
    the network that makes them is then left out.
    engine: what runs it, in words.
    A session can be pickled and copied: the other one opens the file anew and verifies its checksum.
    Raises ModelError if the file is not ONNX, or has not the inputs and outputs that its card names.
    """

    def __init__(self, model: ModelFile, threads: int = 0) -> None:
        check_threads(threads)
        self._made_of = (replace(model, path=model.path.absolute()), threads)
        self._lock, self._opened = Lock(), dict[tuple[bool, tuple[str, ...]], Opened]()
        try:
            self._graph = _quick(Graph.of(model.read()).unfolded())
        except ValueError as error:
            raise self._refusal(error) from None
        self.outputs = self._graph.outputs
        self.recalled = _recalled(self._graph)
        self._unhinted = without_attention(self._graph) if self.recalled else self._graph
        _check_ports(model.path, "input", self._graph.inputs, model.card.inputs)
        _check_ports(model.path, "output", self.outputs, model.card.outputs)
        if is_ahead():
            Thread(target=self._open_quietly, name="opening a model").start()
        else:
            self._open()

    def _open(self) -> None:
        """Open what answers without hints. Raises ModelError."""
        if self.recalled:
            self._part(self.recalled)
        self._part(self._asked(()))

    def _open_quietly(self) -> None:
        with contextlib.suppress(Exception):  # the first run says it
            self._open()

    def is_of(self, model: ModelFile, threads: int) -> bool:
        """Whether it was made of these."""
        return self._made_of == (replace(model, path=model.path.absolute()), threads)

    def __reduce__(self) -> "tuple[type[Session], tuple[ModelFile, int]]":
        return type(self), self._made_of

    @property
    def engine(self) -> str:
        """Name and version of what runs the network, and its precision."""
        return engine_name()

    def __call__(self, *also: str, **inputs: Planes) -> Mapping[str, npt.NDArray[np.float32]]:
        """Run once. Each input is (c, h, w) float32; each output is (c, h, w) float32, by its name.

        also: outputs that are left out unless they are named (DISTRIBUTION). Raises ModelError where the network
        does not take the inputs, as with a card of another model.
        """
        feed = {name: np.ascontiguousarray(planes[None], np.float32) for name, planes in inputs.items()}
        known = {name: feed.pop(KNOWN + name) for name in self.recalled if KNOWN + name in feed}
        if len(known) < len(self.recalled):
            known = self._run(self._part(self.recalled), self.recalled, feed)
        asked = self._asked(also)
        hinted = bool(self.recalled and feed["planes"][:, 1:].any())
        answer = self._run(self._part(asked, hinted), asked, feed | known) | known
        return {name: answer[name][0] for name in self.outputs if name in answer}

    def _asked(self, also: Collection[str]) -> tuple[str, ...]:
        """The outputs to be made, but for the recalled ones."""
        return tuple(
            name
            for name in self.outputs
            if name not in self.recalled and (name != DISTRIBUTION or name in also)
        )

    def _part(self, wanted: tuple[str, ...], hinted: bool = False) -> Opened:
        """What makes these outputs, opened when it is first asked for: the trunk, or of trunk and planes the answer.

        ONNX Runtime makes all outputs of a graph at each run, and is slower within a branch of it.
        """
        with self._lock:
            part = self._opened.get((hinted, wanted))
            if part is None:
                graph = self._graph if hinted else self._unhinted
                given = (*graph.inputs, *(self.recalled if wanted != self.recalled else ()))
                try:
                    part = open_graph(graph.part(given, wanted), self._made_of[1])
                except Exception as error:
                    raise self._refusal(error) from None
                self._opened[hinted, wanted] = part
        return part

    def _run(
        self, part: Opened, wanted: Sequence[str], feed: Mapping[str, npt.NDArray[np.float32]]
    ) -> dict[str, npt.NDArray[np.float32]]:
        """The wanted outputs (1, c, h, w) of a part, given what it takes of the feed."""
        taken = {port.name: feed[port.name] for port in part.get_inputs() if port.name in feed}
        try:
            with watched.running() as options:
                is_large = max(each.size for each in taken.values()) > LARGE
                results = part.run(wanted, taken, arena.shrinking(options) if is_large else options)
        except watched.StoppedError:
            raise
        except Exception as error:
            if is_of_memory(error):
                raise
            raise ModelError(
                f"{self._made_of[0].path}: the network does not take what its card asks for ({_reason(error)}); "
                "export the model again"
            ) from None
        # Copied, as an answer lies in the arena, and as long as it is kept nothing around it can be given back.
        answer = {name: np.array(result) for name, result in zip(wanted, results, strict=True)}
        del results
        if is_large:
            arena.give_back()
        return answer

    def _refusal(self, error: Exception) -> ModelError:
        return ModelError(f"{self._made_of[0].path}: is not an ONNX model that can be run ({_reason(error)})")


def _quick(graph: Graph) -> Graph:
    """The graph in another form, the same for one photo and for many, in which it takes less time to open and to run.

    A colorizing network, which recalls a trunk, then differs in its last bits from its file; others do not.
    """
    graph = with_own_padding(graph)
    return with_quick_means(with_quick_channels(graph)) if _recalled(graph) else graph


def _recalled(graph: Graph) -> tuple[str, ...]:
    return tuple(name for name in graph.outputs if KNOWN + name in graph.optional)


def _reason(error: Exception) -> str:
    """The first line of what ONNX Runtime says, which has a class for each way to fail, with no common ancestor."""
    return " ".join(str(error).splitlines()[0].split())[:160] if str(error) else type(error).__name__


def _check_ports(path: Path, kind: str, found: Sequence[str], ports: Sequence[Port]) -> None:
    expected = [port.name for port in ports]
    if sorted(found) != sorted(expected):
        raise ModelError(
            f"{path}: has the {kind}s {', '.join(found)}, its card says {', '.join(expected)}; "
            "export the model again"
        )


Reply = Mapping[str, npt.NDArray[np.float32]]


@dataclass(frozen=True)
class _CachedTrunk:
    """What the trunk made of one photo, and the reply to it without hints, if that was asked for."""

    L: Lightness  # as the network saw it
    known: Mapping[str, npt.NDArray[np.float32]]
    automatic: Reply | None = None


class TrunkCache:
    """A session that keeps what its trunk saw in the last photo (about two megabytes, with the automatic reply).

    A model that has no separate trunk (an older one, or one whose encoder sees the hints) runs whole.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._last: _CachedTrunk | None = None

    def __reduce__(self) -> "tuple[type[TrunkCache], tuple[Session]]":
        return type(self), (self._session,)

    def __call__(self, planes: Planes, *also: str) -> Reply:
        """The model's reply to these planes, of which the first is all that the trunk sees; see Session."""
        hinted = bool(planes[1:].any())
        last = self._last  # read once: another thread may put its own in its place
        if last is None or not np.array_equal(last.L, planes[0]):
            reply = self._session(*also, planes=planes)
            known = {KNOWN + name: reply[name] for name in self._session.recalled}
            last = _CachedTrunk(planes[0].copy(), known)
        elif not hinted and last.automatic is not None and not also:
            return last.automatic
        else:
            reply = self._session(*also, planes=planes, **last.known)
        self._last = last if hinted else replace(last, automatic=self._without_known(reply))
        return reply

    def _without_known(self, reply: Reply) -> Reply:
        return {name: plane for name, plane in reply.items() if name not in self._session.recalled}


VIEW = 2  # sizes of the model: a view's long side
STEP = 32  # views begin at its multiples, so that coarser outputs fit, too


class Views:
    """A session that is asked about pictures of any shape. size: the short side that its model was trained for."""

    def __init__(self, session: Session, size: int) -> None:
        self._session = session
        self._seen = [
            TrunkCache(session)
        ]  # of each view of the last panorama; the first one of other pictures
        self._left_out = session.recalled
        self._view = max(VIEW * size // STEP, VIEW) * STEP

    def is_panorama(self, size: tuple[int, int]) -> bool:
        """Whether a picture of size (h, w) is so long that it is run in views."""
        short, long = sorted(size)
        return long > LONGEST * max(short, self._view // VIEW)

    def __call__(self, planes: Planes, *also: str) -> Reply:
        """The reply to planes (c, h, w), multiples of STEP; see Session. A number for the picture, such as how
        unfamiliar it is, is the mean of the views' numbers.
        """
        if not self.is_panorama((planes.shape[1], planes.shape[2])):
            return self._caches(1)[0](planes, *also)
        long = max(planes.shape[1:])
        along = 1 + int(planes.shape[2] == long)
        spans = list(_spans(long, self._view))
        caches = self._caches(len(spans))
        replies = [cache(_cut(planes, along, span), *also) for cache, span in zip(caches, spans, strict=True)]
        return {
            name: _joined([reply[name] for reply in replies], spans, long, along)
            for name in replies[0]
            if name not in self._left_out
        }

    def _caches(self, count: int) -> list[TrunkCache]:
        """So many caches, the former ones first: hints on a panorama are asked about view by view, again and again."""
        seen = self._seen[:count]  # another thread may put its own list in the place of this one
        caches = seen + [TrunkCache(self._session) for _ in range(count - len(seen))]
        self._seen = caches
        return caches


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
