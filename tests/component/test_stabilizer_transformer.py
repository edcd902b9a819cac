"""The component `stabilizer` where components listen to a transformer."""

import numpy
import pytest
import spacy
from numpy.testing import assert_allclose
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import fix_random_seed
from thinc.api import SGD, Adam, NumpyOps

from spacy_stablediff.component.transformer_places import find_transformer_places
from spacy_stablediff.edits.batch import edit_batch
from spacy_stablediff.training.vectors import vectors_loss
from spacy_stablediff.wiring.links import find_link

from ..pipelines import (
    EMBEDDING,
    HEAT,
    TEXTS,
    UNSEEN,
    add_ner,
    add_textcat,
    listener,
    moved,
    our_warnings,
)
from ..transformers import (
    CURATED,
    REDUCE,
    add_listening,
    add_transformer,
    all_parameters,
    every_kind,
    examples_with_spans,
    forget_gradients,
    gradients,
    initialize,
    listening_pipeline,
    read,
    real_kinds,
    train,
    transformer_listener,
)
from .test_stabilizer import MISSPELL

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")

SETTINGS = {"weight": 3.0, "consistency": 0.0, "augmenter": MISSPELL, "share": 1.0}
both_wirings = pytest.mark.parametrize("diffusion", [None, HEAT], ids=["plain", "attached"])


def steady_pipeline(kind, folder, *components, diffusion=None, frozen=None, **settings):
    """A transformer, a stabilizer, and components that listen."""
    curated = {} if frozen is None else {"frozen": frozen}
    stabilizer = {**SETTINGS, **settings}
    options = {"diffusion": diffusion, "stabilizer": stabilizer, **curated}
    return listening_pipeline(kind, folder, *components, **options)


def learn_steadiness(nlp, examples):
    """Update transformer and stabilizer, and let the listeners learn nothing themselves."""
    for _, component in nlp.pipeline:
        if component.model is not None:
            forget_gradients(component.model)
    losses, docs = {}, [eg.predicted for eg in examples]
    for name in ("transformer", "stabilizer"):
        nlp.get_pipe(name).update(examples, losses=losses)
    for name in nlp.pipe_names[2:]:
        vectors, backprop = find_link(nlp, name).embedding(docs, is_train=True)
        backprop([0 * X for X in vectors])
    return losses


# The gradient.


def steadiness(nlp, docs, edited, names):
    """The loss on vectors, of the components whose vectors differ."""
    stabilizer, ops, total = nlp.get_pipe("stabilizer"), NumpyOps(), 0.0
    for name in names:
        clean, vectors = (embed(nlp, name, each) for each in (docs, edited.docs))
        aligned = numpy.asarray([len(x) for x in clean]), edited.clean_rows, edited.rows
        flat = (ops.flatten(each).astype("float64") for each in (clean, vectors))
        total += 3.0 * vectors_loss(ops, *flat, *aligned, stabilizer.contrast)[0]
    return total


def embed(nlp, name, docs):
    """What a component gets of documents in prediction."""
    transformer = nlp.get_pipe("transformer")
    docs = [doc.copy() for doc in docs]
    transformer.set_annotations(docs, transformer.predict(docs))
    return find_link(nlp, name).embedding.predict(docs)


def assert_slopes(nlp, names, models):
    """Compare what the stabilizer learns with finite differences of its loss.

    names: A component for each of the vectors that differ; models: whose gradients to look at.
    """
    examples = examples_with_spans(nlp)
    loss = learn_steadiness(nlp, examples)["stabilizer"]
    docs = [eg.predicted for eg in examples]
    edited = edit_batch(nlp, nlp.get_pipe("stabilizer").augmenter, examples)
    assert loss == pytest.approx(steadiness(nlp, docs, edited, names), rel=1e-4)
    rng = numpy.random.default_rng(0)
    for model in models:
        assert any(parameter.gradient().any() for parameter in all_parameters(model))
        for parameter in all_parameters(model):
            gradient, value = parameter.gradient(), parameter.read()
            direction = rng.normal(size=value.shape).astype("float32") * (gradient != 0)
            direction /= max(float(numpy.linalg.norm(direction)), 1e-9)
            slopes = []
            for step in (0.01, 0.003, 0.001, 0.0002):  # a long one crosses kinks of maxout
                sides = []
                for sign in (1, -1):
                    parameter.write(value + sign * step * direction)
                    sides.append(steadiness(nlp, docs, edited, names))
                slopes.append((sides[0] - sides[1]) / (2 * step))
            parameter.write(value)
            expected = float((gradient * direction).sum())
            nearest = min(slopes, key=lambda slope, expected=expected: abs(slope - expected))
            assert nearest == pytest.approx(expected, rel=0.05, abs=0.01 * loss)


@every_kind
@both_wirings
@pytest.mark.parametrize("components", [["textcat"], ["ner", "textcat"]], ids=["one", "two"])
def test_gradient_equals_finite_differences(kind, diffusion, components, tmp_path):
    nlp = initialize(steady_pipeline(kind, tmp_path, *components, diffusion=diffusion))
    behind = [find_link(nlp, name).embedding for name in components] if diffusion else []
    apart = components if diffusion else components[:1]
    assert_slopes(nlp, apart, [nlp.get_pipe("transformer").model, *behind])


@pytest.mark.parametrize("kind", [real_kinds[1]])
def test_a_listener_that_weighs_all_layers_learns_its_weights(kind, tmp_path):
    weighting = {"@architectures": f"{CURATED}.ScalarWeight.v1", "num_layers": 1}
    tok2vec = {
        **transformer_listener(kind),
        "@architectures": f"{CURATED}.ScalarWeightingListener.v1",
        "weighting": weighting,
    }
    nlp = listening_pipeline(kind, tmp_path, stabilizer=SETTINGS, all_layer_outputs=True)
    nlp.add_pipe("textcat", config={"model": {**REDUCE, "tok2vec": tok2vec}})
    add_listening(nlp, kind, "ner")
    models = [nlp.get_pipe("transformer").model, find_link(nlp, "textcat").embedding]
    assert_slopes(initialize(nlp), ["textcat", "ner"], models)


@every_kind
@both_wirings
def test_gradients_add_to_those_of_the_listeners(kind, diffusion, tmp_path):
    found = []
    for what in ("all", "steadiness", "listeners"):
        nlp = steady_pipeline(kind, tmp_path, "textcat", "ner", diffusion=diffusion)
        train(initialize(nlp), steps=2)
        examples, names = examples_with_spans(nlp), ("transformer", "textcat", "ner")
        for name in names:
            forget_gradients(nlp.get_pipe(name).model)
        fix_random_seed(1)
        if what == "steadiness":
            learn_steadiness(nlp, examples)
        else:
            nlp.update(examples, sgd=False, exclude=["stabilizer"] * (what == "listeners"))
        found.append([gradient for name in names for gradient in gradients(nlp, name)])
    for total, added, own in zip(*found, strict=True):
        assert_allclose(total, added + own, atol=1e-3 * max(1.0, abs(total).max()))


@every_kind
def test_the_copies_pass_the_transformer_once_for_all_listeners(kind, tmp_path, monkeypatch):
    nlp = initialize(steady_pipeline(kind, tmp_path, "textcat", "ner", diffusion=HEAT))
    model, passes = nlp.get_pipe("transformer").model, []
    forward = model._func
    monkeypatch.setattr(
        model, "_func", lambda *args, **kw: passes.append(1) or forward(*args, **kw)
    )
    nlp.update(examples_with_spans(nlp), sgd=False)
    assert len(passes) == 2


@every_kind
@both_wirings
def test_training_lowers_the_loss(kind, diffusion, tmp_path):
    nlp = steady_pipeline(kind, tmp_path, "ner", "textcat", diffusion=diffusion)
    losses = [step["stabilizer"] for step in train(initialize(nlp), steps=30)]
    assert sum(losses[-6:]) < 0.8 * sum(losses[:6])


@every_kind
def test_the_updates_of_spacy_learn_too(kind, tmp_path):
    nlp = initialize(steady_pipeline(kind, tmp_path, "textcat"))
    optimizer, losses = SGD(0.003), []
    for _ in range(20):
        losses.append(nlp.update(examples_with_spans(nlp), sgd=optimizer)["stabilizer"])
    assert losses[-1] < losses[0]


# The scores.


@every_kind
@pytest.mark.parametrize("name", ["textcat", "textcat_multilabel", "spancat"])
def test_scores_become_consistent(kind, name, tmp_path):
    movements = []
    for consistency in (0.0, 5.0):
        settings = {"weight": 1e-9, "consistency": consistency}
        nlp = initialize(steady_pipeline(kind, tmp_path, name, **settings))
        losses = train(nlp, steps=20, rate=0.003)
        assert any(step["stabilizer"] > 1e-6 for step in losses) == bool(consistency)
        movements.append(movement(nlp, name))
    assert movements[1] < 0.7 * movements[0]


def movement(nlp, name):
    """How far the scores of the texts move when these are edited."""
    examples, scores = examples_with_spans(nlp), []
    edited = edit_batch(nlp, nlp.get_pipe("stabilizer").augmenter, examples)
    transformer, component = nlp.get_pipe("transformer"), nlp.get_pipe(name)
    clean = [examples[i].predicted for i in edited.sources]
    for docs in (clean, edited.docs):
        transformer.set_annotations(docs, transformer.predict(docs))
        inputs = (docs, component.suggester(docs)) if name == "spancat" else docs
        scores.append(numpy.asarray(component.model.predict(inputs)))
    return float(((scores[0] - scores[1]) ** 2).mean())


@every_kind
def test_the_loss_on_scores_reaches_transformer_and_head(kind, tmp_path):
    settings = {"weight": 0.0, "consistency": 1.0}
    nlp = initialize(steady_pipeline(kind, tmp_path, "textcat", **settings))
    train(nlp, steps=3)
    learn_steadiness(nlp, examples_with_spans(nlp))
    for name in ("transformer", "textcat"):
        assert any(gradient.any() for gradient in gradients(nlp, name))


# Frozen.


def freeze(nlp, kind):
    """How to update with a frozen transformer: a curated one says so itself."""
    if kind == "curated_transformer":
        return {}
    return {"exclude": ["transformer"], "annotates": ["transformer"]}


@every_kind
def test_where_the_transformer_is_frozen_diffusion_and_heads_learn(kind, tmp_path):
    frozen = True if kind == "curated_transformer" else None
    settings = {"diffusion": HEAT, "frozen": frozen, "consistency": 1.0}
    nlp = initialize(steady_pipeline(kind, tmp_path, "textcat", **settings))
    before = {name: read(nlp, name) for name in ("transformer", "textcat")}
    examples = examples_with_spans(nlp)
    losses = {}
    lists = freeze(nlp, kind)
    if not lists:
        nlp.get_pipe("transformer").update(examples, losses=losses)
    else:
        for eg in examples:
            nlp.get_pipe("transformer")(eg.predicted)
    nlp.get_pipe("stabilizer").update(examples, losses=losses)
    assert losses["stabilizer"] > 0
    diffusion = find_link(nlp, "textcat").embedding.get_ref("diffusion")
    assert all(parameter.gradient().any() for parameter in all_parameters(diffusion))
    assert not any(gradient.any() for gradient in gradients(nlp, "transformer"))
    train(nlp, steps=3, **lists)
    assert not any(moved(before["transformer"], read(nlp, "transformer")))
    assert any(moved(before["textcat"], read(nlp, "textcat")))


@every_kind
def test_where_nothing_can_learn_a_warning_says_so(kind, tmp_path):
    frozen = True if kind == "curated_transformer" else None
    nlp = steady_pipeline(kind, tmp_path, "textcat", frozen=frozen)
    if frozen is None:
        nlp.config["training"]["frozen_components"] = ["transformer"]
    (message,) = our_warnings(lambda: initialize(nlp))
    assert "[SDW06] Component 'stabilizer' has no effect" in message


@pytest.mark.parametrize("kind", real_kinds)
def test_the_grad_factor_of_a_listener_holds(kind, tmp_path):
    nlp = steady_pipeline(kind, tmp_path)
    tok2vec = {**transformer_listener(kind), "grad_factor": 0.0}
    nlp.add_pipe("textcat", config={"model": {**REDUCE, "tok2vec": tok2vec}})
    assert learn_steadiness(initialize(nlp), examples_with_spans(nlp))["stabilizer"] > 0
    assert not any(gradient.any() for gradient in gradients(nlp, "transformer"))


@pytest.mark.parametrize("kind", [real_kinds[1]])
def test_a_curated_transformer_is_frozen_by_its_own_setting(kind, tmp_path):
    nlp = initialize(steady_pipeline(kind, tmp_path, "textcat"))
    with pytest.raises(ValueError, match=r"\[SD072\].*'transformer'.*frozen = true"):
        nlp.update(examples_with_spans(nlp), exclude=["transformer"], annotates=["transformer"])


@every_kind
def test_a_frozen_listener_stays_as_it_is_and_a_warning_says_so(kind, tmp_path):
    nlp = steady_pipeline(kind, tmp_path, "ner", "textcat", pipes=["ner", "textcat"])
    nlp.config["training"]["frozen_components"] = ["ner"]
    said = our_warnings(lambda: initialize(nlp))
    assert len(said) == 1 and "[SDW10]" in said[0] and "'ner'" in said[0]
    before = read(nlp, "ner")
    losses = train(nlp, steps=2, exclude=["ner"])
    assert losses[-1]["stabilizer"] > 0
    assert not any(moved(before, read(nlp, "ner")))


# Whom it trains.


def names_of_places(nlp, pipes):
    """Whose vectors are trained, and whose scores, place by place."""
    places = find_transformer_places(nlp, "stabilizer", pipes)
    heads = [
        [head.component.name for stage in p.find_stages() for head in stage.heads] for p in places
    ]
    return [[link.component.name for link in place.links] for place in places], heads


@every_kind
def test_listeners_that_pool_alike_are_trained_together_those_that_diffuse_apart(kind, tmp_path):
    nlp = steady_pipeline(kind, tmp_path, "ner", "textcat")
    add_listening(nlp, kind, "spancat", HEAT)
    assert names_of_places(nlp, "*") == (
        [["ner", "textcat"], ["spancat"]],
        [["textcat"], ["spancat"]],
    )
    assert names_of_places(nlp, ["textcat"]) == ([["textcat"]], [["textcat"]])
    assert names_of_places(nlp, ["transformer"]) == ([["ner", "textcat"], ["spancat"]], [[], []])
    nlp.config["training"]["frozen_components"] = ["ner"]
    with nlp.select_pipes(disable=["spancat"]):
        assert names_of_places(nlp, "*") == ([["textcat"]], [["textcat"]])


@every_kind
def test_all_stands_for_a_shared_embedding_an_own_one_and_a_transformer(kind, tmp_path):
    nlp = spacy.blank("en")
    nlp.add_pipe("tok2vec", config={"model": EMBEDDING})
    add_transformer(nlp, kind, tmp_path)
    nlp.add_pipe("stabilizer", config=SETTINGS)
    add_ner(nlp, listener())
    add_listening(nlp, kind, "textcat", HEAT)
    add_textcat(nlp, EMBEDDING, name="owner")
    initialize(nlp)
    for name in ("tok2vec", "transformer", "owner"):
        forget_gradients(nlp.get_pipe(name).model)
    losses = {}
    for name in ("tok2vec", "transformer", "stabilizer"):
        nlp.get_pipe(name).update(examples_with_spans(nlp), losses=losses)
    for name in ("transformer", "owner"):
        assert any(gradient.any() for gradient in gradients(nlp, name))
    losses = train(nlp, steps=12)
    assert losses[-1]["stabilizer"] < losses[0]["stabilizer"]


@every_kind
@pytest.mark.parametrize("place", ["first", "last"])
def test_it_must_stand_between_the_transformer_and_its_listeners(kind, place, tmp_path):
    nlp = spacy.blank("en")
    add_transformer(nlp, kind, tmp_path)
    add_listening(nlp, kind, "textcat")
    nlp.add_pipe("stabilizer", config={**SETTINGS, "pipes": ["textcat"]}, **{place: True})
    with pytest.raises(ValueError, match=r"\[SD071\].*after 'transformer', before 'textcat'"):
        initialize(nlp)
    nlp.get_pipe("stabilizer").pipes = "*"
    with pytest.raises(ValueError, match=r"\[SD025\].*listens to a transformer before it"):
        initialize(nlp)


@every_kind
def test_two_transformers_are_told_apart(kind, tmp_path):
    nlp = spacy.blank("en")
    add_transformer(nlp, kind, tmp_path)
    nlp.rename_pipe("transformer", "first")
    add_transformer(nlp, kind, tmp_path)
    nlp.add_pipe("stabilizer", config=SETTINGS)
    for name, upstream in ("any", "*"), ("named", "first"):
        tok2vec = transformer_listener(kind, upstream=upstream)
        nlp.add_pipe("textcat", name=name, config={"model": {**REDUCE, "tok2vec": tok2vec}})
    found = {name: find_link(nlp, name).transformer.name for name in ("any", "named")}
    assert found == {"any": "transformer", "named": "first"}
    assert names_of_places(nlp, "*")[0] == [["any"], ["named"]]


# Texts of all kinds, in training.


@every_kind
@both_wirings
@pytest.mark.parametrize(
    "texts",
    [["", "so fine", " "], ["fine", "ok " * 80], [""], ["x", "", " ", "\n\n", "One. Two! Three?"]],
    ids=["empty", "long", "nothing", "mixed"],
)
def test_texts_of_all_kinds_are_no_trouble(kind, diffusion, texts, tmp_path):
    settings = {"diffusion": diffusion, "consistency": 1.0}
    nlp = initialize(steady_pipeline(kind, tmp_path, "textcat", "ner", **settings))
    cats = {"cats": {"POS": 1.0, "NEG": 0.0}}
    examples = [Example.from_dict(nlp.make_doc(text), cats) for text in texts]
    losses = nlp.update(examples, sgd=False)
    assert (losses["stabilizer"] > 0) == any(len(text) > 1 and text.strip() for text in texts)


@spacy.registry.augmenters("test_empty.v1")
def make_empty():
    """Leave no word of the first text, and a space of the second."""

    def empty(nlp, example):
        words = [] if example.predicted.text.startswith("N") else ["  "]
        yield Example(Doc(nlp.vocab, words=words), example.reference)

    return empty


@every_kind
@both_wirings
@pytest.mark.parametrize("texts", [["None"], ["None", "one"], ["None", "None"]])
def test_copies_may_lose_all_their_words(kind, diffusion, texts, tmp_path):
    settings = {"augmenter": {"@augmenters": "test_empty.v1"}, "consistency": 1.0}
    nlp = steady_pipeline(kind, tmp_path, "textcat", diffusion=diffusion, **settings)
    cats = {"cats": {"POS": 1.0, "NEG": 0.0}}
    examples = [Example.from_dict(nlp.make_doc(text), cats) for text in texts]
    assert initialize(nlp).update(examples, sgd=False)["textcat"] > 0


# In prediction it does nothing.


@every_kind
@both_wirings
def test_a_trained_pipeline_is_saved_loaded_and_predicts_without_it(kind, diffusion, tmp_path):
    (tmp_path / "vocab").mkdir()
    nlp = steady_pipeline(kind, tmp_path / "vocab", "textcat", "ner", diffusion=diffusion)
    train(initialize(nlp), steps=3)
    nlp.to_disk(tmp_path / "with")
    expected = [(doc.cats, doc.to_json()["ents"]) for doc in nlp.pipe(texts_to_predict())]
    loaded = spacy.load(tmp_path / "with")
    without = spacy.load(tmp_path / "with", exclude=["stabilizer"])
    for same in (loaded, without):
        found = [(doc.cats, doc.to_json()["ents"]) for doc in same.pipe(texts_to_predict())]
        assert found == expected
    assert loaded.update(examples_with_spans(loaded), sgd=Adam(0.001))["stabilizer"] > 0


def texts_to_predict():
    return [text for text, _, _ in TEXTS] + [text for text in UNSEEN if text.strip()]


@pytest.mark.parametrize("kind", real_kinds)
def test_a_listener_that_was_replaced_is_trained_as_an_embedding_of_its_own(kind, tmp_path):
    nlp = initialize(steady_pipeline(kind, tmp_path, "textcat", "ner"))
    nlp.replace_listeners("transformer", "textcat", ["model.tok2vec"])
    before = read(nlp, "textcat")
    losses = train(nlp, steps=10)
    assert losses[-1]["stabilizer"] < losses[0]["stabilizer"]
    after = read(nlp, "textcat")
    assert sum(moved(before, after)) > len(before) / 2
