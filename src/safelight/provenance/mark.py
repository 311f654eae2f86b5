"""A photo marked: its XMP says how it was made, and where asked for a strip below it. Nothing else of it changes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from safelight.errors import PhotoError
from safelight.pixels.photo import Photo
from safelight.provenance.made import Json, Made, Source, UsedModel, checksum
from safelight.provenance.packet import source_of, with_record
from safelight.provenance.terms import Kind

_OF_TASK: dict[str, tuple[str, Kind]] = {  # a card's task: the command that does it, and what it makes
    "colorize": ("colorize", "learned"),
    "fill": ("fill", "learned"),
    "decode": ("reconstruct", "generated"),
}


@dataclass(frozen=True)
class Labels:
    """What a result is to say of itself.

    mark: in its metadata. source_type: IPTC's term in place of the one that follows. caption: on a strip below the
    picture; the text of a user, or what is true of the step where it is empty; None for no strip.
    """

    mark: bool = True
    source_type: str = ""
    caption: str | None = None


def labeled(photo: Photo, made: Made, labels: Labels) -> Photo:
    """The photo with what the labels ask for; remarks on what a user must know are among its own.

    Of a photo of which nothing was changed no caption is drawn. Raises PhotoError for a caption that cannot be drawn.
    """
    if labels.caption is not None:
        from safelight.provenance import caption  # few ask for one, and fonts take time

        text = labels.caption or caption.caption_of(made)
        if text and made.kind != "unchanged":
            below = caption.with_caption(photo, text)
            added = below.size[0] - photo.size[0]
            photo = replace(below, remarks=(*photo.remarks, f"is {added} pixels higher now, for its caption"))
    if not labels.mark:
        return photo
    return mark_photo(photo, replace(made, source_type=labels.source_type))


class Card(Protocol):
    """What a mark takes of a model's card."""

    @property
    def name(self) -> str: ...
    @property
    def sha256(self) -> str: ...
    @property
    def task(self) -> str: ...


class Restorer(Protocol):
    """Whatever `safelight.load` returns. card: None of a filler without a model."""

    @property
    def card(self) -> Card | None: ...


def mark(
    photo: Photo,
    restorer: Restorer,
    source: str | Path | None = None,
    settings: Mapping[str, Json] | None = None,
    kind: Kind | None = None,
) -> Photo:
    """The photo that a restorer made, with a mark of that in its XMP; nothing else of it changes.

    source: the file that it is made of. settings: what is to be told of how, JSON by name. kind: "learned" color or
    fill, "classical" fill, "generated", or "unchanged"; None takes what the restorer's model does. Raises PhotoError
    for a source that cannot be read, or settings that are no JSON.
    """
    from safelight.provenance.info import source_on_disk  # which reads marks, too

    task = restorer.card.task if restorer.card else "fill"
    command, usual = _OF_TASK.get(task, (task, "generated"))
    path = None if source is None else Path(source)
    made = Made(
        command,
        kind or (usual if restorer.card else "classical"),
        dict(settings or {}),
        (UsedModel(restorer.card.name, restorer.card.sha256),) if restorer.card else (),
        (source_on_disk(path),) if path else (),
        libraries=libraries(),
    )
    try:
        return mark_photo(photo, made)
    except (TypeError, ValueError) as error:
        raise PhotoError(
            f"the settings to tell are no JSON ({error}); give numbers, texts and lists"
        ) from None


def mark_photo(photo: Photo, made: Made) -> Photo:
    """The photo with the record of one more step in its XMP; pixels and all other fields are the same objects.

    A packet that could not be read is said in its remarks.
    """
    marked = with_record(photo.xmp, made)
    return replace(photo, xmp=marked.packet, remarks=(*photo.remarks, *marked.remarks))


def source_file(path: Path, photo: Photo) -> Source:
    """The file that a photo was read from, as the source of a step. Raises PhotoError if it cannot be read again."""
    return source_of(path.name, checksum(path), photo.xmp)


def libraries() -> dict[str, str]:
    """The versions of the libraries that decide the bytes of a result."""
    import cv2
    import numpy
    import PIL

    return {"numpy": numpy.__version__, "opencv": str(cv2.__version__), "pillow": PIL.__version__}
