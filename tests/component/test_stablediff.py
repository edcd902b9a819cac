"""The component `stablediff` in pipelines: what it feeds to whom, and how it learns."""

import numpy
import pytest
import spacy
from numpy.testing import assert_allclose
from spacy.language import Language
from spacy.tokens import Doc
from thinc.api import ConfigValidationError, fix_random_seed

from spacy_stablediff.component.stablediff import StableDiff

from ..pipelines import (
    EMBEDDING,
    IMPLICIT,
    UNSEEN,
    WIDTH,
    add_ner,
    add_textcat,
    both_layers,
    chain_pipeline,
    diffused_tok2vec,
    examples_for,
    find_listener,
    listener,
    monolith_pipeline,
    moved,
    parameters,
    train,
)
from ..references import dense_implicit

# Training: a chain of components is the same network as one component.


@both_layers
@pytest.mark.parametrize("drop", [0.0, 0.2])
@pytest.mark.parametrize(
    "components", [["ner"], ["textcat"], ["ner", "textcat"], ["textcat", "ner"]]
)
def test_chain_equals_monolith(components, drop, diffusion):
    chain = chain_pipeline(components, diffusion)
    monolith = monolith_pipeline(components, diffusion)
    chain_losses = train(chain, drop=drop)
    monolith_losses = train(monolith, drop=drop)

    diffused = monolith.get_pipe("tok2vec").model
    pairs = [
        (chain.get_pipe("tok2vec").model, diffused.get_ref("tok2vec")),
        (chain.get_pipe("stablediff").model, diffused.get_ref("diffusion")),
        *((chain.get_pipe(name).model, monolith.get_pipe(name).model) for name in components),
    ]
    for chained, single in pairs:
        for a, b in zip(parameters(chained), parameters(single), strict=True):
            assert_allclose(a, b, atol=1e-5)
    for name in components:
        expected = [losses[name] for losses in monolith_losses]
        assert_allclose([losses[name] for losses in chain_losses], expected, rtol=1e-4)
    for doc, other in zip(chain.pipe(UNSEEN), monolith.pipe(UNSEEN), strict=True):
        assert_allclose(doc.tensor, other.tensor, atol=5e-5)  # float32, after six updates
        assert doc.cats == pytest.approx(other.cats, abs=1e-4)
        assert [e.label_ for e in doc.ents] == [e.label_ for e in other.ents]


@both_layers
def test_training_moves_every_parameter_of_the_diffusion(diffusion):
    nlp = chain_pipeline(["textcat", "ner"], diffusion)
    train(nlp, steps=1)
    before = parameters(nlp.get_pipe("stablediff").model)
    train(nlp, steps=6)
    after = parameters(nlp.get_pipe("stablediff").model)
    assert len(before) == len(after) > 0
    for a, b in zip(before, after, strict=True):
        assert numpy.isfinite(b).all() and not numpy.allclose(a, b, rtol=0, atol=1e-4)


def test_update_with_its_own_optimizer_applies_it_in_the_backward_pass():
    nlp = chain_pipeline(["textcat", "ner"])
    train(nlp, steps=0)
    before = parameters(nlp.get_pipe("stablediff").model)
    examples, sgd = examples_for(nlp), nlp.create_optimizer()
    for _ in range(2):
        for _, component in nlp.pipeline:
            component.update(examples, sgd=sgd)
    after = parameters(nlp.get_pipe("stablediff").model)
    assert all(moved(before, after))


def test_component_appears_in_the_losses():
    (losses,) = train(chain_pipeline(["textcat"]), steps=1)
    assert set(losses) == {"tok2vec", "stablediff", "textcat"}


# Position decides: listeners after the component read diffused vectors, others plain ones.


def diffused_by_hand(vectors):
    return [
        dense_implicit(v.astype("float64"), numpy.ones(len(v)), 0.5, 2) if len(v) else v
        for v in vectors
    ]


@pytest.fixture
def sandwich():
    """A listener before the component and one after it, initialized."""
    nlp = spacy.blank("en")
    nlp.add_pipe("tok2vec", config={"model": EMBEDDING})
    add_textcat(nlp)
    nlp.add_pipe("stablediff")
    add_ner(nlp)
    train(nlp, steps=0)
    return nlp


def test_in_prediction_listeners_before_read_plain_and_those_after_diffused_vectors(sandwich):
    seen = {}

    Language.component("test_spy_before", func=lambda doc: seen.update(before=doc.tensor) or doc)
    Language.component("test_spy_after", func=lambda doc: seen.update(after=doc.tensor) or doc)
    sandwich.add_pipe("test_spy_before", before="stablediff")
    sandwich.add_pipe("test_spy_after", after="stablediff")
    doc = sandwich(UNSEEN[0])
    plain = sandwich.get_pipe("tok2vec").predict([sandwich.make_doc(UNSEEN[0])])
    assert_allclose(seen["before"], plain[0], atol=1e-6)
    assert_allclose(seen["after"], diffused_by_hand(plain)[0], atol=1e-5)
    assert doc.tensor is seen["after"]


def test_in_training_listeners_before_get_plain_and_those_after_diffused_vectors(sandwich):
    examples = examples_for(sandwich)
    docs = [eg.predicted for eg in examples]
    plain = sandwich.get_pipe("tok2vec").predict(docs)
    for name in ("tok2vec", "stablediff"):
        sandwich.get_pipe(name).update(examples)
    before, after = find_listener(sandwich, "textcat"), find_listener(sandwich, "ner")
    for received, expected in [(before, plain), (after, diffused_by_hand(plain))]:
        assert received.verify_inputs(docs)
        for a, b in zip(received._outputs, expected, strict=True):
            assert_allclose(a, b, atol=1e-5)


@pytest.mark.parametrize("upstream", ["*", "tok2vec"])
def test_position_decides_whatever_upstream_the_listener_names(upstream):
    nlp = spacy.blank("en")
    nlp.add_pipe("tok2vec", config={"model": EMBEDDING})
    nlp.add_pipe("stablediff", name="smoother")
    add_textcat(nlp, listener(upstream))
    train(nlp, steps=0)
    examples = examples_for(nlp)
    nlp.update(examples, sgd=False)
    plain = nlp.get_pipe("tok2vec").predict([eg.predicted for eg in examples])
    received = find_listener(nlp, "textcat")._outputs
    for a, b in zip(received, diffused_by_hand(plain), strict=True):
        assert_allclose(a, b, atol=1e-5)


def test_listeners_that_share_vectors_share_one_diffusion(sandwich):
    add_textcat(sandwich, name="second")
    train(sandwich, steps=1)
    assert find_listener(sandwich, "ner")._outputs is find_listener(sandwich, "second")._outputs


def test_leaves_alone_what_a_listener_holds_of_an_earlier_batch(sandwich):
    examples = examples_for(sandwich)
    sandwich.update(examples[:2])
    node = find_listener(sandwich, "ner")
    held = node._outputs, node._backprop, node._batch_id
    sandwich.get_pipe("stablediff").update(examples[2:])
    assert (node._outputs, node._backprop, node._batch_id) == held


def test_two_embeddings_each_with_its_diffusion():
    nlp = spacy.blank("en")
    for suffix, add in [("a", add_textcat), ("b", add_ner)]:
        nlp.add_pipe("tok2vec", name=f"tok2vec_{suffix}", config={"model": EMBEDDING})
        config = {"upstream": f"tok2vec_{suffix}"}
        nlp.add_pipe("stablediff", name=f"stablediff_{suffix}", config=config)
        add(nlp, listener(f"tok2vec_{suffix}"))
    train(nlp)
    examples = examples_for(nlp)
    docs = [eg.predicted for eg in examples]
    nlp.update(examples, sgd=False)
    for suffix, name in [("a", "textcat"), ("b", "ner")]:
        plain = nlp.get_pipe(f"tok2vec_{suffix}").predict(docs)
        expected = nlp.get_pipe(f"stablediff_{suffix}").model.predict(plain)
        for a, b in zip(find_listener(nlp, name)._outputs, expected, strict=True):
            assert_allclose(a, b, atol=1e-5)


# Running.


def test_works_straight_after_add_pipe():
    nlp = spacy.blank("en")
    tok2vec = nlp.add_pipe("tok2vec")
    nlp.initialize()
    plain = nlp(UNSEEN[0]).tensor
    nlp.add_pipe("stablediff")
    assert tok2vec is nlp.get_pipe("tok2vec")
    assert_allclose(nlp(UNSEEN[0]).tensor, diffused_by_hand([plain])[0], atol=1e-5)


@both_layers
def test_pipe_equals_call_and_no_document_sees_another(diffusion):
    nlp = chain_pipeline(["textcat", "ner"], diffusion)
    train(nlp)
    texts = [*UNSEEN, " ".join(UNSEEN * 60)]
    for batch_size in (1, 3, 100):
        for doc, text in zip(nlp.pipe(texts, batch_size=batch_size), texts, strict=True):
            alone = nlp(text)
            assert_allclose(doc.tensor, alone.tensor, atol=1e-5)
            if text:  # spaCy gives an empty document other scores when it is alone
                assert doc.cats == pytest.approx(alone.cats, abs=1e-5)


@both_layers
def test_saved_pipelines_give_identical_vectors(diffusion, tmp_path):
    nlp = chain_pipeline(["textcat", "ner"], diffusion)
    train(nlp)
    nlp.to_disk(tmp_path)
    from_bytes = spacy.blank("en").from_config(nlp.config).from_bytes(nlp.to_bytes())
    for loaded in (spacy.load(tmp_path), from_bytes):
        assert isinstance(loaded.get_pipe("stablediff"), StableDiff)
        for doc, other in zip(nlp.pipe(UNSEEN), loaded.pipe(UNSEEN), strict=True):
            assert numpy.array_equal(doc.tensor, other.tensor)
            assert doc.cats == other.cats


@both_layers
def test_saved_component_gives_identical_vectors(diffusion, tmp_path):
    nlp = chain_pipeline(["textcat"], diffusion)
    train(nlp)
    component = nlp.get_pipe("stablediff")
    component.to_disk(tmp_path / "stablediff")
    docs = list(nlp.pipe(UNSEEN, disable=["stablediff", "textcat"]))
    expected = component.predict(docs)
    fresh = [chain_pipeline([], diffusion).get_pipe("stablediff") for _ in range(2)]
    fresh[0].from_disk(tmp_path / "stablediff")
    fresh[1].from_bytes(component.to_bytes())
    for other in fresh:
        for a, b in zip(expected, other.predict(docs), strict=True):
            assert numpy.array_equal(a, b)


def test_pipeline_saved_before_training_can_be_loaded(tmp_path):
    nlp = chain_pipeline([])
    nlp.get_pipe("tok2vec").initialize(lambda: examples_for(nlp), nlp=nlp)
    nlp.to_disk(tmp_path)
    assert numpy.array_equal(spacy.load(tmp_path)(UNSEEN[0]).tensor, nlp(UNSEEN[0]).tensor)


def test_analysis_shows_what_it_requires_and_assigns():
    nlp = chain_pipeline(["ner"])
    analysis = nlp.analyze_pipes()
    assert analysis["summary"]["stablediff"]["requires"] == ["doc.tensor"]
    assert analysis["summary"]["stablediff"]["assigns"] == ["doc.tensor"]
    assert analysis["problems"]["stablediff"] == []
    assert analysis["attrs"]["doc.tensor"]["assigns"] == ["tok2vec", "stablediff"]
    nlp.remove_pipe("tok2vec")
    assert nlp.analyze_pipes()["problems"]["stablediff"] == ["doc.tensor"]


def test_diffused_tok2vec_diffuses_the_embedding_it_wraps():
    nlp = spacy.blank("en")
    add_ner(nlp, diffused_tok2vec(IMPLICIT))
    train(nlp, steps=0)
    model = nlp.get_pipe("ner").model.get_ref("tok2vec").layers[0]
    assert model.name == "diffused_tok2vec" and model.get_dim("nO") == WIDTH
    docs = [nlp.make_doc(text) for text in UNSEEN]
    expected = diffused_by_hand(model.get_ref("tok2vec").predict(docs))
    for a, b in zip(model.predict(docs), expected, strict=True):
        assert_allclose(a, b, atol=1e-5)


# What it refuses. The name of the component is in every message.


@pytest.fixture
def smoother():
    nlp = spacy.blank("en")
    nlp.add_pipe("tok2vec", config={"model": EMBEDDING})
    nlp.add_pipe("stablediff", name="smoother")
    fix_random_seed(0)
    nlp.initialize()
    return nlp


def test_refuses_a_setting_for_stability_training_which_is_another_components():
    with pytest.raises(ConfigValidationError, match="unexpected argument: 'stability'"):
        spacy.blank("en").add_pipe("stablediff", config={"stability": {"weight": 1.0}})


@pytest.mark.parametrize(
    "upstream, code", [("nobody", "SD003"), ("tagger", "SD004"), ("smoother", "SD004")]
)
def test_refuses_an_upstream_that_does_not_come_before_it(upstream, code):
    nlp = spacy.blank("en")
    nlp.add_pipe("tok2vec")
    nlp.add_pipe("stablediff", name="smoother", config={"upstream": upstream})
    nlp.add_pipe("tagger").add_label("X")
    with pytest.raises(ValueError, match=rf"\[{code}\].*'smoother'.*'upstream' names '{upstream}'"):
        nlp.initialize()


def test_refuses_to_initialize_after_an_embedding_of_unknown_width():
    Language.component("test_no_model", func=lambda doc: doc)
    nlp = spacy.blank("en")
    nlp.add_pipe("test_no_model")
    nlp.add_pipe("stablediff", name="smoother", config={"upstream": "test_no_model"})
    with pytest.raises(ValueError, match=r"\[SD010\] Component 'smoother'"):
        nlp.initialize()


def test_refuses_to_initialize_without_the_pipeline(smoother):
    with pytest.raises(ValueError, match=r"\[SD011\].*'smoother'.*nlp.initialize\(\)"):
        smoother.get_pipe("smoother").initialize(lambda: examples_for(smoother))


def test_refuses_documents_without_vectors(smoother):
    with pytest.raises(ValueError, match=r"\[SD005\].*'smoother'.*2 tokens.*'tok2vec'"):
        smoother.get_pipe("smoother")(Doc(smoother.vocab, words=["no", "vectors"]))
    assert smoother.get_pipe("smoother")(Doc(smoother.vocab)).tensor.size == 0


@pytest.mark.parametrize("shape", [(3, WIDTH), (2,), (2, 2, WIDTH)])
def test_refuses_vectors_that_do_not_fit_the_tokens(smoother, shape):
    doc = Doc(smoother.vocab, words=["two", "tokens"])
    doc.tensor = numpy.zeros(shape, dtype="float32")
    with pytest.raises(ValueError, match=r"\[SD006\].*'smoother'.*2 tokens"):
        smoother.get_pipe("smoother")(doc)


def test_refuses_another_width_than_it_learned(smoother):
    doc = Doc(smoother.vocab, words=["two", "tokens"])
    doc.tensor = numpy.zeros((2, 5), dtype="float32")
    with pytest.raises(
        ValueError, match=rf"\[SD007\] Component 'smoother'.*width {WIDTH}.*width 5"
    ):
        smoother.get_pipe("smoother")(doc)


def test_refuses_non_finite_vectors(smoother):
    doc = Doc(smoother.vocab, words=["two", "tokens"])
    doc.tensor = numpy.full((2, WIDTH), numpy.nan, dtype="float32")
    with pytest.raises(ValueError, match=r"\[SD009\] Component 'smoother'.*document 0"):
        smoother.get_pipe("smoother")(doc)


def test_errors_reach_the_error_handler_of_the_pipeline(smoother):
    failed = []
    smoother.set_error_handler(lambda name, proc, docs, error: failed.append((name, str(error))))
    with smoother.select_pipes(disable=["tok2vec"]):
        list(smoother.pipe(["no vectors"]))
    ((name, message),) = failed
    assert name == "smoother" and "SD005" in message


@both_layers
def test_a_diffusion_in_the_place_of_an_embedding_is_refused(diffusion):
    nlp = spacy.blank("en")
    add_ner(nlp, diffusion)
    with pytest.raises(ValueError, match=r"\[SD029\].*spacy-stablediff.DiffusedTok2Vec.v1"):
        nlp.initialize(lambda: examples_for(nlp))
