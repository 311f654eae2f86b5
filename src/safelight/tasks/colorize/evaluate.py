"""The judge: a model and the baselines answer the same questions, and the verdict says how they compare."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from safelight import __version__
from safelight.evaluation.grouping import group_pictures
from safelight.evaluation.score_cache import Progress, score_baselines
from safelight.pixels.color import chroma, colorfulness, srgb_to_lab
from safelight.tasks.colorize.baselines import BASELINES, Predict
from safelight.tasks.colorize.benchmark import Pictures, Question, Questions, ask, count_enlarged
from safelight.tasks.colorize.compare import best_baselines, compare, compare_vivid, group_curves
from safelight.tasks.colorize.protocols import Protocol
from safelight.tasks.colorize.scores import Row, Scores, gather, score_question
from safelight.tasks.colorize.summary import summarize
from safelight.verdicts.test_split_log import log_evaluation
from safelight.verdicts.verdict import Measured, Verdict


def judge(
    predict: Predict,
    name: str,
    pictures: Pictures,
    protocol: Protocol,
    *,
    vivid: Predict | None = None,
    limit: int | None = None,
    seed: int = 0,
    baselines: bool = True,
    beside: Mapping[str, Predict] | None = None,
    dataset: str = "",
    split: str = "",
    folder: Path | None = None,
    workers: int = 1,
    progress: Progress | None = None,
) -> Verdict:
    """How `predict` stands on these pictures. It is asked picture by picture, with rising numbers of hints.

    vivid: the same model at its most colorful, asked once a picture, without hints.
    limit: judge a fixed sample of this size. baselines: False leaves out all but grey: quick, while training.
    beside: other methods compared on the same questions, such as an older run. dataset, split: their names.
    folder: the dataset's; questions and baseline scores are kept in its folder "judged", and where the split
    is "test", the look is counted in its test_looks.jsonl. workers: processes (see score_baselines).
    Raises DatasetError if no picture has color, ModelError for an answer of wrong shape or not finite.
    """
    questions = ask(pictures, protocol, seed, limit)
    kept = folder / "judged" if folder else None
    if kept:
        questions.save(kept)
    names = [baseline for baseline in BASELINES if baselines or baseline == "grey"]
    known = score_baselines(questions, names, kept, workers, progress)
    rows = {name: _score(predict, name, questions, protocol.counts, progress)}
    rows.update((baseline, row) for baseline, row in known.items() if baseline != name)
    for other, answer in (beside or {}).items():
        if other != name:
            rows[other] = _score(answer, other, questions, protocol.counts, progress)
    truth = np.array([colorfulness(question.pixels) for question in questions])
    scores = {method: gather(own, known["grey"], truth) for method, own in rows.items()}
    verdict = _verdict(name, pictures, questions, scores, float(truth.mean()))
    verdict = replace(verdict, dataset=dataset, split=split)
    if vivid:
        colorful = _score(vivid, f"{name} (vivid)", questions, (0,), progress)
        vivid_scores = gather(colorful, [_first(row) for row in known["grey"]], truth)
        verdict = replace(verdict, tables={"vivid": compare_vivid(scores[name], vivid_scores, truth, seed)})
    if folder and split == "test":
        verdict = replace(verdict, looks=log_evaluation(folder, verdict))
    return replace(verdict, sentences=summarize(verdict))


def _score(
    predict: Predict, name: str, questions: Questions, counts: Sequence[int], progress: Progress | None
) -> list[Row]:
    rows = []
    for done, question in enumerate(questions, start=1):
        rows.append(score_question(name, predict, question, counts))
        if progress:
            progress(name, done, len(questions))
    return rows


def _first(row: Row) -> Row:
    return {column: values[:1] for column, values in row.items()}


def _verdict(
    name: str, pictures: Pictures, questions: Questions, scores: dict[str, Scores], true_colorfulness: float
) -> Verdict:
    counts, seed = questions.protocol.counts, questions.seed
    metadata = [pictures.rows(question.index) for question in questions]
    colors = np.array([chroma(srgb_to_lab(question.pixels)[..., 1:]).mean() for question in questions])
    everything, *groups = group_curves(scores, counts, group_pictures(colors, metadata), seed)
    return Verdict(
        task="colorize",
        model=name,
        dataset="",
        split="",
        protocol=questions.protocol.name,
        seed=seed,
        questions=questions.sha256,
        pictures=len(questions),
        left_out=questions.left_out,
        enlarged=count_enlarged(pictures, (q.index for q in questions), questions.protocol.size),
        size=questions.protocol.size,
        cells=tuple(map(str, counts)),
        curves=everything.curves,
        groups=tuple(groups),
        facts={"true_colorfulness": true_colorfulness},
        comparisons=compare(scores, counts, seed),
        best=best_baselines(scores, counts),
        per_image=tuple(map(_picture_score, questions, metadata, colors, scores[name]["gain"])),
        judged=datetime.now(UTC).isoformat(timespec="seconds"),
        safelight=__version__,
    )


def _picture_score(
    question: Question, row: Mapping[str, Any], color: float, gain: Sequence[float]
) -> Measured:
    return Measured(
        index=question.index,
        name=str(row.get("file_name", f"picture {question.index}")),
        values={"gain": tuple(map(float, gain)), "chroma": (float(color),)},
        source=str(row.get("source", "")),
    )
