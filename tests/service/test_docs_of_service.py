"""The examples of docs/service.md are run, as they stand, against a service."""

import re
import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest

from safelight.pixels.files import read_photo
from tests.cli.shell import safelight
from tests.service.conftest import Service

PAGE = Path(__file__).parents[2] / "docs" / "service.md"
BASE = "http://127.0.0.1:8765"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def test_the_page_has_examples() -> None:
    assert len(blocks("bash")) == 2
    assert len(blocks("python")) == 1


def test_the_examples_with_curl(service: Service, grey_photo: Path) -> None:
    if subprocess.run(["sh", "-c", "command -v curl"], capture_output=True, check=False).returncode:
        pytest.skip("curl is not installed")
    folder = grey_photo.parent
    cut = np.dstack([read_photo(grey_photo).pixels, np.full((300, 420), 255, np.uint8)])
    cut[100:110, 50:200, 3] = 0
    cv2.imwrite(str(folder / "cut.png"), cut)
    good, bad = (block.replace(BASE, service.address) for block in blocks("bash"))
    done = subprocess.run(
        ["sh", "-ec", good],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "no_proxy": "*"},
    )
    assert done.returncode == 0, done.stderr
    assert '"places"' in done.stdout
    for name in ("color.jpg", "mask.png", "repaired.png", "filled.png"):
        assert read_photo(folder / name).size == (300, 420)
    refused = subprocess.run(
        ["sh", "-ec", bad],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": "/usr/bin:/bin", "no_proxy": "*"},
    )
    assert '"status":415' in refused.stdout


def test_the_example_in_python(service: Service, grey_photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(grey_photo.parent)
    monkeypatch.setenv("NO_PROXY", "*")
    (code,) = blocks("python")
    names: dict[str, object] = {}
    exec(compile(code.replace(BASE, service.address), str(PAGE), "exec"), names)
    names["service"].close()  # type: ignore[attr-defined]
    said = safelight(
        "colorize", "grandmother.jpg", "--project", "grandmother.safelight.json", cwd=grey_photo.parent
    )
    assert said.returncode == 0, said.stderr
    folder = grey_photo.parent
    assert (folder / "grandmother-color.jpg").read_bytes() == (folder / "from-the-service.jpg").read_bytes()
