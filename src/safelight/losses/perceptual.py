"""Perceptual losses: pictures compared by what a frozen, pretrained network sees in them.

A distance is named by its features: figures on EfficientNet-Lite0 and on VGG16 cannot be compared.
"""

from functools import cache
from pathlib import Path
from typing import Literal

import timm
import torch
from torch import Tensor, nn

from safelight.errors import RecipeError
from safelight.losses.terms import check_unit
from safelight.nn.encoders import fold_norms, packaged_weights
from safelight.shaped import Float

FeaturesName = Literal["efficientnet_lite0", "vgg16"]
LITE = "tf_efficientnet_lite0"
# relu1_2, relu2_2, relu3_3 and relu4_3, as in Johnson, Alahi & Fei-Fei 2016
VGG_LAYERS = (3, 8, 15, 22)
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
HALF = (0.5, 0.5, 0.5)


class Features(nn.Module):
    """A frozen network as a pyramid of features.

    Input: sRGB (b, 3, h, w), 0..1. Output: one tensor a level, largest first. Its weights never change, yet
    a gradient goes through it to the picture.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self, name: FeaturesName, body: nn.Module, mean: tuple[float, ...], std: tuple[float, ...]
    ) -> None:
        super().__init__()
        self.name, self.body = name, body
        self.register_buffer("mean", torch.tensor(mean).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(std).view(1, 3, 1, 1))
        self.requires_grad_(False).eval()

    def train(self, mode: bool = True) -> "Features":
        """Stays as it is."""
        return super().train(False)

    def forward(self, srgb: Float[Tensor, "b 3 h w"]) -> list[Tensor]:
        """The levels. Raises SafelightError for pictures in 0..255."""
        check_unit(srgb)
        return list(self.body((srgb - self.mean) / self.std))


class Taps(nn.Module):
    """A chain of layers that gives what comes out at some of them."""

    def __init__(self, layers: nn.Sequential, at: tuple[int, ...]) -> None:
        super().__init__()
        self.layers, self.at = layers[: max(at) + 1], at

    def forward(self, x: Tensor) -> list[Tensor]:
        """Outputs at the layers of these numbers."""
        outputs = []
        for number, layer in enumerate(self.layers):
            x = layer(x)
            if number in self.at:
                outputs.append(x)
        return outputs


def make_features(name: FeaturesName, weights: Path | None = None) -> Features:
    """Features by name. VGG16 needs the path of its weights. Raises RecipeError."""
    if name == "efficientnet_lite0":
        return lite0_features()
    if weights is None:
        raise RecipeError("features of vgg16 need a path: torchvision's vgg16 state dict as a .pth file")
    return vgg16_features(weights)


@cache
def shared_features(name: FeaturesName, weights: Path | None = None) -> Features:
    """The same, made once: they never change, and belong in no checkpoint."""
    return make_features(name, weights)


def lite0_features() -> Features:
    """EfficientNet-Lite0 on ImageNet, the ends of its five stages (reductions 2 to 32); weights of a package."""
    body = timm.create_model(LITE, pretrained=False, features_only=True)
    weights = packaged_weights(LITE)
    body.load_state_dict({name: weights[name] for name in body.state_dict()})
    fold_norms(body, 3)
    return Features("efficientnet_lite0", body, HALF, HALF)


def vgg16_features(weights: Path) -> Features:
    """VGG16 (Simonyan & Zisserman 2015) at relu1_2, relu2_2, relu3_3 and relu4_3.

    weights: torchvision's state dict; the classifier in it may be missing. Raises RecipeError.
    """
    from torchvision.models.vgg import cfgs, make_layers  # type: ignore[import-untyped]

    layers = make_layers(cfgs["D"])
    if not weights.is_file():
        raise RecipeError(f"{weights} is not a file; expected the state dict of torchvision's vgg16")
    try:
        stored = torch.load(weights, map_location="cpu", weights_only=True)
        wanted = {name: stored[f"features.{name}"] for name in layers.state_dict()}
        layers.load_state_dict(wanted)
    except Exception as error:
        reason = str(error).splitlines()[0][:200]
        raise RecipeError(
            f"{weights} does not hold torchvision's vgg16 ({reason}); expected its state dict, as saved by torch.save"
        ) from None
    return Features("vgg16", Taps(layers, VGG_LAYERS), IMAGENET_MEAN, IMAGENET_STD)


def features_of_both(
    features: Features, answer: Float[Tensor, "b 3 h w"], truth: Float[Tensor, "b 3 h w"]
) -> tuple[list[Tensor], list[Tensor]]:
    """What the frozen network sees in an answer, with a gradient, and in the truth."""
    features = features.to(truth.device)
    with torch.no_grad():
        of_truth = features(truth)
    return features(answer), of_truth


def perceptual_distance(one: list[Tensor], two: list[Tensor]) -> Tensor:
    """How unlike the features of two pictures are: 0 for equal pictures, 4 at the most.

    Zhang et al. 2018 (LPIPS), equation 1, with all weights 1: features of a place as a vector of length 1,
    squared distance, mean over places and then over levels. Vectors of length 1 make levels alike.
    """
    levels = [((_unit(a) - _unit(b)) ** 2).sum(1).mean() for a, b in zip(one, two, strict=True)]
    return torch.stack(levels).mean()


def gram(features: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c c"]:
    """Gram matrix: mean product of each two channels, over c (Johnson, Alahi & Fei-Fei 2016, equation 3)."""
    b, c, h, w = features.shape
    flat = features.float().reshape(b, c, h * w)
    with torch.autocast(features.device.type, enabled=False):
        return flat @ flat.transpose(1, 2) / (c * h * w)


def style_distance(one: list[Tensor], two: list[Tensor]) -> Tensor:
    """Mean absolute difference of Gram matrices, mean over levels (Liu et al. 2018, equation 4)."""
    return torch.stack([(gram(a) - gram(b)).abs().mean() for a, b in zip(one, two, strict=True)]).mean()


def _unit(features: Tensor) -> Tensor:
    """Vectors of length 1 along the channels; one of zeros stays so, and has an end to its slope."""
    features = features.float()
    return features * torch.rsqrt((features**2).sum(1, keepdim=True) + 1e-6)
