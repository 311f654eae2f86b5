"""How much memory is free, by machine, control group and address space; what a photo takes, by its header."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from safelight.batch import memory
from safelight.pixels.header import header_of
from safelight.runtime import cores
from tests.cli.shell import ENVIRONMENT

GB = 1 << 30


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(cores, "GROUPS", tmp_path / "groups")
    monkeypatch.setattr(cores, "OWN_GROUPS", tmp_path / "own")
    monkeypatch.setattr(memory, "_free_of_machine", lambda: 64 * GB)
    monkeypatch.setattr(memory, "_free_of_address_space", lambda: None)
    return tmp_path


def group(folder: Path, **files: str) -> None:
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name.replace("_dot_", ".")).write_text(text)


def test_the_narrowest_group_of_version_2_counts_and_copies_of_files_are_free(machine: Path) -> None:
    (machine / "own").write_text("0::/a/b\n")
    group(
        machine / "groups/a",
        memory_dot_max=f"{4 * GB}\n",
        memory_dot_current=f"{3 * GB}\n",
        memory_dot_stat=f"anon {GB}\ninactive_file {2 * GB}\n",
    )
    group(
        machine / "groups/a/b", memory_dot_max="max\n", memory_dot_current="7\n", memory_dot_stat="anon 7\n"
    )
    assert memory.free_memory() == 3 * GB


def test_a_group_of_version_1(machine: Path) -> None:
    (machine / "own").write_text("4:memory:/a\n0::/\n")
    files = {"memory_dot_usage_in_bytes": f"{GB}", "memory_dot_stat": "total_inactive_file 0\n"}
    group(machine / "groups/memory/a", memory_dot_limit_in_bytes=f"{3 * GB}", **files)
    group(machine / "groups/memory/b", memory_dot_limit_in_bytes="7", **files)
    assert memory.free_memory() == 2 * GB
    (machine / "groups/memory/a/memory.limit_in_bytes").write_text("9223372036854771712\n")
    assert memory.free_memory() == 64 * GB


@pytest.mark.skipif(not Path("/proc/meminfo").exists(), reason="no /proc")
def test_a_limit_on_address_space_counts() -> None:
    code = """
import resource
from safelight.batch.memory import free_memory
before = free_memory()
resource.setrlimit(resource.RLIMIT_AS, (300 << 20, 300 << 20))
print(before, free_memory())
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=ENVIRONMENT, check=True, timeout=60
    )
    before, after = map(int, done.stdout.split())
    assert 100 << 20 < after < min(before, 300 << 20)


@pytest.mark.parametrize("kind", ["jpg", "png", "webp", "tif", "gif", "bmp", "avif", "jp2"])
def test_the_header_tells_the_size_of_every_kind(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"a.{kind}"
    Image.fromarray(np.zeros((200, 300, 3), np.uint8)).save(path)
    assert header_of(path).megapixels == pytest.approx(0.06)
    assert header_of(path).bits == 8


def test_of_a_tiff_the_largest_page_counts_and_its_depth(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "a.tif", bigtiff=True) as file:
        for size in (20, 1000, 40):
            file.write(np.zeros((size, size, 3), np.uint16), photometric="rgb")
    assert (header_of(tmp_path / "a.tif").megapixels, header_of(tmp_path / "a.tif").bits) == (1, 16)


def test_a_large_picture_is_sized_without_being_decoded(tmp_path: Path) -> None:
    """A PNG that says to have 10^10 pixels, and holds none."""
    path = tmp_path / "a.png"
    Image.fromarray(np.zeros((2, 3), np.uint8)).save(path)
    data = bytearray(path.read_bytes())
    data[16:24] = (100_000).to_bytes(4, "big") * 2
    path.write_bytes(data)
    assert header_of(path).megapixels == 10_000
    assert memory.needed(path) > 100 * GB


def test_what_cannot_be_read_is_estimated_by_its_size(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(bytes(1_000_000))
    assert 1 < header_of(tmp_path / "a.jpg").megapixels < 100
    assert header_of(tmp_path / "missing.jpg").megapixels == 0
    assert memory.needed(tmp_path / "missing.jpg") > 0
