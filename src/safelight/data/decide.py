"""Which pictures are kept, and where each goes."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np

from safelight.data.build_state import Facts
from safelight.data.finished import of_pixels
from safelight.data.rows import Row
from safelight.data.scan import Listing, PictureFile, split_named
from safelight.data.settings import BuildSettings
from safelight.data.split import Conflict, Member, Place, Shares, near_duplicates, place_pictures
from safelight.errors import DatasetError, shown

REASONS = {
    "unreadable": "the file cannot be decoded",
    "tiny": "a side is shorter than the settings' min_side",
    "grey": "its range of ab or its mean chroma is below the settings' minimum",
    "toned": "it has one warm hue and no color of its own, as a sepia print has",
    "cast": "all its colors are shifted the same way, by more than the settings' max_cast",
    "duplicate": "its pixels are those of another picture",
    "between": "it resembles pictures of two splits or folds, where its set, an earlier build or --hold-out put them",
    "filtered": "its tags or metadata are not those asked for",
    "missing": "a metadata.jsonl names it, but it is not there",
}


@dataclass(frozen=True)
class Decision:
    """What becomes of every picture that was found."""

    kept: list[tuple[Facts, Place]]
    refused: list[Row]  # file_name, reason (one word), detail
    facts: list[Facts]  # of all that were screened, in the order of their names


def choose(listing: Listing, settings: BuildSettings) -> tuple[list[PictureFile], list[Row]]:
    """The pictures that the settings' tags and metadata let in, and the refusals of the others."""
    refused = [_refuse(name, "missing", "named in metadata.jsonl but not there") for name in listing.missing]
    if not settings.tags and not settings.without:
        return listing.pictures, refused
    chosen = []
    for found in listing.pictures:
        detail = _filtered(
            listing.metadata(found.name) | {"source": source_of(listing, found.name)}, settings
        )
        if detail:
            refused.append(_refuse(found.name, "filtered", detail))
        else:
            chosen.append(found)
    return chosen, refused


def decide(
    listing: Listing,
    facts: list[Facts],
    refused: list[Row],
    settings: BuildSettings,
    recorded: dict[str, Place],
) -> Decision:
    """Keep or refuse each screened picture and place those kept.

    recorded: the places in the dataset as it was, which stay (`Finished.places`).
    Raises DatasetError if nothing is left.
    """
    refused = refused + [_refuse(one.file_name, one.refused, one.detail) for one in facts if one.refused]
    usable = [one for one in facts if not one.refused]
    # Toned pictures are placed before they are left out: whether they are kept moves no other.
    places = _places(listing, usable, settings, recorded)
    originals = _originals(usable, places, recorded)
    kept = []
    for one, place in zip(usable, places, strict=True):
        original = originals[one.pixels]
        if original != one.file_name:
            refused.append(_refuse(one.file_name, "duplicate", f"same pixels as {original}"))
        elif isinstance(place, Conflict):
            refused.append(_refuse(one.file_name, "between", str(place)))
        elif reason := _tone_refusal(one, settings):
            refused.append(_refuse(one.file_name, *reason))
        else:
            kept.append((one, place))
    if not kept:
        raise DatasetError(f"{listing.source} has no usable picture{_first_reasons(refused)}")
    refused.sort(key=lambda row: str(row["file_name"]))
    return Decision(kept, refused, facts)


def source_of(listing: Listing, name: str) -> str:
    """Where a picture comes from: as its metadata says, else the first folder of its name."""
    stated = listing.metadata(name).get("source")
    if stated:
        return str(stated)
    parts = PurePosixPath(name).parts
    return parts[0] if len(parts) > 1 else listing.source.name


def _filtered(metadata: Row, settings: BuildSettings) -> str:
    if settings.tags and not set(settings.tags) & set(_texts(metadata.get("tags"))):
        return f"has none of the tags {', '.join(settings.tags)}"
    for key, value in settings.without:
        if value in _texts(metadata.get(key)):
            return f"without {key}={value}"
    return ""


def _texts(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else [] if value is None else [str(value)]


def _tone_refusal(facts: Facts, settings: BuildSettings) -> tuple[str, str] | None:
    """Reason and detail, or None for a picture whose colors are its own."""
    tone = facts.tone
    if tone and tone.is_toned(settings.min_spread, facts.chroma):
        return "toned", f"hue {tone.hue:.0f}°, ab strays {tone.spread:.1f} < {settings.min_spread:g}"
    if tone and settings.casts == "leave" and tone.shift > settings.max_cast:
        return "cast", f"shifted by {tone.shift:.0f} > {settings.max_cast:g}"
    return None


def _places(
    listing: Listing, usable: list[Facts], settings: BuildSettings, recorded: dict[str, Place]
) -> list[Place | Conflict]:
    if not usable:
        return []
    own = settings.splits == "own"
    held_out = dict(settings.hold_out)
    members = [_member(listing, one, recorded, own, held_out) for one in usable]
    _check_found(held_out, [source_of(listing, one.file_name) for one in usable])
    stated = frozenset(member.stated for member in members if member.stated)
    shares = Shares(settings.val, settings.test, settings.folds, stated)
    return place_pictures(members, _neighbors(usable), shares)


def _member(
    listing: Listing, facts: Facts, recorded: dict[str, Place], own: bool, held_out: Mapping[str, int]
) -> Member:
    metadata = listing.metadata(facts.file_name)
    origin, source = metadata.get("origin_path"), source_of(listing, facts.file_name)
    labels = [of_pixels(facts)]
    if origin:
        labels.append(f"origin {source}/{origin}")
    key = labels[-1] if origin else facts.sha256
    stated = split_named(metadata.get("split")) if own else None
    if source in held_out and int(facts.sha256[:16], 16) % held_out[source] == 0:
        stated = "foreign"
    place = recorded.get(facts.sha256) or recorded.get(of_pixels(facts))
    return Member(key, tuple(labels), place, stated)


def _check_found(held_out: Mapping[str, int], sources: Iterable[str]) -> None:
    """Raises DatasetError for a source to hold out of which there is no picture."""
    known = set(sources)
    for source in held_out:
        if source not in known:
            raise DatasetError(
                f"there is no picture of {source!r} to hold out; the sources are {', '.join(map(shown, sorted(known)))}"
            )


def _neighbors(usable: list[Facts]) -> dict[int, list[int]]:
    hashes = np.array([int(one.phash, 16) for one in usable], np.uint64)
    thumbs = np.array([np.frombuffer(bytes.fromhex(one.thumb), np.uint8) for one in usable])
    neighbors = defaultdict(list)
    for i, j in near_duplicates(hashes, thumbs).tolist():
        neighbors[i].append(j)
        neighbors[j].append(i)
    return neighbors


def _originals(
    usable: list[Facts], places: list[Place | Conflict], recorded: dict[str, Place]
) -> dict[str, str]:
    """For each content the file that stands for it: one with a place, kept before, else the first by name."""

    def turn(number: int) -> tuple[bool, bool, str]:
        one = usable[number]
        return isinstance(places[number], Conflict), one.sha256 not in recorded, one.file_name

    originals: dict[str, str] = {}
    for number in sorted(range(len(usable)), key=turn):
        originals.setdefault(usable[number].pixels, usable[number].file_name)
    return originals


def _refuse(name: str, reason: str, detail: str) -> Row:
    return {"file_name": name, "reason": reason, "detail": detail}


def _first_reasons(refused: list[Row]) -> str:
    if not refused:
        return "; expected JPEG, PNG, TIFF or WebP files"
    first, counts = refused[0], Counter(str(row["reason"]) for row in refused)
    reasons = ", ".join(f"{count} {reason}" for reason, count in counts.most_common())
    return (
        f" among {len(refused)} ({reasons}); the first, {first['file_name']}, is {first['reason']}: "
        f"{first['detail']}"
    )
