"""spaCy's commands on pipelines that diffuse."""

import json

import pytest
import spacy
from numpy.testing import assert_allclose
from spacy.cli import app
from spacy.tokens import DocBin
from typer.testing import CliRunner

from ..pipelines import (
    TEXT,
    UNSEEN,
    chain_pipeline,
    examples_for,
)
from ..references import dense_default
from ..runs import config_with_new_diffusion, invoke


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
        ("architectures", "spacy-stablediff.Pretrain.v1"),
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
