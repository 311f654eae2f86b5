"""Two models of one network averaged: what the file answers, what the card says, what is refused."""

from collections.abc import Callable
from dataclasses import asdict, replace
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
from safelight.training.average import AVERAGED, average, began_with, follows_tuned
from safelight.training.recipe import recipe_named

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
            if tensor.name.startswith(names) and tensor.data_type in (1, 10):
                weight = numpy_helper.to_array(tensor)
                noise = by * rng.standard_normal(weight.shape)
                tensor.CopyFrom(numpy_helper.from_array((weight + noise).astype(weight.dtype), tensor.name))
                count += 1
        assert count >= len(names)

    return change


def renamed(old: str, new: str) -> Callable[[ModelProto], None]:
    """Other names for weights, in the graph and in the graphs inside it."""

    def change(model: ModelProto) -> None:
        nodes = list(model.graph.node)
        for node in nodes:
            nodes += [inner for attribute in node.attribute for inner in attribute.g.node]
            for names in (node.input, node.output):
                names[:] = [name.replace(old, new) for name in names]
        for tensor in model.graph.initializer:
            tensor.name = tensor.name.replace(old, new)

    return change


# The names that torch's exporter made up, as another export of the same network has them.
RENUMBERED = renamed("onnx::Conv_", "onnx::Conv_9")


def answer(model: ModelFile) -> np.ndarray:
    planes = np.random.default_rng(1).uniform(-1, 1, (7, 64, 96)).astype(np.float32)
    return Session(model)(planes=planes)["rgb"]


@pytest.mark.parametrize("share", [0.25, 0.67])
def test_where_the_answer_is_linear_in_the_weights_it_lies_between_both(tmp_path: Path, share: float) -> None:
    base = changed("fill", tmp_path / "base.onnx", RENUMBERED)
    tuned = changed("fill", tmp_path / "tuned.onnx", moved(*LAST))
    average(tuned, base, share, tmp_path / "between.onnx")
    one, two = answer(tuned), answer(base)
    assert np.abs(one - two).mean() > 0.05
    between = answer(find_model(tmp_path / "between.onnx", "fill"))
    assert np.allclose(between, share * one + (1 - share) * two, atol=2e-3)  # of weights in half precision


OF_ALL = {"color": ("0/", "1/", "look/onnx::"), "fill": ("",), "scratches": ("",)}


@pytest.mark.parametrize("name", OF_ALL)
def test_all_of_one_is_that_one(tmp_path: Path, name: str) -> None:
    """But for the measure of unfamiliarity ("1/"), which is the tuned model's whatever the share."""
    base = changed(name, tmp_path / "base.onnx", RENUMBERED)
    tuned = changed(name, tmp_path / "tuned.onnx", moved(*OF_ALL[name]))
    for share, same in ((1.0, tuned), (0.0, base)):
        average(tuned, base, share, tmp_path / "out.onnx")
        found, wanted = (onnx.load(path).graph.initializer for path in (tmp_path / "out.onnx", same.path))
        measure = {tensor.name: tensor for tensor in onnx.load(tuned.path).graph.initializer}
        assert len(found) == len(wanted)
        for one, two in zip(found, wanted, strict=True):
            other = measure[one.name] if one.name.startswith("1/") else two
            assert np.array_equal(numpy_helper.to_array(one), numpy_helper.to_array(other)), one.name


def test_the_card_is_of_both_and_has_no_scores(tmp_path: Path) -> None:
    base = find_model("fill", "fill")
    tuned = changed(
        "fill",
        tmp_path / "mine.onnx",
        moved(*LAST),
        data=(TrainingSet("album", "CC0", 40), replace(base.card.data[0], pictures=3)),
        preparation={**base.card.preparation, "crossover": 6.0},
        command=f"{base.card.command}\nsafelight train fill-encoder --data album --from fill",
        license="CC0",
        scores={"gain": 1.0},
    )
    card = average(tuned, base, 0.75, tmp_path / "out.onnx")
    assert card == find_model(tmp_path / "out.onnx", "fill").card
    assert {each.name: each.pictures for each in card.data} == {"album": 40} | {
        each.name: each.pictures for each in base.card.data
    }
    assert card.preparation == {**base.card.preparation, "crossover": 6.0}
    assert follows_tuned(tuned.card, base.card) == {"crossover": (6.0, base.card.preparation["crossover"])}
    assert card.command == f"{tuned.card.command}\nsafelight average mine.onnx fill.onnx --share 0.75"
    assert (card.name, card.license, card.scores) == ("out", "CC0; MIT", {})
    assert card.notes == f"{base.card.notes} Its weights are 0.75 of mine's and 0.25 of fill's."
    assert began_with(tuned.card, base.card)
    assert not began_with(base.card, tuned.card)


def test_an_encoder_that_was_rounded_otherwise_is_the_same(tmp_path: Path) -> None:
    """Norms that another machine folded, and halves that lie beside: as of a run of one's own from the package."""

    def nudged(model: ModelProto) -> None:
        for tensor in model.graph.initializer:
            if (
                tensor.name.startswith("look/network.encoder.")
                and tensor.data_type == onnx.TensorProto.FLOAT16
            ):
                weight = numpy_helper.to_array(tensor)
                tensor.CopyFrom(numpy_helper.from_array(np.nextafter(weight, np.float16(9)), tensor.name))

    notes = "One thing. Another."
    tuned = changed("color", tmp_path / "mine.onnx", nudged, notes=f"Mine. {notes}")
    card = average(
        tuned,
        changed("color", tmp_path / "base.onnx", lambda model: None, notes=notes),
        0.5,
        tmp_path / "out.onnx",
    )
    assert card.notes == "Mine. One thing. Another. Its weights are 0.5 of mine's and 0.5 of base's."


@pytest.mark.parametrize(("name", "setting"), [("color", "vivid_gain"), ("scratches", "threshold")])
def test_what_was_measured_lies_between_both(tmp_path: Path, name: str, setting: str) -> None:
    """The tuned card as export writes it: with every setting, also those that the bundled card leaves out."""
    base, recipe = find_model(name, AVERAGED), recipe_named(name)
    whole = asdict(recipe.preparation) | dict(base.card.preparation)  # type: ignore[attr-defined]
    other = base.card.preparation[setting] / 2
    tuned = changed(name, tmp_path / "tuned.onnx", lambda model: None, preparation=whole | {setting: other})
    card = average(tuned, base, 0.25, tmp_path / "out.onnx")
    assert card.preparation[setting] == pytest.approx(other * 1.75, abs=1e-4)
    assert card.preparation == whole | {setting: card.preparation[setting]}
    find_model(tmp_path / "out.onnx", AVERAGED).prepared(type(recipe.preparation))  # type: ignore[attr-defined]


def test_what_cannot_be_averaged_is_said_and_nothing_is_written(tmp_path: Path) -> None:
    fill, color, out = find_model("fill", "fill"), find_model("color"), tmp_path / "out.onnx"

    def reshaped(model: ModelProto) -> None:
        model.graph.initializer[3].dims.append(1)

    other = changed("fill", tmp_path / "other.onnx", reshaped)
    encoder = changed("color", tmp_path / "encoder.onnx", moved("look/network.encoder.body.conv_stem.weight"))

    # As of a run that trained its encoder, whose norms are folded at export: the names are made up.
    unfrozen = renamed("look/network.encoder.", "look/onnx::Conv_77")
    trained = [changed("color", tmp_path / f"trained-{each}.onnx", unfrozen) for each in (1, 2)]
    recipe = dict(fill.card.recipe)
    relu = changed(
        "fill",
        tmp_path / "relu.onnx",
        lambda model: None,
        recipe={**recipe, "model": {**recipe["model"], "activation": "relu"}},
    )
    telea = changed(
        "fill", tmp_path / "telea.onnx", moved(), preparation={**fill.card.preparation, "guess": "telea"}
    )
    for tuned, base, message in (
        (other, fill, "are two networks"),
        (relu, fill, r"are two networks \(model.activation differs\)"),
        (encoder, color, "different encoders"),
        (*trained, "different encoders"),
        (telea, fill, "preparation guess 'telea'"),
        (color, fill, "for the task 'colorize'"),
    ):
        with pytest.raises(ModelError, match=message) as refusal:
            average(tuned, base, 0.5, out)
        assert "\n" not in str(refusal.value)
    for share in (-0.1, 1.1, float("nan")):
        with pytest.raises(ModelError, match="the share is"):
            average(fill, fill, share, out)
    assert not list(tmp_path.glob("out.*"))


def test_the_command(tmp_path: Path) -> None:
    tuned = changed("color", tmp_path / "tuned.onnx", moved("0/network.", by=0.01))
    out = tmp_path / "half.onnx"

    def run(*words: object) -> tuple[int, str]:
        result = CliRunner().invoke(cli, ["average", *map(str, words)])
        return result.exit_code, str(result.exception or result.output)

    status, told = run(tuned.path, "color", "-o", out)
    assert (status, told.splitlines()[0]) == (0, f"{out}: 0.5 of tuned, 0.5 of color; not judged yet")
    assert told.splitlines()[-1].startswith(
        f"next: safelight judge {out} --data DATASET --beside {tuned.path}"
    )
    before = out.read_bytes()
    status, told = run(tuned.path, "color", "-o", out, "--share", 1)
    assert (status, out.read_bytes()) == (1, before)
    assert "--overwrite" in told
    assert run(tuned.path, "color", "-o", out, "--share", 1, "--overwrite")[0] == 0
    assert out.read_bytes() != before
    assert run(tuned.path, "color", "-o", out, "--share", "nan", "--overwrite")[0] == 2
    assert run(tuned.path, "color", "-o", tmp_path / "half.png")[0] == 2
    kept = tuned.path.read_bytes()
    assert run(tuned.path, "color", "-o", tuned.path, "--overwrite")[0] == 2
    assert tuned.path.read_bytes() == kept
    (tmp_path / "new.card.json").write_text("a card of something else")
    assert run(tuned.path, "color", "-o", tmp_path / "new.onnx")[0] == 1
    assert (tmp_path / "new.card.json").read_text() == "a card of something else"
    assert "cannot be made" in run(tuned.path, "color", "-o", out / "x.onnx")[1]
    assert "'encode'" in run("figures.encoder", "color", "-o", tmp_path / "x.onnx")[1]


def test_strangers_are_averaged_with_a_warning_and_what_is_no_network_is_refused(tmp_path: Path) -> None:
    stranger = changed(
        "fill", tmp_path / "stranger.onnx", moved(*LAST), command="safelight train fill-encoder"
    )
    told = CliRunner().invoke(cli, ["average", str(stranger.path), "fill", "-o", str(tmp_path / "out.onnx")])
    assert "do not say that stranger was begun with fill" in told.stderr
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"no network")
    write_card(find_model("fill", "fill").card, broken)
    with pytest.raises(ModelError, match=r"broken\.onnx"):
        average(find_model(broken, "fill"), find_model("fill", "fill"), 0.5, tmp_path / "x.onnx")
    assert not list(tmp_path.glob("x.*"))
