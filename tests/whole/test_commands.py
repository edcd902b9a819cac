"""spaCy's commands on pipelines that diffuse."""

import json

import pytest
import spacy
from numpy.testing import assert_allclose
from spacy.cli import app
from spacy.language import DEFAULT_CONFIG_PRETRAIN_PATH
from spacy.tokens import DocBin
from spacy.training.initialize import init_nlp
from spacy.util import load_config
from thinc.api import fix_random_seed
from typer.testing import CliRunner

import spacy_stablediff
from spacy_stablediff.words.known import find_words

from ..pipelines import (
    EMBEDDING,
    IMPLICIT,
    TEXT,
    UNSEEN,
    add_textcat,
    chain_pipeline,
    examples_for,
    monolith_pipeline,
    moved,
    parameters,
)
from ..references import dense_default
from ..runs import config_with_new_diffusion, invoke, run_training, training_config


@pytest.fixture(scope="module")
def folder(nlp, tmp_path_factory):
    """A folder with the pipeline, a corpus, plain texts and a config for training."""
    folder = tmp_path_factory.mktemp("commands")
    nlp.to_disk(folder / "model")
    docs = [eg.reference for eg in examples_for(nlp)]
    DocBin(docs=docs, store_user_data=True).to_disk(folder / "gold.spacy")
    (folder / "texts.jsonl").write_text("\n".join(json.dumps({"text": t}) for t in UNSEEN))
    write_config(nlp, folder)
    return folder


def write_config(nlp, folder):
    """Write a config for `spacy train`, and enough of a corpus for `spacy debug data`."""
    docs = [eg.reference for eg in examples_for(nlp)] * 20
    DocBin(docs=docs, store_user_data=True).to_disk(folder / "corpus.spacy")
    config = nlp.config.copy()
    config["paths"].update(train=str(folder / "corpus.spacy"), dev=str(folder / "corpus.spacy"))
    config["training"].update(max_steps=2, eval_frequency=1)
    config.to_disk(folder / "config.cfg")


def test_spacy_apply(nlp, folder):
    invoke("apply", folder / "model", folder / "texts.jsonl", folder / "out.spacy", "-F", "-b", 9)
    docs = DocBin().from_disk(folder / "out.spacy").get_docs(nlp.vocab)
    for doc, other in zip(docs, nlp.pipe(UNSEEN), strict=True):
        assert [e.text for e in doc.ents] == [e.text for e in other.ents]
        assert doc.cats == pytest.approx(other.cats, abs=1e-4)


@pytest.mark.parametrize("command", [["evaluate"], ["benchmark", "accuracy"]])
def test_spacy_evaluate(nlp, folder, command):
    arguments = [folder / "model", folder / "gold.spacy", "--output", folder / "scores.json"]
    invoke(*command, *arguments)
    scores = json.loads((folder / "scores.json").read_text())
    expected = nlp.evaluate(examples_for(nlp))
    assert scores["ents_f"] == pytest.approx(expected["ents_f"])
    assert scores["cats_score"] == pytest.approx(expected["cats_score"])


def test_spacy_benchmark_speed(folder):
    arguments = [folder / "model", folder / "gold.spacy", "--batches", 30, "--warmup", 1]
    output = invoke("benchmark", "speed", *arguments)
    assert "words/s" in output


def test_spacy_debug_data(folder):
    output = invoke("debug", "data", folder / "config.cfg", "--no-format")
    assert "Pipeline can be initialized with data" in output
    assert "Text Classification" in output and "Named Entity Recognition" in output


def test_spacy_debug_config(folder):
    assert "Config is valid" in invoke("debug", "config", folder / "config.cfg")
    invoke("init", "fill-config", folder / "config.cfg", folder / "filled.cfg")
    assert "Config is valid" in invoke("debug", "config", folder / "filled.cfg")


def test_spacy_debug_model(nlp, folder):
    for name in set(nlp.pipe_names) - {"stablediff", "stabilizer"}:
        output = invoke("debug", "model", folder / "config.cfg", name)
        assert "model looks good" in output


def test_spacy_debug_model_feeds_documents_to_the_diffusion_which_says_so(tmp_path):
    write_config(chain_pipeline(["ner"]), tmp_path)
    arguments = ["debug", "model", str(tmp_path / "config.cfg"), "stablediff"]
    with pytest.raises(ValueError, match=r"\[SD029\] A diffusion layer.*type Doc"):
        CliRunner().invoke(app, arguments, catch_exceptions=False)


def test_spacy_info(nlp, folder):
    output = invoke("info", folder / "model")
    assert str(nlp.pipe_names) in output


def test_spacy_find_function():
    for registry, name in [
        ("architectures", "spacy-stablediff.HeatDiffusion.v1"),
        ("architectures", "spacy-stablediff.ImplicitDiffusion.v1"),
        ("architectures", "spacy-stablediff.MultiscaleDiffusion.v1"),
        ("architectures", "spacy-stablediff.DiffusedTok2Vec.v1"),
        ("architectures", "spacy-stablediff.WordGraphTok2Vec.v1"),
        ("augmenters", "spacy-stablediff.edits.v1"),
        ("callbacks", "spacy-stablediff.know_words.v1"),
        ("callbacks", "spacy-stablediff.attach.v1"),
    ]:
        assert "spacy_stablediff" in invoke("find-function", name, "--registry", registry)


def test_spacy_train(folder):
    invoke("train", folder / "config.cfg", "--output", folder / "trained")
    loaded = spacy.load(folder / "trained" / "model-last")
    assert [doc.text for doc in loaded.pipe(UNSEEN)] == UNSEEN


def test_spacy_assemble_puts_a_pipeline_together(base, tmp_path):
    config = config_with_new_diffusion(base, tmp_path)
    config.to_disk(tmp_path / "config.cfg")
    invoke("assemble", tmp_path / "config.cfg", tmp_path / "assembled")
    nlp = spacy.load(tmp_path / "assembled")
    assert nlp.pipe_names == ["tok2vec", "stablediff", "textcat", "ner"]
    plain = spacy.load(base)(TEXT).tensor
    assert_allclose(nlp(TEXT).tensor, dense_default(plain), atol=1e-5)


def attached_textcat():
    nlp = spacy.blank("en")
    add_textcat(nlp, EMBEDDING)
    spacy_stablediff.attach(nlp, "textcat", diffusion=IMPLICIT)
    return nlp


def knowing():
    """A shared embedding that counts words, of the raw text as well."""
    nlp = chain_pipeline(["ner"])
    nlp.remove_pipe("tok2vec")
    words = {"@architectures": "spacy-stablediff.WordGraphTok2Vec.v1", "tok2vec": EMBEDDING}
    nlp.add_pipe("tok2vec", config={"model": words}, first=True)
    return nlp


@pytest.mark.parametrize(
    "make, component, layer",
    [
        (lambda: chain_pipeline(["ner"]), "tok2vec", ""),
        (lambda: monolith_pipeline(["ner"]), "tok2vec", ""),
        (lambda: monolith_pipeline(["ner"]), "tok2vec", "tok2vec"),
        (attached_textcat, "textcat", "tok2vec"),
        (knowing, "tok2vec", ""),
    ],
    ids=["chain", "monolith", "inside of a monolith", "attached", "known words"],
)
def test_spacy_pretrain_learns_the_embedding(make, component, layer, tmp_path):
    raw = [json.dumps({"text": "Two weeks, three calls and no refund from Vellorane."})]
    (tmp_path / "raw.jsonl").write_text("\n".join(raw * 4), encoding="utf8")
    config = load_config(DEFAULT_CONFIG_PRETRAIN_PATH).merge(training_config(make(), tmp_path))
    config["paths"]["raw_text"] = str(tmp_path / "raw.jsonl")
    config["pretraining"].update(component=component, layer=layer, max_epochs=2)
    config.to_disk(tmp_path / "pretrain.cfg")
    invoke("pretrain", tmp_path / "pretrain.cfg", tmp_path / "weights")
    weights = tmp_path / "weights" / "model-last.bin"

    def embedding(nlp):
        model = nlp.get_pipe(component).model
        return model.get_ref(layer) if layer else model

    untouched = parameters(embedding(init_nlp(config)))
    config["initialize"]["init_tok2vec"] = str(weights)
    nlp = init_nlp(config)
    loaded = parameters(embedding(nlp))
    assert sum(moved(untouched, loaded)) > len(loaded) / 2
    for words in find_words(nlp.get_pipe(component)):
        assert nlp.vocab.strings["refund"] in words.tallies["words"].counts
    assert not any(moved(loaded, parameters(embedding(nlp).from_disk(weights))))
    fix_random_seed(0)
    run_training(nlp)
    assert sum(moved(loaded, parameters(embedding(nlp)))) > len(loaded) / 2
