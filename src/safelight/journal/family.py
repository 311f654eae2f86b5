"""Runs as families: each child below its parent."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from safelight.journal.records import Record


@dataclass(frozen=True)
class Place:
    """A run in its family. depth: 0 for one without a parent here. branch: the lines that lead to it in a tree."""

    record: Record
    depth: int
    branch: str


def family_order(records: Sequence[Record]) -> list[Place]:
    """Every run once: parents before their children, oldest first."""
    names = {record.name for record in records}
    children: defaultdict[str | None, list[Record]] = defaultdict(list)
    for record in records:
        children[record.parent if record.parent in names and record.parent != record.name else None].append(
            record
        )
    places: list[Place] = []

    def visit(record: Record, depth: int, branch: str, below: str) -> None:
        places.append(Place(record, depth, branch))
        own = children.get(record.name, [])
        for number, child in enumerate(own, start=1):
            last = number == len(own)
            visit(child, depth + 1, below + ("└─ " if last else "├─ "), below + ("   " if last else "│  "))

    for record in children[None]:
        visit(record, 0, "", "")
    return places + [Place(record, 0, "") for record in records if record not in [p.record for p in places]]


TITLES = {"colorize": "Color", "fill": "Holes", "code": "Codes"}


def by_task(places: Sequence[Place]) -> dict[str, list[Place]]:
    """The runs of each task under its title, in their order."""
    found: defaultdict[str, list[Place]] = defaultdict(list)
    for place in places:
        found[TITLES.get(place.record.task, place.record.task.capitalize())].append(place)
    return dict(found)


def origin(record: Record) -> str:
    """What the run began from, and what was changed, without names of runs."""
    from safelight.journal.settings import show_difference

    if record.parent is None:
        return f"recipe {record.facts.get('recipe', record.recipe.get('name', '?'))}"
    changed = show_difference(record.difference) or "nothing changed"
    return f"{changed}, weights kept" if record.facts.get("weights_from") else changed
