"""Three hundred odd and hostile files in one batch: each is colored, or told in one line."""

from pathlib import Path

from safelight.pixels.files import read_photo
from safelight.runtime.names import PHOTOS, result_name
from tests.cli.shell import results, safelight
from tests.hostile import make_hostile
from tests.runtime.tiny import make_model


def test_a_batch_of_hostile_files(tmp_path: Path) -> None:
    source, out, model = tmp_path / "in", tmp_path / "out", make_model(tmp_path / "model")
    cases = {case.path: case for case in make_hostile(source, seed=11)}
    found = [cases[path] for path in source.iterdir() if path.suffix.lower() in PHOTOS and not path.is_dir()]
    readable = {case.path: case.size for case in found if case.expected == "reads"}
    done = safelight("colorize", source, "-o", out, "--model", model, "--recolor")

    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "unexpected" not in done.stderr
    long = {path for path in readable if len(path.name) > 245}  # no room for the mark in the result's name
    expected = {out / result_name(path): size for path, size in readable.items() if path not in long}
    assert {out / name for name in results(out)} == set(expected)
    assert {path: read_photo(path).size for path in expected} == expected
    failed = len(found) - len(expected)
    assert done.stdout.startswith(f"{len(expected)} photos colored (")  # some are toned
    assert f"), {failed} failed, " in done.stdout
    said = (
        ": its ",
        ": it holds",
        "of kinds that are not read",
        ": has color",
        ": is orange",
        ": the paper around",
    )
    remarks = [line for line in done.stderr.splitlines() if any(words in line for words in said)]
    assert len(done.stderr.splitlines()) - len(remarks) == failed
