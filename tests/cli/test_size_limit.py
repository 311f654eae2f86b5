"""--limit-megapixels: on every command that reads photos, and named where it would help."""

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from safelight.cli.main import cli
from safelight.errors import PhotoError
from safelight.pixels.files import read_photo, write_photo
from safelight.pixels.opening import limit


@pytest.mark.parametrize(
    "command", ["colorize", "suggest", "fill", "scratches", "repair", "reconstruct", "encode", "data build"]
)
def test_every_command_has_it(command: str) -> None:
    told = CliRunner().invoke(cli, [*command.split(), "--help"]).output
    assert "--limit-megapixels N" in told


def test_it_is_named_and_it_holds_for_the_run_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("safelight.pixels.opening.MEGAPIXELS", 0.001)
    write_photo(tmp_path / "a.png", np.full((40, 50, 3), 90, np.uint8))
    with pytest.raises(PhotoError, match=r"has 0.002 megapixels .* \(--limit-megapixels 1\)"):
        read_photo(tmp_path / "a.png")
    run = CliRunner()
    arguments = ["scratches", str(tmp_path / "a.png"), "--method", "ridge"]
    assert "--limit-megapixels 1" in run.invoke(cli, arguments).output
    assert run.invoke(cli, [*arguments, "--limit-megapixels", "1"]).exit_code == 0
    assert limit() == 0.001
