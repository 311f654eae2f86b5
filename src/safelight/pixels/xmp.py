"""An XMP packet changed in a few places, and nowhere else: by byte, not by writing it anew.

Also the two halves that JPEG makes of a packet that is longer than a segment. Source: ISO 16684-1; XMP
Specification part 3, 1.1.3.1 (extended XMP); RDF/XML.
"""

import hashlib
import re

from safelight.pixels.xmp_parts import (
    ATTRIBUTE,
    EXIF,
    NOTE,
    RDF,
    TIFF,
    Part,
    UnreadableError,
    changed,
    declarations,
    name_at,
    nodes_of,
    properties,
    rdf_of,
    read_parts,
)

_GOOGLE = "http://ns.google.com/photos/"
_CAMERA = _GOOGLE + "1.0/camera/"
_GAIN, _FILM, _DEPTH = "its gain map (HDR)", "its film (motion photo)", "its depth map"
_SECOND = "its second picture"
_BELONG = {  # name space: what it says to be in the file beside the picture
    "http://ns.adobe.com/hdr-gain-map/1.0/": _GAIN,
    "http://ns.apple.com/HDRGainMap/1.0/": _GAIN,
    "http://ns.apple.com/pixeldatainfo/1.0/": _SECOND,
    "http://ns.apple.com/depthData/1.0/": _DEPTH,
    "http://ns.apple.com/portraitEffectsMatte/1.0/": _SECOND,
    _GOOGLE + "1.0/container/": _SECOND,
    _GOOGLE + "1.0/depthmap/": _DEPTH,
    _GOOGLE + "1.0/image/": _SECOND,
    _GOOGLE + "1.0/audio/": "its sound",
    _GOOGLE + "dd/1.0/": _DEPTH,
}
_THUMBNAILS = ("http://ns.adobe.com/xap/1.0/", "Thumbnails")
_PROVENANCE = ("http://purl.org/dc/terms/", "provenance")
_INTERESTING = (
    *(b"Orientation", b"Dimension", b"ImageWidth", b"ImageLength", b"Resolution", b"hdr-gain-map"),
    *(b"ns.apple.com", b"ns.google.com/photos", b"Thumbnails", b"xmp/note/", b"jumbf", b"c2pa"),
)
_STATED = re.compile(rb"(tiff:Orientation\s*(?:=\s*[\"']|>))[2-8]")

_WIDE = {  # how a packet begins, with its mark or with "<"; the longer ones first
    "utf-32-be": (b"\0\0\xfe\xff", b"\0\0\0<"),
    "utf-32-le": (b"\xff\xfe\0\0", b"<\0\0\0"),
    "utf-16-be": (b"\xfe\xff", b"\0<"),
    "utf-16-le": (b"\xff\xfe", b"<\0"),
}
_DECLARED = re.compile(r"(\A<\?xml[^>]*encoding=[\"'])[\w-]+")


def true_to(packet: bytes, size: tuple[int, int], turn: int) -> tuple[bytes, list[str]]:
    """The packet of the picture as it is now, and in words what it said to be in the file and is not.

    size: (h, w). turn: the orientation 1 to 8 that was applied. Of a packet that is no XML only the orientation
    is set.
    """
    if not any(word in packet for word in _INTERESTING):
        return packet, []
    try:
        parts = read_parts(packet)
    except UnreadableError:
        return _STATED.sub(rb"\g<1>1", packet), []
    numbers = {
        (TIFF, "Orientation"): 1,
        (TIFF, "ImageWidth"): size[1],
        (TIFF, "ImageLength"): size[0],
        (EXIF, "PixelXDimension"): size[1],
        (EXIF, "PixelYDimension"): size[0],
    }
    changes = [(*part.inner, b"%d" % numbers[part.key]) for part in parts if part.key in numbers]
    if turn >= 5:
        changes += _exchanged(packet, parts)
    left_out: list[str] = []
    gone = 0  # the end of what was taken out last: what lies within needs no word of its own
    for part in sorted(parts, key=lambda part: part.start):
        word = _belongs(part, packet) if part.start >= gone else None
        if word is not None:
            changes.append((part.start, part.end, b""))
            left_out += [word] if word else []
            gone = part.end
    return changed(packet, changes), left_out


def as_utf8(packet: bytes | None) -> bytes | None:
    """The packet in UTF-8, which picture files ask for; some programs wrote UTF-16 or 32. As it was if neither."""
    start = (packet or b"")[:4]
    name = next((name for name, heads in _WIDE.items() if start.startswith(heads)), "")
    if not packet or not name:
        return packet
    try:
        whole = packet + bytes(-len(packet) % 4)  # noughts at the end may have been taken for padding
        text = whole.decode(name).removeprefix("\ufeff").rstrip("\0")
    except UnicodeDecodeError:
        return packet
    return _DECLARED.sub(r"\g<1>UTF-8", text, count=1).encode()


def orientation(packet: bytes | None) -> int | None:
    """1 to 8 as the packet states it; None if it does not."""
    if not packet or b"Orientation" not in packet:
        return None
    try:
        for part in read_parts(packet):
            text = packet[slice(*part.inner)].strip()
            if part.key == (TIFF, "Orientation") and text in (
                b"1",
                b"2",
                b"3",
                b"4",
                b"5",
                b"6",
                b"7",
                b"8",
            ):
                return int(text)
    except UnreadableError:
        pass
    return None


def extension_of(packet: bytes) -> str | None:
    """The name (32 letters) of the extension that the packet says to have."""
    if b"HasExtendedXMP" not in packet:
        return None
    try:
        for part in read_parts(packet):
            if part.key == (NOTE, "HasExtendedXMP"):
                return packet[slice(*part.inner)].strip().decode("ascii", "replace")
    except UnreadableError:
        pass
    return None


def joined(packet: bytes, extension: bytes) -> bytes | None:
    """One packet of a packet and its extension; None if they do not fit together."""
    try:
        main, more = rdf_of(read_parts(packet)), read_parts(extension)
        outer = rdf_of(more)
    except UnreadableError:
        return None
    if main is None or outer is None or main.inner[1] == main.end:
        return None
    pieces = []
    for part in more:
        if part.parent is outer and not part.attribute:
            name_end = part.start + len(name_at(extension, part.start)) + 1
            missing = {prefix: uri for prefix, uri in part.scope.items() if prefix not in part.declared}
            pieces.append(
                extension[part.start : name_end] + declarations(missing) + extension[name_end : part.end]
            )
    end = main.inner[1]
    return packet[:end] + b"".join(pieces) + packet[end:]


def split(packet: bytes, largest: int) -> tuple[bytes, bytes, bytes] | None:
    """A packet of at most this length, its extension and the extension's name; None if it cannot be.

    The longest properties go into the extension.
    """
    try:
        parts = read_parts(packet)
    except UnreadableError:
        return None
    nodes = nodes_of(parts, rdf_of(parts))
    if not nodes:
        return None
    room = largest - 200  # for what says that there is an extension
    moved: list[Part] = []
    length = len(packet)
    for part in sorted(properties(parts, nodes), key=lambda part: part.start - part.end):
        if length <= room:
            break
        moved.append(part)
        length -= part.end - part.start
    if length > room:
        return None
    extension = _extension(packet, parts, nodes, moved)
    name = hashlib.md5(extension, usedforsecurity=False).hexdigest().upper().encode()
    first = nodes[0]
    at = first.start + len(name_at(packet, first.start)) + 1
    note = b"" if first.scope.get("xmpNote") == NOTE else declarations({"xmpNote": NOTE})
    changes = [(at, at, note + b' xmpNote:HasExtendedXMP="' + name + b'"')]
    return changed(packet, [*changes, *((part.start, part.end, b"") for part in moved)]), extension, name


def without_padding(packet: bytes) -> bytes:
    """The packet without the blanks that wait at its end for later words."""
    at = packet.rfind(b"<?xpacket end=")
    return packet if at < 0 else packet[:at].rstrip() + b"\n" + packet[at:]


def _extension(packet: bytes, parts: list[Part], nodes: list[Part], moved: list[Part]) -> bytes:
    """The moved properties as a packet of their own, each in a node like the one that it was in."""
    pieces = [b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="', RDF.encode(), b'">']
    for node in nodes:
        inside = [part for part in moved if part.parent is node]
        if not inside:
            continue
        about = [part for part in parts if part.parent is node and part.key == (RDF, "about")]
        value = packet[slice(*about[0].inner)] if about else b""
        scope = {prefix: uri for prefix, uri in node.scope.items() if prefix not in ("rdf", "x")}
        pieces += [b'<rdf:Description rdf:about="', value, b'"', declarations(scope), b">"]
        pieces += [_as_element(packet, part) for part in sorted(inside, key=lambda part: part.start)]
        pieces.append(b"</rdf:Description>")
    return b"".join((*pieces, b"</rdf:RDF></x:xmpmeta>"))


def _as_element(packet: bytes, part: Part) -> bytes:
    if not part.attribute:
        return packet[part.start : part.end]
    match = ATTRIBUTE.match(packet, part.start)
    assert match is not None
    return b"<" + match[2] + b">" + packet[slice(*part.inner)] + b"</" + match[2] + b">"


def _belongs(part: Part, packet: bytes) -> str | None:
    """What the part says to be in the file, in words ('' if that need not be said); None if it may stay."""
    held = packet[part.start : part.end]
    declares = not part.space and part.name.startswith(tuple(_BELONG))
    if declares or part.key == (NOTE, "HasExtendedXMP"):
        return ""
    if part.key == _THUMBNAILS:
        return ""  # no loss: others make one anew
    if part.key == _PROVENANCE and re.search(rb"jumbf|c2pa", held):
        return "its signed origin (C2PA)"
    if part.space == _CAMERA and part.name.startswith(("MicroVideo", "MotionPhoto")):
        return _FILM
    word = next((word for space, word in _BELONG.items() if part.space.startswith(space)), None)
    if word == _SECOND:
        return _GAIN if b"GainMap" in held else _FILM if b"MotionPhoto" in held else word
    return word


def _exchanged(packet: bytes, parts: list[Part]) -> list[tuple[int, int, bytes]]:
    """The two resolutions change places, as the picture was turned by a quarter."""
    x, y = ([part for part in parts if part.key == (TIFF, name)] for name in ("XResolution", "YResolution"))
    if len(x) != 1 or len(y) != 1:
        return []
    one, other = x[0].inner, y[0].inner
    return [(*one, packet[slice(*other)]), (*other, packet[slice(*one)])]
