"""Which vectors are looked at."""

import numpy
import pytest
import spacy
from numpy.testing import assert_allclose
from spacy.language import Language

from spacy_stablediff import attach, measure_stability
from spacy_stablediff.measure.observer import Observer

from ..pipelines import (
    EMBEDDING,
    HEAT,
    WIDTH,
    add_ner,
    add_textcat,
    bare,
    chain_pipeline,
    diffused_tok2vec,
    train,
)
from .examples import LONG_TEXTS, tensor_pipeline


def observe(nlp, texts, **kwargs):
    docs = [nlp.make_doc(text) for text in texts]
    return Observer(nlp, docs[0], **kwargs).run(docs)


def test_default_is_the_tensor_behind_the_whole_pipeline():
    nlp = chain_pipeline(["textcat", "ner"])
    train(nlp)
    docs, vectors = observe(nlp, LONG_TEXTS)
    for doc, array, expected in zip(docs, vectors, nlp.pipe(LONG_TEXTS), strict=True):
        assert_allclose(array, expected.tensor, atol=1e-5)
        assert doc.cats == pytest.approx(expected.cats, abs=1e-5)


def test_a_component_sees_what_it_listens_to():
    nlp = spacy.blank("en")
    chain = chain_pipeline([])
    nlp.add_pipe("tok2vec", config={"model": chain.get_pipe_config("tok2vec")["model"]})
    add_textcat(nlp)
    nlp.add_pipe("stablediff")
    add_ner(nlp)
    train(nlp)
    plain = [doc.tensor for doc in nlp.pipe(LONG_TEXTS, disable=["stablediff"])]
    diffused = [doc.tensor for doc in nlp.pipe(LONG_TEXTS)]
    for component, expected in [
        ("tok2vec", plain),
        ("textcat", plain),
        ("stablediff", diffused),
        ("ner", diffused),
    ]:
        docs, vectors = observe(nlp, LONG_TEXTS, component=component)
        for doc, array, tensor in zip(docs, vectors, expected, strict=True):
            assert_allclose(array, tensor, atol=1e-5)
            assert doc.cats and doc.has_annotation("ENT_IOB")


def test_a_component_that_embeds_for_itself_sees_its_own_vectors():
    nlp = spacy.blank("en")
    add_ner(nlp, diffused_tok2vec(HEAT))
    train(nlp)
    embedding = nlp.get_pipe("ner").model.get_ref("tok2vec").layers[0]
    for kwargs in [{"component": "ner"}, {}]:  # the only one is chosen by itself
        docs, vectors = observe(nlp, LONG_TEXTS, **kwargs)
        for array, expected in zip(vectors, embedding.predict(docs), strict=True):
            assert array.shape[1] == WIDTH
            assert_allclose(array, expected, atol=1e-5)


@pytest.mark.parametrize("factory", ["textcat", "tagger", "spancat", "morphologizer", "parser"])
def test_components_with_their_default_models(factory):
    nlp = spacy.blank("en")
    component = nlp.add_pipe(factory)
    for label in {"parser": [], "morphologizer": ["POS=NOUN"]}.get(factory, ["A", "B"]):
        component.add_label(label)
    nlp.initialize()
    docs, vectors = observe(nlp, LONG_TEXTS, component=factory)
    assert [len(array) for array in vectors] == [len(doc) for doc in docs]
    assert vectors[0].shape[1] > 1 and vectors[0].std() > 0


def test_static_vectors_where_nothing_embeds():
    nlp = spacy.blank("en")
    for i, word in enumerate(["good", "bad", "film"]):
        nlp.vocab.set_vector(word, numpy.eye(3, dtype="float32")[i])
    _, (vectors,) = observe(nlp, ["good film unknown"])
    assert vectors.tolist() == [[1, 0, 0], [0, 0, 1], [0, 0, 0]]


@pytest.mark.parametrize("has_vectors", [True, False])
def test_where_documents_are_cleaned_up_the_embedding_is_the_place(has_vectors):
    nlp = spacy.blank("en")
    if has_vectors:
        nlp.vocab.set_vector("one", numpy.ones(4, dtype="float32"))
    nlp.add_pipe("tok2vec")
    nlp.initialize()
    nlp.add_pipe("doc_cleaner")
    observer = Observer(nlp, nlp.make_doc("one"))
    (doc,), (vectors,) = observer.run([nlp.make_doc("one two")])
    assert observer.place == "tok2vec" and vectors.shape == (2, 96) and doc.tensor is None


def test_components_behind_the_place_run_only_if_they_are_needed():
    nlp = chain_pipeline(["textcat"])
    train(nlp)
    docs, _ = observe(nlp, LONG_TEXTS, component="stablediff", predict=False)
    assert not any(doc.cats for doc in docs)


def test_refuses_a_pipeline_without_vectors():
    nlp = spacy.blank("en")
    with pytest.raises(ValueError, match=r"\[SD105\].*none"):
        measure_stability(nlp, bare(nlp, LONG_TEXTS))
    add_ner(nlp, EMBEDDING)
    add_ner(nlp, EMBEDDING, "b")
    train(nlp, steps=0)
    with pytest.raises(ValueError, match=r"\[SD105\].*'component'.*ner, b"):
        measure_stability(nlp, bare(nlp, LONG_TEXTS))


def test_looks_where_the_pipeline_diffuses():
    """A shared embedding that nothing diffuses is not what was changed."""
    nlp = spacy.blank("en")
    nlp.add_pipe("tok2vec", config={"model": EMBEDDING})
    add_textcat(nlp)
    add_ner(nlp, EMBEDDING)
    train(nlp, steps=1)
    plain = measure_stability(nlp, LONG_TEXTS)
    assert plain.place == "doc.tensor"
    attach(nlp, "ner", diffusion={**HEAT, "time": 3.0})
    attached = measure_stability(nlp, LONG_TEXTS, baseline=nlp)
    assert attached.place == attached.baseline.place == "ner"
    assert attached.edits["typo"].displacement != plain.edits["typo"].displacement
    nlp.add_pipe("stablediff", after="tok2vec")
    train(nlp, steps=1)
    assert measure_stability(nlp, LONG_TEXTS).place == "doc.tensor"


def test_refuses_to_go_on_where_documents_are_left_out():
    nlp = tensor_pipeline("numbers", lambda doc: [[token.i] for token in doc])
    nlp.add_pipe("fail_at_times")
    nlp.set_error_handler(lambda name, proc, docs, error: None)
    with pytest.raises(ValueError, match=r"\[SD132\] The pipeline returned 1 of 2"):
        Observer(nlp, nlp.make_doc("fine")).run([nlp.make_doc("fine"), nlp.make_doc("fail")])


@Language.component("fail_at_times")
def fail_at_times(doc):
    if doc.text == "fail":
        raise RuntimeError("nobody knows why")
    return doc


def test_refuses_vectors_that_do_not_fit_or_are_not_finite():
    nlp = tensor_pipeline("wrong", lambda doc: numpy.full((len(doc), 2), numpy.nan))
    with pytest.raises(ValueError, match=r"\[SD107\].*'The Lumo X2"):
        measure_stability(nlp, bare(nlp, LONG_TEXTS))

    def shorten(doc):
        doc.tensor = numpy.ones((1, 2), dtype="float32")
        return doc

    Language.component("test_shorten", func=shorten)
    nlp = spacy.blank("en")
    nlp.add_pipe("test_shorten")
    with pytest.raises(ValueError, match=r"\[SD106\].*\(1, 2\)"):
        measure_stability(nlp, bare(nlp, LONG_TEXTS))
