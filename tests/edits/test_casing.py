"""Texts in lower case, in upper case, or with every word capitalized."""

import pytest
import spacy
from hypothesis import example, given
from hypothesis import strategies as st
from spacy.tokens import Doc
from spacy.training import Example

from spacy_stablediff.edits.augmenter import Edits
from spacy_stablediff.edits.casing import CASINGS, MASK, has_single_case, have_single_case, recase
from spacy_stablediff.edits.spelling import keep

NLP = spacy.blank("en")
NOTHING_ELSE = {"typo": 0, "swap": 0, "drop": 0}

SCRIPTS_WITHOUT_CASE = [
    "这个产品很好",
    "ひらがな",
    "한국어",
    "हिन्दी",
    "العربية",
    "עברית",
    "ภาษาไทย",
    "😀👍🏽",
    "42",
]


def test_cases_of_documents_of_several_vocabs():
    texts = ["ok", "McDonutz", "iPhone4S"]
    docs = [spacy.blank("en").make_doc(text) for text in texts]
    assert have_single_case(docs).tolist() == [has_single_case(doc) for doc in docs]


def put_into_case(text, casing):
    pipeline = Edits(case=1, casing=casing, **NOTHING_ELSE)
    (copy,) = pipeline(NLP, Example.from_dict(NLP.make_doc(text), {}))
    return copy.text


@pytest.mark.parametrize(
    "casing, expected",
    [
        ("lower", "anna's dog (the old one) doesn't like well-known wi-fi..."),
        ("upper", "ANNA'S DOG (THE OLD ONE) DOESN'T LIKE WELL-KNOWN WI-FI..."),
        ("title", "Anna's Dog (The Old One) Doesn't Like Well-Known Wi-Fi..."),
    ],
)
def test_a_text_is_in_one_case(casing, expected):
    text = "Anna's dog (the OLD one) doesn't like well-known Wi-Fi..."
    assert put_into_case(text, casing) == expected


@pytest.mark.parametrize(
    "word, lower, upper, title",
    [
        ("straße", "straße", "STRASSE", "Straße"),
        ("ßen", "ßen", "SSEN", "Ssen"),
        ("İstanbul", "i̇stanbul", "İSTANBUL", "İstanbul"),
        ("ΟΔΟΣ", "οδος", "ΟΔΟΣ", "Οδος"),
        ("ŉ", "ŉ", "\u02bcN", "\u02bcN"),
        ("ǆep", "ǆep", "ǄEP", "ǅep"),
        ("#tag", "#tag", "#TAG", "#Tag"),
    ],
)
def test_letters_that_change_with_their_case(word, lower, upper, title):
    assert [recase(keep(word), casing).text for casing in CASINGS] == [lower, upper, title]


@given(st.text())
@example("ΑΣΣ ΟΣ. Σ")
def test_python_agrees(text):
    assert recase(keep(text), "lower").text == text.lower()
    assert recase(keep(text), "upper").text == text.upper()
    assert recase(keep(text), "title", begins=False).text == text.lower()


@given(st.text(), st.sampled_from(CASINGS))
def test_each_character_stands_for_the_one_that_it_was(text, casing):
    spelling = recase(keep(text), casing)
    assert len(spelling.origins) == len(spelling.text)
    for char, origin in zip(spelling.text, spelling.origins, strict=True):
        forms = {text[origin].lower(), text[origin].upper(), text[origin].title(), "ς"}
        assert any(char in form for form in forms)


@pytest.mark.parametrize("casing", CASINGS)
@pytest.mark.parametrize("text", ["", " ", *SCRIPTS_WITHOUT_CASE])
def test_scripts_without_case_stay(text, casing):
    assert put_into_case(text, casing) == text


def test_without_a_choice_every_case_comes_up():
    augmenter = Edits(case=1, **NOTHING_ELSE)
    example = Example.from_dict(NLP.make_doc("They met Anna"), {})
    texts = [copy.text for _ in range(60) for copy in augmenter(NLP, example)]
    assert {texts.count(text) > 10 for text in set(texts)} == {True}
    assert set(texts) == {"they met anna", "THEY MET ANNA", "They Met Anna"}


def test_the_rate_is_that_of_documents():
    augmenter = Edits(case=0.3, casing="upper", **NOTHING_ELSE)
    example = Example.from_dict(NLP.make_doc("They met Anna"), {})
    texts = [copy.text for _ in range(600) for copy in augmenter(NLP, example)]
    assert set(texts) == {"They met Anna", "THEY MET ANNA"}
    assert 0.24 < texts.count("THEY MET ANNA") / 600 < 0.36


TOKENS = st.one_of(
    st.sampled_from(
        ["NLP", "iPhone", "Ana", "ok", "3rd", "!", "🙂", "ǅ", "ßA", "[MASK]", "ÀB", "ªº"]
    ),
    st.text(min_size=1, max_size=4).filter(lambda text: not text.isspace()),
)


@given(words=st.lists(TOKENS, max_size=6))
def test_a_text_in_a_single_case_is_told_by_its_tokens(words):
    doc = Doc(NLP.vocab, words=words)
    text = " ".join(word for word in words if word != MASK)
    assert has_single_case(doc) == (text.islower() or text.isupper())


@given(texts=st.lists(st.lists(TOKENS, max_size=3), min_size=1, max_size=5))
def test_the_case_of_many_texts_is_told_at_once(texts):
    docs = [Doc(NLP.vocab, words=words) for words in texts]
    assert have_single_case(docs).tolist() == [has_single_case(doc) for doc in docs]
