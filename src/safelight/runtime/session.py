"""One inference session without torch; the features of the last photo are cached; panoramas are run in views.

With the same photo and other hints only the answering half of a model runs. A panorama is worked on in views along
its long side, each as large as any other photo, whose colors fade into each other.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from jaxtyping import Float32

from safelight import watched
from safelight.arrays import Lightness, Planes
from safelight.errors import ModelError, is_of_memory
from safelight.pixels.geometry import LONGEST
from safelight.runtime.card import Port
from safelight.runtime.modelfile import ModelFile, check_threads

NOTHING_BUT_FATAL = 4  # ONNX Runtime's log level: what it raises it need not print, too
KNOWN = "known_"  # before the name of an output: the optional input that gives it back
DISTRIBUTION = "distribution"  # how likely each bin of color is: made only for those who ask


def open_session(content: bytes, threads: int = 0) -> Any:
    """A session of ONNX Runtime on the processor. threads: as Session has them. Raises what ONNX Runtime raises.

    From bytes, not from a path: a file from elsewhere cannot pull in other files.
    """
    # Else it keeps a number for this device and events to report; it asks when it is imported.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime

    onnxruntime.disable_telemetry_events()
    onnxruntime.set_default_logger_severity(NOTHING_BUT_FATAL)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = NOTHING_BUT_FATAL
    # Its threads would wait busily for each other: a third of the processor time, and no sooner done where
    # anything else runs (benchmarks/hints.py).
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


class Session:
    """A model, ready to run.

    model: the file and its card; the checksum is verified on the bytes that are then opened.
    threads: how many threads one run may use; 0 lets ONNX Runtime choose (one a core).
    recalled: outputs that a later run on the same photo may be given, each as KNOWN + its name; the part of
    the network that makes them is then left out.
    A session can be pickled and copied: the other one opens the file anew and verifies its checksum.
    Raises ModelError if the file is not ONNX, or has not the inputs and outputs that its card names.
    """

    def __init__(self, model: ModelFile, threads: int = 0) -> None:
        check_threads(threads)
        self._made_of = (replace(model, path=model.path.absolute()), threads)
        content = model.read()
        try:
            self._session = open_session(content, threads)
        except Exception as error:
            raise ModelError(
                f"{model.path}: is not an ONNX model that can be run ({_reason(error)})"
            ) from None
        self.outputs = tuple(port.name for port in self._session.get_outputs())
        inputs = [port.name for port in self._session.get_inputs()]
        optional = {port.name for port in self._session.get_overridable_initializers()}
        self.recalled = tuple(name for name in self.outputs if KNOWN + name in optional)
        _check_ports(model.path, "input", inputs, model.card.inputs)
        _check_ports(model.path, "output", self.outputs, model.card.outputs)

    def __reduce__(self) -> "tuple[type[Session], tuple[ModelFile, int]]":
        return type(self), self._made_of

    def __call__(self, *also: str, **inputs: Planes) -> Mapping[str, npt.NDArray[np.float32]]:
        """Run once. Each input is (c, h, w) float32; each output is (c, h, w) float32, by its name.

        also: outputs that are left out unless they are named (DISTRIBUTION). Raises ModelError where the network
        does not take the inputs, as with a card of another model.
        """
        feed = {name: np.ascontiguousarray(planes[None], np.float32) for name, planes in inputs.items()}
        wanted = [name for name in self.outputs if name != DISTRIBUTION or name in also]
        try:
            with watched.running() as options:
                results = self._session.run(wanted, feed, options)
        except watched.StoppedError:
            raise
        except Exception as error:
            if is_of_memory(error):
                raise
            raise ModelError(
                f"{self._made_of[0].path}: the network does not take what its card asks for ({_reason(error)}); "
                "export the model again"
            ) from None
        return {name: result[0] for name, result in zip(wanted, results, strict=True)}


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
        self._session = TrunkCache(session)
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
