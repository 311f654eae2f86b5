"""Which pictures are reported together: all, thirds by chroma, categories, sources, folders, tags."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any, TypeAlias

import numpy as np

FEWEST_IN_GROUP = 5  # a smaller source or tag gets no line of its own
MOST_GROUPS = 12  # sources, and as many tags: the largest

SMALL_GROUPS = ("source ", "folder ", "tag ")  # of these only the most important metrics are reported

Members: TypeAlias = dict[str, np.ndarray]  # name of the group -> numbers of its pictures

# A picture is in a category if one of its tags, or a folder of its name, has one of these words.
CATEGORIES: dict[str, str] = {
    "portraits": (
        "portrait portraits face faces person people man men woman women boy girl child children skin hair "
        "selfie smiling"
    ),
    "landscapes": (
        "landscape landscapes mountain mountains sea ocean beach coast lake river forest field meadow desert "
        "valley sky clouds cloudy sunrise sunset shine nature scenery"
    ),
    "objects": (
        "object objects product products watch chair bag shoes bottle cup lamp camera guitar car bicycle "
        "packages clothing clothes dress furniture tool tools"
    ),
    "indoor": (
        "indoor indoors interior room rooms kitchen bedroom bathroom office living hall shop store museum"
    ),
    "outdoor": (
        "outdoor outdoors street city park garden mountain mountains beach forest field sky sunrise sunset "
        "road bridge cloudy rain"
    ),
}


def group_pictures(chroma: np.ndarray, rows: Sequence[Mapping[str, Any]]) -> Members:
    """The groups of pictures with these mean chromas and metadata. "all" comes first."""
    thirds = np.array_split(np.argsort(chroma, kind="stable"), 3)
    by_chroma = dict(zip(("chroma low", "chroma middle", "chroma high"), thirds, strict=True))
    sources = [[str(row["source"])] if row.get("source") else [] for row in rows]
    groups = {
        "all": np.arange(len(chroma)),
        **by_chroma,
        **_by_label("category", [categories(row) for row in rows]),
        **_by_label("source", sources),
        **_by_label("folder", _unless_same([_folder(row) for row in rows], sources)),
        **_by_label("tag", [_tags(row) for row in rows]),
    }
    return {name: members for name, members in groups.items() if len(members)}


def categories(row: Mapping[str, Any]) -> list[str]:
    """The categories that a picture's tags and folders put it in."""
    words = set(re.findall(r"[a-z]+", " ".join([*_tags(row), *_folders(row)]).lower()))
    return [name for name, known in CATEGORIES.items() if words & set(known.split())]


def _tags(row: Mapping[str, Any]) -> list[str]:
    tags = row.get("tags") or []
    return [tags] if isinstance(tags, str) else [str(tag) for tag in tags]


def _folders(row: Mapping[str, Any]) -> tuple[str, ...]:
    return PurePosixPath(str(row.get("file_name") or "")).parts[:-1]


def _folder(row: Mapping[str, Any]) -> list[str]:
    """The innermost folder of a picture, with all above it."""
    return ["/".join(_folders(row))] if _folders(row) else []


def _unless_same(labels: list[list[str]], others: list[list[str]]) -> list[list[str]]:
    """The labels, or none where they part the pictures just as the others do."""
    pairs = {(tuple(one), tuple(other)) for one, other in zip(labels, others, strict=True)}
    same = len(pairs) == len({one for one, _ in pairs}) == len({other for _, other in pairs})
    return [[] for _ in labels] if same else labels


def _by_label(kind: str, labels: Sequence[Sequence[str]]) -> Members:
    """One group a label that enough pictures carry, largest first, unless all carry the same one."""
    sizes = Counter(label for of_picture in labels for label in dict.fromkeys(of_picture))
    ordered = sorted(sizes.items(), key=lambda of: (-of[1], of[0]))[:MOST_GROUPS]
    large = [label for label, size in ordered if FEWEST_IN_GROUP <= size < len(labels)]
    return {
        f"{kind} {label}": np.array(
            [number for number, of_picture in enumerate(labels) if label in of_picture]
        )
        for label in large
    }
