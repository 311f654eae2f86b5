"""Remedies: what to try next. Settings that a recipe has, changed one at a time, as they are typed."""

from collections.abc import Callable
from typing import TypeAlias

from safelight.journal.records import Settings, show_value

Change: TypeAlias = dict[str, str]  # setting -> value as it is typed
Remedy: TypeAlias = Callable[[Settings], Change | None]  # None: this recipe cannot take it


def scale(name: str, factor: float, least: float = 0.0, most: float = float("inf")) -> Remedy:
    """A number times a factor, to one digit, within bounds."""

    def remedy(settings: Settings) -> Change | None:
        value = settings.get(name)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value == 0:
            return None
        wanted = float(f"{min(max(value * factor, least), most):.1g}")
        moved = wanted > value if factor > 1 else wanted < value
        text = str(round(wanted)) if isinstance(value, int) else f"{wanted:g}"
        return {name: text} if moved and text != show_value(value) else None

    return remedy


def put(changes: Change, where: Callable[[Settings], bool] = lambda _: True) -> Remedy:
    """These values, if the recipe has all of the settings and other values."""

    def remedy(settings: Settings) -> Change | None:
        if not all(name in settings for name in changes) or not where(settings):
            return None
        return changes if any(show_value(settings[name]) != text for name, text in changes.items()) else None

    return remedy


def raise_weight(name: str, factor: float = 2.0, start: float = 0.1) -> Remedy:
    """A loss's weight up, from nothing if it was off."""

    def remedy(settings: Settings) -> Change | None:
        value = settings.get(name)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return None
        return {name: f"{value * factor if value else start:g}"}

    return remedy


def widen(name: str, factor: float = 1.5) -> Remedy:
    """Channels times a factor, in multiples of 8; one number or one a level. 0, which names none, is left."""

    def remedy(settings: Settings) -> Change | None:
        value = settings.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and value:
            return {name: str(_eights(value * factor))}
        if isinstance(value, (list, tuple)) and value and all(isinstance(part, int) for part in value):
            return {name: ",".join(str(_eights(part * factor)) for part in value)}
        return None

    return remedy


def drop_level(name: str, level: int) -> Remedy:
    """A list of levels without this one, if it is in it."""

    def remedy(settings: Settings) -> Change | None:
        levels = settings.get(name)
        if not isinstance(levels, (list, tuple)) or level not in levels or len(levels) < 2:
            return None
        return {name: ",".join(str(each) for each in levels if each != level)}

    return remedy


def first_that_fits(remedies: tuple[Remedy, ...], settings: Settings) -> str:
    """The first of them that this recipe can take, as flags; "" where none can."""
    for remedy in remedies:
        changes = remedy(settings)
        if changes:
            return " ".join(f"--{name} {value}" for name, value in changes.items())
    return ""


def _eights(value: float) -> int:
    return max(8, -(-round(value) // 8) * 8)


def normed_by_batch(settings: Settings) -> bool:
    """Whether batch norm meets a batch so large that it swings (note 002)."""
    return settings.get("model.norm") == "batch" and settings.get("data.batch", 0) > 16


# Those that several symptoms share.
SLOWER = scale("optimizer.lr", 0.3, least=1e-6)
FASTER = scale("optimizer.lr", 3.0, most=1.0)
WARM_UP = put({"optimizer.warmup": "0.1"}, lambda settings: settings["optimizer.warmup"] < 0.02)
SMALL_BATCH = put({"data.batch": "16"}, normed_by_batch)
GUARDED = put({"guard.on": "true"})
CLIPPED = put({"optimizer.clip": "1"}, lambda settings: settings["optimizer.clip"] == 0)
WIDER = widen("model.widths")
LONGER = scale("train.steps", 2.0)
