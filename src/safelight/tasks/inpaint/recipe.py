"""The recipe of a run that learns to fill holes."""

from dataclasses import dataclass, field
from typing import Literal

from safelight.errors import RecipeError
from safelight.losses.adversarial import AdversarialSettings
from safelight.nn.discriminator import DiscriminatorSettings
from safelight.nn.encoder_unet import EncoderUNetSettings
from safelight.nn.plain_unet import PlainSettings
from safelight.tasks.inpaint.losses import FillLossSettings
from safelight.tasks.inpaint.mask_sampling import HoleSampling
from safelight.tasks.inpaint.prepare import Preparation
from safelight.training.augment import Augmentation, check_off
from safelight.training.guard.settings import GuardSettings
from safelight.training.recipe import DataSettings, OptimizerSettings, TrainSettings, check_name


@dataclass(frozen=True)
class FillRecipe:
    """Everything that an inpainting run is made of.

    name: what the recipe is called; run folders bear it.
    task: what is learned; each recipe has its own, which cannot be changed.
    """

    name: str
    task: Literal["fill"] = "fill"
    model: PlainSettings | EncoderUNetSettings = field(default_factory=PlainSettings)
    holes: HoleSampling = field(default_factory=HoleSampling)
    preparation: Preparation = field(default_factory=Preparation)
    augment: Augmentation = field(default_factory=Augmentation)
    loss: FillLossSettings = field(default_factory=FillLossSettings)
    adversarial: AdversarialSettings = field(default_factory=AdversarialSettings)
    discriminator: DiscriminatorSettings = field(default_factory=DiscriminatorSettings)
    data: DataSettings = field(default_factory=DataSettings)
    optimizer: OptimizerSettings = field(default_factory=OptimizerSettings)
    train: TrainSettings = field(default_factory=TrainSettings)
    guard: GuardSettings = field(default_factory=GuardSettings)

    def __post_init__(self) -> None:
        check_name(self.name)
        check_off(self.augment, ("aging",), "only colorizers see aged pictures")
        if self.augment.size % self.model.multiple:
            raise RecipeError(
                f"augment.size is {self.augment.size}; expected a multiple of {self.model.multiple}, "
                "by which the network shrinks pictures (a plain one by model.steps and model.factor)"
            )
        if isinstance(self.model, PlainSettings):
            _check_output(self.model, self.preparation)
        elif self.preparation.span != "centered":
            raise RecipeError(
                f"preparation.span is {self.preparation.span}; an encoder sees -1..1, as its weights were "
                "trained: set preparation.span centered, or model.kind plain"
            )


def _check_output(model: PlainSettings, preparation: Preparation) -> None:
    """Raise RecipeError if what the network can say is not what is asked for."""
    if model.output == "sigmoid" and preparation.span != "unit":
        raise RecipeError(
            f"model.output sigmoid answers 0..1, preparation.span {preparation.span} wants more; "
            "set model.output none or preparation.span unit"
        )
    if model.output == "tanh" and preparation.span != "centered":
        raise RecipeError(
            f"model.output tanh answers -1..1, preparation.span {preparation.span} wants another "
            "range; set model.output none or preparation.span centered"
        )
    if model.output != "none" and preparation.guess != "none":
        raise RecipeError(
            "with preparation.guess the network adds to a classical filling; set model.output none"
        )
