"""Making a trained pipeline steady: what is tuned, what stays, what comes out."""

import copy
import random
from dataclasses import replace

import numpy
import pytest
import spacy
from spacy.tokens import Doc, Span
from spacy.training import Example
from spacy.util import load_model_from_config
from thinc.api import Config

import spacy_stablediff
from spacy_stablediff import attach, detach, explain_words
from spacy_stablediff.layers.diffused_tok2vec import LAYER
from spacy_stablediff.tuning.agreement import measure_agreement
from spacy_stablediff.tuning.choose import Agreement, Chooser
from spacy_stablediff.tuning.prepare import choose_components, prepare
from spacy_stablediff.tuning.reading import annotate, find_annotators
from spacy_stablediff.tuning.texts import read_texts, split
from spacy_stablediff.wiring.nodes import find_node
from spacy_stablediff.words.bag import LAYER as BAG
from spacy_stablediff.words.known import find_words
from spacy_stablediff.words.layer import ARCHITECTURE as WORD_GRAPH
from spacy_stablediff.words.layer import find_layers

from ..pipelines import (
    EMBEDDING,
    UNSEEN,
    add_ner,
    add_textcat,
    annotated_examples,
    bag_of_words,
    ensemble,
    examples_for,
    initialize,
    knowing_bag,
    listener,
    moved,
    parameters_of,
    predictions,
    train,
)

TEXTS = [eg.text for eg in examples_for(spacy.blank("en"))] * 3


def trained(*components, shared=False, steps=30):
    """A trained pipeline whose components embed for themselves, or together."""
    nlp = spacy.blank("en")
    if shared:
        nlp.add_pipe("tok2vec", config={"model": EMBEDDING})
    add = {"ner": add_ner, "textcat": add_textcat}
    for name in components:
        add[name](nlp, listener() if shared else EMBEDDING)
    train(nlp, steps=steps)
    return nlp


def add_counter(nlp):
    """A text classifier that has no embedding."""
    model = bag_of_words(exclusive_classes=False)
    nlp.add_pipe("textcat_multilabel", name="counts_words", config={"model": model})


def reloaded(nlp, path):
    nlp.to_disk(path)
    return spacy.load(path)


# What is put into the pipeline.


@pytest.mark.parametrize("shared", [False, True], ids=["own", "shared"])
@pytest.mark.parametrize("name", ["ner", "textcat"])
def test_a_prepared_component_predicts_as_before(name, shared, tmp_path):
    nlp = reloaded(trained("textcat", "ner", shared=shared), tmp_path / "before")
    before = [(doc.cats, doc.to_json()["ents"]) for doc in nlp.pipe(UNSEEN)]
    prepare(nlp, name, [], [])
    for pipeline in (nlp, reloaded(nlp, tmp_path / "after")):
        after = [(doc.cats, doc.to_json()["ents"]) for doc in pipeline.pipe(UNSEEN)]
        for text, (cats, ents), (expected, found) in zip(UNSEEN, after, before, strict=True):
            if not text.isupper():
                assert ents == found and cats == pytest.approx(expected, abs=1e-6)


def test_a_component_that_a_callback_attached_loads_again(tmp_path):
    trained("ner").to_disk(tmp_path / "source")
    config = {
        "nlp": {
            "lang": "en",
            "pipeline": ["ner"],
            "after_pipeline_creation": {
                "@callbacks": "spacy-stablediff.attach.v1",
                "pipes": ["ner"],
            },
        },
        "components": {"ner": {"source": str(tmp_path / "source")}},
    }
    nlp = load_model_from_config(Config(config), auto_fill=True)
    prepare(nlp, "ner", [], [])
    loaded = reloaded(nlp, tmp_path / "tuned")
    assert [doc.to_json() for doc in loaded.pipe(UNSEEN)] == [d.to_json() for d in nlp.pipe(UNSEEN)]
    with pytest.raises(ValueError, match=r"\[SD018\]"):
        attach(loaded, "ner")
    detach(loaded, "ner")
    assert find_node(reloaded(loaded, tmp_path / "detached").get_pipe("ner"), LAYER) is None


def test_new_words_are_diffused_over_those_of_the_texts():
    nlp = trained("ner")
    known = list(nlp.vocab.strings)
    prepare(nlp, "ner", [nlp.make_doc("wonderful " * 20)], known)
    (word,) = explain_words(nlp, "wonderfull Brightmoor", component="ner")
    assert word.text == "wonderfull" and word.sources[0][0] == "wonderful"


@pytest.mark.parametrize(
    "clean, time", [((0.99, 1.0, 1.0, 1.0), 1.0), ((0.9, 0.99, 1.0, 1.0), 0.3), ((0.9,) * 4, 0.0)]
)
def test_new_words_are_diffused_as_far_as_clean_texts_stay(clean, time, monkeypatch):
    """Of the times 1, 0.3, 0.1 and 0, the longer the steadier."""
    nlp = trained("ner")
    chooser = Chooser(nlp, ["ner"], annotated_examples(nlp), keep=0.97, seed=0)
    chooser.least = 0.97
    prepare(nlp, "ner", [nlp.make_doc("wonderful")], [])
    edited = iter((0.8, 0.7, 0.6, 0.5))
    measured = [Agreement(share, {"typos": next(edited)}) for share in clean]
    monkeypatch.setattr(chooser, "measure", lambda: measured.pop(0))
    chooser.choose_time()
    layers = list(find_layers(nlp.get_pipe("ner")))
    assert len(layers) == 2 and {layer.attrs["graph"].settings["time"] for layer in layers} == {
        time
    }
    block = nlp.config["components"]["ner"]["model"]["tok2vec"]["single_case"]
    assert block["tok2vec"]["time"] == time


def test_preparing_twice_is_preparing_once():
    nlp = trained("ner")
    prepare(nlp, "ner", [], [])
    described = nlp.config.to_str()
    prepare(nlp, "ner", [], [])
    assert nlp.config.to_str() == described


def test_by_default_it_tunes_what_recognizes_and_classifies():
    nlp = trained("textcat", "ner")
    nlp.add_pipe("tagger")
    add_counter(nlp)
    assert choose_components(nlp, None) == ["textcat", "ner"]
    assert choose_components(nlp, ["tagger"]) == ["tagger"]


@pytest.mark.parametrize("names", [["nobody"], ["counts_words"], []])
def test_refuses_what_has_no_embedding(names):
    nlp = trained("ner")
    add_counter(nlp)
    with pytest.raises(ValueError, match=r"\[SD194\].*Those are: ner\."):
        choose_components(nlp, names)


# Training.


@pytest.mark.parametrize("shared", [False, True], ids=["own", "shared"])
def test_what_is_not_named_stays_bit_by_bit(shared, tmp_path):
    nlp = reloaded(trained("textcat", "ner", shared=shared), tmp_path / "before")
    others = ["textcat", *(["tok2vec"] if shared else [])]
    before = {name: parameters_of(nlp, name) for name in others}
    cats = [doc.cats for doc in nlp.pipe(UNSEEN)]
    tuning = spacy_stablediff.tune(nlp, TEXTS, ["ner"], epochs=2, keep=0.0)
    assert tuning.components == ["ner"]
    for name, values in before.items():
        assert not any(moved(values, parameters_of(nlp, name)))
    assert [doc.cats for doc in nlp.pipe(UNSEEN)] == cats


def test_only_the_embedding_learns():
    nlp = trained("ner")
    before = copy.deepcopy(nlp)
    spacy_stablediff.tune(nlp, TEXTS, epochs=1, keep=0.0)
    for ref in ("lower", "upper"):
        a, b = (each.get_pipe("ner").model.layers[-1] for each in (before, nlp))
        assert all(numpy.array_equal(a.get_param(p), b.get_param(p)) for p in a.param_names), ref


def test_a_bag_of_words_beside_the_embedding_meets_no_words():
    nlp = spacy.blank("en")
    nlp.add_pipe("textcat", config={"model": ensemble(EMBEDDING, knowing_bag())})
    train(nlp)
    bag = find_node(nlp.get_pipe("textcat"), BAG).attrs["words"]
    before = bag.to_bytes()
    spacy_stablediff.tune(nlp, TEXTS, epochs=1, keep=0.0)
    assert any(find_layers(nlp.get_pipe("textcat"))) and bag.to_bytes() == before


def test_what_an_embedding_does_not_know_stays_unknown_to_it():
    nlp = spacy.blank("en")
    words = {"@architectures": WORD_GRAPH, "tok2vec": EMBEDDING, "min_count": 2}
    nlp.add_pipe("tok2vec", config={"model": words})
    add_textcat(nlp)
    train(nlp)
    known = next(find_words(nlp.get_pipe("tok2vec"))).known
    texts = ["Something that nobody said before, said twice."] * 2 + TEXTS[:4]
    cats = [doc.cats for doc in nlp.pipe(texts)]
    spacy_stablediff.tune(nlp, texts * 3, epochs=1, learn_rate=1e-12, keep=0.0)
    for words in find_words(nlp.get_pipe("textcat")):
        assert numpy.array_equal(words.known, known)
    for doc, before in zip(nlp.pipe(texts), cats, strict=True):
        assert doc.cats == pytest.approx(before, abs=1e-5)


def test_misspelt_words_do_not_stay_in_the_vocab():
    nlp = trained("ner")
    words = set(nlp.vocab.strings) | {token.text for text in TEXTS for token in nlp.make_doc(text)}
    spacy_stablediff.tune(nlp, TEXTS, epochs=1)
    new = set(nlp.vocab.strings) - words
    assert not [word for word in new if word.lower() not in {each.lower() for each in words}]


def test_edited_texts_come_to_be_taken_as_the_clean_ones():
    nlp = trained("ner", "textcat", steps=60)
    tuning = spacy_stablediff.tune(nlp, TEXTS * 4, epochs=8, keep=0.5, learn_rate=0.003)
    assert sum(tuning.after.values()) > sum(tuning.before.values()) + 0.1
    assert set(tuning.after) == {"letters mistyped", "lower case", "capitals"}
    assert 0.5 <= tuning.clean <= 1


def test_the_same_seed_gives_the_same_pipeline():
    first, second = (trained("ner") for _ in range(2))
    for nlp in (first, second):
        spacy_stablediff.tune(nlp, TEXTS, epochs=1, seed=3, keep=0.0)
    assert predictions(first) == predictions(second)


def test_the_global_generators_go_on_as_if_nothing_had_been():
    drawn = []
    for tunes in (False, True):
        nlp = trained("ner", steps=2)
        random.seed(1)
        numpy.random.seed(1)
        if tunes:
            spacy_stablediff.tune(nlp, TEXTS[:4], epochs=1)
        drawn.append((random.random(), numpy.random.random()))
    assert drawn[0] == drawn[1]


def test_gold_annotation_is_learned_where_there_is_any():
    nlp = trained("textcat", steps=5)
    docs = [eg.reference for eg in examples_for(nlp)] * 6
    for doc in docs[:6]:  # the opposite of what the pipeline has begun to learn
        doc.cats = {label: 1.0 - value for label, value in doc.cats.items()}
    examples = read_texts(nlp, docs).examples
    before = measure_agreement(nlp, ["textcat"], examples)
    tuning = spacy_stablediff.tune(nlp, docs, epochs=10, learn_rate=0.01, keep=0.0)
    assert measure_agreement(nlp, ["textcat"], examples) > before
    assert tuning.report.scores


@pytest.mark.parametrize("name", ["textcat_multilabel", "spancat", "tagger"])
def test_other_components_can_be_tuned(name, tmp_path):
    nlp = spacy.blank("en")
    nlp.add_pipe(name, config={"model": {"tok2vec": EMBEDDING}} if name != "spancat" else {})
    initialize(nlp)
    texts = [eg.text for eg in annotated_examples(nlp)] * 4
    tuning = spacy_stablediff.tune(nlp, texts, [name], epochs=1, keep=0.0)
    assert all(0 <= value <= 1 for value in [tuning.clean, *tuning.after.values()])
    assert predictions(reloaded(nlp, tmp_path)) == predictions(nlp)


@pytest.mark.parametrize("key", ["sc", "names"])
def test_spans_are_scored_whatever_their_key(key):
    nlp = spacy.blank("en")
    config = {"spans_key": key, "threshold": 0.0}
    nlp.add_pipe("spancat", config=config).add_label("NAME")
    examples = annotated_examples(nlp)
    for eg in examples:
        eg.reference.spans[key] = []
    nlp.initialize(lambda: examples)
    assert measure_agreement(nlp, ["spancat"], examples) == 0.0
    for eg in examples:
        found = nlp(eg.text)
        spans = [Span(eg.reference, it.start, it.end, it.label) for it in found.spans[key]]
        eg.reference.spans[key] = spans
    assert measure_agreement(nlp, ["spancat"], examples) == 1.0


def test_a_component_that_spacy_does_not_choose_by_is_tuned_by_all_its_scores():
    nlp = trained("ner", steps=60)
    examples = annotated_examples(nlp)
    scores = nlp.get_pipe("ner").score([Example(nlp(eg.text), eg.reference) for eg in examples])
    assert measure_agreement(nlp, ["ner"], examples) == scores["ents_f"]
    meta = nlp.get_pipe_meta("ner")
    nlp._pipe_meta["ner"] = replace(meta, default_score_weights={})
    every = [scores[f"ents_{which}"] for which in "prf"]
    assert measure_agreement(nlp, ["ner"], examples) == pytest.approx(sum(every) / 3)


def test_what_cannot_be_scored_is_not_tuned():
    nlp = trained("ner")
    nlp.get_pipe("ner").scorer = None
    with pytest.raises(ValueError, match=r"\[SD194\].*Those are: none"):
        choose_components(nlp, ["ner"])


@pytest.mark.parametrize("kind", ["texts", "gold"])
def test_text_classifiers_are_tuned_beside_others(kind):
    nlp = spacy.blank("en")
    texts = [eg.text for eg in examples_for(nlp)] * 4
    labels = {"textcat": ["GOOD", "BAD"], "topics": ["FOOD", "STAFF"]}
    for name, own in labels.items():
        classifier = add_textcat(nlp, EMBEDDING, name=name)
        for label in own:
            classifier.add_label(label)
    gold = [nlp.make_doc(text) for text in texts]
    for doc in gold:
        doc.cats = {"GOOD": 1.0, "BAD": 0.0, "FOOD": 0.0, "STAFF": 1.0}
    nlp.initialize()
    tuning = spacy_stablediff.tune(nlp, texts if kind == "texts" else gold, epochs=1)
    assert tuning.components == ["textcat", "topics"]
    assert all(set(doc.cats) == {"GOOD", "BAD", "FOOD", "STAFF"} for doc in gold)


def test_components_before_annotate_what_embeddings_read():
    nlp = trained("textcat")
    nlp.add_pipe("sentencizer", first=True)
    attach(nlp, "textcat", boundaries="sentence")
    tuning = spacy_stablediff.tune(nlp, TEXTS, epochs=1)
    assert tuning.components == ["textcat"]


@pytest.mark.parametrize("attr, runs", [("POS", True), ("SHAPE", False)])
def test_components_run_where_embeddings_read_their_annotation(attr, runs):
    nlp = spacy.blank("en")
    nlp.add_pipe("entity_ruler")
    attrs = {"attrs": ["NORM", attr], "rows": [500, 100], "include_static_vectors": False}
    embed = {"@architectures": "spacy.MultiHashEmbed.v2", "width": 32, **attrs}
    encode = {"@architectures": "spacy.MaxoutWindowEncoder.v2", "width": 32, "depth": 1}
    encode |= {"window_size": 1, "maxout_pieces": 2}
    tok2vec = {"@architectures": "spacy.Tok2Vec.v2", "embed": embed, "encode": encode}
    add_textcat(nlp, tok2vec)
    examples = examples_for(nlp)
    nlp.initialize(lambda: examples)
    annotate(nlp, find_annotators(nlp, {"textcat": nlp.get_pipe("textcat").model}), examples)
    assert all(eg.predicted.has_annotation("ENT_IOB") == runs for eg in examples)


def test_words_of_later_texts_are_counted_as_well():
    nlp = trained("ner")
    for word in ("terrific", "marvellous"):
        texts = [f"{word} {text}" for text in TEXTS]
        spacy_stablediff.tune(nlp, texts, epochs=1, keep=0.0)
    for layer in find_layers(nlp.get_pipe("ner")):
        nodes = {nlp.vocab.strings[norm] for norm in next(find_words(layer)).known.tolist()}
        assert {"terrific", "marvellous"} <= nodes


# Choosing.


def chooser(nlp, keep):
    held_out = split(read_texts(nlp, TEXTS).examples).held_out
    choose = Chooser(nlp, ["ner"], held_out, keep=keep, seed=0)
    embedding = prepare(nlp, "ner", [], [])
    choose.begin({"ner": embedding})
    return choose, embedding


def disturb(embedding, part, by=1.0):
    rng = numpy.random.default_rng(0)
    for node in embedding.get_ref(part).walk():
        for name in node.param_names:
            value = node.get_param(name)
            node.set_param(name, value + by * rng.normal(size=value.shape).astype("float32"))


@pytest.mark.parametrize("part", ["tok2vec", "single_case"])
def test_what_is_no_better_is_forgotten(part):
    nlp = trained("ner", steps=60)
    choose, embedding = chooser(nlp, keep=1.0)
    before = predictions(nlp)
    disturb(embedding, part, by=10.0)
    choose.check()
    choose.restore()
    assert predictions(nlp) == before


def test_the_best_of_both_parts_is_kept_apart():
    nlp = trained("ner")
    choose, embedding = chooser(nlp, keep=0.0)
    values = iter([0.5, 0.6, 0.4, 0.3])
    choose._measure_single_case = lambda: next(values)
    choose._measure_mixed = lambda: -1.0
    choose.cased_steadiness = 0.55
    disturb(embedding, "tok2vec")
    disturb(embedding, "single_case")
    learned = choose._read()
    choose.check()
    for key, value in choose.best.items():
        half = choose.first[key] + 0.5 * (learned[key] - choose.first[key])
        expected = half if key in choose.apart else choose.first[key]
        assert numpy.array_equal(value, expected)
    assert any(not numpy.array_equal(choose.best[k], v) for k, v in choose.first.items())


# What it refuses.


@pytest.mark.parametrize(
    "settings",
    [
        {"epochs": 0},
        {"epochs": 1.5},
        {"learn_rate": 0.0},
        {"keep": 1.1},
        {"keep": "all"},
        {"seed": -1},
    ],
)
def test_refuses_settings_out_of_bounds(settings):
    (name,) = settings
    with pytest.raises(ValueError, match=rf"\[SD195\] The setting '{name}'"):
        spacy_stablediff.tune(spacy.blank("en"), TEXTS, **settings)


def test_the_pipeline_may_not_be_empty():
    with pytest.raises(ValueError, match=r"\[SD194\].*none"):
        spacy_stablediff.tune(spacy.blank("en"), TEXTS)


def test_documents_may_be_without_annotation():
    nlp = trained("ner")
    docs = [Doc(nlp.vocab, words=["Lumo", "again"]) for _ in range(12)]
    assert spacy_stablediff.tune(nlp, docs, epochs=1).texts == 11
