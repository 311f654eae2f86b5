"""An exported autoencoder in use: it answers as torch does, and says what is missing or does not fit."""

import hashlib
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from safelight.errors import ModelError, PhotoError, SafelightError
from safelight.nn.export import export_onnx
from safelight.pixels.files import Photo, write_photo
from safelight.runtime.card import ModelCard
from safelight.runtime.modelfile import WEIGHTS
from safelight.tasks.autoencode.export import model_parts, part_samples
from safelight.tasks.autoencode.mixture import Mixture
from safelight.tasks.autoencode.network import VAE
from safelight.tasks.autoencode.network_settings import VAESettings
from safelight.tasks.autoencode.prepare import AutoencodePreparation, frame
from safelight.tasks.autoencode.restore import Autoencoder, between, is_autoencoder, load_vae
from safelight.tasks.colorize.restore import Colorizer
from safelight.tasks.registry import load
from tests.runtime.tiny import make_model

PREPARATION = AutoencodePreparation("pad", 1.5)
LATENT = 5
MIXTURE = Mixture(np.ones(1), np.full((1, LATENT), 2.0), 0.1 * np.eye(LATENT)[None])


def network() -> VAE:
    torch.manual_seed(0)
    made = VAE(32, VAESettings(filters=(4, 8), latent=LATENT, output="sigmoid", norm="group"))
    with torch.no_grad():
        made.to_code.log_var.bias -= 1.0
        made.to_picture.paint.weight *= 10
    return made


def card(codes_sha256: str = "") -> ModelCard:
    return ModelCard(
        name="small", task="code", version="1", created="2026-11-22", size=32, inputs=(), outputs=(),
        parameters=99, license="MIT", preparation={**asdict(PREPARATION), "codes_sha256": codes_sha256},
    )  # fmt: skip


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """SMALL.onnx of a network with random weights, and a mixture."""
    base = tmp_path_factory.mktemp("models") / "small.onnx"
    content = MIXTURE.to_bytes()
    pictures = np.random.default_rng(0).random((2, 3, 32, 32), np.float32)
    parts, samples = model_parts(network()), part_samples(network(), [*pictures])
    parities = export_onnx(parts, card(hashlib.sha256(content).hexdigest()), base, samples)
    assert [parity.images for parity in parities] == [2, 2]
    base.with_name("small.codes.npz").write_bytes(content)
    return base


@pytest.fixture(scope="module")
def vae(base: Path) -> Autoencoder:
    return load_vae(base)


def photo(h: int = 60, w: int = 40) -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (h, w, 3), dtype=np.uint8)


def test_it_answers_as_torch_does(vae: Autoencoder) -> None:
    planes = frame(photo(), 32, PREPARATION).planes
    with torch.inference_mode():
        mean, log_var = network().eval().encode(torch.from_numpy(planes)[None])
        picture = network().eval().decode(mean).mean[0].numpy()
    posterior = vae.posterior(photo())
    assert np.allclose(posterior.mean, mean[0].numpy(), atol=0.02)
    assert np.allclose(posterior.sd, torch.exp(0.5 * log_var[0]).numpy(), atol=0.02)
    box = PREPARATION.typical_box(32)
    decoded = vae.decode(mean.numpy())
    assert decoded.shape == (1, 32, 21, 3)
    assert np.allclose(decoded[0], np.moveaxis(picture, 0, 2)[box.slices], atol=0.01)


def test_shapes_and_sizes(vae: Autoencoder) -> None:
    assert (vae.size, vae.latent, vae.card.name) == (32, LATENT, "small")
    assert vae.encode([photo(), photo(30, 90)]).shape == (2, LATENT)
    assert vae.encode([]).shape == (0, LATENT)
    assert vae.decode(np.zeros((0, LATENT), np.float32)).shape == (0, 32, 21, 3)
    assert vae.reconstruct(photo(30, 90)).shape == (11, 32, 3)
    assert vae.reconstruct(photo(30, 90), full_size=True).shape == (30, 90, 3)


def test_a_path_an_array_and_a_photo_have_one_code(vae: Autoencoder, tmp_path: Path) -> None:
    write_photo(tmp_path / "one.png", photo())
    codes = vae.encode([tmp_path / "one.png", str(tmp_path / "one.png"), photo(), photo() / np.float32(255)])
    assert np.abs(codes[:3] - codes[0]).max() < 1e-6
    for alone in (str(tmp_path / "one.png"), photo()):
        assert np.abs(vae.encode(alone) - codes[:1]).max() < 1e-6
    assert np.abs(codes[3] - codes[0]).max() < 0.05  # floats are not rounded to levels when they are resized


def test_samples_come_from_the_mixture_or_the_prior(vae: Autoencoder) -> None:
    mixture, prior = (vae.sample(500, np.random.default_rng(0), source) for source in ("mixture", "prior"))
    assert mixture.dtype == prior.dtype == np.float32
    assert abs(mixture.mean() - 2) < 0.02
    assert abs(prior.mean()) < 0.1
    assert abs(prior.std() - 1) < 0.1


@given(
    st.lists(st.floats(-5, 5, width=32), min_size=3, max_size=3),
    st.lists(st.floats(-5, 5, width=32), min_size=3, max_size=3),
    st.integers(2, 9),
)
def test_the_way_between_two_codes(one: list[float], other: list[float], steps: int) -> None:
    a, b = np.array(one, np.float32), np.array(other, np.float32)
    way = between(a, b, steps)
    assert way.shape == (steps, 3)
    assert np.allclose(way[[0, -1]], [a, b], atol=1e-3)
    assert (np.linalg.norm(way, axis=1) <= max(np.linalg.norm(a), np.linalg.norm(b)) + 1e-3).all()


def test_the_middle_is_as_long_as_its_ends() -> None:
    middle = between(np.array([3.0, 0], np.float32), np.array([0, 3.0], np.float32), 3)[1]
    assert np.allclose(middle, 3 / np.sqrt(2))


def test_what_is_missing_or_damaged_is_said(base: Path, vae: Autoencoder, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="safelight train figures"):
        load_vae("nobody")
    with pytest.raises(ModelError, match=r"nowhere\.decoder\.onnx is missing"):
        load_vae(tmp_path / "nowhere.onnx")
    with pytest.raises(SafelightError, match=r"expects finite numbers of shape \(n, 5\)"):
        vae.decode(np.zeros((2, 4), np.float32))
    with pytest.raises(PhotoError, match="divide it by 255"):
        vae.encode([np.full((9, 9, 3), 200.0)])
    for path in base.parent.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "small.codes.npz").write_bytes(b"another")
    with pytest.raises(ModelError, match="not the one"):
        load_vae(tmp_path / "small.decoder.onnx").sample(1, np.random.default_rng(0))
    (tmp_path / "small.codes.npz").unlink()
    with pytest.raises(ModelError, match="sample from the prior"):
        load_vae(tmp_path / "small.encoder.onnx").sample(1, np.random.default_rng(0))


def test_a_network_that_is_not_finite_is_not_written(tmp_path: Path) -> None:
    broken = network()
    with torch.no_grad():
        broken.to_picture.grey.fill_(float("nan"))
    parts, samples = model_parts(broken), part_samples(broken, [np.zeros((3, 32, 32), np.float32)])
    with pytest.raises(ModelError, match="not written"):
        export_onnx(parts, card(), tmp_path / "broken.onnx", samples)
    assert not list(tmp_path.iterdir())


def test_the_bundled_autoencoder_samples_without_being_named() -> None:
    bundled = load_vae()
    pictures = bundled.decode(bundled.sample(3, np.random.default_rng(1)))
    assert pictures.shape == (3, 64, 42, 3)
    assert np.std(pictures, axis=0).mean() > 0.05  # three different ones
    assert {each.name for each in bundled.card.data} == {"ccp_people"}
    assert "safelight train figures" in bundled.card.command
    files = [*WEIGHTS.glob("figures.*.onnx"), *WEIGHTS.glob("figures.*.npz")]
    assert len(files) == 3
    assert sum(path.stat().st_size for path in files) <= 16e6


def test_the_bundled_autoencoder_knows_a_figure_from_noise() -> None:
    bundled = load_vae()
    figure = bundled.decode(bundled.sample(1, np.random.default_rng(2)))[0]
    noise = np.random.default_rng(0).random(figure.shape, np.float32)
    errors = [np.square(bundled.reconstruct(given) - given).mean() for given in (figure, noise)]
    assert errors[0] < 0.01 < errors[1]


def test_load_gives_an_autoencoder_too(base: Path, tmp_path: Path) -> None:
    for model in (base, base.with_name("small.encoder.onnx"), base.with_name("small.decoder.onnx")):
        assert isinstance(load(model), Autoencoder)
    assert load("figures").latent == 256  # the bundled one
    own = make_model(tmp_path, "small")
    for name in ("small.encoder.onnx", "small.decoder.onnx"):
        (tmp_path / name).touch()
    assert not is_autoencoder(own)  # a file of that very name goes before a pair
    assert isinstance(load(own), Colorizer)
    with pytest.raises(ModelError, match=r"there is no autoencoder .*none.decoder.onnx is missing"):
        load(tmp_path / "none.decoder.onnx")


def test_a_photo_wider_than_what_was_learned_gets_a_word_of_warning(vae: Autoencoder) -> None:
    narrow, square = np.zeros((60, 40, 3), np.uint8), np.zeros((60, 60, 3), np.uint8)
    assert vae.remarks(Photo(narrow)) == vae.remarks(Photo(narrow[:, :30])) == ()
    (told,) = vae.remarks(Photo(square))
    assert told.startswith(
        "it is wider than the photos that small learned from: what comes back at its sides"
    )
