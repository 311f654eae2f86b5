"""A Gaussian mixture fitted on codes by expectation maximisation (Dempster, Laird & Rubin 1977)."""

import numpy as np
from jaxtyping import Float

from safelight.tasks.autoencode.mixture import Mixture

COUNTS = (1, 2, 4, 8, 16)
ROUNDS, ENOUGH = 100, 1e-4  # at most; nats per code by which a round must help
SHRINK = 0.05  # share of the spread of all codes in each component's covariance: none can collapse to a point

CodesArray = Float[np.ndarray, "n d"]


def choose_mixture(
    codes: CodesArray, held_out: CodesArray, rng: np.random.Generator
) -> tuple[Mixture, dict[int, float]]:
    """The mixture that gives held-out codes the highest density, and that density for each number of parts.

    In nats per code. Numbers of parts that would leave under two codes a dimension for each are not tried.
    """
    most = max(1, len(codes) // (2 * codes.shape[1]))
    tried = {count: fit_mixture(codes, count, rng) for count in COUNTS if count <= most}
    scores = {count: float(mixture.log_density(held_out).mean()) for count, mixture in tried.items()}
    return tried[max(scores, key=lambda count: scores[count])], scores


def fit_mixture(codes: CodesArray, count: int, rng: np.random.Generator) -> Mixture:
    """The mixture with this many parts, started from random codes."""
    data = codes.astype(np.float64)
    spread = np.cov(data, rowvar=False, bias=True).reshape(data.shape[1], -1) + 1e-6 * np.eye(data.shape[1])
    middles = data[rng.choice(len(data), count, replace=len(data) < count)]
    nearest = ((middles**2).sum(1) - 2 * data @ middles.T).argmin(1)  # a code's own length is alike for all
    shares = np.eye(count)[nearest]
    before = -np.inf
    for _ in range(ROUNDS):
        mixture = _maximize(data, shares, spread)
        logs = mixture.log_parts(data)
        total = np.logaddexp.reduce(logs, 1)
        shares = np.exp(logs - total[:, None])
        if total.mean() - before < ENOUGH:
            break
        before = float(total.mean())
    return mixture


def _maximize(
    data: CodesArray, shares: Float[np.ndarray, "n k"], spread: Float[np.ndarray, "d d"]
) -> Mixture:
    """The mixture whose parts have these shares in each code."""
    mass = shares.sum(0) + 1e-9
    means = shares.T @ data / mass[:, None]
    factors = []
    for part in range(len(mass)):
        away = data - means[part]
        covariance = (shares[:, part, None] * away).T @ away / mass[part]
        factors.append(np.linalg.cholesky((1 - SHRINK) * covariance + SHRINK * spread))
    return Mixture(mass / mass.sum(), means, np.stack(factors))
