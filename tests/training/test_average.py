"""Two models of one network averaged: what the file answers, what the card says, what is refused."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from click.testing import CliRunner
from onnx import ModelProto, numpy_helper

from safelight.cli.main import cli
from safelight.errors import ModelError
from safelight.runtime.card import TrainingSet
from safelight.runtime.modelfile import ModelFile, find_model, write_card
from safelight.runtime.session import Session
from safelight.training.average import AVERAGED, average

# The filler's last convolution: its answer is linear in it.
LAST = ("unet.out.weight", "unet.out.bias")


def changed(name: str, out: Path, change: Callable[[ModelProto], None], **card: Any) -> ModelFile:
    """A bundled model with other numbers in its file, and other words in its card."""
    bundled = find_model(name, AVERAGED)
    model = onnx.load_from_string(bundled.read())
    change(model)
    out.write_bytes(model.SerializeToString())
    return ModelFile(out, write_card(replace(bundled.card, name=out.stem, **card), out))


def moved(*names: str, by: float = 0.1) -> Callable[[ModelProto], None]:
    """Noise on the weights of these names, or of all that begin with one."""

    def change(model: ModelProto) -> None:
        rng, count = np.random.default_rng(3), 0
        for tensor in model.graph.initializer:
            if tensor.name.startswith(names):
                weight = numpy_helper.to_array(tensor)
                noise = by * rng.standard_normal(weight.shape)
                tensor.CopyFrom(numpy_helper.from_array((weight + noise).astype(weight.dtype), tensor.name))
                count += 1
        assert count >= len(names)

    return change


def renumbered(model: ModelProto) -> None:
    """The names that torch's exporter made up, as another export of the same network has them."""
    lists = [part for node in model.graph.node for part in (node.input, node.output)]
    for names in lists:
        names[:] = [name.replace("onnx::Conv_", "onnx::Conv_9") for name in names]
    for tensor in model.graph.initializer:
        tensor.name = tensor.name.replace("onnx::Conv_", "onnx::Conv_9")


def answer(model: ModelFile) -> np.ndarray:
    planes = np.random.default_rng(1).uniform(-1, 1, (7, 64, 96)).astype(np.float32)
    return Session(model)(planes=planes)["rgb"]


@pytest.mark.parametrize("share", [0.25, 0.67])
def test_where_the_answer_is_linear_in_the_weights_it_lies_between_both(tmp_path: Path, share: float) -> None:
    base = changed("fill", tmp_path / "base.onnx", renumbered)
    tuned = changed("fill", tmp_path / "tuned.onnx", moved(*LAST))
    average(tuned, base, share, tmp_path / "new" / "between.onnx")
    one, two = answer(tuned), answer(base)
    assert np.abs(one - two).mean() > 0.05
    between = answer(find_model(tmp_path / "new" / "between.onnx", "fill"))
    assert np.allclose(between, share * one + (1 - share) * two, atol=2e-3)  # of weights in half precision


@pytest.mark.parametrize("name", ["color", "fill", "scratches"])
def test_all_of_one_is_that_one(tmp_path: Path, name: str) -> None:
    base = find_model(name, AVERAGED)
    tuned = changed(
        name,
        tmp_path / "tuned.onnx",
        moved({"color": "0/network.", "fill": "onnx::", "scratches": "onnx::"}[name]),
    )
    for share, same in ((1.0, tuned), (0.0, base)):
        average(tuned, base, share, tmp_path / "out.onnx")
        found, wanted = (onnx.load(path).graph.initializer for path in (tmp_path / "out.onnx", same.path))
        stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in wanted}
        assert {tensor.name for tensor in found} == stored.keys()
        assert all(np.array_equal(numpy_helper.to_array(tensor), stored[tensor.name]) for tensor in found)


def test_the_card_is_of_both_and_has_no_scores(tmp_path: Path) -> None:
    base = find_model("fill", "fill")
    tuned = changed(
        "fill",
        tmp_path / "mine.onnx",
        moved(*LAST),
        data=(TrainingSet("album", "CC0", 40), replace(base.card.data[0], pictures=3)),
        preparation={**base.card.preparation, "crossover": 6.0},
        command="safelight train fill-encoder --data album --from fill",
        license="CC0",
        scores={"gain": 1.0},
    )
    card = average(tuned, base, 0.75, tmp_path / "out.onnx")
    assert card == find_model(tmp_path / "out.onnx", "fill").card
    assert {each.name: each.pictures for each in card.data} == {"album": 40} | {
        each.name: each.pictures for each in base.card.data
    }
    assert card.preparation == {**base.card.preparation, "crossover": 5.0}  # 6 and 2
    assert card.command.splitlines() == [
        "safelight train fill-encoder --data album --from fill",
        "safelight average mine.onnx fill.onnx --share 0.75",
    ]
    assert (card.name, card.license, card.scores) == ("out", "CC0; MIT", {})
    assert "75% those of mine and 25% those of fill" in card.notes


def test_what_cannot_be_averaged_is_said_and_nothing_is_written(tmp_path: Path) -> None:
    fill, color, out = find_model("fill", "fill"), find_model("color"), tmp_path / "out.onnx"

    def reshaped(model: ModelProto) -> None:
        model.graph.initializer[3].dims.append(1)

    other = changed("fill", tmp_path / "other.onnx", reshaped)
    encoder = changed("color", tmp_path / "encoder.onnx", moved("look/network.encoder.body.conv_stem.weight"))
    telea = changed(
        "fill", tmp_path / "telea.onnx", moved(), preparation={**fill.card.preparation, "guess": "telea"}
    )
    for tuned, base, message in (
        (other, fill, "are two networks"),
        (encoder, color, "different encoders"),
        (telea, fill, "preparation guess 'telea'"),
        (color, fill, "for the task 'colorize'"),
    ):
        with pytest.raises(ModelError, match=message) as refusal:
            average(tuned, base, 0.5, out)
        assert "\n" not in str(refusal.value)
    for share in (-0.1, 1.1, float("nan")):
        with pytest.raises(ModelError, match="the share is"):
            average(fill, fill, share, out)
    assert not out.exists()


def test_the_command(tmp_path: Path) -> None:
    tuned = changed("color", tmp_path / "tuned.onnx", moved("0/network.", by=0.01))
    out = tmp_path / "half.onnx"

    def run(*words: object) -> tuple[int, str]:
        result = CliRunner().invoke(cli, ["average", *map(str, words)])
        return result.exit_code, str(result.exception or result.output)

    status, told = run(tuned.path, "color", "-o", out)
    assert (status, told.splitlines()[0]) == (0, f"{out}: 50% tuned, 50% color; not judged yet")
    before = out.read_bytes()
    status, told = run(tuned.path, "color", "-o", out, "--share", 1)
    assert (status, out.read_bytes()) == (1, before)
    assert "--overwrite" in told
    assert run(tuned.path, "color", "-o", out, "--share", 1, "--overwrite")[0] == 0
    assert out.read_bytes() != before
    assert run(tuned.path, "color", "-o", out, "--share", "nan", "--overwrite")[0] == 2
    assert run(tuned.path, "color", "-o", tmp_path / "half.png")[0] == 2
    assert "'encode'" in run("figures.encoder", "color", "-o", tmp_path / "x.onnx")[1]
