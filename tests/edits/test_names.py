"""The augmenter `spacy-stablediff.names.v1`: people get other names."""

import unicodedata

import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.tokens import Doc, Span
from spacy.training import Example, offsets_to_biluo_tags
from thinc.api import ConfigValidationError

from spacy_stablediff.edits.alignment import align
from spacy_stablediff.edits.names import Names
from spacy_stablediff.edits.people import FAMILY_NAMES, GIVEN_NAMES

NLP = spacy.blank("en")
NAME = "spacy-stablediff.names.v1"
OWN = ["Ada Mary Lovelace", "Bo"]


def make_example(text, *persons, label="PERSON"):
    """An example in which some parts of the text are persons."""
    doc = NLP.make_doc(text)
    spans, start = [], 0
    for person in persons:
        start = text.index(person, start)
        spans.append(doc.char_span(start, start + len(person), label))
        start += len(person)
    doc.ents = spans
    return Example(NLP.make_doc(text), doc)


def rename(example, **settings):
    (copy,) = Names(**settings)(NLP, example)
    return copy


def variants(text, *persons, times=60, **settings):
    """All that becomes of a text in a number of attempts."""
    augmenter, example = Names(**{"names": OWN, **settings}), make_example(text, *persons)
    return {copy.text for _ in range(times) for copy in augmenter(NLP, example)}


# What it does.


def test_given_names_become_given_names_and_family_names_family_names():
    text = "They met Grace Hopper in Oslo."
    assert variants(text, "Grace Hopper") == {
        f"They met {given} Lovelace in Oslo." for given in ("Ada", "Mary", "Bo")
    }


def test_a_single_word_is_a_given_name_unless_the_document_says_otherwise():
    assert variants("Grace smiled.", "Grace") == {"Ada smiled.", "Mary smiled.", "Bo smiled."}
    text = "Hopper smiled. Grace Hopper did."
    assert {t.split()[0] for t in variants(text, "Hopper", "Grace Hopper")} == {"Lovelace"}


def test_a_word_that_comes_up_again_gets_the_same_name():
    for text in variants("Grace and Grace", "Grace", "Grace"):
        first, _, second = text.split()
        assert first == second


@pytest.mark.parametrize(
    "name, expected",
    [
        ("GRACE HOPPER", "BO LOVELACE"),
        ("grace hopper", "bo lovelace"),
        ("Grace B. Hopper", "Bo B. Lovelace"),
        ("J Hopper", "J Lovelace"),
        ("Mr. Hopper", "Mr. Lovelace"),
        ("Grace van der Hopper Jr.", "Bo van der Lovelace Jr."),
        ("Grace Hopper's", "Bo Lovelace's"),
        ("Grace II", "Bo II"),
    ],
)
def test_case_initials_titles_numerals_and_small_words_stay(name, expected):
    assert variants(name, name, names=["Bo Lovelace"]) == {expected}


def test_names_of_its_own_are_of_many_countries_and_one_word_each():
    for names in (GIVEN_NAMES, FAMILY_NAMES):
        assert len(names) > 120 and len(set(names)) == len(names)
        assert all(name.isalpha() and name[0].isupper() for name in names)
        assert all(unicodedata.name(name[0]).startswith("LATIN") for name in names)
    given, family = rename(make_example("Grace Hopper", "Grace Hopper")).text.split()
    assert given in GIVEN_NAMES and family in FAMILY_NAMES


def test_other_scripts_need_names_of_their_own():
    assert variants("Анна Иванова", "Анна Иванова", names=None) == {"Анна Иванова"}
    assert variants("Анна Ng", "Анна Ng", names=["Мария Кюри"]) == {"Мария Ng"}


def test_entities_of_other_labels_stay():
    example = make_example("Grace left", "Grace", label="ORG")
    assert rename(example).text == "Grace left"
    assert rename(example, labels=["ORG"], names=["Ada"]).text == "Ada left"
    for label in ("PER", "PERSON", "person"):
        assert rename(make_example("Grace left", "Grace", label=label)).text != "Grace left"


@pytest.mark.parametrize("text", ["", " ", "Grace Hopper left Oslo. 👍🏽"])
def test_documents_without_gold_persons_stay(text):
    assert variants(text) == {text}


def test_without_family_names_given_names_take_their_place():
    assert variants("Grace Hopper", "Grace Hopper", names=["Ada"]) == {"Ada Ada"}


def test_the_rate_is_how_often_a_person_gets_another_name():
    people = [f"Grace{i} Hopper{i}" for i in range(1000)]
    text = " , ".join(people)
    copy = rename(make_example(text, *people), rate=0.3)
    kept = sum(ent.text in people for ent in copy.reference.ents)
    assert 0.25 < 1 - kept / 1000 < 0.35


def test_the_seed_fixes_the_sequence_of_names():
    example = make_example("Grace Hopper met Anna", "Grace Hopper", "Anna")

    def run(augmenter):
        return [copy.text for _ in range(5) for copy in augmenter(NLP, example)]

    augmenter = Names(rate=0.5, seed=1)
    first = run(augmenter)
    assert first == run(Names(rate=0.5, seed=1)) == run(augmenter.restarted())
    assert first != run(augmenter) and first != run(Names(rate=0.5, seed=2))


# Annotation and alignment.


def test_gold_annotation_stays_with_its_words():
    doc = make_example("Grace Hopper met Anna.", "Grace Hopper", "Anna").reference
    doc.spans["sc"] = [Span(doc, 3, 4, "GUEST")]
    doc.cats = {"POSITIVE": 0.25}
    copy = rename(Example(doc.copy(), doc), names=["Ada Lovelace"]).reference
    assert [ent.text for ent in copy.ents] == ["Ada Lovelace", "Ada"]
    assert [span.text for span in copy.spans["sc"]] == ["Ada"]
    assert copy.cats == doc.cats and doc.text.startswith("Grace Hopper")


def test_what_a_person_is_known_by_stays_with_that_person():
    doc = NLP.make_doc("Ms. Jane Roe visited Paris with Max")
    for token in doc:
        token.lemma_ = token.text.lower()
    persons = [(1, 3, "Q1"), (6, 7, "Q3")]
    spans = [Span(doc, *each[:2], "PERSON", kb_id=each[2], span_id="a") for each in persons]
    doc.ents = [*spans, Span(doc, 4, 5, "GPE", kb_id="Q2", span_id="b")]
    doc.spans["sc"] = [Span(doc, 1, 3, "PERSON", kb_id="Q1"), Span(doc, 4, 5, "GPE", kb_id="Q2")]
    edited = rename(Example(NLP.make_doc(doc.text), doc), names=OWN).reference
    known_by = [(ent.label_, ent.kb_id_, ent.id_) for ent in edited.ents]
    assert known_by == [("PERSON", "", ""), ("GPE", "Q2", "b"), ("PERSON", "", "")]
    assert [span.kb_id_ for span in edited.spans["sc"]] == ["", "Q2"]
    lemmas = ["ms.", edited[1].text, edited[2].text, "visited", "paris", "with", edited[6].text]
    assert [token.lemma_ for token in edited] == lemmas and "Jane" not in edited.text


def test_a_name_that_the_tokenizer_splits_is_aligned_by_its_letters():
    example = make_example("They met Grace today", "Grace")
    copy = rename(example, names=["Anne-Marie"])
    assert [token.text for token in copy.predicted] == [
        *("They", "met", "Anne", "-", "Marie", "today")
    ]
    assert align(example.predicted, copy.predicted).tolist() == [0, 1, -1, -1, 2, 3]


def test_where_the_spaces_are_unknown_the_tokens_stay():
    doc = Doc(NLP.vocab, words=["met", "Grace"], ents=["O", "B-person"])
    copy = rename(Example(doc.copy(), doc), names=["Anne-Marie"])
    assert [token.text for token in copy.predicted] == ["met", "Anne-Marie"]
    assert align(doc, copy.predicted).tolist() == [0, 1]


WORDS = [
    "Grace",
    "HOPPER",
    "van",
    "J.",
    "d'Arc",
    "O'Neil",
    "Ελένη",
    "李",
    "김민준",
    "أحمد",
    "हिन्दी",
]
WORDS += ["👍🏽", "42", "-", "'s", "\n", "ß", "e\u0301te\u0301", "Jean-Luc"]


@settings(max_examples=150)
@given(
    st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(["O", "B-PERSON", "B-ORG"]))),
    st.floats(0, 1),
    st.sampled_from([None, ["Ada Lovelace", "Мария Кюри", "梅"]]),
    st.integers(0, 99),
)
def test_spans_lie_on_the_same_tokens_and_the_alignment_is_exact(rows, rate, names, seed):
    doc = Doc(NLP.vocab, words=[w for w, _ in rows], ents=[tag for _, tag in rows])
    copy = rename(Example(doc.copy(), doc), rate=rate, names=names, seed=seed)
    assert [(e.start, e.end, e.label_) for e in copy.reference.ents] == [
        (e.start, e.end, e.label_) for e in doc.ents
    ]
    assert align(doc, copy.predicted).tolist() == list(range(len(doc)))
    for token, clean in zip(copy.reference, doc, strict=True):
        if clean.ent_type_ != "PERSON":
            assert token.text == clean.text
        assert token.text.isupper() == clean.text.isupper() or len(clean.text) == 1


@settings(max_examples=60)
@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=8), st.integers(0, 7))
def test_whole_tokens_have_their_own_as_counterpart_in_any_text(words, start):
    text = " ".join(words)
    doc = NLP.make_doc(text)
    if start < len(doc):
        doc.ents = [Span(doc, start, min(start + 2, len(doc)), "PER")]
    example = Example(NLP.make_doc(text), doc)
    copy = rename(example)
    assert align(example.predicted, copy.predicted).tolist() == list(range(len(doc)))
    starts = [(ent.start_char, ent.end_char, ent.label_) for ent in copy.reference.ents]
    tags = offsets_to_biluo_tags(copy.predicted, starts)
    assert [tag == "O" for tag in tags] == [not token.ent_type for token in doc]


# Configs, and what it refuses.


@pytest.mark.parametrize("names", [None, OWN])
def test_a_config_block_makes_the_same_augmenter(names):
    augmenter = Names(rate=0.5, seed=3, labels=["PER"], names=names)
    made = spacy.registry.resolve({"augmenter": augmenter.config})["augmenter"]
    assert made.config == augmenter.config and made.config["@augmenters"] == NAME


@pytest.mark.parametrize("setting", [{"rates": 0.1}, {"labels": 3}, {"seed": "x"}], ids=str)
def test_a_config_with_a_wrong_setting_is_refused(setting):
    with pytest.raises(ConfigValidationError):
        spacy.registry.resolve({"augmenter": {"@augmenters": NAME, **setting}})


@pytest.mark.parametrize(
    "code, setting",
    [
        *(("SD100", {"rate": rate}) for rate in (-0.1, 1.1, float("nan"), True)),
        *(("SD102", {"seed": seed}) for seed in (-1, 0.5, None)),
        *(("SD124", {"labels": labels}) for labels in ([], "PERSON", [1], None)),
        *(("SD125", {"names": names}) for names in ([], [" "], "Ada", [1])),
    ],
)
def test_refuses_what_it_cannot_use(code, setting):
    with pytest.raises(ValueError, match=rf"\[{code}\].*names\.v1.*'{next(iter(setting))}'"):
        Names(**setting)
