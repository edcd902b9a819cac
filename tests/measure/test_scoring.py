"""Scores counted document by document are spaCy's own."""

import numpy
import pytest
import spacy
from spacy.training import Example

from spacy_stablediff.measure.bootstrap import REPLICATES
from spacy_stablediff.measure.scoring import ScoreTally

from ..pipelines import add_ner, add_textcat, examples_for, train


@pytest.fixture(scope="module")
def scored():
    """A trained pipeline, and its predictions."""
    nlp = spacy.blank("en")
    nlp.add_pipe("tok2vec", config={"model": {"width": 16}})
    add_textcat(nlp)
    add_ner(nlp)
    train(nlp, steps=30)
    examples = examples_for(nlp)
    return nlp, [Example(nlp(eg.text), eg.reference) for eg in examples]


@pytest.mark.parametrize("score", ["ents_f", "cats_macro_f"])
def test_counted_once_each_documents_give_spacys_score(score, scored):
    nlp, examples = scored
    tally, once = ScoreTally(nlp), numpy.ones(REPLICATES)
    for example in examples:
        tally.add(example, once)
    expected = nlp.evaluate([Example(eg.predicted, eg.reference) for eg in examples])[score]
    assert tally.replicates[score] == pytest.approx(expected or 0, abs=1e-6)


def test_without_gold_annotation_there_are_no_scores(scored):
    nlp, _ = scored
    tally, doc = ScoreTally(nlp), nlp("Anselmo fixed it")
    tally.add(Example(doc, nlp.make_doc(doc.text)), numpy.ones(REPLICATES))
    assert tally.replicates == {}
