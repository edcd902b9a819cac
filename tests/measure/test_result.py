"""The result of a measurement, as a dictionary and against a baseline."""

import json

from spacy_stablediff import measure_stability
from spacy_stablediff.measure.result import Stability

from ..pipelines import TEXTS, chain_pipeline, examples_for, train


def test_the_result_has_exactly_the_documented_keys():
    nlp = chain_pipeline(["textcat", "ner"])
    train(nlp)
    result = measure_stability(nlp, examples_for(nlp))
    figures = json.loads(json.dumps(result.to_dict()))
    assert figures.keys() == {"model", "documents", "tokens", "clean", "edits"}
    assert figures["clean"].keys() == {"scores"}
    assert figures["edits"].keys() == {"typo", "swap", "drop"}
    for edit in figures["edits"].values():
        assert edit.keys() == {
            *("displacement", "identity", "cats_flips", "ents_agreement", "scores"),
        }
        assert edit["displacement"].keys() == {"raw", "mean", "p95", "edited", "unedited"}
    assert figures["model"] == "en_pipeline"
    assert figures["documents"] == len(TEXTS)
    assert figures["tokens"] == sum(len(eg.predicted) for eg in examples_for(nlp))
    assert measure_stability(nlp, examples_for(nlp), name="mine").model == "mine"


def test_ratios_to_a_baseline():
    nlp = chain_pipeline(["textcat"])
    train(nlp)
    result = measure_stability(nlp, examples_for(nlp))
    ratio = result.ratio_to(result)
    assert ratio["edits"]["typo"]["displacement"]["mean"] == 1
    assert ratio["edits"]["typo"]["ents_agreement"] is None
    assert ratio["clean"]["scores"]["cats_score"] == 1
    assert isinstance(result, Stability) and json.dumps(ratio)
