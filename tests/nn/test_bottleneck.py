"""The bottleneck: self-attention by torch's own, a code through which all must pass."""

import pytest
import torch
from torch.nn import functional as F

from safelight.nn.bottleneck import Bottleneck, BottleneckSettings, PictureCode, SelfAttention
from safelight.nn.convolutions import Seen


def some(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_self_attention_is_torchs_multihead_attention() -> None:
    torch.manual_seed(0)
    attend, x = SelfAttention(8, 2), some(2, 8, 3, 5)
    theirs = torch.nn.MultiheadAttention(8, 2, batch_first=True)
    with torch.no_grad():
        theirs.in_proj_weight.copy_(attend.ask.weight[:, :, 0, 0])
        theirs.in_proj_bias.copy_(attend.ask.bias)
        theirs.out_proj.weight.copy_(attend.tell.weight[:, :, 0, 0])
        theirs.out_proj.bias.copy_(attend.tell.bias)
    tokens = F.group_norm(x, 1).flatten(2).transpose(1, 2)
    wanted = theirs(tokens, tokens, tokens, need_weights=False)[0].transpose(1, 2).reshape(x.shape)
    torch.testing.assert_close(attend(x), x + wanted, atol=1e-5, rtol=1e-4)


def test_self_attention_carries_from_anywhere() -> None:
    attend, x = SelfAttention(4, 1), some(1, 4, 6, 6)
    other = x.clone()
    other[..., 0, 0] += 2
    assert (attend(x) != attend(other))[..., 5, 5].any()


def test_the_code_is_all_that_passes() -> None:
    code = PictureCode(4, (2, 3), 1, "relu")
    torch.nn.init.constant_(code.press.bias, 50.0)  # type: ignore[arg-type]
    torch.nn.init.constant_(code.unfold.bias, 500.0)
    a, b, c = (code(some(1, 4, 2, 3, seed=s)).flatten() for s in range(3))
    assert a.shape == (24,)
    one, two = b - a, c - a  # one number: all differences lie along one line
    assert F.cosine_similarity(one, two, 0).abs().item() == pytest.approx(1, abs=1e-4)


def test_all_of_it_in_order_and_trained() -> None:
    settings = BottleneckSettings(
        depth=2, dilations=(1, 2), contextual=True, self_attention=2, fully_connected=5
    )
    torch.manual_seed(0)
    bottleneck = Bottleneck(settings, 8, (4, 6), "gated", 3, "group", "elu")
    missing = torch.zeros(2, 1, 4, 6)
    missing[..., 1:3, 1:3] = 1
    seen = bottleneck(Seen(some(2, 8, 4, 6)), missing)
    assert seen.x.shape == (2, 8, 4, 6)
    seen.x.square().sum().backward()
    assert all(p.grad is not None and p.grad.any() for p in bottleneck.parameters())


def test_nothing_asked_for_is_nothing_done() -> None:
    x = some(1, 8, 4, 6)
    plain = Bottleneck(BottleneckSettings(depth=0), 8, (0, 0), "plain", 3, "batch", "relu")
    assert plain(Seen(x), None).x is x
