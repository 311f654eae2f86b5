"""The run folder: all that a training run leaves behind, readable without safelight.

runs/2026-11-22_11h51m10s-NAME/
  run.json          state (running, finished, stopped, failed), parent, difference, dataset, times
  recipe.json       every setting
  environment.json  versions, processor, commit
  code.diff         what the code had beyond the commit, if it was a git checkout
  code.zip          the code itself, if it was none: the package's .py files
  metrics.csv       losses and scores by step
  tensorboard/      the same, and the pictures, as events
  checkpoints/      last.ckpt: weights, their average, and all that a resumed run needs
  pictures/         the validation samples at fixed steps: grey, hints, result, truth
  verdicts/         what the judge said
  error.txt         what went wrong, if the run failed
"""

import contextlib
import importlib.metadata
import json
import os
import platform
import shutil
import socket
import subprocess
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

from safelight.errors import RunError
from safelight.files import HeldError, held
from safelight.json_text import parsed
from safelight.runtime.card import is_number, shown

LOCK = "lock"  # a run folder is trained by one process at a time
PACKAGE = Path(__file__).resolve().parents[1]
WATCHED = (
    "safelight",
    "torch",
    "lightning",
    "timm",
    "numpy",
    "onnxruntime",
    "pillow",
    "opencv-python-headless",
)


@dataclass(frozen=True)
class Run:
    """One run's folder."""

    folder: Path

    @classmethod
    def start(cls, root: Path, name: str, recipe_json: str, facts: dict[str, Any]) -> "Run":
        """A new folder named by the time and the recipe; two runs never share one."""
        for attempt in range(100):
            stamp = datetime.now().strftime("%Y-%m-%d_%Hh%Mm%Ss")
            folder = root / (f"{stamp}-{name}" if attempt == 0 else f"{stamp}-{name}-{attempt + 1}")
            try:
                folder.mkdir(parents=True)
            except FileExistsError:
                continue
            break
        else:
            raise RunError(f"no free run folder under {root}; is its clock standing still?")
        run = cls(folder)
        try:
            run._begin(recipe_json, facts)
        except OSError as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise RunError(
                f"{folder} cannot be written ({error.strerror or error}); make room there, or give another --runs"
            ) from None
        return run

    def _begin(self, recipe_json: str, facts: dict[str, Any]) -> None:
        """Write what is known before the first step. Raises OSError."""
        folder = self.folder
        for part in ("checkpoints", "pictures", "verdicts"):
            (folder / part).mkdir()
        (folder / "recipe.json").write_text(recipe_json + "\n", encoding="utf-8")
        (folder / "environment.json").write_text(json.dumps(environment(), indent=1) + "\n", encoding="utf-8")
        difference = code_difference()
        if difference:
            (folder / "code.diff").write_text(difference, encoding="utf-8")
        if commit() is None:
            keep_code(folder / "code.zip")
        self.note(state="running", started=_now(), **facts)

    @classmethod
    def open(cls, folder: Path | str) -> "Run":
        """An existing run's folder. Raises RunError."""
        folder = Path(folder)
        if not (folder / "run.json").is_file() or not (folder / "recipe.json").is_file():
            raise RunError(f"{folder} is not a run folder (it has no run.json and recipe.json); see runs/")
        return cls(folder)

    @property
    def facts(self) -> dict[str, Any]:
        """run.json. Raises RunError for a damaged one."""
        path = self.folder / "run.json"
        try:
            facts = parsed(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise RunError(f"{path} is damaged ({error}); expected what a run writes there") from None
        if not isinstance(facts, dict) or not isinstance(facts.get("state"), str):
            raise RunError(f"{path} is damaged (it names no state); expected what a run writes there")
        wrong = what_is_wrong(facts)
        if wrong is not None:
            raise RunError(f"{path} is damaged ({wrong}); expected what a run writes there")
        return facts

    @property
    def dataset(self) -> dict[str, Any]:
        """What run.json says of the dataset: path and fingerprint, at least. Raises RunError for a damaged one."""
        dataset = self.facts.get("dataset")
        if not isinstance(dataset, dict) or not {"path", "fingerprint"} <= dataset.keys():
            raise RunError(f"{self.folder / 'run.json'} is damaged (it names no dataset with its path)")
        return dataset

    @property
    def fold(self) -> tuple[int, int] | None:
        """Which of how many folds the run left out of its training; None where it was the val split."""
        fold = (self.facts.get("dataset") or {}).get("fold")
        return (int(fold[0]), int(fold[1])) if fold else None

    @property
    def recipe_json(self) -> str:
        """recipe.json. Raises RunError for one that is no text."""
        path = self.folder / "recipe.json"
        try:
            return path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            raise RunError(f"{path} is damaged (it is no text); expected what a run writes there") from None

    @property
    def last_checkpoint(self) -> Path:
        """The newest checkpoint. Raises RunError if there is none."""
        path = self.folder / "checkpoints" / "last.ckpt"
        if not path.is_file():
            raise RunError(f"{self.folder} has no checkpoint yet; train it further, or start again")
        return path

    def note(self, **facts: Any) -> None:
        """Add facts to run.json, all or nothing. Raises OSError, and then leaves nothing half-written."""
        path = self.folder / "run.json"
        known = self.facts if path.exists() else {}
        fresh = path.with_suffix(".json.new")
        try:
            fresh.write_text(json.dumps(known | facts, indent=1) + "\n", encoding="utf-8")
        except OSError:
            fresh.unlink(missing_ok=True)
            raise
        fresh.replace(path)

    def finish(self, state: str, **facts: Any) -> None:
        """Close the run: finished, stopped or failed. Failures stay."""
        self.note(state=state, ended=_now(), **facts)


@contextlib.contextmanager
def locked(folder: Path, first: bool = True) -> Iterator[None]:
    """Keep other processes from training in this folder. Raises RunError if one does.

    Of the processes that share a run, only the first one takes the lock.
    """
    if not first:
        yield
        return
    try:
        with held(folder / LOCK, f"process {os.getpid()} on {socket.gethostname()}"):
            yield
    except HeldError as error:
        raise RunError(f"{folder} is being trained by {error}; wait for it, or stop it first") from None


def environment() -> dict[str, Any]:
    """Versions, processor and commit of this run."""
    versions = {}
    for package in WATCHED:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "packages": versions,
        "commit": commit(),
    }


def commit() -> str | None:
    """The commit of the code that runs; None where it is not under version control itself."""
    return _git("rev-parse", "HEAD").strip() or None if _git("ls-files", ".") else None


def code_difference() -> str:
    """What the code that runs has beyond its commit: changes, and files that are new."""
    if commit() is None:
        return ""
    fresh = _git("ls-files", "--others", "--exclude-standard", "-z", ".").split("\0")
    return _git("diff", "HEAD", "--", ".") + "".join(
        _git("diff", "--no-index", "--", os.devnull, name) for name in fresh if name
    )


def keep_code(path: Path) -> None:
    """Write the .py files of the code that runs into a ZIP; the same code makes the same bytes."""
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(PACKAGE.rglob("*.py")):
            entry = zipfile.ZipInfo(file.relative_to(PACKAGE.parent).as_posix())
            archive.writestr(entry, file.read_bytes(), zipfile.ZIP_DEFLATED)


def _git(*words: str) -> str:
    """What git says in the folder of the code that runs, or nothing."""
    try:
        done = subprocess.run(
            ["git", "-C", str(PACKAGE), *words],
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=20,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode <= 1 else ""  # 1: `diff --no-index` found a difference


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


# What run.json may hold: each fact that is known, and of which kind it is. Unknown ones are passed over.
Kind: TypeAlias = tuple[str, Callable[[Any], bool]]  # in words, and whether a value is of it

MOST_STEPS = 10**12


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_STEPS


def _is_measure(value: object) -> bool:
    return is_number(value) or isinstance(value, float)  # NaN: a measure that could not be taken


def _list_of(is_one: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and all(map(is_one, value))


def _object_of(is_one: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, dict) and all(map(is_one, value.values()))


def _is_pair(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2


def _is_set(value: object) -> bool:
    """Name, license, and how many pictures."""
    return (
        isinstance(value, list) and len(value) == 3 and all(map(_is_text, value[:2])) and _is_whole(value[2])
    )


def _is_fold(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(map(_is_whole, value))


TEXT: Kind = ("text", _is_text)
WHOLE: Kind = ("a whole number from 0", _is_whole)
MEASURE: Kind = ("a number", _is_measure)
TEXTS: Kind = ("a list of texts", _list_of(_is_text))
WHOLES: Kind = ("a list of whole numbers", _list_of(_is_whole))
MEASURES: Kind = ("an object of numbers", _object_of(_is_measure))
PAIRS: Kind = ("an object of two values each", _object_of(_is_pair))
SETS: Kind = ("a list of name, license and number each", _list_of(_is_set))
FOLD: Kind = ("two whole numbers", _is_fold)
OBJECT: Kind = ("an object", lambda value: isinstance(value, dict))
TRUTH: Kind = ("true or false", lambda value: isinstance(value, bool))

FACTS: dict[str, Kind] = {
    **dict.fromkeys(("started", "ended", "recipe", "task", "parent", "error"), TEXT),
    **dict.fromkeys(("weights_from", "began_from", "made_before", "collapse"), TEXT),
    **dict.fromkeys(("step", "status", "folds"), WHOLE),
    **dict.fromkeys(("threshold", "vivid_gain"), MEASURE),
    **dict.fromkeys(("children", "new_weights", "guard"), TEXTS),
    **dict.fromkeys(("scores", "interval", "began_with", "fold_scores"), MEASURES),
    "resumed": WHOLES,
    "difference": PAIRS,
    "repeats": TRUTH,
    "preparation": OBJECT,
    "dataset": OBJECT,
    "learned": SETS,
}
OF_THE_DATASET: dict[str, Kind] = {
    "path": TEXT,
    "fingerprint": TEXT,
    "train": WHOLE,
    "val": WHOLE,
    "fold": FOLD,
}
MAY_BE_NULL = frozenset(
    (
        *("ended", "parent", "error", "weights_from", "began_from", "collapse", "step", "status", "resumed"),
        *("fold", "dataset", "difference", "scores", "threshold", "vivid_gain"),
    )
)


def what_is_wrong(facts: Mapping[str, Any]) -> str | None:
    """The first fact that is of another kind than it should be, in words; None where there is none."""
    return _wrong(facts, FACTS, "its") or _wrong(facts.get("dataset") or {}, OF_THE_DATASET, "its dataset's")


def _wrong(facts: Mapping[str, Any], known: Mapping[str, Kind], whose: str) -> str | None:
    for name, value in facts.items():
        if name not in known or (value is None and name in MAY_BE_NULL):
            continue
        kind, is_of_kind = known[name]
        if not is_of_kind(value):
            return f"{whose} {name} is {shown(value)}, not {kind}"
    return None
