"""What to try next: settings that a recipe has, changed one at a time, as they are typed."""

from collections.abc import Callable
from typing import TypeAlias

from safelight.journal.settings import Settings, show_value

Change: TypeAlias = dict[str, str]  # setting -> value as it is typed
Mend: TypeAlias = Callable[[Settings], Change | None]  # None: this recipe cannot be mended so


def scale(name: str, factor: float, least: float = 0.0, most: float = float("inf")) -> Mend:
    """A number times a factor, to one digit, within bounds."""

    def mend(settings: Settings) -> Change | None:
        value = settings.get(name)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value == 0:
            return None
        wanted = float(f"{min(max(value * factor, least), most):.1g}")
        moved = wanted > value if factor > 1 else wanted < value
        text = str(round(wanted)) if isinstance(value, int) else f"{wanted:g}"
        return {name: text} if moved and text != show_value(value) else None

    return mend


def put(changes: Change, where: Callable[[Settings], bool] = lambda _: True) -> Mend:
    """These values, if the recipe has all of the settings and other values."""

    def mend(settings: Settings) -> Change | None:
        if not all(name in settings for name in changes) or not where(settings):
            return None
        return changes if any(show_value(settings[name]) != text for name, text in changes.items()) else None

    return mend


def raise_weight(name: str, factor: float = 2.0, start: float = 0.1) -> Mend:
    """A loss's weight up, from nothing if it was off."""

    def mend(settings: Settings) -> Change | None:
        value = settings.get(name)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return None
        return {name: f"{value * factor if value else start:g}"}

    return mend


def widen(name: str, factor: float = 1.5) -> Mend:
    """Channels times a factor, in multiples of 8; one number or one a level. 0, which names none, is left."""

    def mend(settings: Settings) -> Change | None:
        value = settings.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and value:
            return {name: str(_eights(value * factor))}
        if isinstance(value, (list, tuple)) and value and all(isinstance(part, int) for part in value):
            return {name: ",".join(str(_eights(part * factor)) for part in value)}
        return None

    return mend


def drop_level(name: str, level: int) -> Mend:
    """A list of levels without this one, if it is in it."""

    def mend(settings: Settings) -> Change | None:
        levels = settings.get(name)
        if not isinstance(levels, (list, tuple)) or level not in levels or len(levels) < 2:
            return None
        return {name: ",".join(str(each) for each in levels if each != level)}

    return mend


def first_that_fits(mends: tuple[Mend, ...], settings: Settings) -> str:
    """The first of them that this recipe can take, as flags; "" where none can."""
    for mend in mends:
        changes = mend(settings)
        if changes:
            return " ".join(f"--{name} {value}" for name, value in changes.items())
    return ""


def _eights(value: float) -> int:
    return max(8, -(-round(value) // 8) * 8)


def normed_by_batch(settings: Settings) -> bool:
    """Whether batch norm meets a batch so large that it swings (note 002)."""
    return settings.get("model.norm") == "batch" and settings.get("data.batch", 0) > 16
