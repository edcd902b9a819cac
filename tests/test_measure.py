"""Measuring stability: what each figure says, on pipelines where it can be known."""

import json
import random
import tracemalloc
from collections import Counter
from functools import partial

import numpy
import pytest
import spacy
from numpy.testing import assert_allclose
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from spacy.training.augment import dont_augment

from spacy_stablediff import measure_stability
from spacy_stablediff.stability import measure, tally
from spacy_stablediff.stability.edits import Edits
from spacy_stablediff.stability.measure import Stability, default_edits
from spacy_stablediff.stability.scorer import make_stability_scorer
from spacy_stablediff.stability.store import ExampleStore
from spacy_stablediff.stability.tally import Mean, Reservoir, Spread
from spacy_stablediff.stability.vectors import Observer

from .pipelines import (
    TEXTS,
    WIDTH,
    add_ner,
    add_textcat,
    chain_pipeline,
    diffused_tok2vec,
    examples_for,
    train,
)

LONG_TEXTS = [f"{a[0]} {b[0]} {a[0]}" for a in TEXTS for b in TEXTS]


def bare(nlp, texts):
    """Examples without annotation."""
    docs = [nlp.make_doc(text) for text in texts]
    return [Example(doc, doc.copy()) for doc in docs]


def tensor_pipeline(name, embed):
    """A pipeline whose doc.tensor is what a function of the document says."""

    def component(doc):
        doc.tensor = numpy.asarray(embed(doc), dtype="float32").reshape(len(doc), -1)
        return doc

    Language.component(f"test_{name}", func=component)
    nlp = spacy.blank("en")
    nlp.add_pipe(f"test_{name}")
    return nlp


def letters(scale):
    """An embedding by spelling: words that differ in a letter are near each other."""

    def embed(doc):
        counts = [Counter(token.lower_) for token in doc]
        return [[scale * c[chr(97 + k)] for k in range(26)] for c in counts]

    return embed


def lower_case(nlp, example):
    doc = nlp.make_doc(example.text.lower())
    yield Example(doc, doc.copy())


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


def test_a_pipeline_without_predictions_has_none():
    nlp = tensor_pipeline("letters", letters(1))
    edit = measure_stability(nlp, bare(nlp, LONG_TEXTS)).edits["typo"]
    assert edit.cats_flips is None and edit.ents_agreement is None and edit.scores is None


def test_scores_are_those_of_evaluate_on_the_edited_text():
    nlp = chain_pipeline(["textcat", "ner"])
    train(nlp)
    examples = examples_for(nlp)
    result = measure_stability(nlp, examples, batch_size=4)
    for name, augmenter in {"clean": dont_augment, **default_edits()}.items():
        expected = nlp.evaluate([copy for eg in examples for copy in augmenter(nlp, eg)])
        expected.pop("speed")
        found = result.scores if name == "clean" else result.edits[name].scores
        assert flat(found) == pytest.approx(flat(expected), rel=1e-4)


def test_without_gold_annotation_there_are_no_scores():
    nlp = chain_pipeline(["textcat", "ner"])
    train(nlp)
    result = measure_stability(nlp, bare(nlp, LONG_TEXTS))
    assert result.scores is None and result.edits["typo"].scores is None
    assert result.edits["typo"].cats_flips is not None
    gold = measure_stability(nlp, examples_for(nlp), scores=False)
    assert gold.scores is None and gold.edits["typo"].scores is None


# Which vectors.


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
    add_ner(nlp, diffused_tok2vec({"@architectures": "spacy-stablediff.HeatDiffusion.v1"}))
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


def test_components_behind_the_place_run_only_if_they_are_needed():
    nlp = chain_pipeline(["textcat"])
    train(nlp)
    docs, _ = observe(nlp, LONG_TEXTS, component="stablediff", predict=False)
    assert not any(doc.cats for doc in docs)


# Random choices.


def test_the_same_seed_gives_the_same_figures_whatever_the_batch_size():
    nlp = chain_pipeline(["textcat", "ner"])
    train(nlp)
    examples = [*examples_for(nlp), *bare(nlp, LONG_TEXTS)]
    expected = measure_stability(nlp, examples, seed=3)
    for batch_size in (1, 4, 100):
        result = measure_stability(nlp, iter(examples), seed=3, batch_size=batch_size)
        assert flat(result.to_dict()) == pytest.approx(flat(expected.to_dict()), rel=1e-4, abs=1e-6)
        assert [s.edited[0].text for s in result.samples] == [
            s.edited[0].text for s in expected.samples
        ]
    other = measure_stability(nlp, examples, seed=4)
    assert flat(other.to_dict()) != pytest.approx(flat(expected.to_dict()), rel=1e-4, abs=1e-6)


def flat(figures):
    """All numbers of a nested dictionary, by their path."""
    numbers = {}
    for key, value in figures.items():
        inner = flat(value) if isinstance(value, dict) else {"": value}
        numbers |= {f"{key}/{path}": number for path, number in inner.items()}
    return {path: number for path, number in numbers.items() if isinstance(number, float)}


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


def test_the_reservoir_is_a_uniform_sample_and_exact_while_it_lasts():
    values = numpy.random.default_rng(1).permutation(10_000).astype("float64")
    exact, sample = Reservoir(20_000, seed=0), Reservoir(2000, seed=0)
    for part in numpy.array_split(values, 37):
        exact.add(part)
        sample.add(part)
    assert exact.rows.tolist() == values.tolist()
    assert len(sample.rows) == len(set(sample.rows)) == 2000
    assert numpy.percentile(sample.rows, [5, 50, 95]) == pytest.approx([500, 5000, 9500], abs=250)
    whole = Reservoir(2000, seed=0)
    whole.add(values)
    assert whole.rows.tolist() == sample.rows.tolist()


def test_the_spread_is_the_mean_distance_of_pairs():
    vectors = numpy.random.default_rng(0).normal(size=(3000, 8))
    spread = Spread(seed=0)
    for part in numpy.array_split(vectors, 10):
        spread.add(part)
    pairs = numpy.random.default_rng(1).integers(3000, size=(2, 50_000))
    expected = numpy.linalg.norm(vectors[pairs[0]] - vectors[pairs[1]], axis=1).mean()
    assert spread.value == pytest.approx(expected, rel=0.02)
    assert Spread(seed=0).value is None and Mean().value is None


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


def test_stored_examples_are_as_they_were():
    nlp = spacy.blank("en")
    store, examples = ExampleStore(nlp.vocab, in_memory=1), []
    for words in (["one"], ["one", "two", "three"], ["one", "two"]):
        doc = Doc(nlp.vocab, words=words)
        doc.cats, doc.user_data["number"] = {"A": len(words) / 10}, {"a set", len(words)}
        reference = Doc(nlp.vocab, words=words, heads=[0] * len(words), deps=["x"] * len(words))
        reference.from_array(["DEP"], numpy.zeros(len(words), dtype="uint64"))
        examples.append(Example(doc, reference))
        store.append(examples[-1])
    assert len(store) == 3
    for _ in range(2):
        for found, eg in zip(store, examples, strict=True):
            assert found.predicted.vocab is found.reference.vocab is nlp.vocab
            assert found.predicted.user_data == eg.predicted.user_data
            assert found.predicted.cats == eg.predicted.cats
            # spaCy derives sentence boundaries from heads, of which some may be missing.
            assert [len(sent) for sent in found.reference.sents] == [len(eg.reference)]
            assert not found.reference.has_annotation("DEP")


# The result.


def test_the_result_has_exactly_the_documented_keys():
    nlp = chain_pipeline(["textcat", "ner"])
    train(nlp)
    result = measure_stability(nlp, examples_for(nlp))
    figures = json.loads(json.dumps(result.to_dict()))
    assert figures.keys() == {"model", "documents", "tokens", "clean", "edits"}
    assert figures["clean"].keys() == {"scores"}
    assert figures["edits"].keys() == {"typo", "swap", "drop"}
    for edit in figures["edits"].values():
        assert edit.keys() == {
            *("displacement", "identity", "cats_flips", "ents_agreement", "scores"),
        }
        assert edit["displacement"].keys() == {"raw", "mean", "p95", "edited", "unedited"}
    assert figures["model"] == "en_pipeline"
    assert figures["documents"] == len(TEXTS)
    assert figures["tokens"] == sum(len(eg.predicted) for eg in examples_for(nlp))
    assert measure_stability(nlp, examples_for(nlp), name="mine").model == "mine"


def test_ratios_to_a_baseline():
    nlp = chain_pipeline(["textcat"])
    train(nlp)
    result = measure_stability(nlp, examples_for(nlp))
    ratio = result.ratio_to(result)
    assert ratio["edits"]["typo"]["displacement"]["mean"] == 1
    assert ratio["edits"]["typo"]["ents_agreement"] is None
    assert ratio["clean"]["scores"]["cats_score"] == 1
    assert isinstance(result, Stability) and json.dumps(ratio)


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
        ("SD110", {"edits": {}}),
    ],
)
def test_refuses_settings(embedded, code, kwargs):
    with pytest.raises(ValueError, match=rf"\[{code}"):
        measure_stability(embedded, bare(embedded, LONG_TEXTS), **kwargs)


def test_refuses_a_pipeline_without_vectors():
    nlp = spacy.blank("en")
    with pytest.raises(ValueError, match=r"\[SD105\].*none"):
        measure_stability(nlp, bare(nlp, LONG_TEXTS))
    add_ner(nlp, diffused_tok2vec({"@architectures": "spacy-stablediff.HeatDiffusion.v1"}))
    add_ner(nlp, diffused_tok2vec({"@architectures": "spacy-stablediff.HeatDiffusion.v1"}), "b")
    train(nlp, steps=0)
    with pytest.raises(ValueError, match=r"\[SD105\].*'component'.*ner, b"):
        measure_stability(nlp, bare(nlp, LONG_TEXTS))


@pytest.mark.parametrize("texts", [[], [""]])
def test_refuses_an_empty_corpus(embedded, texts):
    with pytest.raises(ValueError, match=r"\[SD109\]"):
        measure_stability(embedded, bare(embedded, texts))


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


# The scorer for training.


def test_the_scorer_gives_displacement_and_identity_of_a_component():
    nlp = chain_pipeline(["textcat"])
    train(nlp)
    config = {"scorer": {"@scorers": "spacy-stablediff.stability_scorer.v1"}}
    scorer = spacy.registry.resolve(config)["scorer"]
    examples = examples_for(nlp)
    scores = scorer(examples, nlp=nlp, component="stablediff")
    expected = measure_stability(nlp, examples, {"e": Edits()}, component="stablediff").edits["e"]
    assert scores == {
        "stability_displacement": pytest.approx(expected.displacement.mean),
        "stability_identity": pytest.approx(expected.identity),
    }
    # In nlp.evaluate the documents have been processed already.
    processed = [Example(nlp(eg.predicted.copy()), eg.reference) for eg in examples]
    assert scorer(processed, nlp=nlp, component="stablediff") == pytest.approx(scores)
    assert scorer([], nlp=nlp, component="stablediff") == dict.fromkeys(scores)


def test_the_scorer_takes_any_augmenter():
    nlp = chain_pipeline(["textcat"])
    train(nlp)
    scorer = make_stability_scorer(dont_augment, limit=2)
    scores = scorer(examples_for(nlp), nlp=nlp, component="stablediff", labels=["ignored"])
    assert scores["stability_displacement"] == pytest.approx(0, abs=1e-6)
