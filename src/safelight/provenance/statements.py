"""The statements of an XMP packet, read; and changed by byte in a few places, the rest as it was.

A value is a text, a list, or a structure of fields. Sources: ISO 16684-1, 7 (serialization in RDF); RDF/XML.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias
from xml.parsers import expat

from safelight.pixels.xmp_parts import (
    RDF,
    Key,
    Part,
    changed,
    declarations,
    name_at,
    nodes_of,
    properties,
    rdf_of,
    read_parts,
)

Value: TypeAlias = "str | list[Value] | dict[Key, Value]"
_ARRAYS = ((RDF, "Seq"), (RDF, "Bag"), (RDF, "Alt"))
_DEEPEST = 20  # structures and lists within each other
_NOT_XML = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
FRESH = (
    b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>\n<x:xmpmeta xmlns:x="adobe:ns:meta/">\n'
    b'<rdf:RDF xmlns:rdf="' + RDF.encode() + b'">\n</rdf:RDF>\n</x:xmpmeta>\n<?xpacket end="w"?>'
)


class Statements:
    """What a packet says of its picture.

    Raises ValueError or ExpatError if it is no XML in UTF-8 that holds RDF (`UnreadableError`).
    """

    def __init__(self, packet: bytes) -> None:
        self.packet = packet
        parts = read_parts(packet)
        rdf = rdf_of(parts)
        if rdf is None:
            raise ValueError("it holds no RDF")
        self.rdf = rdf
        self._within: dict[int, list[Part]] = {}
        for part in parts:
            self._within.setdefault(id(part.parent), []).append(part)
        self._nodes = nodes_of(parts, rdf)
        self._properties = properties(parts, self._nodes)

    def all(self, key: Key) -> list[Part]:
        """Each place where a property stands; more than one is a mistake that readers forgive."""
        return [part for part in self._properties if part.key == key]

    def value(self, key: Key) -> Value | None:
        """The value of a property; of the first, if it is there twice. None if it is not there."""
        found = self.all(key)
        return self._value(found[0], 0) if found else None

    def text(self, key: Key) -> str:
        """The value of a property that is a text; empty if it is none."""
        value = self.value(key)
        return value if isinstance(value, str) else ""

    def raw(self, part: Part) -> bytes:
        """An element or attribute as it stands."""
        return self.packet[part.start : part.end].strip()

    @property
    def about(self) -> bytes:
        """What the statements are about, as the first of them says it; mostly nothing."""
        for node in self._nodes:
            for part in self._fields(node):
                if part.attribute and part.key in ((RDF, "about"), ("", "about")):
                    return self.packet[slice(*part.inner)]
        return b""

    def _fields(self, part: Part) -> list[Part]:
        return self._within.get(id(part), [])

    def _value(self, part: Part, depth: int) -> Value:
        if depth > _DEEPEST:
            raise ValueError("it is too deep")
        if part.attribute:
            return _text(b"<a>" + self.packet[slice(*part.inner)].replace(b"<", b"&lt;") + b"</a>")
        inside = self._fields(part)
        elements = [each for each in inside if not each.attribute]
        if len(elements) == 1 and elements[0].key in _ARRAYS:
            items = [each for each in self._fields(elements[0]) if each.key == (RDF, "li")]
            return [self._value(each, depth + 1) for each in items]
        if len(elements) == 1 and elements[0].key == (RDF, "Description"):
            inside = self._fields(elements[0])
        fields = [each for each in inside if each.space and each.space != RDF]
        if fields:
            return {each.key: self._value(each, depth + 1) for each in fields}
        for each in inside:
            if each.key == (RDF, "resource"):
                return self._value(each, depth + 1)
        return _text(b"<a>" + self.packet[slice(*part.inner)] + b"</a>")

    def array(self, key: Key) -> Part | None:
        """The list (rdf:Seq or its like) of a property, if there is one with room between two tags."""
        lists = [each for part in self.all(key) for each in self._fields(part) if each.key in _ARRAYS]
        return next((each for each in lists if each.inner[1] < each.end), None)


def with_statements(
    said: Statements,
    prefixes: Mapping[str, str],
    put: Mapping[Key, str | None],
    add: Mapping[Key, Sequence[str]],
) -> bytes:
    """The packet with other properties in place of those in `put`, and items added at the end of lists.

    prefixes: prefix to name space, of all that is written. put: property to its element as XML; None takes it
    out. add: property, a list, to its new items as XML.
    """
    prefixes = {"rdf": RDF, **prefixes}
    changes: list[tuple[int, int, bytes]] = []
    news: list[str] = [element for element in put.values() if element is not None]
    gone = list(put)
    for key, items in add.items():
        array = said.array(key)
        if array is None:
            gone.append(key)
            news.append(_list(_named(key, prefixes), items))
            continue
        text = "".join(items)
        text = "".join(items)
        used = {prefix: uri for prefix, uri in prefixes.items() if f"<{prefix}:" in text}
        declared = declarations(_without(used, array.scope)).decode()
        lines = "".join(item.replace("<rdf:li", f"<rdf:li{declared}", 1) for item in items)
        changes.append((array.inner[1], array.inner[1], lines.encode()))
    changes += [(part.start, part.end, b"") for key in gone for part in said.all(key)]
    missing = declarations(_without(prefixes, said.rdf.scope))
    node = b"<rdf:Description rdf:about=%s%s>" % (_quoted(said.about), missing)
    added = b"".join((node, *(f"\n{element}".encode() for element in news), b"\n</rdf:Description>\n"))
    rdf = said.rdf
    if rdf.inner[1] < rdf.end:
        changes.append((rdf.inner[1], rdf.inner[1], added))
    else:  # <rdf:RDF/>
        closing = b"</" + name_at(said.packet, rdf.start) + b">"
        changes.append((rdf.end - 2, rdf.end, b">" + added + closing))
    return changed(said.packet, changes)


def _without(prefixes: Mapping[str, str], scope: Mapping[str, str]) -> dict[str, str]:
    """The prefixes that do not mean the same already."""
    return {prefix: uri for prefix, uri in prefixes.items() if scope.get(prefix) != uri}


def element(name: str, text: str) -> str:
    """A property or field that is a text. Letters that XML has no place for become U+FFFD."""
    return f"<{name}>{_escaped(_NOT_XML.sub(chr(0xFFFD), text))}</{name}>"


def structure(name: str, fields: Mapping[str, str]) -> str:
    """A property, or a list's item, that is a structure of texts; those that are empty are left out."""
    inside = "".join(element(field, text) for field, text in fields.items() if text)
    return f'<{name} rdf:parseType="Resource">{inside}</{name}>'


def _list(name: str, items: Sequence[str]) -> str:
    return f"<{name}><rdf:Seq>{''.join(items)}</rdf:Seq></{name}>"


def _named(key: Key, prefixes: Mapping[str, str]) -> str:
    space, name = key
    return f"{next(prefix for prefix, uri in prefixes.items() if uri == space)}:{name}"


def _quoted(value: bytes) -> bytes:
    return b"'" + value + b"'" if b'"' in value else b'"' + value + b'"'


def _text(xml: bytes) -> str:
    """The letters within an element, of all that is in it; blanks around them left out."""
    pieces: list[str] = []
    parser = expat.ParserCreate()
    parser.CharacterDataHandler = pieces.append
    parser.Parse(xml, True)
    return "".join(pieces).strip()


def _escaped(text: str) -> str:
    """As xml.sax.saxutils has it, which would import an HTTP client: a fortieth of a second for each command."""
    return text.replace("&", "&amp;").replace(">", "&gt;").replace("<", "&lt;")
