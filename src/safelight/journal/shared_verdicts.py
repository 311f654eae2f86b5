"""Verdicts of several runs on the same samples, or the commands that evaluate all of them on the same samples."""

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from safelight.data.split import TESTS
from safelight.errors import RunError
from safelight.journal.records import Record
from safelight.tasks.registry import known_task
from safelight.verdicts.measure import has_picture_scores
from safelight.verdicts.summary import samples_in_words
from safelight.verdicts.verdict import FEWEST, Verdict


@dataclass(frozen=True)
class Candidate:
    """A verdict whose samples other runs can be evaluated on, and the dataset that holds its pictures."""

    verdict: Verdict
    data: Path


def shared_verdicts(records: Sequence[Record], split: str | None = None) -> list[Verdict]:
    """The verdict of each run on samples that all of them were evaluated on.

    Of several such: held-out pictures before test ones, enough pictures before too few, the newest.
    Raises RunError that names the commands for the runs that lack one; they use the test split only where `split`
    asks for it.
    """
    _check_comparable(records)
    judged = [[each for each in record.verdicts if split in (None, each.split)] for record in records]
    answered = [{each.questions: each for each in own if has_picture_scores(each)} for own in judged]
    shared = set.intersection(*(set(own) for own in answered))
    if shared:
        chosen = max(shared, key=lambda key: _worth(answered[0][key]))
        return [own[chosen] for own in answered]
    raise RunError(_refusal(records, judged, split))


def _worth(verdict: Verdict) -> tuple[bool, bool, str]:
    return verdict.split not in TESTS, verdict.pictures >= FEWEST, verdict.judged


def _refusal(records: Sequence[Record], judged: Sequence[Sequence[Verdict]], split: str | None) -> str:
    """Which runs lack a verdict on which samples, and the commands that make it."""
    candidate = _best(records, judged, split)
    lacking = _lacking(records, judged, candidate)
    data = candidate.data if candidate else _dataset(records)
    verdict = candidate.verdict if candidate else None
    commands = " && ".join(judge_command(record, verdict, data, split) for record in lacking)
    old = [
        record
        for record, own in zip(records, judged, strict=True)
        if record in lacking and own and not any(has_picture_scores(each) for each in own)
    ]
    again = {1: "it", 2: "both"}.get(len(lacking), "them")
    if old:
        return f"{_names(old)}judged before verdicts held scores of each picture; judge {again} again: {commands}"
    if verdict is None:
        few = any(each.pictures < FEWEST for own in judged for each in own)
        enough = f"{FEWEST} or more " if few else ""
        return f"{_names(lacking, 'not ')}judged on {enough}held-out pictures; do that first: {commands}"
    samples = samples_in_words(verdict)
    if _outdated(verdict, judged):
        return (
            f"{_names(records)}judged on {verdict.dataset}, which has changed in between ({samples}); judge "
            f"{again} again: {commands}"
        )
    return f"{_names(lacking, 'not ')}judged on the same questions ({samples}); do that first: {commands}"


def _best(
    records: Sequence[Record], judged: Sequence[Sequence[Verdict]], split: str | None
) -> Candidate | None:
    """The samples on which the others are best evaluated: of known and enough pictures, and used by most runs.

    None where all must be judged anew.
    """
    found = [
        Candidate(verdict, data)
        for own in judged
        for verdict in reversed(own)
        if (split or verdict.split not in TESTS) and verdict.pictures >= FEWEST
        for data in _places(verdict, records)
    ]

    def worth(candidate: Candidate) -> tuple[bool, int]:
        return has_picture_scores(candidate.verdict), -len(_lacking(records, judged, candidate))

    return max(found, key=worth, default=None)


def _lacking(
    records: Sequence[Record], judged: Sequence[Sequence[Verdict]], candidate: Candidate | None
) -> list[Record]:
    """The runs that must be evaluated; all where there is no candidate, or its dataset has changed."""
    if candidate is None or _outdated(candidate.verdict, judged):
        return list(records)
    wanted = candidate.verdict.questions
    return [
        record
        for record, own in zip(records, judged, strict=True)
        if not any(has_picture_scores(each) and each.questions == wanted for each in own)
    ]


def _outdated(verdict: Verdict, judged: Sequence[Sequence[Verdict]]) -> bool:
    """Whether runs were evaluated in the same way on this dataset and got other samples: it has changed in between.

    Then none of its verdicts can be compared, not even those that only one run has so far.
    """
    samples_by_manner: dict[tuple[object, ...], str] = {}
    own = [each for verdicts in judged for each in verdicts if each.dataset == verdict.dataset]
    return any(
        samples_by_manner.setdefault(_manner(each), each.questions) != each.questions
        for each in own
        if has_picture_scores(each)
    )


def _manner(verdict: Verdict) -> tuple[object, ...]:
    """All that the judge command determines; the dataset's name for its path, which older verdicts do not have."""
    total = verdict.pictures + verdict.left_out
    return verdict.dataset, verdict.split, verdict.protocol, verdict.size, verdict.seed, total


def _places(verdict: Verdict, records: Sequence[Record]) -> Iterator[Path]:
    """Where the verdict's pictures are, if known: one folder or none.

    Older verdicts hold only the dataset's name; it is looked for where the runs' datasets are.
    """
    known = [Path(verdict.data)] if verdict.data else []
    own = [path for record in records if (path := _path(record))]
    known += [path for path in own if path.name == verdict.dataset]
    known += [path.parent / verdict.dataset for path in own if (path.parent / verdict.dataset).is_dir()]
    if verdict.data and not known[0].is_dir() and len(known) > 1:
        known = known[1:]  # it was moved
    yield from known[:1]


def _path(record: Record) -> Path | None:
    stored = (record.facts.get("dataset") or {}).get("path")
    return Path(stored) if stored else None


def _dataset(records: Sequence[Record]) -> Path:
    """One dataset for all: the first run's that is still there."""
    paths = [path for record in records if (path := _path(record))]
    return next((path for path in paths if path.is_dir()), paths[0] if paths else Path("DATASET"))


def _check_comparable(records: Sequence[Record]) -> None:
    """Raises RunError for runs of several tasks, and for autoencoders that are shown photos differently."""
    first = records[0]
    for other in records[1:]:
        if other.task != first.task:
            raise RunError(
                f"{first.name} is of task {first.task}, and {other.name} of {other.task}; compare runs of one task"
            )
        task = known_task(first.task)
        agreed = task.compared_at if task else ()
        here, there = ([each.settings.get(name) for name in agreed] for each in (first, other))
        if here != there:
            raise RunError(
                f"{first.name} is shown photos at {here[0]} px (fit {here[1]}), and {other.name} at {there[0]} px "
                f"(fit {there[1]}), so that their errors are of other pictures; compare runs of one "
                f"{' and one '.join(agreed)}"
            )


def judge_command(
    record: Record, verdict: Verdict | None, data: Path | None = None, split: str | None = None
) -> str:
    """The command that evaluates a run on these samples, with the pictures of this dataset (None: its own)."""
    data = data or _path(record) or Path("DATASET")
    words = ["safelight judge", shlex.quote(str(record.folder)), "--data", shlex.quote(str(data))]
    report = ["-o", shlex.quote(f"report-{record.name}")]
    if verdict is None:
        return " ".join([*words, *(["--split", split] if split else []), *report])
    words += ["--split", verdict.split or "val"]
    task = known_task(record.task)
    words += ["--protocol", verdict.protocol] if task and task.has_protocols else []
    words += ["--protocol", "print"] if verdict.protocol.endswith("-print") else []
    words += ["--seed", str(verdict.seed)] if verdict.seed else []
    words += ["--limit", str(verdict.pictures + verdict.left_out)]
    return " ".join([*words, *report])


def _names(records: Sequence[Record], between: str = "") -> str:
    """Who was, or were; `between` follows."""
    return f"{' and '.join(record.name for record in records)} {'was' if len(records) == 1 else 'were'} {between}"
