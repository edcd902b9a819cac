"""boundaries = "sentence": diffusion stops at the ends of sentences."""

import numpy
import pytest
import spacy
from numpy.testing import assert_allclose

import spacy_stablediff
from spacy_stablediff.component.stablediff import StableDiff

from ..pipelines import (
    ADD,
    EMBEDDING,
    HEAT,
    IMPLICIT,
    SENTENCES,
    TEXT,
    UNSEEN,
    WIDTH,
    add_ner,
    both_layers,
    by_sentence,
    examples_for,
    sentence_tok2vec,
    train,
    unread,
)


def sentence_pipeline(*components, diffusion=IMPLICIT):
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.add_pipe("tok2vec", config={"model": EMBEDDING})
    nlp.add_pipe("stablediff", config={"model": diffusion, "boundaries": "sentence"})
    for name in components:
        ADD[name](nlp)
    return nlp


@both_layers
def test_component_diffuses_each_sentence_alone(diffusion):
    nlp = sentence_pipeline("ner", diffusion=diffusion)
    train(nlp, annotates=["sentencizer"])
    component = nlp.get_pipe("stablediff")
    for doc in nlp.pipe([SENTENCES, *UNSEEN]):
        assert len(doc) < 2 or len(list(doc.sents)) == {SENTENCES: 24, TEXT: 3}.get(doc.text, 1)
        plain = nlp.get_pipe("tok2vec").predict([doc])[0]
        assert_allclose(doc.tensor, by_sentence(doc, plain, component.model), atol=1e-5)
    assert (
        numpy.abs(nlp(TEXT).tensor - component.model.predict([plain_vectors(nlp)])[0]).max() > 0.01
    )


def plain_vectors(nlp):
    return nlp.get_pipe("tok2vec").predict([nlp.make_doc(TEXT)])[0]


@both_layers
@pytest.mark.parametrize("components", [["textcat", "ner"], ["ner"]])
def test_training_by_sentences_equals_an_embedding_that_diffuses_by_sentences(
    components, diffusion
):
    chain = sentence_pipeline(*components, diffusion=diffusion)
    monolith = spacy.blank("en")
    monolith.add_pipe("sentencizer")
    monolith.add_pipe("tok2vec", config={"model": sentence_tok2vec(diffusion)})
    for name in components:
        ADD[name](monolith)
    losses = [train(nlp, annotates=["sentencizer"]) for nlp in (chain, monolith)]
    for a, b in zip(*losses, strict=True):
        for name in components:
            assert a[name] == pytest.approx(b[name], rel=1e-4)
    for doc, other in zip(chain.pipe([SENTENCES]), monolith.pipe([SENTENCES]), strict=True):
        assert_allclose(doc.tensor, other.tensor, atol=1e-5)


def test_attached_components_diffuse_by_sentences():
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    add_ner(nlp, EMBEDDING)
    train(nlp, annotates=["sentencizer"])
    spacy_stablediff.attach(nlp, "ner", diffusion=HEAT, boundaries="sentence")
    nlp.update(examples_for(nlp), annotates=["sentencizer"])
    model = next(n for n in nlp.get_pipe("ner").model.walk() if n.name == "diffused_tok2vec")
    doc = nlp(SENTENCES)
    plain = model.get_ref("tok2vec").predict([doc])[0]
    expected = by_sentence(doc, plain, model.get_ref("diffusion"))
    assert_allclose(model.predict([doc])[0], expected, atol=1e-5)


def test_component_refuses_documents_without_sentence_boundaries():
    nlp = sentence_pipeline("ner")
    train(nlp, steps=0)
    with nlp.select_pipes(disable=["sentencizer"]):
        assert nlp("one").tensor.shape == (1, WIDTH)
        assert nlp("").tensor.shape == (0, WIDTH)
        with pytest.raises(ValueError, match=r"\[SD013\] Component 'stablediff'.*2 tokens"):
            nlp("two tokens")
    with pytest.raises(ValueError, match=r"\[SD013\].*\[training.annotating_components\]"):
        nlp.update(examples_for(nlp))


def test_trained_components_need_boundaries_as_soon_as_they_are_attached():
    nlp = spacy.blank("en")
    add_ner(nlp, EMBEDDING)
    train(nlp)
    spacy_stablediff.attach(nlp, "ner", boundaries="sentence")
    with pytest.raises(ValueError, match=r"\[SD013\].*2 tokens"):
        nlp("two tokens")


@unread
def test_boundaries_that_a_parser_sets_later_come_too_late():
    nlp = spacy.blank("en")
    nlp.add_pipe("tok2vec", config={"model": EMBEDDING})
    nlp.add_pipe("stablediff", config={"boundaries": "sentence"})
    nlp.add_pipe("sentencizer")
    train(nlp, steps=0)
    with pytest.raises(ValueError, match="SD013"):
        nlp(TEXT)


def test_settings_of_the_component_are_saved(tmp_path):
    nlp = sentence_pipeline("ner")
    settings = {"source": "tensor", "boundaries": "sentence", "hooks": True}
    nlp.remove_pipe("stablediff")
    nlp.add_pipe("stablediff", config=settings, before="ner")
    train(nlp, annotates=["sentencizer"])
    nlp.to_disk(tmp_path)
    loaded = spacy.load(tmp_path)
    component = loaded.get_pipe("stablediff")
    assert isinstance(component, StableDiff)
    assert {name: getattr(component, name) for name in settings} == settings
    assert numpy.array_equal(loaded(SENTENCES).tensor, nlp(SENTENCES).tensor)
    assert loaded(SENTENCES)[0].doc.user_hooks
