"""The guard and the doctor beside an autoencoder's run, and what its record says afterwards."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from safelight.journal.doctor.examine import case_of, examine
from safelight.journal.records import read_record
from safelight.tasks.autoencode.dataset import AutoencodeDataset, Sample
from safelight.tasks.autoencode.losses import AutoencodeLossSettings
from safelight.tasks.autoencode.recipe import AutoencodeRecipe
from safelight.tasks.autoencode.recipes import figures_quick
from safelight.training.checkpoints import read
from safelight.training.fit import fit

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def pressed() -> AutoencodeRecipe:
    """A KL that no code can pay."""
    recipe = figures_quick()
    train = replace(recipe.train, steps=80, validate_every=40, picture_every=80)
    return replace(
        recipe,
        loss=AutoencodeLossSettings(kl=100.0),
        optimizer=replace(recipe.optimizer, lr=1e-2),
        train=train,
    )


def test_a_collapse_is_told_while_it_trains_and_afterwards(
    padded: Path,
    pressed: AutoencodeRecipe,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run = fit(pressed, padded, tmp_path)
    told = [line for line in capsys.readouterr().err.splitlines() if "posterior collapse" in line]
    assert len(told) == 1  # once, however often it is seen
    assert re.match(r"doctor: step (40|80): posterior collapse: ", told[0])
    assert told[0].endswith("try --loss.kl 1")
    assert run.facts["collapse"].startswith("posterior collapse")
    findings = examine(case_of(read_record(run.folder), with_dataset=False)).findings
    assert [finding.name for finding in findings] == ["posterior collapse"]


def test_a_code_in_use_is_no_collapse(padded: Path, pressed: AutoencodeRecipe, tmp_path: Path) -> None:
    run = fit(replace(pressed, loss=AutoencodeLossSettings()), padded, tmp_path, quiet=True)
    readings = examine(case_of(read_record(run.folder), with_dataset=False)).readings
    seen = readings["posterior collapse"]
    assert seen is not None
    assert not seen.sick
    assert run.facts["collapse"] is None


def test_the_guard_goes_back_when_samples_are_no_numbers(
    padded: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    recipe = figures_quick()
    recipe = replace(
        recipe,
        train=replace(recipe.train, steps=24, checkpoint_every=8, validate_every=24, picture_every=24),
        guard=replace(recipe.guard, settle=6, patience=4),
    )
    usual = AutoencodeDataset.__getitem__

    def spoilt(self: AutoencodeDataset, k: int) -> Sample:
        sample = usual(self, k)
        return sample._replace(picture=np.full_like(sample.picture, np.nan)) if k == 18 * 4 else sample

    monkeypatch.setattr(AutoencodeDataset, "__getitem__", spoilt)
    run = fit(recipe, padded, tmp_path, quiet=True)
    (line,) = [json.loads(text) for text in (run.folder / "guard.jsonl").read_text().splitlines()]
    assert (line["step"], line["restored"], line["blame"]) == (19, 8, "samples")
    assert (run.facts["state"], run.facts["step"]) == ("finished", 24)
    weights = read(run.last_checkpoint)["state_dict"]
    assert all(torch.isfinite(tensor).all() for tensor in weights.values() if tensor.is_floating_point())
