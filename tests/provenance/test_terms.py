"""The source type of a result: IPTC's terms, and that no later step makes less of what was said before."""

import pytest

from safelight.errors import PhotoError
from safelight.provenance.terms import RETIRED, TERMS, VOCABULARY, after_step, checked_term, in_words

COMPOSITE, ENHANCED, TRAINED = (
    "compositeWithTrainedAlgorithmicMedia",
    "algorithmicallyEnhanced",
    "trainedAlgorithmicMedia",
)


@pytest.mark.parametrize(
    ("kind", "before", "term"),
    [
        ("learned", "", COMPOSITE),
        ("learned", VOCABULARY + "print", COMPOSITE),
        ("learned", VOCABULARY + TRAINED, TRAINED),
        ("classical", "", ENHANCED),
        ("classical", VOCABULARY + "negativeFilm", ENHANCED),
        ("classical", VOCABULARY + COMPOSITE, COMPOSITE),
        ("classical", "https://cv.iptc.org/newscodes/digitalsourcetype/" + TRAINED, TRAINED),
        ("generated", "", TRAINED),
        ("unchanged", VOCABULARY + "print", "print"),
        ("unchanged", "", ""),
    ],
)
def test_what_a_step_makes_of_it(kind: str, before: str, term: str) -> None:
    assert after_step(kind, before) == term


def test_the_vocabulary_is_that_of_iptc() -> None:
    """The 20 concepts of 2024-10-23, three of them retired."""
    assert len(TERMS) == 17
    assert set(RETIRED) == {"minorHumanEdits", "softwareImage", "digitalArt"}
    assert set(RETIRED.values()) <= set(TERMS)


@pytest.mark.parametrize(
    "said", ["print", VOCABULARY + "print", "https://cv.iptc.org/newscodes/digitalsourcetype/print"]
)
def test_a_term_is_a_word_or_its_address(said: str) -> None:
    assert checked_term(said) == "print"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("minorHumanEdits", "retired the source type minorHumanEdits; use humanEdits"),
        ("digitalArt", "use digitalCreation"),
        ("prints", "did you mean print?"),
        ("nonsense of mine", "IPTC has digitalCapture"),
        ("", "is no source type"),
    ],
)
def test_others_are_refused(said: str, words: str) -> None:
    with pytest.raises(PhotoError, match=words.replace("?", r"\?")):
        checked_term(said)


def test_words() -> None:
    assert in_words(VOCABULARY + "print") == "print (digitized from a print)"
    assert "now humanEdits" in in_words("minorHumanEdits")
    assert in_words("c2pa:empty") == "c2pa:empty"
