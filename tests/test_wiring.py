"""What reads and what feeds the component: warnings, static vectors, hooks, boundaries."""

import warnings

import numpy
import pytest
import spacy
from numpy.testing import assert_allclose
from spacy.pipeline.tok2vec import Tok2VecListener
from spacy.tokens import Doc
from spacy.vectors import Vectors

import spacy_stablediff
from spacy_stablediff.pipeline import StableDiff
from spacy_stablediff.tok2vec import diffuse

from .pipelines import (
    ADD,
    EMBEDDING,
    HEAT,
    IMPLICIT,
    WIDTH,
    add_ner,
    add_textcat,
    chain_pipeline,
    diffused_tok2vec,
    examples_for,
    listener,
    real_pipeline,
    train,
)
from .references import dense_default

both_layers = pytest.mark.parametrize("diffusion", [HEAT, IMPLICIT], ids=["heat", "implicit"])
NO_DIFFUSION = {**IMPLICIT, "time": 0.0, "learn_time": False, "learn_confidence": False}
at_time_zero = pytest.mark.filterwarnings("ignore:.*SDW01")
unread = pytest.mark.filterwarnings("ignore:.*SDW0[24]")

TEXT = "Brightmoor sent two Lumo to Porto. Nobody asked! Why"
TEXTS = [TEXT, "", "x", "ok thanks"]


def find_listener(nlp, component):
    nodes = nlp.get_pipe(component).model.walk()
    return next(node for node in nodes if isinstance(node, Tok2VecListener))


def our_warnings(function):
    """The codes and texts of this package's warnings while a function runs."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        function()
    return [str(w.message) for w in caught if "[SDW" in str(w.message)]


def run(nlp):
    """Predict, several times and in every way."""
    nlp(TEXT)
    list(nlp.pipe(TEXTS))
    nlp.get_pipe("stablediff").predict([nlp.make_doc("")])


# The component says so where nothing reads what it writes.


def test_warns_once_where_nothing_comes_after_it():
    nlp = chain_pipeline([])
    (message,) = our_warnings(lambda: (nlp.initialize(), run(nlp), nlp.initialize(), run(nlp)))
    assert message.startswith("[SDW02] Component 'stablediff'")
    assert "spacy.Tok2VecListener.v1" in message


def test_warns_once_naming_later_components_that_embed_for_themselves_and_the_way_out():
    nlp = chain_pipeline([])
    nlp.add_pipe("sentencizer")
    add_textcat(nlp, EMBEDDING, name="mood")
    nlp.add_pipe("ner")
    (message,) = our_warnings(lambda: (train(nlp, steps=2), run(nlp), run(nlp)))
    assert message.startswith("[SDW04] Component 'stablediff'")
    assert "These embed for themselves or listen to a transformer: 'mood', 'ner'." in message
    assert 'spacy_stablediff.attach(nlp, "mood")' in message
    assert "spacy-stablediff.attach.v1" in message and "spacy.Tok2VecListener.v1" in message


def test_warns_once_however_the_pipeline_changes():
    nlp = chain_pipeline([])
    nlp.add_pipe("sentencizer")

    def change():
        train(nlp, steps=0)
        with nlp.select_pipes(disable=["sentencizer"]):
            run(nlp)
        nlp.add_pipe("sentencizer", name="again")
        run(nlp)

    assert len(our_warnings(change)) == 1


def test_warns_again_in_a_pipeline_that_was_loaded(tmp_path):
    nlp = chain_pipeline([])
    nlp.add_pipe("ner")
    our_warnings(lambda: train(nlp, steps=0))
    nlp.to_disk(tmp_path)
    (message,) = our_warnings(lambda: run(spacy.load(tmp_path)))
    assert message.startswith("[SDW04]")


@pytest.mark.parametrize(
    "later",
    [
        {},
        {"before": "stablediff"},  # an owner that comes earlier isn't concerned
    ],
)
def test_owners_are_named_only_if_they_come_later_and_are_not_diffused(later):
    nlp = chain_pipeline([])
    nlp.add_pipe("ner", **later)
    if not later:
        spacy_stablediff.attach(nlp, "ner")
    (message,) = our_warnings(lambda: (train(nlp, steps=0), run(nlp)))
    assert message.startswith("[SDW02]")


def test_disabled_components_are_not_named():
    nlp = chain_pipeline([])
    nlp.add_pipe("senter")
    nlp.add_pipe("ner")
    nlp.disable_pipe("senter")
    (message,) = our_warnings(lambda: (train(nlp, steps=0), run(nlp)))
    assert "transformer: 'ner'." in message


def test_readers_after_another_embedding_do_not_read_what_it_writes():
    nlp = chain_pipeline([])
    nlp.add_pipe("tok2vec", name="other", config={"model": EMBEDDING})
    add_ner(nlp)
    (message,) = our_warnings(lambda: (train(nlp, steps=2), run(nlp)))
    assert message.startswith("[SDW02] Component 'stablediff'")


def test_listeners_of_another_embedding_are_not_taken_for_untrained_readers():
    nlp = chain_pipeline([])
    nlp.add_pipe("tok2vec", name="other", config={"model": EMBEDDING})
    add_ner(nlp, listener("other"))
    messages = our_warnings(lambda: (train(nlp, steps=2, exclude=["stablediff"]), run(nlp)))
    assert [message[:7] for message in messages] == ["[SDW02]"]


def test_static_vectors_leave_nothing_to_read_of_the_diffusion_before():
    nlp = chain_pipeline([])
    default_vectors(nlp)
    nlp.add_pipe("stablediff", name="statics", config={"source": "vectors"})
    add_ner(nlp)
    (message,) = our_warnings(lambda: (train(nlp, steps=2), run(nlp)))
    assert message.startswith("[SDW02] Component 'stablediff'")


def with_listener():
    return chain_pipeline(["ner"])


def with_listener_and_owner():
    nlp = chain_pipeline(["ner"])
    add_textcat(nlp, EMBEDDING)
    return nlp


def with_hooks():
    nlp = chain_pipeline([])
    nlp.remove_pipe("stablediff")
    nlp.add_pipe("stablediff", config={"hooks": True})
    return nlp


def with_another_before_the_listener():
    nlp = chain_pipeline([])
    nlp.add_pipe("stablediff", name="second")
    add_ner(nlp)
    return nlp


@pytest.mark.parametrize(
    "make",
    [with_listener, with_listener_and_owner, with_hooks, with_another_before_the_listener],
)
def test_no_warning_where_something_reads_what_it_writes(make):
    nlp = make()
    assert not our_warnings(lambda: (train(nlp, steps=2), run(nlp)))


def test_no_warning_where_the_reader_is_only_disabled(tmp_path):
    nlp = chain_pipeline(["ner"])
    train(nlp, steps=0)
    nlp.to_disk(tmp_path)
    assert not our_warnings(lambda: run(spacy.load(tmp_path, disable=["ner"])))


def test_warns_of_listeners_that_were_trained_without_it():
    nlp = chain_pipeline(["textcat", "ner"])
    train(nlp, steps=1)
    assert not our_warnings(lambda: run(nlp))
    examples = examples_for(nlp)
    nlp.update(examples, exclude=["stablediff"])
    (message,) = our_warnings(lambda: (run(nlp), run(nlp)))
    assert message.startswith("[SDW03] Component 'stablediff'")
    assert "'textcat' after it" in message and "[training.frozen_components]" in message


# source = "vectors": static vectors take the place of doc.tensor.


def default_vectors(nlp):
    rows = numpy.random.default_rng(0).normal(size=(5, WIDTH)).astype("float32")
    for word, row in zip(["sent", "to", "Porto", "ok", "x"], rows, strict=True):
        nlp.vocab.set_vector(word, row)


def lowercase_vectors(nlp):
    rows = numpy.random.default_rng(0).normal(size=(3, WIDTH)).astype("float32")
    keys = [nlp.vocab.strings.add(word) for word in ("sent", "porto", "ok")]
    nlp.vocab.vectors = Vectors(strings=nlp.vocab.strings, data=rows, keys=keys, attr="LOWER")


def floret_vectors(nlp):
    rows = numpy.random.default_rng(0).normal(size=(50, WIDTH)).astype("float32")
    settings = {"mode": "floret", "minn": 2, "maxn": 3, "hash_count": 2}
    nlp.vocab.vectors = Vectors(strings=nlp.vocab.strings, data=rows, **settings)


def vectors_pipeline(*components, vectors=default_vectors, **config):
    nlp = spacy.blank("en")
    vectors(nlp)
    nlp.add_pipe("stablediff", config={"source": "vectors", **config})
    for name in components:
        ADD[name](nlp)
    return nlp


def static(nlp, text):
    return numpy.array([token.vector for token in nlp.make_doc(text)])


@unread
@at_time_zero
@pytest.mark.parametrize("vectors", [default_vectors, lowercase_vectors, floret_vectors])
def test_looks_up_what_spacy_gives_as_the_vector_of_each_token(vectors):
    nlp = vectors_pipeline(vectors=vectors, model=NO_DIFFUSION)
    known = [any(token.vector) for token in nlp.make_doc(TEXT)]
    assert any(known) and all(known) == (vectors is floret_vectors)
    assert nlp("").tensor.shape == (0, WIDTH)
    for doc in nlp.pipe(TEXTS):
        assert doc.tensor.shape == (len(doc), WIDTH)
        assert numpy.array_equal(doc.tensor, static(nlp, doc.text).reshape(-1, WIDTH))


@unread
@pytest.mark.parametrize("vectors", [default_vectors, lowercase_vectors, floret_vectors])
def test_diffuses_static_vectors_straight_after_add_pipe(vectors):
    nlp = vectors_pipeline(vectors=vectors)
    assert_allclose(nlp(TEXT).tensor, dense_default(static(nlp, TEXT)), atol=1e-5)


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
            expected = dense_default(static(nlp, eg.text))
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
    for doc, other in zip(nlp.pipe(TEXTS), spacy.load(tmp_path).pipe(TEXTS), strict=True):
        assert doc.to_bytes() == other.to_bytes()


def test_static_vectors_take_the_place_of_what_an_embedding_wrote():
    nlp = spacy.blank("en")
    default_vectors(nlp)
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
        expected = dense_default(static(nlp, eg.text))
        assert_allclose(find_listener(nlp, "ner")._outputs[i], expected, atol=1e-5)
    assert_allclose(nlp(TEXT).tensor, dense_default(static(nlp, TEXT)), atol=1e-5)


@unread
def test_a_second_component_diffuses_further_what_the_first_wrote():
    nlp = vectors_pipeline()
    nlp.add_pipe("stablediff", name="second", config={"upstream": "stablediff"})
    once = dense_default(static(nlp, TEXT))
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
    with pytest.raises(ValueError, match=rf"\[SD012\] Component 'x'.*'{setting}'.*'{value}'"):
        spacy.blank("en").add_pipe("stablediff", name="x", config={setting: value})


@unread
def test_real_static_vectors_are_diffused():
    real = real_pipeline("fr_core_news_md")
    nlp = spacy.blank("fr", vocab=real.vocab)
    nlp.add_pipe("stablediff", config={"source": "vectors"})
    text = "Anselme a reçu un qwxzy à Porto, et il n'est pas content !"
    plain = static(nlp, text)
    assert plain.shape[1] == 300 and plain[3].any() and not plain[4].any()
    assert_allclose(nlp(text).tensor, dense_default(plain), atol=1e-4)


# hooks = true: vectors and similarity answer from the diffused vectors.


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
    [tensor_hooks, lambda: tensor_hooks(default_vectors), static_hooks],
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
    return static(nlp, TEXT)


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
    nlp = tensor_hooks(default_vectors)
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


# boundaries = "sentence": diffusion stops at the ends of sentences.


def sentence_pipeline(*components, diffusion=IMPLICIT):
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.add_pipe("tok2vec", config={"model": EMBEDDING})
    nlp.add_pipe("stablediff", config={"model": diffusion, "boundaries": "sentence"})
    for name in components:
        ADD[name](nlp)
    return nlp


def sentence_tok2vec(diffusion=IMPLICIT):
    return {**diffused_tok2vec(diffusion), "boundaries": "sentence"}


def by_sentence(doc, vectors, diffusion):
    """Diffuse the vectors of each sentence alone."""
    sents = [vectors[sent.start : sent.end] for sent in doc.sents] if len(doc) else []
    return numpy.vstack([vectors[:0], *diffusion.predict(sents)])


LONG = " ".join([TEXT + ".", "Yes!", *["One two three."] * 20])


@both_layers
def test_component_diffuses_each_sentence_alone(diffusion):
    nlp = sentence_pipeline("ner", diffusion=diffusion)
    train(nlp, annotates=["sentencizer"])
    component = nlp.get_pipe("stablediff")
    for doc in nlp.pipe([LONG, *TEXTS]):
        assert len(doc) < 2 or len(list(doc.sents)) == {LONG: 24, TEXT: 3}.get(doc.text, 1)
        plain = nlp.get_pipe("tok2vec").predict([doc])[0]
        assert_allclose(doc.tensor, by_sentence(doc, plain, component.model), atol=1e-5)
    assert (
        numpy.abs(nlp(TEXT).tensor - component.model.predict([plain_vectors(nlp)])[0]).max() > 0.01
    )


def plain_vectors(nlp):
    return nlp.get_pipe("tok2vec").predict([nlp.make_doc(TEXT)])[0]


@both_layers
def test_diffused_tok2vec_diffuses_each_sentence_alone(diffusion):
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.add_pipe("tok2vec", config={"model": sentence_tok2vec(diffusion)})
    add_ner(nlp)
    train(nlp, annotates=["sentencizer"])
    model = nlp.get_pipe("tok2vec").model
    for doc in nlp.pipe([LONG, *TEXTS]):
        plain = model.get_ref("tok2vec").predict([doc])[0]
        expected = by_sentence(doc, plain, model.get_ref("diffusion"))
        assert_allclose(doc.tensor, expected, atol=1e-5)


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
    for doc, other in zip(chain.pipe([LONG]), monolith.pipe([LONG]), strict=True):
        assert_allclose(doc.tensor, other.tensor, atol=1e-5)


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
    settings = {"is_train": True, "boundaries": "sentence", "owner": "test"}
    _, backprop = diffuse(layer, docs, Xs, **settings)
    for doc, X, dY, dX in zip(docs, Xs, dYs, backprop(dYs), strict=True):
        for sent in doc.sents if len(doc) else []:
            _, backprop_alone = alone.begin_update([X[sent.start : sent.end]])
            (expected,) = backprop_alone([dY[sent.start : sent.end]])
            assert_allclose(dX[sent.start : sent.end], expected, atol=1e-5)
    for name in layer.param_names:
        assert_allclose(layer.get_grad(name), alone.get_grad(name), rtol=1e-3, atol=1e-5)


def test_attached_components_diffuse_by_sentences():
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    add_ner(nlp, EMBEDDING)
    train(nlp, annotates=["sentencizer"])
    spacy_stablediff.attach(nlp, "ner", diffusion=HEAT, boundaries="sentence")
    nlp.update(examples_for(nlp), annotates=["sentencizer"])
    model = next(n for n in nlp.get_pipe("ner").model.walk() if n.name == "diffused_tok2vec")
    doc = nlp(LONG)
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
    assert numpy.array_equal(loaded(LONG).tensor, nlp(LONG).tensor)
    assert loaded(LONG)[0].doc.user_hooks
