"""Settings of an autoencoder, and which output, range of values and likelihood can work together."""

from dataclasses import dataclass
from typing import Literal

from safelight.errors import RecipeError
from safelight.nn.layers import ActivationName, NormName

OutputName = Literal["none", "sigmoid", "tanh"]
ValuesName = Literal["0..1", "-1..1"]
LikelihoodName = Literal["gaussian", "bernoulli", "logistic"]
InitializationName = Literal["he_normal", "he_uniform", "glorot_uniform", "orthogonal"]


@dataclass(frozen=True)
class VAESettings:
    """The network and its likelihood: q(z | x) and p(x | z) of Kingma & Welling 2014.

    filters: channels at each halving of the picture's size.
    layers: convolutions at each size, from 1.
    kernel: side of the convolutions in pixels, odd.
    activation: what follows each convolution.
    norm: how features are normalized; group for small batches.
    up: how the decoder doubles: "resize" (nearest, then a convolution) or "transposed" convolutions.
    paint: where the last convolution works: "full" size, or "shuffle": at half the size, with four times the
      channels, which are laid side by side (Shi et al. 2016); a step takes a third less time.
    linear: side of the small picture that a linear map paints from the code, 0 for none; the last convolutions
      see it and add to it, another linear map gives the code its start from the whole picture, and both begin
      as principal components.
    refine: channels of the last convolutions, where `linear` is on.
    hidden: width of a fully connected layer on each side of the code, 0 for none.
    latent: numbers in a code.
    variational: false for a plain autoencoder: the same network, no noise and no KL.
    initialization: how first weights are drawn; Keras draws glorot_uniform.
    output: activation after the last convolution.
    values: what the network's numbers mean: "0..1" is the picture as it is, "-1..1" twice the picture minus one.
    likelihood: how the picture's values 0..1 are distributed around the answer, given the code.
    sd: standard deviation of that likelihood in those units (not for bernoulli), where a learned one starts.
    learn_sd: whether that standard deviation is trained along (Rybkin et al. 2021).
    """

    filters: tuple[int, ...] = (32, 64, 128, 256)
    layers: int = 1
    kernel: int = 3
    activation: ActivationName = "leaky_relu"
    norm: NormName = "batch"
    up: Literal["resize", "transposed"] = "resize"
    paint: Literal["full", "shuffle"] = "full"
    linear: int = 0
    refine: int = 48
    hidden: int = 0
    latent: int = 64
    variational: bool = True
    initialization: InitializationName = "he_normal"
    output: OutputName = "none"
    values: ValuesName = "0..1"
    likelihood: LikelihoodName = "gaussian"
    sd: float = 0.1
    learn_sd: bool = False

    def __post_init__(self) -> None:
        _check_shape(self)
        if not 1e-3 <= self.sd <= 10:
            raise RecipeError(f"model.sd is {self.sd}; expected 0.001 to 10, in units of values 0..1")
        check_pair(self.output, self.values, self.likelihood)
        if self.learn_sd and self.likelihood == "bernoulli":
            raise RecipeError("model.learn_sd needs a likelihood with an sd: gaussian or logistic")

    @property
    def multiple(self) -> int:
        """The side of its pictures is a multiple of this."""
        return int(2 ** len(self.filters))

    def grid(self, size: int) -> int:
        """Side of the smallest feature map for pictures of this side. Raises RecipeError."""
        if size < self.multiple or size % self.multiple:
            raise RecipeError(
                f"pictures of {size} pixels cannot be halved {len(self.filters)} times, once for each of "
                f"model.filters; expected a multiple of {self.multiple}"
            )
        if self.norm == "instance" and size == self.multiple:
            raise RecipeError(
                "model.norm instance cannot norm a feature map of one pixel; use fewer filters, or norm group"
            )
        seen = size if self.paint == "full" else size // 2  # where the small picture meets the convolutions
        if self.linear and seen % self.linear:
            raise RecipeError(
                f"model.linear is {self.linear} with pictures of {size} pixels and model.paint {self.paint}; "
                f"expected a divisor of {seen}, or 0"
            )
        if self.linear and (self.output != "none" or self.values != "0..1"):
            raise RecipeError(
                "model.linear paints the picture itself; expected model.output none and model.values 0..1"
            )
        return size // self.multiple


def _check_shape(settings: VAESettings) -> None:
    """Raises RecipeError where no network of this shape can be built."""
    if not settings.filters or min(settings.filters) < 1:
        raise RecipeError(f"model.filters is {settings.filters}; expected one number above 0 at least")
    if settings.kernel < 3 or settings.kernel % 2 == 0:
        raise RecipeError(f"model.kernel is {settings.kernel}; expected an odd number from 3")
    if (
        min(settings.layers, settings.latent, settings.refine) < 1
        or min(settings.hidden, settings.linear) < 0
    ):
        raise RecipeError(
            f"model.layers is {settings.layers}, latent {settings.latent}, refine {settings.refine}, hidden "
            f"{settings.hidden} and linear {settings.linear}; expected at least 1, 1, 1, 0 and 0"
        )


def check_pair(output: OutputName, values: ValuesName, likelihood: LikelihoodName) -> None:
    """Raises RecipeError, with the reason, for an output that cannot give what the likelihood needs."""
    if likelihood == "bernoulli" and output != "sigmoid":
        reach = {"none": "any number", "tanh": "numbers below 0"}[output]
        raise RecipeError(
            f"model.output {output} gives {reach}, and bernoulli (cross-entropy) takes the logarithm of a "
            "probability, 0..1: use model.output sigmoid, or model.likelihood gaussian"
        )
    if likelihood == "bernoulli" and values != "0..1":
        raise RecipeError(
            "model.values -1..1 with bernoulli (cross-entropy): below 0 its loss has no lowest value, and all "
            "pictures go black: use model.values 0..1, or model.likelihood gaussian"
        )
    if output == "sigmoid" and values == "-1..1":
        raise RecipeError(
            "model.output sigmoid gives 0..1 and can reach no value below 0 of model.values -1..1: "
            "use model.output tanh, or model.values 0..1"
        )
