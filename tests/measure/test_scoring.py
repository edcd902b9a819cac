"""Scores counted document by document are spaCy's own."""

import numpy
import pytest
import spacy
from spacy.scorer import Scorer
from spacy.tokens import Doc, Span
from spacy.training import Example

from spacy_stablediff.measure.bootstrap import FEWEST, REPLICATES
from spacy_stablediff.measure.scoring import ScoreTally

from ..pipelines import add_ner, add_textcat, examples_for, train

TEXT = "Anselmo fixed it"


@pytest.fixture(scope="module")
def scored():
    """A trained pipeline, and its predictions."""
    nlp = spacy.blank("en")
    nlp.add_pipe("tok2vec", config={"model": {"width": 16}})
    add_textcat(nlp)
    add_ner(nlp)
    train(nlp, steps=30)
    examples = FEWEST * examples_for(nlp)
    return nlp, [Example(nlp(eg.text), eg.reference) for eg in examples]


def tally_up(nlp, examples):
    tally = ScoreTally(nlp)
    for example in examples:
        tally.add(example, numpy.ones(REPLICATES))
    return tally


def categorized(nlp, predicted, gold):
    """A document with predicted categories, and with true ones."""
    example = Example(nlp.make_doc(TEXT), nlp.make_doc(TEXT))
    example.predicted.cats, example.reference.cats = predicted, gold
    return example


@pytest.mark.parametrize("score", ["ents_f", "cats_macro_f"])
def test_counted_once_each_documents_give_spacys_score(score, scored):
    nlp, examples = scored
    tally = tally_up(nlp, examples)
    expected = Scorer(nlp).score(examples)[score]
    assert tally.values[score] == pytest.approx(expected or 0)
    assert tally.replicates[score] == pytest.approx(expected or 0)


A, B, C = ({label: float(label == true) for label in "ABC"} for true in "ABC")


@pytest.mark.parametrize(
    "factory, cats",
    [
        ("textcat", [(A, A), (B, B), (A, B)]),  # C is never true
        ("textcat", [(A, {"A": 1.0}), (A, {"B": 1.0})]),  # only the true one is listed
        ("textcat", [(C, {"A": 0.0, "B": 0.0}), (A, A)]),
        ("textcat", [(A, {"A": 1.0, "elsewhere": 2.0})]),
        ("textcat_multilabel", [({"A": 0.3, "B": 0.1, "C": 0.2}, {"A": 1.0, "B": 0.0})]),
        ("textcat_multilabel", [({"A": 0.1, "B": 0.3, "C": 0.9}, {"A": 1.0, "B": 0.0}), (A, A)]),
    ],
)
def test_categories_count_as_they_do_for_spacy(factory, cats):
    nlp = spacy.blank("en")
    textcat = nlp.add_pipe(factory, config={"threshold": 0.2})
    for label in "ABC":
        textcat.add_label(label)
    examples = [categorized(nlp, *pair) for pair in cats]
    expected = Scorer(nlp).score(examples)["cats_macro_f"]
    assert tally_up(nlp, examples).values == {"cats_macro_f": pytest.approx(expected)}


@pytest.mark.parametrize("missing", [[], [0], [1, 2]])
@pytest.mark.parametrize("predicted", [(0, 1), (0, 2), (1, 2)])
def test_entities_count_as_they_do_for_spacy(predicted, missing):
    nlp = spacy.blank("en")
    nlp.add_pipe("ner")
    example = Example(nlp.make_doc(TEXT), nlp.make_doc(TEXT))
    gold, doc = example.reference, example.predicted
    doc.ents = [doc.char_span(doc[predicted[0]].idx, len(doc[: predicted[1]].text), "PER")]
    entities = [] if 0 in missing else [gold[0:1]]
    for ent in entities:
        ent.label_ = "PER"
    gold.set_ents(entities, missing=[gold[i : i + 1] for i in missing], default="outside")
    expected = Scorer(nlp).score([example])["ents_f"]
    assert tally_up(nlp, [example]).values["ents_f"] == pytest.approx(expected or 0)


@pytest.mark.parametrize(
    "words, gold_words",
    [
        (["New", "-", "York", "sent", "it"], ["New-York", "sent", "it"]),
        (["New-York", "sent", "it"], ["New", "-", "York", "sent", "it"]),
        (["New-York", "  ", "sent", "it"], ["New-York", "sent", "it"]),
    ],
    ids=["finer", "coarser", "spaces"],
)
def test_entities_spans_and_tags_count_as_they_do_for_spacy_in_other_tokens(words, gold_words):
    nlp = spacy.blank("en")
    for name in ("tagger", "ner"):
        nlp.add_pipe(name)
    nlp.add_pipe("spancat", config={"spans_key": "names"})
    predicted, gold = (Doc(nlp.vocab, words=each) for each in (words, gold_words))
    example = Example(predicted, gold)
    for doc in (predicted, gold):
        doc.ents = [Span(doc, 0, len(doc) - 2 - ("  " in words and doc is predicted), "PLACE")]
        doc.spans["names"] = [*doc.ents, Span(doc, len(doc) - 1, len(doc), "THING")]
        for token in doc:
            token.tag_ = "X" if token.i or doc is gold else "Y"
    tally = tally_up(nlp, [example] * FEWEST)
    expected = Scorer(nlp).score([example])
    for key in ("ents_f", "spans_names_f", "tag_acc"):
        assert tally.replicates[key] == pytest.approx(expected[key]), key


def test_of_spans_and_tags_that_nobody_annotated_nothing_is_known():
    nlp = spacy.blank("en")
    for name in ("tagger", "spancat"):
        nlp.add_pipe(name)
    example = Example(nlp.make_doc(TEXT), nlp.make_doc(TEXT))
    example.predicted.spans["sc"] = [Span(example.predicted, 0, 1, "PLACE")]
    assert tally_up(nlp, [example] * FEWEST).replicates == {}


def test_what_the_pipeline_does_not_predict_is_not_scored(scored):
    _, examples = scored
    assert tally_up(spacy.blank("en"), examples).values == {}
    ner = spacy.blank("en")
    ner.add_pipe("ner")
    assert set(tally_up(ner, examples).values) == {"ents_f"}


def test_without_gold_annotation_there_are_no_scores(scored):
    nlp, _ = scored
    doc = nlp(TEXT)
    tally = tally_up(nlp, [Example(doc, nlp.make_doc(doc.text))])
    assert tally.values == tally.replicates == {}


def test_categories_that_nobody_annotated_have_no_score(scored):
    """spaCy says 0 of them."""
    nlp, examples = scored
    bare = [Example(eg.predicted, nlp.make_doc(eg.text)) for eg in examples]
    for eg in bare:
        eg.reference.ents = [Span(eg.reference, 0, 1, label=nlp.get_pipe("ner").labels[0])]
    scores = tally_up(nlp, bare).correct(Scorer(nlp).score(bare))
    assert {scores[key] for key in scores if key.startswith("cats_") and "desc" not in key} == {
        None
    }
    assert scores["ents_f"] is not None
    assert tally_up(nlp, examples).correct(Scorer(nlp).score(examples))["cats_score"] is not None


def test_documents_without_true_categories_are_no_more_documents(scored):
    nlp, examples = scored
    bare = [Example(eg.predicted, nlp.make_doc(eg.text)) for eg in examples]
    tally = tally_up(nlp, [*examples[: FEWEST - 1], *bare])
    assert numpy.isnan(tally.replicates["cats_macro_f"]).all()


def test_few_documents_claim_nothing(scored):
    nlp, examples = scored
    assert numpy.isnan(tally_up(nlp, examples[: FEWEST - 1]).replicates["cats_macro_f"]).all()
