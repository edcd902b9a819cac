"""Edited copies of a batch, aligned with it."""

import numpy
import pytest
import spacy
from spacy.training import Example
from spacy.training.augment import dont_augment

from spacy_stablediff.edits.alignment import align
from spacy_stablediff.edits.augmenter import Edits
from spacy_stablediff.edits.batch import edit_batch
from spacy_stablediff.edits.original import restore

from ..pipelines import UNSEEN, bare

NLP = spacy.blank("en")


def replace(texts):
    """An augmenter that yields, for each text, the ones that are given for it."""

    def augment(nlp, example):
        for text in texts.get(example.text, []):
            doc = nlp.make_doc(text)
            yield Example(doc, doc.copy())

    return augment


def test_rows_count_through_all_documents():
    augmenter = replace({"one three": ["two one three"], "four": ["five", "four six"]})
    batch = edit_batch(NLP, augmenter, bare(NLP, ["one three", "none", "four"]))
    assert [doc.text for doc in batch.docs] == ["two one three", "five", "four six"]
    assert batch.sources.tolist() == [0, 2, 2]
    # Clean: one three | none | four. Edited: two one three | five | four six.
    pairs = dict(zip(batch.rows.tolist(), batch.clean_rows.tolist(), strict=True))
    assert pairs[1] == 0 and pairs[2] == 1 and pairs[4] == 3
    assert not {0, 5} & set(pairs)


def test_rows_are_those_of_the_alignment_of_each_copy():
    examples = bare(NLP, UNSEEN)
    batch = edit_batch(NLP, Edits(typo=0.3, swap=0.3, drop=0.3), examples)
    assert len(batch.docs) > 2
    clean = [(index, token.i) for index, eg in enumerate(examples) for token in eg.predicted]
    edited = [(index, token.i) for index, doc in enumerate(batch.docs) for token in doc]
    expected = []
    for index, doc in enumerate(batch.docs):
        source = int(batch.sources[index])
        alignment = align(examples[source].predicted, doc).tolist()
        expected += [((index, i), (source, k)) for i, k in enumerate(alignment) if k >= 0]
    rows = zip(batch.rows.tolist(), batch.clean_rows.tolist(), strict=True)
    assert [(edited[row], clean[other]) for row, other in rows] == expected


def test_a_share_of_the_documents_is_drawn_and_keeps_its_counterparts():
    texts = [f"word{i} next" for i in range(400)]
    augmenter = replace({text: [f"the {text}"] for text in texts})
    numpy.random.seed(0)
    batch = edit_batch(NLP, augmenter, bare(NLP, texts), share=0.25)
    assert len(batch.docs) == pytest.approx(100, abs=35)
    assert [doc.text for doc in batch.docs] == [f"the {texts[i]}" for i in batch.sources]
    assert batch.clean_rows.tolist() == [2 * i + k for i in batch.sources.tolist() for k in (0, 1)]
    numpy.random.seed(0)
    again = edit_batch(NLP, augmenter, bare(NLP, texts), share=0.25)
    assert again.sources.tolist() == batch.sources.tolist()


def test_copies_record_what_they_were_made_from():
    examples = bare(NLP, ["one three"])
    (copy,) = edit_batch(NLP, replace({"one three": ["two one"]}), examples).docs
    assert restore(copy).text.split() == ["one", "three"]


@pytest.mark.parametrize("makes_errors", [True, False])
def test_copies_of_ours_say_themselves_whether_they_are_texts_of_their_own(makes_errors):
    augmenter = Edits(0.0, 0.0, 0.0, case=1.0, casing="upper")
    augmenter.makes_errors = makes_errors
    (copy,) = edit_batch(NLP, augmenter, bare(NLP, ["one three"])).docs
    assert restore(copy).text.strip() == ("one three" if makes_errors else "ONE THREE")


@pytest.mark.parametrize(
    "augmenter, texts",
    [
        (dont_augment, UNSEEN),
        (replace({}), UNSEEN),
        (Edits(typo=1.0, swap=1.0, drop=1.0), []),
        (Edits(typo=1.0, swap=1.0, drop=1.0), ["", ""]),
    ],
    ids=["equal copies", "no copies", "no documents", "no tokens"],
)
def test_without_copies_that_differ_the_batch_is_empty(augmenter, texts):
    batch = edit_batch(NLP, augmenter, bare(NLP, texts))
    assert not batch.docs
    for rows in (batch.rows, batch.clean_rows, batch.sources):
        assert rows.shape == (0,) and rows.dtype == numpy.int32


def test_examples_stay_as_they_are():
    examples = bare(NLP, UNSEEN)
    before = [(eg.predicted.to_bytes(), eg.reference.to_bytes()) for eg in examples]
    edit_batch(NLP, Edits(typo=0.5), examples)
    assert before == [(eg.predicted.to_bytes(), eg.reference.to_bytes()) for eg in examples]


def test_copies_have_the_sentences_of_their_documents():
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    (example,) = bare(nlp, ["One two. Three four. Five six."])
    example.predicted = nlp(example.predicted)
    texts = ["two One. Thre four. six.", "Oneish two Three. four Five six"]
    batch = edit_batch(nlp, replace({example.text: texts}), [example])
    assert [[sent.text for sent in doc.sents] for doc in batch.docs] == [
        ["two One.", "Thre four.", "six."],
        ["Oneish two", "Three. four", "Five six"],
    ]


def test_copies_have_what_components_have_annotated_their_counterparts_with():
    (example,) = bare(NLP, ["Ann went home"])
    for token, tag in zip(example.predicted, ("NNP", "VBD", "RB"), strict=True):
        token.tag_, token.lemma_, token.dep_ = tag, token.lower_, "dep"
    example.predicted[0].ent_type_ = "PERSON"
    augmenter = replace({example.text: ["went Ann back home"]})
    (copy,) = edit_batch(NLP, augmenter, [example]).docs
    assert [(t.tag_, t.lemma_, t.dep_, t.ent_type_) for t in copy if t.text != "back"] == [
        ("VBD", "went", "dep", ""),
        ("NNP", "ann", "dep", "PERSON"),
        ("RB", "home", "dep", ""),
    ]


def test_copies_of_documents_without_sentences_have_none():
    (copy,) = edit_batch(NLP, replace({"a b": ["a c"]}), bare(NLP, ["a b"])).docs
    assert not copy.has_annotation("SENT_START")


def test_copies_without_categories_have_those_of_their_documents():
    (example,) = bare(NLP, ["one three"])
    example.reference.cats = {"ODD": 1.0, "EVEN": 0.0}
    (copy,) = edit_batch(NLP, replace({"one three": ["one thre"]}), [example]).examples
    assert copy.reference.cats == {"ODD": 1.0, "EVEN": 0.0}
    assert copy.predicted.cats == {}

    def relabel(nlp, example):
        doc = nlp.make_doc("one two")
        yield Example.from_dict(doc, {"cats": {"ODD": 0.0, "EVEN": 1.0}})

    (copy,) = edit_batch(NLP, relabel, [example]).examples
    assert copy.reference.cats == {"ODD": 0.0, "EVEN": 1.0}
