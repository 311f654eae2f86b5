"""What a run will need is told before it starts: counted where it can be, and near what is measured."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from safelight.errors import RecipeError
from safelight.tasks.colorize.recipe import ColorizeRecipe
from safelight.training import memory
from safelight.training.dry_run import DryRun, RandomImages
from safelight.training.memory import check_memory, estimate, free_memory
from safelight.training.overrides import override
from safelight.training.recipe import recipe_named

FACTOR = 1.5  # how far the estimate may be from the measured peak, either way

MEASURE = """
import json, sys
from pathlib import Path
import torch
from safelight.training.recipe import recipe_named
from safelight.training.dry_run import DryRun, RandomImages
from safelight.training.memory import estimate
from safelight.training.overrides import override
torch.set_num_threads(1)
recipe = override(recipe_named("quick"), json.loads(sys.argv[1]))
foretold = estimate(recipe).at(recipe.data.batch).total
bare = DryRun(recipe)
batch = next(bare.batches(RandomImages(recipe.augment.size), recipe.data.batch))
for _ in range(1):
    bare.step(batch)
said = Path("/proc/self/status").read_text().split()
print(json.dumps([foretold, int(said[said.index("VmHWM:") + 1]) * 1024]))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak is read from Linux's /proc")
def test_the_foretold_peak_is_near_the_measured_one() -> None:
    """In a process of its own, on a batch large enough to weigh more than the program itself.

    The peak is VmHWM: getrusage's survives exec on Linux, and would be that of the test worker.
    """
    changes = json.dumps({"data.batch": "48", "augment.size": "128", "train.ema": "0"})
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, changes], capture_output=True, text=True, check=True, timeout=300
    )
    foretold, measured = json.loads(done.stdout)
    assert measured > 0.9e9
    assert 1 / FACTOR < foretold / measured < FACTOR


def test_weights_and_their_states_are_counted(tiny: ColorizeRecipe) -> None:
    recipe = override(tiny, {"train.ema": "0.9", "augment.size": "32"})
    need = estimate(recipe).fixed
    network = DryRun(recipe).network
    weights = sum(p.numel() * 4 for p in network.parameters())
    trained = sum(p.numel() * 4 for p in network.parameters() if p.requires_grad)
    assert weights <= need.weights <= 1.2 * weights  # and the running means of norms
    assert need.gradients == trained
    assert need.optimizer == 3 * trained
    assert need.average == need.weights
    assert estimate(override(recipe, {"train.ema": "0"})).fixed.average == 0


def test_what_the_backward_pass_keeps_grows_with_batch_and_area(tiny: ColorizeRecipe) -> None:
    small, large = (estimate(override(tiny, {"augment.size": side})) for side in ("64", "128"))
    assert large.activations == pytest.approx(4 * small.activations, rel=0.25)
    four, eight = small.at(4).activations, small.at(8).activations
    assert eight - four == pytest.approx(4 * small.activations)
    room = small.fixed.total + 10.5 * (small.activations + small.batches)
    assert small.largest_batch(room) == 10
    assert small.largest_batch(0) == 0


@pytest.mark.parametrize("name", ["quick", "note-001-attention"])
def test_what_grows_with_the_square_of_the_area_is_foretold(name: str) -> None:
    """Attention, of 256 pixels, by what is kept of 64 and of 128."""
    recipe = override(recipe_named(name), {"augment.size": "256"})
    measured = memory._peak(memory._kept(DryRun(recipe), 4))
    assert estimate(recipe).at(4).activations == pytest.approx(measured, rel=0.1)


def test_a_discriminator_is_counted() -> None:
    alone = override(recipe_named("note-001-unet"), {"discriminator.channels": "32"})
    against = override(alone, {"adversarial.weight": "0.01"})
    foretold, own = estimate(against), estimate(alone)
    discriminator = DryRun(against).discriminator
    assert discriminator is not None
    weights = sum(p.nbytes for p in discriminator.parameters())
    assert foretold.fixed.weights - own.fixed.weights == weights
    assert foretold.fixed.gradients - own.fixed.gradients == weights
    maps = 2 * 2 * 32 * 32 * 32  # bytes of its first layer, of the true and of the filled picture, in bf16
    assert foretold.activations - own.activations > maps
    with_penalty = estimate(override(against, {"adversarial.r1": "1"}))
    assert with_penalty.activations > foretold.activations


def test_a_run_that_cannot_fit_is_refused_with_the_mend(
    tiny: ColorizeRecipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = override(tiny, {"augment.size": "64", "data.batch": "64"})
    known = estimate(recipe)
    assert check_memory(recipe).total < free_memory() + 4e9
    monkeypatch.setattr(memory, "_resident", lambda: known.fixed.program - memory.KERNELS)
    per_picture = known.activations + known.batches
    left = (known.fixed.total + 20.5 * per_picture) / memory.ROOM - (known.fixed.program - memory.KERNELS)
    monkeypatch.setattr(memory, "free_memory", lambda device: left)
    with pytest.raises(RecipeError, match=r"needs about .* GB .* --data\.batch (19|20|21) would fit"):
        check_memory(recipe)
    monkeypatch.setattr(memory, "free_memory", lambda device: 0.0)
    with pytest.raises(RecipeError, match=r"not even one picture a step fits; try --augment\.size 32"):
        check_memory(recipe)


def test_a_control_group_may_allow_less_than_the_machine(tmp_path: Path) -> None:
    from safelight.training.memory import _group_free

    assert _group_free(tmp_path) == float("inf")
    (tmp_path / "memory.max").write_text("1000\n")
    (tmp_path / "memory.current").write_text("700\n")
    (tmp_path / "memory.stat").write_text("anon 300\ninactive_file 150\n")
    assert _group_free(tmp_path) == 450
    (tmp_path / "memory.max").write_text("max\n")
    assert _group_free(tmp_path) == float("inf")


def test_random_images_are_pictures() -> None:
    painted = RandomImages(32)
    assert painted[0].shape == (32, 32, 3)
    assert len(painted.sources) == len(painted) == 8
    assert (painted[1] == painted[1]).all()
    assert (painted[0] != painted[1]).any()


def test_a_dry_run_steps_as_asked(tiny: ColorizeRecipe) -> None:
    bare = DryRun(override(tiny, {"augment.size": "32"}))
    batch = next(bare.batches(RandomImages(32), 2))
    before = [p.detach().clone() for p in bare.network.parameters()]
    assert bare.step(batch, lr=0.0) > 0
    assert all(torch.equal(p, old) for p, old in zip(bare.network.parameters(), before, strict=True))
    bare.step(batch)
    assert not all(torch.equal(p, old) for p, old in zip(bare.network.parameters(), before, strict=True))
