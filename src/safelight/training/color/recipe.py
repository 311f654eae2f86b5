"""The recipe of a colorization run."""

from dataclasses import dataclass, field
from typing import Literal

from safelight.errors import RecipeError
from safelight.losses.colour import ColorLossSettings
from safelight.models.unet import UNetSettings
from safelight.tasks.colorize import Preparation
from safelight.tasks.sampling import HintSampling
from safelight.training.augment import Augmentation
from safelight.training.recipe import DataSettings, OptimizerSettings, TrainSettings, check_name


@dataclass(frozen=True)
class ColorRecipe:
    """Everything that a colorization run is made of."""

    name: str
    task: Literal["colorize"] = "colorize"
    model: UNetSettings = field(default_factory=UNetSettings)
    hints: HintSampling = field(default_factory=HintSampling)
    preparation: Preparation = field(default_factory=Preparation)
    augment: Augmentation = field(default_factory=Augmentation)
    loss: ColorLossSettings = field(default_factory=ColorLossSettings)
    data: DataSettings = field(default_factory=DataSettings)
    optimizer: OptimizerSettings = field(default_factory=OptimizerSettings)
    train: TrainSettings = field(default_factory=TrainSettings)

    def __post_init__(self) -> None:
        check_name(self.name)
        if (self.loss.bins > 0) != (self.model.head == "bins"):
            raise RecipeError(
                f"model.head is {self.model.head} and loss.bins {self.loss.bins:g}; "
                "bins need both: --model.head bins --loss.bins 1"
            )
