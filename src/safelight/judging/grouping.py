"""Which pictures are reported together: all, thirds by chroma, sources, tags."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

FEWEST_IN_GROUP = 5  # a smaller source or tag gets no line of its own
MOST_GROUPS = 12  # sources, and as many tags: the largest

Members: TypeAlias = dict[str, np.ndarray]  # name of the group -> numbers of its pictures


def group_pictures(chroma: np.ndarray, rows: Sequence[Mapping[str, Any]]) -> Members:
    """The groups of pictures with these mean chromas and metadata. "all" comes first."""
    thirds = np.array_split(np.argsort(chroma, kind="stable"), 3)
    by_chroma = dict(zip(("chroma low", "chroma middle", "chroma high"), thirds, strict=True))
    sources = [[str(row["source"])] if row.get("source") else [] for row in rows]
    tags = [_tags(row) for row in rows]
    groups = {
        "all": np.arange(len(chroma)),
        **by_chroma,
        **_by_label("source", sources),
        **_by_label("tag", tags),
    }
    return {name: members for name, members in groups.items() if len(members)}


def _tags(row: Mapping[str, Any]) -> list[str]:
    tags = row.get("tags") or []
    return [tags] if isinstance(tags, str) else [str(tag) for tag in tags]


def _by_label(kind: str, labels: Sequence[Sequence[str]]) -> Members:
    """One group a label that enough pictures carry, largest first, unless all carry the same one."""
    sizes = Counter(label for own in labels for label in set(own))
    large = [label for label, size in sizes.most_common(MOST_GROUPS) if FEWEST_IN_GROUP <= size < len(labels)]
    return {
        f"{kind} {label}": np.array([number for number, own in enumerate(labels) if label in own])
        for label in large
    }
