"""What the README says works: its Python runs (its commands: test_docs)."""

import re
from pathlib import Path

import numpy as np
import pytest

from safelight.pixels.files import read_photo, write_photo
from safelight.runtime import modelfile
from tests.runtime.tiny import make_model

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def test_the_python_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(modelfile, "WEIGHTS", tmp_path)
    make_model(tmp_path, modelfile.MODEL)
    for name in ("grandmother.jpg", "dress.png"):
        write_photo(name, np.full((40, 60, 3), 120, np.uint8))
    for kind, block in BLOCKS:
        if kind == "python":
            exec(block, {})
    assert read_photo("dress-in-color.png").size == (40, 60)
