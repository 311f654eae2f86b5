"""What a picture file says beside its pixels, whatever its kind, true of the picture as it is now.

Orientation is taken from where the standards put it first: EXIF (in a TIFF its own tag 274; CIPA DC-008, 4.6.4),
in a PNG the eXIf chunk, then EXIF as ImageMagick writes it; then XMP's tiff:Orientation (MWG Guidelines 2.0, 5).
A GIF's comments and XMP, which Pillow passes over: GIF89a, sections 24 and 26; XMP Specification part 3, 1.1.2 (the
packet lies between the sub-blocks' lengths as if it were lengths itself, and a trailer of 258 bytes leads readers out).
"""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import IO

from PIL import ImageFile, TiffImagePlugin

from safelight.pixels import box_formats, exif, jpeg_segments, photo, png_chunks, tiff_directories, xmp
from safelight.pixels.photo import Metadata, Resource

LARGEST = 1 << 24  # bytes of all comments, and of the packet
_MOST_BLOCKS = 1_000_000  # sub-blocks of at most 255 bytes
_EXTENSION, _PICTURE, _COMMENT, _APPLICATION = 0x21, 0x2C, 0xFE, 0xFF
_XMP = b"XMP DataXMP"
_TRAILER = b"\x01\xff\xfe\xfd"


def read_gif_extensions(file: IO[bytes]) -> tuple[tuple[bytes, ...], bytes | None]:
    """Comments, and the XMP packet; fewer where the file is damaged."""
    comments: list[bytes] = []
    packet = b""
    for label in _extensions(file):
        if label == _COMMENT:
            comments.append(_blocks(file, LARGEST - sum(map(len, comments))))
        elif label == _APPLICATION and not packet and file.read(1 + len(_XMP))[1:] == _XMP:
            start = file.tell()
            _skip_blocks(file, _MOST_BLOCKS)
            length = min(file.tell() - start, LARGEST)
            file.seek(start)
            packet = file.read(length).partition(_TRAILER)[0]
    return tuple(comment for comment in comments if comment), packet or None


def _extensions(file: IO[bytes]) -> Iterator[int]:
    """The label of each extension, the file at its first sub-block."""
    file.seek(0)
    head = file.read(13)
    if len(head) < 13:
        return
    _skip_palette(file, head[10])
    left = _MOST_BLOCKS
    while left > 0 and (kind := file.read(1)) and kind[0] in (_EXTENSION, _PICTURE):
        if kind[0] == _EXTENSION:
            label = file.read(1)
            start = file.tell()
            if label:
                yield label[0]
            file.seek(start)
        else:
            described = file.read(9)
            _skip_palette(file, described[8] if len(described) == 9 else 0)
            file.seek(1, 1)
        left -= _skip_blocks(file, left)


def _skip_palette(file: IO[bytes], flags: int) -> None:
    if flags & 0x80:
        file.seek(3 * 2 ** (flags % 8 + 1), 1)


def _skip_blocks(file: IO[bytes], most: int) -> int:
    """Go behind the sub-blocks, up to the empty one; how many there were."""
    for number in range(most):
        length = file.read(1)
        if not length or not length[0]:
            return number + 1
        file.seek(length[0], 1)
    return most


def _blocks(file: IO[bytes], most: int) -> bytes:
    """What the sub-blocks hold, one after the other, as far as it is not too much."""
    held = bytearray()
    while (length := file.read(1)) and length[0]:
        data = file.read(length[0])
        held += data if len(held) + len(data) <= most else b""
        if len(data) < length[0]:
            break
    return bytes(held)


Pair = tuple[float, float]

_WEBP = (b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP", b"EXIF", b"XMP ", b"C2PA")
_MOVED = (
    "its MakerNote was moved, so that what the camera's maker counts from the file's beginning may be lost"
)
_EXPLAINS = {"its gain map (HDR)", "its film (motion photo)", "its depth map"}  # what the second picture is


@dataclass(frozen=True)
class Said:
    """EXIF, XMP, resolution and the rest, as the file has them.

    turn is the orientation that the file states (1 to 8); pending the one still to be applied once Pillow has
    loaded the pixels. belongs says in words what belongs to the photo as it was, unknown what is not known here;
    moved, whether a MakerNote is not where it was.
    """

    exif: bytes | None = None
    xmp: bytes | None = None
    dpi: Pair | None = None
    metadata: Metadata = field(default_factory=Metadata)
    turn: int = 1
    pending: int = 1
    belongs: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    moved: bool = False

    @property
    def remarks(self) -> tuple[str, ...]:
        """What was left out, a sentence each for a reason."""
        return (
            *sentence(
                self.belongs, "it belongs to the photo as it was", "they belong to the photo as it was"
            ),
            *sentence(self.unknown, "it cannot be read here", "they cannot be read here"),
            *((_MOVED,) if self.moved else ()),
        )


def read_metadata(image: ImageFile.ImageFile) -> Said:
    """What the file of a picture says, whose pixels are not loaded yet."""
    said = _read(image)
    assert image.fp is not None
    behind = jpeg_segments.behind(image.fp) if image.format in ("JPEG", "MPO") else None
    stated, pending = _turns(image, said)
    dpi = _dpi(image) or _meant(exif.dpi(said.exif))
    return replace(
        said,
        dpi=dpi,
        metadata=replace(said.metadata, aspect=None if dpi else _aspect(image)),
        turn=stated,
        pending=pending,
        belongs=(*said.belongs, *([behind] if behind else [])),
    )


def read_block(image: ImageFile.ImageFile) -> Said:
    """The EXIF block and the turn alone, without a look at what lies behind the picture."""
    said = _read(image)
    stated, pending = _turns(image, said)
    return Said(exif=said.exif, turn=stated, pending=pending)


def _turns(image: ImageFile.ImageFile, said: Said) -> tuple[int, int]:
    """The orientation that the file states, and the one that Pillow leaves to us: it turns a TIFF by itself."""
    if not isinstance(image, TiffImagePlugin.TiffImageFile):
        turn = exif.stated_orientation(said.exif) or xmp.orientation(said.xmp) or 1
        return turn, turn
    stated = image.tag_v2.get(exif.ORIENTATION)
    by_pillow = image.getexif().get(exif.ORIENTATION, 1)
    if by_pillow in range(2, 9):
        return int(by_pillow), 1
    turn = 1 if stated == 1 else xmp.orientation(said.xmp) or 1
    return turn, turn


def made_upright(said: Said, size: tuple[int, int]) -> Said:
    """The same, true of the picture as it is now: upright, of this size (h, w), alone in its file."""
    turned, belongs, block, packet = said.turn >= 5, list(said.belongs), said.exif, said.xmp
    if block:
        block = exif.upright(block, size, said.turn)
    if packet:
        packet, words = xmp.true_to(packet, size, said.turn)
        belongs += words
    resources, words = photo.sort_resources(said.metadata.resources, said.turn)
    belongs = list(dict.fromkeys((*belongs, *words)))
    if _EXPLAINS & set(belongs) and jpeg_segments.SECOND in belongs:
        belongs.remove(jpeg_segments.SECOND)
    metadata = replace(
        said.metadata,
        resources=resources,
        chunks=png_chunks.turned(said.metadata.chunks),
        aspect=_swapped(said.metadata.aspect, turned),
    )
    return replace(
        said,
        exif=block,
        xmp=packet,
        dpi=_swapped(said.dpi, turned),
        metadata=metadata,
        belongs=tuple(belongs),
    )


def _read(image: ImageFile.ImageFile) -> Said:
    """All but the turn and the resolution; Pillow finds its place in the file as it left it."""
    assert image.fp is not None
    place = image.fp.tell()
    readers = {
        **{"JPEG": _of_jpeg, "MPO": _of_jpeg, "PNG": _of_png, "WEBP": _of_webp, "GIF": _of_gif},
        **{"JPEG2000": _of_jpeg2000, "AVIF": _of_avif},
    }
    try:
        if isinstance(image, TiffImagePlugin.TiffImageFile):
            said = _of_tiff(image)
        else:
            said = readers.get(image.format or "", _of_others)(image)
        return replace(said, xmp=xmp.as_utf8(said.xmp))
    finally:
        image.fp.seek(place)


def _of_others(image: ImageFile.ImageFile) -> Said:
    """As Pillow found it."""
    block, packet = image.info.get("exif"), image.info.get("xmp")
    return Said(
        exif=exif.strip_prefix(block if isinstance(block, bytes) else None),
        xmp=packet if isinstance(packet, bytes) and packet else None,
    )


def _of_gif(image: ImageFile.ImageFile) -> Said:
    assert image.fp is not None
    comments, packet = read_gif_extensions(image.fp)
    return Said(xmp=packet, metadata=Metadata(comments=comments))


def _of_webp(image: ImageFile.ImageFile) -> Said:
    names = _riff_names(image)
    return replace(
        _of_others(image),
        belongs=("its signed origin (C2PA)",) if b"C2PA" in names else (),
        unknown=_parts(name for name in names if name not in _WEBP),
    )


def _of_jpeg(image: ImageFile.ImageFile) -> Said:
    assert image.fp is not None
    segments = jpeg_segments.read(image.fp)
    private, belongs = jpeg_segments.sorted_out(segments)
    packet, _ = jpeg_segments.xmp_of(segments, None)
    name = xmp.extension_of(packet) if packet else None
    unknown: tuple[str, ...] = ()
    if packet and name:
        extension = jpeg_segments.xmp_of(segments, name)[1]
        whole = xmp.joined(packet, extension) if extension else None
        unknown = () if whole else ("a part of its XMP",)
        packet = whole or packet
    resources = photo.read_resources(
        jpeg_segments.joined(segments, jpeg_segments.APP13, jpeg_segments.PHOTOSHOP)
    )
    block = exif.strip_prefix(jpeg_segments.exif_of(segments))
    said = _with_resources(Said(block, packet, belongs=tuple(belongs), unknown=unknown), resources)
    comments = tuple(each.data for each in segments if each.kind == jpeg_segments.COMMENT and each.data)
    return replace(said, metadata=replace(said.metadata, comments=comments, segments=private))


def _of_png(image: ImageFile.ImageFile) -> Said:
    assert image.fp is not None
    chunks, belongs, unknown = png_chunks.read(image.fp)
    blocks, others = png_chunks.blocks(chunks)
    said = Said(
        exif=exif.strip_prefix(blocks.get("exif")),
        xmp=blocks.get("xmp") or None,
        metadata=Metadata(chunks=tuple(others)),
        belongs=tuple(belongs),
        unknown=_parts(unknown),
    )
    return _with_captions(said, blocks)


def _of_jpeg2000(image: ImageFile.ImageFile) -> Said:
    assert image.fp is not None
    blocks, belongs, unknown = box_formats.read_jpeg2000_boxes(image.fp)
    said = Said(
        exif=exif.strip_prefix(blocks.get("exif")),
        xmp=blocks.get("xmp") or None,
        belongs=tuple(belongs),
        unknown=_parts(unknown),
    )
    return _with_captions(said, blocks)


def _of_avif(image: ImageFile.ImageFile) -> Said:
    assert image.fp is not None
    return replace(_of_others(image), belongs=box_formats.around_avif(image.fp))


def _with_captions(said: Said, blocks: dict[str, bytes]) -> Said:
    """With captions, bare or within Photoshop's resources, and the other resources."""
    captions, resources = blocks.get("iptc", b""), photo.read_resources(blocks.get("8bim", b""))
    if captions[:1] == b"\x1c":
        said = replace(said, metadata=replace(said.metadata, iptc=captions))
    return _with_resources(said, (*photo.read_resources(captions), *resources))


def _of_tiff(image: TiffImagePlugin.TiffImageFile) -> Said:
    assert image.fp is not None
    try:
        tags = tiff_directories.read_tags(image.fp, image.tag_v2.offset or 0)
    except (ValueError, struct.error):
        return Said(unknown=("what it says beside its pixels",))
    said = Said(
        exif=tags.block,
        xmp=tags.separate.get(tiff_directories.XMP, b"").rstrip(b"\0") or None,
        metadata=Metadata(iptc=tags.separate.get(tiff_directories.IPTC) or None),
        belongs=tags.belongs,
        unknown=(f"{tags.damaged} field{'s' * (tags.damaged > 1)} (damaged or too long)",)
        * bool(tags.damaged),
        moved=tags.moved,
    )
    return _with_resources(said, photo.read_resources(tags.separate.get(tiff_directories.RESOURCES, b"")))


def _with_resources(said: Said, resources: Iterable[Resource]) -> Said:
    """With Photoshop's resources; captions, EXIF and XMP among them count where the file has no other."""
    kept: dict[int, Resource] = {}
    for each in resources:
        kept.setdefault(each.number, each)
    captions, block, packet = (
        kept.pop(number).data if number in kept else None
        for number in (photo.CAPTIONS, photo.EXIF, photo.XMP)
    )
    return replace(
        said,
        exif=said.exif or exif.strip_prefix(block),
        xmp=said.xmp or packet or None,
        metadata=replace(said.metadata, iptc=said.metadata.iptc or captions, resources=tuple(kept.values())),
    )


def _riff_names(image: ImageFile.ImageFile) -> list[bytes]:
    """The names of a WebP's chunks."""
    assert image.fp is not None
    image.fp.seek(12)
    names: list[bytes] = []
    while len(head := image.fp.read(8)) == 8 and len(names) < 1000:
        names.append(head[:4])
        length = struct.unpack("<L", head[4:])[0]
        image.fp.seek(length + length % 2, 1)
    return names


def _dpi(image: ImageFile.ImageFile) -> Pair | None:
    """Pixels an inch, (x, y), outside of EXIF; None where the file has none, or one that cannot be meant."""
    if image.format in ("JPEG", "MPO") and image.info.get("jfif_unit") not in (1, 2):
        return None  # Pillow takes EXIF's x for both
    try:
        x, y = (float(value) for value in image.info["dpi"])
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None
    return _meant((x, y))


def _meant(dpi: Pair | None) -> Pair | None:
    return dpi if dpi and all(1 < each < 1e5 for each in dpi) else None


def _aspect(image: ImageFile.ImageFile) -> Pair | None:
    """(x, y) of a resolution without a unit, if its pixels are not square."""
    found = image.info.get("aspect") or image.info.get("resolution")
    if image.format in ("JPEG", "MPO") and image.info.get("jfif_unit") == 0:
        found = image.info.get("jfif_density")
    try:
        x, y = (float(value) for value in found or ())
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return (x, y) if x > 0 and y > 0 and x != y else None


def _swapped(pair: Pair | None, turned: bool) -> Pair | None:
    return (pair[1], pair[0]) if pair and turned else pair


def _parts(names: Iterable[bytes]) -> tuple[str, ...]:
    """Chunks of names that are not known, in words."""
    return tuple(f"its part {name.decode('latin-1')!r}" for name in dict.fromkeys(names))


def sentence(words: Iterable[str], one: str, many: str) -> tuple[str, ...]:
    """What was left out, and why, of one thing and of many; nothing if there is none."""
    words = tuple(words)
    if not words:
        return ()
    head = words[0].split(" (")[0]
    is_one = len(words) == 1 and (head.startswith("what ") or not head.endswith("s"))
    listed = " and ".join((", ".join(words[:-1]), words[-1])) if len(words) > 1 else words[0]
    return (f"{listed} {'was' if is_one else 'were'} left out, as {one if is_one else many}",)
