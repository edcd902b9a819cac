"""source = "vectors": the vocab's static vectors take the place of doc.tensor."""

import numpy
import pytest
import spacy
from numpy.testing import assert_allclose
from spacy.vectors import Vectors
from thinc.api import ConfigValidationError

from ..pipelines import (
    EMBEDDING,
    NO_DIFFUSION,
    TEXT,
    UNSEEN,
    WIDTH,
    add_ner,
    add_textcat,
    at_time_zero,
    both_layers,
    examples_for,
    find_listener,
    listener,
    real_pipeline,
    set_vectors,
    static_vectors,
    train,
    unread,
    vectors_pipeline,
)
from ..references import dense_default


def lowercase_vectors(nlp):
    rows = numpy.random.default_rng(0).normal(size=(3, WIDTH)).astype("float32")
    keys = [nlp.vocab.strings.add(word) for word in ("sent", "porto", "ok")]
    nlp.vocab.vectors = Vectors(strings=nlp.vocab.strings, data=rows, keys=keys, attr="LOWER")


def floret_vectors(nlp):
    rows = numpy.random.default_rng(0).normal(size=(50, WIDTH)).astype("float32")
    settings = {"mode": "floret", "minn": 2, "maxn": 3, "hash_count": 2}
    nlp.vocab.vectors = Vectors(strings=nlp.vocab.strings, data=rows, **settings)


@unread
@at_time_zero
@pytest.mark.parametrize("vectors", [set_vectors, lowercase_vectors, floret_vectors])
def test_looks_up_what_spacy_gives_as_the_vector_of_each_token(vectors):
    nlp = vectors_pipeline(vectors=vectors, model=NO_DIFFUSION)
    known = [any(token.vector) for token in nlp.make_doc(TEXT)]
    assert any(known) and all(known) == (vectors is floret_vectors)
    assert nlp("").tensor.shape == (0, WIDTH)
    for doc in nlp.pipe(UNSEEN):
        assert doc.tensor.shape == (len(doc), WIDTH)
        assert numpy.array_equal(doc.tensor, static_vectors(nlp, doc.text).reshape(-1, WIDTH))


@unread
@pytest.mark.parametrize("vectors", [set_vectors, lowercase_vectors, floret_vectors])
def test_diffuses_static_vectors_straight_after_add_pipe(vectors):
    nlp = vectors_pipeline(vectors=vectors)
    assert_allclose(nlp(TEXT).tensor, dense_default(static_vectors(nlp, TEXT)), atol=1e-5)


@unread
def test_unknown_words_take_part_of_what_surrounds_them():
    nlp = vectors_pipeline()
    doc = nlp("sent qwxz Porto")
    assert not any(doc[1].vector) and any(doc.tensor[1])


def test_in_training_listeners_get_diffused_static_vectors():
    nlp = vectors_pipeline("textcat", "ner")
    train(nlp, steps=0)
    examples = examples_for(nlp)
    nlp.update(examples, sgd=False)
    for name in ("textcat", "ner"):
        for eg, vectors in zip(examples, find_listener(nlp, name)._outputs, strict=True):
            expected = dense_default(static_vectors(nlp, eg.text))
            assert_allclose(vectors, expected, atol=1e-5)


@both_layers
def test_diffusion_of_static_vectors_is_learned(diffusion):
    nlp = vectors_pipeline("textcat", "ner", model=diffusion)
    train(nlp, steps=1)
    model = nlp.get_pipe("stablediff").model
    before = {name: model.get_param(name).copy() for name in model.param_names}
    train(nlp, steps=6)
    for name, value in before.items():
        assert numpy.abs(model.get_param(name) - value).max() > 1e-4


def test_pipelines_on_static_vectors_are_saved_and_loaded(tmp_path):
    nlp = vectors_pipeline("textcat", "ner")
    train(nlp)
    nlp.to_disk(tmp_path)
    for doc, other in zip(nlp.pipe(UNSEEN), spacy.load(tmp_path).pipe(UNSEEN), strict=True):
        assert doc.to_bytes() == other.to_bytes()


def test_static_vectors_take_the_place_of_what_an_embedding_wrote():
    nlp = spacy.blank("en")
    set_vectors(nlp)
    nlp.add_pipe("tok2vec", config={"model": EMBEDDING})
    add_textcat(nlp)
    nlp.add_pipe("stablediff", config={"source": "vectors"})
    add_ner(nlp)
    train(nlp, steps=0)
    examples = examples_for(nlp)
    embedded = nlp.get_pipe("tok2vec").predict([eg.predicted for eg in examples])
    nlp.update(examples, sgd=False)
    for i, eg in enumerate(examples):
        assert_allclose(find_listener(nlp, "textcat")._outputs[i], embedded[i], atol=1e-6)
        expected = dense_default(static_vectors(nlp, eg.text))
        assert_allclose(find_listener(nlp, "ner")._outputs[i], expected, atol=1e-5)
    assert_allclose(nlp(TEXT).tensor, dense_default(static_vectors(nlp, TEXT)), atol=1e-5)


@unread
def test_a_second_component_diffuses_further_what_the_first_wrote():
    nlp = vectors_pipeline()
    nlp.add_pipe("stablediff", name="second", config={"upstream": "stablediff"})
    once = dense_default(static_vectors(nlp, TEXT))
    assert_allclose(nlp(TEXT).tensor, dense_default(once), atol=1e-5)


@unread
def test_refuses_a_vocab_without_vectors():
    nlp = spacy.blank("en")
    nlp.add_pipe("stablediff", name="smoother", config={"source": "vectors"})
    for attempt in (lambda: nlp(TEXT), nlp.initialize):
        with pytest.raises(ValueError, match=r"\[SD014\].*'smoother'.*init vectors"):
            attempt()


def test_refuses_a_listener_of_another_width_than_the_vectors():
    nlp = vectors_pipeline()
    add_ner(nlp, {**listener(), "width": 7})
    with pytest.raises(ValueError, match=rf"\[SD015\].*width {WIDTH}.*'ner'.*width 7"):
        nlp.initialize(lambda: examples_for(nlp))


@pytest.mark.parametrize("setting, value", [("source", "hash"), ("boundaries", "paragraph")])
def test_refuses_other_values_of_its_settings(setting, value):
    with pytest.raises(ConfigValidationError, match=rf"{setting}.*'(tensor|doc)'"):
        spacy.blank("en").add_pipe("stablediff", name="x", config={setting: value})


@unread
@pytest.mark.real("fr_core_news_md")
def test_real_static_vectors_are_diffused():
    real = real_pipeline("fr_core_news_md")
    nlp = spacy.blank("fr", vocab=real.vocab)
    nlp.add_pipe("stablediff", config={"source": "vectors"})
    text = "Anselme a reçu un qwxzy à Porto, et il n'est pas content !"
    plain = static_vectors(nlp, text)
    assert plain.shape[1] == 300 and plain[3].any() and not plain[4].any()
    assert_allclose(nlp(text).tensor, dense_default(plain), atol=1e-4)
