"""The recipe of a run that learns a code for pictures."""

from dataclasses import dataclass, field
from typing import Literal

from safelight.errors import RecipeError
from safelight.tasks.autoencode.losses import AutoencodeLossSettings
from safelight.tasks.autoencode.network_settings import VAESettings
from safelight.tasks.autoencode.prepare import AutoencodePreparation
from safelight.training.augment import MOST, Augmentation, check_off
from safelight.training.recipe import AdversarialRecipe

CROPPED_ALONE = ("aging", "prints", "native", *MOST)  # what is not drawn: the code is of the picture as it is


@dataclass(frozen=True, kw_only=True)
class AutoencodeRecipe(AdversarialRecipe):
    """Everything that an autoencoder's run is made of.

    preparation.fit counts for datasets built with --fit pad, of which all others can be made; other datasets
    are taken as they were built.
    """

    task: Literal["autoencode"] = "autoencode"
    model: VAESettings = field(default_factory=VAESettings)
    preparation: AutoencodePreparation = field(default_factory=AutoencodePreparation)
    augment: Augmentation = field(default_factory=lambda: Augmentation(size=96, smallest=0.9))
    loss: AutoencodeLossSettings = field(default_factory=AutoencodeLossSettings)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.model.grid(self.augment.size)
        check_off(self.augment, CROPPED_ALONE, "an autoencoder's pictures are cropped and mirrored alone")
        if not self.model.variational and (self.loss.warmup or self.loss.free):
            raise RecipeError(
                "loss.warmup and loss.free press on the divergence, which model.variational false leaves out; "
                "set them to 0"
            )
