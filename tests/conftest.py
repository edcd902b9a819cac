"""Markers and fixtures that several folders of tests share."""

import importlib.util
import shutil

import pytest
import spacy
from hypothesis import settings
from spacy.cli._util import app
from spacy.tokens import Doc, DocBin, Span
from spacy.util import load_config_from_str, load_model_from_config
from typer.testing import CliRunner

import spacy_stablediff.cli  # noqa: F401

from .configs import write_config
from .pipelines import EMBEDDING, add_ner, add_textcat, train

# How fast an example runs says more of the machine than of the code.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """Skip tests marked `real` where a package or program that they name isn't there."""
    for mark in item.iter_markers("real"):
        for name in mark.args:
            if importlib.util.find_spec(name) is None and shutil.which(name) is None:
                pytest.skip(f"needs {name}")


@pytest.fixture
def base(tmp_path):
    """A trained pipeline without diffusion, on disk."""
    nlp = spacy.blank("en")
    nlp.add_pipe("tok2vec", config={"model": EMBEDDING})
    add_textcat(nlp)
    add_ner(nlp)
    train(nlp)
    nlp.to_disk(tmp_path / "base")
    return tmp_path / "base"


@pytest.fixture
def add(tmp_path):
    """Run `stablediff add` on the text of a config.

    Returns its exit code, what it prints, and the path of the result.
    """

    def run(text, *options):
        (tmp_path / "base.cfg").write_text(text, encoding="utf8")
        output = tmp_path / "out.cfg"
        command = ["stablediff", "add", str(tmp_path / "base.cfg"), str(output), *options]
        result = CliRunner().invoke(app, command)
        assert result.exception is None or isinstance(result.exception, SystemExit), result
        return result.exit_code, " ".join(result.output.split()), output

    return run


@pytest.fixture(scope="session")
def corpus(tmp_path_factory):
    """Two texts with annotation for every component that `stablediff add` knows."""
    nlp = spacy.blank("en")
    docs = [
        Doc(nlp.vocab, words, tags=tags, heads=heads, deps=deps, ents=ents)
        for words, tags, heads, deps, ents in [
            (
                ["Anselmo", "lost", "a", "parcel"],
                ["NNP", "VBD", "DT", "NN"],
                [1, 1, 3, 1],
                ["nsubj", "ROOT", "det", "dobj"],
                ["B-PERSON", "O", "O", "O"],
            ),
            (
                ["never", "again", ",", "Brightmoor"],
                ["RB", "RB", ",", "NNP"],
                [1, 1, 1, 1],
                ["advmod", "ROOT", "punct", "npadvmod"],
                ["O", "O", "O", "B-COMPANY"],
            ),
        ]
    ]
    for doc, positive in zip(docs, [1.0, 0.0], strict=True):
        doc.cats = {"POS": positive, "NEG": 1 - positive}
        doc.spans["sc"] = [Span(doc, ent.start, ent.end, ent.label_) for ent in doc.ents]
    path = tmp_path_factory.mktemp("corpus") / "corpus.spacy"
    DocBin(docs=docs, store_user_data=True).to_disk(path)
    return path


@pytest.fixture
def source(tmp_path):
    """A pipeline to source from: the tagger listens, ner embeds for itself."""
    config = load_config_from_str(write_config(["tagger"]))
    nlp = load_model_from_config(config)
    nlp.add_pipe("ner")
    for tag in ("NNP", "VBD", "DT", "NN", "RB", ","):
        nlp.get_pipe("tagger").add_label(tag)
    for label in ("PERSON", "COMPANY"):
        nlp.get_pipe("ner").add_label(label)
    nlp.initialize()
    nlp.to_disk(tmp_path / "source")
    return tmp_path / "source"
