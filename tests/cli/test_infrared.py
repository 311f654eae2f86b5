"""--infrared as it is typed: what it means, and what is refused before anything is done."""

from pathlib import Path

import click
import pytest
import tifffile
from click.testing import CliRunner

from safelight.cli.commands.fill import fill
from safelight.cli.commands.repair import repair
from tests.batch.test_infrared import SCAN, layout


def test_a_slide_is_filled_as_it_is_typed(tmp_path: Path) -> None:
    path = layout(tmp_path / "slide.tif", "channel")
    done = CliRunner().invoke(fill, [str(path), "--infrared", "auto", "--method", "telea", "--grow", "2"])
    assert done.exit_code == 0, done.output
    assert "(by its infrared)" in done.output
    assert tifffile.imread(tmp_path / "slide-filled.tif").shape == (*SCAN.damage.shape, 4)


@pytest.mark.parametrize("command", [fill, repair], ids=["fill", "repair"])
def test_what_cannot_be_meant_is_wrong_usage(command: click.Command, tmp_path: Path) -> None:
    path = layout(tmp_path / "slide.tif", "channel")
    for words, why in (
        (
            ["--infrared", "auto", "--mask", str(path)],
            "--mask and --infrared both say what is damaged; give one",
        ),
        (["--infrared", "nosuch.tif"], "expected auto, the number of a page, or a file that there is"),
        (["--infrared", "0"], "expected auto, the number of a page, or a file that there is"),
    ):
        done = CliRunner().invoke(command, [str(path), *words])
        assert done.exit_code == 2
        assert why in " ".join(done.output.split())
    plan = CliRunner().invoke(command, [str(path), "--infrared", "auto", "--dry-run"])
    assert plan.exit_code == 0
    assert ", by its infrared" in plan.output
