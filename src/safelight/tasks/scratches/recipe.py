"""The recipe of a run that learns to find scratches, cracks and dust."""

from dataclasses import dataclass, field
from typing import Literal

from safelight.errors import RecipeError
from safelight.nn.encoder_unet import EncoderUNetSettings
from safelight.nn.plain_unet import PlainSettings
from safelight.prints.damage import DamageSettings
from safelight.prints.simulation import PrintSettings
from safelight.tasks.scratches.losses import ScratchesLossSettings
from safelight.tasks.scratches.prepare import ScratchesPreparation
from safelight.training.augment import check_off
from safelight.training.recipe import Recipe

WEAR = DamageSettings(
    scratches=4, cracks=2, dust=10, stains=0, folds=1, flakes=2, widths=(0.6, 7.0), visible=0.06
)


@dataclass(frozen=True, kw_only=True)
class ScratchesRecipe(Recipe):
    """Everything that a run of a scratch detector is made of.

    unharmed: share of samples without any damage.
    """

    task: Literal["scratches"] = "scratches"
    model: PlainSettings | EncoderUNetSettings = field(default_factory=PlainSettings)
    damage: DamageSettings = WEAR
    unharmed: float = 0.35
    prints: PrintSettings = field(default_factory=PrintSettings)
    preparation: ScratchesPreparation = field(default_factory=ScratchesPreparation)
    loss: ScratchesLossSettings = field(default_factory=ScratchesLossSettings)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_off(self.augment, ("aging", "prints"), "prints are aged by the settings of prints")
        if not 0 <= self.unharmed < 1:
            raise RecipeError(f"unharmed is {self.unharmed}; expected a share of samples, 0 to below 1")
        if self.augment.size % self.model.multiple:
            raise RecipeError(
                f"augment.size is {self.augment.size}; expected a multiple of {self.model.multiple}, "
                "by which the network shrinks pictures (a plain one by model.steps and model.factor)"
            )
        if not isinstance(self.model, PlainSettings):
            return
        if self.model.output != "none":
            raise RecipeError(f"model.output is {self.model.output}; answers are logits here: set it to none")
        if self.model.convolution == "partial" or self.model.bottleneck.contextual:
            raise RecipeError(
                "partial convolution and contextual attention need a mask, which is the answer here"
            )
