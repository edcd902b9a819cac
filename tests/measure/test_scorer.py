"""The scorer for training."""

import pytest
import spacy
from spacy.training import Example
from spacy.training.augment import dont_augment

from spacy_stablediff import measure_stability
from spacy_stablediff.edits.augmenter import Edits
from spacy_stablediff.measure.scorer import make_stability_scorer

from ..pipelines import chain_pipeline, examples_for, train


def test_the_scorer_gives_displacement_and_identity_of_a_component():
    nlp = chain_pipeline(["textcat"])
    train(nlp)
    config = {"scorer": {"@scorers": "spacy-stablediff.stability_scorer.v1"}}
    scorer = spacy.registry.resolve(config)["scorer"]
    examples = examples_for(nlp)
    scores = scorer(examples, nlp=nlp, component="stablediff")
    expected = measure_stability(nlp, examples, {"e": Edits()}, component="stablediff").edits["e"]
    assert scores == {
        "stability_displacement": pytest.approx(expected.displacement.mean),
        "stability_identity": pytest.approx(expected.identity),
    }
    # In nlp.evaluate the documents have been processed already.
    processed = [Example(nlp(eg.predicted.copy()), eg.reference) for eg in examples]
    assert scorer(processed, nlp=nlp, component="stablediff") == pytest.approx(scores)
    assert scorer([], nlp=nlp, component="stablediff") == dict.fromkeys(scores)


def test_the_scorer_takes_any_augmenter():
    nlp = chain_pipeline(["textcat"])
    train(nlp)
    scorer = make_stability_scorer(dont_augment, limit=2)
    scores = scorer(examples_for(nlp), nlp=nlp, component="stablediff", labels=["ignored"])
    assert scores["stability_displacement"] == pytest.approx(0, abs=1e-6)
