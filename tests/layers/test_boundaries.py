"""Diffusion within sentences, by the layers themselves and by the embeddings that use them."""

import pickle

import numpy
import pytest
import spacy
from numpy.testing import assert_allclose
from thinc.api import ConfigValidationError

import spacy_stablediff
from spacy_stablediff.layers.boundaries import diffuse, sentence_lengths

from ..pipelines import (
    EMBEDDING,
    IMPLICIT,
    SENTENCES,
    TEXT,
    UNSEEN,
    WIDTH,
    add_ner,
    both_layers,
    by_sentence,
    diffused_nodes,
    diffused_tok2vec,
    examples_for,
    sentence_tok2vec,
    train,
)


@both_layers
def test_gradients_stop_at_sentence_boundaries(diffusion):
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    docs = list(nlp.pipe([TEXT, "", "One two. Three four five.", "x"]))
    rng = numpy.random.default_rng(0)
    Xs, dYs = ([rng.normal(size=(len(doc), 3)).astype("f") for doc in docs] for _ in range(2))
    layer, alone = (spacy.registry.resolve({"layer": diffusion})["layer"] for _ in range(2))
    for model in (layer, alone):
        model.initialize(X=Xs)
    settings = {"is_train": True, "boundaries": "sentence"}
    _, backprop = diffuse(layer, docs, Xs, **settings)
    for doc, X, dY, dX in zip(docs, Xs, dYs, backprop(dYs), strict=True):
        for sent in doc.sents if len(doc) else []:
            _, backprop_alone = alone.begin_update([X[sent.start : sent.end]])
            (expected,) = backprop_alone([dY[sent.start : sent.end]])
            assert_allclose(dX[sent.start : sent.end], expected, atol=1e-5)
    for name in layer.param_names:
        assert_allclose(layer.get_grad(name), alone.get_grad(name), rtol=1e-3, atol=1e-5)


@both_layers
def test_diffused_tok2vec_diffuses_each_sentence_alone(diffusion):
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.add_pipe("tok2vec", config={"model": sentence_tok2vec(diffusion)})
    add_ner(nlp)
    train(nlp, annotates=["sentencizer"])
    model = nlp.get_pipe("tok2vec").model
    for doc in nlp.pipe([SENTENCES, *UNSEEN]):
        plain = model.get_ref("tok2vec").predict([doc])[0]
        expected = by_sentence(doc, plain, model.get_ref("diffusion"))
        assert_allclose(doc.tensor, expected, atol=1e-5)


@pytest.mark.parametrize("via_attach", [False, True])
def test_diffused_tok2vec_refuses_documents_without_sentence_boundaries(via_attach):
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    add_ner(nlp, EMBEDDING if via_attach else sentence_tok2vec())
    if via_attach:
        spacy_stablediff.attach(nlp, "ner", boundaries="sentence")
    train(nlp, steps=0)
    with pytest.raises(ValueError, match=r"\[SD013\].*\[training.annotating_components\]"):
        nlp.update(examples_for(nlp))
    nlp.update(examples_for(nlp), annotates=["sentencizer"])
    with nlp.select_pipes(disable=["sentencizer"]):
        assert len(nlp("one")) == 1 and len(nlp("")) == 0
        with pytest.raises(ValueError, match=r"\[SD013\].*2 tokens"):
            nlp("two tokens")


def test_documents_that_an_embedding_was_initialized_with_may_lack_boundaries():
    """Layers around it run it on them to infer shapes, before anything has annotated them."""
    model = spacy.registry.resolve({"model": sentence_tok2vec()})["model"]
    nlp = spacy.blank("en")
    docs = [nlp.make_doc(text) for text in UNSEEN]
    model.initialize(X=docs)
    assert [len(Y) for Y in model.predict(docs)] == [len(doc) for doc in docs]
    for others in ([nlp.make_doc(TEXT)], [docs[0].copy()]):
        with pytest.raises(ValueError, match=r"\[SD013\] spacy-stablediff.DiffusedTok2Vec.v1"):
            model.predict(others)
    for stranger in (model.copy(), pickle.loads(pickle.dumps(model))):
        with pytest.raises(ValueError, match="SD013"):
            stranger.predict(docs)


def test_predicting_changes_nothing_in_the_embedding():
    model = spacy.registry.resolve({"model": sentence_tok2vec()})["model"]
    docs = [spacy.blank("en").make_doc(text) for text in UNSEEN]
    model.initialize(X=docs)
    before = dict(model.attrs)
    model.predict(docs)
    model.begin_update(docs)
    assert model.attrs == before


def test_sentences_have_the_lengths_that_spacy_gives_them():
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    for doc in nlp.pipe([SENTENCES, "x"]):
        assert sentence_lengths(doc) == [len(sent) for sent in doc.sents]
    assert sentence_lengths(nlp.make_doc("")) == []


def test_a_document_without_boundaries_is_refused_unless_it_may_lack_them():
    doc = spacy.blank("en").make_doc("two tokens")
    with pytest.raises(ValueError, match=r"\[SD013\] A diffusion layer.*2 tokens"):
        sentence_lengths(doc)
    assert sentence_lengths(doc, lambda other: other is doc) == [2]


def test_a_config_with_other_boundaries_is_refused():
    with pytest.raises(ConfigValidationError, match="boundaries"):
        spacy.registry.resolve({"model": {**sentence_tok2vec(), "boundaries": "paragraph"}})


def test_an_embedding_that_diffuses_names_itself_in_errors():
    nlp = spacy.blank("en")
    add_ner(nlp, diffused_tok2vec(IMPLICIT))
    train(nlp, steps=0)
    (node,) = diffused_nodes(nlp, "ner")
    node.get_ref("tok2vec")._func = lambda model, docs, is_train: (
        [numpy.full((len(doc), WIDTH), numpy.nan, dtype="float32") for doc in docs],
        lambda gradient: [],
    )
    with pytest.raises(ValueError, match=r"\[SD009\] spacy-stablediff.DiffusedTok2Vec.v1"):
        nlp(TEXT)
