"""A record in an XMP packet: every form that a source's own packet may have, read again by other hands."""

import base64
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safelight.pixels.xmp import joined, split
from safelight.provenance.made import Made, Source, UsedFile, UsedModel
from safelight.provenance.packet import read, source_of, with_record
from safelight.provenance.statements import FRESH

RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
IPTC = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}"
MM = "{http://ns.adobe.com/xap/1.0/mm/}"
REF = "{http://ns.adobe.com/xap/1.0/sType/ResourceRef#}"
EVT = "{http://ns.adobe.com/xap/1.0/sType/ResourceEvent#}"
OURS = {IPTC + "DigitalSourceType", MM + "InstanceID", MM + "DerivedFrom", MM + "History"}
TERMS = "http://cv.iptc.org/newscodes/digitalsourcetype/"
SHA = "ab" * 32
SPACES = (
    'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:i="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/" '
    'xmlns:e="http://ns.adobe.com/xap/1.0/sType/ResourceEvent#" '
    'xmlns:r="http://ns.adobe.com/xap/1.0/sType/ResourceRef#"'
)
HISTORY = '<xmpMM:History><rdf:Seq><rdf:li e:action="created" e:when="2001-02-03"/></rdf:Seq></xmpMM:History>'


def packet(body: str, head: str = "rdf:RDF", spaces: str = SPACES) -> bytes:
    return (
        f'<?xpacket begin="" id="x"?>\n<x:xmpmeta xmlns:x="adobe:ns:meta/"><{head} {spaces}>{body}</{head}>'
        '</x:xmpmeta>\n     \n<?xpacket end="w"?>'
    ).encode()


FORMS = {  # name: a packet that says print, d1, i1, and has one event, in each form that RDF allows
    "elements": packet(
        f'<rdf:Description rdf:about=""><dc:title>Kö &amp; ln</dc:title><i:DigitalSourceType>{TERMS}print'
        "</i:DigitalSourceType><xmpMM:DocumentID>d1</xmpMM:DocumentID><xmpMM:InstanceID>i1</xmpMM:InstanceID>"
        f"{HISTORY}</rdf:Description>"
    ),
    "attributes": packet(
        f"<rdf:Description rdf:about='uuid:7' dc:title='a' i:DigitalSourceType='{TERMS}print' "
        f'xmpMM:DocumentID="d1" xmpMM:InstanceID="i1">{HISTORY}</rdf:Description>'
    ),
    "two nodes": packet(
        f'<rdf:Description rdf:about="" i:DigitalSourceType="{TERMS}print"/>'
        f'<rdf:Description rdf:about="" xmpMM:DocumentID="d1" xmpMM:InstanceID="i1">{HISTORY}</rdf:Description>'
    ),
    "resource": packet(
        f'<rdf:Description rdf:about=""><i:DigitalSourceType rdf:resource="{TERMS}print"/>'
        f"<xmpMM:DocumentID>d1</xmpMM:DocumentID><xmpMM:InstanceID>i1</xmpMM:InstanceID>{HISTORY}</rdf:Description>"
    ),
    "cdata": packet(
        f'<rdf:Description rdf:about=""><i:DigitalSourceType><![CDATA[{TERMS}print]]></i:DigitalSourceType>'
        f"<xmpMM:DocumentID>d1</xmpMM:DocumentID><xmpMM:InstanceID>i1</xmpMM:InstanceID>{HISTORY}</rdf:Description>"
    ),
    "another prefix": packet(
        f'<R:Description R:about="" i:DigitalSourceType="{TERMS}print" xmpMM:DocumentID="d1" xmpMM:InstanceID="i1">'
        f"{HISTORY.replace('rdf:', 'R:')}</R:Description>",
        "R:RDF",
        SPACES.replace("xmlns:rdf", "xmlns:R"),
    ),
    "prefixes of ours mean others": packet(
        f'<rdf:Description rdf:about="" i:DigitalSourceType="{TERMS}print" xmpMM:DocumentID="d1" xmpMM:InstanceID="i1">'
        f"{HISTORY}</rdf:Description>",
        spaces=f'{SPACES} xmlns:stEvt="http://a/" xmlns:safelight="http://b/" xmlns:Iptc4xmpExt="http://c/"',
    ),
    "without a wrapper": packet(
        f'<rdf:Description rdf:about="" i:DigitalSourceType="{TERMS}print" xmpMM:DocumentID="d1" xmpMM:InstanceID="i1">'
        f"{HISTORY}</rdf:Description>"
    )
    .partition(b'meta/">')[2]
    .partition(b"</x:")[0],
}


def made(source: Source | None = None, **changes: object) -> Made:
    whole = Made(
        "colorize",
        "learned",
        {"vivid": 0.5, "hints": [1, 2]},
        (UsedModel("color", SHA),),
        (source or source_of("ä <b>.jpg", SHA, None),),
        {"hints": UsedFile("a.hints.json", SHA)},
        when="2026-11-29T05:00:00Z",
    )
    return replace(whole, **changes)


def triples(data: bytes) -> Iterator[tuple[str, str]]:
    """Each top property, whatever its form, with all that is in it: by ElementTree, which knows nothing of ours."""
    root = ElementTree.fromstring(data.strip())
    for node in root.iter(RDF + "Description"):
        for name, value in node.attrib.items():
            if name != RDF + "about":
                yield name, value
        for child in node:
            yield (
                child.tag,
                re.sub(r"\s+", " ", ElementTree.tostring(child, encoding="unicode", method="text")).strip(),
            )


def only(data: bytes, name: str) -> ElementTree.Element:
    """The one property of that name, as an element."""
    found = list(ElementTree.fromstring(data).iter(name))
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize("form", FORMS)
def test_a_packet_in_every_form(form: str) -> None:
    before = FORMS[form]
    source = source_of("a.jpg", SHA, before)
    assert source == Source("a.jpg", SHA, TERMS + "print", "d1", "i1")
    marked = with_record(before, made(source))
    assert marked.remarks == ()
    after = marked.packet
    values = Counter(name for name, _ in triples(after))
    assert all(values[name] == 1 for name in (*OURS, MM + "DocumentID"))
    said = dict(triples(after))
    assert said[IPTC + "DigitalSourceType"] == TERMS + "compositeWithTrainedAlgorithmicMedia"
    assert said[IPTC + "AISystemUsed"] == "safelight color"
    assert SHA in said[IPTC + "AISystemVersionUsed"]
    assert said[MM + "DocumentID"] == "d1"
    assert said[MM + "InstanceID"].startswith("xmp.iid:")
    origin = only(after, MM + "DerivedFrom")
    fields = [(each.tag, each.text) for each in origin]
    assert fields[:3] == [(REF + "instanceID", "i1"), (REF + "documentID", "d1"), (REF + "filePath", "a.jpg")]
    assert fields[3] == (IPTC + "DigitalSourceType", TERMS + "print")
    events = list(only(after, MM + "History").iter(RDF + "li"))
    assert len(events) == 2
    assert events[0].get(EVT + "action") == "created", "the older one stays in front"
    texts = {each.tag: each.text or "" for each in events[1]}
    assert texts[EVT + "action"] == "edited"
    assert texts[EVT + "when"] == "2026-11-29T05:00:00Z"
    assert texts[EVT + "changed"] == "/"
    assert "vivid 0.5" in texts[EVT + "parameters"]
    others = [pair for pair in triples(before) if pair[0] not in OURS]
    assert [pair for pair in triples(after) if pair in others] == others, "all else is as it was"
    assert read(after).steps == (made(source),)


@pytest.mark.parametrize("form", FORMS)
def test_the_bytes_between_are_those_of_before(form: str) -> None:
    """Without what is put in, the new packet is the old one without what is taken out: letter by letter."""
    before = FORMS[form]
    after = with_record(before, made(source_of("a.jpg", SHA, before))).packet
    put_in = rb"""(?xs)<rdf:Description\ [^>]*xmlns:safelight=(?:(?!<rdf:Desc).)*</rdf:Description>\n
        | <rdf:li[^>]*Resource.*?</rdf:li>"""
    gone = rb"""(?x)\ (i:DigitalSourceType|xmpMM:InstanceID)=("[^"]*"|'[^']*') | <i:DigitalSourceType\ [^>]*/>
        | <(i:DigitalSourceType|xmpMM:InstanceID)>.*?</(i:DigitalSourceType|xmpMM:InstanceID)>"""
    assert re.sub(put_in, b"", after) == re.sub(gone, b"", before)


def test_a_photo_without_a_packet_gets_a_small_one() -> None:
    after = with_record(None, made()).packet
    assert len(after) < 3500
    assert after.startswith(b'<?xpacket begin="\xef\xbb\xbf"')
    assert after.endswith(b'<?xpacket end="w"?>')
    said = read(after)
    assert said.document_id.startswith("xmp.did:")
    assert said.derived_from is not None
    assert said.derived_from.document_id == said.document_id, "of the source file, which has none of its own"
    assert said.derived_from.name == "ä <b>.jpg"
    assert said.steps == (made(),)


BROKEN = {
    "cut off": FORMS["elements"][:300],
    "not XML": b"title=Neg. 417 & more",
    "Latin-1": FORMS["elements"].replace("Kö".encode(), "Kö".encode("latin-1")),
    "no RDF": b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><a/></x:xmpmeta>',
    "entities": b'<!DOCTYPE a [<!ENTITY b "c">]>' + FORMS["elements"],
    "too deep": b"<a>" * 5000 + b"</a>" * 5000,
    "noughts": bytes(200),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_packet_is_kept_and_said(name: str) -> None:
    marked = with_record(BROKEN[name], made())
    assert re.search("cannot be read .*kept within the mark", marked.remarks[0])
    kept = only(marked.packet, "{urn:safelight:provenance:1.0/}UnreadPacket").text
    assert base64.b64decode(kept or "") == BROKEN[name]
    assert read(marked.packet).steps == (made(),)
    assert "cannot be read" in read(BROKEN[name]).remarks[0]


@pytest.mark.parametrize(
    "rdf", ["<rdf:RDF {}/>", "<rdf:RDF {}></rdf:RDF>", "<rdf:RDF {}><rdf:Description/></rdf:RDF>"]
)
def test_an_empty_packet(rdf: str) -> None:
    empty = f'<x:xmpmeta xmlns:x="adobe:ns:meta/">{rdf.format(SPACES)}</x:xmpmeta>'.encode()
    marked = with_record(empty, made())
    assert marked.remarks == ()
    ElementTree.fromstring(marked.packet)
    assert read(marked.packet).steps == (made(),)


@pytest.mark.parametrize(
    "history",
    [
        "",
        "<xmpMM:History/>",
        "<xmpMM:History></xmpMM:History>",
        "<xmpMM:History><rdf:Seq/></xmpMM:History>",
        "<xmpMM:History>nothing</xmpMM:History>",
    ],
)
def test_a_history_without_events(history: str) -> None:
    marked = with_record(packet(f'<rdf:Description rdf:about="">{history}</rdf:Description>'), made())
    assert len(list(only(marked.packet, MM + "History").iter(RDF + "li"))) == 1


def test_two_histories_lose_nothing() -> None:
    twice = packet(f'<rdf:Description rdf:about="">{HISTORY}</rdf:Description>' * 2)
    assert with_record(twice, made()).packet.count(b'e:action="created"') == 2


def test_steps_follow_each_other() -> None:
    """Fill then colorize: both events, both records, both models; what was replaced is kept as it stood."""
    first = made(command="fill", models=(UsedModel("fill", SHA),), when="2026-11-29T04:00:00Z")
    filled = with_record(FORMS["elements"], first).packet
    second = made(source_of("filled.png", "cd" * 32, filled))
    colored = with_record(filled, second).packet
    said = read(colored)
    assert said.steps == (first, second)
    assert [each.action for each in said.history] == ["created", "edited", "edited"]
    assert said.system == "safelight fill | safelight color"
    assert said.system_version.count("sha256:") == 2
    assert said.derived_from is not None
    assert said.derived_from.instance_id == f"xmp.iid:{first.id}"
    assert said.derived_from.source_type == TERMS + "compositeWithTrainedAlgorithmicMedia"
    assert said.document_id == "d1"
    kept = only(colored, "{urn:safelight:provenance:1.0/}Replaced")
    assert "filePath" in "".join(kept.itertext())
    third = with_record(colored, made(second.sources[0], kind="classical", models=())).packet
    assert read(third).source_type == TERMS + "compositeWithTrainedAlgorithmicMedia", (
        "it says no less than before"
    )


def test_several_sources_are_ingredients() -> None:
    several = made(sources=(source_of("a.jpg", SHA, None), source_of("b.jpg", SHA, FORMS["elements"])))
    said = read(with_record(None, several).packet)
    assert said.derived_from is None
    assert [each.name for each in said.ingredients] == ["a.jpg", "b.jpg"]
    assert said.ingredients[1].document_id == "d1"


def test_nothing_changed() -> None:
    after = with_record(FORMS["elements"], made(kind="unchanged")).packet
    said = read(after)
    assert said.source_type == TERMS + "print"
    assert said.system == ""
    assert said.history[-1].action == "saved"
    assert said.history[-1].changed == "/metadata"


def test_a_term_that_the_user_asks_for() -> None:
    assert read(with_record(None, made(source_type="humanEdits")).packet).source_type == TERMS + "humanEdits"


def test_the_same_record_gives_the_same_bytes() -> None:
    assert with_record(FORMS["cdata"], made()) == with_record(FORMS["cdata"], made())


@pytest.mark.parametrize("form", ["elements", "attributes"])
def test_a_long_packet_is_split_and_joined(form: str) -> None:
    """What JPEG makes of it: the IPTC terms stay in the first part, which every reader knows."""
    long = made(settings={"hints": [{"x": k / 9999, "y": 0.5, "color": "#123456"} for k in range(3000)]})
    after = with_record(FORMS[form], long).packet
    assert len(after) > 100_000
    parts = split(after, 65_502)
    assert parts is not None
    main, extension, _ = parts
    assert b"AISystemUsed" in main
    assert read(main).source_type.endswith("compositeWithTrainedAlgorithmicMedia")
    whole = joined(main, extension)
    assert read(whole).steps == (long,)
    again = with_record(whole, made(command="fill"))
    assert [each.command for each in read(again.packet).steps] == ["colorize", "fill"]


@given(st.binary(max_size=60), st.integers(0, 400))
def test_damaged_packets_end_nothing(noise: bytes, at: int) -> None:
    damaged = FORMS["elements"][:at] + noise + FORMS["elements"][at + 3 :]
    read(damaged)
    marked = with_record(damaged, made())
    assert made() in read(marked.packet).steps


def test_records_of_others_are_passed_over_and_said() -> None:
    after = with_record(FORMS["elements"], made()).packet
    odd = after.replace(b'"format":1', b'"format":9')
    assert read(odd).steps == ()
    assert "record 1 cannot be read (it is of a newer safelight" in read(odd).remarks[0]
    assert read(FRESH).steps == ()
