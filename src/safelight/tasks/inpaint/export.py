"""A trained inpainting network as an ONNX file."""

import numpy as np

from safelight.arrays import Planes
from safelight.data.cache import photo_in
from safelight.nn.encoders import weights_note
from safelight.nn.export import ModelPart
from safelight.pixels.geometry import resize
from safelight.runtime.card import ModelCard, Port
from safelight.tasks.inpaint.mask_sampling import draw_mask
from safelight.tasks.inpaint.network import InpaintUNet
from safelight.tasks.inpaint.prepare import SPANS, preprocess
from safelight.tasks.inpaint.recipe import InpaintRecipe
from safelight.training.export import Export, Exporter, Trained

TOLERANCE = 2 / 255  # of white to black
OUTPUT_SHAPE = (1, 3, "height", "width")


def model_part(network: InpaintUNet, span: tuple[float, float]) -> ModelPart:
    """The file of an inpainting network. span: black and white in planes and answer."""
    meaning = "red, green, blue of what is known, 0 in the hole; mask (1 = missing)"
    if network.starts_from_guess:
        meaning += "; a classical filling"
    ranges, white = (min(span[0], 0.0), max(span[1], 1.0)), span[1] - span[0]
    return ModelPart(
        "fill",
        network,
        Port("planes", (1, network.planes, "height", "width"), ranges, meaning),
        (Port("rgb", OUTPUT_SHAPE, span, "sRGB everywhere; only the hole is taken"),),
        TOLERANCE * white,
        "of 255 levels",
        255 / white,
        multiple=network.multiple,
    )


class InpaintExporter(Exporter[InpaintUNet, InpaintRecipe]):
    """Inpainting networks."""

    def parts(self, network: InpaintUNet, recipe: InpaintRecipe) -> list[ModelPart]:
        """One file: planes to red, green and blue."""
        return [model_part(network, SPANS[recipe.preparation.span])]

    def prepare(self, trained: Trained[InpaintUNet, InpaintRecipe], card: ModelCard) -> Export:
        """Checked on held-out pictures with random holes."""
        parts = self.parts(trained.network, trained.recipe)
        return Export(parts, [holed_samples(trained)], card.with_notes(weights_note(trained.recipe.model)))


def holed_samples(trained: Trained[InpaintUNet, InpaintRecipe]) -> list[Planes]:
    """Inputs of real pictures with random holes."""
    recipe, rng = trained.recipe, np.random.default_rng(0)
    side = (recipe.augment.size, recipe.augment.size)
    pixels = (resize(photo_in(trained.held_out, number), side) for number in trained.checked_pictures())
    return [
        preprocess(
            each.astype(np.float32) / np.float32(255), draw_mask(side, recipe.holes, rng), recipe.preparation
        )
        for each in pixels
    ]
