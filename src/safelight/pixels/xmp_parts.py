"""Where each element and attribute of an XMP packet stands, so that a few can be changed and the rest stays as it is.

Source: ISO 16684-1; RDF/XML. Elements are found by expat, which knows the place of each.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias
from xml.parsers import expat

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
NOTE = "http://ns.adobe.com/xmp/note/"
TIFF, EXIF = "http://ns.adobe.com/tiff/1.0/", "http://ns.adobe.com/exif/1.0/"
_USUAL = {"rdf": RDF, "tiff": TIFF, "exif": EXIF, "xmpNote": NOTE}  # where nobody declared them
_MOST_PARTS, _DEEPEST, _MOST_SPACES = 200_000, 100, 1000  # packets of cameras and editors have some hundred
ATTRIBUTE = re.compile(rb"(\s+)([^\s=/>]+)\s*=\s*(\"[^\"]*\"|'[^']*')")
_NAME = re.compile(rb"<([^\s/>]+)")

Key: TypeAlias = tuple[str, str]  # name space, name
UnreadableError = (ValueError, expat.ExpatError)  # what read_parts raises


@dataclass
class Part:
    """An element or an attribute: its name, where it stands, and where what it holds stands.

    A declaration of a name space is an attribute without one, and bears its address as its name.
    """

    space: str
    name: str
    start: int
    end: int
    inner: tuple[int, int]
    parent: "Part | None"
    scope: dict[str, str]
    attribute: bool = False
    declared: set[str] = field(default_factory=set)

    @property
    def key(self) -> Key:
        """Its name with its name space."""
        return self.space, self.name


def read_parts(packet: bytes) -> list[Part]:
    """Every element and attribute. Raises ValueError or ExpatError if the packet is no plain XML in UTF-8."""
    packet = packet.rstrip(b"\0")
    if b"\0" in packet:
        raise ValueError("it is not UTF-8")
    if packet.count(b"=") + packet.count(b"<") > _MOST_PARTS:
        raise ValueError("it has too many parts")
    return _Reader(packet).parts


def changed(packet: bytes, changes: Iterable[tuple[int, int, bytes]]) -> bytes:
    """The packet with spans replaced; of spans within each other the outer one counts."""
    pieces, at = [], 0
    for start, end, text in sorted(changes, key=lambda change: (change[0], -change[1])):
        if start >= at:
            pieces += [packet[at:start], text]
            at = end
    return b"".join((*pieces, packet[at:]))


def rdf_of(parts: list[Part]) -> Part | None:
    """The element that holds all statements; None if there is none."""
    return next((part for part in parts if part.key == (RDF, "RDF")), None)


def name_at(packet: bytes, start: int) -> bytes:
    """The name of the element that begins here, with its prefix. Raises ValueError if none does."""
    match = _NAME.match(packet, start)
    if match is None:
        raise ValueError("found no element where one was said to be")
    return match[1]


def nodes_of(parts: list[Part], rdf: Part | None) -> list[Part]:
    """The elements within rdf:RDF, each of which holds properties of the picture."""
    return [part for part in parts if part.parent is rdf and not part.attribute] if rdf else []


def properties(parts: list[Part], nodes: list[Part]) -> list[Part]:
    """The properties of these nodes, as elements and as attributes."""
    known = {id(node) for node in nodes}
    return [part for part in parts if id(part.parent) in known and part.space and part.space != RDF]


def declarations(scope: Mapping[str, str]) -> bytes:
    """Attributes that declare these prefixes."""
    return b"".join(
        (f' xmlns:{prefix}="{uri}"' if prefix else f' xmlns="{uri}"').encode()
        for prefix, uri in sorted(scope.items())
    )


class _Reader:
    """Elements by expat, which knows the place of each; attributes by their text, as expat does not."""

    def __init__(self, packet: bytes) -> None:
        self.packet = packet
        self.parts: list[Part] = []
        self.open: list[Part] = []
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
        at = start + 1 + len(name_at(self.packet, start))
        attributes: list[tuple[str, re.Match[bytes]]] = []
        declared: dict[str, str] = {}
        spaces: list[tuple[str, re.Match[bytes]]] = []
        while match := ATTRIBUTE.match(self.packet, at):
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
        element = Part(*_expanded(name, scope), start, end, (end, end), parent, scope, declared={*declared})
        self.parts.append(element)
        self.open.append(element)
        keyed = [(_expanded(name, scope) if ":" in name else ("", name), match) for name, match in attributes]
        for key, match in keyed + [(("", uri), match) for uri, match in spaces]:
            inner = match.start(3) + 1, match.end(3) - 1
            self.parts.append(Part(*key, match.start(), match.end(), inner, element, scope, attribute=True))

    def _end(self, name: str) -> None:
        at, element = self.parser.CurrentByteIndex, self.open.pop()
        if not self.packet.endswith(b"/>", element.start, element.end):
            element.inner = element.end, at
            element.end = self.packet.index(b">", at) + 1


def _expanded(name: str, scope: dict[str, str]) -> tuple[str, str]:
    prefix, _, local = name.rpartition(":")
    return scope.get(prefix) or _USUAL.get(prefix, ""), local
