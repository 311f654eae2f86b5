"""Recipes for finding scratches, cracks and dust. Each is a function; its docstring says what it is for.

scratches          command: safelight train scratches --data DATASET; a small U-Net from scratch
scratches-encoder  on a pretrained encoder, at native sharpness too (docs/fill.md has its time and result)
scratches-quick    the small one in a minute, to see that everything works
"""

from dataclasses import replace

from safelight.nn.bottleneck import BottleneckSettings
from safelight.nn.encoder_unet import EncoderUNetSettings
from safelight.nn.plain_unet import PlainSettings
from safelight.prints.simulation import PrintSettings
from safelight.tasks.scratches.recipe import WEAR, ScratchesRecipe
from safelight.training.augment import Augmentation
from safelight.training.recipe import DataSettings, OptimizerSettings, TrainSettings


def scratches() -> ScratchesRecipe:
    """0.76 million weights from scratch. Crops are enlarged: photos are softer than small pictures."""
    return ScratchesRecipe(
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


def scratches_encoder() -> ScratchesRecipe:
    """EfficientNet-Lite0 down to 1/16 of the size, with ImageNet weights, trained on: 1.0 million weights in all.

    Half of the prints are as sharp as the pictures are, damaged and whole alike, so that sharpness is no sign of
    damage; nearly half are whole; some show a plain backdrop. Without tramlines, what is straight and
    even would be taken for wires.
    """
    return replace(
        scratches(),
        name="scratches-encoder",
        model=EncoderUNetSettings(
            freeze=False, deepest=4, widths=(96, 48, 24, 16), blocks=2, skips=(0, 1, 2, 3)
        ),
        damage=replace(WEAR, tramlines=3),
        unharmed=0.45,
        prints=PrintSettings(softened=0.5, backdrops=0.15),
        optimizer=OptimizerSettings(lr=2e-3, weight_decay=1e-2, encoder=0.4),
        train=TrainSettings(
            steps=4_000, ema=0.998, checkpoint_every=100, validate_every=500, picture_every=1000
        ),
    )


def scratches_quick() -> ScratchesRecipe:
    """A minute: smaller crops, a smaller network."""
    parent = scratches()
    assert isinstance(parent.model, PlainSettings)
    return replace(
        parent,
        name="scratches-quick",
        model=replace(parent.model, channels=8, widest=48, blocks=1),
        augment=replace(parent.augment, size=64),
        train=replace(
            parent.train, steps=200, ema=0.98, checkpoint_every=100, validate_every=100, picture_every=200
        ),
    )


RECIPES = {
    "scratches": scratches,
    "scratches-encoder": scratches_encoder,
    "scratches-quick": scratches_quick,
}
