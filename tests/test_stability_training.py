"""Stability training: the loss, its gradients, and how it takes part in training."""

import copy

import numpy
import pytest
import spacy
from numpy.testing import assert_allclose
from spacy.tokens import Doc
from spacy.training import Example
from thinc.api import NumpyOps

from spacy_stablediff.stability.consistency import consistency_loss, find_heads
from spacy_stablediff.stability.objective import (
    TEMPERATURE,
    StabilityObjective,
    stability_loss,
)

from .pipelines import (
    ADD,
    EMBEDDING,
    HEAT,
    IMPLICIT,
    add_ner,
    add_textcat,
    diffused_tok2vec,
    examples_for,
    train,
)
from .references import numeric_gradient

both_layers = pytest.mark.parametrize("diffusion", [HEAT, IMPLICIT], ids=["heat", "implicit"])
TYPOS = {"@augmenters": "spacy-stablediff.edits.v1", "typo": 0.5, "swap": 0.2, "drop": 0.2}


@spacy.registry.augmenters("test_misspell.v1")
def make_misspell():
    """Exchange the first two letters of every other word: the same edits each time."""

    def misspell(nlp, example):
        words = [t.text for t in example.predicted]
        words[::2] = [w[1:2] + w[:1] + w[2:] for w in words[::2]]
        spaces = [bool(t.whitespace_) for t in example.predicted]
        yield Example(Doc(nlp.vocab, words=words, spaces=spaces), example.reference)

    return misspell


def stable_pipeline(
    components, diffusion=IMPLICIT, weight=3.0, augmenter=TYPOS, consistency=0.0, **settings
):
    nlp = spacy.blank("en")
    nlp.add_pipe("tok2vec", config={"model": EMBEDDING})
    stability = {"weight": weight, "augmenter": augmenter, "consistency": consistency}
    config = {"model": diffusion, "stability": stability, **settings}
    nlp.add_pipe("stablediff", config=config)
    for name in components:
        ADD[name](nlp)
    return nlp


def gradients(model):
    return [
        (node, name, node.get_grad(name))
        for node in model.walk()
        for name in node.param_names
        if node.has_grad(name)
    ]


def parameters(model):
    return [
        numpy.array(n.get_param(p)) for n in model.walk() for p in n.param_names if n.has_param(p)
    ]


# The loss.


LENGTHS = numpy.asarray([2, 0, 3], dtype="int32")


def test_loss_is_mean_squared_movement_over_variance_within_documents():
    rng = numpy.random.default_rng(0)
    clean, edited = rng.normal(size=(5, 3)), rng.normal(size=(4, 3))
    clean_rows, rows = numpy.asarray([0, 3, 4]), numpy.asarray([0, 1, 3])
    loss, _, _ = stability_loss(NumpyOps(), clean, edited, LENGTHS, clean_rows, rows)
    moved = edited[rows] - clean[clean_rows]
    deviation = numpy.vstack([x - x.mean(axis=0) for x in (clean[:2], clean[2:])])
    assert loss == pytest.approx((moved**2).sum(axis=1).mean() / (deviation**2).mean())
    scaled, _, _ = stability_loss(NumpyOps(), 10 * clean, 10 * edited, LENGTHS, clean_rows, rows)
    assert scaled == pytest.approx(loss)


def test_loss_is_lowered_neither_by_making_tokens_alike_nor_by_making_documents_differ():
    rng = numpy.random.default_rng(0)
    clean = rng.normal(size=(5, 3))
    edited = clean + 0.1 * rng.normal(size=(5, 3))
    means = numpy.repeat([clean[:2].mean(axis=0), clean[2:].mean(axis=0)], [2, 3], axis=0)
    rows = numpy.arange(5)

    def loss(share):
        smoothed = (share * means + (1 - share) * vectors for vectors in (clean, edited))
        return stability_loss(NumpyOps(), *smoothed, LENGTHS, rows, rows)[0]

    assert loss(0.0) == pytest.approx(loss(0.9))
    shifted = stability_loss(NumpyOps(), clean + 5 * means, edited + 5 * means, LENGTHS, rows, rows)
    assert shifted[0] == pytest.approx(loss(0.0))


@pytest.mark.parametrize("contrast", [0.0, 5.0])
@pytest.mark.parametrize("max_block", [512, 2])
def test_gradients_of_the_loss_equal_finite_differences(contrast, max_block, monkeypatch):
    monkeypatch.setattr("spacy_stablediff.stability.objective.MAX_BLOCK", max_block)
    rng = numpy.random.default_rng(0)
    clean, edited = rng.normal(size=(5, 3)), rng.normal(size=(4, 3))
    aligned = numpy.asarray([0, 3, 3]), numpy.asarray([0, 1, 3])

    def loss():
        return stability_loss(NumpyOps(), clean, edited, LENGTHS, *aligned, contrast)[0]

    _, d_clean, d_edited = stability_loss(NumpyOps(), clean, edited, LENGTHS, *aligned, contrast)
    assert_allclose(d_clean, numeric_gradient(loss, clean), atol=1e-7)
    assert_allclose(d_edited, numeric_gradient(loss, edited), atol=1e-7)


def test_contrast_is_the_cross_entropy_of_telling_tokens_of_a_document_apart():
    rng = numpy.random.default_rng(0)
    clean, edited = rng.normal(size=(5, 3)), rng.normal(size=(4, 3))
    clean_rows, rows = numpy.asarray([1, 3, 4]), numpy.asarray([0, 1, 3])
    args = NumpyOps(), clean, edited, LENGTHS, clean_rows, rows
    deviation = numpy.vstack([x - x.mean(axis=0) for x in (clean[:2], clean[2:])])
    scale = 2 * TEMPERATURE * 3 * (deviation**2).mean()
    entropies = []
    for row, clean_row in zip(rows, clean_rows, strict=True):
        document = clean[:2] if clean_row < 2 else clean[2:]
        weights = numpy.exp(-((edited[row] - document) ** 2).sum(axis=1) / scale)
        right = numpy.exp(-((edited[row] - clean[clean_row]) ** 2).sum() / scale)
        entropies.append(-numpy.log(right / weights.sum()))
    contrast = stability_loss(*args, 1.0)[0] - stability_loss(*args, 0.0)[0]
    assert contrast == pytest.approx(numpy.mean(entropies))


def test_loss_is_zero_where_nothing_is_aligned_or_nothing_varies():
    none = numpy.zeros(0, dtype="int32")
    ones = numpy.ones((2, 3))
    for clean, rows in [(numpy.eye(3), none), (ones, numpy.asarray([0]))]:
        lengths = numpy.asarray([len(clean)], dtype="int32")
        loss, d_clean, d_edited = stability_loss(NumpyOps(), clean, 2 * ones, lengths, rows, rows)
        assert loss == 0 and not d_clean.any() and not d_edited.any()


# In a pipeline.


@both_layers
@pytest.mark.parametrize("components", [["textcat"], ["textcat", "ner"]])
def test_gradient_flows_into_both_branches_of_embedding_and_diffusion(components, diffusion):
    """Compared with finite differences along a random direction of each parameter."""
    nlp = stable_pipeline(components, diffusion, augmenter={"@augmenters": "test_misspell.v1"})
    train(nlp, steps=3)
    examples = examples_for(nlp)
    docs = [eg.predicted for eg in examples]
    component, ops = nlp.get_pipe("stablediff"), NumpyOps()
    models = [nlp.get_pipe("tok2vec").model, component.model]
    edited = component.stability.edit(nlp, examples)

    def loss():
        clean, moved = (component.model.predict(models[0].predict(d)) for d in (docs, edited.docs))
        aligned = numpy.asarray([len(x) for x in clean]), edited.clean_rows, edited.rows
        clean, moved = (ops.flatten(v).astype("float64") for v in (clean, moved))
        return 3.0 * stability_loss(ops, clean, moved, *aligned, component.stability.contrast)[0]

    for model in models:
        for node, name, _ in gradients(model):
            node.set_grad(name, 0 * node.get_grad(name))
    losses = {}
    for name in ("tok2vec", "stablediff"):
        nlp.get_pipe(name).update(examples, losses=losses)
    for listener in component.listeners:
        listener._backprop([0 * v for v in listener._outputs])
    assert losses["stablediff"] == pytest.approx(loss(), rel=1e-4)
    tolerance = 0.01 * losses["stablediff"]  # float32
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
        assert compared >= len(component.model.param_names)


@both_layers
def test_training_lowers_the_loss(diffusion):
    nlp = stable_pipeline(
        ["textcat", "ner"], diffusion, augmenter={"@augmenters": "test_misspell.v1"}
    )
    losses = [step["stablediff"] for step in train(nlp, steps=40)]
    assert sum(losses[-6:]) < 0.8 * sum(losses[:6])


def test_without_weight_nothing_changes():
    plain, weightless = (stable_pipeline(["textcat"], weight=0), stable_pipeline(["textcat"]))
    weightless.get_pipe("stablediff").stability = None
    for nlp in (plain, weightless):
        train(nlp)
    for a, b in zip(
        parameters(plain.get_pipe("tok2vec").model),
        parameters(weightless.get_pipe("tok2vec").model),
        strict=True,
    ):
        assert numpy.array_equal(a, b)


def test_trains_an_embedding_that_nobody_listens_to():
    nlp = stable_pipeline([], augmenter={"@augmenters": "test_misspell.v1"})
    with pytest.warns(UserWarning, match="SDW02"):
        losses = [step["stablediff"] for step in train(nlp, steps=40)]
    assert sum(losses[-6:]) < 0.9 * sum(losses[:6])


def test_frozen_upstream_stays_as_it_is_while_the_diffusion_learns(tmp_path):
    trained = stable_pipeline(["textcat"])
    train(trained, steps=2)
    trained.to_disk(tmp_path)
    nlp = spacy.load(tmp_path)
    component, upstream = nlp.get_pipe("stablediff"), nlp.get_pipe("tok2vec")
    before = parameters(upstream.model), parameters(component.model)
    nlp.update(
        examples_for(nlp), exclude=["tok2vec"], annotates=["tok2vec"]
    )  # forgets the last batch
    for _ in range(3):
        losses = nlp.update(examples_for(nlp), exclude=["tok2vec"], annotates=["tok2vec"])
    assert losses["stablediff"] > 0
    for a, b in zip(before[0], parameters(upstream.model), strict=True):
        assert numpy.array_equal(a, b)
    changed = [
        not numpy.array_equal(a, b)
        for a, b in zip(before[1], parameters(component.model), strict=True)
    ]
    assert all(changed)


def test_weight_can_follow_a_schedule():
    schedule = {
        "@schedules": "warmup_linear.v1",
        "initial_rate": 4.0,
        "warmup_steps": 4,
        "total_steps": 8,
    }
    nlp = stable_pipeline(["textcat"], weight=schedule)
    objective = nlp.get_pipe("stablediff").stability
    assert [objective.next_weight() for _ in range(5)] == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert copy.deepcopy(objective).next_weight() == 4.0


def test_config_with_stability_is_saved_and_loaded(tmp_path):
    nlp = stable_pipeline(["textcat"], weight=5.0)
    train(nlp, steps=1)
    nlp.to_disk(tmp_path)
    loaded = spacy.load(tmp_path)
    assert loaded.get_pipe("stablediff").stability.weight == 5.0
    assert loaded.get_pipe("stablediff").stability.augmenter.typo == 0.5


def test_two_diffusions_on_the_way_are_both_trained():
    nlp = spacy.blank("en")
    nlp.add_pipe("tok2vec", config={"model": EMBEDDING})
    nlp.add_pipe("stablediff", name="first")
    nlp.add_pipe("stablediff", name="second", config={"stability": {"weight": 3.0}})
    add_textcat(nlp)
    losses = train(nlp, steps=3)
    assert losses[-1]["second"] > 0 and losses[-1]["first"] == 0


def test_empty_documents_and_edits_that_change_nothing_are_no_trouble():
    nothing = {"@augmenters": "spacy-stablediff.edits.v1", "typo": 0.0, "swap": 0.0, "drop": 0.0}
    nlp = stable_pipeline(["textcat"], augmenter=nothing)
    assert all(step["stablediff"] == 0 for step in train(nlp, steps=3))
    nlp = stable_pipeline(["textcat"])
    train(nlp, steps=1)
    cats = {"cats": {"POS": 1.0, "NEG": 0.0}}
    nlp.update([Example.from_dict(nlp.make_doc(text), cats) for text in ("", "fine", " ")])


@pytest.mark.parametrize("weight", [-1, float("nan"), float("inf"), "much", None])
def test_refuses_a_bad_weight(weight):
    with pytest.raises(ValueError, match=r"\[SD024\].*'stablediff'.*'weight'"):
        StabilityObjective("stablediff", weight, None)
    with pytest.raises(ValueError, match=r"\[SD024\].*'stablediff'.*'contrast'"):
        StabilityObjective("stablediff", 1.0, None, contrast=weight)
    with pytest.raises(ValueError, match=r"\[SD024\].*'stablediff'.*'consistency'"):
        StabilityObjective("stablediff", 1.0, None, consistency=weight)


def test_refuses_what_it_can_not_edit_or_embed():
    nlp = stable_pipeline(["textcat"], boundaries="sentence")
    with pytest.raises(ValueError, match=r"\[SD027\].*'stablediff'"):
        nlp.initialize()
    nlp = spacy.blank("en")
    add_ner(nlp, diffused_tok2vec(IMPLICIT))
    config = {"upstream": "ner", "stability": {"weight": 1.0}}
    nlp.add_pipe("stablediff", config=config)
    with pytest.raises(ValueError, match=r"\[SD025\].*'stablediff'.*'ner'"):
        nlp.initialize(lambda: examples_for(nlp))
    component = stable_pipeline(["textcat"]).get_pipe("stablediff")
    with pytest.raises(ValueError, match=r"\[SD026\]"):
        component.update([])


# Consistency of predictions.


def score_texts(nlp):
    """Scores of clean and of edited texts, shape (texts, labels) each."""
    textcat, examples = nlp.get_pipe("textcat"), examples_for(nlp)
    edited = nlp.get_pipe("stablediff").stability.edit(nlp, examples)
    pairs = [eg.predicted for eg in examples], edited.docs
    for docs in pairs:
        for name in ("tok2vec", "stablediff"):
            docs = list(nlp.get_pipe(name).pipe(docs))
    clean, moved = (textcat.predict(docs) for docs in pairs)
    return clean[edited.sources], moved


def test_consistency_lets_predictions_move_less():
    movements = []
    for consistency in (0.0, 5.0):
        misspell = {"@augmenters": "test_misspell.v1"}
        nlp = stable_pipeline(["textcat", "ner"], HEAT, 0.0, misspell, consistency)
        losses = train(nlp, steps=40)
        clean, moved = score_texts(nlp)
        movements.append(float(((clean - moved) ** 2).mean()))
        assert (losses[-1]["stablediff"] > 0) == bool(consistency)
    assert movements[1] < 0.5 * movements[0]


def test_gradient_of_consistency_is_that_of_the_cross_entropy_with_clean_scores_as_truth():
    nlp = stable_pipeline(["textcat"], augmenter={"@augmenters": "test_misspell.v1"})
    textcat = nlp.get_pipe("textcat")
    train(nlp, steps=3)
    (head,) = find_heads(nlp, [textcat, nlp.get_pipe("stablediff")])
    examples = examples_for(nlp)
    docs = [eg.predicted for eg in examples]
    edited = nlp.get_pipe("stablediff").stability.edit(nlp, examples)
    clean, moved = (nlp.get_pipe("tok2vec").model.predict(d) for d in (docs, edited.docs))

    def scores(documents, vectors):
        return head.begin_update(documents, vectors, list)[0].astype("float64")

    def cross_entropy(vectors):
        truths = scores(docs, clean)[edited.sources]
        return -2.0 * float((truths * numpy.log(scores(edited.docs, vectors))).sum())

    loss, d_moved = consistency_loss(head, docs, clean, edited, moved, 2.0)
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


def test_edits_that_change_nothing_leave_consistency_without_effect():
    nothing = {"@augmenters": "spacy-stablediff.edits.v1", "typo": 0.0, "swap": 0.0, "drop": 0.0}
    consistent = stable_pipeline(["textcat"], augmenter=nothing, consistency=3.0)
    plain = stable_pipeline(["textcat"], weight=0.0)
    for nlp in (consistent, plain):
        train(nlp)
    for name in ("tok2vec", "stablediff", "textcat"):
        models = [nlp.get_pipe(name).model for nlp in (consistent, plain)]
        for a, b in zip(*map(parameters, models), strict=True):
            assert numpy.array_equal(a, b)


def test_says_so_where_no_classifier_can_be_consistent():
    with pytest.warns(UserWarning, match=r"\[SDW06\].*'stablediff'.*consistency = 1 "):
        stable_pipeline(["ner"], consistency=1.0).initialize()
    nlp = stable_pipeline(["textcat"], consistency=1.0)
    nlp.config["training"]["frozen_components"] = ["textcat"]
    with pytest.warns(UserWarning, match=r"\[SDW06\]"):
        nlp.initialize(lambda: examples_for(nlp))


def test_classifiers_become_consistent_in_what_the_last_diffusion_gives_them():
    nlp = spacy.blank("en")
    nlp.add_pipe("tok2vec", config={"model": EMBEDDING})
    nlp.add_pipe("stablediff", name="first", config={"stability": {"consistency": 1.0}})
    nlp.add_pipe("stablediff", name="second", config={"stability": {"consistency": 1.0}})
    add_textcat(nlp)
    with pytest.warns(UserWarning, match=r"\[SDW06\].*'first'"):
        losses = train(nlp, steps=3)
    assert losses[-1]["first"] == 0 and losses[-1]["second"] > 0


def test_only_classifiers_after_the_component_become_consistent():
    nlp = stable_pipeline(["ner"], consistency=1.0)
    add_textcat(nlp, name="after")
    add_textcat(nlp, name="owner", tok2vec=EMBEDDING)
    nlp.add_pipe("textcat_multilabel", name="words")
    train(nlp, steps=1)
    heads = find_heads(nlp, [proc for _, proc in nlp.pipeline])
    assert [head.classifier.name for head in heads] == ["after"]


# The scorer.


def test_scorer_is_off_by_default_and_scores_in_evaluate_when_switched_on():
    scorer = {"@scorers": "spacy-stablediff.stability_scorer.v1"}
    plain, scored = stable_pipeline(["textcat"]), stable_pipeline(["textcat"], scorer=scorer)
    for nlp in (plain, scored):
        train(nlp, steps=2)
    keys = {"stability_displacement", "stability_identity"}
    assert not keys & set(plain.evaluate(examples_for(plain)))
    scores = scored.evaluate(examples_for(scored))
    assert 0 < scores["stability_displacement"] < 2 and 0 < scores["stability_identity"] <= 1
    assert scored.evaluate(examples_for(scored))["stability_displacement"] == pytest.approx(
        scores["stability_displacement"]
    )
