"""PREMIS 3.0: the structure that the data dictionary asks for, fixity that is true, and links that lead somewhere.

The official schema is not ours to ship. With `xmlschema` installed and SAFELIGHT_PREMIS_XSD naming premis-v3-0.xsd
(https://www.loc.gov/standards/premis/v3/premis-v3-0.xsd) the documents are validated by it as well.
"""

import hashlib
import io
import json
import os
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest

from safelight.ledger import premis
from safelight.ledger.facts import facts_of
from safelight.ledger.index import Index
from tests.ledger.samples import batch, book_in, put, row_of

NS = "{http://www.loc.gov/premis/v3}"
# element -> its children in order, each with "1" once, "?" at most once, "+" at least once, "*" any number;
# after the PREMIS Data Dictionary, version 3.0, as far as these documents go
ORDER = {
    "premis": "object+ event* agent*",
    "object": "objectIdentifier+ objectCharacteristics+ originalName? relationship*",
    "objectIdentifier": "objectIdentifierType1 objectIdentifierValue1",
    "objectCharacteristics": "compositionLevel? fixity* size? format+",
    "fixity": "messageDigestAlgorithm1 messageDigest1 messageDigestOriginator?",
    "format": "formatDesignation1",
    "formatDesignation": "formatName1 formatVersion?",
    "relationship": "relationshipType1 relationshipSubType1 relatedObjectIdentifier+ relatedEventIdentifier*",
    "relatedObjectIdentifier": "relatedObjectIdentifierType1 relatedObjectIdentifierValue1",
    "relatedEventIdentifier": "relatedEventIdentifierType1 relatedEventIdentifierValue1",
    "event": "eventIdentifier1 eventType1 eventDateTime1 eventDetailInformation* eventOutcomeInformation* "
    "linkingAgentIdentifier* linkingObjectIdentifier*",
    "eventIdentifier": "eventIdentifierType1 eventIdentifierValue1",
    "eventDetailInformation": "eventDetail1",
    "eventOutcomeInformation": "eventOutcome1 eventOutcomeDetail*",
    "eventOutcomeDetail": "eventOutcomeDetailNote1",
    "linkingAgentIdentifier": "linkingAgentIdentifierType1 linkingAgentIdentifierValue1 linkingAgentRole*",
    "linkingObjectIdentifier": "linkingObjectIdentifierType1 linkingObjectIdentifierValue1 linkingObjectRole*",
    "agent": "agentIdentifier+ agentName* agentType? agentVersion? agentNote*",
    "agentIdentifier": "agentIdentifierType1 agentIdentifierValue1",
}


def check(element: ET.Element) -> None:
    """Raises AssertionError where the children are not those of the table, in its order."""
    assert element.tag.startswith(NS)
    name = element.tag.removeprefix(NS)
    children = "".join(f"{child.tag.removeprefix(NS)} " for child in element)
    rule = ORDER.get(name, "")
    parts = [f"({part[:-1]} ){part[-1].replace('1', '')}" for part in rule.split()]
    assert re.fullmatch("".join(parts), children), f"{name}: {children}"
    if not rule:
        assert element.text
    for child in element:
        check(child)


def texts(root: ET.Element, name: str) -> list[str]:
    return [element.text or "" for element in root.iter(NS + name)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three results; one with hints, with a remark, with names that XML does not like; and a photo that failed."""
    out, photos, _ = batch(tmp_path)
    odd = put(tmp_path / "scans" / "a&b<\x01>\udc80.jpg", b"odd")
    result, hints = (
        put(out / "a&b-color.png", b"result of odd"),
        put(tmp_path / "scans" / "h.hints.json", b"{}"),
    )
    with book_in(out) as book:
        beside = {"hints": (book.name(hints), facts_of(hints))}
        book.write(row_of(book, odd, result, 3, beside=beside, remarks=("5 < 6 & a\x00b",)))
        book.write(row_of(book, photos[0], result, 4, state="failed", result="x.png", made=None, error="no"))
    return out


def document(out: Path) -> bytes:
    file = io.BytesIO()
    assert premis.write_xml(Index(out), file) == 4
    return file.getvalue()


def test_the_document_has_the_structure_of_premis(folder: Path) -> None:
    root = ET.fromstring(document(folder))
    assert root.attrib["version"] == "3.0"
    check(root)
    kinds = [child.tag.removeprefix(NS) for child in root]
    assert {kind: kinds.count(kind) for kind in kinds} == {"object": 8, "event": 4, "agent": 1}
    types = {
        child.attrib["{http://www.w3.org/2001/XMLSchema-instance}type"] for child in root.iter(NS + "object")
    }
    assert types == {"file"}


def test_its_checksums_are_those_of_the_files(folder: Path) -> None:
    root = ET.fromstring(document(folder))
    expected = {hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*color*")}
    expected |= {
        hashlib.sha256(path.read_bytes()).hexdigest() for path in (folder.parent / "scans").glob("*.jpg")
    }
    assert set(texts(root, "messageDigest")) == expected
    assert set(texts(root, "messageDigestAlgorithm")) == {"SHA-256"}


def test_every_link_leads_to_an_object_event_or_agent(folder: Path) -> None:
    root = ET.fromstring(document(folder))
    objects = set(texts(root, "objectIdentifierValue"))
    events = set(texts(root, "eventIdentifierValue"))
    assert set(texts(root, "linkingObjectIdentifierValue")) == objects
    assert set(texts(root, "relatedObjectIdentifierValue")) < objects
    assert set(texts(root, "relatedEventIdentifierValue")) == events
    assert len(events) == 4
    assert set(texts(root, "linkingAgentIdentifierValue")) == set(texts(root, "agentIdentifierValue"))
    assert texts(root, "linkingObjectRole") == ["source", "outcome"] * 4


def test_an_event_says_what_was_done_with_what(folder: Path) -> None:
    root = ET.fromstring(document(folder))
    kind = root.find(f".//{NS}eventType")
    assert kind is not None
    assert kind.text == "modification"
    assert kind.attrib["valueURI"] == "http://id.loc.gov/vocabulary/preservation/eventType/mod"
    details = texts(root, "eventDetail")
    assert details[0] == "safelight colorize"
    assert json.loads(details[1])["settings"] == {"vivid": 0.5, "reach": 0.3}
    assert details[-1].startswith("hints: ../scans/h.hints.json, SHA-256 44136fa355b3678a")  # of "{}"
    assert texts(root, "agentVersion") == ["0.1.0"]
    assert texts(root, "agentNote") == ["model color: SHA-256 " + "c" * 64, "engine: onnxruntime 1.32.0"]
    assert "../scans/a&b<\\x01>\\udc80.jpg" in texts(root, "originalName")
    assert texts(root, "eventOutcomeDetailNote") == ["5 < 6 & a\\x00b"]


def test_two_photos_of_the_same_bytes_are_two_events(tmp_path: Path) -> None:
    """An album that has a photo twice: each result is named, under an id of its own."""
    with book_in(tmp_path) as book:
        for number, name in enumerate(("a", "b/a")):
            photo, result = (
                put(tmp_path / f"{name}.jpg", b"photo"),
                put(tmp_path / f"{name}-color.jpg", b"color"),
            )
            book.write(row_of(book, photo, result, number))
    file = io.BytesIO()
    assert premis.write_xml(Index(tmp_path), file) == 2
    root = ET.fromstring(file.getvalue())
    check(root)
    assert len(set(texts(root, "eventIdentifierValue"))) == 2
    details = texts(root, "eventDetail")
    assert {"a-color.jpg of a.jpg", "b/a-color.jpg of b/a.jpg"} <= set(details)


def test_a_second_export_is_the_same(folder: Path) -> None:
    assert document(folder) == document(folder)


def test_json_says_the_same_as_xml(folder: Path) -> None:
    file = io.BytesIO()
    assert premis.write_json(Index(folder), file) == 4
    found = json.loads(file.getvalue())["premis"]
    root = ET.fromstring(document(folder))
    assert [len(found[name]) for name in ("object", "event", "agent")] == [8, 4, 1]
    assert [each["eventIdentifier"]["eventIdentifierValue"] for each in found["event"]] == texts(
        root, "eventIdentifierValue"
    )
    assert [each["objectIdentifier"]["objectIdentifierValue"] for each in found["object"]] == texts(
        root, "objectIdentifierValue"
    )


def test_a_ledger_without_results_has_no_events(tmp_path: Path) -> None:
    out, photos, results = batch(tmp_path, 1)
    with book_in(out) as book:
        book.write(row_of(book, photos[0], results[0], state="failed", made=None))
    xml, text = io.BytesIO(), io.BytesIO()
    assert premis.write_xml(Index(out), xml) == premis.write_json(Index(out), text) == 0
    assert len(ET.fromstring(xml.getvalue())) == 0
    assert json.loads(text.getvalue()) == {"premis": {"version": "3.0"}}


def spoilt(document: str) -> Iterator[str]:
    yield document.replace("<eventType", "<eventKind").replace("</eventType>", "</eventKind>")
    yield document.replace(' xsi:type="file"', "", 1)
    yield re.sub("<messageDigest>.*?</messageDigest>", "", document, count=1)
    yield re.sub("<event>.*?</event>", "<event/>", document, count=1, flags=re.DOTALL)


def test_the_official_schema_takes_it(folder: Path) -> None:
    xmlschema = pytest.importorskip("xmlschema")
    path = os.environ.get("SAFELIGHT_PREMIS_XSD", "")
    if not path:
        pytest.skip("SAFELIGHT_PREMIS_XSD does not name premis-v3-0.xsd")
    schema = xmlschema.XMLSchema(path)
    good = document(folder).decode()
    schema.validate(good)
    for bad in spoilt(good):
        assert bad != good
        assert not schema.is_valid(bad)
