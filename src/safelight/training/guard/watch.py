"""What is measured of each step: a handful of numbers, gathered in one small tensor and read once."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from safelight.shaped import Float
from safelight.training.task import TrainingTask

TENSORS, NUMBERS = 12, 2048  # how much of the weights is compared before and after a step


class StepWatch:
    """Measures one optimizer step after another.

    input: the largest number in the batch. question: how far it is contradicted by its truth, if the task can
    tell. loss: each loss that the training step gives back. gradient: the
    norm of each optimizer's gradient before it is clipped. update: how far the step moved the weights, as a
    share of them and of the scheduled learning rate. average: how far the averaged weights are from them.
    The last two are taken on a fixed sample of the weights.
    """

    def __init__(
        self, optimizers: Sequence[torch.optim.Optimizer], weights: nn.Module, average: nn.Module | None
    ) -> None:
        self.optimizers = list(optimizers)
        self.suffixes = [""] + [f" {number + 2}" for number in range(len(self.optimizers) - 1)]
        self.samples = [_sample(parameters_of(each)) for each in self.optimizers]
        named = {name: p for name, p in weights.named_parameters() if p.requires_grad}
        self.weights = _sample(list(named.values()))
        twins = dict(average.named_parameters()) if average is not None else {}
        self.average = _sample([twins[name] for name in named if name in twins])
        self.last = [_joined(sample) if sample else torch.zeros(0) for sample in self.samples]
        self.norms: dict[int, Tensor] = {}

    def before_step(self, optimizer: torch.optim.Optimizer) -> None:
        """Measure the gradient that this optimizer is about to follow."""
        for number, known in enumerate(self.optimizers):
            if known is optimizer:
                self.norms[number] = _gradient_norm(known)

    def before_batch(self) -> None:
        """Forget the gradients of the step before."""
        self.norms = {}

    def after_batch(
        self, outputs: Any, batch: Any, rates: Sequence[float], question: Tensor | None = None
    ) -> tuple[list[str], Float[Tensor, " n"]]:
        """Names and values of this step's measures. rates: each optimizer's scheduled learning rate."""
        measured = {"input": largest(batch), **losses(outputs)}
        if question is not None:
            measured["question"] = question
        for number, (optimizer, suffix) in enumerate(zip(self.optimizers, self.suffixes, strict=True)):
            norm = self.norms[number] if number in self.norms else _gradient_norm(optimizer)
            measured[f"gradient{suffix}"] = norm
            if self.samples[number]:
                before, after = self.last[number], _joined(self.samples[number])
                self.last[number] = after
                moved = torch.linalg.vector_norm(after - before) / torch.linalg.vector_norm(before)
                measured[f"update{suffix}"] = moved / max(rates[number], 1e-12)
        if self.average:
            now = _joined(self.weights)
            mean = _joined(self.average).to(now.device)
            measured["average"] = torch.linalg.vector_norm(mean - now) / torch.linalg.vector_norm(now)
        return list(measured), torch.stack([value.float().cpu() for value in measured.values()])


def contradiction(module: nn.Module, batch: Any) -> Tensor | None:
    """How far the batch's inputs are contradicted by its truths, if the module's task can tell."""
    task = getattr(module, "task", None)
    share = task.contradiction(batch) if isinstance(task, TrainingTask) else None
    return None if share is None else share.detach()


def losses(outputs: Any) -> dict[str, Tensor]:
    """The scalars that a training step gave back: "loss", or one "loss NAME" for each of several."""
    if isinstance(outputs, Tensor):
        outputs = {"loss": outputs}
    if not isinstance(outputs, Mapping):
        return {}
    scalars = {
        name: value.detach()
        for name, value in outputs.items()
        if isinstance(value, Tensor) and value.numel() == 1
    }
    return {name if name == "loss" else f"loss {name}": value.reshape(()) for name, value in scalars.items()}


def largest(batch: Any) -> Tensor:
    """The largest magnitude in a batch's floating tensors; not a number if one of them is not."""
    ends = [torch.stack(torch.aminmax(tensor.detach())) for tensor in _tensors(batch) if tensor.numel()]
    return torch.stack([end.abs().amax().float() for end in ends]).amax() if ends else torch.zeros(())


def parameters_of(optimizer: torch.optim.Optimizer) -> list[Tensor]:
    """All that an optimizer trains."""
    return [parameter for group in optimizer.param_groups for parameter in group["params"]]


def _tensors(batch: Any) -> Iterator[Tensor]:
    if isinstance(batch, Tensor):
        if batch.is_floating_point():
            yield batch
    elif isinstance(batch, Mapping):
        for part in batch.values():
            yield from _tensors(part)
    elif isinstance(batch, Sequence) and not isinstance(batch, (str, bytes)):
        for part in batch:
            yield from _tensors(part)


def _gradient_norm(optimizer: torch.optim.Optimizer) -> Tensor:
    gradients = [parameter.grad for parameter in parameters_of(optimizer) if parameter.grad is not None]
    return torch.nn.utils.get_total_norm(gradients) if gradients else torch.zeros(())


def _sample(parameters: Sequence[Tensor]) -> list[Tensor]:
    """Views of the first numbers of a few weights with two or more axes, spread over all of them."""
    weights = [p.detach() for p in parameters if p.ndim > 1]
    chosen = weights[:: max(1, -(-len(weights) // TENSORS))]
    return [weight[: max(1, NUMBERS // max(1, weight[0].numel()))] for weight in chosen]


def _joined(views: Sequence[Tensor]) -> Tensor:
    return torch.cat([view.reshape(-1) for view in views])
