"""A trained damage detector as an ONNX file."""

import torch
from torch import Tensor, nn

from safelight.nn.export import ModelPart
from safelight.runtime.card import ModelCard, Port
from safelight.shaped import Float
from safelight.tasks.scratches.dataset import ScratchesDataset
from safelight.tasks.scratches.network import PLANES, ScratchUNet
from safelight.tasks.scratches.recipe import ScratchesRecipe
from safelight.training.export import CHECKED, Export, Exporter, Trained

TOLERANCE = 0.02  # of likelihood
INPUT = Port("planes", (1, PLANES, "height", "width"), (-1.0, 1.0), "red, green, blue")
OUTPUT = Port("damage", (1, 1, "height", "width"), (0.0, 1.0), "how likely each pixel is damaged")
NOTES = (
    "Trained on damage that was drawn into clean pictures, so its scores are scores on drawn damage. Look at what "
    "it marks before it is filled."
)


class Likelihood(nn.Module):
    """The network with likelihoods in place of logits."""

    def __init__(self, network: ScratchUNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, planes: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b 1 h w"]:
        """0..1."""
        return torch.sigmoid(self.network(planes))


def model_part(network: ScratchUNet) -> ModelPart:
    """The file of a damage detector."""
    return ModelPart(
        "scratches",
        Likelihood(network),
        INPUT,
        (OUTPUT,),
        TOLERANCE,
        "of likelihood",
        multiple=network.multiple,
    )


class ScratchesExporter(Exporter[ScratchUNet, ScratchesRecipe]):
    """Damage detectors."""

    def parts(self, network: ScratchUNet, recipe: ScratchesRecipe) -> list[ModelPart]:
        """One file: planes to likelihoods."""
        return [model_part(network)]

    def prepare(self, trained: Trained[ScratchUNet, ScratchesRecipe], card: ModelCard) -> Export:
        """Checked on held-out pictures as old prints."""
        dataset = ScratchesDataset(trained.held_out, trained.recipe)
        samples = [dataset[number].planes for number in range(min(CHECKED, len(trained.held_out)))]
        return Export([model_part(trained.network)], [samples], card.with_notes(NOTES))
