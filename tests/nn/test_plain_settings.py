"""Settings of the plain U-Net: what cannot work is refused in one line that says what to do."""

from typing import Any

import pytest

from safelight.errors import RecipeError
from safelight.nn.bottleneck import BottleneckSettings
from safelight.nn.plain_unet import PlainSettings

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"factor": 3}, "model.factor is 3; expected 2 or 4"),
    ({"steps": 0}, "model.steps is 0"),
    ({"steps": 9}, "at most 256 times smaller"),
    ({"steps": 5, "factor": 4}, "at most 256 times smaller"),
    ({"channels": 0}, "model.channels is 0"),
    ({"blocks": 0}, "model.blocks 0"),
    ({"growth": 0.5}, "model.growth 0.5"),
    ({"widest": 32}, "model.widest is 32, below model.channels 64"),
    ({"kernel": 4}, "model.kernel is 4; expected an odd number"),
    ({"dilations": (1, 2)}, "one for each level"),
    ({"dilations": (1, 2, 0, 1)}, "1 or more each"),
    ({"kernel": 1, "dilations": (1, 1, 1, 2)}, "nothing to dilate"),
    ({"kernel": 1, "bottleneck": BottleneckSettings(dilations=(2,))}, "nothing to dilate"),
    ({"skips": (4,)}, r"model.skips is \(4,\) for 4 steps; .* to 3"),
    ({"skips": (-1,)}, "from 0"),
    ({"skips": (1, 1)}, "once at most"),
    ({"skips": (), "skip_gates": True}, "no skip to gate"),
    ({"convolution": "partial", "downsampling": "max_pool"}, "expected strided and nearest"),
    ({"convolution": "partial", "upsampling": "bilinear"}, "expected strided and nearest"),
    ({"convolution": "partial", "bottleneck": BottleneckSettings(contextual=True)}, "contextual false"),
    (
        {"convolution": "partial", "bottleneck": BottleneckSettings(fully_connected=8), "size": (64, 64)},
        "fully_connected 0",
    ),
    ({"bottleneck": BottleneckSettings(self_attention=7)}, "7 heads .* cannot share 512 channels"),
    ({"size": (64, 64)}, "only a fully connected bottleneck"),
    ({"bottleneck": BottleneckSettings(fully_connected=8)}, "needs the pictures' height and width"),
    ({"bottleneck": BottleneckSettings(fully_connected=8), "size": (64, 72)}, "multiples of 16"),
    (
        {"bottleneck": BottleneckSettings(fully_connected=8), "size": (16, 16), "norm": "instance"},
        "a single cell zero",
    ),
]


@pytest.mark.parametrize(("change", "said"), REFUSED)
def test_what_cannot_work_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(RecipeError, match=said) as excinfo:
        PlainSettings(**change)
    assert "\n" not in str(excinfo.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"depth": -1}, "cannot be negative"),
        ({"depth": 2, "dilations": (1,)}, "for a depth of 2"),
        ({"depth": 1, "dilations": (0,)}, "1 or more each"),
    ],
)
def test_what_cannot_work_in_the_bottleneck_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(RecipeError, match=said) as excinfo:
        BottleneckSettings(**change)
    assert "\n" not in str(excinfo.value)


def test_widths_and_multiples() -> None:
    assert PlainSettings().widths == (64, 128, 256, 512, 512)
    assert PlainSettings().multiple == 16
    thin = PlainSettings(channels=24, growth=1.5, bottleneck=BottleneckSettings(width=40))
    assert thin.widths == (24, 36, 54, 81, 40)
    by_four = PlainSettings(factor=4, steps=2, skips=(1,))
    assert by_four.multiple == 16
    assert PlainSettings(bottleneck=BottleneckSettings(fully_connected=8), size=(64, 96)).cells == (4, 6)
