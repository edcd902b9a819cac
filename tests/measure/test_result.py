"""The result of a measurement, as a dictionary and against a baseline."""

import json

import numpy
import spacy

from spacy_stablediff import measure_stability
from spacy_stablediff.edits.augmenter import Edits
from spacy_stablediff.measure.result import Stability

from ..pipelines import TEXTS, chain_pipeline, examples_for, train

TEXTS_ALONE = [text for text, _, _ in TEXTS]


def test_the_result_has_exactly_the_documented_keys():
    nlp = chain_pipeline(["textcat", "ner"])
    train(nlp)
    result = measure_stability(nlp, examples_for(nlp))
    figures = json.loads(json.dumps(result.to_dict()))
    more = {"curves", "details", "mended", "place", "provenance", "robustness"}
    assert figures.keys() == {"model", "documents", "tokens", "clean", "edits", *more}
    assert figures["clean"].keys() == {"scores"}
    assert figures["edits"].keys() == {"typo", "swap", "drop"}
    for edit in figures["edits"].values():
        assert edit.keys() == {
            *("displacement", "identity", "cats_flips", "ents_agreement", "scores"),
        }
        assert edit["displacement"].keys() == {"raw", "mean", "p95", "edited", "unedited"}
    assert figures["details"].keys() == {"clean", "typo", "swap", "drop"}
    assert figures["details"]["typo"].keys() == {"intervals", "labels", "histogram"}
    assert figures["model"] == "en_pipeline" and figures["place"] == "doc.tensor"
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


def test_says_where_the_figures_come_from():
    nlp = chain_pipeline(["textcat"])
    train(nlp)
    noise = Edits(typo=0.3, seed=numpy.int64(1))
    options = {"seed": 3, "limit": 2, "edits": {"noise": noise, "none": keep, "own": Configured()}}
    origin = json.loads(json.dumps(measure_stability(nlp, TEXTS_ALONE, **options).to_dict()))
    origin = origin["provenance"]
    assert (origin["data"], origin["seed"], origin["limit"]) == (None, 3, 2)
    assert (origin["edits"]["none"], origin["edits"]["own"]) == ("keep", "Configured")
    edits = spacy.registry.resolve({"edits": origin["edits"]["noise"]})["edits"]
    assert edits.config == options["edits"]["noise"].config
    assert origin["versions"]["spacy"] == spacy.__version__ and len(origin["date"]) == 10


def keep(nlp, example):
    yield example


class Configured:
    """An augmenter that calls something else its config."""

    def __init__(self):
        self.config = {"rate": object()}

    def __call__(self, nlp, example):
        yield example
