"""A real ONNX model of a few numbers: what it answers can be computed by hand."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from safelight.runtime.card import ModelCard, Port, TrainingSet
from safelight.runtime.modelfile import write_card

AUTOMATIC = (0.10, 0.30)  # ab/110 that it answers where no hint reaches
CHROMA = 0.40  # chroma/110 that it expects everywhere

CARD = ModelCard(
    name="tiny",
    task="colorize",
    version="1",
    created="2026-11-22",
    size=64,
    inputs=(Port("planes", (1, 7, "h", "w"), (-1, 1), "the question, see safelight.tasks.colorize.prepare"),),
    outputs=(
        Port("ab", (1, 2, "h", "w"), (-1, 1), "ab/110"),
        Port("chroma", (1, 1, "h", "w"), (0, 1), "expected chroma/110"),
    ),
    parameters=24,
    license="MIT",
    data=(TrainingSet("nothing", "CC0", 0),),
    recipe_name="tiny",
    recipe={"steps": 0},
    command="safelight train tiny",
    scores={"psnr": 20.5},
)


def make_model(folder: Path, name: str = "tiny", card: ModelCard = CARD) -> Path:
    """Write NAME.onnx and its card: ab = propagated ab + AUTOMATIC x (1 - confidence); chroma = CHROMA."""
    weight = np.zeros((3, 7, 1, 1), np.float32)
    weight[0, 4] = weight[1, 5] = 1
    weight[:2, 6, 0, 0] = [-each for each in AUTOMATIC]
    bias = np.array([*AUTOMATIC, CHROMA], np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["planes", "weight", "bias"], ["both"]),
            helper.make_node("Split", ["both", "parts"], ["ab", "chroma"], axis=1),
        ],
        name,
        [helper.make_tensor_value_info("planes", TensorProto.FLOAT, [1, 7, "h", "w"])],
        [
            helper.make_tensor_value_info("ab", TensorProto.FLOAT, [1, 2, "h", "w"]),
            helper.make_tensor_value_info("chroma", TensorProto.FLOAT, [1, 1, "h", "w"]),
        ],
        [
            numpy_helper.from_array(weight, "weight"),
            numpy_helper.from_array(bias, "bias"),
            numpy_helper.from_array(np.array([2, 1], np.int64), "parts"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.onnx"
    onnx.save(model, path)
    write_card(replace(card, name=name), path)
    return path
