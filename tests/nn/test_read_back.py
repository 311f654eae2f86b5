"""Weights back from an exported file: the same answers as the file gives, in use and as training begins."""

import pytest
import torch

from safelight.errors import ModelError
from safelight.nn.read_back import read_back, unfolding
from safelight.tasks.colorize.network import ColorUNet, UNetSettings
from safelight.tasks.colorize.onnx_graph import assemble

TINY = UNetSettings(
    encoder="mobilenetv3_small_050", pretrained=False, freeze=False, widths=(16, 12, 8, 8), attention=2
)


EXAMPLE = torch.zeros(1, 7, 64, 96)


@pytest.fixture(scope="module")
def trained() -> ColorUNet:
    """Norms with a mean, a spread, a scale and a shift of their own, as after training."""
    torch.manual_seed(3)
    network = ColorUNet(TINY)
    with torch.no_grad():
        for name, tensor in network.state_dict().items():
            if name.endswith(("running_var", "bn1.weight", "norm.weight")):
                tensor.uniform_(0.5, 2.0)
            elif name.endswith(("running_mean", "bias", "nobody", "sharpness")):
                tensor.normal_(std=0.3)
    return network.eval()


def test_a_network_answers_as_its_file_and_so_do_its_norms_once_they_have_seen_pictures(
    trained: ColorUNet,
) -> None:
    torch.manual_seed(9)
    network = ColorUNet(TINY).eval()
    back = read_back(assemble(trained).SerializeToString(), network, assemble, EXAMPLE)
    assert (back.missing, len(back.folded) > 10) == ([], True)
    planes = torch.rand(4, 7, 64, 64) - 0.3
    with torch.no_grad():
        expected = trained(planes).ab
        assert torch.allclose(network(planes).ab, expected, atol=1e-4)
        with unfolding(network, back.folded):
            network(planes)
        assert torch.allclose(network(planes).ab, expected, atol=1e-4)
        norm = network.get_submodule(back.folded[0].norm)
        seen = torch.nn.functional.conv2d(
            planes[:, :1] * 2, network.encoder.body.conv_stem.weight, None, 2, 1
        )
        assert back.folded[0].conv == "encoder.body.conv_stem"
        assert torch.allclose(norm.running_mean, seen.mean((0, 2, 3)), atol=1e-4)  # type: ignore[arg-type]
        assert torch.allclose(norm.running_var, seen.var((0, 2, 3), unbiased=False), rtol=1e-3)  # type: ignore[arg-type]


def test_another_network_is_refused(trained: ColorUNet) -> None:
    other = ColorUNet(UNetSettings(**{**vars(TINY), "widths": (16, 12, 8, 16)}))
    with pytest.raises(ModelError, match="another network"):
        read_back(assemble(trained).SerializeToString(), other, assemble, EXAMPLE)
