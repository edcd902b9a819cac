"""The scorer for training."""

import pytest
import spacy
from spacy.training import Example
from spacy.training.augment import dont_augment
from thinc.api import Adam

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


def test_the_area_is_the_mean_height_of_the_curve_of_scores():
    nlp = chain_pipeline(["textcat", "ner"])
    train(nlp, steps=1)
    for _ in range(30):
        nlp.update(examples_for(nlp), sgd=Adam(0.01))
    scorer = {"@scorers": "spacy-stablediff.stability_scorer.v1", "rates": [0.2, 0.6]}
    nlp.get_pipe("stablediff").scorer = spacy.registry.resolve({"scorer": scorer})["scorer"]
    area = nlp.evaluate(examples_for(nlp))["stability_area"]
    heights = []
    for rate in (0.0, 0.2, 0.6):
        edits = Edits(0.0, 0.0, 0.0, letters=rate)
        edited = [copy for eg in examples_for(nlp) for copy in edits(nlp, eg)]
        scores = nlp.evaluate(edited)
        heights.append((scores["cats_macro_f"] + scores["ents_f"]) / 2)
    expected = (0.2 * (heights[0] + heights[1]) + 0.4 * (heights[1] + heights[2])) / 2 / 0.6
    assert area == pytest.approx(expected, abs=1e-6)
    assert heights[0] > heights[2]


def test_refuses_a_limit_below_0():
    with pytest.raises(ValueError, match=r"\[SD108\].*'limit'.*-1"):
        make_stability_scorer(limit=-1)


def test_the_area_of_nothing_is_unknown():
    nlp = chain_pipeline(["textcat"])
    train(nlp)
    scorer = make_stability_scorer(rates=[0.1])
    options = {"nlp": nlp, "component": "stablediff"}
    assert scorer([], **options)["stability_area"] is None
    bare = [Example(nlp.make_doc("fine"), nlp.make_doc("fine"))]
    assert scorer(bare, **options)["stability_area"] is None
    with pytest.raises(ValueError, match=r"\[SD100\].*'letters'"):
        make_stability_scorer(rates=[2])
