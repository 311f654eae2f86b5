"""A record written into an XMP packet, and what a packet says of how its picture came to be, read.

IPTC: digital source type, AI system and its version (Photo Metadata Standard 2025.1; the fields of a prompt are left
out, as there is none). XMP: an event of the history, what the picture is derived from, the ids (ISO 16684-1; XMP
Specification part 2, 1.2.7.3, 1.2.7.5 and 2.2). All of the record, to make the result again: a list of JSON texts in
a name space of safelight's own.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from safelight.pixels.xmp_parts import Key, UnreadableError
from safelight.provenance import terms
from safelight.provenance.made import Made, Source, derived_id
from safelight.provenance.statements import FRESH, Statements, Value, element, structure, with_statements

IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
MEDIA = "http://ns.adobe.com/xap/1.0/mm/"
EVENT = "http://ns.adobe.com/xap/1.0/sType/ResourceEvent#"
REFERENCE = "http://ns.adobe.com/xap/1.0/sType/ResourceRef#"
OWN = "urn:safelight:provenance:1.0/"
PREFIXES = {"Iptc4xmpExt": IPTC, "xmpMM": MEDIA, "stEvt": EVENT, "stRef": REFERENCE, "safelight": OWN}
SOURCE_TYPE: Key = (IPTC, "DigitalSourceType")
SYSTEM: Key = (IPTC, "AISystemUsed")
SYSTEM_VERSION: Key = (IPTC, "AISystemVersionUsed")
HISTORY: Key = (MEDIA, "History")
DERIVED: Key = (MEDIA, "DerivedFrom")
INGREDIENTS: Key = (MEDIA, "Ingredients")
DOCUMENT: Key = (MEDIA, "DocumentID")
INSTANCE: Key = (MEDIA, "InstanceID")
STEPS: Key = (OWN, "Steps")
REPLACED: Key = (OWN, "Replaced")  # what a step took the place of, as it stood
UNREAD: Key = (OWN, "UnreadPacket")  # base64 of a packet that could not be read
_ACTIONS = {"learned": "edited", "classical": "edited", "generated": "created", "unchanged": "saved"}


class Marked(NamedTuple):
    """A packet with a record in it, and remarks on what could not be kept where it was."""

    packet: bytes
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Event:
    """One event of a picture's history, in the words of whoever wrote it."""

    action: str = ""
    when: str = ""
    agent: str = ""
    parameters: str = ""
    changed: str = ""
    instance_id: str = ""


@dataclass(frozen=True)
class Origin:
    """A picture that this one is derived from."""

    name: str = ""
    sha256: str = ""
    source_type: str = ""
    document_id: str = ""
    instance_id: str = ""


@dataclass(frozen=True)
class Said:
    """What a packet says of how its picture came to be. steps: safelight's records, the oldest first."""

    source_type: str = ""
    system: str = ""
    system_version: str = ""
    document_id: str = ""
    instance_id: str = ""
    history: tuple[Event, ...] = ()
    derived_from: Origin | None = None
    ingredients: tuple[Origin, ...] = ()
    steps: tuple[Made, ...] = ()
    remarks: tuple[str, ...] = ()


def with_record(packet: bytes | None, made: Made) -> Marked:
    """The packet with a record of one more step; a small one of its own where there is none.

    It is changed in a few places, by byte. One that cannot be read is kept in the new one (base64), and that is
    remarked.
    """
    unread, remarks = b"", tuple[str, ...]()
    try:
        said = Statements(packet or FRESH)
    except UnreadableError as error:
        said, unread = Statements(FRESH), packet or b""
        remarks = (
            f"its XMP cannot be read ({error}); it was kept within the mark, as safelight:UnreadPacket",
        )
    gone = [
        said.raw(part) for key in (DERIVED, INGREDIENTS) if _origin_key(made) == key for part in said.all(key)
    ]
    add: dict[Key, Sequence[str]] = {
        HISTORY: [structure("rdf:li", _event(made))],
        STEPS: [element("rdf:li", made.to_json())],
    }
    if gone:
        add[REPLACED] = [element("rdf:li", each.decode("utf-8", "replace")) for each in gone]
    put = _put(said, made)
    if unread:
        put[UNREAD] = element("safelight:UnreadPacket", base64.b64encode(unread).decode())
    return Marked(with_statements(said, PREFIXES, put, add), remarks)


def source_of(name: str, sha256: str, packet: bytes | None) -> Source:
    """A photo as the source of a step, with what its XMP says of it."""
    said = read(packet)
    return Source(name, sha256, said.source_type, said.document_id, said.instance_id)


def read(packet: bytes | None) -> Said:
    """What a packet says; nothing where there is none, and a remark where it cannot be read."""
    if not packet:
        return Said()
    try:
        said = Statements(packet)
        derived = said.value(DERIVED)
        steps, remarks = _steps(said.value(STEPS))
        return Said(
            source_type=said.text(SOURCE_TYPE),
            system=said.text(SYSTEM),
            system_version=said.text(SYSTEM_VERSION),
            document_id=said.text(DOCUMENT),
            instance_id=said.text(INSTANCE),
            history=tuple(_read_event(row) for row in _structures(said.value(HISTORY))),
            derived_from=_read_origin(derived) if isinstance(derived, dict) else None,
            ingredients=tuple(_read_origin(row) for row in _structures(said.value(INGREDIENTS))),
            steps=steps,
            remarks=remarks,
        )
    except UnreadableError as error:
        return Said(remarks=(f"its XMP cannot be read ({error})",))


def _put(said: Statements, made: Made) -> dict[Key, str | None]:
    """The properties of which there is one."""
    put: dict[Key, str | None] = {INSTANCE: element("xmpMM:InstanceID", f"xmp.iid:{made.id}")}
    before = said.text(SOURCE_TYPE)
    term = made.source_type or terms.after_step(made.kind, before)
    if term and term != terms.term_of(before):
        put[SOURCE_TYPE] = element("Iptc4xmpExt:DigitalSourceType", terms.address_of(term))
    if made.models and made.kind in ("learned", "generated"):
        names = f"safelight {', '.join(dict.fromkeys(model.name for model in made.models))}"
        versions = "; ".join(
            (made.version, *(f"{model.name} sha256:{model.sha256}" for model in made.models))
        )
        put[SYSTEM] = element("Iptc4xmpExt:AISystemUsed", _also(said.text(SYSTEM), names))
        put[SYSTEM_VERSION] = element(
            "Iptc4xmpExt:AISystemVersionUsed", _also(said.text(SYSTEM_VERSION), versions)
        )
    if not said.text(DOCUMENT):
        put[DOCUMENT] = element("xmpMM:DocumentID", _document_id(made))
    key = _origin_key(made)
    if key == DERIVED:
        put[DERIVED] = structure("xmpMM:DerivedFrom", _origin(made.sources[0]))
    elif key == INGREDIENTS:
        items = "".join(structure("rdf:li", _origin(each)) for each in made.sources)
        put[INGREDIENTS] = f"<xmpMM:Ingredients><rdf:Bag>{items}</rdf:Bag></xmpMM:Ingredients>"
    return put


def _also(before: str, new: str) -> str:
    """What was said before, and the new one behind it, once."""
    said = [each for each in before.split(" | ") if each]
    return " | ".join(said if new in said else [*said, new])


def _origin_key(made: Made) -> Key | None:
    """Where the sources are told: one as what the result is derived from, several as its ingredients."""
    return None if not made.sources else DERIVED if len(made.sources) == 1 else INGREDIENTS


def _document_id(made: Made) -> str:
    """Of a picture that has none: that of its source file, or of a new picture."""
    if len(made.sources) == 1:
        return made.sources[0].document_id or _file_id(made.sources[0])
    return f"xmp.did:{made.id}"


def _file_id(source: Source) -> str:
    return f"xmp.did:{derived_id(f'document {source.sha256}')}"


def _origin(source: Source) -> dict[str, str]:
    return {
        "stRef:instanceID": source.instance_id,
        "stRef:documentID": source.document_id or _file_id(source),
        "stRef:filePath": source.name,
        "Iptc4xmpExt:DigitalSourceType": source.source_type,
        "safelight:sha256": source.sha256,
    }


def _event(made: Made) -> dict[str, str]:
    return {
        "stEvt:action": _ACTIONS[made.kind],
        "stEvt:instanceID": f"xmp.iid:{made.id}",
        "stEvt:when": made.when,
        "stEvt:softwareAgent": made.software,
        "stEvt:parameters": parameters(made),
        "stEvt:changed": _changed(made),
    }


def _changed(made: Made) -> str:
    if made.kind == "unchanged":
        return "/metadata"
    return f"/#{made.region}" if made.region else "/"


def parameters(made: Made) -> str:
    """A step in words: the command, its settings, models and files with their checksums."""
    return "; ".join(
        (
            settings_in_words(made),
            *(f"model {model.name} sha256:{model.sha256}" for model in made.models),
            *(f"{role} {file.name} sha256:{file.sha256}" for role, file in made.files.items()),
        )
    )


def settings_in_words(made: Made) -> str:
    """The command and its settings: "colorize: vivid 0.5, reach 0.3"; what is off is left out."""
    words = ", ".join(
        f"{name} {_in_short(value)}"
        for name, value in sorted(made.settings.items())
        if value is not None and value is not False and value != ""
    )
    return f"{made.command}{': ' * bool(words)}{words}"


def _in_short(value: object) -> str:
    """A setting's value: texts and numbers as they are, of lists and structures how much they hold."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_in_short(each)}" for name, each in sorted(value.items()))
    if isinstance(value, (list, tuple)):
        return f"({len(value)})"
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _structures(value: Value | None) -> list[dict[Key, Value]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _read_event(row: dict[Key, Value]) -> Event:
    names = ("action", "when", "softwareAgent", "parameters", "changed", "instanceID")
    return Event(*(_field(row, EVENT, name) for name in names))


def _read_origin(row: dict[Key, Value]) -> Origin:
    return Origin(
        _field(row, REFERENCE, "filePath"),
        _field(row, OWN, "sha256"),
        _field(row, *SOURCE_TYPE),
        _field(row, REFERENCE, "documentID"),
        _field(row, REFERENCE, "instanceID"),
    )


def _field(row: dict[Key, Value], space: str, name: str) -> str:
    value = row.get((space, name), "")
    return value if isinstance(value, str) else ""


def _steps(value: Value | None) -> tuple[tuple[Made, ...], tuple[str, ...]]:
    steps, remarks = list[Made](), list[str]()
    for number, text in enumerate(value if isinstance(value, list) else [], start=1):
        try:
            steps.append(Made.from_json(text if isinstance(text, str) else ""))
        except ValueError as error:
            remarks.append(f"safelight's record {number} cannot be read ({error})")
    return tuple(steps), tuple(remarks)
