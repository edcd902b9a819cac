"""Measuring stability: what each figure says, on pipelines where it can be known."""

import random
import tracemalloc
from collections import Counter
from functools import partial

import numpy
import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.training import Example
from spacy.training.augment import dont_augment

from spacy_stablediff import measure_stability
from spacy_stablediff.edits.augmenter import Edits
from spacy_stablediff.measure import measure, tally
from spacy_stablediff.measure.data import drop_vectors
from spacy_stablediff.measure.measure import default_edits
from spacy_stablediff.measure.scorer import make_stability_scorer
from spacy_stablediff.measure.store import ExampleStore

from ..pipelines import bare, chain_pipeline, examples_for, train
from ..references import flatten_figures
from .examples import LONG_TEXTS, letters, lower_case, tensor_pipeline

# The measure itself is sound.


def test_texts_that_are_not_edited_do_not_move():
    nlp = chain_pipeline(["textcat", "ner"])
    train(nlp)
    result = measure_stability(nlp, examples_for(nlp), {"none": dont_augment})
    edit = result.edits["none"]
    assert vars(edit.displacement) == {
        **dict.fromkeys(["raw", "mean", "p95", "unedited"], pytest.approx(0, abs=1e-6)),
        "edited": None,
    }
    assert (edit.identity, edit.cats_flips, edit.ents_agreement) == (1, 0, 1)
    assert edit.scores == result.scores


def test_noise_moves_as_far_as_random_tokens_are_apart():
    rng = numpy.random.default_rng(0)
    nlp = tensor_pipeline("noise", lambda doc: rng.normal(size=(len(doc), 50)))
    edit = measure_stability(nlp, bare(nlp, LONG_TEXTS), {"none": dont_augment}).edits["none"]
    assert edit.displacement.mean == pytest.approx(1, abs=0.02)
    assert edit.identity < 0.2


def test_scaling_all_vectors_changes_nothing_but_the_raw_displacement():
    results = []
    for scale in (1, 10):
        nlp = tensor_pipeline(f"letters_{scale}", letters(scale))
        results.append(measure_stability(nlp, bare(nlp, LONG_TEXTS)))
    for name, edit in results[0].edits.items():
        scaled = results[1].edits[name]
        assert scaled.displacement.raw == pytest.approx(10 * edit.displacement.raw)
        for figure in ("mean", "p95", "unedited"):
            expected = getattr(edit.displacement, figure)
            assert getattr(scaled.displacement, figure) == pytest.approx(expected, rel=1e-5)
        assert scaled.identity == pytest.approx(edit.identity)


def test_collapsing_all_vectors_is_no_stability():
    nlp = tensor_pipeline("collapsed", lambda doc: numpy.ones((len(doc), 4)))
    examples = bare(nlp, LONG_TEXTS)
    chance = numpy.mean([1 / len(eg.predicted) for eg in examples for _ in eg.predicted])
    edit = measure_stability(nlp, examples, {"none": dont_augment}).edits["none"]
    assert edit.displacement.raw == 0 and edit.displacement.mean is None
    assert edit.identity < 4 * chance  # words occur several times


def test_figures_worked_out_by_hand():
    """Vectors of one dimension: the length of the word; one word of four is longer."""
    nlp = tensor_pipeline("length", lambda doc: [len(token) for token in doc])

    def longer(nlp, example):
        doc = nlp.make_doc(example.text.replace("dddd", "ddddddd"))
        yield Example(doc, doc.copy())

    edit = measure_stability(nlp, bare(nlp, ["a bb ccc dddd"]), {"longer": longer}).edits["longer"]
    spread = numpy.mean([1, 2, 3, 1, 2, 1])  # distances of the six pairs of 1, 2, 3, 4
    assert edit.displacement.raw == pytest.approx(3 / 4)
    assert edit.displacement.mean == pytest.approx(3 / 4 / spread)
    assert edit.displacement.edited == pytest.approx(3 / spread)
    assert edit.displacement.unedited == 0
    assert edit.displacement.p95 == pytest.approx(numpy.percentile([0, 0, 0, 3], 95) / spread)
    assert edit.identity == 1  # the longest word is still nearest to the longest one


def test_identity_falls_when_a_vector_comes_nearer_to_another_token():
    nlp = tensor_pipeline("length", lambda doc: [len(token) for token in doc])

    def longer(nlp, example):
        doc = nlp.make_doc(example.text.replace("bb", "bbbb"))
        yield Example(doc, doc.copy())

    edit = measure_stability(nlp, bare(nlp, ["a bb cccc"]), {"longer": longer}).edits["longer"]
    assert edit.identity == pytest.approx(2 / 3)


def test_repeated_words_are_no_loss_of_identity_but_different_words_are():
    nlp = tensor_pipeline("length", lambda doc: [len(token) for token in doc])
    for text, expected in [("so so so", 1), ("so we go", 1 / 3)]:
        edit = measure_stability(nlp, bare(nlp, [text]), {"none": dont_augment}).edits["none"]
        assert edit.identity == pytest.approx(expected)


def test_moved_tokens_count_as_edited_and_added_ones_have_no_displacement():
    nlp = tensor_pipeline("place", lambda doc: [token.i for token in doc])

    def swap(nlp, example):
        doc = nlp.make_doc("two one three four")
        yield Example(doc, doc.copy())

    examples = bare(nlp, ["one two three"])
    result = measure_stability(nlp, examples, {"swap": swap})
    displacement = result.edits["swap"].displacement
    spread = numpy.mean([1, 1, 2])
    assert displacement.edited == pytest.approx(1 / spread) and displacement.unedited == 0
    (sample,) = result.samples
    assert [(t.text, t.edited) for t in sample.edited] == [
        ("two", True),
        ("one", True),
        ("three", False),
        ("four", True),
    ]
    assert [t.displacement is None for t in sample.edited] == [False, False, False, True]


# Predictions.


@pytest.fixture
def ruled():
    """A pipeline whose categories and entities depend on the text by rules."""

    def categorize(doc):
        is_good = any(token.text == "good" for token in doc)
        doc.cats = {"GOOD": float(is_good), "BAD": 1.0 - is_good}
        return doc

    nlp = tensor_pipeline("letters", letters(1))
    Language.component("test_categorize", func=categorize)
    nlp.add_pipe("test_categorize")
    ruler = nlp.add_pipe("entity_ruler")
    shape = {"SHAPE": {"REGEX": "^Xx+$"}}
    ruler.add_patterns([{"label": "NAME", "pattern": [shape, {**shape, "OP": "*"}]}])
    return nlp


def edited_as(text):
    """An augmenter that makes every document this text."""

    def augment(nlp, example):
        doc = nlp.make_doc(text)
        yield Example(doc, doc.copy())

    return augment


@pytest.mark.parametrize("text, flips", [("a good flm", 0), ("a godo film", 1)])
def test_flips_are_documents_whose_top_category_changes(ruled, text, flips):
    result = measure_stability(ruled, bare(ruled, ["a good film"]), {"edit": edited_as(text)})
    assert result.edits["edit"].cats_flips == flips


@pytest.mark.parametrize("surer", [False, True])
def test_flips_of_each_of_several_classifiers_count(surer):
    """The categories of the other one stay, and are surer or less sure than those that flip."""
    nlp = spacy.blank("en")
    for name, labels in {"language": ("en", "de"), "mood": ("good", "bad")}.items():
        textcat = nlp.add_pipe("textcat", name=name)
        for label in labels:
            textcat.add_label(label)
    nlp.initialize()

    def categorize(doc):
        mood = 0.9 if "good" in doc.text else 0.2
        doc.cats = {"en": 1.0 if surer else 0.6, "de": 0.0, "good": mood, "bad": 1 - mood}
        return doc

    Language.component("test_write_categories", func=categorize)
    nlp.add_pipe("test_write_categories")
    edits = {"edit": edited_as("a godo film")}
    result = measure_stability(nlp, ["a good film", "a bad film"], edits, component="mood")
    figures = result.edits["edit"]
    assert figures.cats_flips == 0.5
    assert figures.labels["cats_flips"] == {"bad": 0.0, "en": 0.0, "good": 1.0}


def test_what_is_annotated_already_is_found_anew(ruled):
    """A pipeline keeps entities that are set, and edited copies have none."""
    gold = ruled.make_doc("we met new York and Paris")
    gold.ents = [Span(gold, 2, 4, "NAME"), Span(gold, 5, 6, "NAME")]
    edits = {"same": dont_augment}
    for predicted in (gold, ruled.make_doc(gold.text)):
        result = measure_stability(ruled, [Example(predicted, gold)], edits)
        assert result.edits["same"].ents_agreement == 1.0
        assert result.scores["ents_f"] == result.edits["same"].scores["ents_f"] == 0.5


def test_what_a_transformer_keeps_of_a_document_is_dropped():
    def embed(doc):
        if not Doc.has_extension("trf_data"):
            Doc.set_extension("trf_data", default=None)
        doc._.trf_data = numpy.zeros(1000)
        return numpy.ones((len(doc), 2))

    nlp = tensor_pipeline("transformer", embed)
    doc = nlp("One two")
    doc.user_data["kept"] = 1
    drop_vectors(doc)
    assert doc._.trf_data is None and not doc.tensor.size and doc.user_data == {"kept": 1}


@pytest.mark.parametrize(
    "text, agreement",
    [
        ("we met New York and Paris", 1),
        ("we met New and Paris", 1),  # of what is left of an entity, all is found
        ("we met New York", 1),  # an entity that is dropped can't be found
        ("we met New York and paris", 2 / 3),
        ("we met new York and paris", 0),
        ("we met New York and Paris London", 1),  # nor one that has no counterpart be wrong
        ("We met New York and Paris", 4 / 5),
    ],
)
def test_agreement_is_the_f_of_entities_through_the_alignment(ruled, text, agreement):
    examples = bare(ruled, ["we met New York and Paris"])
    result = measure_stability(ruled, examples, {"edit": edited_as(text)})
    assert result.edits["edit"].ents_agreement == pytest.approx(agreement)


@pytest.mark.parametrize("text", ["everybody met New York", "met New York and Paris"])
def test_entities_that_become_part_of_other_words_are_not_found(ruled, text):
    edits = {"edit": Edits(typo=0.0, swap=0.0, drop=0.0, join=1.0)}
    result = measure_stability(ruled, bare(ruled, [text]), edits)
    assert result.edits["edit"].ents_agreement == 0


def test_a_pipeline_without_predictions_has_none():
    nlp = tensor_pipeline("letters", letters(1))
    edit = measure_stability(nlp, bare(nlp, LONG_TEXTS)).edits["typo"]
    assert edit.cats_flips is None and edit.ents_agreement is None and edit.scores is None


def at_place(augmenter, place):
    return augmenter.restarted(place) if isinstance(augmenter, Edits) else augmenter


def test_scores_are_those_of_evaluate_on_the_edited_text():
    nlp = chain_pipeline(["textcat", "ner"])
    train(nlp)
    examples = examples_for(nlp)
    result = measure_stability(nlp, examples, batch_size=4)
    for name, augmenter in {"clean": dont_augment, **default_edits()}.items():
        placed = [at_place(augmenter, i) for i in range(len(examples))]
        copies = [copy for edit, eg in zip(placed, examples, strict=True) for copy in edit(nlp, eg)]
        expected = nlp.evaluate(copies)
        expected.pop("speed")
        found = result.scores if name == "clean" else result.edits[name].scores
        assert flatten_figures(found) == pytest.approx(flatten_figures(expected), rel=1e-4)


def test_without_gold_annotation_there_are_no_scores():
    nlp = chain_pipeline(["textcat", "ner"])
    train(nlp)
    result = measure_stability(nlp, bare(nlp, LONG_TEXTS))
    assert result.scores is None and result.edits["typo"].scores is None
    assert result.edits["typo"].cats_flips is not None
    gold = measure_stability(nlp, examples_for(nlp), scores=False)
    assert gold.scores is None and gold.edits["typo"].scores is None


# Random choices.


def test_the_same_seed_gives_the_same_figures_whatever_the_batch_size():
    nlp = chain_pipeline(["textcat", "ner"])
    train(nlp)
    examples = [*examples_for(nlp), *bare(nlp, LONG_TEXTS)]
    expected = measure_stability(nlp, examples, seed=3)
    for batch_size in (1, 4, 100):
        result = measure_stability(nlp, iter(examples), seed=3, batch_size=batch_size)
        assert flatten_figures(result.to_dict()) == pytest.approx(
            flatten_figures(expected.to_dict()), rel=1e-4, abs=1e-6
        )
        assert [s.edited[0].text for s in result.samples] == [
            s.edited[0].text for s in expected.samples
        ]
    other = measure_stability(nlp, examples, seed=4)
    assert flatten_figures(other.to_dict()) != pytest.approx(
        flatten_figures(expected.to_dict()), rel=1e-4, abs=1e-6
    )


def test_global_random_numbers_are_seeded_for_augmenters_and_set_back():
    nlp = tensor_pipeline("letters", letters(1))
    drawn = []

    def augment(nlp, example):
        drawn.append((random.random(), numpy.random.rand()))
        yield example

    random.seed(0)
    numpy.random.seed(0)
    for _ in range(2):
        measure_stability(nlp, bare(nlp, LONG_TEXTS[:3]), {"edit": augment})
    after = random.random(), numpy.random.rand()
    random.seed(0)
    numpy.random.seed(0)
    assert after == (random.random(), numpy.random.rand())
    assert drawn[:3] == drawn[3:] and len(set(drawn)) == 3


def test_misspelt_words_do_not_stay_in_the_vocab():
    nlp = chain_pipeline(["textcat", "ner"])
    train(nlp)
    examples, scorer = examples_for(nlp), make_stability_scorer(rates=[0.5])
    before = set(nlp.vocab.strings)
    measure_stability(nlp, examples)
    scorer(examples, nlp=nlp, component="tok2vec")
    assert set(nlp.vocab.strings) == before


def test_our_edits_begin_anew_in_each_measurement():
    nlp = tensor_pipeline("letters", letters(1))
    edits = {"typo": Edits(typo=0.5)}
    first, second = (measure_stability(nlp, bare(nlp, LONG_TEXTS), edits) for _ in range(2))
    assert first == second


def test_samples_are_the_same_documents_for_every_pipeline():
    pipelines = tensor_pipeline("letters", letters(1)), chain_pipeline([])
    train(pipelines[1], steps=0)
    texts = [*LONG_TEXTS, " ".join(LONG_TEXTS)]
    results = [measure_stability(nlp, bare(nlp, texts)) for nlp in pipelines]
    views = [
        [
            (view.edit, *("".join(t.text + t.whitespace for t in part) for part in parts))
            for view in result.samples
            for parts in [(view.clean, view.edited)]
        ]
        for result in results
    ]
    assert views[0] == views[1]
    assert Counter(edit for edit, _, _ in views[0]) == {"typo": 5, "swap": 5, "drop": 5}
    assert all(clean in LONG_TEXTS for _, clean, _ in views[0])


def test_samples_show_displacements_entities_and_categories(ruled):
    edits = {"lower": lower_case}
    (view,) = measure_stability(ruled, bare(ruled, ["A good Film"]), edits).samples
    assert [t.ent for t in view.clean] == ["", "", "NAME"]
    assert [t.ent for t in view.edited] == ["", "", ""]
    assert [t.edited for t in view.edited] == [True, False, True]
    assert view.clean_cat == view.edited_cat == "GOOD"
    assert [t.displacement for t in view.clean] == [t.displacement for t in view.edited] == [0] * 3


# Constant memory.


@pytest.mark.parametrize("in_memory, grows", [(20, False), (1000, True)])
def test_memory_does_not_grow_with_the_number_of_documents(in_memory, grows, monkeypatch):
    nlp = tensor_pipeline("letters", letters(1))
    monkeypatch.setattr(measure, "ExampleStore", partial(ExampleStore, in_memory=in_memory))
    monkeypatch.setattr(tally, "SAMPLED_TOKENS", 50)
    monkeypatch.setattr(tally, "SAMPLED_DISPLACEMENTS", 50)

    def peak(documents):
        corpus = (bare(nlp, [LONG_TEXTS[i % 36]])[0] for i in range(documents))
        tracemalloc.start()
        measure_stability(nlp, corpus, {"none": dont_augment}, batch_size=10)
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return size

    peak(30)
    per_document = (peak(180) - peak(80)) / 100
    assert per_document > 10_000 if grows else per_document < 2000


# The corpus.


def test_examples_are_not_modified():
    nlp = chain_pipeline(["textcat", "ner"])
    train(nlp)
    examples = examples_for(nlp)
    before = [(eg.predicted.to_bytes(), eg.reference.to_bytes()) for eg in examples]
    measure_stability(nlp, examples)
    assert before == [(eg.predicted.to_bytes(), eg.reference.to_bytes()) for eg in examples]


def test_empty_documents_are_left_out_and_the_limit_counts_the_others():
    nlp = tensor_pipeline("letters", letters(1))
    examples = bare(nlp, ["", "one two", "", "three four five", "six"])
    result = measure_stability(nlp, examples, limit=2)
    assert (result.documents, result.tokens) == (2, 5)
    assert measure_stability(nlp, examples).documents == 3


def test_augmenters_may_yield_no_document_or_several():
    nlp = tensor_pipeline("letters", letters(1))

    def none(nlp, example):
        return iter([])

    def twice(nlp, example):
        return iter([example, *lower_case(nlp, example), *bare(nlp, [""])])

    edits = measure_stability(nlp, bare(nlp, LONG_TEXTS), {"none": none, "twice": twice}).edits
    assert edits["none"].identity is None and edits["none"].displacement.raw is None
    assert edits["twice"].displacement.mean == 0


# What it refuses.


@pytest.fixture
def embedded():
    return tensor_pipeline("letters", letters(1))


@pytest.mark.parametrize(
    "code, kwargs",
    [
        ("SD103.*'nobody'.*test_letters", {"component": "nobody"}),
        ("SD104.*'test_letters'.*none", {"component": "test_letters"}),
        ("SD108.*'limit'.*-1", {"limit": -1}),
        ("SD108.*'seed'.*0.5", {"seed": 0.5}),
        ("SD108.*'batch_size'.*-1", {"batch_size": -1}),
        ("SD110", {"edits": {}}),
        ("SD129", {"edits": {"clean": lower_case}}),
    ],
)
def test_refuses_settings(embedded, code, kwargs):
    with pytest.raises(ValueError, match=rf"\[{code}"):
        measure_stability(embedded, bare(embedded, LONG_TEXTS), **kwargs)


@pytest.mark.parametrize("texts", [[], [""]])
def test_refuses_an_empty_corpus(embedded, texts):
    with pytest.raises(ValueError, match=r"\[SD109\]"):
        measure_stability(embedded, bare(embedded, texts))
