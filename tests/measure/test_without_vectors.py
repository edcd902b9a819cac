"""Measuring text classifiers that count words, and so have no token vectors."""

import pytest
import spacy
from spacy.training import Example

import spacy_stablediff
from spacy_stablediff import attach
from spacy_stablediff.edits.augmenter import Edits

from ..pipelines import EMBEDDING, add_textcat

TEXTS = {"good good good": "POSITIVE", "bad bad bad": "NEGATIVE"}
MODEL = {
    "@architectures": "spacy.TextCatBOW.v3",
    "exclusive_classes": True,
    "ngram_size": 1,
    "no_output_layer": False,
}


@pytest.fixture(scope="module")
def trained():
    """A classifier that knows two words, and its examples."""
    nlp = spacy.blank("en")
    nlp.add_pipe("textcat", config={"model": MODEL})
    examples = [
        Example.from_dict(
            nlp.make_doc(text), {"cats": {each: float(each == label) for each in TEXTS.values()}}
        )
        for text, label in TEXTS.items()
    ] * 4
    nlp.initialize(lambda: examples)
    for _ in range(20):
        nlp.update(examples)
    return nlp, examples


def exchange(nlp, example):
    doc = nlp.make_doc("bad" if "good" in example.text else "good")
    gold = doc.copy()
    gold.cats = example.reference.cats
    yield Example(doc, gold)


def keep(nlp, example):
    yield example


def test_scores_and_flips_are_measured_and_nothing_else(trained):
    nlp, examples = trained
    report = spacy_stablediff.measure_stability(nlp, examples, {"exchange": exchange, "none": keep})
    figures = report.to_dict()
    assert figures["place"] == "none"
    exchanged, kept = figures["edits"]["exchange"], figures["edits"]["none"]
    assert (exchanged["cats_flips"], kept["cats_flips"]) == (1.0, 0.0)
    scores = [each["scores"]["cats_macro_f"] for each in (figures["clean"], exchanged, kept)]
    assert scores == [1.0, 0.0, 1.0]
    assert exchanged["identity"] is None and set(exchanged["displacement"].values()) == {None}


def test_the_verdict_is_about_predictions(trained):
    nlp, examples = trained
    report = spacy_stablediff.measure_stability(nlp, examples, {"exchange": exchange})
    assert "has no token vectors that edits could move" in report.verdict
    assert "category flips 100.0%" in report.verdict
    assert "n/a" not in report.verdict and "<svg" in report.to_html()


def test_the_verdict_on_two_of_them_is_what_sets_their_predictions_apart(trained):
    nlp, examples = trained
    steady = spacy.blank("en")
    steady.add_pipe("textcat", config={"model": MODEL})
    steady.initialize(lambda: examples)
    report = spacy_stablediff.measure_stability(
        steady, examples, {"exchange": exchange}, baseline=nlp
    )
    assert "category flips 0.0% against 100.0%" in report.verdict


def test_curves_and_samples_need_no_vectors(trained):
    nlp, examples = trained
    curves = {
        "capitals": {0.5: Edits(case=0.5, casing="upper"), 1.0: Edits(case=1.0, casing="upper")}
    }
    report = spacy_stablediff.measure_stability(nlp, examples, {"none": keep}, curves=curves)
    assert "capitals" in report.to_html()


def test_without_predictions_there_is_nothing_to_measure(trained):
    nlp, examples = trained
    with pytest.raises(ValueError, match=r"\[SD105\]"):
        spacy_stablediff.measure_stability(nlp, examples, {"none": keep}, predict=False)


def test_a_baseline_without_vectors_is_looked_at_without_them(trained):
    """Its component of that name counts words, and that of the pipeline embeds."""
    baseline, examples = trained
    nlp = spacy.blank("en")
    add_textcat(nlp, EMBEDDING)
    nlp.initialize(lambda: examples)
    attach(nlp, "textcat")
    result = spacy_stablediff.measure_stability(nlp, list(TEXTS), baseline=baseline)
    assert result.place == "textcat" and result.baseline.place == "none"
