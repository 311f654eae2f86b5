"""Perceptual losses: equal pictures, a gradient to the picture and to nothing else, given weights."""

from pathlib import Path

import numpy as np
import pytest
import skimage.data
import torch
from torch import nn
from torchvision.models.vgg import cfgs, make_layers

from safelight.errors import RecipeError
from safelight.losses.perceptual import (
    VGG_LAYERS,
    Features,
    gram,
    lite0_features,
    make_features,
    perceptual_distance,
    style_distance,
)
from safelight.nn.encoders import classifier
from safelight.pixels.geometry import resize

LITE = "tf_efficientnet_lite0"


@pytest.fixture(scope="module")
def lite() -> Features:
    return lite0_features()


@pytest.fixture(scope="module")
def vgg(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random weights under torchvision's names."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "vgg16.pth"
    state = {f"features.{name}": weight for name, weight in make_layers(cfgs["D"]).state_dict().items()}
    torch.save(state | {"classifier.0.bias": torch.zeros(3)}, path)
    return path


def picture(name: str, size: int = 64) -> torch.Tensor:
    image = resize(getattr(skimage.data, name)()[..., :3], (size, size)).astype(np.float32) / 255
    return torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)))[None]


def test_lite0_sees_what_the_classifier_sees(lite: Features) -> None:
    """Its last level, pooled and classified by the rest of the network, as the whole network has it."""
    whole, cat = classifier(LITE), picture("cat", 96)
    with torch.inference_mode():
        inputs = (cat - 0.5) / 0.5
        x = whole.blocks(whole.bn1(whole.conv_stem(inputs)))  # type: ignore[operator]
        levels = lite(cat)
    assert [level.shape[-1] for level in levels] == [48, 24, 12, 6, 3]
    torch.testing.assert_close(levels[-1], x, atol=1e-2, rtol=1e-3)


def test_equal_pictures_are_at_no_distance(lite: Features) -> None:
    cat = picture("cat")
    with torch.inference_mode():
        levels = lite(cat)
        assert perceptual_distance(levels, levels).item() == 0
        assert style_distance(levels, levels).item() == 0


def test_it_grows_with_the_change_and_sees_color(lite: Features) -> None:
    cat = picture("cat")
    grey = cat.mean(1, keepdim=True).expand_as(cat)
    with torch.inference_mode():
        seen = lite(cat)
        faded = [
            perceptual_distance(lite(torch.lerp(cat, grey, share)), seen).item() for share in (0.25, 0.5, 1.0)
        ]
        other = perceptual_distance(lite(picture("coffee")), seen).item()
    assert 0 < faded[0] < faded[1] < faded[2] < other < 4


@pytest.mark.parametrize("start", ["cat", "black", "grey"])
def test_the_gradient_reaches_the_picture_and_no_weight(lite: Features, start: str) -> None:
    shown = {
        "cat": picture("cat").mean(1, keepdim=True).expand(1, 3, 64, 64),
        "black": torch.zeros(1, 3, 64, 64),
    }
    answer = shown.get(start, torch.full((1, 3, 64, 64), 0.5)).clone().requires_grad_()
    with torch.no_grad():
        truth = lite(picture("coffee"))
    levels = lite(answer)
    for distance in (perceptual_distance, style_distance):
        (slope,) = torch.autograd.grad(distance(levels, truth), answer, retain_graph=True)
        assert torch.isfinite(slope).all()
        assert (slope.abs().amax((0, 2, 3)) > 0).all()
    assert not any(p.requires_grad for p in lite.parameters())


@pytest.mark.parametrize("level", range(5))
def test_every_level_takes_part(lite: Features, level: int) -> None:
    answer = picture("cat").requires_grad_()
    one = [lite(answer)[level]]
    with torch.no_grad():
        two = [lite(picture("coffee"))[level]]
    (slope,) = torch.autograd.grad(perceptual_distance(one, two), answer)
    assert slope.any()


def test_going_down_the_gradient_comes_nearer(lite: Features) -> None:
    answer = picture("cat").mean(1, keepdim=True).expand(1, 3, 64, 64).clone().requires_grad_()
    with torch.no_grad():
        truth = lite(picture("cat"))
    before = perceptual_distance(lite(answer), truth)
    (slope,) = torch.autograd.grad(before, answer)
    with torch.no_grad():
        after = perceptual_distance(lite(answer - 0.002 * slope / slope.abs().max()), truth)
    assert after < before


def test_frozen_stays_frozen(lite: Features) -> None:
    assert not any(module.training for module in lite.train().modules())


def test_distance_by_hand() -> None:
    """Vectors at right angles: squared distance 2; of opposite ones 4; length does not matter."""
    one, two = torch.tensor([3.0, 0]).view(1, 2, 1, 1), torch.tensor([0, 0.5]).view(1, 2, 1, 1)
    assert perceptual_distance([one], [two]).item() == pytest.approx(2, rel=1e-4)
    assert perceptual_distance([two, two], [-two, two]).item() == pytest.approx(2, rel=1e-4)
    assert perceptual_distance([one * 5], [one]).item() == pytest.approx(0, abs=1e-6)


def test_features_of_nothing_have_an_end_to_their_slope() -> None:
    nothing = torch.zeros(1, 3, 2, 2, requires_grad=True)
    perceptual_distance([nothing], [torch.ones(1, 3, 2, 2)]).backward()
    assert nothing.grad is not None
    assert torch.isfinite(nothing.grad).all()


def test_gram_by_hand() -> None:
    """Channels (1, 2) and (3, 4): products 5, 11, 25, over 2 channels x 2 places."""
    features = torch.tensor([[1.0, 2], [3, 4]]).view(1, 2, 1, 2)
    torch.testing.assert_close(gram(features), torch.tensor([[[5.0, 11], [11, 25]]]) / 4)
    assert style_distance([features], [features * 0]).item() == pytest.approx((5 + 11 + 11 + 25) / 16)


def test_style_does_not_care_for_places() -> None:
    features = torch.rand(1, 4, 6, 6)
    turned = features.flip(2).transpose(2, 3)
    assert (
        style_distance([features], [turned]).item() < 1e-6 < perceptual_distance([features], [turned]).item()
    )


def test_vgg16_of_a_path(vgg: Path) -> None:
    features = make_features("vgg16", vgg)
    answer = picture("cat").requires_grad_()
    levels = features(answer)
    assert features.name == "vgg16"
    assert [tuple(level.shape[1:]) for level in levels] == [
        (64, 64, 64),
        (128, 32, 32),
        (256, 16, 16),
        (512, 8, 8),
    ]
    assert all((level >= 0).all() for level in levels)  # each just after its relu
    sum(level.sum() for level in levels).backward()  # type: ignore[union-attr]
    assert answer.grad is not None
    assert answer.grad.any()


def test_vgg16_sees_what_its_layers_see(vgg: Path) -> None:
    stored = torch.load(vgg, weights_only=True)
    layers = make_layers(cfgs["D"])
    layers.load_state_dict(
        {name.removeprefix("features."): w for name, w in stored.items() if "features" in name}
    )
    x = (picture("cat") - torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)) / torch.tensor(
        [0.229, 0.224, 0.225]
    ).view(3, 1, 1)
    with torch.inference_mode():
        wanted = layers[: VGG_LAYERS[1] + 1](x)
        torch.testing.assert_close(make_features("vgg16", vgg)(picture("cat"))[1], wanted)


def test_weights_that_are_not_there_are_refused(vgg: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.pth"
    torch.save(nn.Linear(2, 2).state_dict(), other)
    (tmp_path / "text.pth").write_text("no weights")
    for path, said in (
        (None, "need a path"),
        (tmp_path / "none.pth", "is not a file"),
        (other, "does not hold torchvision's vgg16"),
        (tmp_path / "text.pth", "does not hold torchvision's vgg16"),
    ):
        with pytest.raises(RecipeError, match=said) as excinfo:
            make_features("vgg16", path)
        assert "\n" not in str(excinfo.value)
