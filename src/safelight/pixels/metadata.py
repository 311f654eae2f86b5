"""What a picture file says beside its pixels, EXIF, XMP and resolution, as bytes that nobody recoded."""

from dataclasses import dataclass

from safelight.pixels.photoshop import Resource


@dataclass(frozen=True)
class Chunk:
    """One chunk of a PNG, or one segment of a JPEG (kind: its marker's second byte), as it stood."""

    kind: bytes
    data: bytes


@dataclass(frozen=True)
class Metadata:
    """Captions (IPTC-IIM), Photoshop's other resources, comments, and what one format alone has.

    `chunks` are a PNG's texts and times, `segments` a JPEG's private ones: both only for a file of the same kind.
    `aspect` is (x, y) pixels a length that is not said, of pixels that are not square.
    """

    iptc: bytes | None = None
    resources: tuple[Resource, ...] = ()
    comments: tuple[bytes, ...] = ()
    chunks: tuple[Chunk, ...] = ()
    segments: tuple[Chunk, ...] = ()
    aspect: tuple[float, float] | None = None
