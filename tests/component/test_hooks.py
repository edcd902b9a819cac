"""hooks = true: vectors and similarity answer from the diffused vectors."""

import numpy
import pytest
import spacy
from numpy.testing import assert_allclose
from spacy.tokens import Doc
from spacy.vectors import Vectors

from ..pipelines import (
    EMBEDDING,
    TEXT,
    WIDTH,
    set_vectors,
    static_vectors,
    train,
    vectors_pipeline,
)
from ..references import dense_default


def tensor_hooks(vectors=None):
    """Hooks over an embedding, in a vocab with or without static vectors."""
    nlp = spacy.blank("en")
    if vectors is not None:
        vectors(nlp)
    nlp.add_pipe("tok2vec", config={"model": EMBEDDING})
    nlp.add_pipe("stablediff", config={"hooks": True})
    train(nlp, steps=0)
    return nlp


def static_hooks():
    return vectors_pipeline(hooks=True)


with_hooks_over = pytest.mark.parametrize(
    "make",
    [tensor_hooks, lambda: tensor_hooks(set_vectors), static_hooks],
    ids=["no static vectors", "static vectors in the vocab", "diffused static vectors"],
)


def cosine(a, b):
    return float(a @ b / numpy.linalg.norm(a) / numpy.linalg.norm(b))


@with_hooks_over
def test_hooks_answer_from_diffused_vectors(make):
    nlp = make()
    doc, other = nlp(TEXT), nlp("ok thanks for Porto")
    assert_allclose(doc.tensor, dense_default(undiffused(nlp)), atol=1e-5)
    assert numpy.array_equal(doc[2].vector, doc.tensor[2])
    assert_allclose(doc[1:4].vector, doc.tensor[1:4].mean(axis=0), atol=1e-6)
    assert_allclose(doc.vector, doc.tensor.mean(axis=0), atol=1e-6)
    assert doc.has_vector and doc[1:4].has_vector and doc[0].has_vector
    for this, that in [(doc, other), (doc[1:4], other[0:2]), (doc[2], other[0]), (doc[1:3], other)]:
        assert this.similarity(that) == pytest.approx(cosine(this.vector, that.vector), abs=1e-5)
        assert this.vector_norm == pytest.approx(numpy.linalg.norm(this.vector), abs=1e-5)
    assert doc.similarity(doc) == pytest.approx(1.0)
    part = doc[1:4].as_doc()
    assert numpy.array_equal(part[0].vector, doc.tensor[1])
    assert part.vector_norm == pytest.approx(numpy.linalg.norm(doc[1:4].vector), abs=1e-5)


def undiffused(nlp):
    """What the component diffuses, for TEXT."""
    if "tok2vec" in nlp.pipe_names:
        return nlp.get_pipe("tok2vec").predict([nlp.make_doc(TEXT)])[0]
    return static_vectors(nlp, TEXT)


@with_hooks_over
def test_hooks_answer_for_empty_documents(make):
    doc = make()("")
    assert not doc.vector.any() and not doc.has_vector
    assert doc.similarity(doc) == 0


def test_without_hooks_vectors_stay_what_they_were():
    nlp = vectors_pipeline("ner")
    doc = nlp.get_pipe("stablediff")(nlp.make_doc(TEXT))
    assert not doc.user_hooks and not doc.user_token_hooks and not doc.user_span_hooks
    assert numpy.array_equal(doc[1].vector, nlp.vocab["sent"].vector)


def test_hooks_outdate_what_spacy_had_computed_before():
    nlp = tensor_hooks(set_vectors)
    doc = nlp.make_doc(TEXT)
    before = doc.vector_norm
    expected = numpy.linalg.norm(nlp(doc).tensor.mean(axis=0))
    assert doc.vector_norm == pytest.approx(expected) != pytest.approx(before)


def test_static_vectors_of_words_compare_with_diffused_ones_of_their_width():
    nlp = static_hooks()
    token, word = nlp(TEXT)[1], nlp.vocab["sent"]
    assert token.similarity(word) == pytest.approx(cosine(token.vector, word.vector), abs=1e-5)


def test_vectors_of_different_widths_cannot_be_compared():
    doc, other = tensor_hooks()(TEXT), vectors_pipeline()
    other.vocab.vectors = Vectors(data=numpy.ones((1, 3), dtype="float32"))
    for this in (doc, doc[1:3], doc[1]):
        with pytest.raises(ValueError, match=rf"\[SD028\].*width {WIDTH}.*width 3"):
            this.similarity(other.make_doc("x"))


def test_hooks_do_not_travel_with_serialized_documents():
    nlp = static_hooks()
    with pytest.warns(UserWarning, match="W109"):
        data = nlp(TEXT).to_bytes()
    doc = Doc(nlp.vocab).from_bytes(data)
    assert not doc.user_hooks and numpy.array_equal(doc.tensor, nlp(TEXT).tensor)
