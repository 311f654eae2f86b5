"""From scores to estimates: curves for each group of pictures, and the model against each baseline."""

from collections.abc import Mapping

import numpy as np

from safelight.evaluation.grouping import Members
from safelight.evaluation.intervals import Weights, bootstrap_weights, estimates, standing
from safelight.tasks.colorize.baselines import BASELINES
from safelight.tasks.colorize.scores import COMPARED, STATISTICS, Scores, select
from safelight.verdicts.verdict import Comparison, Curve, Estimate, Group

BRIEF = ("gain", "psnr", "ciede2000", "rms_ab")  # what is told of sources and tags


def group_curves(
    scores: Mapping[str, Scores], counts: tuple[int, ...], members: Members, seed: int
) -> tuple[Group, ...]:
    """Every method's curves for every group of pictures."""
    groups = []
    for name, pictures in members.items():
        statistics = BRIEF if name.startswith(("source ", "folder ", "tag ")) else tuple(STATISTICS)
        weights = bootstrap_weights(len(pictures), np.random.default_rng(seed))
        curves = {}
        for method, own in scores.items():
            selected = select(own, pictures)
            curves[method] = {
                key: _curve(counts, estimates(STATISTICS[key].of(weights, selected))) for key in statistics
            }
        groups.append(Group(name, len(pictures), curves))
    return tuple(groups)


def _curve(counts: tuple[int, ...], values: tuple[Estimate, ...]) -> Curve:
    return {str(hints): estimate for hints, estimate in zip(counts, values, strict=True)}


def compare(scores: Mapping[str, Scores], counts: tuple[int, ...], seed: int) -> tuple[Comparison, ...]:
    """The first method against each of the others, over all pictures, paired by picture.

    Without hints every classical method is grey, so that of them only grey is compared there.
    """
    (_, model), *others = scores.items()
    weights = bootstrap_weights(len(model["psnr"]), np.random.default_rng(seed))
    comparisons = []
    for baseline, other in others:
        for key in COMPARED:
            for hints, difference in zip(counts, _difference(key, weights, model, other), strict=True):
                if hints or baseline == "grey" or baseline not in BASELINES:
                    stands = standing(difference, len(model["psnr"]))
                    comparisons.append(Comparison(baseline, key, str(hints), difference, stands))
    return tuple(comparisons)


def _difference(key: str, weights: Weights, model: Scores, other: Scores) -> tuple[Estimate, ...]:
    statistic = STATISTICS[key]
    return estimates(statistic.better * (statistic.of(weights, model) - statistic.of(weights, other)))


def best_baselines(scores: Mapping[str, Scores], counts: tuple[int, ...]) -> dict[str, str]:
    """The baseline with the highest mean PSNR at each number of hints; grey where there are none."""
    others = [(name, own) for name, own in list(scores.items())[1:] if name in BASELINES]
    best = {
        hints: max(others, key=lambda item: item[1]["psnr"][:, at].mean())[0]
        for at, hints in enumerate(counts)
    }
    return {str(hints): name if hints else "grey" for hints, name in best.items()}


def compare_vivid(
    cautious: Scores, vivid: Scores, true_colorfulness: np.ndarray, seed: int
) -> dict[str, Curve]:
    """Automatic color at both ends of the vivid setting. Scores hold the column without hints first."""
    weights = bootstrap_weights(len(true_colorfulness), np.random.default_rng(seed))
    truth = weights @ true_colorfulness[:, None]

    def row(scores: Scores) -> Curve:
        return {
            "colorfulness": estimates(weights @ scores["colorfulness"][:, :1] / truth)[0],
            "gain": estimates(weights @ scores["gain"][:, :1])[0],
        }

    return {"cautious": row(cautious), "vivid": row(vivid)}
