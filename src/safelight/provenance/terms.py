"""Where a picture comes from, in the terms of the press: IPTC's vocabulary of digital source types.

Source: IPTC NewsCodes, Digital Source Type, https://cv.iptc.org/newscodes/digitalsourcetype/ (as of 2024-10-23).
"""

import difflib
from typing import Literal, TypeAlias

from safelight.errors import PhotoError, in_short

Kind: TypeAlias = Literal["learned", "classical", "generated", "unchanged"]

VOCABULARY = "http://cv.iptc.org/newscodes/digitalsourcetype/"
TRAINED = "trainedAlgorithmicMedia"
COMPOSITE = "compositeWithTrainedAlgorithmicMedia"
ENHANCED = "algorithmicallyEnhanced"
TERMS = {  # term: what it means, after IPTC's names
    "digitalCapture": "taken by a digital camera",
    "computationalCapture": "merged by a camera from several frames",
    "negativeFilm": "digitized from a negative on film",
    "positiveFilm": "digitized from a positive on film",
    "print": "digitized from a print",
    "humanEdits": "edited by people, with tools that are not generative",
    ENHANCED: "altered by algorithm",
    COMPOSITE: "edited with generative AI",
    TRAINED: "made by generative AI",
    "digitalCreation": "made by people with digital tools",
    "dataDrivenMedia": "drawn from data",
    "algorithmicMedia": "made by an algorithm that was not trained",
    "screenCapture": "taken of a screen",
    "virtualRecording": "recorded in a virtual place",
    "composite": "composed of several elements",
    "compositeCapture": "composed of several captured elements",
    "compositeSynthetic": "composed of elements of which some are synthetic",
}
RETIRED = {  # term: the one that took its place
    "minorHumanEdits": "humanEdits",
    "digitalArt": "digitalCreation",
    "softwareImage": "digitalCreation",
}
_OF_STEP: dict[Kind, str] = {
    "learned": COMPOSITE,
    "classical": ENHANCED,
    "generated": TRAINED,
    "unchanged": "",
}
_SAYS_MORE: dict[
    str, tuple[str, ...]
] = {  # what a source says of itself and a later step must not make less of
    COMPOSITE: (TRAINED,),
    ENHANCED: (COMPOSITE, TRAINED, "compositeSynthetic"),
}


def term_of(said: str) -> str:
    """The bare term of an address, as of a term: what is of no other vocabulary stays as it is."""
    bare = said.strip().replace("https://", "http://", 1)
    return bare.removeprefix(VOCABULARY).strip("/") if bare.startswith(VOCABULARY) else said.strip()


def after_step(kind: Kind, before: str) -> str:
    """The term of a result: that of the step, unless the source's own (a term or an address) says more.

    Learned color or fill: edited with generative AI. Classical fill: altered by algorithm. Samples: made by
    generative AI. Nothing changed: as it was, which may be nothing.
    """
    term, said = _OF_STEP[kind], term_of(before)
    return said if not term or said in _SAYS_MORE.get(term, ()) else term


def checked_term(said: str) -> str:
    """The term that is meant by a user. Raises PhotoError for one that IPTC has retired, or never had."""
    term = term_of(said)
    if term in RETIRED:
        raise PhotoError(f"IPTC has retired the source type {term}; use {RETIRED[term]}")
    if term not in TERMS:
        near = difflib.get_close_matches(term, TERMS, n=1)
        advice = f"did you mean {near[0]}?" if near else f"IPTC has {', '.join(TERMS)}"
        raise PhotoError(f"{in_short(said)} is no source type of IPTC's; {advice}")
    return term


def in_words(said: str) -> str:
    """A term with its meaning: "print (digitized from a print)"."""
    term = term_of(said)
    if term in RETIRED:
        return f"{term} (retired by IPTC; now {RETIRED[term]})"
    return f"{term} ({TERMS[term]})" if term in TERMS else term


def address_of(term: str) -> str:
    """What is written for a term: its address; what is no term of IPTC's stays as it is."""
    return VOCABULARY + term if term in TERMS or term in RETIRED else term
