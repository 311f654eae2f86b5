"""What the judge of codes found: typed, and written as JSON that needs no safelight to be read."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from safelight.errors import SafelightError
from safelight.evaluation.cells import save
from safelight.evaluation.intervals import Estimate, Standing
from safelight.evaluation.measured import Measured, as_measured
from safelight.evaluation.plain import as_estimate, plain
from safelight.json_text import parsed

FORMAT, VERSION = "safelight-code-verdict", 2
MODEL, PCA, MEAN = "model", "PCA", "mean picture"


@dataclass(frozen=True)
class Memory:
    """Median distance (rms of values 0..1, at 16 pixels) to the nearest training picture.

    samples: of the model's samples. held_out: of held-out pictures. copies: share of the samples that are
    nearer to a training picture than any held-out picture is.
    """

    samples: Estimate
    held_out: Estimate
    copies: float


@dataclass(frozen=True)
class CodeVerdict:
    """A model's standing on held-out pictures.

    questions: sha256 of the framed pictures. errors: mean squared error (values 0..1), PSNR in dB, and SSIM of
    reconstructions, by method. saved: share of PCA's squared error that the model takes away, with as many
    components as a code has numbers.
    bounds: in nats per picture, KL among them, and in bits per dimension where the likelihood has them.
    distances: set -> Fréchet and kernel distance from the held-out pictures, on `features`. scores: the model's
    squared error on each picture.
    """

    model: str
    dataset: str
    split: str
    pictures: int
    training: int
    size: int
    latent: int
    active: int
    seed: int
    questions: str
    likelihood: str
    sd: float
    errors: Mapping[str, Mapping[str, Estimate]]
    saved: Estimate
    standing: Standing
    bounds: Mapping[str, Estimate]
    distances: Mapping[str, Mapping[str, Estimate]]
    features: str
    memory: Memory
    scores: tuple[Measured, ...] = ()
    collapse: str | None = None
    looks: int | None = None
    judged: str = ""
    safelight: str = ""
    sentences: tuple[str, ...] = ()

    @property
    def protocol(self) -> str:
        """How it was asked, in a word."""
        return f"codes-{self.size}"

    def to_json(self) -> dict[str, Any]:
        """Plain JSON: an estimate is [value, low, high], a number that does not exist is null."""
        return {"format": FORMAT, "version": VERSION, **plain(self)}

    def save(self, path: Path) -> Path:
        """Write verdict.json; returns its path."""
        return save(self.to_json(), path)

    @classmethod
    def load(cls, path: Path) -> "CodeVerdict":
        """Read verdict.json. Raises SafelightError."""
        try:
            document = parsed(path.read_text(encoding="utf-8"))
            if document["format"] != FORMAT or document["version"] not in range(1, VERSION + 1):
                raise ValueError(f'expected "format": "{FORMAT}", "version": 1 to {VERSION}')
            return cls(**_typed({name: document[name] for name in _names(cls) if name in document}))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise SafelightError(
                f"{path} is no verdict on codes that can be read ({error}); judge again"
            ) from None


def _names(kind: type[CodeVerdict]) -> list[str]:
    return [field.name for field in fields(kind)]


def _typed(stored: dict[str, Any]) -> dict[str, Any]:
    """The fields that JSON has no types for."""
    memory = stored["memory"]
    return {
        **stored,
        "errors": {name: _estimates(own) for name, own in stored["errors"].items()},
        "saved": as_estimate(stored["saved"]),
        "bounds": _estimates(stored["bounds"]),
        "distances": {name: _estimates(own) for name, own in stored["distances"].items()},
        "memory": Memory(as_estimate(memory["samples"]), as_estimate(memory["held_out"]), memory["copies"]),
        "scores": as_measured(stored.get("scores", ())),
        "sentences": tuple(stored["sentences"]),
        "questions": stored.get("questions", ""),
    }


def _estimates(stored: Mapping[str, Any]) -> dict[str, Estimate]:
    return {name: as_estimate(numbers) for name, numbers in stored.items()}
