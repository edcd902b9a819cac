"""Training runs and commands as spaCy's users have them, and what a run must keep to."""

import io

from numpy.testing import assert_allclose
from spacy.cli import app
from spacy.tokens import DocBin
from spacy.training.initialize import init_nlp
from spacy.training.loop import train
from thinc.api import fix_random_seed
from typer.testing import CliRunner

from .pipelines import chain_pipeline, examples_for, find_listener


def invoke(*args):
    """Run a command of spaCy, which must succeed, and return what it prints."""
    result = CliRunner().invoke(app, [str(arg) for arg in args])
    assert result.exit_code == 0, result.output
    return result.output


def training_config(nlp, folder, **training):
    """A complete config for `spacy train`, of the pipeline and with the texts as its corpus."""
    corpus = folder / "corpus.spacy"
    DocBin(docs=[eg.reference for eg in examples_for(nlp)], store_user_data=True).to_disk(corpus)
    config = nlp.config.copy()
    config["paths"].update(train=str(corpus), dev=str(corpus))
    config["training"].update(max_steps=4, eval_frequency=2, **training)
    return config


def config_with_new_diffusion(base, folder, **training):
    """Every component sourced from `base`, and a new `stablediff` after the embedding."""
    config = training_config(chain_pipeline(["textcat", "ner"]), folder, **training)
    for name in ("tok2vec", "textcat", "ner"):
        config["components"][name] = {"source": str(base)}
    return config


def run(config):
    """What `spacy train` does, with a config."""
    fix_random_seed(0)
    return run_training(init_nlp(config))


def run_training(nlp):
    """What `spacy train` does, with a pipeline that is initialized."""
    train(nlp, stdout=io.StringIO(), stderr=io.StringIO())
    return nlp


def training_vectors(nlp, component, **kwargs):
    """What a component's listener gives it for the examples, in an update without steps."""
    node, given = find_listener(nlp, component), []
    forward = node._func

    def record(model, docs, is_train):
        output = forward(model, docs, is_train)
        given.append(output[0])
        return output

    node._func = record
    nlp.update(examples_for(nlp), sgd=False, **kwargs)
    node._func = forward
    return given[0]


def prediction_vectors(nlp, component):
    """What it reads from the same documents in prediction."""
    before = nlp.pipe_names[: nlp.pipe_names.index(component)]
    with nlp.select_pipes(enable=before):
        return [nlp(eg.text).tensor for eg in examples_for(nlp)]


def assert_trains_on_what_it_will_read(nlp, component, **kwargs):
    given = training_vectors(nlp, component, **kwargs)
    for X, read in zip(given, prediction_vectors(nlp, component), strict=True):
        assert_allclose(X, read, atol=1e-5)
