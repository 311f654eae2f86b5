"""What results are to say of themselves: the options of it, which every order has, and the mark that a worker makes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from safelight.batch.work import Found, Job, Json, Order
from safelight.masks.shapes import Hole
from safelight.pixels.geometry import Box
from safelight.pixels.photo import Photo
from safelight.provenance.made import Made, Region, UsedModel, now, used_file
from safelight.provenance.mark import Labels, labeled, libraries, source_file
from safelight.provenance.terms import Kind
from safelight.runtime.card import ModelCard
from safelight.runtime.inference import engine_name


@dataclass(frozen=True, kw_only=True)
class LabelSettings:
    """The options of marks, by their names.

    no_mark: nothing is written. caption: None for no strip below the picture, "" for one that says what was done.
    """

    no_mark: bool = False
    source_type: str = ""
    caption: str | None = None

    @property
    def labels(self) -> Labels:
        """The same, for the room that writes them."""
        return Labels(not self.no_mark, self.source_type, self.caption)


class Marker:
    """Marks what one order makes."""

    def __init__(self, order: Order, settings: LabelSettings, cards: Sequence[ModelCard]) -> None:
        self._order, self._labels = order, settings.labels
        self._models = tuple(UsedModel(card.name, card.sha256) for card in cards)

    def __call__(
        self,
        result: Photo,
        job: Job,
        kind: Kind,
        region: Region | None = None,
        said: Photo | None = None,
        files: Mapping[str, Found] | None = None,
    ) -> Photo:
        """The result as it is to be written. said: the photo, where the result does not have its XMP.

        files: role ("mask", "hints") to what lay beside the photo and was used. Raises PhotoError.
        """
        if not self._labels.mark and self._labels.caption is None:
            return result
        beside = {role: found.file for role, found in (files or {}).items() if found.file}
        made = Made(
            self._order.command,
            kind,
            without_folders(self._order.settings),
            self._models,
            (source_file(job.photo, said or result),) if self._labels.mark else (),
            {role: used_file(path) for role, path in beside.items()} if self._labels.mark else {},
            region,
            engine=engine_name() if self._models else "",
            libraries=libraries(),
            when=job.when or now(),
        )
        return labeled(result, made, self._labels)


def without_folders(settings: Mapping[str, Json]) -> dict[str, Json]:
    """The settings as a mark has them: of a model's path the name alone."""
    named = {
        name: Path(model).name
        for name, model in settings.items()
        if name.endswith("model") and isinstance(model, str)
    }
    return {**settings, **named}


def region_of(hole: Hole) -> Region | None:
    """Where a hole (h, w) lies; None if nothing is in it."""
    rows, columns = (np.flatnonzero(hole.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return None
    left, top = int(columns[0]), int(rows[0])
    return Region(left, top, int(columns[-1]) - left + 1, int(rows[-1]) - top + 1, int(hole.sum()))


def region_within(box: Box | None) -> Region | None:
    """A box of which every pixel may have changed."""
    if box is None:
        return None
    return Region(box.left, box.top, box.width, box.height, box.width * box.height)
