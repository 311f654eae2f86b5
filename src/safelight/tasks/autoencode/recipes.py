"""Recipes for pictures of figures: a whole picture from a small code (variational autoencoders).

figures         command: safelight train figures --data DATASET (docs/vae.md has its time and result)
figures-quick   command: safelight train figures-quick --data DATASET; seconds, to see that the line holds
note-004-...    the steps of lab note 004, each one change from the step that its docstring names

DATASET is best built with --fit pad. The note's pictures had 640 × 640 pixels; these steps have 96 × 96, and
an sd at which the reconstruction weighs as much against the KL as there: its loss, a third of the sum of
squares over the picture (Keras' mean over channels, summed over pixels), is a Gaussian likelihood of sd
sqrt(3 / 2), and there are (640 / 96)² fewer pixels to sum over.

Command: safelight train note-004-... --data DATASET. Tried: python benchmarks/notes.py --data DATASET --note 004
--seeds 2 --steps 200, on 1,738 figures, one core of a small machine; 8 to 18 seconds a run. PSNR of the
reconstructions of 128 held-out figures, dB, the mean of two seeds.

note-004-bce          11.64    note-004-wide         11.65
note-004-sigmoid      11.64    note-004-lr-5         12.68
note-004-tanh          4.71    note-004-lr-10        13.11
note-004-tanh-both    11.64    note-004-latent-128   13.21
note-004-kernel-5      9.34    note-004-he-normal    13.24
note-004-none         11.64    note-004-pad          13.10

The note trained for 256 passes; this is about one. docs/notes.md has what can be told of it.
"""

from dataclasses import replace
from math import sqrt

from safelight.tasks.autoencode.losses import AutoencodeLossSettings
from safelight.tasks.autoencode.network_settings import VAESettings
from safelight.tasks.autoencode.prepare import AutoencodePreparation
from safelight.tasks.autoencode.recipe import AutoencodeRecipe
from safelight.training.augment import Augmentation
from safelight.training.recipe import DataSettings, OptimizerSettings, TrainSettings

NOTE_SD = round(sqrt(3 / 2) * 96 / 640, 4)


def figures() -> AutoencodeRecipe:
    """The bundled autoencoder: 64 × 64 pixels from 256 numbers, Gaussian likelihood with a learned sd.

    It begins as PCA of pictures that are varied as in training, and the convolutions add what PCA cannot say.
    """
    return AutoencodeRecipe(
        name="figures",
        model=VAESettings(
            filters=(32, 64, 128, 128),
            layers=2,
            activation="silu",
            paint="shuffle",
            linear=32,
            latent=256,
            sd=0.085,
            learn_sd=True,
        ),
        augment=Augmentation(size=64, smallest=0.85, aging=0.0),
        loss=AutoencodeLossSettings(kl=1.0),
        data=DataSettings(batch=32, workers=1),
        optimizer=OptimizerSettings(lr=1.2e-3, weight_decay=5e-3, warmup=0.05),
        train=TrainSettings(
            steps=12_500, ema=0.999, checkpoint_every=500, validate_every=1000, picture_every=1000
        ),
    )


def figures_quick() -> AutoencodeRecipe:
    """A small autoencoder for a few steps: shows that data, training, judge and export hold together."""
    return replace(
        figures(),
        name="figures-quick",
        model=VAESettings(filters=(8, 16), latent=8, output="sigmoid", sd=0.2, learn_sd=True),
        augment=Augmentation(size=32, smallest=0.9, aging=0.0),
        loss=AutoencodeLossSettings(kl=1.0, warmup=0.1),
        data=DataSettings(batch=4, workers=0),
        optimizer=OptimizerSettings(lr=1.5e-3, weight_decay=2e-2, warmup=0.1),
        train=TrainSettings(
            steps=20, ema=0.9, precision="32", checkpoint_every=10, validate_every=20, picture_every=20
        ),
    )


def note_004_bce() -> AutoencodeRecipe:
    """Note 004, the start: Keras' example on RGB pictures: sigmoid, cross-entropy, stretched, lr 1e-5."""
    return AutoencodeRecipe(
        name="note-004-bce",
        model=VAESettings(
            filters=(16, 32, 64, 128),
            up="transposed",
            norm="none",
            initialization="glorot_uniform",
            output="sigmoid",
            likelihood="bernoulli",
        ),
        preparation=AutoencodePreparation("stretch"),
        augment=Augmentation(size=96, smallest=1.0, flip=False, aging=0.0),
        data=DataSettings(batch=8, workers=2),
        optimizer=OptimizerSettings(
            lr=1e-5, weight_decay=0.0, betas=(0.9, 0.999), schedule="constant", warmup=0.0, clip=0.0
        ),
        train=TrainSettings(
            steps=4000, ema=0.0, checkpoint_every=500, validate_every=1000, picture_every=1000
        ),
    )


def _named(name: str, parent: AutoencodeRecipe, **model: object) -> AutoencodeRecipe:
    """The parent under another name, with these settings of its network changed."""
    return replace(parent, name=name, model=replace(parent.model, **model))  # type: ignore[arg-type]


def note_004_sigmoid() -> AutoencodeRecipe:
    """Note 004: squared error in place of cross-entropy (from note-004-bce)."""
    return _named("note-004-sigmoid", note_004_bce(), likelihood="gaussian", sd=NOTE_SD)


def note_004_tanh() -> AutoencodeRecipe:
    """Note 004, 2022-04-01: tanh in place of sigmoid (from note-004-sigmoid)."""
    return _named("note-004-tanh", note_004_sigmoid(), output="tanh")


def note_004_tanh_both() -> AutoencodeRecipe:
    """The same with values -1..1, which a tanh is made for (from note-004-tanh)."""
    return _named("note-004-tanh-both", note_004_tanh(), values="-1..1")


def note_004_kernel_5() -> AutoencodeRecipe:
    """Note 004, 2022-04-03: kernels of 5 (from note-004-tanh)."""
    return _named("note-004-kernel-5", note_004_tanh(), kernel=5)


def note_004_none() -> AutoencodeRecipe:
    """Note 004, 2022-04-04: no activation on the last layer (from note-004-tanh)."""
    return _named("note-004-none", note_004_tanh(), output="none")


def note_004_wide() -> AutoencodeRecipe:
    """Note 004, 2022-04-04: 32 filters first, 10 pictures a step (from note-004-none)."""
    parent = _named("note-004-wide", note_004_none(), filters=(32, 32, 64, 128))
    return replace(parent, data=replace(parent.data, batch=10))


def note_004_lr_5() -> AutoencodeRecipe:
    """Note 004, 2022-04-05: learning rate 5e-5 (from note-004-wide)."""
    parent = note_004_wide()
    return replace(parent, name="note-004-lr-5", optimizer=replace(parent.optimizer, lr=5e-5))


def note_004_lr_10() -> AutoencodeRecipe:
    """Note 004, the next try: learning rate 1e-4 (from note-004-lr-5)."""
    parent = note_004_lr_5()
    return replace(parent, name="note-004-lr-10", optimizer=replace(parent.optimizer, lr=1e-4))


def note_004_latent_128() -> AutoencodeRecipe:
    """Note 004: codes of 128 numbers in place of 64 (from note-004-lr-10)."""
    return _named("note-004-latent-128", note_004_lr_10(), latent=128)


def note_004_he_normal() -> AutoencodeRecipe:
    """Note 004, to try: first weights he_normal (from note-004-lr-10)."""
    return _named("note-004-he-normal", note_004_lr_10(), initialization="he_normal")


def note_004_pad() -> AutoencodeRecipe:
    """Note 004, to try: padding in place of stretching (from note-004-lr-10)."""
    return replace(note_004_lr_10(), name="note-004-pad", preparation=AutoencodePreparation("pad"))


RECIPES = {
    "figures": figures,
    "figures-quick": figures_quick,
    "note-004-bce": note_004_bce,
    "note-004-sigmoid": note_004_sigmoid,
    "note-004-tanh": note_004_tanh,
    "note-004-tanh-both": note_004_tanh_both,
    "note-004-kernel-5": note_004_kernel_5,
    "note-004-none": note_004_none,
    "note-004-wide": note_004_wide,
    "note-004-lr-5": note_004_lr_5,
    "note-004-lr-10": note_004_lr_10,
    "note-004-latent-128": note_004_latent_128,
    "note-004-he-normal": note_004_he_normal,
    "note-004-pad": note_004_pad,
}
