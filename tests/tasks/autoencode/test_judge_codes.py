"""The judge of codes: known distances and bounds, an autoencoder that wins, one that loses to PCA, and a report."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import scipy.linalg

from safelight.data.build import build_dataset
from safelight.data.cache import PictureSet, open_dataset
from safelight.data.settings import BuildSettings
from safelight.errors import DatasetError
from safelight.evaluation.base import EvaluationOptions
from safelight.evaluation.evaluate import evaluate
from safelight.pixels.files import write_photo
from safelight.tasks.autoencode.benchmark import Codes, Pca, Pictures
from safelight.tasks.autoencode.evaluate import AutoencodeEvaluation
from safelight.tasks.autoencode.network_settings import LikelihoodName
from safelight.tasks.autoencode.prepare import AutoencodePreparation
from safelight.tasks.autoencode.scores import bounds, frechet, kernel_distance, nearest, shrink, with_interval
from safelight.verdicts.verdict import Verdict

SIZE, LATENT = 16, 3


class Linear:
    """A linear autoencoder whose bounds can be worked out: x = W z + noise, and the exact posterior."""

    size, latent, preparation = SIZE, LATENT, AutoencodePreparation("pad", 0.75)
    likelihood: LikelihoodName = "gaussian"
    variational = True

    def __init__(self, basis: np.ndarray, sd: float, mean: np.ndarray | float = 0.5) -> None:
        self.basis, self.sd, self.mean = basis.astype(np.float32), sd, mean
        precision = np.eye(LATENT) + self.basis @ self.basis.T / sd**2
        self.covariance = np.linalg.inv(precision)

    def encode(self, pictures: Pictures) -> tuple[Codes, Codes]:
        away = (pictures - self.mean).reshape(len(pictures), -1)
        means = away @ self.basis.T @ self.covariance / self.sd**2
        sds = np.broadcast_to(np.sqrt(np.diag(self.covariance)), means.shape)
        return means.astype(np.float32), sds.astype(np.float32)

    def decode(self, codes: Codes) -> Pictures:
        return np.asarray((self.mean + (codes @ self.basis).reshape(-1, 3, SIZE, SIZE)), np.float32)


def normal(count: int, rng: np.random.Generator) -> Codes:
    return rng.standard_normal((count, LATENT), np.float32)


def see(pictures: Pictures) -> np.ndarray:
    return shrink(pictures, 4)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures of 24 × 32: soft blobs of color, in a frame with a border above and below."""
    folder = tmp_path_factory.mktemp("colors")
    rows = []
    for number in range(64):
        coarse = np.random.default_rng(number).integers(0, 256, (3, 4, 3), dtype=np.uint8)
        picture = cv2.resize(coarse, (32, 24), interpolation=cv2.INTER_CUBIC)
        write_photo(folder / f"{number:02}.png", picture)
        rows.append({"file_name": f"{number:02}.png", "origin_path": str(number)})
    (folder / "metadata.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    settings = BuildSettings(
        size=SIZE, fit="pad", min_side=8, val=0.2, test=0.2, min_ab_range=0, min_chroma=0
    )
    build_dataset(folder, folder.parent / "set", settings)
    return folder.parent / "set"


def fitted(training: PictureSet, components: int = LATENT) -> Linear:
    """The best linear autoencoder for these pictures, from singular vectors."""
    flat = np.stack([training[n] for n in range(len(training))]).astype(np.float32) / 255
    flat = np.moveaxis(flat, 3, 1).reshape(len(flat), -1)
    flat.reshape(-1, 3, SIZE, SIZE)[:, :, :2] = 0.5
    flat.reshape(-1, 3, SIZE, SIZE)[:, :, -2:] = 0.5
    mean = flat.mean(0)
    _, values, vectors = np.linalg.svd(flat - mean, full_matrices=False)
    basis = vectors[:LATENT] * values[:LATENT, None] / np.sqrt(len(flat))
    basis[components:] *= 1e-7
    return Linear(basis, 0.02, mean.reshape(3, SIZE, SIZE))


def definition(training: PictureSet, subject: Linear) -> AutoencodeEvaluation:
    return AutoencodeEvaluation(subject, {"prior": normal}, training, see)


def judged(dataset: Path, subject: Linear, split: str = "val") -> tuple[Verdict, AutoencodeEvaluation]:
    task = definition(open_dataset(dataset, "train"), subject)
    options = EvaluationOptions(dataset="colors", split=split, folder=dataset)
    return evaluate(task, {"linear": task.reconstruct}, open_dataset(dataset, split), options), task


def test_three_pictures_can_be_judged_and_two_are_refused(dataset: Path) -> None:
    training = open_dataset(dataset, "train")
    task, held_out = definition(training, fitted(training)), open_dataset(dataset, "val")
    predictors = {"linear": task.reconstruct}
    found = evaluate(task, predictors, held_out, EvaluationOptions(limit=3)).tables["distances"]
    assert all(np.isfinite(each.low) for both in found.values() for each in both.values())
    with pytest.raises(DatasetError, match="2 pictures to judge on; expected 3"):
        evaluate(task, predictors, held_out, EvaluationOptions(limit=2))


def test_frechet_is_the_formula() -> None:
    rng = np.random.default_rng(0)
    one, two = rng.normal(size=(40, 6)), rng.normal(1, 2, size=(30, 6)) @ rng.normal(size=(6, 6))
    a, b = np.cov(one.T), np.cov(two.T)
    expected = ((one.mean(0) - two.mean(0)) ** 2).sum() + np.trace(a + b - 2 * scipy.linalg.sqrtm(a @ b).real)
    assert frechet(one, two) == pytest.approx(expected, rel=1e-6)
    assert frechet(one, one) == pytest.approx(0, abs=1e-9)
    assert frechet(one[:4], one[:4] + 2) == pytest.approx(24, rel=1e-9)  # fewer pictures than features


def test_kernel_distance_is_the_double_sum() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(7, 4)), rng.normal(0.5, 1, size=(5, 4))

    def kernel(u: np.ndarray, v: np.ndarray) -> float:
        return float((u @ v / 4 + 1) ** 3)

    alike_x = np.mean([kernel(a, b) for i, a in enumerate(x) for j, b in enumerate(x) if i != j])
    alike_y = np.mean([kernel(a, b) for i, a in enumerate(y) for j, b in enumerate(y) if i != j])
    across = np.mean([kernel(a, b) for a in x for b in y])
    assert kernel_distance(x, y) == pytest.approx(alike_x + alike_y - 2 * across)


def test_intervals_hold_the_distance_of_equal_sources() -> None:
    rng = np.random.default_rng(2)
    inside = 0
    for _ in range(20):
        found = with_interval(kernel_distance, *(rng.normal(size=(60, 5)) for _ in range(2)))
        inside += found.low <= 0 <= found.high
    assert inside >= 16
    apart = with_interval(kernel_distance, rng.normal(size=(60, 5)), rng.normal(1, 1, size=(60, 5)))
    assert apart.above_zero


def test_bounds_of_a_linear_model_meet_its_exact_likelihood() -> None:
    rng = np.random.default_rng(3)
    orthogonal = np.linalg.qr(rng.normal(size=(3 * SIZE**2, LATENT)))[0].T  # the posterior is then diagonal
    subject = Linear(orthogonal * np.array([[2.0], [1.0], [0.5]]), 0.3)
    codes, noise = normal(6, rng), rng.normal(0, 0.3, (6, 3, SIZE, SIZE)).astype(np.float32)
    pictures = np.asarray(subject.decode(codes) + noise, np.float32)
    found = bounds(subject, pictures, np.zeros((6, 1, SIZE, SIZE), np.float32), rng, draws=40)
    covariance = subject.basis.T @ subject.basis + 0.09 * np.eye(3 * SIZE**2)
    away = pictures.reshape(6, -1).astype(np.float64) - 0.5
    squared = (away * np.linalg.solve(covariance, away.T).T).sum(1)
    exact = -0.5 * (squared + np.linalg.slogdet(covariance)[1] + 3 * SIZE**2 * np.log(2 * np.pi))
    assert np.allclose(found.weighted, exact, atol=0.1)  # any number of draws: q is the posterior
    assert np.allclose(found.elbo, exact, atol=1.5)
    assert found.kl.shape == (6, LATENT)


def test_a_worse_posterior_lowers_the_elbo_more_than_the_weighted_bound() -> None:
    rng = np.random.default_rng(4)
    subject = Linear(np.linalg.qr(rng.normal(size=(3 * SIZE**2, LATENT)))[0].T * 2, 0.5)
    pictures = subject.decode(normal(8, rng))
    padding = np.zeros((8, 1, SIZE, SIZE), np.float32)
    exact = bounds(subject, pictures, padding, rng)
    subject.covariance = subject.covariance * 4
    means = subject.encode
    subject.encode = lambda p: (means(p)[0] / 4, means(p)[1])  # type: ignore[method-assign]
    wide = bounds(subject, pictures, padding, rng)
    assert (wide.elbo < wide.weighted).all()
    assert (exact.elbo - wide.elbo).mean() > 3 * abs((exact.weighted - wide.weighted).mean())


def test_pca_is_the_singular_value_decomposition() -> None:
    pictures = np.random.default_rng(5).random((12, 3, 4, 4), np.float32)
    flat = pictures.reshape(12, -1)
    mean = flat.mean(0)
    u, s, v = np.linalg.svd(flat - mean, full_matrices=False)
    expected = mean + (u[:, :5] * s[:5]) @ v[:5]
    pca = Pca(pictures, 5)
    assert np.allclose(pca.reconstruct(pictures).reshape(12, -1), expected.clip(0, 1), atol=1e-4)
    assert np.allclose(Pca(pictures, 50).reconstruct(pictures), pictures, atol=1e-3)  # more than there are
    assert np.allclose(pca.mean_picture(pictures[:2])[1].ravel(), mean)


def test_nearest_is_found() -> None:
    training = np.random.default_rng(6).random((9, 3, 32, 32), np.float32)
    found = nearest(np.clip(training[[4, 2]] + 0.01, 0, 1), training)
    assert found.number.tolist() == [4, 2]
    assert found.distance == pytest.approx([0.01, 0.01], abs=2e-3)
    assert nearest(training, training).distance == pytest.approx(np.zeros(9), abs=1e-3)


def test_pca_against_itself_cannot_be_told(dataset: Path) -> None:
    verdict = judged(dataset, fitted(open_dataset(dataset, "train")))[0]
    assert abs(verdict.comparisons[0].difference.value) < 0.02
    assert verdict.facts["active"] == LATENT
    assert verdict.curves["model"]["mse"]["all"].value < verdict.curves["mean picture"]["mse"]["all"].value
    assert (
        verdict.tables["bounds"]["model"]["importance-weighted"].value
        >= verdict.tables["bounds"]["model"]["elbo"].value
    )
    assert verdict.facts["collapse"] is None


def test_each_picture_has_its_squared_error_and_the_questions_their_hash(dataset: Path) -> None:
    held_out, training = open_dataset(dataset, "val"), open_dataset(dataset, "train")
    one, other = (judged(dataset, fitted(training, count))[0] for count in (3, 1))
    errors = [each.values["mse"][0] for each in one.per_image]
    assert np.mean(errors) == pytest.approx(one.curves["model"]["mse"]["all"].value)
    assert [each.name for each in one.per_image] == [
        held_out.rows(n)["file_name"] for n in range(len(held_out))
    ]
    assert one.questions == other.questions
    task = definition(training, fitted(training))
    few = evaluate(task, {"linear": task.reconstruct}, held_out, EvaluationOptions(limit=5, seed=1))
    assert few.questions != one.questions
    known = {each.name: each.values["mse"] for each in one.per_image}
    assert [each.values["mse"] for each in few.per_image] == [
        pytest.approx(known[each.name]) for each in few.per_image
    ]


def test_a_model_with_less_than_pca_loses_and_it_is_said(dataset: Path) -> None:
    verdict = judged(dataset, fitted(open_dataset(dataset, "train"), components=1))[0]
    assert verdict.comparisons[0].standing == "loses"
    assert verdict.facts["active"] == 1
    assert any(sentence.startswith("PCA wins") for sentence in verdict.sentences)


def test_the_report_can_be_looked_at_and_a_look_at_the_test_split_is_counted(
    dataset: Path, tmp_path: Path
) -> None:
    for looks in (1, 2):
        verdict, task = judged(dataset, fitted(open_dataset(dataset, "train")), "test")
        assert verdict.evaluations == looks
    page = task.write_report(verdict, tmp_path / "report", task.reconstruct, open_dataset(dataset, "test"))
    text = page.read_text()
    assert "evaluated twice" in text
    assert {"reconstructions.png", "samples.png", "neighbors.png", "verdict.json"} <= {
        path.name for path in page.parent.iterdir()
    }
    stored = json.loads((page.parent / "verdict.json").read_text())
    assert (stored["format"], stored["task"]) == ("safelight-verdict", "autoencode")
    (saved,) = stored["comparisons"]
    assert saved["statistic"] == "saved"
    assert len(saved["difference"]) == 3
