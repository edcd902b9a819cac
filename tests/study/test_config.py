"""The training configs of runs."""

import pytest
from thinc.api import Config

from spacy_stablediff.recommended import DIFFUSION, STABILIZER, WORDS
from study.config import BASE, make_config
from study.plan import Run, list_runs

WRAPPER = "spacy-stablediff.WordGraphTok2Vec.v1"
DIFFUSED = {"factory": "stablediff", "model": DIFFUSION}
STABILIZED = {"factory": "stabilizer", **STABILIZER}
BASELINE = Config().from_disk(BASE, interpolate=False)
EMBEDDING = BASELINE["components"]["tok2vec"]["model"]


@pytest.fixture
def make(plan):
    return lambda key: make_config(plan, Run.from_key(key))


def test_baseline_is_the_bundled_config(make):
    config = make("films/scratch/baseline/2")
    assert config["nlp"]["pipeline"] == list(config["components"]) == ["tok2vec", "textcat"]
    assert config["components"]["tok2vec"] == BASELINE["components"]["tok2vec"]
    assert config["corpora"]["train"]["path"] == "corpus/films/train.spacy"
    assert config["corpora"]["dev"]["path"] == "corpus/films/dev.spacy"
    assert config["corpora"]["train"]["augmenter"] is None
    assert (config["training"]["max_steps"], config["training"]["eval_frequency"]) == (800, 100)
    assert config["training"]["batcher"] == BASELINE["training"]["batcher"]
    assert config["training"]["score_weights"] == {"cats_macro_f": 1.0}
    assert config["system"]["seed"] == 2


def test_augmentation_changes_the_corpus_only(make, plan):
    config, baseline = make("films/scratch/augmentation/0"), make("films/scratch/baseline/0")
    assert config["components"] == baseline["components"]
    augmenter = plan["variants"]["augmentation"]["augmenter"]
    assert config["corpora"]["train"]["augmenter"] == augmenter
    assert config["corpora"]["dev"]["augmenter"] is None
    assert config["training"]["batcher"]["size"] == 2000


def test_main_variant_has_the_recommended_parts(make):
    config = make("films/scratch/stablediff/0")
    components = config["components"]
    assert config["nlp"]["pipeline"] == ["tok2vec", "stablediff", "stabilizer", "textcat"]
    assert list(components) == config["nlp"]["pipeline"]
    assert components["tok2vec"]["model"] == {
        "@architectures": WRAPPER,
        **WORDS,
        "tok2vec": EMBEDDING,
    }
    assert components["stablediff"] == DIFFUSED
    assert components["stabilizer"] == STABILIZED


def test_entities_have_no_consistency(make):
    config = make("wnut/scratch/stablediff/0")
    assert config["nlp"]["pipeline"] == ["tok2vec", "stablediff", "stabilizer", "ner"]
    assert config["components"]["stabilizer"] == {**STABILIZED, "consistency": 0.0}
    assert config["training"]["score_weights"] == {"ents_f": 1.0}


def test_pretrained_embedding_is_sourced(make, plan):
    source = plan["pretrained"]
    baseline, config = (make(f"films/pretrained/{name}/0") for name in ("baseline", "stablediff"))
    for each in (baseline, config):
        assert each["components"]["tok2vec"] == {"source": source}
        before = each["initialize"]["before_init"]
        assert (before["tokenizer"], before["vocab"]) == (source, source)
        assert each["components"]["textcat"]["model"]["tok2vec"]["width"] == EMBEDDING["width"]
    assert baseline["nlp"]["after_pipeline_creation"] is None
    assert config["nlp"]["after_pipeline_creation"] == {
        "@callbacks": "spacy-stablediff.know_words.v1",
        "pipes": ["tok2vec"],
        **WORDS,
    }


@pytest.mark.parametrize(
    "variant, pipeline, wraps",
    [
        ("known-words", ["tok2vec", "textcat"], True),
        ("multiscale", ["tok2vec", "stablediff", "textcat"], False),
        ("stability", ["tok2vec", "stabilizer", "textcat"], False),
        ("without-diffusion", ["tok2vec", "stabilizer", "textcat"], True),
        ("without-known-words", ["tok2vec", "stablediff", "stabilizer", "textcat"], False),
    ],
)
def test_parts_that_are_not_named_are_left_out(make, variant, pipeline, wraps):
    config = make(f"tweets/scratch/{variant}/0")
    assert config["nlp"]["pipeline"] == pipeline
    assert (config["components"]["tok2vec"]["model"]["@architectures"] == WRAPPER) is wraps


def test_settings_are_merged_over_the_recommended_ones(make):
    tok2vec = make("films/scratch/without-correction/0")["components"]["tok2vec"]
    assert tok2vec["model"]["time"] == 0.0
    assert tok2vec["model"]["min_count"] == WORDS["min_count"]
    components = make("films/scratch/weight-0.1/0")["components"]
    assert components["stabilizer"] == {**STABILIZED, "weight": 0.1, "consistency": 0.0}


def test_another_layer_takes_the_place_of_the_recommended_one(make):
    components = make("films/scratch/stablediff-implicit/0")["components"]
    layer = {"@architectures": "spacy-stablediff.ImplicitDiffusion.v1"}
    assert components["stablediff"]["model"] == layer


def test_config_of_every_run_can_be_written_and_read(plan):
    for run in list_runs(plan):
        config = make_config(plan, run)
        read = Config().from_str(config.to_str())
        assert list(read["components"]) == read["nlp"]["pipeline"] == config["nlp"]["pipeline"]
