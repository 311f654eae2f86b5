"""The recipe of a run that learns to fill holes."""

from dataclasses import dataclass, field
from typing import Literal

from safelight.errors import RecipeError
from safelight.nn.encoder_unet import EncoderUNetSettings
from safelight.nn.plain_unet import PlainSettings
from safelight.tasks.inpaint.losses import InpaintLossSettings
from safelight.tasks.inpaint.mask_sampling import HoleSampling
from safelight.tasks.inpaint.prepare import InpaintPreparation
from safelight.training.augment import check_off
from safelight.training.recipe import AdversarialRecipe


@dataclass(frozen=True, kw_only=True)
class InpaintRecipe(AdversarialRecipe):
    """Everything that an inpainting run is made of."""

    task: Literal["inpaint"] = "inpaint"
    model: PlainSettings | EncoderUNetSettings = field(default_factory=PlainSettings)
    holes: HoleSampling = field(default_factory=HoleSampling)
    preparation: InpaintPreparation = field(default_factory=InpaintPreparation)
    loss: InpaintLossSettings = field(default_factory=InpaintLossSettings)

    def __post_init__(self) -> None:
        super().__post_init__()
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


def _check_output(model: PlainSettings, preparation: InpaintPreparation) -> None:
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
