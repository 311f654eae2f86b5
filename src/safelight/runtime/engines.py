"""What runs a network: ONNX Runtime."""

import os
from typing import Any

NOTHING_BUT_FATAL = 4  # ONNX Runtime's log level: what it raises it need not print, too


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


def engine_name() -> str:
    """What runs networks here, in words: name, version and precision."""
    import onnxruntime

    return f"ONNX Runtime {onnxruntime.__version__}, float32"
