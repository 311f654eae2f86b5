"""Which engine runs networks, and that OpenVINO's answers are ONNX Runtime's but for rounding."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from safelight.errors import ModelError
from safelight.runtime.inference import CHOICE, engine_name, open_session
from safelight.runtime.modelfile import find_model
from safelight.runtime.onnx_parts import Graph
from safelight.runtime.session import DISTRIBUTION, Session
from tests.runtime.test_session_parts import planes


def test_it_is_onnx_runtime_unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(CHOICE, raising=False)
    name, _, version = engine_name().partition(" ")
    assert name == "onnxruntime"
    assert version.split(".")[0].isdigit()
    assert Session(find_model()).engine == engine_name()


def test_an_engine_that_there_is_not_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CHOICE, "tensorrt")
    with pytest.raises(ModelError, match="SAFELIGHT_INFERENCE is tensorrt; expected onnxruntime or openvino"):
        Session(find_model())


def test_openvino_that_is_not_installed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    monkeypatch.setenv(CHOICE, "openvino")
    with pytest.raises(ModelError, match=r"not installed; install it with .*safelight\[fast\]"):
        Session(find_model())


def test_a_branch_in_its_place_gives_what_the_graph_gives() -> None:
    """The same bits: ONNX Runtime puts it there by itself, where the condition is a constant."""
    import onnxruntime

    def run(content: bytes) -> list[np.ndarray]:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.log_severity_level = 1, 4
        part = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        return list(part.run(None, {"planes": planes(False)[None]}))

    graph, maps = Graph.of(find_model().read()), ("half", "quarter", "eighth", "features")
    for first, second in zip(
        run(graph.part(["planes"], maps)), run(graph.unfolded().part(["planes"], maps)), strict=True
    ):
        np.testing.assert_array_equal(first, second)
    assert b"then_branch" not in graph.unfolded().part(["planes"], maps)


@pytest.mark.parametrize(
    ("model", "task"), [("color", "colorize"), ("fill", "fill"), ("scratches", "scratches")]
)
def test_runs_keep_no_block_for_a_shape_and_answer_the_same_bits(model: str, task: str) -> None:
    """Such blocks cut the arena into pieces as large as runs: its memory grew for thousands of photos."""
    import onnxruntime

    graph = Graph.of(find_model(model, task).read()).unfolded()
    wanted = [name for name in graph.outputs if name != DISTRIBUTION]
    content = graph.part(graph.inputs, wanted)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 4
    usual = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    opened = open_session(content, 1)
    assert usual.get_session_options().enable_mem_pattern
    assert not opened.get_session_options().enable_mem_pattern
    channels = find_model(model, task).card.inputs[0].shape[1]
    rng = np.random.default_rng(0)
    for size in (
        (64, 96),
        (96, 64),
        (64, 96),
    ):  # a block is made at the first run of a shape, and used from the second
        feed = {"planes": rng.random((1, channels, *size), np.float32)}
        for first, second in zip(opened.run(wanted, feed), usual.run(wanted, feed), strict=True):
            np.testing.assert_array_equal(first, second)


class TestOpenVino:
    """Skipped where it is not installed: `make test-fast` installs it."""

    @pytest.fixture(autouse=True)
    def asked(self, monkeypatch: pytest.MonkeyPatch) -> None:
        pytest.importorskip("openvino")
        monkeypatch.setenv(CHOICE, "openvino")

    def test_its_name_says_the_precision(self) -> None:
        assert engine_name().startswith("openvino 20")
        assert engine_name().endswith(" f32")

    @pytest.mark.parametrize("hinted", [False, True])
    def test_colors_are_those_of_onnx_runtime(self, hinted: bool, monkeypatch: pytest.MonkeyPatch) -> None:
        found = Session(find_model(), 1)(DISTRIBUTION, planes=planes(hinted))
        monkeypatch.delenv(CHOICE)
        expected = Session(find_model(), 1)(DISTRIBUTION, planes=planes(hinted))
        assert set(found) == set(expected)
        for name in ("ab", "chroma", "unfamiliarity", DISTRIBUTION):
            np.testing.assert_allclose(found[name], expected[name], atol=2e-5, err_msg=name)

    @pytest.mark.parametrize(
        ("name", "task", "channels"), [("fill", "fill", 7), ("scratches", "scratches", 3)]
    )
    def test_so_are_the_other_networks(
        self, name: str, task: str, channels: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        given = np.random.default_rng(0).random((channels, 64, 96), np.float32)
        (found,) = Session(find_model(name, task), 1)(planes=given).values()
        monkeypatch.delenv(CHOICE)
        (expected,) = Session(find_model(name, task), 1)(planes=given).values()
        np.testing.assert_allclose(found, expected, atol=2e-5)

    def test_neither_threads_nor_callers_change_a_bit(self) -> None:
        expected, session = Session(find_model(), 0)(planes=planes(False))["ab"], Session(find_model(), 1)
        found: list[np.ndarray] = []
        threads = [
            threading.Thread(target=lambda: found.append(session(planes=planes(False))["ab"]))
            for _ in range(3)
        ]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert len(found) == 3
        for each in found:
            np.testing.assert_array_equal(each, expected)

    def test_nothing_is_kept_of_its_use(self, tmp_path: Path) -> None:
        """Its import alone would send an event, and keep a number in the home folder."""
        code = """
import numpy as np
from safelight.runtime.modelfile import find_model
from safelight.runtime.session import Session
Session(find_model(), 1)(planes=np.zeros((7, 64, 64), np.float32))
"""
        environment = {**os.environ, "HOME": str(tmp_path)}
        subprocess.run([sys.executable, "-c", code], env=environment, check=True)
        assert list(tmp_path.rglob("*")) == []
