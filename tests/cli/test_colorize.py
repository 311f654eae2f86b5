"""safelight colorize in real processes: folders with bad files, stops and kills, names, hints."""

import json
import os
import re
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from safelight.pixels.files import read_photo, write_photo
from safelight.tasks.colorize.hints import Hint, HintSet
from tests.cli.shell import results, safelight, start
from tests.pixels.test_looks import colored, toned
from tests.runtime.tiny import make_model


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("model"))


def photo(path: Path, side: int = 40) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    grey = np.random.default_rng(0).integers(60, 200, (side, side, 1), np.uint8).repeat(3, 2)
    return write_photo(path, grey)


def is_colored(path: Path) -> bool:
    pixels = read_photo(path).pixels.astype(int)
    return bool(np.ptp(pixels, axis=2).mean() > 5)


def test_one_photo(tmp_path: Path, model: Path) -> None:
    photo(tmp_path / "a.jpg")
    done = safelight("colorize", "a.jpg", "--model", model, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("colored a-color.jpg, ")
    assert done.stderr == ""
    assert results(tmp_path) == ["a-color.jpg", "a.jpg"]
    assert is_colored(tmp_path / "a-color.jpg")


def test_a_batch_goes_on_past_bad_files_and_can_be_run_again(tmp_path: Path, model: Path) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    photo(source / "a.png")
    photo(source / "deep" / "z.jpg")
    (source / "b.jpg").write_bytes(b"not a photo")
    (source / "c.png").write_bytes((source / "a.png").read_bytes()[:100])
    (source / "d.jpg").mkdir()
    done = safelight("colorize", source, tmp_path / "missing.jpg", "-o", out, "--model", model)
    assert done.returncode == 1
    assert results(out) == ["a-color.png", "deep/z-color.jpg"]
    lines = done.stderr.splitlines()
    assert len(lines) == 3
    assert [name for name in ("b.jpg", "c.png", "missing.jpg") if any(name in line for line in lines)] == [
        "b.jpg",
        "c.png",
        "missing.jpg",
    ]
    assert len(done.stdout.splitlines()) == 1
    assert done.stdout.startswith("2 photos colored, 3 failed, ")

    before = {name: (out / name).stat().st_mtime_ns for name in results(out)}
    again = safelight("colorize", source, "-o", out, "--model", model)
    assert again.returncode == 1
    assert "0 photos colored, 2 skipped (done before), 2 failed" in again.stdout
    assert before == {name: (out / name).stat().st_mtime_ns for name in results(out)}
    forced = safelight("colorize", source / "a.png", "-o", out, "--model", model, "--overwrite")
    assert forced.returncode == 0
    assert (out / "a-color.png").stat().st_mtime_ns != before["a-color.png"]


def test_a_dry_run_writes_nothing(tmp_path: Path, model: Path) -> None:
    photo(tmp_path / "a.jpg")
    photo(tmp_path / "b.jpg")
    photo(tmp_path / "b-color.jpg")
    HintSet([]).save(tmp_path / "a.hints.json")
    before = results(tmp_path)
    done = safelight("colorize", tmp_path, "--model", model, "--dry-run")
    assert done.returncode == 0
    assert results(tmp_path) == before
    assert "a-color.jpg, with a.hints.json" in done.stdout
    assert "b-color.jpg (is there: would be skipped)" in done.stdout
    assert done.stdout.splitlines()[-1] == "dry run: 2 photos, nothing written"


def test_hints_beside_the_photo_and_hints_typed(tmp_path: Path, model: Path) -> None:
    grey = np.full((64, 64, 3), 128, np.uint8)
    write_photo(tmp_path / "a.png", grey)
    HintSet([Hint(0.5, 0.5, "#2040ff", 0.05)]).save(tmp_path / "a.hints.json")
    words = ("colorize", tmp_path / "a.png", "--model", model, "-o")
    told = safelight(*words, tmp_path / "side.png").stderr.splitlines()
    assert told == [f"{tmp_path / 'a.png'}: with 1 hint from a.hints.json"]
    assert safelight(*words, tmp_path / "typed.png", "--hint", "0.5,0.5,#ff4020,0.05").stderr == ""
    side, typed = (
        read_photo(tmp_path / f"{name}.png").pixels[32, 32].astype(int) for name in ("side", "typed")
    )
    safelight(
        *words, tmp_path / "named.png", "--hint", "0.5,0.5,#FF4020,0.05", "--hint", "0.5,0.5,Tomato,0.05"
    )
    named = read_photo(tmp_path / "named.png").pixels[32, 32].astype(int)
    assert named[0] > named[2] + 30
    for wrong, said in (("tomat", "did you mean tomato?"), ("0.5", "is not X,Y,COLOR"), ("#ff", "#rgb")):
        refused = safelight(
            *words, tmp_path / "wrong.png", "--hint", f"0.5,0.5,{wrong}" if wrong != "0.5" else wrong
        )
        assert refused.returncode == 2
        assert said in refused.stderr
    assert side[2] > side[0] + 30
    assert typed[0] > typed[2] + 30


def test_the_hints_given_are_drawn_on_the_photo(tmp_path: Path, model: Path) -> None:
    grey = np.full((64, 96, 3), 128, np.uint8)
    write_photo(tmp_path / "a.png", grey)
    words = ("colorize", "a.png", "--model", model, "--hint", "0.25,0.5,#d01010", "--picture")
    done = safelight(*words, "places.png", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "places.png: the photo under a grid, with 1 hint" in done.stderr
    drawn = read_photo(tmp_path / "places.png").pixels
    row, column = np.nonzero((drawn == (0xD0, 0x10, 0x10)).all(-1))
    margin = (drawn.shape[1] - 96) // 2
    np.testing.assert_allclose((column.mean() - margin, row.mean() - margin), (24, 32), atol=2)
    again = {"places.png": "is there already", "a.png": "is the photo or its result"}
    for name, said in again.items():
        refused = safelight(*words, name, "-o", "b.png", cwd=tmp_path)
        assert refused.returncode == 2
        assert said in refused.stderr
        assert not (tmp_path / "b.png").exists()
    two = safelight(*words, "x.png", "places.png", "-o", "two/", cwd=tmp_path)
    assert two.returncode == 2
    assert "--picture draws one photo; found 2" in two.stderr


def test_hint_files_without_hints_and_missing_ones_are_said(tmp_path: Path, model: Path) -> None:
    photo(tmp_path / "a.jpg")
    HintSet([]).save(tmp_path / "a.hints.json")
    words = ("colorize", "a.jpg", "--model", model, "-o")
    beside = safelight(*words, "beside.jpg", cwd=tmp_path)
    assert beside.stderr == "a.jpg: a.hints.json has no hints\n"
    given = safelight(*words, "given.jpg", "--hints", "a.hints.json", cwd=tmp_path)
    assert given.stderr == "a.hints.json has no hints\n"
    missing = safelight(*words, "missing.jpg", "--hints", "nope.json", cwd=tmp_path)
    assert (missing.returncode, missing.stderr.count("\n")) == (1, 1)
    assert missing.stderr == "safelight: there is no hint file nope.json\n"


def test_one_photo_whose_result_is_there_is_an_error_and_several_go_on(tmp_path: Path, model: Path) -> None:
    photo(tmp_path / "in" / "a.jpg")
    photo(tmp_path / "in" / "a-color.jpg")
    (tmp_path / "in" / "b.jpg").write_bytes((tmp_path / "in" / "a.jpg").read_bytes())
    for words in (["--vivid", "1"], ["--dry-run"]):
        done = safelight("colorize", "in/a.jpg", "--model", model, *words, cwd=tmp_path)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr == (
            "safelight: in/a-color.jpg is there already: "
            "add --overwrite to replace it, or -o NAME for another file\n"
        )
    several = safelight("colorize", "in/a.jpg", "in/b.jpg", "--model", model, cwd=tmp_path)
    assert (several.returncode, "1 skipped" in several.stdout) == (0, True)
    (tmp_path / "in" / "b.jpg").unlink()
    folder = safelight("colorize", "in", "--model", model, cwd=tmp_path)
    assert (folder.returncode, "skipped" in folder.stdout) == (0, True)


def test_a_folder_may_be_named_like_a_file_and_a_file_of_another_kind_is_refused(
    tmp_path: Path, model: Path
) -> None:
    photo(tmp_path / "a.jpg")
    refused = safelight("colorize", "a.jpg", "--model", model, "-o", "x.gif", cwd=tmp_path)
    assert refused.returncode == 2
    assert "expected" not in refused.stderr.splitlines()[-1]
    assert "x.gif is no name of a .jpg, .png, .tif or .webp" in refused.stderr
    assert safelight("colorize", "a.jpg", "--model", model, "-o", "x.gif/", cwd=tmp_path).returncode == 0
    assert results(tmp_path) == ["a.jpg", "x.gif/a-color.jpg"]


def test_a_bad_hint_file_beside_a_photo_fails_that_photo_only(tmp_path: Path, model: Path) -> None:
    photo(tmp_path / "a.jpg")
    photo(tmp_path / "b.jpg")
    (tmp_path / "a.hints.json").write_text(json.dumps({"format": "other"}))
    done = safelight("colorize", tmp_path, "--model", model)
    assert done.returncode == 1
    assert "a.hints.json" in done.stderr
    assert (tmp_path / "b-color.jpg").exists()


@pytest.mark.parametrize(
    "name", ["grüße 写真 📷.jpg", "with\nnewline.png", "-dash.png", "[bold]rich[/].webp"]
)
def test_odd_results(tmp_path: Path, model: Path, name: str) -> None:
    path = photo(tmp_path / name)
    done = safelight("colorize", "--model", model, "--", path)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 1
    assert path.with_name(f"{path.stem}-color{path.suffix}").exists()


def test_names_that_are_no_text_and_names_that_are_too_long(tmp_path: Path, model: Path) -> None:
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/odd\xff.png"))
    photo(tmp_path / "a.png").rename(odd)
    photo(tmp_path / "b.png").rename(tmp_path / ("n" * 250 + ".png"))
    done = safelight("colorize", tmp_path, "--model", model)
    assert done.returncode == 1
    assert odd.with_name(odd.stem + "-color.png").exists()
    assert len(done.stderr.splitlines()) == 1
    assert "nnn" in done.stderr
    assert "Traceback" not in done.stderr


def wait_for(folder: Path, count: int) -> None:
    end = time.monotonic() + 60
    while len(list(folder.glob("*-color.*"))) < count and time.monotonic() < end:
        time.sleep(0.005)


@pytest.mark.parametrize(
    "blow",
    [
        signal.SIGTERM,
        # Both are sent in tests/batch/test_killed_commands.py too.
        *(pytest.param(blow, marks=pytest.mark.slow) for blow in (signal.SIGINT, signal.SIGKILL)),
    ],
)
def test_a_stopped_batch_leaves_whole_files_only_and_goes_on(
    tmp_path: Path, model: Path, blow: signal.Signals
) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    photo(source / "000.png", 400)
    for number in range(1, 30):
        os.link(source / "000.png", source / f"{number:03}.png")
    out.mkdir()
    process = start("colorize", source, "-o", out, "--model", model)
    wait_for(out, 3)
    process.send_signal(blow)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == {signal.SIGINT: 130, signal.SIGKILL: -9, signal.SIGTERM: 143}[blow]
    assert "Traceback" not in errors
    left = results(out)
    assert 3 <= len(left) < 30
    for name in left:
        assert name.endswith("-color.png")
        assert read_photo(out / name).size == (400, 400)
    again = safelight("colorize", source, "-o", out, "--model", model)
    assert again.returncode == 0
    skipped = re.findall(
        r"(\d+) skipped", again.stdout
    )  # done before; and one killed before its row was written
    assert sum(map(int, skipped)) == len(left)
    assert len(results(out)) == 30
    assert safelight("batch", "status", out, "--verify").returncode == 0


def color_photo(path: Path) -> Path:
    return write_photo(path, colored(3))


def test_a_photo_with_colors_of_its_own_is_left_counted_and_said(tmp_path: Path, model: Path) -> None:
    photo(tmp_path / "in" / "old.png")
    color_photo(tmp_path / "in" / "beach.png")
    done = safelight("colorize", "in", "-o", "out", "--model", model, cwd=tmp_path)
    assert (done.returncode, results(tmp_path / "out")) == (0, ["old-color.png"])
    assert done.stderr == ("in/beach.png: has colors of its own: left as it is; --recolor replaces them\n")
    assert done.stdout.startswith(
        "colored out/old-color.png, 1 left as it is (colors of their own; --recolor replaces them), "
    )
    again = safelight("colorize", "in", "-o", "out", "--model", model, "--recolor", cwd=tmp_path)
    assert (again.returncode, results(tmp_path / "out")) == (0, ["beach-color.png", "old-color.png"])
    assert again.stderr.splitlines() == [
        "in/beach.png: has colors of its own; they were replaced",
        "1 result was made with other settings (recolor False then, True now): old-color.png; kept, "
        "--overwrite makes it anew",
    ]
    alone = safelight("colorize", "in/beach.png", "-o", "new/b.png", "--model", model, cwd=tmp_path)
    assert (alone.returncode, (tmp_path / "new").exists()) == (0, False)
    assert alone.stdout.startswith("0 photos colored, 1 left as it is (")


def test_of_a_photo_that_is_left_nothing_is_said_to_be_lost(tmp_path: Path, model: Path) -> None:
    """Its film is still in it: what a result cannot keep is said of results."""
    path = write_photo(tmp_path / "film.jpg", colored(3))
    path.write_bytes(path.read_bytes() + b"\0\0\0\x18ftypmp42" + bytes(range(200)))
    done = safelight("colorize", "film.jpg", "--model", model, cwd=tmp_path)
    assert done.stderr == "film.jpg: has colors of its own: left as it is; --recolor replaces them\n"
    again = safelight("colorize", "film.jpg", "--model", model, "--recolor", cwd=tmp_path)
    assert "film.jpg: its film (motion photo) was left out" in again.stderr


def test_hints_for_a_color_photo_ask_for_new_colors(tmp_path: Path, model: Path) -> None:
    color_photo(tmp_path / "a.png")
    done = safelight("colorize", "a.png", "--hint", "0.5,0.5,#ff4020", "--model", model, cwd=tmp_path)
    assert (done.returncode, results(tmp_path)) == (0, ["a-color.png", "a.png"])
    assert done.stderr == "a.png: has colors of its own; they were replaced\n"


def test_a_tone_is_kept_when_asked_and_paper_always(tmp_path: Path, model: Path) -> None:
    write_photo(tmp_path / "sepia.png", toned(0, 70, 14))
    words = ("colorize", "sepia.png", "--model", model)
    plain = safelight(*words, cwd=tmp_path)
    assert plain.stdout.startswith("colored sepia-color.png (toned; --keep-toning keeps the tone), ")
    kept = safelight(*words, "-o", "kept.png", "--keep-toning", cwd=tmp_path)
    assert kept.stdout.startswith("colored kept.png, ")
    yellow = [
        (read_photo(tmp_path / name).pixels.astype(int) @ (1, 1, -2)).mean()
        for name in ("sepia-color.png", "kept.png")
    ]
    assert yellow[1] > yellow[0] + 20
    card = np.full((240, 300, 3), (232, 222, 196), np.uint8)
    card[30:150, 40:200] = np.random.default_rng(0).integers(20, 140, (120, 160, 1))
    write_photo(tmp_path / "card.png", card)
    done = safelight("colorize", "card.png", "--model", model, cwd=tmp_path)
    assert done.stderr == (
        "card.png: the paper around the picture keeps its own color (--no-mount colors it too)\n"
    )
    found = read_photo(tmp_path / "card-color.png").pixels
    assert (np.ptp(found[30:150, 40:200].astype(int), axis=2) > 5).mean() > 0.9
    found[30:150, 40:200] = card[30:150, 40:200]
    np.testing.assert_array_equal(found, card)
    whole = safelight("colorize", "card.png", "-o", "w.png", "--no-mount", "--model", model, cwd=tmp_path)
    assert whole.stderr == ""
    assert (read_photo(tmp_path / "w.png").pixels[:30] != card[:30]).any(axis=2).all()
