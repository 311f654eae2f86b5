"""The best known configuration of each colorization notebook, as far as two cores can carry it.

Pictures are 64 pixels where the notes have 256 (--augment.size 256 is theirs), and the loss of pictures goes
through EfficientNet-Lite0 where they have VGG16 (--loss.features vgg16 --loss.vgg16 FILE). All else is as they
have it.

Command: safelight train NAME --data DATASET. Tried: python benchmarks/notes.py --data DATASET --judged --steps 300, on
9,751 pictures, one core of a small machine; gain over grey on 100 held-out pictures of 128 pixels, dB.

name               minutes  without hints  with 10 hints
note-000-hints         2.4          +0.38          +3.22
note-000-colorful      0.7          -1.90          +1.37
note-002-simple        5.7          -0.25          +1.83
note-003-lab           3.5          +0.37          +3.18

300 steps are far from where these end; all lose to kriging there. docs/notes.md has what each note claims.
"""

from dataclasses import replace

from safelight.nn.bottleneck import BottleneckSettings
from safelight.nn.plain_unet import PlainSettings
from safelight.tasks.colorize.hint_sampling import HintSampling
from safelight.tasks.colorize.losses import (
    ColorLossSettings,
    colorization_loss,
    colorization_weighted_loss,
)
from safelight.tasks.colorize.network import UNetSettings
from safelight.tasks.colorize.prepare import ColorizePreparation
from safelight.tasks.colorize.recipe import ColorizeRecipe
from safelight.training.augment import Augmentation
from safelight.training.recipe import DataSettings, OptimizerSettings, TrainSettings

SIZE = 64
SHORT = TrainSettings(steps=1500, ema=0.995, checkpoint_every=250, validate_every=500, picture_every=500)
AUTOMATIC = HintSampling(automatic=1.0)


def note_000_hints() -> ColorizeRecipe:
    """Note 000: hints on flowers. No shortcuts, leaky ReLU, group norm, deep bottleneck, many hints to few."""
    return ColorizeRecipe(
        name="note-000-hints",
        model=PlainSettings(
            channels=32,
            widest=256,
            steps=4,
            blocks=1,
            activation="leaky_relu",
            norm="group",
            skips=(),
            bottleneck=BottleneckSettings(depth=3),
            initialization="kmeans",
        ),
        hints=HintSampling(
            count="geometric", place="normal", variance=4.0, most=60, start_most=400, automatic=0.05
        ),
        preparation=ColorizePreparation(soft_mask=True, propagate=False),
        augment=Augmentation(size=SIZE, aging=0.0),
        loss=ColorLossSettings(guess=0.0),
        optimizer=OptimizerSettings(lr=1e-3, weight_decay=1e-4),
        train=SHORT,
    )


def note_000_colorful() -> ColorizeRecipe:
    """The schedule that note 000 copies from Colorful Image Colorization: Adam, plateau, rebalanced bins."""
    return ColorizeRecipe(
        name="note-000-colorful",
        model=UNetSettings(head="bins"),
        hints=AUTOMATIC,
        augment=Augmentation(size=SIZE, aging=0.0),
        loss=ColorLossSettings(huber=0.0, chroma=0.0, guess=0.0, bins=1.0, rebalance=True),
        optimizer=OptimizerSettings(
            name="adam",
            lr=3e-5,
            betas=(0.9, 0.99),
            weight_decay=1e-3,
            schedule="plateau",
            warmup=0.0,
            drops=(1 / 3, 0.1),
            clip=0.0,
        ),
        train=SHORT,
    )


def note_002_simple() -> ColorizeRecipe:
    """Note 002, the simple truth: squared error by saturation, 96 channels, batch 16, 5e-5 with warm-up."""
    return ColorizeRecipe(
        name="note-002-simple",
        model=PlainSettings(channels=96, widest=384, steps=3, blocks=1, skips=(0, 1, 2)),
        hints=AUTOMATIC,
        augment=Augmentation(size=SIZE, aging=0.0),
        loss=colorization_weighted_loss(),
        data=DataSettings(batch=16),
        optimizer=OptimizerSettings(lr=5e-5, weight_decay=1e-5, betas=(0.9, 0.999), clip=0.0),
        train=SHORT,
    )


def note_003_lab() -> ColorizeRecipe:
    """Note 003: RGB, perceptual, Huber of ab and diversity together; batch 8, 2e-4 with warm-up, EMA."""
    return replace(
        note_002_simple(),
        name="note-003-lab",
        model=PlainSettings(channels=64, widest=256, steps=3, blocks=1, skips=(0, 1, 2), skip_gates=True),
        loss=colorization_loss(),
        data=DataSettings(batch=8),
        optimizer=OptimizerSettings(lr=2e-4, weight_decay=1e-5, betas=(0.9, 0.999)),
    )
