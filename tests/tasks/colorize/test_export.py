"""Export: a real session answers as torch does, at every size, from a file of half the size."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from safelight.errors import ModelError
from safelight.nn.export import LARGE, compare, halve, to_bytes
from safelight.nn.layers import count_parameters
from safelight.runtime.modelfile import find_model
from safelight.runtime.onnx_cheaper import with_quick_means
from safelight.runtime.onnx_parts import Graph
from safelight.runtime.session import Session
from safelight.tasks.colorize.export import TOLERANCE, model_part
from safelight.tasks.colorize.network import ColorUNet
from tests.nn.small import export_colorizer, make_network, random_planes
from tests.runtime.tiny import CARD as TINY

CARD = replace(TINY, name="small")
SIZES = [(64, 64), (96, 160), (160, 96), (32, 32), (32, 224)]
QUESTIONS = [random_planes(1, size)[0].numpy() for size in SIZES]


def trained() -> ColorUNet:
    """A network that says something of its own: colors of some tens of units, batch statistics of data."""
    network = make_network().train()
    torch.nn.init.normal_(network.out.weight, std=0.05)
    torch.nn.init.normal_(network.guess.weight, std=0.1)
    with torch.no_grad():
        for _ in range(4):
            network(random_planes(2))
    return network.eval()


@pytest.fixture(scope="module")
def network() -> ColorUNet:
    return trained()


@pytest.fixture(scope="module")
def exported(network: ColorUNet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("export") / "small.onnx"
    parity = export_colorizer(network, CARD, path, QUESTIONS[:2])
    assert (parity.images, parity.unit) == (2, "units of ab")
    assert 0 < parity.largest_difference <= TOLERANCE * 110
    return path


@pytest.fixture(scope="module")
def session(exported: Path) -> Session:
    return Session(find_model(exported))


def test_the_mean_of_the_bins_has_the_form_that_is_made_quick(tmp_path: Path) -> None:
    path = tmp_path / "bins.onnx"
    export_colorizer(make_network(head="bins").eval(), CARD, path, QUESTIONS[:1])
    graph = Graph.of(path.read_bytes())
    assert [node.kind for node in graph.nodes].count("Einsum") == 1
    assert "Einsum" not in [node.kind for node in with_quick_means(graph).nodes]


@pytest.mark.parametrize("planes", QUESTIONS, ids=[f"{h}x{w}" for h, w in SIZES])
def test_the_session_answers_as_torch(network: ColorUNet, session: Session, planes: np.ndarray) -> None:
    with torch.inference_mode():
        colors = network(torch.from_numpy(planes)[None])
    reply = session(planes=planes)
    assert reply["ab"].std() > 0.02, "the network says something"
    np.testing.assert_allclose(reply["ab"], colors.ab[0].numpy(), atol=TOLERANCE)
    np.testing.assert_allclose(reply["chroma"], colors.chroma[0].numpy(), atol=TOLERANCE)


def test_without_hints_too(network: ColorUNet, session: Session) -> None:
    planes = random_planes(1, (64, 128), hinted=False)
    with torch.inference_mode():
        wanted = network(planes).ab[0].numpy()
    np.testing.assert_allclose(session(planes=planes[0].numpy())["ab"], wanted, atol=TOLERANCE)


def test_only_the_model_and_its_card_are_written(exported: Path) -> None:
    assert sorted(file.name for file in exported.parent.iterdir()) == [
        "small.card.json",
        "small.card.md",
        "small.onnx",
    ]
    assert find_model(exported).card.name == "small"


def test_large_weights_are_stored_in_half(exported: Path, network: ColorUNet) -> None:
    weights = onnx.load(exported).graph.initializer
    large = [weight for weight in weights if int(np.prod(weight.dims)) >= LARGE]
    assert large
    assert {weight.data_type for weight in large} == {TensorProto.FLOAT16}
    half = sum(2 * int(np.prod(weight.dims)) for weight in large)
    assert half > 0.8 * 2 * count_parameters(network)
    assert exported.stat().st_size < 0.75 * 4 * count_parameters(
        network
    )  # small tensors and the graph included


def product_of(weight: np.ndarray) -> onnx.ModelProto:
    """A model that multiplies x by this weight."""
    rows, columns = weight.shape
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "weight"], ["y"])],
        "product",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, rows])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, columns])],
        [numpy_helper.from_array(weight, "weight")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)


def run(model: onnx.ModelProto, x: np.ndarray) -> np.ndarray:
    import onnxruntime

    return onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"]).run(
        None, {"x": x}
    )[0]


def test_halving_halves_and_keeps_the_answer() -> None:
    rng = np.random.default_rng(0)
    weight, x = rng.normal(size=(200, 100)).astype(np.float32), rng.normal(size=(1, 200)).astype(np.float32)
    whole = product_of(weight).ByteSize()
    halved = halve(product_of(weight))
    assert halved.ByteSize() == pytest.approx(whole / 2, rel=0.02)
    np.testing.assert_allclose(
        run(halved, x), x @ weight.astype(np.float16).astype(np.float32), rtol=1e-4, atol=1e-4
    )


def test_small_weights_stay_as_they_are() -> None:
    weight = np.full((10, 10), 1 / 3, np.float32)
    assert halve(product_of(weight)).graph.initializer[0].data_type == TensorProto.FLOAT


def test_what_does_not_fit_into_half_stays_whole() -> None:
    weight = np.full((50, 50), 1e6, np.float32)
    np.testing.assert_allclose(run(halve(product_of(weight)), np.ones((1, 50), np.float32)), 5e7)


def test_export_leaves_the_network_as_it_was(network: ColorUNet) -> None:
    before = {name: value.clone() for name, value in network.state_dict().items()}
    onnx.checker.check_model(onnx.load_from_string(to_bytes(model_part(network))))
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())


def too_loud() -> ColorUNet:
    """Colors of hundreds of units: half precision is then off by more than is allowed."""
    network = trained()
    torch.nn.init.normal_(network.out.weight, std=30.0)
    return network


def not_a_number() -> ColorUNet:
    network = trained()
    torch.nn.init.constant_(network.out.bias, float("nan"))
    return network


@pytest.mark.parametrize("make", [too_loud, not_a_number])
def test_a_model_that_differs_is_refused_and_leaves_nothing(tmp_path: Path, make: type[ColorUNet]) -> None:
    with pytest.raises(
        ModelError, match=r"differs from torch by .* units of ab; expected at most"
    ) as excinfo:
        export_colorizer(make(), CARD, tmp_path / "bad.onnx", QUESTIONS[:1])
    assert "\n" not in str(excinfo.value)
    assert not list(tmp_path.iterdir())


def test_without_pictures_nothing_is_checked_and_nothing_written(tmp_path: Path, network: ColorUNet) -> None:
    with pytest.raises(ModelError, match="no pictures to check"):
        export_colorizer(network, CARD, tmp_path / "unchecked.onnx", [])
    assert not list(tmp_path.iterdir())


def test_a_refusal_keeps_the_model_that_was_there(tmp_path: Path, exported: Path) -> None:
    path = tmp_path / "small.onnx"
    files = {
        path.with_suffix(suffix): exported.with_suffix(suffix).read_bytes()
        for suffix in (".onnx", ".card.json")
    }
    for file, content in files.items():
        file.write_bytes(content)
    with pytest.raises(ModelError):
        export_colorizer(not_a_number(), CARD, path, QUESTIONS[:1])
    assert {file: file.read_bytes() for file in tmp_path.iterdir()} == files


def test_parity_is_in_units_of_ab(network: ColorUNet, session: Session) -> None:
    """Against a network whose every answer is 0.01 higher: 1.1 units."""
    raised = trained()
    with torch.no_grad():
        assert raised.out.bias is not None
        raised.out.bias[:2] += 0.01
    parity = compare(model_part(raised), session, QUESTIONS[:1])
    assert parity.largest_difference == pytest.approx(1.1, abs=TOLERANCE * 110)


def test_a_missing_folder_is_made_and_a_file_in_its_place_is_refused(
    tmp_path: Path, network: ColorUNet
) -> None:
    path = tmp_path / "new" / "folder" / "small.onnx"
    export_colorizer(network, CARD, path, QUESTIONS[:1])
    assert path.is_file()
    with pytest.raises(ModelError, match="cannot be made"):
        export_colorizer(network, CARD, path / "small.onnx", QUESTIONS[:1])
