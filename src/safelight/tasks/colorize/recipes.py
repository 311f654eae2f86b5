"""Recipes for color, automatic and by hints. Each is a function; its docstring says what it is for.

color   command: safelight train color --data DATASET (docs/experiments.md has its time and result)
quick   command: safelight train quick --data DATASET; seconds, to see that the line holds
"""

from dataclasses import replace

from safelight.tasks.colorize import recipes_notes as notes
from safelight.tasks.colorize.hint_sampling import HintSampling
from safelight.tasks.colorize.losses import ColorLossSettings
from safelight.tasks.colorize.network import UNetSettings
from safelight.tasks.colorize.prepare import ColorizePreparation
from safelight.tasks.colorize.recipe import ColorizeRecipe
from safelight.training.augment import Augmentation
from safelight.training.recipe import DataSettings, OptimizerSettings, TrainSettings


def color() -> ColorizeRecipe:
    """The bundled colorizer: frozen EfficientNet-Lite0 on L, hints kriged and attended to, bins of color."""
    return ColorizeRecipe(
        name="color",
        model=UNetSettings(head="bins"),
        hints=HintSampling(count="log", most=200, automatic=0.15),
        preparation=ColorizePreparation(coarse_side=96),
        augment=Augmentation(size=128, smallest=0.6, aging=0.15),
        loss=ColorLossSettings(huber=0.5, log_error=0.05, bins=0.1),
        data=DataSettings(batch=16, workers=2),
        optimizer=OptimizerSettings(lr=2e-3, weight_decay=1e-2),
        train=TrainSettings(
            steps=12_000, ema=0.999, checkpoint_every=500, validate_every=2000, picture_every=2000
        ),
    )


def quick() -> ColorizeRecipe:
    """A small network from scratch for a few steps: shows that data, training, judge and export hold together."""
    return replace(
        color(),
        name="quick",
        model=UNetSettings(
            encoder="mobilenetv3_small_050",
            pretrained=False,
            freeze=False,
            widths=(32, 24, 16, 16),
            attention=2,
        ),
        preparation=ColorizePreparation(),
        augment=Augmentation(size=64, aging=0.0),
        loss=ColorLossSettings(huber=0.5, log_error=0.05),
        data=DataSettings(batch=4, workers=0),
        train=TrainSettings(
            steps=20, ema=0.9, precision="32", checkpoint_every=10, validate_every=20, picture_every=20
        ),
    )


RECIPES = {
    "color": color,
    "quick": quick,
    "note-000-hints": notes.note_000_hints,
    "note-000-colorful": notes.note_000_colorful,
    "note-002-simple": notes.note_002_simple,
    "note-003-lab": notes.note_003_lab,
}
