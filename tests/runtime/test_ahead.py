"""A model opened by a thread of its own answers as any other; what is wrong with it is said."""

from pathlib import Path

import numpy as np
import onnx
import pytest

from safelight.errors import ModelError
from safelight.runtime.ahead import opened_ahead
from safelight.runtime.modelfile import find_model, write_card
from safelight.runtime.session import Session
from tests.runtime.tiny import CARD, make_model

PLANES = np.random.default_rng(0).random((7, 64, 96), np.float32)


@pytest.mark.parametrize("hinted", [False, True])
def test_the_same_answer(hinted: bool) -> None:
    planes = PLANES.copy()
    planes[1:] *= hinted
    with opened_ahead():
        session = Session(find_model(), 1)
    np.testing.assert_array_equal(session(planes=planes)["ab"], Session(find_model(), 1)(planes=planes)["ab"])


def test_a_damaged_model_is_refused_at_once(tmp_path: Path) -> None:
    path = make_model(tmp_path)
    path.write_bytes(path.read_bytes()[:-7])
    with opened_ahead(), pytest.raises(ModelError, match="its checksum is"):
        Session(find_model(path))


def test_a_graph_that_cannot_be_run_is_refused_at_the_first_run(tmp_path: Path) -> None:
    path = make_model(tmp_path)
    model = onnx.load(path)
    model.graph.node[0].op_type = "Conv9"
    onnx.save(model, path)
    write_card(CARD, path)
    with pytest.raises(ModelError, match="is not an ONNX model that can be run"):
        Session(find_model(path))
    with opened_ahead():
        session = Session(find_model(path))
    for _ in range(2):
        with pytest.raises(ModelError, match="is not an ONNX model that can be run"):
            session(planes=PLANES)
