"""What run.json may hold: each fact that is known, and of which kind it is. What is not known is passed over."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from safelight.runtime.card_fields import is_number, shown

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


def _is_fold(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(map(_is_whole, value))


TEXT: Kind = ("text", _is_text)
WHOLE: Kind = ("a whole number from 0", _is_whole)
MEASURE: Kind = ("a number", _is_measure)
TEXTS: Kind = ("a list of texts", _list_of(_is_text))
WHOLES: Kind = ("a list of whole numbers", _list_of(_is_whole))
MEASURES: Kind = ("an object of numbers", _object_of(_is_measure))
PAIRS: Kind = ("an object of two values each", _object_of(_is_pair))
FOLD: Kind = ("two whole numbers", _is_fold)
OBJECT: Kind = ("an object", lambda value: isinstance(value, dict))
TRUTH: Kind = ("true or false", lambda value: isinstance(value, bool))

FACTS: dict[str, Kind] = {
    **dict.fromkeys(("started", "ended", "recipe", "task", "parent", "error"), TEXT),
    **dict.fromkeys(("weights_from", "began_from", "collapse"), TEXT),
    **dict.fromkeys(("step", "status", "folds"), WHOLE),
    **dict.fromkeys(("threshold", "vivid_gain"), MEASURE),
    **dict.fromkeys(("children", "new_weights", "guard"), TEXTS),
    **dict.fromkeys(("scores", "interval", "began_with", "fold_scores"), MEASURES),
    "resumed": WHOLES,
    "difference": PAIRS,
    "repeats": TRUTH,
    "preparation": OBJECT,
    "dataset": OBJECT,
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
