"""A trained colorizer as an ONNX file, with a measure of how unfamiliar a picture is."""

from dataclasses import replace

import numpy as np

from safelight.arrays import Planes
from safelight.data.cache import photo_in
from safelight.errors import ModelError
from safelight.nn.encoders import weights_note
from safelight.nn.export import ModelPart
from safelight.pixels.color import srgb_to_lab
from safelight.pixels.geometry import resize
from safelight.runtime.card import ModelCard, Port
from safelight.runtime.session import DISTRIBUTION
from safelight.tasks.colorize.familiarity import Unfamiliarity, learn_familiarity
from safelight.tasks.colorize.hint_sampling import draw_points
from safelight.tasks.colorize.network import ColorNetwork, PlainColorizer
from safelight.tasks.colorize.onnx_graph import CACHED, FEATURES, Whole, assemble
from safelight.tasks.colorize.prepare import AB_SCALE, preprocess
from safelight.tasks.colorize.recipe import ColorizeRecipe
from safelight.tasks.colorize.restore import UNFAMILIARITY
from safelight.training.export import Export, Exporter, Trained

TOLERANCE = 0.55 / AB_SCALE  # half a unit of ab, about a quarter of a just noticeable difference
INPUT = Port(
    "planes",
    (1, 7, "height", "width"),
    (-1.2, 1.2),
    "(L - 50) / 100; painted hints: a / 110, b / 110, mask (1 = hinted); propagated hints: a / 110, b / 110, "
    "confidence 0..1. Height and width are multiples of 32",
)
OUTPUTS = (
    Port("ab", (1, 2, "height", "width"), (-1.2, 1.2), "a / 110 and b / 110 of Lab (D65)"),
    Port("chroma", (1, 1, "height", "width"), (0.0, 1.3), "expected chroma / 110, for vivid colors"),
)
OF_TRUNK = {  # range and meaning of what the file of a hinted network gives beside the colors
    DISTRIBUTION: (
        (0.0, 1.0),
        "how likely each bin of color is, at 1/8 of the size; the bins are the cells of 10 units of ab that hold "
        "a color of sRGB, in order of a, then b",
    ),
    **{
        name: (
            (-1e4, 1e4),
            f"what the trunk saw, 1/{share} of the size; give it back as known_{name} to ask again",
        )
        for name, share in zip(CACHED, (2, 4, 8), strict=True)
    },
    FEATURES: ((-1e4, 1e4), "mean and deviation of the encoder's channels at 1/8 and 1/16 of the size"),
    UNFAMILIARITY: (
        (0.0, 1e4),
        "distance from the training pictures; above 1 the model should not be trusted",
    ),
}


def model_part(network: ColorNetwork, measure: Unfamiliarity | None = None) -> ModelPart:
    """The file of a colorizer. measure: how far a picture is from the training pictures.

    Raises ModelError for a plain network that takes pictures of one size only.
    """
    if isinstance(network, PlainColorizer) and any(network.settings.size):
        raise ModelError(
            f"this network's fully connected bottleneck takes pictures of {network.settings.size} pixels only, and "
            "photos have all sizes; train it with model.bottleneck.fully_connected 0 to export it"
        )
    return ModelPart(
        "colorize",
        Whole(network),
        INPUT,
        OUTPUTS,
        TOLERANCE,
        "units of ab",
        AB_SCALE,
        trace=lambda whole: assemble(whole.network, measure),  # type: ignore[arg-type]
        further=OF_TRUNK,
    )


class ColorizeExporter(Exporter[ColorNetwork, ColorizeRecipe]):
    """Colorizers."""

    def parts(self, network: ColorNetwork, recipe: ColorizeRecipe) -> list[ModelPart]:
        """One file: planes to colors."""
        return [model_part(network)]

    def prepare(self, trained: Trained[ColorNetwork, ColorizeRecipe], card: ModelCard) -> Export:
        """With what its training pictures are like; checked on held-out pictures with random hints."""
        trained.stage("measuring what its training pictures are like")
        measure, familiarity = learn_familiarity(
            trained.network, trained.pictures, trained.held_out, np.random.default_rng(0)
        )
        card = replace(card.with_notes(weights_note(trained.recipe.model)), familiarity=familiarity)
        return Export([model_part(trained.network, measure)], [hinted_samples(trained)], card)


def hinted_samples(trained: Trained[ColorNetwork, ColorizeRecipe]) -> list[Planes]:
    """Inputs of real pictures with random hints."""
    recipe, rng = trained.recipe, np.random.default_rng(0)
    side, samples = recipe.augment.size, []
    for number in trained.checked_pictures():
        lab = srgb_to_lab(resize(photo_in(trained.held_out, number), (side, side)))
        samples.append(
            preprocess(lab[..., 0], draw_points(lab[..., 1:], recipe.hints, rng), recipe.preparation)
        )
    return samples
