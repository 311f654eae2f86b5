"""Recipes for finding scratches, cracks and dust. Each is a function; its docstring says what it is for.

scratches        command: safelight train scratches --data DATASET; the bundled finder's (docs/fill.md has its
                 time and result)
scratches-quick  the same in a minute, to see that everything works
"""

from dataclasses import replace

from safelight.models.bottleneck import BottleneckSettings
from safelight.models.plain_settings import PlainSettings
from safelight.training.augment import Augmentation
from safelight.training.recipe import DataSettings, OptimizerSettings, TrainSettings
from safelight.training.scratches.recipe import ScratchRecipe


def scratches() -> ScratchRecipe:
    """The bundled finder: 0.76 million weights. Crops are enlarged: photos are softer than small pictures."""
    return ScratchRecipe(
        name="scratches",
        model=PlainSettings(
            channels=12,
            widest=96,
            steps=4,
            blocks=2,
            skips=(0, 1, 2, 3),
            bottleneck=BottleneckSettings(depth=2, dilations=(1, 2)),
        ),
        augment=Augmentation(size=128, smallest=0.35, aging=0.0),
        data=DataSettings(batch=16, workers=2),
        optimizer=OptimizerSettings(lr=2e-3, weight_decay=1e-2),
        train=TrainSettings(
            steps=2_000, ema=0.998, checkpoint_every=500, validate_every=500, picture_every=1000
        ),
    )


def scratches_quick() -> ScratchRecipe:
    """A minute: smaller crops, a smaller network."""
    parent = scratches()
    return replace(
        parent,
        name="scratches-quick",
        model=replace(parent.model, channels=8, widest=48, blocks=1),
        augment=replace(parent.augment, size=64),
        train=replace(
            parent.train, steps=200, ema=0.98, checkpoint_every=100, validate_every=100, picture_every=200
        ),
    )
