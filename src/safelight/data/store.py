"""The files of a dataset, written into a draft folder."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from safelight.data.build_state import BuildState, Facts, Square
from safelight.data.crop_anchor import CropAnchor, crop_anchor_of
from safelight.data.decide import Decision, source_of
from safelight.data.finished import (
    FACTS,
    FORMAT,
    INDEX,
    INDEX_TYPE,
    METADATA,
    REFUSED,
    VERSION,
    Finished,
)
from safelight.data.rows import Row, to_line, write_rows
from safelight.data.scan import DATASET, PIXELS, Listing, PictureFile
from safelight.data.screen import screen
from safelight.data.settings import BuildSettings, Progress
from safelight.data.split import SPLITS, Place, splits_of
from safelight.errors import DatasetError
from safelight.pixels.geometry import Box
from safelight.pixels.tone import tone_of


class Squares:
    """The fitted pixels of every picture, wherever they are: screened now, in the old dataset, or neither."""

    def __init__(
        self, listing: Listing, settings: BuildSettings, state: BuildState, old: Finished | None
    ) -> None:
        self.listing = listing
        self.settings = settings
        self.state = state
        self._old_pixels = old.pixels() if old else None
        self._old_facts = {facts.file_name: facts for facts in old.facts()} if old else {}

    def known_facts(self) -> dict[str, Facts]:
        return self._old_facts | self.state.facts

    def subject(self, found: PictureFile) -> CropAnchor | None:
        """What a picture is about, as far as its metadata say."""
        return crop_anchor_of(self.listing.metadata(found.name), self.listing.source / found.name)

    def screen(self, found: PictureFile) -> tuple[Facts, Square | None]:
        """The facts about a picture file and its pixels."""
        return screen(self.listing.source, found, self.settings, self.subject(found))

    def complete(self, facts: Facts) -> Facts:
        """The facts with what an older version did not look at."""
        if facts.refused or facts.tone:
            return facts
        square = self.read(facts, self.state.pixels())
        inside = Box(*facts.box).slices if facts.box else ...
        complete = replace(facts, tone=tone_of(square[inside]))
        if facts.file_name in self.state.facts:
            self.state.facts[facts.file_name] = complete
        return complete

    def read(self, facts: Facts, new: np.ndarray) -> Square:
        """The pixels of one picture; new is state.pixels()."""
        if facts.slot is not None and self.state.facts.get(facts.file_name) == facts:
            return np.asarray(new[facts.slot])
        if facts.slot is not None and self._old_pixels is not None:
            return np.asarray(self._old_pixels[facts.slot])
        again, square = self.screen(PictureFile(facts.file_name, facts.bytes, facts.changed))
        if square is None or again.pixels != facts.pixels:
            raise DatasetError(f"{facts.file_name} changed while the dataset was built; build again")
        return square


def write_pictures(
    draft: Path,
    listing: Listing,
    decision: Decision,
    squares: Squares,
    progress: Progress,
) -> list[str]:
    """Write metadata, index, pixels, refusals and facts; returns the sources by their numbers."""
    kept = decision.kept
    sources = sorted({source_of(listing, facts.file_name) for facts, _ in kept})
    numbers = {source: number for number, source in enumerate(sources)}
    index = np.zeros(len(kept), INDEX_TYPE)
    shape = (len(kept), squares.settings.size, squares.settings.size, 3)
    pixels = np.lib.format.open_memmap(draft / PIXELS, "w+", np.uint8, shape)
    new = squares.state.pixels()
    with (draft / METADATA).open("wb") as metadata:
        for number, (facts, place) in enumerate(kept):
            row = _row(listing, facts, place)
            group, split = int(place.group, 16), SPLITS.index(place.split)
            source = numbers[row["source"]]
            index[number] = (metadata.tell(), split, place.fold, source, group, facts.chroma)
            metadata.write(to_line(row))
            pixels[number] = squares.read(facts, new)
            progress(number + 1, len(kept), "storing")
    pixels.flush()
    np.save(draft / INDEX, index)
    write_rows(draft / REFUSED, decision.refused)
    write_rows(draft / FACTS, _facts_to_keep(decision))
    return sources


def write_about(
    draft: Path, listing: Listing, settings: BuildSettings, decision: Decision, sources: list[str]
) -> None:
    """dataset.json: what makes the folder a dataset. Written when all the other files are."""
    splits = Counter(place.split for _, place in decision.kept)
    refused = Counter(str(row["reason"]) for row in decision.refused)
    about = {
        "format": FORMAT,
        "version": VERSION,
        "pictures": len(decision.kept),
        "splits": {split: splits[split] for split in splits_of(settings)},
        "refused": dict(sorted(refused.items())),
        "sources": sources,
        "fingerprint": _fingerprint(draft, settings, decision),
        "settings": settings.to_json(),
        "source": str(listing.source),
        "seen": listing.digest,
        "files": {path.name: path.stat().st_size for path in sorted(draft.iterdir())},
    }
    (draft / DATASET).write_text(json.dumps(about, indent=2) + "\n")


def _row(listing: Listing, facts: Facts, place: Place) -> Row:
    """The metadata row of a kept picture: what was known of it before, and what the dataset adds."""
    metadata: Row = {"licence": None, "tags": []} | listing.metadata(facts.file_name)
    return metadata | {
        "file_name": facts.file_name,
        "source": source_of(listing, facts.file_name),
        "split": place.split,
        "fold": place.fold,
        "group": place.group,
        "width": facts.width,
        "height": facts.height,
        "chroma": facts.chroma,
        "ab_range": facts.ab_range,
        "colorfulness": facts.colorfulness,
        "cast": list(facts.tone.cast) if facts.tone else None,
        "sha256": facts.sha256,
        "at": None if facts.at is None else [round(place, 4) for place in facts.at],
        "box": None if facts.box is None else list(facts.box),
    }


def _facts_to_keep(decision: Decision) -> Iterator[Row]:
    """All facts, with the place of the pixels in pixels.npy for those kept."""
    slots = {facts.file_name: slot for slot, (facts, _) in enumerate(decision.kept)}
    return (replace(facts, slot=slots.get(facts.file_name)).to_json() for facts in decision.facts)


def _fingerprint(draft: Path, settings: BuildSettings, decision: Decision) -> str:
    """Changes with any row, any pixel and any setting: 16 hexadecimal digits."""
    digest = hashlib.sha256(json.dumps(settings.to_json(), sort_keys=True).encode())
    digest.update((draft / METADATA).read_bytes())
    for facts, _ in decision.kept:
        digest.update(facts.pixels.encode())
    return digest.hexdigest()[:16]
