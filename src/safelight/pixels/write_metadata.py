"""Where each kind of file has a place for what a photo says beside its pixels, and what it has none for.

Captions (IPTC): a JPEG's APP13, a TIFF's 33723 (and 34377, as Photoshop does), in a PNG the text that ImageMagick
and exiftool read. Comments: a JPEG's COM, a PNG's Comment.
"""

import struct
from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction

from safelight.pixels import exif, jpeg_segments, png_chunks, tiff_directories, xmp
from safelight.pixels.jpeg_segments import cut, segment
from safelight.pixels.photo import CAPTIONS, Chunk, Metadata, Photo, Resource, resource_block
from safelight.pixels.read_metadata import sentence

_PNG_ALONE = {
    "tIME": "its time of change (tIME)",
    "sCAL": "its scale (sCAL)",
    "oFFs": "its offset (oFFs)",
    "pCAL": "its calibration (pCAL)",
    "sTER": "its stereo order (sTER)",
}
_NEAR = 0.01  # resolutions that differ by less are the same
_INCH, _CM = 1, 2  # JFIF's units
_JFIF = 6, 13  # where a JPEG says JFIF, and its unit


def of_size(photo: Photo, size: tuple[int, int]) -> Photo:
    """The photo, what EXIF and XMP say of the size true of another one (h, w)."""
    return replace(
        photo,
        exif=exif.upright(photo.exif, size) if photo.exif else None,
        xmp=xmp.true_to(photo.xmp, size, 1)[0] if photo.xmp else None,
    )


def in_jpeg(photo: Photo) -> tuple[bytes, tuple[str, ...]]:
    """The segments behind a JPEG's first, and remarks on what was left out."""
    said, pieces = photo.metadata, list[bytes]()
    lost: list[str] = []
    comments, chunks = png_chunks.comments(said.chunks)
    has_jfif = photo.native is None or photo.native.mode != "CMYK"  # inks have Adobe's segment in its place
    block = photo.exif if has_jfif else _block_with_dpi(photo, lost)
    if block:
        pieces += _exif_segment(block, lost)
    if photo.xmp:
        pieces += _xmp_segments(photo.xmp, lost)
    resources = _resources(said, said.iptc)
    if resources:
        pieces += cut(jpeg_segments.APP13, jpeg_segments.PHOTOSHOP, resource_block(resources))
    pieces += [segment(each.kind, each.data) for each in said.segments]
    for each in (*said.comments, *comments):
        if len(each) > jpeg_segments.LARGEST:
            lost.append(f"a comment of {len(each)} bytes")
        else:
            pieces.append(segment(jpeg_segments.COMMENT, each))
    lost += _of_png_alone(chunks)
    return b"".join(pieces), _remark(lost, "JPEG")


def in_png(photo: Photo) -> tuple[list[Chunk], tuple[str, ...]]:
    """The chunks behind a PNG's header, and remarks on what was left out."""
    said, chunks = photo.metadata, list[Chunk]()
    lost: list[str] = []
    if photo.dpi:
        x, y = (round(per_inch / 0.0254) for per_inch in photo.dpi)
        chunks.append(Chunk(b"pHYs", struct.pack(">LLB", x, y, 1)))  # pixels a meter
    elif said.aspect:
        chunks.append(Chunk(b"pHYs", struct.pack(">LLB", *_whole(said.aspect, 1 << 31), 0)))
    if photo.exif:
        chunks.append(Chunk(b"eXIf", photo.exif))
    if photo.xmp:
        chunks.append(Chunk(b"iTXt", b"XML:com.adobe.xmp" + bytes(5) + photo.xmp))
    if said.iptc:
        data = resource_block([Resource(CAPTIONS, said.iptc)])
        chunks.append(png_chunks.profile(b"iptc", data))
    if said.resources:
        chunks.append(png_chunks.profile(b"8bim", resource_block(said.resources)))
    chunks += said.chunks
    chunks += [png_chunks.comment(each) for each in said.comments]
    lost += _of_jpeg_alone(said)
    return chunks, _remark(lost, "PNG")


def in_tiff(photo: Photo) -> tuple[dict[int, bytes], tuple[str, ...]]:
    """The data of XMP, IPTC and RESOURCES, and remarks on what was left out."""
    said, lost = photo.metadata, list[str]()
    fields: dict[int, bytes] = {}
    if photo.xmp:
        fields[tiff_directories.XMP] = photo.xmp
    if said.iptc:
        fields[tiff_directories.IPTC] = said.iptc
    if said.resources:
        fields[tiff_directories.RESOURCES] = resource_block(_resources(said, said.iptc))
    comments, chunks = png_chunks.comments(said.chunks)
    lost += ["its comment"] * bool(comments or said.comments) + _of_png_alone(chunks) + _of_jpeg_alone(said)
    stated = exif.dpi(photo.exif)
    if photo.dpi and stated and not near(photo.dpi, stated):
        lost.append(f"its other resolution (EXIF, {stated[0]:g} dpi)")
    return fields, _remark(lost, "TIFF")


def in_webp(photo: Photo) -> tuple[bytes | None, bytes | None, tuple[str, ...]]:
    """EXIF and XMP, and remarks on what was left out. EXIF has the resolution, as a WebP has no other place."""
    said, lost = photo.metadata, list[str]()
    block = _block_with_dpi(photo, lost)
    comments, chunks = png_chunks.comments(said.chunks)
    lost += ["its captions (IPTC)"] * bool(said.iptc)
    lost += ["what Photoshop says of it"] * bool(said.resources)
    lost += ["its comment"] * bool(comments or said.comments) + _of_png_alone(chunks) + _of_jpeg_alone(said)
    return block, photo.xmp, _remark(lost, "WebP")


def jfif_density(photo: Photo) -> tuple[bytes, tuple[str, ...]]:
    """Unit and density of a JPEG's first segment, and a remark where they are not the photo's."""
    if photo.dpi is None:
        x, y = _whole(photo.metadata.aspect, 65535) if photo.metadata.aspect else (1, 1)
        return struct.pack(">BHH", 0, x, y), ()
    steps = {_INCH: 1.0, _CM: 2.54}
    units = {unit: tuple(each / step for each in photo.dpi) for unit, step in steps.items()}
    unit = min(units, key=lambda unit: max(abs(each - round(each)) / each for each in units[unit]))
    x, y = (min(max(round(each), 1), 65535) for each in units[unit])
    remarks: tuple[str, ...] = ()
    if not near((x * steps[unit], y * steps[unit]), photo.dpi):
        remarks = (f"its resolution ({photo.dpi[0]:g} dpi) was rounded, as a JPEG has whole numbers",)
    return struct.pack(">BHH", unit, x, y), remarks


def with_density(start: bytes, density: bytes) -> bytes:
    """The first bytes of a JPEG with another unit and density; as they were if it is no JFIF."""
    name, unit = _JFIF
    return start[:unit] + density + start[unit + 5 :] if start[name : name + 5] == b"JFIF\0" else start


def near(one: tuple[float, float], other: tuple[float, float]) -> bool:
    """Whether two resolutions are the same but for rounding."""
    return all(abs(a - b) <= _NEAR * max(a, b) for a, b in zip(one, other, strict=True))


def _block_with_dpi(photo: Photo, lost: list[str]) -> bytes | None:
    """The EXIF block with the resolution, for a file that has no other place for it."""
    stated = exif.dpi(photo.exif)
    if photo.dpi and not stated:
        return exif.with_dpi(photo.exif, photo.dpi)
    if photo.dpi and stated and not near(photo.dpi, stated):
        lost.append(f"its own resolution ({photo.dpi[0]:g} dpi)")
    elif photo.metadata.aspect:
        lost.append("its aspect (pixels that are not square)")
    return photo.exif


def _exif_segment(block: bytes, lost: list[str]) -> list[bytes]:
    smaller, tags = exif.within(block, jpeg_segments.LARGEST - len(jpeg_segments.EXIF))
    if smaller is None:
        lost.append(f"its EXIF ({len(block)} bytes)")
        return []
    names = ", ".join(map(str, tags))
    lost += [f"its longest EXIF field{'s' * (len(tags) > 1)} ({names})"] if tags else []
    return [segment(jpeg_segments.APP1, jpeg_segments.EXIF, smaller)]


def _xmp_segments(packet: bytes, lost: list[str]) -> list[bytes]:
    """The packet in a segment, without its padding if it must be, or in two parts."""
    largest = jpeg_segments.LARGEST - len(jpeg_segments.XMP)
    packet = packet if len(packet) <= largest else xmp.without_padding(packet)
    if len(packet) <= largest:
        return [segment(jpeg_segments.APP1, jpeg_segments.XMP, packet)]
    parts = xmp.split(packet, largest)
    if parts is None:
        lost.append(f"its XMP ({len(packet)} bytes)")
        return []
    main, extension, name = parts
    first = segment(jpeg_segments.APP1, jpeg_segments.XMP, main)
    return [first, *jpeg_segments.more_xmp(extension, name)]


def _resources(said: Metadata, captions: bytes | None) -> list[Resource]:
    """Photoshop's resources with the captions among them."""
    return [*([Resource(CAPTIONS, captions)] if captions else []), *said.resources]


def _of_png_alone(chunks: Iterable[Chunk]) -> list[str]:
    words, others = list[str](), list[str]()
    for each in chunks:
        word = png_chunks.keyword(each).decode("latin-1")
        (words if word else others).append(word or each.kind.decode("latin-1"))
    return [
        *([f"its texts ({', '.join(words[:8])}{' …' * (len(words) > 8)})"] if words else []),
        *(_PNG_ALONE.get(name, f"its {name}") for name in dict.fromkeys(others)),
    ]


def _of_jpeg_alone(said: Metadata) -> list[str]:
    names = [f"APP{each.kind[0] - 0xE0}" for each in said.segments]
    return [f"its private segments ({', '.join(dict.fromkeys(names))})"] if names else []


def _remark(lost: list[str], kind: str) -> tuple[str, ...]:
    return sentence(lost, f"a {kind} has no place for it", f"a {kind} has no place for them")


def _whole(pair: tuple[float, float], largest: int) -> tuple[int, int]:
    """Two numbers of nearly this ratio, whole and not larger than this."""
    if all(each == int(each) and each <= largest for each in pair):
        return int(pair[0]), int(pair[1])
    ratio = Fraction(pair[0] / pair[1]).limit_denominator(1000)
    return min(max(ratio.numerator, 1), largest), ratio.denominator
