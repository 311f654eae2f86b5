"""The judge of codes: an autoencoder, PCA with as many components and the mean picture on the same pictures."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import NamedTuple, TypeAlias

import numpy as np
import torch
from jaxtyping import Float, Float32

from safelight import __version__
from safelight.data.cache import PictureSet, photo_in
from safelight.errors import DatasetError
from safelight.evaluation.intervals import Weights, bootstrap_weights, estimates, standing
from safelight.evaluation.measured import measured
from safelight.evaluation.metrics import SSIM_WINDOW, ssim
from safelight.journal.words import FEWEST
from safelight.pixels.geometry import Box
from safelight.tasks.autoencode.distribution_metrics import (
    FEATURES,
    Seen,
    frechet,
    kernel_distance,
    with_interval,
)
from safelight.tasks.autoencode.likelihood_bounds import Bounds, bounds
from safelight.tasks.autoencode.losses import active_units, bits_per_dimension, find_collapse
from safelight.tasks.autoencode.neighbors import nearest
from safelight.tasks.autoencode.prepare import GREY, Preparation, frame
from safelight.tasks.autoencode.subject import Codes, Pca, Pictures, Subject
from safelight.tasks.autoencode.summary import summarize
from safelight.verdicts.test_split_log import log_evaluation
from safelight.verdicts.verdict import ALL, Comparison, Curve, Estimate, Verdict

MODEL, PCA, MEAN = "model", "PCA", "mean picture"
Progress: TypeAlias = Callable[[str, int, int], None]
MOST_TRAINING, MOST_SAMPLES = 4000, 1000  # pictures: beyond, PCA and neighbors take memory and tell no more
MOST_BYTES = 2**31  # of pictures that are held at once: at 640 pixels these are 436
LEAST = 3  # pictures: intervals leave one out, and a spread takes two


class Album(NamedTuple):
    """Framed pictures: planes (n, 3, s, s), padding (n, 1, s, s) 1 = padding, the boxes they fill, their numbers."""

    planes: Pictures
    padding: Float32[np.ndarray, "n 1 s s"]
    boxes: list[Box]
    numbers: list[int]

    @property
    def sha256(self) -> str:
        """Hash of all pictures as they are framed, whatever their order."""
        levels = np.round(self.planes * 255).astype(np.uint8)
        framed = zip(levels, self.padding > 0, strict=True)
        each = [hashlib.sha256(a.tobytes() + np.packbits(b).tobytes()).hexdigest() for a, b in framed]
        return hashlib.sha256("\n".join([str(levels.shape[1:]), *sorted(each)]).encode()).hexdigest()


class Judged(NamedTuple):
    """The verdict, and the pictures that its report shows, each (n, 3, s, s)."""

    verdict: Verdict
    truth: Album
    given: Mapping[str, Pictures]
    samples: Mapping[str, Pictures]
    neighbors: Pictures


def judge_codes(
    subject: Subject,
    name: str,
    held_out: PictureSet,
    training: PictureSet,
    sources: Mapping[str, Callable[[int, np.random.Generator], Codes]],
    see: Callable[[Pictures], Seen],
    *,
    limit: int | None = None,
    seed: int = 0,
    dataset: str = "",
    split: str = "",
    progress: Progress | None = None,
) -> Judged:
    """How the subject stands on held-out pictures of the dataset that it was trained on.

    training: what PCA is fitted on, and where the neighbors of samples are looked for. sources: how codes are
    drawn, by name ("mixture", "prior"); the first is looked at for copies. see: features of pictures.
    limit: judge a fixed sample; None judges all that MOST_BYTES hold. A look at the test split is counted in the
    dataset. Raises DatasetError.
    """
    told = progress or (lambda what, done, total: None)
    room = max(LEAST, MOST_BYTES // (12 * subject.size**2))
    shown = (subject.size, subject.preparation)
    truth = album(held_out, *shown, limit or room, seed, told, "framing held-out pictures")
    known = album(training, *shown, min(MOST_TRAINING, room), seed, told, "framing training pictures")
    pca = Pca(known.planes, subject.latent)
    means = subject.encode(truth.planes)[0]
    given = {
        MODEL: _padded(subject.decode(means), truth),
        PCA: _padded(pca.reconstruct(truth.planes), truth),
        MEAN: _padded(pca.mean_picture(truth.planes), truth),
    }
    rng = np.random.default_rng(seed)
    count = min(len(truth.planes), MOST_SAMPLES)
    samples = {source: _cut(subject.decode(draw(count, rng)), subject) for source, draw in sources.items()}
    told("bounds", 0, 1)
    bound = bounds(subject, truth.planes, truth.padding, rng)
    told("bounds", 1, 1)
    verdict = _verdict(subject, name, truth, known, given, samples, means, bound, see, seed)
    own = {"mse": _squared_errors(given[MODEL], truth)[:, None]}
    verdict = replace(verdict, dataset=dataset, split=split, per_image=measured(held_out, truth.numbers, own))
    if split == "test":
        verdict = replace(verdict, looks=log_evaluation(held_out.dataset.folder, verdict))
    first = next(iter(samples.values()))
    near = known.planes[nearest(first, known.planes).number]
    return Judged(replace(verdict, sentences=summarize(verdict)), truth, given, samples, near)


def album(
    pictures: PictureSet,
    size: int,
    preparation: Preparation,
    limit: int,
    seed: int,
    told: Progress,
    what: str,
) -> Album:
    """The pictures, or a fixed sample of them, as the network sees them. Raises DatasetError for fewer than LEAST."""
    chosen = np.arange(len(pictures))
    if limit < len(chosen):
        chosen = np.sort(np.random.default_rng((seed, 7)).permutation(len(chosen))[:limit])
    if len(chosen) < LEAST:
        raise DatasetError(
            f"{pictures.name}: {len(chosen)} pictures to judge on; expected {LEAST} or more "
            "(a larger --limit, or more of them)"
        )
    planes, padding = (np.empty((len(chosen), c, size, size), np.float32) for c in (3, 1))
    boxes = []
    for place, number in enumerate(chosen):
        framed = frame(photo_in(pictures, int(number)), size, preparation)
        planes[place], padding[place] = framed.planes, framed.padding
        boxes.append(framed.box)
        told(what, place + 1, len(chosen))
    return Album(planes, padding, boxes, chosen.tolist())


def _verdict(
    subject: Subject,
    name: str,
    truth: Album,
    known: Album,
    given: Mapping[str, Pictures],
    samples: Mapping[str, Pictures],
    means: Codes,
    bound: Bounds,
    see: Callable[[Pictures], Seen],
    seed: int,
) -> Verdict:
    weights = bootstrap_weights(len(truth.planes), np.random.default_rng(seed))
    squared = {method: _squared_errors(pictures, truth) for method, pictures in given.items()}
    saved = _estimate(1 - (weights @ squared[MODEL]) / (weights @ squared[PCA]))
    error, floor = float(squared[MODEL].mean()), float(squared[MEAN].mean())
    collapse = find_collapse(torch.from_numpy(means), torch.from_numpy(bound.kl), error, floor)
    apart = {f"samples from the {source}": pictures for source, pictures in samples.items()}
    apart |= {"reconstructions": given[MODEL], "PCA's reconstructions": given[PCA]}
    apart["training pictures"] = known.planes[:: max(1, len(known.planes) // len(truth.planes))]
    first, rng = next(iter(samples.values())), np.random.default_rng(seed)
    sample_distances, held_out_distances = (
        nearest(each, known.planes).distance for each in (first, truth.planes)
    )
    return Verdict(
        task="autoencode",
        model=name,
        dataset="",
        split="",
        protocol=f"codes-{subject.size}",
        pictures=len(truth.planes),
        size=subject.size,
        seed=seed,
        questions=truth.sha256,
        cells=(ALL,),
        curves={method: _errors(squared[method], given[method], truth, weights) for method in given},
        comparisons=(Comparison(PCA, "saved", ALL, saved, standing(saved, len(truth.planes))),),
        tables={
            "bounds": {"model": _bounds(subject, bound, truth, weights)},
            "distances": _distances(truth.planes, apart, see),
            "nearest_training_picture": {
                "samples": {"distance": _median(sample_distances, rng)},
                "held_out": {"distance": _median(held_out_distances, rng)},
            },
        },
        facts={
            "training": len(known.planes),
            "latent": subject.latent,
            "active": active_units(torch.from_numpy(means)),
            "likelihood": subject.likelihood,
            "sd": subject.sd,
            "features": FEATURES,
            "copies": float((sample_distances < held_out_distances.min()).mean()),
            "collapse": str(collapse) if collapse and len(truth.planes) >= FEWEST else None,
        },
        judged=datetime.now(UTC).isoformat(timespec="seconds"),
        safelight=__version__,
    )


def _errors(
    squared: Float[np.ndarray, " n"], given: Pictures, truth: Album, weights: Weights
) -> dict[str, Curve]:
    """Mean squared error, PSNR of the mean squared error, and SSIM where pictures are large enough for it."""
    pooled = weights @ squared
    errors = {"mse": _estimate(pooled), "psnr": _estimate(-10 * np.log10(pooled + 1e-12))}
    if all(min(box.height, box.width) >= SSIM_WINDOW for box in truth.boxes):
        alike = [
            ssim(np.moveaxis(a, 0, 2)[box.slices], np.moveaxis(b, 0, 2)[box.slices])
            for a, b, box in zip(given, truth.planes, truth.boxes, strict=True)
        ]
        errors["ssim"] = _estimate(weights @ np.array(alike))
    return {statistic: {ALL: estimate} for statistic, estimate in errors.items()}


def _bounds(subject: Subject, bound: Bounds, truth: Album, weights: Weights) -> dict[str, Estimate]:
    """ELBO, the importance-weighted bound and the KL in nats per picture; the second in bits per dimension."""
    told = {
        "elbo": _estimate(weights @ bound.elbo),
        "importance-weighted": _estimate(weights @ bound.weighted),
        "kl": _estimate(weights @ bound.kl.sum(1)),
    }
    count = torch.from_numpy(3 * (1 - truth.padding).sum((1, 2, 3)).astype(np.float64))
    bits = bits_per_dimension(-torch.from_numpy(bound.weighted), count, subject.likelihood).numpy()
    if not subject.variational:
        return {}
    return told if np.isnan(bits).any() else told | {"bits": _estimate(weights @ bits)}


def _distances(
    truth: Pictures, sets: Mapping[str, Pictures], see: Callable[[Pictures], Seen]
) -> dict[str, dict[str, Estimate]]:
    held_out = see(truth)
    seen = {name: see(pictures) for name, pictures in sets.items()}
    return {
        name: {
            "frechet": with_interval(frechet, features, held_out),
            "kernel": with_interval(kernel_distance, features, held_out),
        }
        for name, features in seen.items()
    }


def _median(values: Float[np.ndarray, " n"], rng: np.random.Generator) -> Estimate:
    again = np.median(rng.choice(values, (2000, len(values))), axis=1)
    low, high = np.percentile(again, (2.5, 97.5))
    return Estimate(float(np.median(values)), float(low), float(high))


def _squared_errors(given: Pictures, truth: Album) -> Float[np.ndarray, " n"]:
    """Mean squared error of each picture over its own pixels."""
    valid = 1 - truth.padding.astype(np.float64)
    squared = ((given - truth.planes) ** 2 * valid).sum((1, 2, 3))
    return np.asarray(squared / (3 * valid.sum((1, 2, 3))))


def _padded(given: Pictures, truth: Album) -> Pictures:
    """The answers with the padding of the questions."""
    return np.where(truth.padding > 0, GREY, given)


def _cut(pictures: Pictures, subject: Subject) -> Pictures:
    """Samples with the padding of a typical picture."""
    square = np.full_like(pictures, GREY)
    rows, columns = subject.preparation.typical_box(subject.size).slices
    square[:, :, rows, columns] = pictures[:, :, rows, columns]
    return square


def _estimate(resampled: Float[np.ndarray, " resamples"]) -> Estimate:
    return estimates(np.asarray(resampled)[:, None])[0]
