"""Scans with infrared from file to file: damage is filled, the rest and the infrared come back as they were."""

from pathlib import Path

import numpy as np
import pytest
import tifffile

from safelight.batch.redo import Given, Redoer
from safelight.batch.work import NOTHING, Found, Job, Order, Report, worker_of
from safelight.errors import PhotoError
from safelight.masks.edit import grow
from tests.scans import Scan, called_masks, film_scan

SCAN = film_scan(300)


def layout(path: Path, kind: str, scan: Scan = SCAN) -> Path:
    """The scan as VueScan ("channel") or SilverFast ("page", "mask") has it."""
    if kind == "channel":
        four = np.dstack([scan.rgb, scan.infrared])
        tifffile.imwrite(path, four, photometric="rgb", extrasamples=["unspecified"])
        return path
    with tifffile.TiffWriter(path) as file:
        file.write(scan.rgb, photometric="rgb", metadata=None)
        if kind == "mask":
            small = np.ascontiguousarray(scan.rgb[::4, ::4])
            file.write(small, photometric="rgb", subfiletype=1, metadata=None)
        kind_of_page = 2 if kind == "mask" else 0
        file.write(scan.infrared, photometric="minisblack", subfiletype=kind_of_page, metadata=None)
    if kind == "mask":
        called_masks(path)
    return path


def filled(path: Path, result: Path, mask: Found = NOTHING, **settings: object) -> Report:
    """Filled with a smooth surface, which needs no network."""
    order = Order("fill", {"method": "biharmonic", "infrared": "auto", "grow": 2, **settings})
    return worker_of(order)(Job(path, result, mask=mask))


def parts(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Colors and infrared of a result, by tifffile."""
    with tifffile.TiffFile(path) as file:
        first = file.pages[0].asarray()
        if first.shape[2] == 4:
            assert [int(each) for each in file.pages[0].extrasamples] == [0]
            assert len(file.pages) == 1
            return first[..., :3], first[..., 3]
        assert len(file.pages) == 2, "the small copy shows the photo as it was"
        return first, file.pages[1].asarray()


@pytest.mark.parametrize("kind", ["channel", "page", "mask"])
def test_damage_is_filled_and_all_else_comes_back_bit_by_bit(tmp_path: Path, kind: str) -> None:
    path = layout(tmp_path / "slide.tif", kind)
    report = filled(path, tmp_path / "new.tif")
    rgb, infrared = parts(tmp_path / "new.tif")
    np.testing.assert_array_equal(infrared, SCAN.infrared)
    changed = (rgb != SCAN.rgb).any(axis=2)
    near = grow(SCAN.damage.astype(np.float32), 6)
    assert changed[SCAN.damage].mean() > 0.97
    assert not changed[~near].any()
    # What the damage hid is brighter than it, and known: the same scan without damage.
    clean = film_scan(300, stopped=0).rgb.astype(float)
    errors = [np.abs(each[SCAN.damage] - clean[SCAN.damage]).mean() for each in (rgb, SCAN.rgb)]
    assert errors[0] < 0.4 * errors[1]
    said = " ".join(report.remarks)
    assert "of the photo as damaged (by its infrared)" in said
    assert "left out" not in said.replace("a reduced copy (preview) of it was left out", "")


@pytest.mark.parametrize("kind", ["channel", "mask"])
def test_it_is_made_again_from_its_mark_byte_by_byte(tmp_path: Path, kind: str) -> None:
    path = layout(tmp_path / "slide.tif", kind)
    filled(path, tmp_path / "slide-filled.tif")
    redone = Redoer().check(tmp_path / "slide-filled.tif", Given())
    assert redone.equal, redone.remarks


def test_repair_takes_infrared_in_place_of_the_network(tmp_path: Path) -> None:
    path = layout(tmp_path / "slide.tif", "page")
    order = Order("repair", {"method": "biharmonic", "infrared": "2"})
    report = worker_of(order)(Job(path, tmp_path / "new.tif"))
    assert report.facts["found_by"] == "infrared"
    rim = grow(SCAN.damage.astype(np.float32), 3)
    assert SCAN.damage.mean() < report.facts["marked"] < rim.mean()
    assert "page 2: is the infrared of another page: it is as it was" in report.remarks
    rgb, infrared = parts(tmp_path / "new.tif")
    np.testing.assert_array_equal(infrared, SCAN.infrared)
    assert (rgb != SCAN.rgb).any(axis=2)[SCAN.damage].mean() > 0.97


def test_a_file_of_its_own_and_a_result_that_is_no_tiff(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "slide_IR.tif", SCAN.infrared)
    tifffile.imwrite(tmp_path / "slide.tif", SCAN.rgb, photometric="rgb")
    mask = Found(tmp_path / "slide_IR.tif", place=tmp_path / "slide_IR.tif")
    filled(tmp_path / "slide.tif", tmp_path / "a.tif", mask, infrared="file")
    filled(layout(tmp_path / "both.tif", "page"), tmp_path / "b.tif")
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "a.tif"), parts(tmp_path / "b.tif")[0])
    report = filled(layout(tmp_path / "four.tif", "channel"), tmp_path / "c.png")
    assert "its infrared is not in the result: only a .tif has a place for it" in report.remarks


def test_silver_film_and_photos_without_infrared_have_no_result(tmp_path: Path) -> None:
    silver = layout(tmp_path / "silver.tif", "channel", film_scan(300, silver=True))
    with pytest.raises(PhotoError, match="silver film"):
        filled(silver, tmp_path / "new.tif")
    tifffile.imwrite(tmp_path / "plain.tif", SCAN.rgb, photometric="rgb")
    with pytest.raises(PhotoError, match="has no infrared channel"):
        filled(tmp_path / "plain.tif", tmp_path / "new.tif")
    assert not (tmp_path / "new.tif").exists()
