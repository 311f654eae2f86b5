"""Recipes for holes. Each is a function; its docstring says what it is for.

fill             command: safelight train fill --data DATASET; from scratch, for those who want no pretrained
                 weights, or a step in two thirds of the time
fill-encoder     command: safelight train fill-encoder --data DATASET; the bundled model's: features that were
                 learned from many pictures, and trained on (docs/fill.md has time and result). --model.freeze
                 true keeps them as they were, --model.pretrained false begins from scratch
note-001-...     note 001's configurations, small enough to be compared within minutes; each differs from
                 note-001-unet in one thing

Command: safelight train note-001-... --data DATASET. Tried: python benchmarks/notes.py --data DATASET --note 001
--seeds 2 --steps 300, on 9,751 pictures of 64 pixels, 16 a step, one core of a small machine; 40 to 65 seconds a
recipe, partial, attention and the two ranges 110 to 240 with other programs running. PSNR in the holes of 128
held-out pictures, mean of both seeds, dB.

note-001-unet              14.92    note-001-gated             14.37
note-001-autoencoder       15.02    note-001-partial           14.74
note-001-last-skip         14.79    note-001-attention         14.66
note-001-small-then-big    14.95    note-001-unit-range        14.09
note-001-deep              14.74    note-001-byte-range         8.04
note-001-dilated           14.64    note-001-discriminator     14.94

300 steps are a fifth of their 1,500. docs/notes.md has what note 001 claims, and which differences are clear.
"""

from dataclasses import replace

from safelight.losses.adversarial import AdversarialSettings
from safelight.nn.bottleneck import BottleneckSettings
from safelight.nn.convolutions import ConvolutionName
from safelight.nn.discriminator import DiscriminatorSettings
from safelight.nn.encoder_unet import EncoderUNetSettings
from safelight.nn.plain_unet import PlainSettings
from safelight.tasks.inpaint.losses import InpaintLossSettings
from safelight.tasks.inpaint.mask_sampling import HoleSampling
from safelight.tasks.inpaint.prepare import InpaintPreparation
from safelight.tasks.inpaint.recipe import InpaintRecipe
from safelight.training.augment import Augmentation
from safelight.training.recipe import DataSettings, OptimizerSettings, TrainSettings


def fill() -> InpaintRecipe:
    """From scratch: a plain U-Net that corrects the biharmonic filling, dilated at its narrow place.

    About three hours on one core. Tried as two runs: 4,000 steps with log_error 0.05 and holes up to half the
    picture, and 7,000 more (--keep-weights) as it stands here, without a curriculum: 18.72 dB in the holes of the
    48 held-out probes, where fill-encoder came to 19.12 in 9,124 steps.
    """
    return InpaintRecipe(
        name="fill",
        model=PlainSettings(
            channels=12,
            growth=2.5,
            widest=256,
            steps=4,
            blocks=2,
            skips=(1, 2, 3),
            bottleneck=BottleneckSettings(width=256, depth=4, dilations=(1, 2, 4, 1)),
        ),
        holes=HoleSampling(area=(0.01, 0.6), start_area=0.25),
        preparation=InpaintPreparation(guess="biharmonic", crossover=4.0),
        augment=Augmentation(size=128, smallest=0.6, aging=0.0),
        loss=InpaintLossSettings(hole=1.0, valid=0.05, log_error=0.15),
        data=DataSettings(batch=16, workers=2),
        optimizer=OptimizerSettings(lr=2e-3, weight_decay=1e-2),
        train=TrainSettings(
            steps=11_000, ema=0.999, checkpoint_every=500, validate_every=1000, picture_every=1000
        ),
    )


def fill_encoder() -> InpaintRecipe:
    """The bundled filler: a pretrained encoder (EfficientNet-Lite0) that looks at the biharmonic filling, trained on.

    About two hours on two cores that had other work. The bundled model is two runs in this place: 1,124 steps, of
    which the learning rate was meant for 4,000 and the encoder's was a tenth of it, and 8,000 more
    (--keep-weights) as it stands here.
    """
    parent = fill()
    return replace(
        parent,
        name="fill-encoder",
        model=EncoderUNetSettings(freeze=False, widths=(256, 192, 96, 32, 16)),
        optimizer=replace(parent.optimizer, encoder=0.25),
        train=replace(parent.train, steps=9_000),
    )


def note_001_unet() -> InpaintRecipe:
    """Note 001's U-Net, the skip at full size removed: rectangles, 64 pixels, from scratch."""
    return InpaintRecipe(
        name="note-001-unet",
        model=PlainSettings(channels=16, widest=128, steps=3, blocks=1, skips=(1, 2)),
        holes=HoleSampling(
            rectangles=1, strokes=0, blobs=0, scratches=0, borders=0, mixed=0, area=(0.02, 0.4), pieces=(1, 3)
        ),
        augment=Augmentation(size=64, smallest=0.6, aging=0.0),
        loss=InpaintLossSettings(hole=1.0, valid=1.0),
        data=DataSettings(batch=16, workers=2),
        optimizer=OptimizerSettings(lr=1e-3, weight_decay=1e-4),
        train=TrainSettings(
            steps=1500, ema=0.99, checkpoint_every=500, validate_every=500, picture_every=1500
        ),
    )


def note_001_autoencoder() -> InpaintRecipe:
    """Note 001's first model: no skips at all, everything goes through the bottleneck."""
    return _but("note-001-autoencoder", skips=())


def note_001_last_skip() -> InpaintRecipe:
    """With the skip at full size, which the note removed because black rectangles stayed."""
    return _but("note-001-last-skip", skips=(0, 1, 2))


def note_001_dilated() -> InpaintRecipe:
    """Dilated convolutions where pictures are smallest, padded so that sizes hold."""
    return _but("note-001-dilated", bottleneck=BottleneckSettings(depth=3, dilations=(1, 2, 4)))


def note_001_deep() -> InpaintRecipe:
    """As many convolutions as note-001-dilated, without dilation: what dilation itself is worth."""
    return _but("note-001-deep", bottleneck=BottleneckSettings(depth=3))


def note_001_gated() -> InpaintRecipe:
    """Gated convolutions instead of plain ones."""
    return _but("note-001-gated", convolution="gated")


def note_001_partial() -> InpaintRecipe:
    """Partial convolutions instead of plain ones."""
    return _but("note-001-partial", convolution="partial")


def note_001_attention() -> InpaintRecipe:
    """Contextual attention: missing cells borrow from known ones."""
    return _but("note-001-attention", bottleneck=BottleneckSettings(contextual=True))


def note_001_discriminator() -> InpaintRecipe:
    """A discriminator after the reconstruction, by the loss that the note writes down, from a third of the run on."""
    return replace(
        note_001_unet(),
        name="note-001-discriminator",
        adversarial=AdversarialSettings(weight=0.01, loss="non_saturating", start=1 / 3),
        discriminator=DiscriminatorSettings(channels=32, widest=128, layers=3),
    )


def note_001_small_then_big() -> InpaintRecipe:
    """Small rectangles first, growing to the full size over the run."""
    parent = note_001_unet()
    return replace(parent, name="note-001-small-then-big", holes=replace(parent.holes, start_area=0.05))


def note_001_unit_range() -> InpaintRecipe:
    """Colors from 0 to 1, as the note came to have them (the others have -1 to 1)."""
    return replace(note_001_unet(), name="note-001-unit-range", preparation=InpaintPreparation(span="unit"))


def note_001_byte_range() -> InpaintRecipe:
    """Colors from 0 to 255, as the note began."""
    return replace(note_001_unet(), name="note-001-byte-range", preparation=InpaintPreparation(span="bytes"))


def _but(
    name: str,
    skips: tuple[int, ...] = (1, 2),
    convolution: ConvolutionName = "plain",
    bottleneck: BottleneckSettings | None = None,
) -> InpaintRecipe:
    """note-001-unet with another network."""
    parent = note_001_unet()
    assert isinstance(parent.model, PlainSettings)
    model = replace(
        parent.model, skips=skips, convolution=convolution, bottleneck=bottleneck or parent.model.bottleneck
    )
    return replace(parent, name=name, model=model)


RECIPES = {
    "fill": fill,
    "fill-encoder": fill_encoder,
    "note-001-unet": note_001_unet,
    "note-001-autoencoder": note_001_autoencoder,
    "note-001-last-skip": note_001_last_skip,
    "note-001-deep": note_001_deep,
    "note-001-dilated": note_001_dilated,
    "note-001-gated": note_001_gated,
    "note-001-partial": note_001_partial,
    "note-001-attention": note_001_attention,
    "note-001-discriminator": note_001_discriminator,
    "note-001-small-then-big": note_001_small_then_big,
    "note-001-unit-range": note_001_unit_range,
    "note-001-byte-range": note_001_byte_range,
}
