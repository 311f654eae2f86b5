"""A denoiser of a run as a file with its card."""

import numpy as np

from safelight.nn.export import ModelPart
from safelight.runtime.card import ModelCard, Port
from safelight.training.export import Export, Exporter, Trained
from tests.toy_task.learning import DenoiseNetwork, DenoiseRecipe

SIZE = (1, 3, "height", "width")


class DenoiseExporter(Exporter[DenoiseNetwork, DenoiseRecipe]):
    """Denoisers."""

    def parts(self, network: DenoiseNetwork, recipe: DenoiseRecipe) -> list[ModelPart]:
        noisy = Port("planes", SIZE, (-1.0, 2.0), "noisy sRGB")
        clean = Port("rgb", SIZE, (-1.0, 2.0), "sRGB without the noise")
        return [ModelPart("denoise", network, noisy, (clean,), 2 / 255, "of 255 levels", 255)]

    def prepare(self, trained: Trained[DenoiseNetwork, DenoiseRecipe], card: ModelCard) -> Export:
        photos = (trained.held_out[number] for number in trained.checked_pictures())
        samples = [np.moveaxis(photo.astype(np.float32) / np.float32(255), 2, 0) for photo in photos]
        return Export(self.parts(trained.network, trained.recipe), [samples], card)
