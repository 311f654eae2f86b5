"""The network that finds damage, in torch and as a file: shapes, first answers, the same answer in tiles."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from safelight import watched
from safelight.errors import ModelError, PhotoError
from safelight.nn.encoder_unet import EncoderUNetSettings
from safelight.nn.export import Parity, export_onnx
from safelight.nn.plain_unet import PlainSettings
from safelight.pixels.files import Photo
from safelight.runtime.card import ModelCard
from safelight.tasks.scratches import restore as runtime
from safelight.tasks.scratches.export import model_part
from safelight.tasks.scratches.network import RARE, ScratchUNet
from safelight.tasks.scratches.prepare import preprocess
from safelight.tasks.scratches.restore import load_finder

CARD = ModelCard(
    name="tiny", task="scratches", version="0", created="2026-11-22", size=64, inputs=(), outputs=(),
    parameters=1, license="MIT", preparation={"working": 128, "threshold": 0.5},
)  # fmt: skip
SMALL = PlainSettings(channels=4, steps=2, blocks=1, skips=(0, 1))


ON_ENCODER = EncoderUNetSettings(freeze=False, deepest=4, widths=(8, 8, 6, 4), blocks=1, skips=(0, 1, 2, 3))


def network(settings: PlainSettings | EncoderUNetSettings = SMALL) -> ScratchUNet:
    torch.manual_seed(0)
    made = ScratchUNet(settings)
    torch.nn.init.normal_(made.unet.out.weight, std=0.5)
    return made.eval()


def export(network: ScratchUNet, card: ModelCard, path: Path, samples: list[np.ndarray]) -> Parity:
    (parity,) = export_onnx([model_part(network)], card, path, [samples])
    return parity


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models") / "tiny.onnx"
    question = preprocess(np.random.default_rng(0).random((32, 64, 3), np.float32))
    parity = export(network(), CARD, path, [question])
    assert (parity.images, parity.largest_difference < 1e-3) == (1, True)
    return path


@pytest.mark.parametrize("settings", [SMALL, ON_ENCODER])
def test_a_new_network_takes_damage_for_rare(settings: PlainSettings | EncoderUNetSettings) -> None:
    made = ScratchUNet(settings).eval()
    torch.nn.init.zeros_(made.unet.out.weight)
    with torch.inference_mode():
        likelihood = torch.sigmoid(made(torch.rand(2, 3, 32, 64)))
    assert float(likelihood.mean()) == pytest.approx(RARE)
    assert made(torch.rand(2, 3, 32, 64)).shape == (2, 1, 32, 64)


def test_gradient_reaches_every_weight() -> None:
    made = network().train()
    made(torch.rand(2, 3, 32, 32)).square().sum().backward()
    still = [name for name, p in made.named_parameters() if p.grad is None or not p.grad.abs().any()]
    assert not still


def test_a_finder_on_an_encoder_is_exported_as_torch_answers(tmp_path: Path) -> None:
    question = preprocess(np.random.default_rng(0).random((32, 64, 3), np.float32))
    parity = export(network(ON_ENCODER), CARD, tmp_path / "a.onnx", [question])
    assert parity.largest_difference < 1e-2
    assert load_finder(tmp_path / "a.onnx")(np.zeros((50, 70, 3), np.float32)).shape == (50, 70)


def test_the_file_answers_as_torch_does_at_any_size(model: Path) -> None:
    finder, picture = load_finder(model), np.random.default_rng(1).random((70, 90, 3), np.float32)
    padded = np.pad(picture, ((0, 26), (0, 6), (0, 0)), mode="edge")
    with torch.inference_mode():
        expected = torch.sigmoid(network()(torch.from_numpy(preprocess(padded))[None]))[0, 0, :70, :90]
    np.testing.assert_allclose(finder.predict(picture), expected, atol=2e-3)
    assert [port.name for port in finder.card.outputs] == ["damage"]


def test_tiles_agree_with_the_whole_inside(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = np.random.default_rng(2).random((96, 160, 3), np.float32)
    whole = load_finder(model).predict(picture)
    monkeypatch.setattr(runtime, "TILE", 96)
    tiled = load_finder(model).predict(picture)
    assert tiled.shape == whole.shape
    assert np.abs(tiled - whole).mean() < 0.02


@pytest.mark.parametrize("depth", [np.uint8, np.uint16, np.float32])
def test_a_large_photo_is_looked_at_small_and_its_mask_is_large(model: Path, depth: type) -> None:
    picture = np.random.default_rng(3).random((200, 300, 3), np.float32)
    pixels = picture if depth is np.float32 else (picture * np.iinfo(depth).max).astype(depth)
    found = load_finder(model).find(pixels)
    assert found.mask.shape == (200, 300)
    assert found.mask.dtype == np.float32
    assert set(np.unique(found.mask)) <= {0, 1}
    assert found.method == "network"
    np.testing.assert_array_equal(load_finder(model)(Photo(pixels)), found.mask)


def test_without_a_model_the_ridge_filter_is_used_and_a_network_refused(model: Path) -> None:
    picture = np.full((60, 60, 3), 120, np.uint8)
    picture[10:50, 30:32] = 250
    without = runtime.ScratchFinder(None)
    assert without.find(picture).method == "ridge"
    assert without.find(picture).mask[30, 30] == 1
    assert load_finder(model).find(picture, method="ridge").method == "ridge"
    with pytest.raises(ModelError, match="no model for finding scratches"):
        without.find(picture, method="network")
    with pytest.raises(PhotoError, match="choose one of auto, network, ridge"):
        without.find(picture, method="magic")  # type: ignore[arg-type]


def test_what_cannot_be_used_is_refused(tmp_path: Path, model: Path) -> None:
    with pytest.raises(ModelError, match="multiples of 64 pixels"):
        export(network(replace(SMALL, steps=6)), CARD, tmp_path / "deep.onnx", [np.zeros((3, 64, 64))])
    with pytest.raises(ModelError, match="no pictures"):
        export(network(), CARD, tmp_path / "none.onnx", [])
    assert not list(tmp_path.iterdir())
    from safelight.tasks.inpaint.restore import load_filler

    with pytest.raises(ModelError, match="made for the task 'scratches'"):
        load_filler(model)


def test_a_card_may_have_photos_looked_at_enlarged(tmp_path: Path) -> None:
    """The likelihood is that of the picture enlarged (here by OpenCV), brought back to the picture's size."""
    question = preprocess(np.random.default_rng(0).random((32, 64, 3), np.float32))
    plain, larger = tmp_path / "plain.onnx", tmp_path / "larger.onnx"
    export(network(), CARD, plain, [question])
    enlarged = replace(CARD, preparation=CARD.preparation | {"enlarge": 2.0})
    export(network(), enlarged, larger, [question])
    picture = np.random.default_rng(1).random((40, 48, 3), np.float32)
    twice = cv2.resize(picture, (96, 80), interpolation=cv2.INTER_CUBIC).clip(0, 1)
    wanted = cv2.resize(load_finder(plain).predict(twice), (48, 40), interpolation=cv2.INTER_AREA)
    np.testing.assert_allclose(load_finder(larger).predict(picture), wanted, atol=1e-5)
    assert load_finder(larger)(picture).shape == (40, 48)


def test_two_scales_are_the_mean_of_both(model: Path) -> None:
    picture = np.random.default_rng(4).random((64, 96, 3), np.float32)
    finder, asked = load_finder(model), load_finder(model)
    one = finder.predict(picture)
    finder.preparation = replace(finder.preparation, enlarge=2.0)
    other = finder.predict(picture)
    asked.preparation = replace(asked.preparation, enlarge=2.0, two_scales=True)
    np.testing.assert_allclose(asked.predict(picture), (one + other) / 2, atol=1e-6)
    assert np.abs(one - other).max() > 1e-3


def test_scales_are_the_mean(tmp_path: Path, model: Path) -> None:
    """Of what the same network says of the picture shrunk by areas, as it is, and enlarged (by OpenCV here)."""
    asked, plain = tmp_path / "scales.onnx", load_finder(model)
    question = preprocess(np.random.default_rng(0).random((32, 64, 3), np.float32))
    export(
        network(), replace(CARD, preparation=CARD.preparation | {"scales": [0.5, 1, 2]}), asked, [question]
    )
    picture = np.random.default_rng(5).random((64, 96, 3), np.float32)
    half = cv2.resize(picture, (48, 32), interpolation=cv2.INTER_AREA)
    twice = cv2.resize(picture, (192, 128), interpolation=cv2.INTER_CUBIC).clip(0, 1)
    three = [
        cv2.resize(plain.predict(half), (96, 64), interpolation=cv2.INTER_LINEAR),
        plain.predict(picture),
        cv2.resize(plain.predict(twice), (96, 64), interpolation=cv2.INTER_AREA),
    ]
    wanted = sum(three) / 3
    np.testing.assert_allclose(load_finder(asked).predict(picture), wanted, atol=1e-5)
    assert min(np.abs(wanted - each).max() for each in three) > 1e-3


def test_scales_are_weighed_as_the_card_says(model: Path) -> None:
    picture = np.random.default_rng(5).random((64, 96, 3), np.float32)
    finder, asked = load_finder(model), load_finder(model)
    odds = []
    for scale in (0.5, 1.0):
        finder.preparation = replace(finder.preparation, scales=(scale,))
        likelihood = finder.predict(picture)
        odds.append(likelihood / (1 - likelihood))
    asked.preparation = replace(asked.preparation, scales=(0.5, 1.0), scale_weights=(0.25, 0.75))
    wanted = odds[0] ** 0.25 * odds[1] ** 0.75
    np.testing.assert_allclose(asked.predict(picture), wanted / (1 + wanted), atol=1e-5)


def test_a_mirrored_look_is_pooled_with_that_of_its_scale(model: Path) -> None:
    """At its own size alone: the odds are the roots of the products of both looks' odds."""
    picture = np.random.default_rng(7).random((64, 96, 3), np.float32)
    finder, asked = load_finder(model), load_finder(model)
    both = [finder.predict(picture), finder.predict(picture[:, ::-1])[:, ::-1]]
    assert np.abs(both[0] - both[1]).max() > 1e-3
    wanted = np.sqrt(np.prod([each / (1 - each) for each in both], axis=0))
    asked.preparation = replace(asked.preparation, scales=(1.0, 0.5), mirrored=(1.0,), scale_weights=(1, 0))
    np.testing.assert_allclose(asked.predict(picture), wanted / (1 + wanted), atol=1e-5)


@pytest.mark.parametrize(
    ("scales", "said"), [([0.1], "0.25 to 4"), (2.0, "a list of numbers"), (["2"], "a list")]
)
def test_scales_that_cannot_be_used_are_refused(tmp_path: Path, scales: object, said: str) -> None:
    question = preprocess(np.random.default_rng(0).random((32, 64, 3), np.float32))
    export(
        network(),
        replace(CARD, preparation=CARD.preparation | {"scales": scales}),
        tmp_path / "a.onnx",
        [question],
    )
    with pytest.raises(ModelError, match=said):
        load_finder(tmp_path / "a.onnx")


def test_progress_runs_through_all_scales_once(model: Path) -> None:
    told: list[float] = []
    finder = load_finder(model)
    finder.preparation = replace(finder.preparation, scales=(0.5, 1.0, 2.0), mirrored=(1.0,))
    with watched.watched(watched.Watch(told.append)):
        finder.predict(np.random.default_rng(6).random((300, 400, 3), np.float32))
    assert told == sorted(set(told))
    assert told[0] == 0
    assert told[-1] < 1
