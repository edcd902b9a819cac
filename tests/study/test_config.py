"""The training configs of runs."""

from importlib import import_module

import pytest
from thinc.api import Config

from spacy_stablediff.recommended import (
    AUGMENTATION,
    BAG,
    CLASSIFIER_STABILIZER,
    DIFFUSION,
    ENSEMBLE_BAG,
    STABILIZER,
    WORDS,
)
from study.base import BASE
from study.config import is_ours, make_config
from study.plan import Run, list_runs

WRAPPER = "spacy-stablediff.WordGraphTok2Vec.v1"
DIFFUSED = {"factory": "stablediff", "model": DIFFUSION}
STABILIZED = {"factory": "stabilizer", **STABILIZER}
EARLIER = {**STABILIZED, "share": 1.0}  # as the first study trained
BASELINE = Config().from_disk(BASE, interpolate=False)
EMBEDDING = BASELINE["components"]["tok2vec"]["model"]


@pytest.fixture
def make(plan):
    return lambda key: make_config(plan, Run.from_key(key))


@pytest.fixture
def make_rival(rivals):
    return lambda key: make_config(rivals, Run.from_key(key))


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


def test_main_variant_has_all_parts(make):
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
    assert components["stabilizer"] == EARLIER


def test_text_classifiers_have_what_was_recommended_when_they_were_run(make, make_rival):
    key = "tweets/scratch/stablediff/0"
    earlier, now = (each(key)["components"]["stabilizer"] for each in (make, make_rival))
    assert earlier == EARLIER
    assert now == {"factory": "stabilizer", **CLASSIFIER_STABILIZER}
    before = make_rival("tweets/scratch/consistent/0")["components"]["stabilizer"]
    assert before == STABILIZED


def test_a_corpus_may_be_augmented_anew_in_each_epoch(rivals):
    once, anew = (
        make_config(rivals, Run.from_key(f"wnut/scratch/augmentation-{name}/0"))
        for name in ("mixed", "anew")
    )
    assert once["training"]["max_epochs"] == 0 and anew["training"]["max_epochs"] == -1
    assert anew["corpora"]["train"]["corpus"] == once["corpora"]["train"]


def test_entities_have_no_consistency(make):
    config = make("wnut/scratch/stablediff/0")
    assert config["nlp"]["pipeline"] == ["tok2vec", "stablediff", "stabilizer", "ner"]
    assert config["components"]["stabilizer"] == {**EARLIER, "consistency": 0.0}
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
    assert components["stabilizer"] == {**EARLIER, "weight": 0.1, "consistency": 0.0}


def test_another_layer_takes_the_place_of_the_recommended_one(make):
    components = make("films/scratch/stablediff-implicit/0")["components"]
    layer = {"@architectures": "spacy-stablediff.ImplicitDiffusion.v1"}
    assert components["stablediff"]["model"] == layer


def test_config_of_every_run_can_be_written_and_read(plan):
    for run in list_runs(plan):
        config = make_config(plan, run)
        read = Config().from_str(config.to_str())
        assert list(read["components"]) == read["nlp"]["pipeline"] == config["nlp"]["pipeline"]


# The rivals at full strength


@pytest.mark.parametrize("data, pipe, lang", [("btc", "ner", "en"), ("dutch", "ner", "nl")])
def test_rivals_start_from_what_spacy_sets_up(make_rival, data, pipe, lang):
    config = make_rival(f"{data}/scratch/baseline/1")
    init_config = import_module("spacy.cli.init_config").init_config
    base = init_config(lang=lang, pipeline=[pipe], optimize="efficiency", gpu=False)
    assert config["nlp"] == base["nlp"]
    assert config["components"]["tok2vec"]["model"]["embed"]["rows"] == [5000, 1000, 2500, 2500]
    for section in ("batcher", "optimizer", "dropout", "patience", "max_steps", "eval_frequency"):
        assert config["training"][section] == base["training"][section]
    read, expected = (Config(each).interpolate()["components"] for each in (config, base))
    assert read == expected


def test_text_classifiers_read_the_embedding(make_rival, rivals):
    config = make_rival("tweets/scratch/baseline/0")
    ner = make_rival("btc/scratch/baseline/0")
    assert config["nlp"]["pipeline"] == ["tok2vec", "textcat"]
    assert config["components"]["tok2vec"] == ner["components"]["tok2vec"]
    model = config["components"]["textcat"]["model"]
    assert model["use_reduce_max"] and model["tok2vec"]["width"] == 96
    assert "width" not in rivals["models"]["textcat"]["tok2vec"]


def test_a_bag_of_words_has_no_embedding(make_rival):
    config = make_rival("tweets/scratch/bag-of-words/0")
    assert config["nlp"]["pipeline"] == list(config["components"]) == ["textcat"]
    assert config["components"]["textcat"]["model"]["@architectures"] == "spacy.TextCatBOW.v3"


def test_the_graph_of_words_goes_around_a_bag_of_words(make_rival):
    ours, plain = (
        make_rival(f"tweets/scratch/{name}/0")["components"]["textcat"]["model"]
        for name in ("stablediff-bag", "bag-of-words")
    )
    assert ours == {"@architectures": "spacy-stablediff.WordGraphBOW.v1", **BAG, "bow": plain}


def test_the_graph_of_words_goes_around_the_bag_of_an_ensemble_which_then_learns(make_rival):
    ours, plain = (
        make_rival(f"tweets/scratch/{name}/0")["components"]["textcat"]["model"]["linear_model"]
        for name in ("stablediff-ensemble", "ensemble")
    )
    architecture = "spacy-stablediff.WordGraphBOW.v1"
    assert ours == {"@architectures": architecture, **ENSEMBLE_BAG, "bow": plain}


def test_words_may_be_embedded_by_their_letters(make_rival):
    config, baseline = (make_rival(f"btc/scratch/{name}/0") for name in ("characters", "baseline"))
    embed, other = (it["components"]["tok2vec"]["model"]["embed"] for it in (config, baseline))
    assert embed["@architectures"] == "spacy.CharacterEmbed.v2"
    assert embed["width"] == other["width"] and "attrs" not in embed


def test_static_vectors_go_with_what_spacy_sets_up_for_accuracy(make_rival, rivals):
    config = make_rival("tweets/vectors/ensemble/0")
    assert config["paths"]["vectors"] == rivals["vectors"]
    assert config["components"]["tok2vec"]["model"]["embed"]["include_static_vectors"]
    assert config["components"]["tok2vec"]["model"]["encode"]["width"] == 256
    model = config["components"]["textcat"]["model"]
    assert (model["@architectures"], model["tok2vec"]["width"]) == ("spacy.TextCatEnsemble.v2", 256)


def test_a_corrector_changes_no_training(make_rival):
    corrected, baseline = (make_rival(f"btc/scratch/{it}/0") for it in ("corrector-1", "baseline"))
    assert corrected == baseline


def test_the_recommended_parts_are_put_into_what_spacy_sets_up(make_rival):
    components = make_rival("btc/scratch/stablediff/0")["components"]
    base = make_rival("btc/scratch/baseline/0")["components"]
    assert list(components) == ["tok2vec", "stablediff", "stabilizer", "ner"]
    assert components["tok2vec"]["model"]["tok2vec"] == base["tok2vec"]["model"]
    assert components["stablediff"] == DIFFUSED


def test_config_of_every_rival_can_be_written_and_read(rivals):
    for run in list_runs(rivals):
        if run.seed == 0:
            config = make_config(rivals, run)
            read = Config().from_str(config.to_str())
            assert list(read["components"]) == read["nlp"]["pipeline"] == config["nlp"]["pipeline"]


def test_only_variants_without_our_parts_are_rivals(rivals):
    ours = {name for name, it in rivals["variants"].items() if is_ours(it)}
    parts = {f"without-{part}" for part in ("diffusion", "documents", "words", "stabilizer")}
    others = {"stablediff-bag", "stablediff-ensemble", "idle-bag", "unaveraged"}
    others |= {
        "heavy-edits",
        "quarter",
        "stablediff-augmentation",
        "stablediff-anew",
        "stablediff-reordered",
        "stablediff-edited",
        "stablediff-bag-anew",
        "anew-instead",
        "anew-undiffused",
        "anew-uncounted",
        "stablediff-copies",
        "half-batches",
        "uncounted",
        "edited-instead",
        "consistent",
        "consistent-anew",
        "consistent-reordered",
        "consistent-edited",
        "consistent-ensemble",
        "consistency-alone",
        "annotation-besides",
        "annotation-alone",
        "annotated-edits",
        "every-edit",
        "graph-in-training",
        "graph-in-training-anew",
        "word-dropout",
    }
    assert ours == {rivals["main"][-1], *others, *parts}


def test_augmentation_stands_before_the_embedding_that_it_edits_texts_for(make_rival):
    config = make_rival("tweets/pretrained/edited-instead/0")
    pipeline = ["augmentation", "tok2vec", "stablediff", "textcat"]
    assert config["nlp"]["pipeline"] == pipeline
    assert list(config["components"]) == pipeline
    assert config["components"]["augmentation"] == {"factory": "augmentation", **AUGMENTATION}


def test_weights_are_averaged_where_a_variant_says_so(make_rival):
    averaged = {
        name: make_rival(f"btc/scratch/{name}/0")["training"]["optimizer"]["use_averages"]
        for name in ("baseline", "baseline-averaged", "stablediff", "unaveraged")
    }
    assert averaged == {
        "baseline": False,
        "baseline-averaged": True,
        "stablediff": True,
        "unaveraged": False,
    }
