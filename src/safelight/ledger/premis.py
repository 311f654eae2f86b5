"""PREMIS 3.0 of a batch: for each result a file object, its source's, an event, and the agent that made it.

Files of the same bytes are one object; the events of each name it. An event is a "modification" of the Library of
Congress's vocabulary of preservation events: a new object whose content is another. Objects are told apart by their
SHA-256 in URNs, so that an archive's own records can link them.
"""

import json
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO
from xml.sax.saxutils import escape, quoteattr

from safelight.ledger.facts import FileFacts
from safelight.ledger.index import Index
from safelight.ledger.rows import Header, Row

NAMESPACE = "http://www.loc.gov/premis/v3"
VOCABULARY = "http://id.loc.gov/vocabulary/preservation"
TERMS = {  # element -> value -> (vocabulary, code) at id.loc.gov
    "eventType": {"modification": ("eventType", "mod")},
    "messageDigestAlgorithm": {"SHA-256": ("cryptographicHashFunctions", "sha256")},
    "relationshipType": {"derivation": ("relationshipType", "der")},
    "agentType": {"software": ("agentType", "sof")},
    "eventOutcome": {"success": ("eventOutcome", "suc")},
    "linkingObjectRole": {
        "source": ("eventRelatedObjectRole", "sou"),
        "outcome": ("eventRelatedObjectRole", "out"),
    },
    "linkingAgentRole": {"executing program": ("eventRelatedAgentRole", "exe")},
}
FORMATS = {
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".jpe": "image/jpeg",
    ".jfif": "image/jpeg",
    ".png": "image/png",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".webp": "image/webp",
    ".gif": "image/gif",
    ".bmp": "image/bmp",
    ".avif": "image/avif",
    ".heic": "image/heic",
    ".heif": "image/heif",
    ".jp2": "image/jp2",
}
Node = Mapping[str, Any]  # element -> text, a node, or a list of these, in the order of the schema


def write_xml(index: Index, file: BinaryIO) -> int:
    """Write the PREMIS of a ledger as one XML document; how many events it has. In memory is a checksum a file."""
    file.write(
        f'<?xml version="1.0" encoding="UTF-8"?>\n<premis xmlns="{NAMESPACE}" '
        f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="{NAMESPACE} '
        'https://www.loc.gov/standards/premis/v3/premis-v3-0.xsd" version="3.0">\n'.encode()
    )
    events = 0
    for name, node in nodes(index):
        kind = ' xsi:type="file"' if name == "object" else ""
        file.write(f"<{name}{kind}>{_xml(node)}</{name}>\n".encode())
        events += name == "event"
    file.write(b"</premis>\n")
    return events


def write_json(index: Index, file: BinaryIO) -> int:
    """The same as JSON: an object with the lists "object", "event" and "agent" of PREMIS's elements."""
    last, events = "", 0
    file.write(b'{"premis": {"version": "3.0"')
    for name, node in nodes(index):
        file.write(b",\n" if name == last else f'{"]" if last else ""},\n"{name}": [\n'.encode())
        file.write(json.dumps(node, ensure_ascii=False).encode("utf-8", "backslashreplace"))
        last, events = name, events + (name == "event")
    file.write(b"]}}\n" if last else b"}}\n")
    return events


def nodes(index: Index) -> Iterator[tuple[str, Node]]:
    """The elements below the root, in the schema's order: objects, events, agents."""
    seen: set[bytes] = set()
    for row in _made(index):
        source, made = row.source_facts, row.made
        if source and made:
            for node, facts in ((_file(row.source, source), source), (_result(row, source, made), made)):
                if bytes.fromhex(facts.sha256) not in seen:
                    seen.add(bytes.fromhex(facts.sha256))
                    yield "object", node
    agents: dict[str, Node] = {}
    for row in _made(index):
        agent = _agent(row, index.headers.get(row.settings))
        agents[agent["agentIdentifier"]["agentIdentifierValue"]] = agent
        yield "event", _event(row, index.headers.get(row.settings), agent)
    for agent in agents.values():
        yield "agent", agent


def _made(index: Index) -> Iterator[Row]:
    return (row for row in index.rows() if row.state == "done" and row.source_facts and row.made)


def _urn(sha256: str) -> str:
    return f"urn:sha256:{sha256}"


def _file(name: str, facts: FileFacts) -> dict[str, Any]:
    suffix = Path(name).suffix.lower()
    return {
        "objectIdentifier": {
            "objectIdentifierType": "URN",
            "objectIdentifierValue": _urn(facts.sha256),
        },
        "objectCharacteristics": {
            "compositionLevel": "0",
            "fixity": {
                "messageDigestAlgorithm": "SHA-256",
                "messageDigest": facts.sha256,
                "messageDigestOriginator": "safelight",
            },
            "size": str(facts.size),
            "format": {"formatDesignation": {"formatName": FORMATS.get(suffix, "application/octet-stream")}},
        },
        "originalName": name,
    }


def _result(row: Row, source: FileFacts, made: FileFacts) -> Node:
    related = {
        "relatedObjectIdentifierType": "URN",
        "relatedObjectIdentifierValue": _urn(source.sha256),
    }
    event = {"relatedEventIdentifierType": "UUID", "relatedEventIdentifierValue": _event_id(row)}
    return {
        **_file(row.result, made),
        "relationship": {
            "relationshipType": "derivation",
            "relationshipSubType": "has source",
            "relatedObjectIdentifier": related,
            "relatedEventIdentifier": event,
        },
    }


def _event_id(row: Row) -> str:
    """The same for the same result of the same source, so that a second export does not double the event."""
    source, made = row.source_facts, row.made
    hashes = (source.sha256 if source else "", made.sha256 if made else "")
    said = "\n".join((*hashes, row.settings, row.when, row.result))
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"safelight:event:{said}"))


def _event(row: Row, header: Header | None, agent: Node) -> Node:
    source, made = row.source_facts, row.made
    assert source
    assert made
    detail = json.dumps(
        header.order if header else {"settings": row.settings}, ensure_ascii=True, sort_keys=True
    )
    beside = [f"{role}: {name}, SHA-256 {facts.sha256}" for role, (name, facts) in row.beside.items()]
    notes = [{"eventOutcomeDetailNote": remark} for remark in row.remarks]
    return {
        "eventIdentifier": {"eventIdentifierType": "UUID", "eventIdentifierValue": _event_id(row)},
        "eventType": "modification",
        "eventDateTime": row.when,
        "eventDetailInformation": [
            {"eventDetail": text}
            for text in (f"safelight {row.command}", detail, f"{row.result} of {row.source}", *beside)
        ],
        "eventOutcomeInformation": {
            "eventOutcome": "success",
            **({"eventOutcomeDetail": notes} if notes else {}),
        },
        "linkingAgentIdentifier": {
            "linkingAgentIdentifierType": "UUID",
            "linkingAgentIdentifierValue": agent["agentIdentifier"]["agentIdentifierValue"],
            "linkingAgentRole": "executing program",
        },
        "linkingObjectIdentifier": [
            {
                "linkingObjectIdentifierType": "URN",
                "linkingObjectIdentifierValue": _urn(facts.sha256),
                "linkingObjectRole": role,
            }
            for role, facts in (("source", source), ("outcome", made))
        ],
    }


def _agent(row: Row, header: Header | None) -> Node:
    version = header.version if header else ""
    models = [f"model {name}: SHA-256 {sha256}" for name, sha256 in sorted(row.models.items())]
    notes = [*models, *([f"engine: {row.engine}"] if row.engine else [])]
    said = "\n".join(("safelight", version, *notes))
    return {
        "agentIdentifier": {
            "agentIdentifierType": "UUID",
            "agentIdentifierValue": str(uuid.uuid5(uuid.NAMESPACE_URL, f"safelight:agent:{said}")),
        },
        "agentName": "safelight",
        "agentType": "software",
        "agentVersion": version or "unknown",
        **({"agentNote": notes} if notes else {}),
    }


def _xml(value: Any, name: str = "") -> str:
    """A node's elements, or a text; of a list the parent writes one element each."""
    if isinstance(value, str):
        return escape(_sayable(value))
    return "".join(
        f"<{child}{_term(child, each)}>{_xml(each)}</{child}>"
        for child, inner in value.items()
        for each in (inner if isinstance(inner, list) else [inner])
    )


def _term(element: str, value: Any) -> str:
    """The attributes of a value of a vocabulary of the Library of Congress."""
    found = TERMS.get(element, {}).get(value) if isinstance(value, str) else None
    if found is None:
        return ""
    vocabulary, code = found
    return (
        f" authority={quoteattr(vocabulary)} authorityURI={quoteattr(f'{VOCABULARY}/{vocabulary}')}"
        f" valueURI={quoteattr(f'{VOCABULARY}/{vocabulary}/{code}')}"
    )


def _sayable(text: str) -> str:
    """The text without what XML 1.0 cannot hold: control characters and halves of pairs become \\x01 and \\udc80."""
    return "".join(
        letter
        if letter in "\t\n\r"
        or " " <= letter <= "\ud7ff"
        or "\ue000" <= letter <= "\ufffd"
        or letter > "\uffff"
        else letter.encode("unicode_escape").decode()
        for letter in text
    )
