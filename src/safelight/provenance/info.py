"""What a picture file says of itself, without a look at its pixels: kind, size, color, and how it came to be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from PIL import ImageFile, PngImagePlugin, TiffImagePlugin

from safelight.errors import PhotoError, shown
from safelight.pixels import png_chunks, read_metadata
from safelight.pixels.opening import Opened, open_picture
from safelight.pixels.pages import pages_of
from safelight.pixels.space import Mode
from safelight.pixels.tiff_layout import ALPHAS, MEANINGS
from safelight.pixels.which_rgb import what_is_said, which_space
from safelight.provenance import packet, terms
from safelight.provenance.made import Made, Source, checksum
from safelight.provenance.packet import Event, Origin, Said
from safelight.reports.text import count

_MODES: dict[str, tuple[str, Mode]] = {  # of Pillow's first letters: in words, and what it is a kind of
    "1": ("black and white", "L"),
    "L": ("grey", "L"),
    "I": ("grey", "L"),
    "F": ("grey", "L"),
    "P": ("palette", "RGB"),
    "RGB": ("RGB", "RGB"),
    "YCbCr": ("RGB", "RGB"),
    "CMYK": ("inks (CMYK)", "CMYK"),
    "LAB": ("CIE Lab", "LAB"),
}
_BITS, _SHORT = 258, 12  # TIFF's tag; digits of a checksum in words
_GREY_ALPHA = 4  # PNG's color type


@dataclass(frozen=True)
class Info:
    """What a file says. size: (w, h) upright. color: the name of its color space. said: how it came to be.

    pages: pictures of a TIFF that are no reduced copies of others. further: channels beside color and alpha, such as
    infrared.
    """

    path: Path
    format: str
    size: tuple[int, int]
    mode: str
    alpha: bool
    depth: int
    color: str
    said: Said
    pages: int = 1
    further: int = 0

    def to_json(self) -> dict[str, object]:
        """All of it, with safelight's records as they stand in the mark."""
        return asdict(self) | {"path": str(self.path)}


def read_info(path: Path, limit_megapixels: float | None = None) -> Info:
    """What a picture file says of itself. Raises PhotoError if it is none that is read."""
    with open_picture(path, limit_megapixels) as opened:
        image = opened.image
        found = read_metadata.read_metadata(image)
        words, mode = _MODES[MEANINGS[opened.layout.meaning][1]] if opened.layout else _mode(_name_of(image))
        extra = opened.page.extra if opened.page else ()
        alphas = sum(kind in ALPHAS for kind in extra)
        depth = _depth(opened)
        space, _ = which_space(what_is_said(image), mode, 16 if depth > 8 else 8, found.exif)
        width, height = opened.size
        return Info(
            path,
            opened.format or ("JPEG" if image.format == "MPO" else str(image.format)),
            (height, width) if found.pending >= 5 else (width, height),
            words,
            alphas > 0 or image.has_transparency_data,
            depth,
            space.name if mode != "CMYK" or space.profile else "no profile",
            packet.read(found.xmp),
            _pages(path),
            len(extra) - alphas,
        )


def source_on_disk(path: Path) -> Source:
    """A photo's file as the source of a step, by what it says of itself. Raises PhotoError."""
    said = read_info(path).said
    return Source(path.name, checksum(path), said.source_type, said.document_id, said.instance_id)


def in_words(info: Info) -> Iterator[str]:
    """The lines that tell it to a person."""
    width, height = info.size
    alpha = " with alpha" if info.alpha else ""
    further = f" and {count(info.further, 'further channel')}" if info.further else ""
    pages = f", {info.pages} pages" if info.pages > 1 else ""
    yield (
        f"{shown(info.path)}: {info.format}, {width} × {height} pixels, {info.mode}{alpha}{further}, "
        f"{count(info.depth, 'bit')} a channel, {info.color}{pages}"
    )
    said = info.said
    yield f"  source type: {terms.in_words(said.source_type) or 'not said'}"
    if said.system:
        yield f"  AI system: {said.system}; {said.system_version}"
    steps = {f"xmp.iid:{step.id}": step for step in said.steps}
    if said.history:
        yield "  history:"
    for event in said.history:
        yield f"    {_event(event)}"
        yield from (f"      {line}" for line in _step(steps.pop(event.instance_id, None)))
    for origin in (said.derived_from, *said.ingredients):
        if origin:
            yield f"  derived from {_origin(origin)}"
    for name, value in (("document", said.document_id), ("instance", said.instance_id)):
        if value:
            yield f"  {name}: {value}"
    yield from (f"  {remark}" for remark in said.remarks)
    if said.steps and steps:
        yield f"  {len(steps)} of safelight's records belong to no event of its history: it was edited since"


def _event(event: Event) -> str:
    when = event.when.replace("T", " ").replace("Z", " UTC")
    by = f"by {event.agent}" if event.agent else ""
    return " ".join(filter(None, (when, event.action or "changed", by)))


def _step(step: Made | None) -> Iterator[str]:
    """A step in lines: what was done, with which models and files."""
    if step is None:
        return
    yield packet.settings_in_words(step)
    for model in step.models:
        yield f"model {model.name} (sha256 {model.sha256[:_SHORT]}…)"
    for role, file in step.files.items():
        yield f"{role} {shown(file.name)} (sha256 {file.sha256[:_SHORT]}…)"
    if step.region:
        region = step.region
        yield (
            f"changed: {region.pixels} pixels within {region.width} × {region.height} at {region.left}, {region.top}"
        )


def _origin(origin: Origin) -> str:
    parts = [shown(origin.name) or origin.instance_id or origin.document_id or "another picture"]
    if origin.sha256:
        parts.append(f"(sha256 {origin.sha256[:_SHORT]}…)")
    if origin.source_type:
        parts.append(f"which said of itself: {terms.in_words(origin.source_type)}")
    return " ".join(parts)


def _pages(path: Path) -> int:
    """How many pages it has; 1 where that cannot be told: what follows the first page may be damaged."""
    try:
        return pages_of(path).count
    except PhotoError:
        return 1


def _name_of(image: ImageFile.ImageFile) -> str:
    """Pillow's name of the mode; of a PNG of grey and alpha at 16 bits, which Pillow opens as RGBA, "LA"."""
    if isinstance(image, PngImagePlugin.PngImageFile) and image.fp is not None:
        return "LA" if png_chunks.header(image.fp)[9] == _GREY_ALPHA else image.mode
    return image.mode


def _mode(name: str) -> tuple[str, Mode]:
    return next(
        (_MODES[each] for each in sorted(_MODES, key=len, reverse=True) if name.startswith(each)),
        (name, "RGB"),
    )


def _depth(opened: Opened) -> int:
    """Bits a channel, as they are stored."""
    image = opened.image
    if isinstance(image, PngImagePlugin.PngImageFile) and image.fp is not None:
        return png_chunks.header(image.fp)[8]
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        bits = image.tag_v2.get(
            _BITS, (opened.layout.bits if opened.layout else 1,)
        )  # 1 where it is not said
        return int(bits[0] if isinstance(bits, tuple) else bits)
    return opened.depth
