"""The weights of an exported network, back in torch.

A file has no list of which of its numbers is which weight: the exporter drops most names, and folds each batch norm
into the convolution before it. So a copy of the network with other, random weights is exported in the same way. In
its file every number is known by its value, and the two files have theirs in the same order.

A folded norm comes back as one that does nothing. Before training, `unfold` gives it the mean and the spread of
what it really sees, with scale and shift that undo them: the same answer, and a batch norm that may learn.
"""

import copy
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import numpy as np
import onnx
import torch
from onnx import ModelProto, numpy_helper
from torch import Tensor, nn

from safelight.errors import ModelError
from safelight.nn.layers import fused, norms_after_convolutions

CLOSE = 1e-4  # relative, of a folded weight that two programs worked out
OURS = ("zero", "known_")  # initializers that hold no weights (tasks/colorize/onnx_graph.py)

Exporter = Callable[[nn.Module], ModelProto]


@dataclass
class Folded:
    """A batch norm whose effect was folded into the convolution before it."""

    conv: str
    norm: str


@dataclass
class Source:
    """Where a file's numbers belong: a weight by its name, or half of a folded norm; perhaps turned.

    In the file stands scale * weight + offset, where the exporter worked that out.
    """

    name: str
    turned: bool = False
    folded: Folded | None = None
    scale: float = 1.0
    offset: float = 0.0


@dataclass
class ReadBack:
    """What was done: the names of weights that the file does not have, and the norms that were folded."""

    missing: list[str] = field(default_factory=list)
    folded: list[Folded] = field(default_factory=list)


def read_back(content: bytes, network: nn.Module, export: Exporter, example: Tensor) -> ReadBack:
    """Give a network the weights of its exported file.

    export: makes its file, as it was made, before weights are halved. example: what it takes. Raises ModelError for
    a file of another network, or one whose weights cannot be told.
    """
    stored = weights_of(onnx.load_from_string(content))
    probe = _with_random_weights(network)
    pairs = [Folded(*names) for names in norms_after_convolutions(probe, example)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        of_probe = weights_of(export(probe))
    shapes = [[value.shape for value in values] for values in (stored, of_probe)]
    if shapes[0] != shapes[1]:
        raise ModelError("holds another network than this recipe's")
    sources = _sources(probe, pairs)
    places = dict(enumerate(_source_of(value, sources) for value in of_probe))
    return _put(network, places, stored, pairs)


def weights_of(model: ModelProto) -> list[np.ndarray]:
    """The numbers of a file in their order, in single precision, without those of a measure of familiarity."""
    values = []
    for tensor in model.graph.initializer:
        measure = tensor.name.startswith("1/")  # tasks/colorize/onnx_graph.py: join
        if measure or tensor.name.startswith(OURS) or tensor.data_type not in (1, 10):
            continue
        values.append(numpy_helper.to_array(tensor).astype(np.float32))
    return values


def _with_random_weights(network: nn.Module) -> nn.Module:
    """A copy in which no two weights are alike."""
    probe = copy.deepcopy(network).to("cpu").eval()
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for name, tensor in probe.state_dict().items():
            if tensor.is_floating_point():
                low = 0.5 if name.endswith("running_var") else 0.05
                tensor.copy_(low + torch.rand(tensor.shape, generator=generator))
    return probe


def _sources(probe: nn.Module, pairs: list[Folded]) -> list[tuple[Source, np.ndarray]]:
    """All that a file of this network may hold, and where each belongs."""
    sources = []
    for pair in pairs:
        weight, bias = (part.detach().numpy() for part in fused(probe, pair.conv, pair.norm))
        sources += [
            (Source(f"{pair.conv}.weight", folded=pair), weight),
            (Source(f"{pair.conv}.bias", folded=pair), bias),
        ]
    for name, tensor in probe.state_dict().items():
        value = tensor.detach().float().numpy()
        sources.append((Source(name), value))
        if value.ndim == 2:
            sources.append((Source(name, turned=True), value.T))
    return sources


def _source_of(value: np.ndarray, sources: list[tuple[Source, np.ndarray]]) -> Source | None:
    """Whose numbers these are; None for constants that a network makes of nothing learned."""
    alike = [(source, known) for source, known in sources if known.shape == value.shape]
    for source, known in alike:
        first = known.flat[0] if known.size else 0.0  # most are told apart by one number
        if known.size and abs(first - value.flat[0]) > CLOSE * (1 + abs(first)):
            continue
        if np.allclose(known, value, rtol=CLOSE, atol=CLOSE):
            return source
    for source, known in alike:
        scale, offset = float(np.mean(value / known)), float(np.mean(value - known))
        if value.size > 1 and np.allclose(scale * known, value, rtol=CLOSE, atol=CLOSE * abs(scale)):
            return replace(source, scale=scale)
        if value.size > 1 and np.allclose(known + offset, value, rtol=CLOSE, atol=CLOSE):
            return replace(source, offset=offset)
    return None


def _put(
    network: nn.Module, places: dict[int, Source | None], stored: list[np.ndarray], pairs: list[Folded]
) -> ReadBack:
    """Write the file's numbers where they belong; a folded norm does nothing then."""
    state = network.state_dict()
    written = set()
    with torch.no_grad():
        for number, source in places.items():
            if source is None:
                continue
            numbers = (stored[number] - source.offset) / source.scale
            value = torch.from_numpy(np.array(numbers.T if source.turned else numbers))
            name = source.name
            if source.folded and name.endswith(".bias") and name not in state:
                name = f"{source.folded.norm}.bias"  # a convolution without one: the norm's shift
            state[name].copy_(value.reshape(state[name].shape))
            written.add(name)
        for pair in pairs:
            make_identity(network, pair, f"{pair.conv}.bias" in state)
            written |= {f"{pair.norm}.{part}" for part in ("weight", "bias", "running_mean", "running_var")}
    learned = {name for name, tensor in state.items() if tensor.is_floating_point()}
    return ReadBack(sorted(learned - written), pairs)


def make_identity(network: nn.Module, pair: Folded, has_bias: bool) -> None:
    """Let a batch norm give what it gets, in eval mode; its shift is left where its convolution has no bias."""
    norm = network.get_submodule(pair.norm)
    assert isinstance(norm, nn.BatchNorm2d)
    assert norm.running_mean is not None
    assert norm.running_var is not None
    norm.running_mean.zero_()
    norm.running_var.fill_(1.0)
    norm.weight.fill_(float(np.sqrt(1.0 + norm.eps)))
    if has_bias:
        norm.bias.zero_()


@contextmanager
def unfolding(network: nn.Module, folded: list[Folded]) -> Iterator[None]:
    """While it lasts, run the network on real pictures, in eval mode: each folded norm gets what it sees.

    Its answers stay the same. In training a batch norm takes mean and spread of the batch, which are near those.
    """
    sums: dict[str, list[Tensor]] = {}
    hooks = []
    for pair in folded:

        def note(module: nn.Module, inputs: tuple[Tensor, ...], name: str = pair.norm) -> None:
            seen = inputs[0].detach().float().transpose(0, 1).flatten(1).double()
            new = [torch.tensor(float(seen.shape[1])), seen.sum(1), (seen**2).sum(1)]
            before = sums.get(name, [torch.zeros_like(each) for each in new])
            sums[name] = [old + more for old, more in zip(before, new, strict=True)]

        hooks.append(network.get_submodule(pair.norm).register_forward_pre_hook(note))
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
    for pair in folded:
        if pair.norm in sums:
            norm = network.get_submodule(pair.norm)
            assert isinstance(norm, nn.BatchNorm2d)
            _begin_with(norm, *sums[pair.norm])


def _begin_with(norm: nn.BatchNorm2d, count: Tensor, total: Tensor, squares: Tensor) -> None:
    """y = x + b as scale * (x - mean) / sqrt(var + eps) + shift."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    mean = total / count
    variance = (squares / count - mean**2).clamp(min=0.0)
    with torch.no_grad():
        shift = norm.bias.double() - norm.running_mean.double()  # of a norm that does nothing
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(variance)
        norm.weight.copy_(torch.sqrt(variance + norm.eps))
        norm.bias.copy_(shift + mean)
