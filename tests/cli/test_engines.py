"""Shards and engines on the command line; Ray itself is in tests/cluster."""

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

from safelight.pixels.files import write_photo
from tests.cli.shell import ENVIRONMENT, command, safelight


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with twelve photos in `in`, at two depths."""
    folder = tmp_path_factory.mktemp("engines")
    for number in range(12):
        path = folder / "in" / ("deep" if number % 2 else "") / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_photo(path, np.full((8, 8, 3), 100, np.uint8))
    return folder


def test_shards_share_a_folder_out(photos: Path) -> None:
    parts = [
        safelight("colorize", "in", "-o", "out", "--shard", f"{index}/3", "--dry-run", cwd=photos).stdout
        for index in (1, 2, 3)
    ]
    lines = [line for part in parts for line in part.splitlines() if "->" in line]
    whole = safelight("colorize", "in", "-o", "out", "--dry-run", cwd=photos).stdout
    assert sorted(lines) == sorted(line for line in whole.splitlines() if "->" in line)
    assert len(lines) == 12
    assert all("->" in part for part in parts)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("in", "-o", "out", "--shard", "4/3"), "'4/3' is no shard I/N"),
        (("in", "-o", "out", "--address", "10.0.0.1:6379"), "add --engine ray"),
        (("in", "--engine", "ray"), "--engine ray needs -o FOLDER/"),
        (("in/0.png", "-o", "a.png", "--engine", "ray"), "--engine ray needs -o FOLDER/"),
        (("in/0.png", "-o", "out/", "--engine", "ray", "--picture", "b.png"), "leave --engine ray out"),
    ],
)
def test_options_that_do_not_go_together(photos: Path, words: tuple[str, ...], said: str) -> None:
    done = safelight("colorize", *words, cwd=photos)
    assert done.returncode == 2
    assert said in done.stderr
    assert not (photos / "out").exists()


def test_a_folder_elsewhere_is_one_of_the_cluster(photos: Path) -> None:
    pytest.importorskip("fsspec")
    done = safelight("colorize", f"file://{photos}/in", "-o", "out", cwd=photos)
    assert done.returncode == 2
    assert f"file://{photos}/in is taken with --engine ray alone" in done.stderr


def test_where_ray_is_missing_a_line_says_how_to_install_it(photos: Path, tmp_path: Path) -> None:
    (tmp_path / "ray.py").write_text(
        "raise ModuleNotFoundError('No module named ray', name='ray')\n", "utf-8"
    )
    done = subprocess.run(
        command("colorize", "in", "-o", "out", "--engine", "ray"),
        cwd=photos,
        env={**ENVIRONMENT, "PYTHONPATH": os.pathsep.join((str(tmp_path), ENVIRONMENT["PYTHONPATH"]))},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert 'ray, which is not installed: pip install ".[cluster]"' in done.stderr
