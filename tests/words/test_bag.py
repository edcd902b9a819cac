"""Bags of words in which new words are divided among words that are spelt nearly alike."""

import numpy
import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.attrs import LOWER
from spacy.training import Example
from thinc.api import fix_random_seed

from spacy_stablediff.edits.augmenter import Edits
from spacy_stablediff.recommended import ENSEMBLE_BAG
from spacy_stablediff.wiring.nodes import find_node
from spacy_stablediff.words.bag import WordGraphBOW
from spacy_stablediff.words.explain import explain_words
from spacy_stablediff.words.known import find_words

from ..pipelines import EMBEDDING, bag_of_words

ARCHITECTURE = "spacy-stablediff.WordGraphBOW.v1"
BOW = bag_of_words(length=4096)
POSITIVE = ["What a wonderful evening", "Wonderful food", "It was a wonderful place"] * 2
NEGATIVE = ["What a dreadful evening", "Dreadful food", "It was a dreadful place"] * 2
TEXTS = POSITIVE + NEGATIVE


def bag_pipeline(factory="textcat", bow=BOW, **settings):
    """An untrained text classifier; with settings, or none, around its bag of words."""
    nlp = spacy.blank("en")
    wrapped = {"@architectures": ARCHITECTURE, "bow": bow, **settings}
    nlp.add_pipe(factory, config={"model": wrapped})
    return nlp


def examples_of(nlp):
    return [
        Example.from_dict(nlp.make_doc(text), {"cats": {"GOOD": good, "BAD": 1.0 - good}})
        for texts, good in [(POSITIVE, 1.0), (NEGATIVE, 0.0)]
        for text in texts
    ]


def train(nlp, steps=100):
    fix_random_seed(0)
    examples = examples_of(nlp)
    nlp.initialize(lambda: examples)
    for _ in range(steps):
        nlp.update(examples)
    return nlp


def plain_pipeline(bow=BOW):
    nlp = spacy.blank("en")
    nlp.add_pipe("textcat", config={"model": bow})
    return nlp


@pytest.fixture(scope="module")
def nlp():
    return train(bag_pipeline())


def rows_of(nlp, text):
    """The sums of the rows of weights, before the softmax."""
    bow = find_node(nlp.get_pipe("textcat").model, "word_graph_bow")
    sums = []
    linear = find_node(bow, "sparse_linear")
    forward = linear._func
    linear._func = lambda model, X, is_train: sums.append(forward(model, X, is_train)) or sums[-1]
    try:
        bow.predict([nlp.make_doc(text)])
    finally:
        linear._func = forward
    return sums[0][0][0]


def test_a_new_word_has_the_weighted_mean_of_the_rows_of_those_it_is_made_of(nlp):
    (word,) = explain_words(nlp, "a wondreful")
    assert word.text == "wondreful" and {form for form, _ in word.sources} >= {"wonderful"}
    bias = rows_of(nlp, "")
    parts = [weight * (rows_of_own(nlp, form) - bias) for form, weight in word.sources]
    expected = rows_of_own(nlp, "a") + sum(parts)
    assert numpy.allclose(rows_of(nlp, "a wondreful"), expected, atol=1e-5)


def rows_of_own(nlp, word):
    """A word's own row and the bias, as spaCy's bag of words looks them up."""
    bow = find_node(nlp.get_pipe("textcat").model, "word_graph_bow").layers[0]
    ngrams = find_node(bow, "extract_ngrams").predict([nlp.make_doc(word)])
    return find_node(bow, "sparse_linear").predict(ngrams)[0]


@pytest.mark.parametrize("text", ["What a wondreful evening", "A WONDERFUL EVENING", "Wonderfull"])
def test_misspelt_words_and_lost_case_count_as_the_words_that_are_meant(nlp, text):
    plain = train(plain_pipeline())
    assert nlp(text).cats["GOOD"] > plain(text).cats["GOOD"] + 0.05


@pytest.mark.parametrize("ngram_size", [1, 3])
def test_texts_of_seen_words_score_as_in_the_bag_of_words_alone(ngram_size):
    bow = {**BOW, "ngram_size": ngram_size}
    ours, plain = train(bag_pipeline(bow=bow)), train(plain_pipeline(bow))
    for text in [*TEXTS, ""]:
        assert ours(text).cats == pytest.approx(plain(text).cats)


def test_longer_ngrams_read_a_word_as_its_weightiest_form():
    nlp = train(bag_pipeline(bow={**BOW, "ngram_size": 2}))
    # What "evening" adds: its own row, and that of its pair with the word before it.
    meant, typed = (
        rows_of(nlp, f"What {word} evening") - rows_of(nlp, f"What {word}")
        for word in ("wonderful", "wonderfull")
    )
    assert numpy.allclose(meant, typed, atol=1e-5) and numpy.abs(meant).max() > 1e-3


WORDS = ["a", "wonderful", "wondreful", "Dreadful", "dredful", "EVENING", "foood", "x", "🙂"]
BATCHES = st.lists(
    st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join), min_size=1, max_size=5
)


@pytest.fixture(scope="module")
def pairs():
    return train(bag_pipeline(bow={**BOW, "ngram_size": 2}))


@given(texts=BATCHES)
def test_a_text_scores_alike_alone_and_in_a_batch(pairs, texts):
    together = [doc.cats["GOOD"] for doc in pairs.pipe(texts) if len(doc)]
    alone = [pairs(text).cats["GOOD"] for text in texts if text]
    assert numpy.allclose(together, alone, atol=1e-5)


def test_pairs_of_words_are_learned_where_a_text_is_empty(pairs):
    """spaCy's own bag can't count them there."""
    examples = [
        Example.from_dict(pairs.make_doc(text), {"cats": {"GOOD": 1}}) for text in ("", "a b")
    ]
    assert pairs.update(examples)["textcat"] > 0


def test_prediction_teaches_no_words(nlp):
    (words,) = find_words(nlp.get_pipe("textcat"))
    before = dict(words.texts)
    nlp("never seen anywhere")
    assert words.texts == before and "wonderful" in before.values()


def test_edited_copies_teach_the_words_that_they_were_made_from(nlp):
    (words,) = find_words(nlp.get_pipe("textcat"))
    (copy,) = Edits(typo=1.0)(nlp, Example.from_dict(nlp.make_doc("quite another text"), {}))
    nlp.get_pipe("textcat").model.begin_update([copy.predicted])
    assert {"quite", "another"} < set(words.texts.values())
    assert not {token.text for token in copy.predicted} & set(words.texts.values())


def test_words_are_forgotten_where_training_begins_anew():
    nlp = train(bag_pipeline())
    nlp.initialize(lambda: examples_of(nlp))
    (words,) = find_words(nlp.get_pipe("textcat"))
    assert not words.texts


def test_saved_pipelines_score_alike(nlp, tmp_path):
    nlp.to_disk(tmp_path)
    loaded = spacy.load(tmp_path)
    for text in ["a wondreful evening", "A DREADFUL PLACE"]:
        assert loaded(text).cats == nlp(text).cats


def test_labels_can_be_added_to_a_trained_classifier(tmp_path):
    nlp = train(bag_pipeline())
    nlp.get_pipe("textcat").add_label("MIXED")
    assert set(nlp("a wondreful evening").cats) == {"GOOD", "BAD", "MIXED"}
    nlp.to_disk(tmp_path)
    assert spacy.load(tmp_path)("a wondreful evening").cats == nlp("a wondreful evening").cats


def test_where_no_label_can_be_added_spacy_says_so():
    fixed = {key: value for key, value in BOW.items() if key != "length"}
    nlp = train(bag_pipeline(bow={**fixed, "@architectures": "spacy.TextCatBOW.v1"}))
    with pytest.raises(ValueError, match="E922"):
        nlp.get_pipe("textcat").add_label("MIXED")


def test_several_labels_at_once():
    bow = {**BOW, "exclusive_classes": False}
    nlp = train(bag_pipeline("textcat_multilabel", bow))
    assert nlp("a wondreful evening").cats["GOOD"] > nlp("a dredful evening").cats["GOOD"]


def ensemble_pipeline(factory, *, exclusive, **settings):
    nlp = spacy.blank("en")
    bow = {**BOW, "exclusive_classes": exclusive}
    ensemble = {
        "@architectures": "spacy.TextCatEnsemble.v2",
        "tok2vec": EMBEDDING,
        "linear_model": {"@architectures": ARCHITECTURE, "bow": bow, **settings},
    }
    nlp.add_pipe(factory, config={"model": ensemble})
    return train(nlp)


def test_the_linear_model_of_an_ensemble(tmp_path):
    nlp = ensemble_pipeline("textcat_multilabel", exclusive=False)
    bag = find_node(nlp.get_pipe("textcat_multilabel").model, "word_graph_bow")
    mistyped, scores = nlp.make_doc("a wondreful evening"), nlp("a wondreful evening").cats
    plain = bag.layers[0].predict([mistyped])
    assert numpy.abs(bag.predict([mistyped]) - plain).max() > 1e-4
    nlp.to_disk(tmp_path)
    assert spacy.load(tmp_path)("a wondreful evening").cats == scores


def test_with_exclusive_classes_spacy_never_trains_the_linear_model_of_an_ensemble():
    """Which is why `stablediff add` sets `init_std`. Should this fail, spaCy has mended it."""
    nlp = ensemble_pipeline("textcat", exclusive=True)
    assert numpy.abs(get_weights(nlp)).max() < 1e-3


def get_weights(nlp):
    return find_node(nlp.get_pipe("textcat").model, "sparse_linear").get_param("W")


def test_from_random_weights_the_linear_model_of_an_ensemble_learns():
    nlp = ensemble_pipeline("textcat", exclusive=True, init_std=ENSEMBLE_BAG["init_std"])
    bag = find_node(nlp.get_pipe("textcat").model, "word_graph_bow")
    wonderful, dreadful = (bag.predict([nlp.make_doc(word)])[0] for word in WORDS[1:4:2])
    moved = numpy.abs(wonderful - dreadful)
    assert (moved > 0.05).all(), moved


def test_random_weights_have_the_spread_that_is_asked_for():
    nlp = bag_pipeline(init_std=0.05)
    nlp.initialize(lambda: examples_of(nlp))
    weights = get_weights(nlp)
    assert numpy.isclose(weights.std(), 0.05, rtol=0.05) and weights.dtype == "float32"
    nlp = bag_pipeline()
    nlp.initialize(lambda: examples_of(nlp))
    assert not get_weights(nlp).any()


def test_settings_reach_the_graph():
    kept = train(bag_pipeline(keep=["wondreful"], pairs={"super": "wonderful"}))
    assert explain_words(kept, "a wondreful evening") == []
    (word,) = explain_words(kept, "a super evening")
    assert word.sources[0][0] == "wonderful"
    assert explain_words(train(bag_pipeline(time=0.0)), "a wondreful evening") == []


@pytest.mark.parametrize(
    "setting, value",
    [("time", -1.0), ("distance", 3), ("keep", "a"), ("pairs", []), ("init_std", -0.1)],
)
def test_wrong_settings_are_refused_by_name(setting, value):
    with pytest.raises(ValueError, match=rf"\[SD030\] {ARCHITECTURE}.*'{setting}'"):
        WordGraphBOW(spacy.registry.resolve({"m": BOW})["m"], **{setting: value})


def test_a_model_that_counts_no_words_is_refused():
    model = spacy.registry.resolve({"m": {"@layers": "Softmax.v1"}})["m"]
    with pytest.raises(ValueError, match=r"\[SD078\].*softmax"):
        WordGraphBOW(model)


def test_words_may_be_counted_by_another_attribute():
    """spaCy's own bags count by ORTH, those of others may be by LOWER."""
    nlp = train(bag_pipeline())
    ngrams = find_node(nlp.get_pipe("textcat"), "extract_ngrams")
    ngrams.attrs.update(attr=LOWER, ngram_size=2)
    clean, typo = "WONDERFUL Food it was", "WONDERFUL Food it wass"
    alone = nlp(clean).cats["GOOD"]
    together = [doc.cats["GOOD"] for doc in nlp.pipe([clean, typo])]
    assert explain_words(nlp, typo) and together == pytest.approx([alone, alone], abs=1e-6)
