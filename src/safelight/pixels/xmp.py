"""An XMP packet changed in a few places, and nowhere else: by byte, not by writing it anew.

Also the two halves that JPEG makes of a packet that is longer than a segment. Source: ISO 16684-1; XMP
Specification part 3, 1.1.3.1 (extended XMP); RDF/XML.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from xml.parsers import expat

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_NOTE = "http://ns.adobe.com/xmp/note/"
_TIFF, _EXIF = "http://ns.adobe.com/tiff/1.0/", "http://ns.adobe.com/exif/1.0/"
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
_USUAL = {"rdf": _RDF, "tiff": _TIFF, "exif": _EXIF, "xmpNote": _NOTE}  # where nobody declared them
_THUMBNAILS = ("http://ns.adobe.com/xap/1.0/", "Thumbnails")
_PROVENANCE = ("http://purl.org/dc/terms/", "provenance")
_INTERESTING = (
    *(b"Orientation", b"Dimension", b"ImageWidth", b"ImageLength", b"Resolution", b"hdr-gain-map"),
    *(b"ns.apple.com", b"ns.google.com/photos", b"Thumbnails", b"xmp/note/", b"jumbf", b"c2pa"),
)
_MOST_PARTS, _DEEPEST, _MOST_SPACES = 200_000, 100, 1000  # packets of cameras and editors have some hundred
_ATTRIBUTE = re.compile(rb"(\s+)([^\s=/>]+)\s*=\s*(\"[^\"]*\"|'[^']*')")
_NAME = re.compile(rb"<([^\s/>]+)")
_STATED = re.compile(rb"(tiff:Orientation\s*(?:=\s*[\"']|>))[2-8]")

_WIDE = {  # how a packet begins, with its mark or with "<"; the longer ones first
    "utf-32-be": (b"\0\0\xfe\xff", b"\0\0\0<"),
    "utf-32-le": (b"\xff\xfe\0\0", b"<\0\0\0"),
    "utf-16-be": (b"\xfe\xff", b"\0<"),
    "utf-16-le": (b"\xff\xfe", b"<\0"),
}
_DECLARED = re.compile(r"(\A<\?xml[^>]*encoding=[\"'])[\w-]+")


@dataclass
class _Part:
    """An element or an attribute: its name, where it stands, and where what it holds stands.

    A declaration of a name space is an attribute without one, and bears its address as its name.
    """

    space: str
    name: str
    start: int
    end: int
    inner: tuple[int, int]
    parent: "_Part | None"
    scope: dict[str, str]
    attribute: bool = False
    declared: set[str] = field(default_factory=set)

    @property
    def key(self) -> tuple[str, str]:
        return self.space, self.name


def true_to(packet: bytes, size: tuple[int, int], turn: int) -> tuple[bytes, list[str]]:
    """The packet of the picture as it is now, and in words what it said to be in the file and is not.

    size: (h, w). turn: the orientation 1 to 8 that was applied. Of a packet that is no XML only the orientation
    is set.
    """
    if not any(word in packet for word in _INTERESTING):
        return packet, []
    try:
        parts = _parts(packet)
    except (ValueError, expat.ExpatError):
        return _STATED.sub(rb"\g<1>1", packet), []
    numbers = {
        (_TIFF, "Orientation"): 1,
        (_TIFF, "ImageWidth"): size[1],
        (_TIFF, "ImageLength"): size[0],
        (_EXIF, "PixelXDimension"): size[1],
        (_EXIF, "PixelYDimension"): size[0],
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
    return _changed(packet, changes), left_out


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
        for part in _parts(packet):
            text = packet[slice(*part.inner)].strip()
            if part.key == (_TIFF, "Orientation") and text in (
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
    except (ValueError, expat.ExpatError):
        pass
    return None


def extension_of(packet: bytes) -> str | None:
    """The name (32 letters) of the extension that the packet says to have."""
    if b"HasExtendedXMP" not in packet:
        return None
    try:
        for part in _parts(packet):
            if part.key == (_NOTE, "HasExtendedXMP"):
                return packet[slice(*part.inner)].strip().decode("ascii", "replace")
    except (ValueError, expat.ExpatError):
        pass
    return None


def joined(packet: bytes, extension: bytes) -> bytes | None:
    """One packet of a packet and its extension; None if they do not fit together."""
    try:
        main, more = _rdf(_parts(packet)), _parts(extension)
        outer = _rdf(more)
    except (ValueError, expat.ExpatError):
        return None
    if main is None or outer is None or main.inner[1] == main.end:
        return None
    pieces = []
    for part in more:
        if part.parent is outer and not part.attribute:
            name_end = part.start + len(_name_at(extension, part.start)) + 1
            missing = {prefix: uri for prefix, uri in part.scope.items() if prefix not in part.declared}
            pieces.append(
                extension[part.start : name_end] + _declarations(missing) + extension[name_end : part.end]
            )
    end = main.inner[1]
    return packet[:end] + b"".join(pieces) + packet[end:]


def split(packet: bytes, largest: int) -> tuple[bytes, bytes, bytes] | None:
    """A packet of at most this length, its extension and the extension's name; None if it cannot be.

    The longest properties go into the extension.
    """
    try:
        parts = _parts(packet)
    except (ValueError, expat.ExpatError):
        return None
    rdf = _rdf(parts)
    nodes = [part for part in parts if part.parent is rdf and not part.attribute] if rdf else []
    if not nodes:
        return None
    room = largest - 200  # for what says that there is an extension
    moved: list[_Part] = []
    length = len(packet)
    for part in sorted(_properties(parts, nodes), key=lambda part: part.start - part.end):
        if length <= room:
            break
        moved.append(part)
        length -= part.end - part.start
    if length > room:
        return None
    extension = _extension(packet, parts, nodes, moved)
    name = hashlib.md5(extension, usedforsecurity=False).hexdigest().upper().encode()
    first = nodes[0]
    at = first.start + len(_name_at(packet, first.start)) + 1
    note = b"" if first.scope.get("xmpNote") == _NOTE else _declarations({"xmpNote": _NOTE})
    changes = [(at, at, note + b' xmpNote:HasExtendedXMP="' + name + b'"')]
    return _changed(packet, [*changes, *((part.start, part.end, b"") for part in moved)]), extension, name


def without_padding(packet: bytes) -> bytes:
    """The packet without the blanks that wait at its end for later words."""
    at = packet.rfind(b"<?xpacket end=")
    return packet if at < 0 else packet[:at].rstrip() + b"\n" + packet[at:]


def _properties(parts: list[_Part], nodes: list[_Part]) -> list[_Part]:
    known = {id(node) for node in nodes}
    return [part for part in parts if id(part.parent) in known and part.space and part.space != _RDF]


def _extension(packet: bytes, parts: list[_Part], nodes: list[_Part], moved: list[_Part]) -> bytes:
    """The moved properties as a packet of their own, each in a node like the one that it was in."""
    pieces = [b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="', _RDF.encode(), b'">']
    for node in nodes:
        inside = [part for part in moved if part.parent is node]
        if not inside:
            continue
        about = [part for part in parts if part.parent is node and part.key == (_RDF, "about")]
        value = packet[slice(*about[0].inner)] if about else b""
        scope = {prefix: uri for prefix, uri in node.scope.items() if prefix not in ("rdf", "x")}
        pieces += [b'<rdf:Description rdf:about="', value, b'"', _declarations(scope), b">"]
        pieces += [_as_element(packet, part) for part in sorted(inside, key=lambda part: part.start)]
        pieces.append(b"</rdf:Description>")
    return b"".join((*pieces, b"</rdf:RDF></x:xmpmeta>"))


def _as_element(packet: bytes, part: _Part) -> bytes:
    if not part.attribute:
        return packet[part.start : part.end]
    match = _ATTRIBUTE.match(packet, part.start)
    assert match is not None
    return b"<" + match[2] + b">" + packet[slice(*part.inner)] + b"</" + match[2] + b">"


def _declarations(scope: dict[str, str]) -> bytes:
    return b"".join(
        (f' xmlns:{prefix}="{uri}"' if prefix else f' xmlns="{uri}"').encode()
        for prefix, uri in sorted(scope.items())
    )


def _belongs(part: _Part, packet: bytes) -> str | None:
    """What the part says to be in the file, in words ('' if that need not be said); None if it may stay."""
    held = packet[part.start : part.end]
    declares = not part.space and part.name.startswith(tuple(_BELONG))
    if declares or part.key == (_NOTE, "HasExtendedXMP"):
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


def _exchanged(packet: bytes, parts: list[_Part]) -> list[tuple[int, int, bytes]]:
    """The two resolutions change places, as the picture was turned by a quarter."""
    x, y = ([part for part in parts if part.key == (_TIFF, name)] for name in ("XResolution", "YResolution"))
    if len(x) != 1 or len(y) != 1:
        return []
    one, other = x[0].inner, y[0].inner
    return [(*one, packet[slice(*other)]), (*other, packet[slice(*one)])]


def _changed(packet: bytes, changes: Iterable[tuple[int, int, bytes]]) -> bytes:
    """The packet with spans replaced; of spans within each other the outer one counts."""
    pieces, at = [], 0
    for start, end, text in sorted(changes, key=lambda change: (change[0], -change[1])):
        if start >= at:
            pieces += [packet[at:start], text]
            at = end
    return b"".join((*pieces, packet[at:]))


def _rdf(parts: list[_Part]) -> _Part | None:
    return next((part for part in parts if part.key == (_RDF, "RDF")), None)


def _name_at(packet: bytes, start: int) -> bytes:
    match = _NAME.match(packet, start)
    if match is None:
        raise ValueError("found no element where one was said to be")
    return match[1]


def _parts(packet: bytes) -> list[_Part]:
    """Every element and attribute. Raises ValueError or ExpatError if the packet is no plain XML in UTF-8."""
    packet = packet.rstrip(b"\0")
    if b"\0" in packet:
        raise ValueError("it is not UTF-8")
    if packet.count(b"=") + packet.count(b"<") > _MOST_PARTS:
        raise ValueError("it has too many parts")
    return _Reader(packet).parts


class _Reader:
    """Elements by expat, which knows the place of each; attributes by their text, as expat does not."""

    def __init__(self, packet: bytes) -> None:
        self.packet = packet
        self.parts: list[_Part] = []
        self.open: list[_Part] = []
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.Parse(packet, True)

    def _refuse(self, *declared: object) -> None:
        raise ValueError("it declares entities")

    def _start(self, name: str, _: object) -> None:
        start = self.parser.CurrentByteIndex
        parent = self.open[-1] if self.open else None
        scope = parent.scope if parent else {}
        at = start + 1 + len(_name_at(self.packet, start))
        attributes: list[tuple[str, re.Match[bytes]]] = []
        declared: dict[str, str] = {}
        spaces: list[tuple[str, re.Match[bytes]]] = []
        while match := _ATTRIBUTE.match(self.packet, at):
            attribute, at = match[2].decode(), match.end()
            if attribute == "xmlns" or attribute.startswith("xmlns:"):
                declared[attribute.partition(":")[2]] = match[3][1:-1].decode()
                spaces.append((match[3][1:-1].decode(), match))
            else:
                attributes.append((attribute, match))
        end = self.packet.index(b">", at) + 1
        scope = scope | declared if declared else scope
        if len(self.open) > _DEEPEST or len(scope) > _MOST_SPACES:
            raise ValueError("it is too deep")
        element = _Part(*_expanded(name, scope), start, end, (end, end), parent, scope, declared={*declared})
        self.parts.append(element)
        self.open.append(element)
        keyed = [(_expanded(name, scope) if ":" in name else ("", name), match) for name, match in attributes]
        for key, match in keyed + [(("", uri), match) for uri, match in spaces]:
            inner = match.start(3) + 1, match.end(3) - 1
            self.parts.append(_Part(*key, match.start(), match.end(), inner, element, scope, attribute=True))

    def _end(self, name: str) -> None:
        at, element = self.parser.CurrentByteIndex, self.open.pop()
        if self.packet.startswith(b"</", at) and at >= element.end:
            element.inner = element.end, at
            element.end = self.packet.index(b">", at) + 1


def _expanded(name: str, scope: dict[str, str]) -> tuple[str, str]:
    prefix, _, local = name.rpartition(":")
    return scope.get(prefix) or _USUAL.get(prefix, ""), local
