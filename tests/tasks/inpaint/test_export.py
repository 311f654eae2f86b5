"""A network for holes as a file: the same answer as torch, at any size, through the light half's own path."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from safelight.errors import ModelError
from safelight.nn.export import Parity, export_onnx
from safelight.nn.plain_unet import PlainSettings
from safelight.runtime.card import ModelCard
from safelight.tasks.inpaint.export import model_part
from safelight.tasks.inpaint.network import InpaintUNet
from safelight.tasks.inpaint.prepare import SPANS, InpaintPreparation, preprocess
from safelight.tasks.inpaint.restore import load_filler

CARD = ModelCard(
    name="tiny", task="fill", version="0", created="2026-11-22", size=64, inputs=(), outputs=(),
    parameters=1, license="MIT", preparation={"span": "centered", "guess": "telea", "crossover": 0.0},
)  # fmt: skip
SMALL = PlainSettings(channels=4, steps=2, blocks=1, skips=(1,), convolution="gated")


def network(planes: int = 7, settings: PlainSettings = SMALL) -> InpaintUNet:
    torch.manual_seed(0)
    made = InpaintUNet(planes, settings)
    torch.nn.init.normal_(made.unet.out.weight, std=0.05)
    return made.eval()


def export(
    network: InpaintUNet, path: Path, samples: list[np.ndarray], span: tuple[float, float] = SPANS["centered"]
) -> Parity:
    (parity,) = export_onnx([model_part(network, span)], CARD, path, [samples])
    return parity


def question(preparation: InpaintPreparation, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    mask = np.zeros((32, 64), np.float32)
    mask[8:20, 10:40] = 1
    return preprocess(rng.random((32, 64, 3), np.float32), mask, preparation)


def test_the_file_answers_as_torch_does_and_fills_photos(tmp_path: Path) -> None:
    made, path = network(), tmp_path / "tiny.onnx"
    parity = export(made, path, [question(InpaintPreparation(guess="telea"))])
    assert (parity.images, parity.unit) == (1, "of 255 levels")
    assert parity.largest_difference < 1
    picture = np.random.default_rng(1).random((70, 90, 3), np.float32)
    mask = np.zeros((70, 90), np.float32)
    mask[20:50, 30:60] = 1
    filled = load_filler(path)(picture, mask, method="model")
    assert np.array_equal(filled[mask == 0], picture[mask == 0])
    assert np.ptp(filled[mask == 1]) > 0
    assert [port.name for port in load_filler(path).card.outputs] == ["rgb"]


def test_four_planes_and_partial_convolution_are_exported_too(tmp_path: Path) -> None:
    settings = replace(SMALL, convolution="partial")
    parity = export(network(4, settings), tmp_path / "four.onnx", [question(InpaintPreparation())])
    assert parity.largest_difference < 1


def test_what_photos_cannot_be_given_to_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    deep = network(7, replace(SMALL, steps=6))
    with pytest.raises(ModelError, match=r"multiples of 64 pixels.*fewer --model\.steps"):
        export(deep, tmp_path / "deep.onnx", [question(InpaintPreparation(guess="telea"))], (-1.0, 1.0))
    with pytest.raises(ModelError, match="no pictures"):
        export(network(), tmp_path / "none.onnx", [], (-1.0, 1.0))
    assert not list(tmp_path.iterdir())
