"""Color from the plain U-Net: the contract of the hinted one, and what it can be exported as."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from safelight.errors import ModelError
from safelight.nn.bottleneck import BottleneckSettings
from safelight.runtime.modelfile import find_model
from safelight.runtime.session import Session
from safelight.tasks.colorize.export import TOLERANCE, model_part
from safelight.tasks.colorize.network import AB_DEVIATION, ColorUNet, PlainColorizer, color_network
from safelight.tasks.colorize.onnx_graph import assemble
from tests.nn.plain_kinds import plain_settings
from tests.nn.small import SMALL, export_colorizer, random_planes
from tests.runtime.tiny import CARD as TINY

CARD = replace(TINY, name="plain")


def colorizer(**changes: object) -> PlainColorizer:
    return PlainColorizer(plain_settings(**changes), torch.Generator().manual_seed(0))


@pytest.mark.parametrize("output", ["none", "tanh"])
def test_colors_of_the_planes_size(output: str) -> None:
    network, planes = colorizer(output=output).eval(), random_planes(2, (32, 64))
    with torch.inference_mode():
        colors = network(planes)
        raw = network.unet.raw(planes)
    assert colors.ab.shape == (2, 2, 32, 64)
    assert colors.chroma.shape == (2, 1, 32, 64)
    assert (colors.chroma > 0).all()
    assert colors.logits is None
    wanted = AB_DEVIATION * raw[:, :2]
    torch.testing.assert_close(colors.ab, wanted if output == "none" else wanted.tanh())
    assert network.multiple == 4


def test_it_begins_with_colors_like_those_of_photographs() -> None:
    with torch.inference_mode():
        colors = colorizer(norm="batch").train()(random_planes(2, (32, 64)))
    assert 0.02 < colors.ab.std() < 0.5
    assert 0.05 < colors.chroma.mean() < 0.3


@pytest.mark.parametrize("plane", range(7))
def test_every_plane_matters_and_every_weight_learns(plane: int) -> None:
    network, planes = colorizer(), random_planes(2, (32, 64))
    changed = planes.clone()
    changed[:, plane] = changed[:, plane].flip(1)
    colors = network(planes)
    assert (colors.ab - network(changed).ab).abs().max() > 1e-4
    weights = torch.randn(colors.ab.shape, generator=torch.Generator().manual_seed(0))
    ((colors.ab * weights).sum() + (colors.chroma * weights[:, :1]).sum()).backward()
    assert all(p.grad is not None and p.grad.any() for p in network.parameters())


def test_the_settings_kind_decides_the_network() -> None:
    assert isinstance(color_network(plain_settings()), PlainColorizer)
    assert isinstance(color_network(SMALL), ColorUNet)


def test_a_network_of_one_size_is_not_exported() -> None:
    network = colorizer(bottleneck=BottleneckSettings(fully_connected=4), size=(32, 32))
    with pytest.raises(ModelError, match="photos have all sizes") as excinfo:
        model_part(network)
    assert "\n" not in str(excinfo.value)


def test_exported_and_opened_it_answers_as_torch(tmp_path: Path) -> None:
    """The whole way to a file that the light half opens, its card and its check included."""
    network = colorizer(skips=(0, 1)).eval()
    questions = [random_planes(1, (32, 64))[0].numpy()]
    parity = export_colorizer(network, CARD, tmp_path / "plain.onnx", questions)
    assert 0 < parity.largest_difference < 0.55
    model = find_model(tmp_path / "plain.onnx")
    assert [port.name for port in model.card.outputs] == ["ab", "chroma"]
    reply = Session(model)(planes=questions[0])
    with torch.inference_mode():
        colors = network(torch.from_numpy(questions[0])[None])
    np.testing.assert_allclose(reply["ab"], colors.ab[0].numpy(), atol=TOLERANCE)


def test_the_traced_network_answers_as_torch() -> None:
    import onnxruntime

    network = colorizer(convolution="gated").eval()
    model = assemble(network)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    planes = random_planes(1, (64, 96))
    with torch.inference_mode():
        colors = network(planes)
    ab, chroma = session.run(None, {"planes": planes.numpy()})
    np.testing.assert_allclose(ab, colors.ab.numpy(), atol=1e-4)
    np.testing.assert_allclose(chroma, colors.chroma.numpy(), atol=1e-4)
