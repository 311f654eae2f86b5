"""Restorers in other processes and copies of them; and what `load` refuses."""

import copy
import multiprocessing
import pickle
from pathlib import Path

import numpy as np
import pytest

from safelight.errors import ModelError
from safelight.runtime.modelfile import MOST_THREADS
from safelight.tasks.colorize.restore import Colorizer
from safelight.tasks.registry import load
from tests.runtime.tiny import make_model

PHOTO = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
MASK = np.zeros((40, 60), np.float32)
MASK[10:14, 20:30] = 1


def test_a_pool_of_processes_colors_with_the_one_that_was_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_model(tmp_path)
    monkeypatch.chdir(tmp_path)
    colorizer = load("tiny.onnx", threads=1)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        (found,) = pool.map(colorizer, [PHOTO])
    np.testing.assert_array_equal(found, colorizer(PHOTO))


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda each: pickle.loads(pickle.dumps(each))])
def test_a_copy_answers_as_the_first(tmp_path: Path, again: object, monkeypatch: pytest.MonkeyPatch) -> None:
    make_model(tmp_path / "models")
    monkeypatch.chdir(tmp_path / "models")
    colorizer = load("tiny.onnx")
    colorizer(PHOTO)
    kept = pickle.dumps(colorizer)
    assert len(kept) < 5000  # the path and the card, not the network
    monkeypatch.chdir(tmp_path)
    assert callable(again)
    np.testing.assert_array_equal(again(colorizer)(PHOTO), colorizer(PHOTO))


def test_the_other_restorers_too() -> None:
    fill, find, vae = (pickle.loads(pickle.dumps(load(name))) for name in ("fill", "scratches", "figures"))
    np.testing.assert_array_equal(fill(PHOTO, MASK), load("fill")(PHOTO, MASK))
    np.testing.assert_array_equal(find(PHOTO), load("scratches")(PHOTO))
    np.testing.assert_array_equal(vae.encode(PHOTO), load("figures").encode([PHOTO]))
    assert vae.mixture().weights.shape == load("figures").mixture().weights.shape


def test_a_model_that_was_replaced_meanwhile_is_refused(tmp_path: Path) -> None:
    path = make_model(tmp_path)
    kept = pickle.dumps(load(path))
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(ModelError, match="its checksum is"):
        pickle.loads(kept)
    path.unlink()
    with pytest.raises(ModelError, match="cannot be read"):
        pickle.loads(kept)


@pytest.mark.parametrize("threads", [1.5, -1, "2", None, True, MOST_THREADS + 1, float("nan"), 10**400])
@pytest.mark.parametrize("model", [None, "fill", "scratches", "figures"])
def test_what_is_no_number_of_threads_is_refused(model: str | None, threads: object) -> None:
    with pytest.raises(ModelError, match=r"threads is .*; expected a whole number from 0 \(one a core\)"):
        load(model, threads=threads)  # type: ignore[arg-type, call-overload]


@pytest.mark.parametrize("model", [5, "", b"color", ["color"], 1.5, True])
def test_what_is_no_model_is_called_so(model: object) -> None:
    with pytest.raises(ModelError, match="expected the name of a bundled one") as refusal:
        load(model)  # type: ignore[call-overload]
    assert "\n" not in str(refusal.value)


def test_grey_and_whole_numbers_are_colored_alike(tmp_path: Path) -> None:
    colorizer = load(make_model(tmp_path))
    assert isinstance(colorizer, Colorizer)
    grey = PHOTO[..., 0]
    for given in (grey, grey[..., None].repeat(3, 2), grey.astype(np.uint16) * 257, grey / np.float32(255)):
        found = colorizer(given)
        assert (found.dtype, found.shape) == (np.float32, (40, 60, 3))
        np.testing.assert_allclose(found, colorizer(grey), atol=0.006)
    assert colorizer.recolor(grey.astype(np.uint16)).pixels.dtype == np.uint16
