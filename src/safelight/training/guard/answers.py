"""Answers to the validation samples: what they have in common that answers to different pictures should not have."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np
import torch
from torch import Tensor, nn

from safelight.pixels.color import srgb_to_lab
from safelight.shaped import Float
from safelight.training.guard.scale import Anomaly
from safelight.training.guard.settings import GuardSettings

Pictures: TypeAlias = Float[np.ndarray, "n h w 3"]
Answers: TypeAlias = Callable[[nn.Module], tuple[Pictures, Pictures]]  # network -> its answers and the truths
# What may fall silent. LeakyReLU and ELU answer to everything, so they never do.
ACTIVATIONS = (nn.ReLU, nn.ReLU6, nn.SiLU, nn.GELU, nn.Hardswish, nn.Sigmoid, nn.Tanh)
SILENT = 1e-6
HAD_COLOR, HAD_CONTRAST, HAD_PLANE = 0.05, 0.3, 0.95  # what must once have been there to be called lost
WORSE = 1.1  # times the least error so far: a network that answers better than that has lost nothing
CAST, LINE = 25.0, 0.985  # a cast in units of ab; a share of the variance on one axis
HUES = (
    (0, "red"),
    (60, "orange"),
    (100, "yellow"),
    (140, "green"),
    (200, "cyan"),
    (280, "blue"),
    (325, "purple"),
)


@dataclass(frozen=True)
class AnswerStatistics:
    """Figures of the answers to the validation samples, beside those of the truth.

    finite: no answer is infinite or not a number. error: root mean square of the difference, sRGB 0..1.
    contrast: standard deviation inside the pictures, as a share of the truth's. color: variance of ab, within
    and between the pictures, as a share of the truth's; between: the part between the pictures.
    cast: how far the mean ab lies from the truth's, and its hue in degrees.
    line: share of the variance of ab that lies on its principal axis; axis: where that points, degrees 0..180.
    silent: share of the channels that answer the same to all validation samples at all places.
    """

    finite: bool
    error: float
    contrast: float
    color: float
    between: float
    cast: float
    hue: float
    line: float
    axis: float
    silent: float


def measure_answers(network: nn.Module, answers: Answers) -> AnswerStatistics:
    """Let the network answer the validation samples, and measure."""
    with silent_channels(module for module in network.modules() if isinstance(module, ACTIVATIONS)) as silent:
        given, truth = answers(network)
    finite = bool(np.isfinite(given).all())
    given = np.clip(np.nan_to_num(given, posinf=1.0, neginf=0.0), 0.0, 1.0)
    ab, true_ab = _ab(given), _ab(truth)
    (within, between), (true_within, true_between) = _variances(ab), _variances(true_ab)
    away = ab.mean(axis=(0, 1)) - true_ab.mean(axis=(0, 1))
    line, axis = _principal(ab)
    return AnswerStatistics(
        finite=finite,
        error=float(np.sqrt(np.mean((given - truth) ** 2))),
        contrast=_share(_contrast(given), _contrast(truth)),
        color=_share(within + between, true_within + true_between),
        between=_share(between, true_between),
        cast=float(np.hypot(*away)),
        hue=float(np.degrees(np.arctan2(away[1], away[0])) % 360),
        line=line,
        axis=axis,
        silent=silent(),
    )


@runtime_checkable
class AnswersAsImages(Protocol):
    """ValidationSet that the guard can look at: they give the network's answers back as pictures."""

    def answers(self, network: nn.Module) -> tuple[Pictures, Pictures]:
        """The answers to some of the validation samples, and the truths; sRGB 0..1."""


@runtime_checkable
class FailureCheck(Protocol):
    """Validation samples that know a failure which only their task has, such as a code that says nothing."""

    @property
    def grace_steps(self) -> int:
        """The step from which the network must not have it; healthy ones may begin with it."""

    def failure(self, network: nn.Module) -> Anomaly | None:
        """What the network suffers from; None if it does not."""


class AnswerHistory:
    """The looks of a run so far: the first one, and the best of each figure."""

    def __init__(self, first: dict[str, float] | None = None, best: dict[str, float] | None = None) -> None:
        self.first, self.best = dict(first or {}), dict(best or {})

    def judge(self, statistics: AnswerStatistics, settings: GuardSettings) -> Anomaly | None:
        """What the answers have lost, if anything. Only what a network once had can be lost."""
        if not statistics.finite:
            return Anomaly("answers", "not finite", float("inf"), float("inf"), float("nan"))
        started = self.first.get("silent", 0.0)
        limit = min(1.0, started + settings.dead) if self.first else max(settings.dead, 0.8)
        if statistics.silent > limit or (started < statistics.silent == 1.0):
            return Anomaly("channels", "silent", statistics.silent, limit, started)
        return self._lost(statistics, settings) if self.best else None

    def add(self, statistics: AnswerStatistics) -> None:
        """Count a healthy look."""
        figures = {name: float(value) for name, value in asdict(statistics).items()}
        self.first = self.first or figures
        best = self.best or figures
        self.best = {name: max(best[name], figures[name]) for name in figures} | {
            name: min(best[name], figures[name]) for name in ("error", "line")
        }

    def _lost(self, statistics: AnswerStatistics, settings: GuardSettings) -> Anomaly | None:
        best, share = self.best, settings.collapse
        if statistics.error <= WORSE * best["error"]:
            return None
        cast_limit = max(CAST, 2 * best["cast"])
        if statistics.cast > cast_limit:
            return Anomaly(
                "color", f"are all {hue_name(statistics.hue)}", statistics.cast, cast_limit, best["cast"]
            )
        for name, measure, how, had, limit in (
            ("contrast", "contrast", "lost", HAD_CONTRAST, share),
            ("color", "color", "lost their color", HAD_COLOR, share),
            ("between", "difference", "lost", HAD_COLOR, share * share),
        ):
            figure: float = getattr(statistics, name)
            if best[name] > had and figure < limit * best[name]:
                return Anomaly(measure, how, figure, limit * best[name], best[name])
        if best["line"] < HAD_PLANE and statistics.line > LINE and statistics.color > HAD_COLOR:
            return Anomaly(
                "color", f"have colors of {axis_name(statistics.axis)}", statistics.line, LINE, best["line"]
            )
        return None


def hue_name(degrees: float) -> str:
    """The name of a hue in the ab plane."""
    return min(HUES, key=lambda hue: abs((degrees - hue[0] + 180) % 360 - 180))[1]


def axis_name(degrees: float) -> str:
    """The name of a line in the ab plane: red and green lie along a, sepia between red and yellow."""
    off = min(degrees % 180, 180 - degrees % 180)
    if off < 20:
        return "red and green alone"
    return (
        "sepia (orange and blue)"
        if degrees % 180 < 80
        else "yellow and blue"
        if off > 70
        else "purple and green"
    )


def _ab(pictures: Pictures) -> Float[np.ndarray, "n p 2"]:
    lab = srgb_to_lab(pictures.astype(np.float32))
    return np.asarray(lab[..., 1:], np.float64).reshape(len(pictures), -1, 2)


def _variances(ab: Float[np.ndarray, "n p 2"]) -> tuple[float, float]:
    """Of the two channels together: inside the pictures (mean), and of their means."""
    return float(ab.var(axis=1).sum(axis=1).mean()), float(ab.mean(axis=1).var(axis=0).sum())


def _principal(ab: Float[np.ndarray, "n p 2"]) -> tuple[float, float]:
    """Share of the variance on the principal axis, and where it points in degrees."""
    values, vectors = np.linalg.eigh(np.cov(ab.reshape(-1, 2).T))
    share = float(values[1] / values.sum()) if values.sum() > 1e-9 else 0.0
    return share, float(np.degrees(np.arctan2(vectors[1, 1], vectors[0, 1])) % 180)


def _contrast(pictures: Pictures) -> float:
    return float(pictures.std(axis=(1, 2)).mean())


def _share(part: float, whole: float) -> float:
    return part / whole if whole > 1e-9 else 0.0


@contextmanager
def silent_channels(activations: Iterable[nn.Module]) -> Iterator[Callable[[], float]]:
    """While it lasts, note what each channel of these modules answers; then the share that never moved."""
    ranges: dict[nn.Module, tuple[Tensor, Tensor]] = {}

    def note(module: nn.Module, inputs: object, output: Tensor) -> None:
        flat = output.detach().float().transpose(0, 1).flatten(1) if output.ndim > 2 else output.detach().T
        low, high = torch.aminmax(flat, dim=1)
        known = ranges.get(module)
        ranges[module] = (low, high) if known is None else (low.minimum(known[0]), high.maximum(known[1]))

    def share() -> float:
        silent = [(high - low <= SILENT).float() for low, high in ranges.values()]
        return float(torch.cat(silent).mean()) if silent else 0.0

    hooks = [module.register_forward_hook(note) for module in activations]
    try:
        yield share
    finally:
        for hook in hooks:
            hook.remove()
