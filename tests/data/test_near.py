"""The search misses no pair; copies of a picture are found and other pictures are not."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageEnhance, ImageOps

from safelight.data.build_state import Facts
from safelight.data.scan import PictureFile
from safelight.data.screen import screen
from safelight.data.settings import BuildSettings
from safelight.data.split import count_bits, near_duplicates, near_hashes

from .conftest import paint


@given(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=20))
def test_bits_are_counted(words: list[int]) -> None:
    assert count_bits(np.array(words, np.uint64)).tolist() == [word.bit_count() for word in words]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32), st.integers(0, 14), st.integers(1, 60))
def test_the_search_finds_what_comparing_all_with_all_finds(seed: int, most_bits: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    base = rng.integers(0, 2**64 - 1, size=4, dtype=np.uint64)
    flips = np.array(
        [np.bitwise_or.reduce(1 << rng.integers(0, 63, rng.integers(0, 14))) for _ in range(count)]
    )
    hashes = rng.choice(base, count) ^ flips.astype(np.uint64)
    everything = [
        (i, j)
        for i in range(count)
        for j in range(i + 1, count)
        if (int(hashes[i]) ^ int(hashes[j])).bit_count() <= most_bits
    ]
    assert [tuple(pair) for pair in near_hashes(hashes, most_bits).tolist()] == everything


COPIES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "half the size": lambda picture: picture.resize((picture.width // 2, picture.height // 2)),
    "brighter": lambda picture: ImageEnhance.Brightness(picture).enhance(1.15),
    "paler": lambda picture: ImageEnhance.Color(picture).enhance(0.5),
    "its border cut": lambda picture: ImageOps.crop(picture, 4),
}


def facts_of(folder: Path, name: str) -> Facts:
    facts, _ = screen(folder, PictureFile(name, 0, 0), BuildSettings(size=64))
    assert not facts.refused
    return facts


def alike(*facts: Facts) -> bool:
    hashes = np.array([int(one.phash, 16) for one in facts], np.uint64)
    thumbs = np.array([np.frombuffer(bytes.fromhex(one.thumb), np.uint8) for one in facts])
    return len(near_duplicates(hashes, thumbs)) > 0


@pytest.mark.parametrize("how", COPIES)
def test_copies_are_near_duplicates(tmp_path: Path, how: str) -> None:
    for number in range(8):
        picture = paint(number, (240, 300))
        picture.save(tmp_path / "a.png")
        COPIES[how](picture).save(tmp_path / "b.jpg", quality=50)
        assert alike(facts_of(tmp_path, "a.png"), facts_of(tmp_path, "b.jpg"))


def test_other_pictures_and_mirrored_ones_are_not(tmp_path: Path) -> None:
    for number in range(8):
        paint(number).save(tmp_path / f"{number}.png")
    ImageOps.mirror(paint(0)).save(tmp_path / "mirrored.png")
    names = [f"{number}.png" for number in range(8)] + ["mirrored.png"]
    assert not alike(*(facts_of(tmp_path, name) for name in names))
