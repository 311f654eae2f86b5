"""What runs a network: ONNX Runtime, or OpenVINO where the environment asks for it (SAFELIGHT_INFERENCE=openvino).

OpenVINO is faster where the processor has AVX-512, and slower where it has AVX2 alone; it takes longer to load a
model, and its results differ by a level here and there (docs/speed.md). So nobody gets it unasked.
"""

import os
import sys
import threading
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol, cast

import numpy as np
import numpy.typing as npt

from safelight.errors import ModelError, shown
from safelight.runtime import arena
from safelight.runtime.cores import usable_cores

NOTHING_BUT_FATAL = 4  # ONNX Runtime's log level: what it raises it need not print, too
CHOICE = "SAFELIGHT_INFERENCE"  # in the environment
ONNX_RUNTIME, OPENVINO = "onnxruntime", "openvino"


class Port(Protocol):
    """An input or output of an opened graph."""

    @property
    def name(self) -> str:
        """As the graph has it."""


class Opened(Protocol):
    """A graph that is ready to run, as ONNX Runtime's InferenceSession is; several threads may run it at once."""

    def get_inputs(self) -> Sequence[Port]:
        """What it takes."""

    def run(self, wanted: Sequence[str], feed: Mapping[str, npt.NDArray[np.float32]], options: Any) -> Any:
        """The wanted outputs, in order. options: RunOptions of ONNX Runtime, or None."""


def engine() -> str:
    """The engine that the environment asks for. Raises ModelError for one that there is not."""
    asked = os.environ.get(CHOICE) or ONNX_RUNTIME
    if asked not in (ONNX_RUNTIME, OPENVINO):
        raise ModelError(f"{CHOICE} is {shown(asked)}; expected {ONNX_RUNTIME} or {OPENVINO}")
    return asked


def engine_name() -> str:
    """Name and version of what runs networks here, and the precision where that is not the only one it has."""
    if engine() == OPENVINO:
        return f"{OPENVINO} {_openvino().get_version().split('-')[0]} f32"
    return f"{ONNX_RUNTIME} {arena.onnxruntime().__version__}"


def open_graph(content: bytes, threads: int = 0) -> Opened:
    """A graph, ready to run in the engine that was asked for. Raises what the engine raises, and ModelError."""
    return _OpenVino(content, threads) if engine() == OPENVINO else open_session(content, threads)


def open_session(content: bytes, threads: int = 0) -> Any:
    """A session of ONNX Runtime on the processor. threads: as Session has them. Raises what ONNX Runtime raises.

    From bytes, not from a path: a file from elsewhere cannot pull in other files.
    """
    onnxruntime = arena.onnxruntime()
    onnxruntime.set_default_logger_severity(NOTHING_BUT_FATAL)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = NOTHING_BUT_FATAL
    # Its threads would wait busily for each other: a third of the processor time, and no sooner done where
    # anything else runs (benchmarks/hints.py).
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # A block for each whole run of a shape would cut the arena into pieces as large as runs, of which threads that meet
    # need ever more: 20 to 30 MB a thread, for no time (docs/speed.md).
    options.enable_mem_pattern = False
    arena.join(options)
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


class _Port(NamedTuple):
    name: str


class _OpenVino:
    """A graph in OpenVINO, in single precision: unasked it takes bfloat16 where the processor has it.

    A stream of one thread for each caller, as many as may run at once; how many does not change a bit.
    """

    def __init__(self, content: bytes, threads: int) -> None:
        core = _openvino().Core()
        count = usable_cores()
        self._compiled = core.compile_model(
            core.read_model(content),
            "CPU",
            {
                "INFERENCE_PRECISION_HINT": "f32",
                "INFERENCE_NUM_THREADS": count,
                "NUM_STREAMS": count if threads == 1 else 1,
            },
        )
        self._requests = threading.local()

    def get_inputs(self) -> Sequence[Port]:
        return [_Port(port.get_any_name()) for port in self._compiled.inputs]

    def run(self, wanted: Sequence[str], feed: Mapping[str, npt.NDArray[np.float32]], options: Any) -> Any:
        request = getattr(self._requests, "one", None)
        if request is None:
            request = self._requests.one = self._compiled.create_infer_request()
        results = request.infer(dict(feed))
        return [np.array(results[self._compiled.output(name)]) for name in wanted]


def _openvino() -> Any:
    """The package. Raises ModelError if it is not installed."""
    # Its mere import sends an event to its makers, and keeps a number for this user in the home folder
    # (findings/openvino-import-sends.sh); without the package that does so it has an empty one.
    cast(dict[str, Any], sys.modules).setdefault("openvino_telemetry", None)
    try:
        import openvino
    except ImportError:
        raise ModelError(
            f"{CHOICE} asks for OpenVINO, which is not installed; install it with "
            "python -m pip install 'safelight[fast]'"
        ) from None
    return openvino
