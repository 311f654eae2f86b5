"""The doctor: finds each sickness that was put in, is silent on the healthy, and draws and writes what it found."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from safelight.data.build import build_dataset
from safelight.data.settings import BuildSettings
from safelight.journal.doctor.case import Case, Leaks
from safelight.journal.doctor.examine import case_of, examine, find_leaks
from safelight.journal.doctor.remedies import first_that_fits, put, raise_weight, scale, widen
from safelight.journal.doctor.report import in_lines, write_report
from safelight.journal.records import make_curve, read_record
from safelight.pixels.color import lab_to_srgb
from safelight.pixels.files import write_photo
from safelight.training.overrides import settings
from safelight.training.recipe import all_recipes, recipe_named
from tests.journal.made import SICK, SYMPTOMS, healthy, write_run

SEEDS = range(12)


def width_of(path: Path) -> int:
    with Image.open(path) as picture:
        assert picture.format == "PNG"
        return picture.width


@pytest.mark.parametrize("kind", SICK)
def test_what_was_put_in_is_found(kind: str) -> None:
    expected, sicken = SICK[kind]
    found = []
    for seed in SEEDS:
        rng = np.random.default_rng((seed, 2))
        found.append([each for each in examine(sicken(healthy(rng), rng)).findings if each.name == expected])
    assert sum(map(bool, found)) >= 0.8 * len(SEEDS)
    for finding in (each for own in found for each in own):
        assert finding.reading.sick
        assert finding.reading.evidence
        assert finding.cause
        assert finding.advice  # helps where no setting of the recipe does


def test_the_healthy_are_left_alone() -> None:
    told = [examine(healthy(np.random.default_rng(seed))).findings for seed in range(60)]
    assert sum(map(bool, told)) <= 1


def test_every_symptom_is_made_sick_somewhere() -> None:
    assert {expected for expected, _ in SICK.values()} == {symptom.name for symptom in SYMPTOMS}
    named = {symptom.name for symptom in SYMPTOMS}
    assert all(set(symptom.instead_of) <= named for symptom in SYMPTOMS)


def test_without_measures_nothing_is_claimed() -> None:
    empty = examine(Case({}, {}, 0))
    assert empty.healthy
    assert all(reading is None for reading in empty.readings.values())
    few = {"train/loss": make_curve([1, 2], [0.3, 0.2])}
    assert examine(Case({"train.steps": 100}, few, 2)).healthy


def test_a_run_that_is_young_is_not_called_washed_out() -> None:
    rng = np.random.default_rng(3)
    sick = SICK["pale"][1](healthy(rng), rng)
    young = replace(sick, step=int(0.2 * sick.planned))
    assert "washed out" in [each.name for each in examine(sick).findings]
    assert "washed out" not in [each.name for each in examine(young).findings]


@pytest.mark.parametrize("kind", SICK)
def test_young_runs_are_told_only_what_is_so_at_any_time(kind: str) -> None:
    """All networks begin brown, pale, deaf and empty; what broke, or will harm others, is told at once."""
    rng = np.random.default_rng(3)
    sick = SICK[kind][1](healthy(rng), rng)
    found = examine(replace(sick, step=int(0.2 * sick.planned)))
    assert {each.name for each in found.findings} <= {"unstable", "colors out of range", "leaking split"}
    assert found.young


def test_a_run_of_37_of_12000_steps_is_too_short_to_tell(tmp_path: Path) -> None:
    case = healthy(np.random.default_rng(0))
    settings = {**case.settings, "train.steps": 12_000}
    curves = {"train/loss": make_curve([10, 20, 30], [0.3, 0.28, 0.27])}
    case = replace(case, curves=curves, step=37, settings=settings, leaks=None)
    record = read_record(write_run(tmp_path / "runs", "begun", case, state="stopped"))
    found = examine(case_of(record))
    (line,) = in_lines(record, found)
    assert line.startswith("begun: too short to tell (37 of 12,000 steps")
    page = write_report(record, case, found).read_text()
    assert page.startswith("# begun: too short to tell")
    assert "too early in this run" in page


def test_only_checks_of_the_task_are_counted() -> None:
    case = healthy(np.random.default_rng(0))
    counts = {
        task: set(examine(replace(case, settings={**case.settings, "task": task})).readings)
        for task in ("colorize", "fill", "scratches", "code")
    }
    assert {"sepia", "hints ignored"} <= counts["colorize"]
    assert not counts["colorize"] & {"posterior collapse", "checkerboard", "hole stays empty"}
    assert "posterior collapse" in counts["code"]
    assert {"checkerboard", "color shift at the seam"} <= counts["fill"]
    assert not any("hue" in name or name == "sepia" for name in counts["scratches"])
    assert set.union(*counts.values()) == {symptom.name for symptom in SYMPTOMS}
    older = {name: value for name, value in case.settings.items() if name != "task"}
    assert set(examine(replace(case, settings=older)).readings) == counts["colorize"]


def test_what_is_beyond_its_limit_and_well_says_why(tmp_path: Path) -> None:
    """Training pictures lead more and more, and held-out ones lost nothing: as a healthy run with many looks has it."""
    case = healthy(np.random.default_rng(0))
    looks = np.linspace(case.step / 8, case.step, 8).astype(int)
    held_out = make_curve(looks, np.linspace(1, 2, 8))
    familiar = make_curve(looks, np.linspace(1, 3.2, 8))
    curves = {**case.curves, "val/gain_0": held_out, "probe/train_gain_0": familiar}
    case = replace(case, curves=curves)
    found = examine(case)
    assert found.healthy
    record = read_record(write_run(tmp_path / "runs", "well", case))
    row = next(r for r in write_report(record, case, found).read_text().splitlines() if "overfitting" in r)
    assert row.startswith(
        "| overfitting | 1.2 | above 0.5 dB | well: beyond the limit, but held-out pictures lost only"
    )
    assert "underfitting | 3.2 | below 1 dB | well |" in (record.folder / "doctor" / "report.md").read_text()


def test_no_check_is_beyond_its_limit_and_well_without_a_reason() -> None:
    rng = np.random.default_rng(0)
    cases = [healthy(rng) for _ in range(20)] + [sicken(healthy(rng), rng) for _, sicken in SICK.values()]
    for case in cases:
        for name, reading in examine(case).readings.items():
            if reading is not None and not reading.sick and reading.beyond:
                assert reading.but, name


def test_a_first_try_that_came_out_brown_is_told_to_go_on() -> None:
    """240 steps of 16: what the network needs is time, whatever the table says of others."""
    rng = np.random.default_rng(2)
    brown = SICK["brown"][1](healthy(rng), rng)
    settings = {**brown.settings, "train.steps": 240, "data.batch": 16}
    curves = {
        name: make_curve(np.maximum(curve.steps * 240 // brown.step, 1), curve.values)
        for name, curve in brown.curves.items()
    }
    first = replace(brown, step=240, settings=settings, curves=curves)
    (finding,) = [each for each in examine(first).findings if each.name == "sepia"]
    assert finding.flags == "--train.steps 500"


def test_colors_out_of_range_are_found_in_older_runs_too() -> None:
    """As metrics.csv of a run with the unbounded loss.diversity 0.1 has it: 240 steps, spread 31 times the truth's."""
    case = healthy(np.random.default_rng(0))
    looks = case.curves["probe/chroma"].steps
    curves = {name: curve for name, curve in case.curves.items() if name != "probe/most_chroma"}
    for spread, expected in ((31.1, ["colors out of range"]), (0.95, [])):
        older = {**curves, "probe/spread": make_curve(looks, np.full(len(looks), spread))}
        assert [each.name for each in examine(replace(case, curves=older)).findings] == expected


def test_no_advice_rewards_variety() -> None:
    """loss.diversity 0.1 cost 0.8 to 1.8 dB without hints on runs of 240 and 350 steps (docs/doctor.md)."""
    rng = np.random.default_rng(0)
    for kind in SICK:
        for finding in examine(SICK[kind][1](healthy(rng), rng)).findings:
            assert "loss.diversity" not in finding.flags.replace("--loss.diversity 0", "")


def test_a_loss_that_rises_because_the_questions_become_harder_is_no_leap() -> None:
    case = healthy(np.random.default_rng(8))
    loss = case.curves["train/loss"]
    harder = make_curve(loss.steps, loss.values * np.where(loss.steps < 0.4 * case.step, 1, 4))
    assert examine(replace(case, curves={**case.curves, "train/loss": harder})).healthy


def test_a_loss_with_a_logarithm_is_judged_by_a_term_above_zero() -> None:
    """As the recipes for holes have it: the sum crosses zero, so that shares of it mean nothing."""
    case = healthy(np.random.default_rng(8))
    loss = case.curves["train/loss"]
    shifted = make_curve(loss.steps, loss.values - np.median(loss.values))
    below = replace(case, curves={**case.curves, "train/loss": shifted})
    assert examine(below).healthy
    assert examine(below).readings["oscillation"] is None
    told = examine(replace(below, curves={**below.curves, "train/hole": loss}))
    assert told.healthy
    assert told.readings["oscillation"] == replace(
        examine(case).readings["oscillation"], curves=("train/hole", "train/lr")
    )


def test_what_still_gets_better_is_first_given_more_time() -> None:
    rng = np.random.default_rng(8)
    pale = SICK["pale"][1](healthy(rng), rng)
    looks = np.linspace(pale.step / 6, pale.step, 6).astype(int)
    for gains, flag in ((np.linspace(0, 1, 6), "--train.steps"), (np.full(6, 1.0), "--model.head bins")):
        case = replace(pale, curves={**pale.curves, "val/gain_0": make_curve(looks, gains)}, leaks=None)
        (finding,) = [each for each in examine(case).findings if each.name == "washed out"]
        assert finding.flags.startswith(flag)


def test_a_cause_is_told_once() -> None:
    rng = np.random.default_rng(5)
    bouncing = SICK["a bouncing loss"][1](healthy(rng), rng)
    assert [finding.name for finding in examine(bouncing).findings] == ["oscillation"]
    still = SICK["not a number"][1](bouncing, rng)
    names = [finding.name for finding in examine(still).findings]
    assert "unstable" in names
    assert "oscillation" not in names


PLAIN = {
    "model.channels": 16,
    "model.growth": 2.0,
    "model.widest": 512,
    "model.steps": 2,
    "model.bottleneck.width": 0,
}


@pytest.mark.parametrize(
    ("changes", "channels", "flags"),
    [
        ({"model.channels": 8}, 32, "--model.channels 16"),  # as growth gives: 8 · 2²
        ({"model.widest": 40}, 40, "--model.channels 24"),
        ({"model.bottleneck.width": 24}, 24, "--model.bottleneck.width 40"),
    ],
)
def test_a_plain_network_is_as_narrow_as_it_is(changes: dict[str, int], channels: int, flags: str) -> None:
    rng = np.random.default_rng(4)
    case = SICK["a narrow bottleneck"][1](healthy(rng), rng)
    others = {name: value for name, value in case.settings.items() if name != "model.widths"}
    case = replace(case, settings={**others, **PLAIN, **changes})
    (finding,) = [each for each in examine(case).findings if each.name == "underfitting"]
    assert finding.reading.evidence.endswith(f"a bottleneck of {channels} channels")
    assert finding.flags == flags
    wide = replace(case, settings={**others, **PLAIN})  # 16 · 2² = 64
    assert "underfitting" not in [each.name for each in examine(wide).findings]


def test_a_filler_that_learned_by_heart_is_told_so() -> None:
    rng = np.random.default_rng(4)
    case = SICK["learned by heart"][1](healthy(rng), rng)
    curves = {
        name.replace("gain_0", "hole_psnr"): replace(curve, values=curve.values + 18)
        for name, curve in case.curves.items()
        if name.endswith("gain_0")
    }
    assert set(curves) == {"val/hole_psnr", "probe/train_hole_psnr"}
    filler = replace(case, curves={"train/loss": case.curves["train/loss"], **curves})
    found = examine(filler)
    (finding,) = [each for each in found.findings if each.name == "overfitting"]
    assert finding.reading.curves == ("val/hole_psnr", "probe/train_hole_psnr")
    assert found.readings["underfitting"] is None


class Asked(dict[str, Any]):
    """Settings that have whatever is asked for, and note it."""

    def __missing__(self, name: str) -> float:
        self[name] = 0.5
        return 0.5

    def __contains__(self, name: object) -> bool:
        return self[name] is not None

    def get(self, name: str, default: Any = None) -> Any:
        return self[name]


def test_every_remedy_changes_a_setting_of_some_recipe() -> None:
    known = {name for recipe in all_recipes() for name in settings(recipe_named(recipe))}
    for symptom in SYMPTOMS:
        for number, remedy in enumerate(symptom.remedies):
            asked = Asked()
            changes = remedy(asked) or {}
            assert {*asked, *changes} <= known, (symptom.name, number)
            assert asked, (symptom.name, number)


def test_remedies_name_what_the_recipe_has() -> None:
    settings = {
        "optimizer.lr": 2e-3,
        "loss.chroma": 0.2,
        "loss.bins": 0.0,
        "model.widths": [128, 96],
        "on": False,
    }
    assert scale("optimizer.lr", 0.3)(settings) == {"optimizer.lr": "0.0006"}
    assert scale("optimizer.lr", 3.0, most=2e-3)(settings) is None
    assert scale("on", 2.0)(settings) is None
    assert scale("missing", 2.0)(settings) is None
    assert raise_weight("loss.bins")(settings) == {"loss.bins": "0.1"}
    assert raise_weight("loss.chroma")(settings) == {"loss.chroma": "0.4"}
    assert widen("model.widths")(settings) == {"model.widths": "192,144"}
    assert widen("model.bottleneck.width")({"model.bottleneck.width": 0}) is None  # as growth gives
    assert put({"loss.bins": "0"})(settings) is None
    assert put({"loss.none": "1"})(settings) is None
    remedies = (put({"loss.none": "1"}), put({"loss.bins": "1", "on": "true"}))
    assert first_that_fits(remedies, settings) == "--loss.bins 1 --on true"
    assert first_that_fits((), settings) == ""


def sheet(answer: np.ndarray, side: int = 32) -> np.ndarray:
    """A contact sheet of three probes whose automatic answer has this one color."""
    rng = np.random.default_rng(0)
    rows = []
    for _ in range(3):
        L = np.full((side, side, 1), 60, np.float32)
        truth = np.broadcast_to(rng.uniform(-40, 40, 2), (side, side, 2))
        grey, given = np.zeros((side, side, 2)), np.broadcast_to(answer, (side, side, 2))
        lab = [np.concatenate([L, ab.astype(np.float32)], 2) for ab in (grey, grey, given, truth, truth)]
        rows.append(np.hstack([lab_to_srgb(one) for one in lab]))
    return np.round(np.vstack(rows) * 255).astype(np.uint8)


def test_a_run_without_evidence_is_measured_on_its_pictures(tmp_path: Path) -> None:
    case = healthy(np.random.default_rng(0))
    old = replace(case, curves={k: v for k, v in case.curves.items() if not k.startswith("probe/")})
    folder = write_run(tmp_path / "runs", "old", old)
    Image.fromarray(sheet(np.array([6.0, 18.0]))).save(folder / "pictures" / f"step-{case.step:07}.png")
    record = read_record(folder)
    found = examine(case_of(record))
    assert [finding.name for finding in found.findings] == ["sepia"]
    page = write_report(record, case_of(record), found)
    assert "![sepia](sepia.png)" in page.read_text()
    assert width_of(page.parent / "sepia.png") > 800


def test_the_report_has_figures_flags_and_pictures(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    sick = SICK["a leap that stays"][1](healthy(rng), rng)
    record = read_record(write_run(tmp_path / "runs", "sick", sick))
    found = examine(case_of(record))
    page = write_report(record, case_of(record), found)
    text = page.read_text()
    assert "--optimizer.lr 0.0006" in text
    assert f"safelight train {record.folder} --data {tmp_path / 'photos'} --optimizer.lr" in text
    assert width_of(page.parent / "unstable.png") > 800
    stored = json.loads((page.parent / "findings.json").read_text())
    assert [each["name"] for each in stored["findings"]] == ["unstable"]
    assert stored["findings"][0]["figure"] > stored["findings"][0]["limit"]
    lines = in_lines(record, found)
    assert "unstable" in lines[0]
    assert any("try" in line and "--optimizer.lr" in line for line in lines)
    well = replace(sick, curves=healthy(np.random.default_rng(1)).curves)
    assert in_lines(record, examine(well)) == ["sick: healthy: 13 of 14 checks for a colorizer could be made"]
    assert (
        write_report(record, well, examine(well)).read_text().startswith("# sick: the doctor found nothing")
    )
    assert not (page.parent / "unstable.png").exists()  # of the older report


def test_twins_across_the_split_are_found(tmp_path: Path) -> None:
    """A dataset whose split was made by hand, with the same photo on both sides."""
    photos = tmp_path / "photos"
    photos.mkdir()
    rng = np.random.default_rng(0)
    for number in range(12):
        coarse = rng.integers(0, 256, (5, 5, 3), dtype=np.uint8)
        picture = cv2.resize(coarse, (96, 72), interpolation=cv2.INTER_CUBIC)
        write_photo(photos / f"{number:02}.png", picture)
    write_photo(photos / "twin.png", cv2.resize(picture, (90, 68), interpolation=cv2.INTER_AREA))
    folder = tmp_path / "set"
    build_dataset(photos, folder, BuildSettings(size=64, val=0.3, test=0.1))
    clean = find_leaks(folder)
    assert clean is not None
    assert clean.twins == ()
    names = [json.loads(line)["file_name"] for line in (folder / "metadata.jsonl").read_text().splitlines()]
    index = np.load(folder / "index.npy")
    index["split"] = 0
    index["split"][names.index("twin.png")] = 1
    np.save(folder / "index.npy", index)
    leaks = find_leaks(folder)
    assert leaks == Leaks(1, ((names.index("twin.png"), names.index("11.png")),))
    assert find_leaks(tmp_path) is None
    case = healthy(rng)
    record = read_record(write_run(tmp_path / "runs", "leaky", case, dataset={"path": str(folder)}))
    found = examine(case_of(record))
    assert [finding.name for finding in found.findings] == ["leaking split"]
    page = write_report(record, case_of(record), found)
    assert width_of(page.parent / "leaking-split.png") > 200


def test_a_network_that_was_shown_little_is_not_called_too_small() -> None:
    """A hundred steps of four pictures, as a first try on a laptop."""
    rng = np.random.default_rng(0)
    case = SICK["a narrow bottleneck"][1](healthy(rng), rng)
    assert "underfitting" in {finding.name for finding in examine(case).findings}
    settings = {**case.settings, "train.steps": 100, "data.batch": 4}
    curves = {
        name: make_curve(curve.steps * 100 // case.step, curve.values) for name, curve in case.curves.items()
    }
    short = replace(case, step=100, settings=settings, curves=curves)
    assert "underfitting" not in {finding.name for finding in examine(short).findings}


def test_statistics_that_settle_are_no_progress() -> None:
    """A real run at a rate of 1e-7: its first weights color at random, and stay."""
    looks = [60, 120, 180, 240, 300]
    rows = np.arange(25, 301, 25)
    loss = [0.862, 0.872, 0.86, 0.879, 0.882, 0.951, 0.902, 0.892, 0.882, 0.896, 0.889, 0.902]
    curves = {
        "train/loss": make_curve(rows, loss),
        "val/gain_0": make_curve(looks, [-2.2, -2.04, -2.02, -2.01, -2.0]),
        **{
            f"probe/{name}": make_curve(looks, [value] * 5)
            for name, value in {
                "chroma": 1.055, "red_green": 0.87, "truth_red_green": 0.35, "concentration": 0.99,
                "truth_concentration": 0.49, "hue": 19.0, "hue_error": 61.6, "obeyed": 0.2,
            }.items()
        },
    }  # fmt: skip
    case = replace(healthy(np.random.default_rng(0)), curves=curves, step=300)
    case = replace(case, settings={**case.settings, "train.steps": 300})
    assert [finding.name for finding in examine(case).findings] == ["no progress"]
    learning = {**curves, "val/gain_0": make_curve(looks, [-2.2, -1.6, -1.1, -0.8, -0.6])}
    assert "no progress" not in [finding.name for finding in examine(replace(case, curves=learning)).findings]


@pytest.mark.parametrize(
    ("error", "sick"),
    [
        ("DatasetError: /home/fernando/photos is not a folder", False),
        ("the loss is not finite", True),
        ("RuntimeError: loss is nan at step 3", True),
        ("the run diverged", True),
    ],
)
def test_a_path_is_no_divergence(error: str, sick: bool) -> None:
    case = replace(healthy(np.random.default_rng(0)), curves={}, error=error)
    assert ("unstable" in {finding.name for finding in examine(case).findings}) == sick
