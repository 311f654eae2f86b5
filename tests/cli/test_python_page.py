"""The examples of docs/python.md run, in their order, in a folder with a reader's photos."""

import re
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np

from safelight.pixels.files import read_photo, write_photo

PAGE = Path(__file__).parents[2] / "docs" / "python.md"


def test_the_examples_run(tmp_path: Path) -> None:
    for number, name in enumerate(("grandmother.jpg", "dress.png", "portrait.jpg")):
        coarse = np.random.default_rng(number).integers(0, 256, (6, 8), dtype=np.uint8)
        write_photo(tmp_path / name, np.asarray(cv2.resize(coarse, (80, 64), interpolation=cv2.INTER_CUBIC)))
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) >= 8
    # In the processes of the pool the script is imported under another name: nothing of it must run again there.
    lines = "\n".join(blocks).splitlines()
    body = "\n".join(f"    {line}" for line in lines)
    (tmp_path / "page.py").write_text(f'if __name__ == "__main__":\n{body}\n    assert len(both) == 2\n')
    done = subprocess.run(
        [sys.executable, "-W", "error", "page.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert "the photo is of the type list; expected a path, a Photo" in done.stdout
    for name in ("grandmother-color.png", "dress-color.png"):
        found = read_photo(tmp_path / name)
        assert found.size == (64, 80)
        assert np.ptp(found.pixels.astype(int), axis=2).max() > 5
    assert (tmp_path / "dress.hints.json").exists()
