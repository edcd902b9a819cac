"""The component `stabilizer` where components embed for themselves."""

import numpy
import pytest
import spacy
from numpy.testing import assert_allclose
from spacy.util import fix_random_seed
from thinc.api import SGD, Adam, NumpyOps

import spacy_stablediff
from spacy_stablediff.component.heads import (
    ScoredBatch,
    ScoreWeights,
    learn_scores,
    list_heads,
)
from spacy_stablediff.component.places import find_places
from spacy_stablediff.edits.augmenter import Edits
from spacy_stablediff.edits.batch import edit_batch
from spacy_stablediff.training.vectors import vectors_loss
from spacy_stablediff.wiring.inlets import find_own_embedding

from ..pipelines import (
    ADD,
    EMBEDDERS,
    EMBEDDING,
    HEAT,
    IMPLICIT,
    add_ner,
    add_textcat,
    annotated_examples,
    diffused_tok2vec,
    examples_for,
    initialize,
    listener,
    moved,
    our_warnings,
    parameters,
    parameters_of,
    sentence_tok2vec,
    train,
)
from .test_stabilizer import MISSPELL, assert_same_weights, gradients, stable_pipeline

SETTINGS = {"weight": 3.0, "consistency": 0.0, "augmenter": MISSPELL, "share": 1.0}


def own_pipeline(*components, tok2vec=EMBEDDING, **settings):
    """Components that embed for themselves, and a stabilizer before them."""
    nlp = spacy.blank("en")
    nlp.add_pipe("stabilizer", config={"pipes": list(components), **SETTINGS, **settings})
    for name in components:
        if name in ADD:
            ADD[name](nlp, tok2vec)
        else:
            nlp.add_pipe(name, config={"model": {"tok2vec": tok2vec}})
    return nlp


def forget_gradients(model):
    for node, param, gradient in gradients(model):
        node.set_grad(param, 0 * gradient)


def gradients_of_stabilizer(nlp, name, examples, drop=0.0):
    """What one update of the stabilizer alone adds to the gradients of a component."""
    model = nlp.get_pipe(name).model
    forget_gradients(model)
    losses = nlp.get_pipe("stabilizer").update(examples, drop=drop)
    return losses["stabilizer"], gradients(model)


# The vectors.


def train_in_step(nlp, steps=4):
    """Train further as `spacy train` does, with the same random numbers for every pipeline."""
    optimizer, losses = SGD(0.01), []
    for step in range(steps):
        fix_random_seed(step)
        losses.append(nlp.update(examples_for(nlp)[step % 3 :: 2], sgd=False))
        for _, component in nlp.pipeline:
            if component.model is not None:
                component.finish_update(optimizer)
    return losses


@pytest.mark.parametrize("diffusion", [None, IMPLICIT], ids=["plain", "attached"])
@pytest.mark.parametrize("name", ["ner", "textcat"])
def test_an_own_embedding_is_trained_as_a_shared_one_with_one_listener(name, diffusion):
    order = ["stabilizer"] if diffusion is None else ["stablediff", "stabilizer"]
    settings = {"weight": 1.0, "consistency": 1.0, "augmenter": MISSPELL, "share": 1.0}
    shared, own = (stable_pipeline([name], order, IMPLICIT, **settings) for _ in range(2))
    for nlp in (shared, own):
        train(nlp, steps=1)
    embedders = [each for each in ("tok2vec", "stablediff") if each in shared.pipe_names]
    own.replace_listeners(embedders[-1], name, ["model.tok2vec"])
    for each in embedders:
        own.remove_pipe(each)
    own.get_pipe("stabilizer").pipes = [name]
    losses, expected = train_in_step(own), train_in_step(shared)
    for key in (name, "stabilizer"):
        assert_allclose([x[key] for x in losses], [x[key] for x in expected], rtol=1e-3)
    embedding = find_own_embedding(own.get_pipe(name))
    parts = (
        [embedding.get_ref(ref) for ref in ("tok2vec", "diffusion")] if diffusion else [embedding]
    )
    for part, each in zip(parts, embedders, strict=True):
        for a, b in zip(parameters(part), parameters_of(shared, each), strict=True):
            assert_allclose(a, b, atol=2e-5)


@pytest.mark.parametrize("tok2vec", [EMBEDDING, diffused_tok2vec(HEAT)], ids=["plain", "attached"])
@pytest.mark.parametrize("name", ["ner", "textcat", "spancat", "tagger"])
def test_gradient_equals_finite_differences(name, tok2vec):
    nlp = initialize(own_pipeline(name, tok2vec=tok2vec))
    examples = annotated_examples(nlp)
    stabilizer, ops = nlp.get_pipe("stabilizer"), NumpyOps()
    loss, found = gradients_of_stabilizer(nlp, name, examples)
    docs = [eg.predicted for eg in examples]
    edited = edit_batch(nlp, stabilizer.augmenter, examples)
    embedding = find_own_embedding(nlp.get_pipe(name))

    def compute():
        clean, vectors = (embedding.predict(each) for each in (docs, edited.docs))
        aligned = numpy.asarray([len(x) for x in clean]), edited.clean_rows, edited.rows
        flat = (ops.flatten(each).astype("float64") for each in (clean, vectors))
        return 3.0 * vectors_loss(ops, *flat, *aligned, stabilizer.contrast)[0]

    assert loss == pytest.approx(compute(), rel=1e-4)
    rng, compared = numpy.random.default_rng(0), 0
    for node, param, gradient in found:
        value = node.get_param(param).copy()
        direction = rng.normal(size=value.shape).astype("float32") * (gradient != 0)
        direction /= max(float(numpy.linalg.norm(direction)), 1e-9)
        slopes = []
        for step in (0.005, 0.001, 0.0002):  # a long one crosses kinks of maxout
            sides = []
            for sign in (1, -1):
                node.set_param(param, value + sign * step * direction)
                sides.append(compute())
            slopes.append((sides[0] - sides[1]) / (2 * step))
        node.set_param(param, value)
        expected = float((gradient * direction).sum())
        nearest = min(slopes, key=lambda slope: abs(slope - expected))
        assert nearest == pytest.approx(expected, rel=0.05, abs=0.01 * loss), param
        compared += bool(gradient.any())
    assert compared > 3


@pytest.mark.parametrize("name", ["ner", "textcat"])
def test_gradients_add_to_those_of_the_component(name):
    whole, component, steady = (own_pipeline(name) for _ in range(3))
    for nlp, names in (whole, ["stabilizer", name]), (component, [name]), (steady, ["stabilizer"]):
        train(nlp, steps=0)
        examples = examples_for(nlp)
        for each in names:
            fix_random_seed(0)
            nlp.get_pipe(each).update(examples)
    parts = [all_gradients(nlp.get_pipe(name).model) for nlp in (whole, component, steady)]
    for total, own, added in zip(*parts, strict=True):
        assert_allclose(total, own + added, atol=1e-4)


def all_gradients(model):
    """Gradients of all parameters, 0 where there is none."""
    found = [(n, name) for n in model.walk() for name in n.param_names if n.has_param(name)]
    return [n.get_grad(x) if n.has_grad(x) else 0 * n.get_param(x) for n, x in found]


def test_training_lowers_the_loss():
    nlp = own_pipeline("ner")
    losses = [step["stabilizer"] for step in train(nlp, steps=40)]
    assert sum(losses[-6:]) < 0.8 * sum(losses[:6])


def test_without_weights_it_changes_nothing():
    off, without = own_pipeline("ner", weight=0.0), own_pipeline("ner")
    without.remove_pipe("stabilizer")
    with pytest.warns(UserWarning, match="SDW06"):
        train(off)
    train(without)
    assert_same_weights(off.get_pipe("ner").model, without.get_pipe("ner").model)


@pytest.mark.parametrize("name", EMBEDDERS)
def test_every_component_of_spacy_that_embeds_for_itself_can_be_trained(name):
    nlp = spacy.blank("en")
    nlp.add_pipe("stabilizer", config=SETTINGS)
    nlp.add_pipe(name)
    initialize(nlp)
    loss, found = gradients_of_stabilizer(nlp, name, annotated_examples(nlp))
    assert loss > 0 and any(gradient.any() for _, _, gradient in found)


def test_it_uses_the_dropout_of_the_update():
    nlp = own_pipeline("ner")
    train(nlp, steps=1)
    examples = examples_for(nlp)
    losses = []
    for drop in (0.0, 0.0, 0.5):
        fix_random_seed(0)
        losses.append(gradients_of_stabilizer(nlp, "ner", examples, drop)[0])
    assert losses[0] == losses[1] != losses[2]


# Whom it trains.


def names_of_places(nlp, pipes):
    places = find_places(nlp, "stabilizer", pipes)
    return [getattr(place, "component", place).name for place in places]


def mixed_pipeline():
    """An owner before, listeners around, and an owner behind the stabilizer."""
    nlp = spacy.blank("en")
    add_textcat(nlp, EMBEDDING, name="before")
    nlp.add_pipe("tok2vec", config={"model": EMBEDDING})
    nlp.add_pipe("stabilizer", config=SETTINGS)
    add_textcat(nlp, listener(), name="listens")
    add_ner(nlp, EMBEDDING, name="owner")
    nlp.add_pipe("sentencizer")
    return nlp


def test_by_default_it_trains_the_embedding_that_it_follows_and_owners_after_it():
    nlp = mixed_pipeline()
    assert names_of_places(nlp, "*") == ["stabilizer", "owner"]
    assert names_of_places(nlp, ["before", "owner"]) == ["before", "owner"]
    assert names_of_places(nlp, ["listens"]) == names_of_places(nlp, ["tok2vec"]) == ["stabilizer"]
    nlp.config["training"]["frozen_components"] = ["owner"]
    assert names_of_places(nlp, "*") == ["stabilizer"]
    with nlp.select_pipes(disable=["before"]):
        assert names_of_places(nlp, ["before"]) == []


def test_several_embeddings_are_trained_in_one_update():
    nlp = mixed_pipeline()
    nlp.get_pipe("stabilizer").pipes = ["before", "tok2vec", "owner"]
    train(nlp, steps=1)
    names = ["before", "tok2vec", "owner"]
    before = [parameters_of(nlp, name) for name in names]
    for name in names:
        forget_gradients(nlp.get_pipe(name).model)
    losses = {}
    for name in ("tok2vec", "stabilizer"):
        nlp.get_pipe(name).update(examples_for(nlp), losses=losses)
    (node,) = [n for n in nlp.get_pipe("listens").model.walk() if n.name == "tok2vec-listener"]
    node._backprop([0 * v for v in node._outputs])
    for name, values in zip(names, before, strict=True):
        nlp.get_pipe(name).finish_update(Adam(0.01))
        assert any(moved(values, parameters_of(nlp, name)))


def test_two_stabilizers_train_two_shared_embeddings():
    nlp = spacy.blank("en")
    for suffix, add in ("a", add_textcat), ("b", add_ner):
        nlp.add_pipe("tok2vec", name=f"tok2vec_{suffix}", config={"model": EMBEDDING})
        nlp.add_pipe("stabilizer", name=f"stabilizer_{suffix}", config=SETTINGS)
        add(nlp, listener(f"tok2vec_{suffix}"))
    losses = train(nlp, steps=40)
    for suffix in "ab":
        own = [step[f"stabilizer_{suffix}"] for step in losses]
        assert sum(own[-6:]) < 0.9 * sum(own[:6])


def test_a_component_that_was_renamed_is_missed_once():
    nlp = own_pipeline("ner", "textcat")
    train(nlp, steps=1)
    nlp.get_pipe("stabilizer").pipes = ["ner", "textcat"]
    nlp.rename_pipe("textcat", "topics")
    examples, sgd = examples_for(nlp), nlp.resume_training()
    said = our_warnings(lambda: [nlp.update(examples, sgd=sgd) for _ in range(2)])
    assert len(said) == 1 and "[SDW19]" in said[0] and "'textcat'" in said[0]
    nlp.get_pipe("stabilizer").pipes = ["ner", "topics"]
    assert not our_warnings(lambda: nlp.update(examples, sgd=sgd))


def test_a_frozen_owner_stays_as_it_is_and_a_warning_says_so():
    nlp = own_pipeline("ner", "textcat")
    train(nlp, steps=1)
    nlp.config["training"]["frozen_components"] = ["ner"]
    said = our_warnings(
        lambda: nlp.get_pipe("stabilizer").initialize(lambda: examples_for(nlp), nlp=nlp)
    )
    assert len(said) == 1 and "[SDW10]" in said[0] and "'ner'" in said[0]
    before = {name: parameters_of(nlp, name) for name in ("ner", "textcat")}
    forget_gradients(nlp.get_pipe("ner").model)
    nlp.update(examples_for(nlp), sgd=Adam(0.01), exclude=["ner"])
    assert not any(moved(before["ner"], parameters_of(nlp, "ner")))
    assert not any(gradient.any() for _, _, gradient in gradients(nlp.get_pipe("ner").model))
    assert any(moved(before["textcat"], parameters_of(nlp, "textcat")))


def test_refuses_where_there_is_nothing_after_it():
    nlp = spacy.blank("en")
    add_ner(nlp, EMBEDDING)
    nlp.add_pipe("stabilizer")
    with pytest.raises(ValueError, match=r"\[SD025\].*embed for themselves in its setting 'pipes'"):
        nlp.initialize(lambda: examples_for(nlp))


# Sentences.


def sentence_pipeline(where):
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    if where == "own":
        add_ner(nlp, sentence_tok2vec())
        nlp.add_pipe("stabilizer", config={**SETTINGS, "pipes": ["ner"]})
    else:
        nlp.add_pipe("tok2vec", config={"model": EMBEDDING})
        nlp.add_pipe("stablediff", config={"boundaries": "sentence"})
        nlp.add_pipe("stabilizer", config={**SETTINGS, "consistency": 1.0})
        add_textcat(nlp)
    return nlp


@pytest.mark.parametrize("where", ["own", "shared"])
def test_edited_copies_are_diffused_within_the_sentences_of_the_clean_text(where):
    nlp = sentence_pipeline(where)
    train(nlp, steps=0)
    losses = nlp.update(examples_for(nlp), sgd=Adam(0.001), annotates=["sentencizer"])
    assert losses["stabilizer"] > 0


def test_without_sentences_it_says_what_is_missing():
    nlp = sentence_pipeline("own")
    train(nlp, steps=0)
    with pytest.raises(ValueError, match=r"\[SD013\].*annotating_components"):
        nlp.get_pipe("stabilizer").update(examples_for(nlp))


# Scores.


def test_scores_of_owners_become_consistent():
    movements = []
    for consistency in (0.0, 5.0):
        nlp = own_pipeline("textcat", weight=1e-9, consistency=consistency)
        train(nlp, steps=40)
        examples = examples_for(nlp)
        edited = edit_batch(nlp, nlp.get_pipe("stabilizer").augmenter, examples)
        clean, vectors = (
            numpy.stack(nlp.get_pipe("textcat").predict(docs))
            for docs in ([eg.predicted for eg in examples], edited.docs)
        )
        movements.append(float(((clean[edited.sources] - vectors) ** 2).mean()))
    assert movements[1] < 0.5 * movements[0]


def shared_or_own(name, wiring):
    nlp = spacy.blank("en")
    if wiring == "shared":
        nlp.add_pipe("tok2vec", config={"model": EMBEDDING})
        nlp.add_pipe("stabilizer", config=SETTINGS)
    tok2vec = listener() if wiring == "shared" else EMBEDDING
    nlp.add_pipe(name, config={"model": {"tok2vec": tok2vec}})
    if wiring == "own":
        nlp.add_pipe("stabilizer", config={**SETTINGS, "pipes": [name]})
    initialize(nlp)
    rng = numpy.random.default_rng(0)
    for node in nlp.get_pipe(name).model.walk():  # a softmax begins with zeros
        for param in ("W", "b"):
            if node.has_param(param):
                value = node.get_param(param)
                node.set_param(param, value + 0.1 * rng.normal(size=value.shape).astype("f"))
    return nlp


@pytest.mark.parametrize("wiring", ["shared", "own"])
@pytest.mark.parametrize(
    "name", ["textcat", "textcat_multilabel", "spancat", "spancat_singlelabel"]
)
def test_gradient_of_the_scores_is_that_of_their_divergence(name, wiring):
    nlp = shared_or_own(name, wiring)
    examples = annotated_examples(nlp)
    (place,) = find_places(nlp, "stabilizer", nlp.get_pipe("stabilizer").pipes)
    (head,) = list_heads(place.find_stages())
    docs, edited = (
        [eg.predicted for eg in examples],
        edit_batch(nlp, nlp.get_pipe("stabilizer").augmenter, examples),
    )
    embedding = place.embedding if wiring == "own" else nlp.get_pipe("tok2vec").model
    clean, vectors = embedding.predict(docs), embedding.predict(edited.docs)
    batch, weights = ScoredBatch(docs, clean, edited, vectors), ScoreWeights(2.0, 0.0)
    loss, gradient = learn_scores(place.find_stages(), batch, weights)
    assert loss > 0 and head.is_logistic == (name in ("textcat_multilabel", "spancat"))

    def score(documents, given, spans):
        with head.inlet.lend():
            inputs = documents if spans is None else (documents, spans)
            return head.begin_update(inputs, documents, given, list)[0].astype("float64")

    # Every other word is misspelt, none moves: all candidates are left where they were.
    spans = nlp.get_pipe(name).suggester(docs) if "spancat" in name else None
    truths = score(docs, clean, spans)

    def divergence(given):
        scores = score(edited.docs, given, spans)
        total = (truths * numpy.log(truths / scores)).sum()
        if head.is_logistic:
            total += ((1 - truths) * numpy.log((1 - truths) / (1 - scores))).sum()
        return 2.0 * float(total)

    assert [len(doc) for doc in docs] == [len(doc) for doc in edited.docs]
    rng = numpy.random.default_rng(0)
    for _ in range(5):
        direction = [rng.normal(size=x.shape).astype("float32") for x in vectors]
        expected = sum(float((g * d).sum()) for g, d in zip(gradient, direction, strict=True))
        slopes = []
        for size in (1e-2, 3e-3, 1e-3):  # a long step crosses kinks of maxout
            above, below = (
                divergence([x + sign * size * d for x, d in zip(vectors, direction, strict=True)])
                for sign in (1, -1)
            )
            slopes.append((above - below) / (2 * size))
        nearest = min(slopes, key=lambda slope: abs(slope - expected))
        assert nearest == pytest.approx(expected, rel=0.05, abs=1e-3)


def gradients_of_update(nlp, names, examples, exclude=()):
    """What one update adds to the gradients of components, by component and parameter."""
    for name in names:
        forget_gradients(nlp.get_pipe(name).model)
    nlp.update(examples, sgd=False, exclude=exclude)
    return {
        (name, place): gradient
        for name in names
        for place, (_, _, gradient) in enumerate(gradients(nlp.get_pipe(name).model))
    }


@pytest.mark.parametrize("wiring", ["shared", "own"])
@pytest.mark.parametrize(
    "name", ["textcat", "textcat_multilabel", "spancat", "spancat_singlelabel"]
)
def test_supervision_adds_what_training_on_the_edited_copies_does(name, wiring):
    nlp = shared_or_own(name, wiring)
    names = ["tok2vec", name] if wiring == "shared" else [name]
    stabilizer = nlp.get_pipe("stabilizer")
    stabilizer.weight, stabilizer.supervision = 0.0, 1.0
    augmenter, stabilizer.augmenter = (Edits(typo=0.5, swap=0.0, drop=0.0) for _ in range(2))
    examples = annotated_examples(nlp)
    copies = edit_batch(nlp, augmenter, examples).examples
    # No candidate of a clean text is lost in its copy.
    assert [len(eg.predicted) for eg in copies] == [len(eg.predicted) for eg in examples]

    both = gradients_of_update(nlp, names, examples)
    clean = gradients_of_update(nlp, names, examples, exclude=["stabilizer"])
    edited = gradients_of_update(nlp, names, copies, exclude=["stabilizer"])
    assert len(edited) > 3 and all(gradient.any() for gradient in edited.values())
    for key, gradient in edited.items():
        assert_allclose(both[key] - clean[key], gradient, rtol=1e-3, atol=1e-5, err_msg=str(key))


def test_after_scoring_the_embedding_embeds_again():
    nlp = own_pipeline("textcat", consistency=1.0)
    train(nlp, steps=2)
    embedding = find_own_embedding(nlp.get_pipe("textcat"))
    docs = [nlp.make_doc("Lumo sent me"), nlp.make_doc("to Porto")]
    before = embedding.predict(docs)
    nlp.get_pipe("stabilizer").update(examples_for(nlp))
    for a, b in zip(before, embedding.predict(docs), strict=True):
        assert numpy.array_equal(a, b)


def test_attached_after_training_it_trains_the_diffusion_too():
    nlp = own_pipeline("ner")
    train(nlp, steps=2)
    spacy_stablediff.attach(nlp, "ner")
    (node,) = [n for n in nlp.get_pipe("ner").model.walk() if n.name == "diffused_tok2vec"]
    diffusion = node.get_ref("diffusion")
    before = parameters(diffusion)
    nlp.update(examples_for(nlp), sgd=Adam(0.01))
    nlp.update(examples_for(nlp), sgd=Adam(0.01))
    assert any(moved(before, parameters(diffusion)))


def test_an_embedding_that_a_model_refers_to_within_is_trained():
    nlp = spacy.blank("en")
    nlp.add_pipe("stabilizer", config=SETTINGS)
    attention = {"@architectures": "spacy.TextCatParametricAttention.v1", "exclusive_classes": True}
    nlp.add_pipe("textcat", config={"model": {**attention, "tok2vec": EMBEDDING}})
    initialize(nlp)
    loss, found = gradients_of_stabilizer(nlp, "textcat", annotated_examples(nlp))
    assert loss > 0 and any(gradient.any() for _, _, gradient in found)
