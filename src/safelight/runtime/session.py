"""One inference session: planes in, named planes out, on the processor, without torch."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from safelight.arrays import Planes
from safelight.errors import ModelError, is_of_memory
from safelight.runtime.card import Port
from safelight.runtime.card_fields import shown
from safelight.runtime.modelfile import ModelFile

MOST_THREADS = 1024
NOTHING_BUT_FATAL = 4  # ONNX Runtime's log level: what it raises it need not print, too
KNOWN = "known_"  # before the name of an output: the optional input that gives it back
DISTRIBUTION = "distribution"  # how likely each bin of color is: made only for those who ask


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
        content = model.read()
        try:
            # From bytes, not from the path: a file from elsewhere cannot pull in other files.
            self._session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
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
            results = self._session.run(wanted, feed)
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


def check_threads(threads: object) -> None:
    """Raises ModelError unless this is a number of threads."""
    whole = isinstance(threads, int) and not isinstance(threads, bool)
    if not whole or threads not in range(MOST_THREADS + 1):
        raise ModelError(
            f"threads is {shown(threads)}; expected a whole number from 0 (one a core) to {MOST_THREADS}"
        )


def _check_ports(path: Path, kind: str, found: Sequence[str], ports: Sequence[Port]) -> None:
    expected = [port.name for port in ports]
    if sorted(found) != sorted(expected):
        raise ModelError(
            f"{path}: has the {kind}s {', '.join(found)}, its card says {', '.join(expected)}; "
            "export the model again"
        )
