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


def giving_back(options: Any = None) -> Any:
    """Options of a run, new or these, after which the memory that it took is given back.

    Else the session keeps what its largest run took: 1.5 GB of a picture of 4 megapixels. A session that keeps none
    takes it anew at every run, for up to a quarter of the time (docs/speed.md).
    """
    import onnxruntime

    options = options or onnxruntime.RunOptions()
    options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
    return options


def engine_name() -> str:
    """What runs networks here, in words: name, version and precision."""
    import onnxruntime

    return f"ONNX Runtime {onnxruntime.__version__}, float32"
