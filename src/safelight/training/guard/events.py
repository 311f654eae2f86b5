"""A trip: what tripped the guard, what was to blame, and what was done; and the words for it."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from safelight.errors import RunError
from safelight.training.guard.scale import Anomaly, kind_of

Blame = Literal["samples", "network", "optimizer", "gradient", "rate", "average", "loader", "recipe"]
KEPT_LOSSES = 32  # of the steps before a trip, in its record


class GuardError(RunError):
    """A run tripped the guard too often, or has no good state to go back to; the message is the diagnosis."""


class RollbackRequested(BaseException):
    """Leaves the Trainer at a step that must not stand, as no error: the run goes on from a good state."""

    def __init__(self, step: int, signs: Sequence[Anomaly], blame: Blame, losses: Sequence[float]) -> None:
        super().__init__(f"step {step}: {words(signs[0])}")
        self.step, self.signs, self.blame = step, list(signs), blame
        self.losses = list(losses)[-KEPT_LOSSES:]

    @classmethod
    def from_loader(cls, step: int, error: BaseException) -> "RollbackRequested":
        """A process that loads samples died."""
        message = (str(error) or type(error).__name__).splitlines()[0]
        anomaly = Anomaly("loader", message, math.nan, math.nan, math.nan)
        return cls(step, [anomaly], "loader", [])


@dataclass(frozen=True)
class GuardEvent:
    """One line of guard.jsonl.

    step: the one after which it was seen. restored: the step that the run went back to. skipped: numbers of
    the first sample that was left out and of the first that was drawn after it. lr: what the learning rate was
    multiplied with. losses: those of the steps before.
    """

    step: int
    seen: str
    signs: list[dict[str, Any]]
    blame: Blame
    restored: int
    skipped: tuple[int, int]
    lr: float
    moments_cleared: bool
    losses: list[float]
    told: str


def record(
    request: RollbackRequested, restored: int, skipped: tuple[int, int], lr: float, cleared: bool
) -> GuardEvent:
    """The event with what was done, in figures and in words."""
    seen = words(request.signs[0])
    left_out = f", left out samples {skipped[0]} to {skipped[1] - 1}" if skipped[1] > skipped[0] else ""
    rate = f", learning rate times {lr:g}" if lr != 1 else ", same learning rate"
    signs = [{k: _plain(v) for k, v in asdict(anomaly).items()} for anomaly in request.signs]
    losses = [_plain(value) for value in request.losses]
    return GuardEvent(
        step=request.step,
        seen=seen,
        signs=signs,
        blame=request.blame,
        restored=restored,
        skipped=skipped,
        lr=lr,
        moments_cleared=cleared,
        losses=losses,
        told=f"step {request.step}: {seen}. Went back to step {restored}{left_out}{rate}.",
    )


NAMES = {
    "input": "the largest number in the batch",
    "question": "the share of the hints that their true colors contradict",
    "loss": "the loss",
    "gradient": "the gradient's norm",
    "update": "the step's length (share of the weights, for its learning rate)",
    "average": "the distance of the averaged weights",
}
HOW = {
    "not finite": "is not finite",
    "spike": "leapt to {figures}",
    "jump": "rose and stayed up ({figures})",
}
ANSWERS = {
    "loader": "a process that loads samples died ({how})",
    "answers": "the answers to the validation samples are not finite",
    "channels": "channels answer the same to all validation samples: their share is {figures}",
    "contrast": "the answers to the validation samples lost their contrast ({figures})",
    "color": "the answers to the validation samples {how} ({figures})",
    "range": "the answers to the validation samples have colors that no picture can show: {how} {figures}",
    "difference": "the answers to different validation samples became the same ({figures})",
}


def words(anomaly: Anomaly) -> str:
    """An anomaly in words and figures: "the loss leapt to 3.1, usual 0.18, limit 0.36"."""
    figures = f"{anomaly.seen:.3g}" + ("" if math.isnan(anomaly.usual) else f", usual {anomaly.usual:.3g}")
    figures += "" if math.isinf(anomaly.limit) else f", limit {anomaly.limit:.3g}"
    if anomaly.measure in ANSWERS:
        return ANSWERS[anomaly.measure].format(how=anomaly.how, figures=figures)
    kind = kind_of(anomaly.measure)
    if not anomaly.measure.startswith(kind):  # a failure that only its task knows
        return anomaly.how
    part = anomaly.measure.removeprefix(kind).strip()
    name = NAMES[kind] + (f" ({part})" if part else "")
    return f"{name} {HOW[anomaly.how].format(figures=figures)}"


def _plain(value: Any) -> Any:
    """A value that JSON knows."""
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
