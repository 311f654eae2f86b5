"""Verdicts of older versions of safelight, which had a format a task, turned into the format of today."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

Document = Mapping[str, Any]

FORMAT, VERSION = "safelight-verdict", 2
AUTOENCODER_FACTS = ("training", "latent", "active", "likelihood", "sd", "features", "collapse")
PROTOCOL_SIZES = {"compact": 128, "siggraph17": 256, "icolorit": 224}  # pixels
SHARED = "model dataset split seed questions pictures size left_out enlarged judged safelight sentences data"


class OldFormat(NamedTuple):
    """A format of old: the task, its newest version (all from 1 can be read), and what is named otherwise today."""

    task: str
    version: int
    renamed: Callable[[Document], dict[str, Any]]


def in_new_format(document: Document) -> Document:
    """The document itself, or what it would be today. Raises ValueError for an unknown format."""
    name, version = document.get("format"), document.get("version")
    if (name, version) == (FORMAT, VERSION):
        return document
    old = OLD_FORMATS.get(str(name))
    if old is None:
        raise ValueError(f'its "format" is {name!r}, not one of {", ".join(OLD_FORMATS)}')
    if not isinstance(version, int) or version > old.version:
        newest = VERSION if name == FORMAT else old.version
        raise ValueError(f'expected "format": "{name}", "version": 1 to {newest}')
    shared = {name: document[name] for name in SHARED.split() if name in document}
    new = {"format": FORMAT, "version": VERSION, "task": old.task}
    new |= dict.fromkeys(("dataset", "split", "questions"), "")
    return {**new, **shared, "evaluations": document.get("looks"), **old.renamed(document)}


def _colorize(document: Document) -> dict[str, Any]:
    cells = [str(count) for count in document["counts"]]
    everything, *groups = (
        {**group, "curves": _by_cell(group["curves"], cells)} for group in document["groups"]
    )
    comparisons = [
        {
            "method": row["baseline"],
            "statistic": row["statistic"],
            "cell": str(row["hints"]),
            "difference": row["difference"],
            "standing": row["standing"],
        }
        for row in document.get("comparisons", ())
    ]
    per_image = [
        {
            "index": row["index"],
            "name": row["name"],
            "values": {"gain": row["gain"], "chroma": [row["chroma"]]},
            "source": row["source"],
        }
        for row in document.get("scores", ())
    ]
    vivid = document.get("vivid")
    return {
        "size": PROTOCOL_SIZES.get(document["protocol"], 0),
        "protocol": document["protocol"],
        "cells": cells,
        "curves": everything["curves"],
        "groups": groups,
        "comparisons": comparisons,
        "best": document.get("best_baseline", {}),
        "per_image": per_image,
        "tables": {"vivid": _vivid(vivid)} if vivid else {},
        "facts": {"true_colorfulness": document.get("true_colorfulness")},
    }


def _by_cell(curves: Mapping[str, Mapping[str, list[Any]]], cells: Iterable[str]) -> dict[str, Any]:
    return {
        method: {name: dict(zip(cells, curve, strict=True)) for name, curve in statistics.items()}
        for method, statistics in curves.items()
    }


def _vivid(vivid: Document) -> dict[str, Any]:
    return {
        name: {"colorfulness": vivid[name], "gain": vivid[f"{name}_gain"]} for name in ("cautious", "vivid")
    }


def _inpaint(document: Document) -> dict[str, Any]:
    return {**_over_cells(document, "holes"), "best": document.get("best", {})}


def _scratches(document: Document) -> dict[str, Any]:
    return {**_over_cells(document, "scratches"), "facts": {"tolerance": document.get("tolerance")}}


def _over_cells(document: Document, protocol: str) -> dict[str, Any]:
    return {
        "protocol": f"{protocol}-{document['size']}",
        "cells": document["cells"],
        "curves": document.get("curves", {}),
        "comparisons": document.get("comparisons", ()),
        "leads": document.get("gains", {}),
        "per_image": document.get("scores", ()),
    }


def _autoencode(document: Document) -> dict[str, Any]:
    memory = document.get("memory", {})
    saved = {
        "method": "PCA",
        "statistic": "saved",
        "cell": "all",
        "difference": document.get("saved"),
        "standing": document.get("standing"),
    }
    return {
        "protocol": f"codes-{document.get('size', 0)}",
        "cells": ["all"],
        "curves": {
            method: {statistic: {"all": numbers} for statistic, numbers in errors.items()}
            for method, errors in document.get("errors", {}).items()
        },
        "comparisons": [saved] if "saved" in document else [],
        "per_image": document.get("scores", ()),
        "tables": {
            "bounds": {"model": document.get("bounds", {})},
            "distances": document.get("distances", {}),
            "nearest_training_picture": {
                name: {"distance": memory[name]} for name in ("samples", "held_out") if name in memory
            },
        },
        "facts": {
            **{name: document.get(name) for name in AUTOENCODER_FACTS},
            "copies": memory.get("copies"),
        },
    }


OLD_FORMATS = {
    "safelight-verdict": OldFormat("colorize", 1, _colorize),
    "safelight-fill-verdict": OldFormat("inpaint", 2, _inpaint),
    "safelight-scratches-verdict": OldFormat("scratches", 2, _scratches),
    "safelight-code-verdict": OldFormat("autoencode", 2, _autoencode),
}
