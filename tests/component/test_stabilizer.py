"""The component `stabilizer`: how it takes part in training, wherever it stands."""

import copy
import pickle
import warnings
from contextlib import nullcontext

import numpy
import pytest
import spacy
from numpy.testing import assert_allclose
from spacy.tokens import Doc
from spacy.training import Example
from thinc.api import Adam, NumpyOps

from spacy_stablediff.component.heads import (
    ScoredBatch,
    ScoreWeights,
    find_stages,
    learn_scores,
    list_heads,
)
from spacy_stablediff.component.stabilizer import Stabilizer
from spacy_stablediff.edits.batch import edit_batch
from spacy_stablediff.training.vectors import vectors_loss
from spacy_stablediff.wiring.path import find_path_to

from ..pipelines import (
    ADD,
    EMBEDDING,
    HEAT,
    IMPLICIT,
    add_ner,
    add_textcat,
    both_layers,
    diffused_tok2vec,
    examples_for,
    listener,
    our_warnings,
    parameters,
    train,
)

TYPOS = {"@augmenters": "spacy-stablediff.edits.v1", "typo": 0.5, "swap": 0.2, "drop": 0.2}
NOTHING = {"@augmenters": "spacy-stablediff.edits.v1", "typo": 0.0, "swap": 0.0, "drop": 0.0}
MISSPELL = {"@augmenters": "test_misspell.v1"}
TEXTS = ["Brightmoor sent the wrong Lumo X2 to Porto.", "", "x", "  ", "sooo goood 😀"]

AFTER, BEFORE, ALONE = ["stablediff", "stabilizer"], ["stabilizer", "stablediff"], ["stabilizer"]
ORDERS = pytest.mark.parametrize("order", [AFTER, BEFORE, ALONE], ids=["after", "before", "alone"])


@spacy.registry.augmenters("test_misspell.v1")
def make_misspell():
    """Exchange the first two letters of every other word: the same edits each time."""

    def misspell(nlp, example):
        words = [t.text for t in example.predicted]
        words[::2] = [w[1:2] + w[:1] + w[2:] for w in words[::2]]
        spaces = [bool(t.whitespace_) for t in example.predicted]
        yield Example(Doc(nlp.vocab, words=words, spaces=spaces), example.reference)

    return misspell


def stable_pipeline(components, order=AFTER, diffusion=IMPLICIT, **settings):
    """tok2vec, diffusion and stabilizer in an order, and components that listen."""
    defaults = {"weight": 3.0, "augmenter": TYPOS, "consistency": 0.0, "share": 1.0}
    configs = {"stablediff": {"model": diffusion}, "stabilizer": {**defaults, **settings}}
    nlp = spacy.blank("en")
    nlp.add_pipe("tok2vec", config={"model": EMBEDDING})
    for name in order:
        nlp.add_pipe(name, config=configs[name])
    for name in components:
        ADD[name](nlp)
    return nlp


def edit(nlp, examples):
    return edit_batch(nlp, nlp.get_pipe("stabilizer").augmenter, examples)


def gradients(model):
    return [
        (node, name, node.get_grad(name))
        for node in model.walk()
        for name in node.param_names
        if node.has_grad(name)
    ]


def assert_same_weights(model, other, **tolerance):
    for a, b in zip(parameters(model), parameters(other), strict=True):
        assert_allclose(a, b, **tolerance or {"rtol": 0, "atol": 0})


# Training: wherever the two components stand, the pipeline is one network.


def monolith_pipeline(components, order, **settings):
    """The same network, with the diffusion inside the embedding, or inside the listeners."""
    nlp = spacy.blank("en")
    after = order == AFTER
    nlp.add_pipe("tok2vec", config={"model": diffused_tok2vec(IMPLICIT) if after else EMBEDDING})
    nlp.add_pipe("stabilizer", config=settings)
    for name in components:
        ADD[name](nlp, listener() if after else diffused_tok2vec(IMPLICIT, listener()))
    return nlp


def train_in_step(nlp, steps=6):
    """Train as `spacy train` does: no component takes its step before all have their gradients."""
    train(nlp, steps=0)
    optimizer, losses = Adam(0.001), []
    for step in range(steps):
        losses.append(nlp.update(examples_for(nlp)[step % 3 :: 2], sgd=False))
        for _, component in nlp.pipeline:
            if component.model is not None:
                component.finish_update(optimizer)
    return losses


def diffusion_of(monolith, order, name):
    holder = monolith.get_pipe("tok2vec" if order == AFTER else name).model
    return next(n for n in holder.walk() if n.name == "diffused_tok2vec").get_ref("diffusion")


@pytest.mark.parametrize(
    "components, order",
    [(["textcat"], AFTER), (["textcat"], BEFORE), (["ner"], BEFORE), (["textcat", "ner"], AFTER)],
)
def test_chain_equals_monolith(components, order):
    settings = {"weight": 1.0, "consistency": 1.0, "augmenter": MISSPELL, "share": 1.0}
    chain = stable_pipeline(components, order, **settings)
    monolith = monolith_pipeline(components, order, **settings)
    losses, expected = train_in_step(chain), train_in_step(monolith)
    for name in ("stabilizer", *components):
        assert_allclose([x[name] for x in losses], [x[name] for x in expected], rtol=1e-3)
    diffusion = diffusion_of(monolith, order, components[0])
    assert_same_weights(chain.get_pipe("stablediff").model, diffusion, atol=2e-5)
    for doc, other in zip(chain.pipe(TEXTS), monolith.pipe(TEXTS), strict=True):
        assert doc.cats == pytest.approx(other.cats, abs=1e-4)
        assert [e.label_ for e in doc.ents] == [e.label_ for e in other.ents]


@ORDERS
@both_layers
@pytest.mark.parametrize("components", [["textcat"], ["textcat", "ner"]])
def test_gradient_flows_into_both_branches(components, order, diffusion):
    """Compared with finite differences along a random direction of each parameter."""
    nlp = stable_pipeline(components, order, diffusion, augmenter=MISSPELL)
    train(nlp, steps=3)
    examples = examples_for(nlp)
    docs = [eg.predicted for eg in examples]
    stabilizer, ops = nlp.get_pipe("stabilizer"), NumpyOps()
    path = find_path_to(nlp, "stabilizer")
    models = [path.embedding.model, *(diffuser.model for diffuser in path.diffusers)]
    edited = edit(nlp, examples)

    def embed(documents):
        vectors = documents
        for model in models:
            vectors = model.predict(vectors)
        return vectors

    def loss():
        clean, moved = embed(docs), embed(edited.docs)
        aligned = numpy.asarray([len(x) for x in clean]), edited.clean_rows, edited.rows
        clean, moved = (ops.flatten(v).astype("float64") for v in (clean, moved))
        return 3.0 * vectors_loss(ops, clean, moved, *aligned, stabilizer.contrast)[0]

    for model in models:
        for node, name, _ in gradients(model):
            node.set_grad(name, 0 * node.get_grad(name))
    losses = {}
    before = nlp.pipe_names[: nlp.pipe_names.index("stabilizer") + 1]
    for name in before:
        nlp.get_pipe(name).update(examples, losses=losses)
    for node in (n for c in components for n in nlp.get_pipe(c).model.walk()):
        if node.name == "tok2vec-listener":
            node._backprop([0 * v for v in node._outputs])
    assert losses["stabilizer"] == pytest.approx(loss(), rel=1e-4)
    tolerance = 0.01 * losses["stabilizer"]  # float32
    rng = numpy.random.default_rng(0)
    for model in models:
        compared = 0
        for node, name, gradient in gradients(model):
            value = node.get_param(name).copy()
            direction = rng.normal(size=value.shape).astype("float32") * (gradient != 0)
            direction /= max(float(numpy.linalg.norm(direction)), 1e-9)
            expected = float((gradient * direction).sum())

            def slope(step, node=node, name=name, value=value, direction=direction):
                sides = []
                for sign in (1, -1):
                    node.set_param(name, value + sign * step * direction)
                    sides.append(loss())
                node.set_param(name, value)
                return (sides[0] - sides[1]) / (2 * step)

            # A long step crosses kinks of maxout, a short one drowns in rounding.
            slopes = [slope(step) for step in (0.005, 0.001, 0.0002)]
            nearest = min(slopes, key=lambda numeric: abs(numeric - expected))
            assert nearest == pytest.approx(expected, rel=0.05, abs=tolerance), name
            compared += gradient.any()
        assert compared >= len(model.param_names) or compared > 3


@ORDERS
def test_training_lowers_the_loss(order):
    nlp = stable_pipeline(["textcat", "ner"], order, augmenter=MISSPELL)
    losses = [step["stabilizer"] for step in train(nlp, steps=40)]
    assert sum(losses[-6:]) < 0.8 * sum(losses[:6])


@ORDERS
def test_without_weights_it_changes_nothing(order):
    off = stable_pipeline(["textcat"], order, weight=0.0)
    without = stable_pipeline(["textcat"], [name for name in order if name != "stabilizer"])
    for nlp in (off, without):
        with pytest.warns(UserWarning) if nlp is off else nullcontext():
            train(nlp)
    for name in without.pipe_names:
        assert_same_weights(off.get_pipe(name).model, without.get_pipe(name).model)


@ORDERS
def test_edits_that_change_nothing_leave_it_without_effect(order):
    steady = stable_pipeline(["textcat"], order, augmenter=NOTHING, consistency=3.0)
    plain = stable_pipeline(["textcat"], [name for name in order if name != "stabilizer"])
    for nlp in (steady, plain):
        losses = train(nlp)
    assert losses[-1].get("stabilizer", 0) == 0
    for name in plain.pipe_names:
        assert_same_weights(steady.get_pipe(name).model, plain.get_pipe(name).model)


def test_trains_an_embedding_that_nobody_listens_to():
    nlp = stable_pipeline([], ALONE, augmenter=MISSPELL)
    losses = [step["stabilizer"] for step in train(nlp, steps=40)]
    assert sum(losses[-6:]) < 0.9 * sum(losses[:6])


@ORDERS
def test_a_frozen_embedding_stays_as_it_is_while_the_rest_learns(order, tmp_path):
    trained = stable_pipeline(["textcat"], order, consistency=1.0)
    train(trained, steps=2)
    trained.to_disk(tmp_path)
    nlp = spacy.load(tmp_path)
    lists = {"exclude": ["tok2vec"], "annotates": ["tok2vec"]}
    before = {
        name: parameters(nlp.get_pipe(name).model)
        for name in nlp.pipe_names
        if name != "stabilizer"
    }
    for _ in range(3):
        losses = nlp.update(examples_for(nlp), sgd=Adam(0.01), **lists)
    assert losses["stabilizer"] > 0
    for name, values in before.items():
        after = parameters(nlp.get_pipe(name).model)
        unchanged = [numpy.array_equal(a, b) for a, b in zip(values, after, strict=True)]
        assert all(unchanged) if name == "tok2vec" else not all(unchanged)


def test_two_diffusions_on_the_way_are_both_trained():
    nlp = spacy.blank("en")
    nlp.add_pipe("tok2vec", config={"model": EMBEDDING})
    nlp.add_pipe("stablediff", name="first")
    nlp.add_pipe("stablediff", name="second")
    nlp.add_pipe("stabilizer", config={"augmenter": MISSPELL, "share": 1.0})
    with pytest.warns(UserWarning, match="SDW02"):
        train(nlp, steps=0)
    before = [parameters(nlp.get_pipe(name).model) for name in ("first", "second")]
    for _ in range(2):
        nlp.update(examples_for(nlp), sgd=Adam(0.01))
    for values, name in zip(before, ("first", "second"), strict=True):
        after = parameters(nlp.get_pipe(name).model)
        assert all(not numpy.array_equal(a, b) for a, b in zip(values, after, strict=True))


def test_it_trains_the_embedding_that_it_follows_and_no_other():
    nlp = spacy.blank("en")
    for suffix in ("a", "b"):
        nlp.add_pipe("tok2vec", name=f"tok2vec_{suffix}", config={"model": EMBEDDING})
        if suffix == "a":
            add_textcat(nlp, listener("tok2vec_a"))
    nlp.add_pipe("stabilizer", config={"augmenter": MISSPELL, "weight": 3.0, "share": 1.0})
    add_ner(nlp, listener("tok2vec_b"))
    plain = spacy.blank("en").from_config(nlp.config)
    plain.remove_pipe("stabilizer")
    for each in (nlp, plain):
        train(each, steps=3)
    models = [[each.get_pipe(f"tok2vec_{x}").model for each in (nlp, plain)] for x in "ab"]
    assert_same_weights(*models[0])
    with pytest.raises(AssertionError):
        assert_same_weights(*models[1])


def test_empty_documents_are_no_trouble():
    nlp = stable_pipeline(["textcat"], consistency=1.0)
    train(nlp, steps=1)
    cats = {"cats": {"POS": 1.0, "NEG": 0.0}}
    nlp.update([Example.from_dict(nlp.make_doc(text), cats) for text in ("", "fine", " ")])
    nlp.update([Example.from_dict(nlp.make_doc(""), cats)])


# In prediction it does nothing, and may be left out.


def test_does_nothing_in_prediction():
    component = stable_pipeline([]).get_pipe("stabilizer")
    doc = Doc(spacy.blank("en").vocab, words=["as", "it", "is"])
    assert component(doc) is doc and list(component.pipe([doc])) == [doc]
    assert not doc.tensor.size


@ORDERS
def test_a_trained_pipeline_works_and_loads_without_it(order, tmp_path):
    nlp = stable_pipeline(["textcat", "ner"], order, consistency=1.0)
    train(nlp)
    nlp.to_disk(tmp_path / "with")
    expected = [doc.to_bytes() for doc in nlp.pipe(TEXTS)]
    nlp.remove_pipe("stabilizer")
    nlp.to_disk(tmp_path / "without")
    for loaded in (
        nlp,
        spacy.load(tmp_path / "with"),
        spacy.load(tmp_path / "with", exclude=["stabilizer"]),
        spacy.load(tmp_path / "without"),
    ):
        assert [doc.to_bytes() for doc in loaded.pipe(TEXTS)] == expected
    assert "stabilizer" not in spacy.load(tmp_path / "without").config["components"]


def test_copies_and_processes(tmp_path):
    nlp = stable_pipeline(["textcat"], consistency=1.0)
    train(nlp)
    nlp.to_disk(tmp_path)
    loaded = spacy.load(tmp_path)
    expected = [doc.cats for doc in nlp.pipe(TEXTS)]
    for same in (copy.deepcopy(loaded), pickle.loads(pickle.dumps(loaded))):
        assert [doc.cats for doc in same.pipe(TEXTS)] == expected
    assert [doc.cats for doc in loaded.pipe(TEXTS, n_process=2)] == expected
    assert copy.deepcopy(loaded).update(examples_for(loaded))["stabilizer"] > 0


def test_settings_are_saved_and_loaded(tmp_path):
    nlp = stable_pipeline(["textcat"], weight=5.0, pipes=["tok2vec"])
    train(nlp, steps=1)
    nlp.to_disk(tmp_path)
    loaded = spacy.load(tmp_path).get_pipe("stabilizer")
    assert (loaded.weight, loaded.augmenter.rates["typo"], loaded.pipes) == (5.0, 0.5, ["tok2vec"])


def test_the_weight_can_follow_a_schedule():
    schedule = {
        "@schedules": "warmup_linear.v1",
        "initial_rate": 4.0,
        "warmup_steps": 4,
        "total_steps": 8,
    }
    stabilizer = stable_pipeline(["textcat"], weight=schedule).get_pipe("stabilizer")
    assert [stabilizer.next_weight() for _ in range(5)] == [0.0, 1.0, 2.0, 3.0, 4.0]
    copied = copy.deepcopy(stabilizer)
    with pytest.warns(UserWarning, match=r"\[SDW18\] Component 'stabilizer'.* 4.0"):
        assert copied.next_weight() == 4.0
    assert not our_warnings(copied.next_weight)


def test_refuses_a_weight_of_a_schedule_that_is_none():
    schedule = {
        "@schedules": "warmup_linear.v1",
        "initial_rate": -3.0,
        "warmup_steps": 1,
        "total_steps": 8,
    }
    nlp = stable_pipeline(["textcat"], weight=schedule)
    with pytest.raises(ValueError, match=r"\[SD024\] Component 'stabilizer'.*-3.0"):
        train(nlp)


# Consistency of scores.


def score_texts(nlp):
    """Scores of clean and of edited texts, shape (texts, labels) each."""
    examples = examples_for(nlp)
    edited = edit(nlp, examples)
    clean, moved = [], []
    for docs, scores in ([eg.predicted for eg in examples], clean), (edited.docs, moved):
        for name in nlp.pipe_names[: nlp.pipe_names.index("textcat")]:
            docs = list(nlp.get_pipe(name).pipe(docs))
        scores.extend(nlp.get_pipe("textcat").predict(docs))
    return numpy.stack(clean)[edited.sources], numpy.stack(moved)


@ORDERS
def test_consistency_lets_scores_move_less(order):
    movements = []
    for consistency in (0.0, 5.0):
        settings = {"weight": 1e-9, "augmenter": MISSPELL, "consistency": consistency, "share": 1.0}
        nlp = stable_pipeline(["textcat", "ner"], order, HEAT, **settings)
        losses = train(nlp, steps=40)
        clean, moved = score_texts(nlp)
        movements.append(float(((clean - moved) ** 2).mean()))
        assert (losses[-1]["stabilizer"] > 1e-6) == bool(consistency)
    assert movements[1] < 0.5 * movements[0]


@pytest.mark.parametrize("order", [AFTER, BEFORE], ids=["after", "before"])
def test_gradient_of_consistency_is_that_of_the_cross_entropy_with_clean_scores_as_truth(order):
    nlp = stable_pipeline(["textcat"], order, augmenter=MISSPELL)
    train(nlp, steps=3)
    stages = find_stages(nlp, "stabilizer", "*")
    (head,) = list_heads(stages)
    later = [stage.diffuser.model for stage in stages[1:]]
    examples = examples_for(nlp)
    docs, edited = [eg.predicted for eg in examples], edit(nlp, examples)
    clean, moved = (nlp.get_pipe("tok2vec").model.predict(d) for d in (docs, edited.docs))

    def scores(documents, vectors):
        for model in later:
            vectors = model.predict(vectors)
        return head.begin_update(documents, documents, vectors, list)[0].astype("float64")

    def cross_entropy(vectors):
        truths = scores(docs, clean)[edited.sources]
        return -2.0 * float((truths * numpy.log(scores(edited.docs, vectors))).sum())

    batch, weights = ScoredBatch(docs, clean, edited, moved), ScoreWeights(2.0, 0.0)
    loss, d_moved = learn_scores(stages, batch, weights)
    difference = scores(edited.docs, moved) - scores(docs, clean)[edited.sources]
    assert loss == pytest.approx(2.0 * (difference**2).mean(), rel=1e-4)
    rng = numpy.random.default_rng(0)
    for _ in range(5):
        direction = [rng.normal(size=x.shape).astype("float32") for x in moved]
        above, below = (
            cross_entropy([x + step * d for x, d in zip(moved, direction, strict=True)])
            for step in (1e-2, -1e-2)
        )
        expected = sum(float((g * d).sum()) for g, d in zip(d_moved, direction, strict=True))
        assert (above - below) / 2e-2 == pytest.approx(expected, rel=0.03, abs=1e-4)


def names_of_heads(nlp, pipes="*"):
    stages = find_stages(nlp, "stabilizer", pipes)
    return [[head.component.name for head in stage.heads] for stage in stages]


def test_classifiers_after_it_become_consistent_stage_by_stage():
    nlp = spacy.blank("en")
    nlp.add_pipe("tok2vec", config={"model": EMBEDDING})
    add_textcat(nlp, name="before")
    nlp.add_pipe("stabilizer")
    add_textcat(nlp, name="plain")
    nlp.add_pipe("stablediff")
    add_textcat(nlp, name="diffused")
    add_textcat(nlp, name="owner", tok2vec=EMBEDDING)
    nlp.add_pipe("textcat_multilabel", name="words")
    add_ner(nlp)
    train(nlp, steps=1)
    assert names_of_heads(nlp) == [["plain"], ["diffused"]]
    assert names_of_heads(nlp, ["diffused"]) == [[], ["diffused"]]
    assert names_of_heads(nlp, ["tok2vec"]) == [[], []]
    nlp.config["training"]["frozen_components"] = ["plain"]
    assert names_of_heads(nlp) == [[], ["diffused"]]
    with nlp.select_pipes(disable=["diffused"]):
        assert names_of_heads(nlp) == [[], []]


@pytest.mark.parametrize(
    "pipes, weight, consistency, learns",
    [
        (["textcat"], 0.0, 1.0, True),
        (["tok2vec"], 0.0, 1.0, False),
        (["tok2vec"], 1.0, 0.0, True),
        (["textcat", "ner"], 1.0, 0.0, False),
    ],
)
def test_pipes_says_whose_vectors_and_scores_are_to_be_steady(pipes, weight, consistency, learns):
    settings = {"pipes": pipes, "weight": weight, "consistency": consistency}
    nlp = stable_pipeline(["textcat", "ner"], **settings)
    with nullcontext() if learns else pytest.warns(UserWarning, match="SDW06"):
        losses = train(nlp, steps=2)
    assert (losses[-1]["stabilizer"] > 0) == learns


# What it says, and what it refuses.


def test_says_so_where_it_has_no_effect():
    nlp = stable_pipeline(["ner"], weight=0.0, consistency=1.0, supervision=1.0)
    with pytest.warns(UserWarning, match=r"\[SDW06\] Component 'stabilizer' has no effect"):
        nlp.initialize(lambda: examples_for(nlp))


@pytest.mark.parametrize("setting", ["weight", "contrast", "consistency", "supervision"])
@pytest.mark.parametrize("value", [-1, float("nan"), float("inf"), "much", None, True])
def test_refuses_bad_weights(setting, value):
    settings = {"weight": 1.0, "contrast": 1.0, "consistency": 1.0, "share": 1.0, setting: value}
    with pytest.raises(ValueError, match=rf"\[SD024\] Component 'steady'.*'{setting}'"):
        Stabilizer("steady", pipes="*", augmenter=None, **settings)


@pytest.mark.parametrize("value", [0, -0.5, 1.5, float("nan"), "half", None, True])
def test_refuses_bad_shares(value):
    settings = {"weight": 1.0, "contrast": 1.0, "consistency": 1.0, "share": value}
    with pytest.raises(ValueError, match=r"\[SD077\] Component 'steady'.*'share'"):
        Stabilizer("steady", pipes="*", augmenter=None, **settings)


def test_scores_of_several_copies_are_compared_with_those_of_their_own_text():
    nlp = stable_pipeline(["textcat"], weight=0.0, consistency=1.0, augmenter=MISSPELL)
    examples = examples_for(nlp)
    train(nlp, steps=3)
    docs = [eg.predicted for eg in examples[:3]]
    embed = nlp.get_pipe("tok2vec").model

    def copy_twice_or_not(nlp, example):
        if example.predicted is not docs[1]:
            yield from make_misspell()(nlp, example)
            yield Example(nlp.make_doc("Other words."), example.reference)

    edited = edit_batch(nlp, copy_twice_or_not, examples[:3])
    assert edited.sources.tolist() == [0, 0, 2, 2]
    batch = ScoredBatch(docs, embed.predict(docs), edited, embed.predict(edited.docs))
    stages, weights = find_stages(nlp, "stabilizer", "*"), ScoreWeights(1.0, 0.0)
    loss, _ = learn_scores(stages, batch, weights)
    score = nlp.get_pipe("textcat").predict
    for doc in [*docs, *edited.docs]:
        doc.tensor = embed.predict([doc])[0]
    moved = score(edited.docs) - score(docs)[edited.sources]
    assert loss == pytest.approx(float((moved**2).mean()), rel=1e-3)


def test_edits_only_a_share_of_the_texts():
    edited = []

    def note(nlp, example):
        edited.append(example)
        yield from make_misspell()(nlp, example)

    nlp = stable_pipeline(["textcat"], share=0.25)
    nlp.get_pipe("stabilizer").augmenter = note
    examples = examples_for(nlp)
    train(nlp, steps=0)
    numpy.random.seed(0)
    for _ in range(100):
        nlp.get_pipe("stabilizer").update(examples, drop=0.0)
    assert len(edited) == pytest.approx(25 * len(examples), rel=0.25)


def test_refuses_to_train_where_nothing_before_it_is_shared():
    nlp = spacy.blank("en")
    add_ner(nlp, EMBEDDING)
    nlp.add_pipe("stabilizer")
    nlp.add_pipe("tok2vec", config={"model": EMBEDDING})
    with pytest.raises(ValueError, match=r"\[SD025\] Component 'stabilizer'.*ner, stabilizer"):
        nlp.initialize(lambda: examples_for(nlp))


@pytest.mark.parametrize("pipe", ["sentencizer", "nobody", "stabilizer"])
def test_refuses_pipes_that_it_can_not_train(pipe):
    nlp = stable_pipeline(["textcat"], pipes=["textcat", pipe])
    nlp.add_pipe("sentencizer")
    with pytest.raises(ValueError, match=rf"\[SD034\].*'pipes' names '{pipe}'.*tok2vec, textcat"):
        nlp.initialize(lambda: examples_for(nlp))


@pytest.mark.parametrize("weight", [0.0, 1.0])
@pytest.mark.parametrize("pipes", ["*", ["tok2vec", "textcat"]])
def test_trains_what_is_sourced(pipes, weight):
    """`spacy train` disables sourced components while it initializes the others."""
    nlp = stable_pipeline(["textcat"], weight=weight, consistency=1.0, pipes=pipes)
    nlp.initialize(lambda: examples_for(nlp))
    with warnings.catch_warnings(), nlp.select_pipes(enable=["stabilizer"]):
        warnings.simplefilter("error")
        nlp.initialize(lambda: examples_for(nlp))
        assert {"tok2vec", "textcat"} < set(nlp.disabled)
    # Scores are even before the first step, and so alike.
    losses = [nlp.update(examples_for(nlp)) for _ in range(2)]
    assert losses[-1]["stabilizer"] > 0


def test_warns_where_it_may_train_the_pipeline_that_it_was_sourced_from():
    source = stable_pipeline(["textcat"])
    train(source, steps=1)
    nlp = spacy.blank("en")
    stabilizer = nlp.add_pipe("stabilizer", source=source)
    with pytest.warns(UserWarning, match=r"\[SDW17\] Component 'stabilizer'"):
        stabilizer.update(examples_for(nlp))
    assert not our_warnings(lambda: stabilizer.update(examples_for(source)))


def test_refuses_to_train_in_a_pipeline_that_it_does_not_know():
    component = stable_pipeline(["textcat"]).get_pipe("stabilizer")
    other = spacy.blank("en")
    with pytest.raises(ValueError, match=r"\[SD026\] Component 'stabilizer'"):
        component.update(examples_for(other))
    with pytest.raises(ValueError, match=r"\[SD011\] Component 'stabilizer'"):
        component.initialize(lambda: examples_for(other))
