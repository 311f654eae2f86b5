"""The memory that ONNX Runtime keeps from one run to the next: an arena for all networks of this process.

Each session else has one of its own, of pieces that begin small and double. What threads need when they meet fits into
none of these as a whole, another is added, and so it goes on for thousands of photos (docs/speed.md). The first piece
of this one is large; of it, too, only what is used is taken from the system.
"""

import os
import platform
import threading
from typing import Any

import numpy as np

from safelight.runtime.onnx_parts import message, varint

FIRST_PIECE = 128 << 20  # bytes
TRIED = {"x86_64", "amd64"}  # machines where what is registered is an arena: nothing else can be shrunk
SHRINK = "memory.enable_memory_arena_shrinkage"


def onnxruntime() -> Any:
    """ONNX Runtime, which else keeps a number for this device and events to report: it asks when it is imported."""
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime

    onnxruntime.disable_telemetry_events()
    return onnxruntime


class _Shared:
    """Whether there is the one arena, found out when a session would join it; and what shrinks it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._was_tried = False
        self._nothing: _Nothing | None = None
        self.is_there = False

    def make(self) -> bool:
        """Whether it is there now. One that somebody else has registered is left to them: there is none then."""
        with self._lock:
            if not self._was_tried:
                self.is_there = platform.machine().lower() in TRIED and _register()
                self._was_tried = True
            return self.is_there

    def shrink(self) -> None:
        """Give back each piece of which nothing is in use.

        ONNX Runtime does so at the end of a run, when the run's own answers are still there and keep the piece that
        they lie in (findings/onnxruntime-answer-keeps-arena.sh). So this is a run that takes nothing from the arena.
        """
        with self._lock:
            if self._nothing is None:
                self._nothing = _Nothing()
            self._nothing.run()


_shared = _Shared()


def join(options: Any) -> None:
    """Let a session with these options take its memory from the one arena, where there is one."""
    if _shared.make():
        _use(options)


def shrinking(options: Any = None) -> Any:
    """Options of a run, new or these, after which a session that has an arena of its own gives back what it can."""
    options = options or onnxruntime().RunOptions()
    if not _shared.is_there:
        options.add_run_config_entry(SHRINK, "cpu:0")
    return options


def give_back() -> None:
    """Give back what runs have left in the one arena, where there is one. To be called when no answer lies in it."""
    if _shared.is_there:
        _shared.shrink()


def _register() -> bool:
    runtime = onnxruntime()
    kind = runtime.OrtAllocatorType.ORT_ARENA_ALLOCATOR
    place = runtime.OrtMemoryInfo("Cpu", kind, 0, runtime.OrtMemType.DEFAULT)
    config = runtime.OrtArenaCfg({"max_mem": 0, "initial_chunk_size_bytes": FIRST_PIECE})
    try:
        runtime.create_and_register_allocator(place, config)
    except Exception:  # what it raises has no common class
        return False
    return True


def _use(options: Any) -> None:
    options.add_session_config_entry("session.use_env_allocators", "1")


class _Nothing:
    """A network of one number that it answers with, bound to arrays of ours."""

    def __init__(self) -> None:
        runtime = onnxruntime()
        options = runtime.SessionOptions()
        options.intra_op_num_threads = 1
        _use(options)
        self._session = runtime.InferenceSession(_identity(), options, providers=["CPUExecutionProvider"])
        self._arrays = np.zeros((2, 1), np.float32)  # the binding knows where they are, but keeps them not
        self._bound = self._session.io_binding()
        for bind, name, array in zip(
            (self._bound.bind_input, self._bound.bind_output), "xy", self._arrays, strict=True
        ):
            bind(name, "cpu", 0, np.float32, array.shape, array.ctypes.data)
        self._options = runtime.RunOptions()
        self._options.add_run_config_entry(SHRINK, "cpu:0")

    def run(self) -> None:
        """Run it; then the arena shrinks."""
        self._session.run_with_iobinding(self._bound, self._options)


def _identity() -> bytes:
    """An ONNX model: y = x, one number (field numbers of onnx.proto)."""
    one = message(1, _number(1, 1))  # dimensions: one, of one
    kind = message(2, message(1, _number(1, 1) + message(2, one)))  # a tensor of floats
    node = message(1, b"x") + message(2, b"y") + message(4, b"Identity")
    ports = message(11, message(1, b"x") + kind) + message(12, message(1, b"y") + kind)
    return (
        _number(1, 8)
        + message(8, _number(2, 17))
        + message(7, message(1, node) + message(2, b"same") + ports)
    )


def _number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)
