"""Measuring text classifiers that have no token vectors."""

import pytest
import spacy
from spacy.training import Example

from spacy_stablediff.edits.augmenter import Edits
from study.unembedded import measure_scores

TEXTS = {"good good good": "POSITIVE", "bad bad bad": "NEGATIVE"}
MODEL = {
    "@architectures": "spacy.TextCatBOW.v3",
    "exclusive_classes": True,
    "ngram_size": 1,
    "no_output_layer": False,
}


@pytest.fixture
def trained():
    """A classifier that knows four words, and its examples."""
    nlp = spacy.blank("en")
    nlp.add_pipe("textcat", config={"model": MODEL})
    examples = [
        Example.from_dict(
            nlp.make_doc(text), {"cats": {each: each == label for each in TEXTS.values()}}
        )
        for text, label in TEXTS.items()
    ] * 4
    optimizer = nlp.initialize(lambda: examples)
    for _ in range(20):
        nlp.update(examples, sgd=optimizer)
    return nlp, examples


def test_scores_and_flips(trained):
    nlp, examples = trained

    def exchange(nlp, example):
        doc = nlp.make_doc("bad" if "good" in example.text else "good")
        gold = doc.copy()
        gold.cats = example.reference.cats
        yield Example(doc, gold)

    figures = measure_scores(nlp, examples, {"exchange": exchange, "none": keep}, "cats_macro_f")
    assert figures["clean"] == {"score": 1.0}
    assert figures["none"] == {"score": 1.0, "cats_flips": 0.0}
    assert figures["exchange"] == {"score": 0.0, "cats_flips": 1.0}


def test_edits_of_the_package(trained):
    nlp, examples = trained
    figures = measure_scores(
        nlp, examples, {"upper": Edits(case=1.0, casing="upper")}, "cats_macro_f"
    )
    assert 0 <= figures["upper"]["score"] <= 1
    assert not any(eg.predicted.cats for eg in examples)


def keep(nlp, example):
    yield example
