"""A Gaussian mixture over codes: where the codes of real pictures lie, to sample from instead of the prior.

Fitted by expectation maximisation (Dempster, Laird & Rubin 1977).
"""

import io
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from safelight.errors import ModelError
from safelight.shaped import Float

PARTS = ("weights", "means", "factors")
COUNTS = (1, 2, 4, 8, 16)
ROUNDS, ENOUGH = 100, 1e-4  # at most; nats per code by which a round must help
SHRINK = 0.05  # share of the spread of all codes in each component's covariance: none can collapse to a point

Codes = Float[np.ndarray, "n d"]


@dataclass(frozen=True, eq=False)
class Mixture:
    """weights (k,) that sum to 1; means (k, d); factors (k, d, d): covariance = factor @ factor.T."""

    weights: Float[np.ndarray, " k"]
    means: Float[np.ndarray, "k d"]
    factors: Float[np.ndarray, "k d d"]

    def __post_init__(self) -> None:
        k, d = self.means.shape if self.means.ndim == 2 else (0, 0)
        parts = (self.weights, self.means, self.factors)
        whole = self.weights.shape == (k,) and self.factors.shape == (k, d, d) and k > 0
        if not whole or not all(np.isfinite(part).all() for part in parts):
            raise ModelError("the mixture of codes does not hold together; export the model again")
        if self.weights.min() < 0 or abs(float(self.weights.sum()) - 1) > 1e-3:
            raise ModelError("the weights of the mixture of codes are no shares of 1; export the model again")

    def sample(self, count: int, rng: np.random.Generator) -> Codes:
        """Codes like those of real pictures."""
        shares = self.weights.astype(np.float64)
        chosen = rng.choice(len(shares), count, p=shares / shares.sum())
        noise = rng.standard_normal((count, self.means.shape[1]))
        drawn = self.means[chosen] + np.einsum("nij,nj->ni", self.factors[chosen], noise)
        return np.asarray(drawn, np.float32)

    def log_density(self, codes: Codes) -> Float[np.ndarray, " n"]:
        """Logarithm of the density at each code, in nats."""
        return np.asarray(np.logaddexp.reduce(self.log_parts(codes), axis=1))

    def log_parts(self, codes: Codes) -> Float[np.ndarray, "n k"]:
        """Logarithm of each part's weighted density at each code."""
        each = [
            math.log(max(float(weight), 1e-300)) + _log_normal(codes, mean, factor)
            for weight, mean, factor in zip(self.weights, self.means, self.factors, strict=True)
        ]
        return np.stack(each, axis=1)

    def to_bytes(self) -> bytes:
        """The mixture as an .npz file, the same for the same numbers."""
        buffer = io.BytesIO()
        np.savez(buffer, **{name: getattr(self, name).astype(np.float32) for name in PARTS})
        return buffer.getvalue()

    @classmethod
    def load(cls, path: Path) -> "Mixture":
        """Read an .npz file. Raises ModelError."""
        try:
            with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as stored:
                return cls(*(np.asarray(stored[name], np.float32) for name in PARTS))
        except ModelError as error:
            raise ModelError(f"{path}: {error}") from None
        except Exception as error:  # NumPy has no common ancestor for the ways in which a file can be damaged
            raise ModelError(f"{path}: is no mixture of codes ({error}); export the model again") from None


def _log_normal(
    codes: Codes, mean: Float[np.ndarray, " d"], factor: Float[np.ndarray, "d d"]
) -> Float[np.ndarray, " n"]:
    """log N(code; mean, factor @ factor.T)."""
    whitened = np.linalg.solve(factor.astype(np.float64), (codes - mean).T.astype(np.float64))
    volume = np.log(np.abs(np.diag(factor)).astype(np.float64)).sum()
    return np.asarray(-0.5 * (whitened**2).sum(0) - volume - 0.5 * len(mean) * math.log(2 * math.pi))


def choose_mixture(
    codes: Codes, held_out: Codes, rng: np.random.Generator
) -> tuple[Mixture, dict[int, float]]:
    """The mixture that gives held-out codes the highest density, and that density for each number of parts.

    In nats per code. Numbers of parts that would leave under two codes a dimension for each are not tried.
    """
    most = max(1, len(codes) // (2 * codes.shape[1]))
    tried = {count: fit_mixture(codes, count, rng) for count in COUNTS if count <= most}
    scores = {count: float(mixture.log_density(held_out).mean()) for count, mixture in tried.items()}
    return tried[max(scores, key=lambda count: scores[count])], scores


def fit_mixture(codes: Codes, count: int, rng: np.random.Generator) -> Mixture:
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


def _maximize(data: Codes, shares: Float[np.ndarray, "n k"], spread: Float[np.ndarray, "d d"]) -> Mixture:
    """The mixture whose parts have these shares in each code."""
    mass = shares.sum(0) + 1e-9
    means = shares.T @ data / mass[:, None]
    factors = []
    for part in range(len(mass)):
        centered = data - means[part]
        covariance = (shares[:, part, None] * centered).T @ centered / mass[part]
        factors.append(np.linalg.cholesky((1 - SHRINK) * covariance + SHRINK * spread))
    return Mixture(mass / mass.sum(), means, np.stack(factors))
