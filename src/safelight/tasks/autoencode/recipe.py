"""The recipe of a run that learns a code for pictures."""

from dataclasses import dataclass, field
from typing import Literal

from safelight.errors import RecipeError
from safelight.losses.adversarial import AdversarialSettings
from safelight.nn.discriminator import DiscriminatorSettings
from safelight.tasks.autoencode.losses import CodeLossSettings
from safelight.tasks.autoencode.network_settings import VAESettings
from safelight.tasks.autoencode.prepare import Preparation
from safelight.training.augment import MOST, Augmentation, check_off
from safelight.training.guard.settings import GuardSettings
from safelight.training.recipe import DataSettings, OptimizerSettings, TrainSettings, check_name

CROPPED_ALONE = ("aging", *MOST)  # what is not drawn: the code is of the picture as it is


@dataclass(frozen=True)
class CodeRecipe:
    """Everything that an autoencoder's run is made of.

    preparation.fit counts for datasets built with --fit pad, of which all others can be made; other datasets
    are taken as they were built.

    name: what the recipe is called; run folders bear it.
    task: what is learned; each recipe has its own, which cannot be changed.
    """

    name: str
    task: Literal["code"] = "code"
    model: VAESettings = field(default_factory=VAESettings)
    preparation: Preparation = field(default_factory=Preparation)
    augment: Augmentation = field(default_factory=lambda: Augmentation(size=96, smallest=0.9))
    loss: CodeLossSettings = field(default_factory=CodeLossSettings)
    adversarial: AdversarialSettings = field(default_factory=AdversarialSettings)
    discriminator: DiscriminatorSettings = field(default_factory=DiscriminatorSettings)
    data: DataSettings = field(default_factory=DataSettings)
    optimizer: OptimizerSettings = field(default_factory=OptimizerSettings)
    train: TrainSettings = field(default_factory=TrainSettings)
    guard: GuardSettings = field(default_factory=GuardSettings)

    def __post_init__(self) -> None:
        check_name(self.name)
        self.model.grid(self.augment.size)
        check_off(self.augment, CROPPED_ALONE, "an autoencoder's pictures are cropped and mirrored alone")
        if not self.model.variational and (self.loss.warmup or self.loss.free):
            raise RecipeError(
                "loss.warmup and loss.free press on the divergence, which model.variational false leaves out; "
                "set them to 0"
            )
