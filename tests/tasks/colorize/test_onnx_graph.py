"""The trunk looks at a photo once: what is given back to the file makes the same colors without it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from safelight.errors import ModelError
from safelight.runtime.card import ModelCard
from safelight.runtime.modelfile import find_model
from safelight.runtime.session import DISTRIBUTION, KNOWN, Session, TrunkCache
from safelight.tasks.colorize.bins import gamut_bins
from safelight.tasks.colorize.familiarity import Unfamiliarity, pool
from safelight.tasks.colorize.hints import Hint, HintSet
from safelight.tasks.colorize.onnx_graph import CACHED
from safelight.tasks.colorize.restore import Colorizer
from safelight.tasks.registry import load
from tests.nn.small import export_colorizer, make_network, random_planes
from tests.runtime.tiny import CARD as TINY

CARD = replace(TINY, name="small")
QUESTION = random_planes(1, (64, 96))[0].numpy()
ANSWERED = ["ab", "chroma"]


def write(folder: Path, measure: Unfamiliarity | None = None, **settings: str) -> Path:
    path = folder / "small.onnx"
    network = make_network(**settings).eval()
    torch.nn.init.normal_(network.out.weight, std=0.05)
    export_colorizer(network, CARD, path, [QUESTION], measure)
    return path


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    network = make_network().eval()
    with torch.no_grad():
        kept = torch.nn.functional.normalize(pool(network.encode(random_planes(6, (64, 64)))[0]), dim=1)
    return write(tmp_path_factory.mktemp("halves"), Unfamiliarity(kept, 2, 0.25))


@pytest.fixture(scope="module")
def session(model: Path) -> Session:
    return Session(find_model(model))


def given_back(reply: dict[str, np.ndarray], session: Session) -> dict[str, np.ndarray]:
    return {KNOWN + name: reply[name] for name in session.recalled}


def test_what_is_given_back_gives_the_same_colors(session: Session) -> None:
    first = dict(session(planes=QUESTION))
    again = session(planes=QUESTION, **given_back(first, session))
    for name, value in first.items():
        np.testing.assert_array_equal(again[name], value, err_msg=name)


def test_the_trunk_is_really_left_out(session: Session) -> None:
    """With what another photo gave, the answer is not this photo's."""
    other = dict(session(planes=np.ascontiguousarray(QUESTION[:, ::-1])))
    mixed = session(planes=QUESTION, **given_back(other, session))
    np.testing.assert_array_equal(mixed["half"], other["half"])
    assert np.abs(mixed["ab"] - session(planes=QUESTION)["ab"]).max() > 1e-3


def test_planes_are_all_that_must_be_given(model: Path) -> None:
    import onnxruntime

    bare = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    assert [port.name for port in bare.get_inputs()] == ["planes"]
    assert [port.name for port in bare.get_outputs()] == [
        *ANSWERED,
        "unfamiliarity",
        *CACHED,
        "features",
    ]


def test_the_card_names_all_outputs_with_their_shapes(model: Path, session: Session) -> None:
    card = find_model(model).card
    shapes = {port.name: port.shape for port in card.outputs}
    assert tuple(shapes) == session.outputs
    assert shapes["half"][2:] == ("height/2", "width/2")
    assert shapes["features"] == (1, len(session(planes=QUESTION)["features"]))
    assert ModelCard.from_json(card.to_json()) == card


def test_unfamiliarity_is_that_of_the_features(session: Session) -> None:
    """Against NumPy, from the features that the same run gave: halves and rounding included."""
    network = make_network().eval()
    with torch.no_grad():
        kept = pool(network.encode(random_planes(6, (64, 64)))[0]).numpy()
    kept /= np.linalg.norm(kept, axis=1, keepdims=True)
    reply = session(planes=QUESTION)
    asked = reply["features"] / np.linalg.norm(reply["features"])
    second = np.sort(np.linalg.norm(kept - asked, axis=1))[1]
    assert float(reply["unfamiliarity"]) == pytest.approx(second / 0.25, abs=0.02)


def test_a_network_whose_encoder_sees_the_hints_is_not_divided(tmp_path: Path) -> None:
    session = Session(find_model(write(tmp_path, hints_in="stem")))
    assert session.outputs == ("ab", "chroma")
    assert session.recalled == ()
    reply = TrunkCache(session)(QUESTION)
    np.testing.assert_array_equal(reply["ab"], session(planes=QUESTION)["ab"])


class Counting:
    """A real session that counts how often its trunk ran."""

    def __init__(self, session: Session) -> None:
        self.session, self.recalled, self.looks = session, session.recalled, 0

    def __call__(self, **inputs: np.ndarray) -> dict[str, np.ndarray]:
        self.looks += len(inputs) == 1
        return dict(self.session(**inputs))


def test_a_photo_is_looked_at_once(session: Session) -> None:
    counting = Counting(session)
    recall = TrunkCache(counting)  # type: ignore[arg-type]
    other_hints = QUESTION.copy()
    other_hints[1:] = random_planes(1, (64, 96), hinted=False)[0, 1:]
    other_photo = QUESTION + np.float32(0.01)
    for planes, looks in [
        (QUESTION, 1),
        (other_hints, 1),
        (other_photo, 2),
        (QUESTION[:, :32], 3),
        (QUESTION, 4),
    ]:
        np.testing.assert_array_equal(recall(planes)["ab"], session(planes=planes)["ab"])
        assert counting.looks == looks


def test_new_hints_on_the_same_photo_as_in_a_fresh_start(model: Path) -> None:
    photo = np.random.default_rng(0).random((50, 70, 3), np.float32)
    colorizer = load(model)
    colorizer(photo)
    hints = HintSet([Hint(0.5, 0.5, "#2040ff", 0.1)])
    np.testing.assert_array_equal(colorizer(photo, hints), load(model)(photo, hints))


def test_a_colorizer_says_how_unfamiliar_a_photo_is(model: Path) -> None:
    colorizer = load(model)
    assert isinstance(colorizer, Colorizer)
    photo = np.random.default_rng(0).random((64, 64, 3), np.float32)
    from safelight.pixels.photo import Photo

    as_bytes = Photo((photo * 255).astype(np.uint8))
    told = colorizer.colorize(as_bytes)
    assert told.unfamiliarity == colorizer.unfamiliarity(as_bytes)
    assert told.unfamiliarity == pytest.approx(colorizer.unfamiliarity(photo), abs=0.1)
    assert told.unfamiliarity > 0


@pytest.fixture(scope="module")
def with_bins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("bins"), head="bins")


def test_the_distribution_is_made_for_those_who_ask(with_bins: Path) -> None:
    session = Session(find_model(with_bins))
    assert DISTRIBUTION in session.outputs
    assert DISTRIBUTION not in session(planes=QUESTION)
    shares = session(DISTRIBUTION, planes=QUESTION)[DISTRIBUTION]
    assert shares.shape == (len(gamut_bins()), 8, 12)
    np.testing.assert_allclose(shares.sum(0), 1, atol=1e-5)


def test_the_distribution_is_torchs(with_bins: Path) -> None:
    network = make_network(head="bins").eval()
    with torch.inference_mode():
        logits = network(torch.from_numpy(QUESTION)[None]).logits
    assert logits is not None
    expected = logits.softmax(1).unfold(2, 2, 2).unfold(3, 2, 2).mean((-2, -1))[0].numpy()
    shares = Session(find_model(with_bins))(DISTRIBUTION, planes=QUESTION)[DISTRIBUTION]
    np.testing.assert_allclose(shares, expected, atol=1e-4)  # weights are stored in half precision


def test_suggestions_of_a_photo_lie_in_it(with_bins: Path) -> None:
    photo = np.random.default_rng(0).uniform(0, 1, (50, 90, 3)).astype(np.float32)
    hints = HintSet([Hint(0.5, 0.5, "#aa3322")])
    found = load(with_bins).suggest(photo, hints, count=4)
    assert len(found) == 4
    assert all(0 <= each.x < 1 and 0 <= each.y < 1 and each.colors for each in found)
    assert found[0].worth >= found[3].worth > 0


def test_a_model_without_bins_refuses_to_suggest(model: Path) -> None:
    with pytest.raises(ModelError, match=r"model\.head bins"):
        load(model).suggest(np.full((40, 40, 3), 0.5, np.float32))
