#!/bin/sh
# onnxruntime 1.32.0 (CPU, default arena), Python 3.11, Linux.
# The arrays that InferenceSession.run returns are views into its memory arena (their base is a capsule), not copies.
# "memory.enable_memory_arena_shrinkage" frees the arena's regions in which nothing is in use, at the end of a run, when
# the answers of that run are still in use. So a large run that is told to shrink keeps the region that its answer
# lies in, and so does every later run that is told to, as long as the array (or a view of a few numbers of it) is
# kept, by a cache for instance. If the answer is copied and dropped, the next run that shrinks gives the memory back.
# Seen, with 8 x 2048 x 2048 numbers (128 MiB) through Relu, Conv, Relu: "after the large run +132 MB, held +132 MB,
# dropped +0 MB", above the first small run; "held" is a view of four numbers of the answer.
# Exits 0 while this is so, 1 when it has changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6
"$folder/env/bin/python" - <<'PYTHON'
import os
import sys

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

shape = [1, 8, "h", "w"]
graph = helper.make_graph(
    [
        helper.make_node("Relu", ["x"], ["a"]),
        helper.make_node("Conv", ["a", "weight"], ["b"]),
        helper.make_node("Relu", ["b"], ["y"]),
    ],
    "three",
    [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
    [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)],
    [numpy_helper.from_array(np.full((8, 8, 1, 1), 0.1, np.float32), "weight")],
)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def run(side: int) -> np.ndarray:
    shrink = onnxruntime.RunOptions()
    shrink.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
    return session.run(None, {"x": np.ones((1, 8, side, side), np.float32)}, shrink)[0]


def resident() -> float:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


run(64)
start = resident()
answer = run(2048)
kind = type(answer.base).__name__
large = resident() - start
few = answer[0, 0, 0, :4]
del answer
run(64)
held = resident() - start
del few
run(64)
dropped = resident() - start
print(f"base {kind}; after the large run +{large:.0f} MB, held {held:+.0f} MB, dropped {dropped:+.0f} MB")
sys.exit(0 if kind == "PyCapsule" and held > 100 and dropped < held / 3 else 1)
PYTHON
