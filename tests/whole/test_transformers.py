"""Diffusion over a transformer: DiffusedTok2Vec around spacy-transformers' listener.

On a model with random weights that the tests make themselves; skipped where
spacy-transformers isn't installed.
"""

from pathlib import Path

import numpy
import pytest
import spacy
from numpy.testing import assert_allclose
from spacy.cli.debug_config import debug_config
from spacy.tokens import DocBin
from spacy.training.initialize import init_nlp
from spacy.util import load_config

import spacy_stablediff

from ..pipelines import IMPLICIT, WIDTH, bag_of_words, diffused_nodes, ensemble, examples_for
from ..references import dense_default
from ..runs import run_training
from ..transformers import save_bert

pytestmark = [
    pytest.mark.real("spacy_transformers", "transformers"),
    pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning"),
]

CONFIG = Path(__file__).parents[2] / "configs" / "transformer.cfg"
TEXTS = ["Brightmoor sent two Lumo to Porto.", "", "x", "sooo goood 😀", "x " * 300]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """A BERT of one layer with random weights, and its tokenizer, on disk."""
    folder = tmp_path_factory.mktemp("tiny")
    save_bert(folder)
    return folder


@pytest.fixture
def config(tiny, tmp_path):
    """The bundled config, for the tiny model and a corpus of a few texts."""
    corpus = str(tmp_path / "corpus.spacy")
    docs = [eg.reference for eg in examples_for(spacy.blank("en"))] * 4
    DocBin(docs=docs, store_user_data=True).to_disk(corpus)
    config = load_config(CONFIG, overrides={"paths.train": corpus, "paths.dev": corpus})
    config["components"]["transformer"]["model"]["name"] = str(tiny)
    config["training"].update(max_steps=4, eval_frequency=2, accumulate_gradient=1)
    config["training"]["optimizer"]["learn_rate"] = 0.001
    return config


def without_diffusion(config):
    for name in ("textcat", "ner"):
        model = config["components"][name]["model"]
        model["tok2vec"] = model["tok2vec"]["tok2vec"]
    return config


def train(config):
    return run_training(init_nlp(config))


def diffused_node(nlp, name):
    (node,) = diffused_nodes(nlp, name)
    return node


def diffusion_parameters(nlp, name):
    diffusion = diffused_node(nlp, name).get_ref("diffusion")
    return {param: diffusion.get_param(param).copy() for param in diffusion.param_names}


def predictions(nlp):
    return [(doc.cats, doc.to_json()["ents"]) for doc in nlp.pipe(TEXTS)]


def test_the_bundled_config_is_valid(config, tmp_path):
    config.to_disk(tmp_path / "config.cfg")
    debug_config(tmp_path / "config.cfg")


def test_transformer_and_diffusion_are_trained_saved_and_loaded(config, tmp_path):
    fresh, nlp = init_nlp(config), train(config)
    for name in ("textcat", "ner"):
        before, after = diffusion_parameters(fresh, name), diffusion_parameters(nlp, name)
        assert set(after) == {"W", "u", "b"}
        for param, value in before.items():
            assert numpy.isfinite(after[param]).all()
            assert not numpy.array_equal(after[param], value)
    before, after = (p.get_pipe("transformer").model.to_bytes() for p in (fresh, nlp))
    assert before != after
    nlp.to_disk(tmp_path / "saved")
    assert predictions(spacy.load(tmp_path / "saved")) == predictions(nlp)


def test_diffuses_what_the_listener_gives_for_each_token(config):
    config["components"]["ner"]["model"]["tok2vec"]["diffusion"] = IMPLICIT
    nlp = init_nlp(config)
    node = diffused_node(nlp, "ner")
    assert node.get_dim("nO") == WIDTH
    docs = [nlp.get_pipe("transformer")(nlp.make_doc(text)) for text in TEXTS]
    plain = node.get_ref("tok2vec").predict(docs)
    for doc, X, Y in zip(docs, plain, node.predict(docs), strict=True):
        assert Y.shape == (len(doc), WIDTH)
        if len(doc):
            assert_allclose(Y, dense_default(X), atol=1e-5)


def test_other_text_classifiers_know_the_width_of_the_diffused_listener(config):
    tok2vec = config["components"]["textcat"]["model"]["tok2vec"]
    config["components"]["textcat"]["model"] = ensemble(tok2vec, bag_of_words())
    nlp = init_nlp(config)
    assert diffused_node(nlp, "textcat").get_dim("nO") == WIDTH
    assert set(nlp("Brightmoor sent two Lumo").cats) == {"POS", "NEG"}


def test_a_trained_listener_is_attached_and_detached(config, tmp_path):
    nlp = train(without_diffusion(config))
    before, described = predictions(nlp), nlp.config.to_str()
    for name in ("textcat", "ner"):
        spacy_stablediff.attach(nlp, name, diffusion={**IMPLICIT, "time": 3.0})
    examples = [eg for eg in examples_for(nlp) if len(eg.x) > 2]
    nlp.update(examples)
    nlp.to_disk(tmp_path / "saved")
    loaded = spacy.load(tmp_path / "saved")
    assert predictions(loaded) == predictions(nlp)
    fresh = train(config)
    spacy_stablediff.attach(fresh, "ner")
    spacy_stablediff.detach(fresh, "ner")
    assert fresh.config.to_str() == described and predictions(fresh) == before


def test_the_component_diffuses_doc_tensor_which_a_transformer_leaves_empty(config):
    nlp = init_nlp(without_diffusion(config))
    nlp.add_pipe("stablediff", after="transformer", config={"upstream": "transformer"})
    attach = r'spacy_stablediff.attach\(nlp, "textcat"\)'
    with (
        pytest.warns(
            UserWarning, match=rf"SDW04.*listen to a transformer: 'textcat', 'ner'.*{attach}"
        ),
        pytest.raises(ValueError, match=r"\[SD005\] Component 'stablediff': doc.tensor is empty"),
    ):
        nlp("Brightmoor sent two Lumo")
