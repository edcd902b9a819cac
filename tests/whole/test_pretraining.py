"""`spacy pretrain`, and `spacy train` from its weights, with every embedding."""

import json

import numpy
import pytest
import spacy
from spacy.language import DEFAULT_CONFIG_PRETRAIN_PATH
from spacy.training.initialize import init_nlp
from spacy.util import load_config
from spacy.vectors import Vectors
from thinc.api import fix_random_seed

import spacy_stablediff
from spacy_stablediff.words.counting import KINDS, Words
from spacy_stablediff.words.known import find_words

from ..configs import write_config
from ..pipelines import (
    EMBEDDING,
    IMPLICIT,
    add_ner,
    add_textcat,
    chain_pipeline,
    examples_for,
    monolith_pipeline,
    moved,
    parameters,
)
from ..runs import invoke, run_training, training_config

RAW = [
    "Two weeks, three calls and no refund from Vellorane.",
    "No refund from Vellorane after three calls",
    "two parcels arrived, and nobody asked",
    "refund",
    "",
    "two parcels arrived, and nobody asked",
]
WORDS = {"@architectures": "spacy-stablediff.WordGraphTok2Vec.v1", "tok2vec": EMBEDDING}
CASED = {
    "@architectures": "spacy-stablediff.CasedTok2Vec.v1",
    "tok2vec": WORDS,
    "single_case": WORDS,
}
OBJECTIVES = {
    "characters": load_config(DEFAULT_CONFIG_PRETRAIN_PATH)["pretraining"]["objective"],
    "vectors": {
        "@architectures": "spacy.PretrainVectors.v1",
        "maxout_pieces": 2,
        "hidden_size": 16,
        "loss": "cosine",
    },
}


def counting(objective):
    return {"@architectures": "spacy-stablediff.Pretrain.v1", "objective": objective}


def shared(block):
    """A shared embedding, with a `stablediff` after it."""
    nlp = chain_pipeline(["ner"])
    nlp.remove_pipe("tok2vec")
    nlp.add_pipe("tok2vec", config={"model": block}, first=True)
    return nlp


def attached(add):
    nlp = spacy.blank("en")
    add(nlp, WORDS)
    spacy_stablediff.attach(nlp, nlp.pipe_names[-1], diffusion=IMPLICIT)
    return nlp


wirings = pytest.mark.parametrize(
    "make, component, layer",
    [
        (lambda: shared(EMBEDDING), "tok2vec", ""),
        (lambda: shared(WORDS), "tok2vec", ""),
        (lambda: shared(CASED), "tok2vec", ""),
        (lambda: monolith_pipeline(["ner"]), "tok2vec", ""),
        (lambda: monolith_pipeline(["ner"]), "tok2vec", "tok2vec"),
        (lambda: attached(add_textcat), "textcat", "tok2vec"),
        (lambda: attached(add_ner), "ner", "tok2vec"),
    ],
    ids=[
        "shared",
        "shared, words",
        "shared, words by case",
        "shared, diffused",
        "inside of a diffused one",
        "of textcat, words, diffused",
        "of ner, words, diffused",
    ],
)


def make_config(nlp, folder, objective, component="tok2vec", layer=""):
    """A complete config for `spacy pretrain` and `spacy train`, with static vectors."""
    lines = [json.dumps({"text": text}) for text in RAW]
    (folder / "raw.jsonl").write_text("\n".join(lines), encoding="utf8")
    data = numpy.random.default_rng(0).normal(size=(3, 4)).astype("f")
    vectors = spacy.blank("en")
    keys = ["refund", "parcels", "Vellorane"]
    vectors.vocab.vectors = Vectors(strings=vectors.vocab.strings, data=data, keys=keys)
    vectors.to_disk(folder / "vectors")
    config = load_config(DEFAULT_CONFIG_PRETRAIN_PATH).merge(training_config(nlp, folder))
    config["paths"]["raw_text"] = str(folder / "raw.jsonl")
    config["initialize"]["vectors"] = str(folder / "vectors")
    config["corpora"]["pretrain"]["min_length"] = 0
    config["pretraining"].update(component=component, layer=layer, max_epochs=2)
    config["pretraining"]["objective"] = objective
    return config


def pretrain(config, folder):
    config.to_disk(folder / "pretrain.cfg")
    invoke("pretrain", folder / "pretrain.cfg", folder / "weights")
    return folder / "weights" / "model-last.bin"


@wirings
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_training_begins_with_what_pretraining_learned(
    objective, make, component, layer, tmp_path, recwarn
):
    config = make_config(make(), tmp_path, counting(OBJECTIVES[objective]), component, layer)
    weights = pretrain(config, tmp_path)

    def embedding(nlp):
        model = nlp.get_pipe(component).model
        return model.get_ref(layer) if layer else model

    untouched = parameters(embedding(init_nlp(config)))
    config["initialize"]["init_tok2vec"] = str(weights)
    nlp = init_nlp(config)
    loaded = parameters(embedding(nlp))
    assert sum(moved(untouched, loaded)) > len(loaded) / 2
    assert not any(moved(loaded, parameters(embedding(nlp).from_disk(weights))))
    fix_random_seed(0)
    run_training(nlp)
    assert sum(moved(loaded, parameters(embedding(nlp)))) > len(loaded) / 2
    assert not [each for each in recwarn if "[SDW13]" in str(each.message)]


def count(nlp, texts):
    words = Words(2)
    words.count(map(nlp.make_doc, texts))
    return words


def assert_counts_of(words, other):
    for kind in KINDS:
        assert words.tallies[kind].counts == other.tallies[kind].counts
    assert words.texts == other.texts and words.known.tolist() == other.known.tolist()


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_words_are_those_of_the_raw_texts_and_training_adds_its_own(objective, tmp_path):
    config = make_config(shared(WORDS), tmp_path, counting(OBJECTIVES[objective]))
    config["initialize"]["init_tok2vec"] = str(pretrain(config, tmp_path))
    nlp = init_nlp(config)
    (words,) = find_words(nlp.get_pipe("tok2vec"))
    raw = count(nlp, RAW)
    assert_counts_of(words, raw)
    run_training(nlp)
    raw = Words(2).from_bytes(raw.to_bytes())
    raw.count([eg.reference for eg in examples_for(nlp)])
    (words,) = find_words(nlp.get_pipe("tok2vec"))
    assert_counts_of(words, raw)


def test_words_that_pretraining_alone_saw_are_what_misspelt_ones_are_made_of(tmp_path):
    config = make_config(shared(WORDS), tmp_path, counting(OBJECTIVES["characters"]))
    config["initialize"]["init_tok2vec"] = str(pretrain(config, tmp_path))
    nlp = run_training(init_nlp(config))
    nlp.to_disk(tmp_path / "trained")
    loaded = spacy.load(tmp_path / "trained")
    explained = spacy_stablediff.explain_words(loaded, loaded("Two pracels"))
    (word,) = (word for word in explained if word.text == "pracels")
    assert "parcels" in dict(word.sources)


def test_an_objective_alone_counts_nothing_and_it_says_so(tmp_path):
    config = make_config(shared(WORDS), tmp_path, OBJECTIVES["characters"])
    with pytest.warns(UserWarning, match="SDW13"):
        weights = pretrain(config, tmp_path)
    config["initialize"]["init_tok2vec"] = str(weights)
    nlp = init_nlp(config)
    (words,) = find_words(nlp.get_pipe("tok2vec"))
    assert not words and not words.texts
    run_training(nlp)
    (words,) = find_words(nlp.get_pipe("tok2vec"))
    assert_counts_of(words, count(nlp, [eg.text for eg in examples_for(nlp)]))


def test_a_text_is_one_sentence_while_pretraining_and_never_after(tmp_path):
    config = make_config(monolith_pipeline(["ner"]), tmp_path, OBJECTIVES["characters"])
    config["components"]["tok2vec"]["model"]["boundaries"] = "sentence"
    config["initialize"]["init_tok2vec"] = str(pretrain(config, tmp_path))
    nlp = init_nlp(config)
    with pytest.raises(ValueError, match="SD013"):
        nlp("Two parcels arrived")


def test_pretraining_that_is_resumed_counts_no_text_twice(tmp_path):
    config = make_config(shared(WORDS), tmp_path, counting(OBJECTIVES["characters"]))
    pretrain(config, tmp_path)
    first = tmp_path / "weights" / "model0.bin"
    invoke("pretrain", tmp_path / "pretrain.cfg", tmp_path / "resumed", "--resume-path", first)
    config["initialize"]["init_tok2vec"] = str(tmp_path / "resumed" / "model-last.bin")
    nlp = init_nlp(config)
    (words,) = find_words(nlp.get_pipe("tok2vec"))
    assert_counts_of(words, count(nlp, RAW))


def test_what_add_writes_is_pretrained_and_trained(add, corpus, tmp_path):
    _, _, output = add(write_config(["ner"]), "--pretrain")
    (tmp_path / "raw.jsonl").write_text("\n".join(json.dumps({"text": text}) for text in RAW))
    limits = ["--paths.raw_text", tmp_path / "raw.jsonl", "--pretraining.max_epochs", 2]
    invoke("pretrain", output, tmp_path / "weights", *limits)
    paths = ["--paths.train", corpus, "--paths.dev", corpus, "--training.max_steps", 2]
    weights = ["--paths.init_tok2vec", tmp_path / "weights" / "model-last.bin"]
    invoke("train", output, "--output", tmp_path / "trained", *paths, *weights)
    nlp = spacy.load(tmp_path / "trained" / "model-last")
    (words,) = find_words(nlp.get_pipe("tok2vec"))
    assert {"refund", "Anselmo"} <= set(words.texts.values())
