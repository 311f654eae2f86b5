"""The recipe of a colorization run."""

from dataclasses import dataclass, field
from typing import Literal

from safelight.errors import RecipeError
from safelight.losses.adversarial import AdversarialSettings
from safelight.nn.discriminator import DiscriminatorSettings
from safelight.nn.plain_settings import PlainSettings
from safelight.tasks.colorize.hint_sampling import HintSampling
from safelight.tasks.colorize.loss_settings import ColorLossSettings
from safelight.tasks.colorize.network import UNetSettings
from safelight.tasks.colorize.plain_model import check_plain
from safelight.tasks.colorize.prepare import Preparation
from safelight.training.augment import Augmentation
from safelight.training.guard.settings import GuardSettings
from safelight.training.recipe import DataSettings, OptimizerSettings, TrainSettings, check_name


@dataclass(frozen=True)
class ColorRecipe:
    """Everything that a colorization run is made of.

    name: what the recipe is called; run folders bear it.
    task: what is learned; each recipe has its own, which cannot be changed.
    """

    name: str
    task: Literal["colorize"] = "colorize"
    model: UNetSettings | PlainSettings = field(default_factory=UNetSettings)
    hints: HintSampling = field(default_factory=HintSampling)
    preparation: Preparation = field(default_factory=Preparation)
    augment: Augmentation = field(default_factory=lambda: Augmentation(aging=0.2))
    loss: ColorLossSettings = field(default_factory=ColorLossSettings)
    adversarial: AdversarialSettings = field(default_factory=AdversarialSettings)
    discriminator: DiscriminatorSettings = field(default_factory=DiscriminatorSettings)
    data: DataSettings = field(default_factory=DataSettings)
    optimizer: OptimizerSettings = field(default_factory=OptimizerSettings)
    train: TrainSettings = field(default_factory=TrainSettings)
    guard: GuardSettings = field(default_factory=GuardSettings)

    def __post_init__(self) -> None:
        check_name(self.name)
        if isinstance(self.model, PlainSettings):
            check_plain(self.model, self.augment.size, self.loss.bins > 0)
        elif (self.loss.bins > 0) != (self.model.head == "bins"):
            raise RecipeError(
                f"model.head is {self.model.head} and loss.bins {self.loss.bins:g}; "
                "bins need both: --model.head bins --loss.bins 1"
            )
