"""One run of a real ONNX session against numbers computed by hand, and files that are no models."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from safelight.errors import ModelError
from safelight.runtime.modelfile import card_path, find_model, write_card
from safelight.runtime.session import Session
from tests.runtime.tiny import AUTOMATIC, CARD, CHROMA, make_model


def test_a_run_gives_each_output_by_its_name(tmp_path: Path) -> None:
    session = Session(find_model(make_model(tmp_path)))
    planes = np.zeros((7, 32, 64), np.float32)
    planes[4], planes[6] = 0.5, 0.25
    answer = session(planes=planes)
    assert set(answer) == {"ab", "chroma"}
    assert answer["ab"].shape == (2, 32, 64)
    assert answer["ab"].dtype == np.float32
    np.testing.assert_allclose(answer["ab"][0], 0.5 + AUTOMATIC[0] * 0.75, rtol=1e-6)
    np.testing.assert_allclose(answer["ab"][1], AUTOMATIC[1] * 0.75, rtol=1e-6)
    np.testing.assert_allclose(answer["chroma"], CHROMA, rtol=1e-6)


@pytest.mark.parametrize("content", [b"", b"not a model", b"\x08\x07" * 50, b"\x89PNG\r\n"])
def test_what_is_not_onnx_is_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "odd.onnx"
    path.write_bytes(content)
    write_card(CARD, path)
    with pytest.raises(ModelError, match="is not an ONNX model") as refusal:
        Session(find_model(path))
    assert "\n" not in str(refusal.value)


def test_a_card_of_another_model_is_refused(tmp_path: Path) -> None:
    path = make_model(tmp_path)
    card = json.loads(card_path(path).read_text())
    card["outputs"] = card["outputs"][:1]
    card_path(path).write_text(json.dumps(card))
    with pytest.raises(ModelError, match="has the outputs ab, chroma, its card says ab"):
        Session(find_model(path))


@pytest.mark.parametrize("shape", [(4, 32, 32), (7, 32), (0, 32, 32)])
def test_planes_that_the_network_does_not_take_are_one_line(tmp_path: Path, shape: tuple[int, ...]) -> None:
    """As where a card says another preparation than the network was trained with: seven planes are taken."""
    session = Session(find_model(make_model(tmp_path)))
    with pytest.raises(ModelError, match="does not take what its card asks for") as refusal:
        session(planes=np.zeros(shape, np.float32))
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("first", ["", "from safelight.runtime.inference import engine_name; engine_name()"])
def test_nothing_is_kept_or_sent_of_its_use(tmp_path: Path, first: str) -> None:
    """ONNX Runtime would keep a number for this device in the home folder, and events to send.

    first: what a command asks for before its model is open.
    """
    model, home = make_model(tmp_path), tmp_path / "home"
    home.mkdir()
    code = f"""
{first}
from pathlib import Path
import numpy as np
from safelight.runtime.modelfile import find_model
from safelight.runtime.session import Session
Session(find_model(Path({str(model)!r})))(planes=np.zeros((7, 32, 32), np.float32))
"""
    without = {name: value for name, value in os.environ.items() if not name.startswith(("ORT_", "XDG_"))}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=without | {"HOME": str(home)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    assert list(home.rglob("*")) == []
