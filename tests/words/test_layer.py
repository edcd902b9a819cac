"""Embeddings in which rare words share the vector of the unknown word."""

import copy
import pickle

import numpy
import pytest
import spacy
from spacy.training import Example
from thinc.api import Adam

from spacy_stablediff.edits.alignment import RECORD
from spacy_stablediff.words.layer import LAYER, UNKNOWN, KnownWordsTok2Vec, find_layers

from ..pipelines import EMBEDDING, add_textcat, examples_for, train

KNOWN_WORDS = {
    "@architectures": "spacy-stablediff.KnownWordsTok2Vec.v1",
    "tok2vec": EMBEDDING,
    "min_count": 2,
}
CATS = {"cats": {"POS": 1.0, "NEG": 0.0}}


def known_words_pipeline(min_count=2, embedding=EMBEDDING, lang="en", **settings):
    nlp = spacy.blank(lang)
    model = {**KNOWN_WORDS, "tok2vec": embedding, "min_count": min_count, **settings}
    nlp.add_pipe("tok2vec", config={"model": model})
    add_textcat(nlp)
    return nlp


def learn(nlp, texts):
    """Train on texts, without a step."""
    nlp.update([Example.from_dict(nlp.make_doc(text), CATS) for text in texts], sgd=False)


def trained_on(texts, min_count=2, **settings):
    nlp = known_words_pipeline(min_count, **settings)
    nlp.initialize(lambda: [Example.from_dict(nlp.make_doc("ok"), CATS)])
    learn(nlp, texts)
    return nlp


def embed(nlp, text):
    return nlp.get_pipe("tok2vec").predict([nlp.make_doc(text)])[0]


def embed_in_training(nlp, text):
    """The same in training, as of an edited copy, which teaches no words."""
    doc = nlp.make_doc(text)
    doc.user_data[RECORD] = {}
    return nlp.get_pipe("tok2vec").model.begin_update([doc])[0][0]


def words_of(nlp, name="tok2vec"):
    (layer,) = find_layers(nlp.get_pipe(name))
    return layer.attrs["words"]


def known_words_of(nlp, name):
    return sorted(nlp.vocab.strings[int(word)] for word in words_of(nlp, name).known)


def known_words(nlp):
    return known_words_of(nlp, "tok2vec")


def test_words_seen_less_often_than_min_count_share_a_norm():
    nlp = trained_on(["never again", "Never mind", "again lost"])
    # All differ in nothing but the word: prefix, suffix and shape are the same.
    known, unknown, other = embed(nlp, "again"), embed(nlp, "aahain"), embed(nlp, "abbain")
    assert numpy.array_equal(unknown, other) and not numpy.allclose(known, unknown)
    assert known_words(nlp) == ["again", "never"]


@pytest.mark.parametrize("min_count", [1, 3])
def test_min_count_says_how_often(min_count):
    nlp = trained_on(["a b", "b a", "a c"], min_count)
    expected = {1: ["a", "b", "c"], 3: ["a"]}[min_count]
    assert known_words(nlp) == expected


def test_known_words_are_embedded_as_without_the_wrapper():
    nlp = trained_on(["never again", "again never"])
    wrapped = nlp.get_pipe("tok2vec").model
    (layer,) = [node for node in wrapped.walk() if node.name == LAYER]
    plain = wrapped.copy()
    plain.replace_node(
        *[node for node in plain.walk() if node.name == LAYER],
        layer.layers[0],
    )
    docs = [nlp.make_doc("again never"), nlp.make_doc(""), nlp.make_doc("never")]
    for a, b in zip(wrapped.predict(docs), plain.predict(docs), strict=True):
        assert numpy.array_equal(a, b)


def test_no_document_changes():
    nlp = trained_on(["never again", "again never"])
    doc = nlp("Strange words")
    assert [token.norm_ for token in doc] == ["strange", "words"]


@pytest.mark.parametrize("how", ["disk", "bytes"])
def test_known_words_are_saved_and_loaded(how, tmp_path):
    nlp = trained_on(["never again", "never mind"])
    if how == "disk":
        nlp.to_disk(tmp_path)
        loaded = spacy.load(tmp_path)
    else:
        loaded = known_words_pipeline().from_bytes(nlp.to_bytes())
    assert numpy.array_equal(known_words(loaded), known_words(nlp))
    assert numpy.array_equal(embed(loaded, "never mnid"), embed(nlp, "never mnid"))


def test_words_are_forgotten_with_the_weights():
    nlp = trained_on(["never again", "never mind"])
    nlp.initialize(lambda: examples_for(nlp))
    assert known_words(nlp) == []
    learn(nlp, ["lost lost"])
    assert known_words(nlp) == ["lost"]


def test_trained_words_stay_known_while_other_components_are_initialized():
    nlp = trained_on(["never again", "never mind"])
    with nlp.select_pipes(disable=["tok2vec"]):
        nlp.initialize(lambda: examples_for(nlp))
    assert known_words(nlp) == ["never"]


def test_words_are_counted_whoever_trains_them():
    """Without a component of this package, in a component's own embedding, after a source."""
    own = spacy.blank("en")
    add_textcat(own, KNOWN_WORDS)
    for nlp, name in ((known_words_pipeline(), "tok2vec"), (own, "textcat")):
        train(nlp, steps=2)
        assert len(words_of(nlp, name).known)
    sourced = spacy.blank("en")
    sourced.add_pipe("textcat", source=own)
    before = words_of(own, "textcat").counts["never"]
    learn(sourced, ["never xylo", "xylo"])
    assert "xylo" in known_words_of(sourced, "textcat") and before == 0


def test_edited_copies_teach_no_words():
    nlp = known_words_pipeline(min_count=1)
    typos = {"@augmenters": "spacy-stablediff.edits.v1", "typo": 1.0, "swap": 0.0, "drop": 0.0}
    nlp.add_pipe("stabilizer", config={"augmenter": typos}, after="tok2vec")
    nlp.initialize(lambda: examples_for(nlp))
    examples = examples_for(nlp)
    nlp.update(examples)
    assert set(known_words(nlp)) == {token.norm_ for eg in examples for token in eg.predicted}


def test_a_frozen_embedding_learns_no_words(tmp_path):
    trained_on(["never again", "never mind"]).to_disk(tmp_path)
    nlp = spacy.load(tmp_path)
    nlp.update(examples_for(nlp), exclude=["tok2vec"], annotates=["tok2vec"])
    assert known_words(nlp) == ["never"]


def test_without_training_words_are_embedded_as_they_are():
    nlp = known_words_pipeline()
    nlp.initialize(lambda: examples_for(nlp))
    assert not numpy.allclose(embed(nlp, "aahain"), embed(nlp, "abbain"))


def test_training_learns_the_vector_of_the_unknown_word():
    nlp = known_words_pipeline()
    train(nlp, steps=1)
    before = embed(nlp, "Xzqqt")
    for _ in range(3):
        nlp.update(examples_for(nlp), sgd=Adam(0.01))
    assert not numpy.allclose(before, embed(nlp, "Xzqqt"))


def test_other_languages_long_and_empty_documents():
    nlp = trained_on(["Straße 🙂 🙂", "Straße"], lang="de")
    assert embed(nlp, "🙂 Straße Strasse").shape == (3, 16)
    assert embed(nlp, "").shape == (0, 16)
    assert embed(nlp, "ja " * 50_000).shape[0] == 50_000


def test_copies_processes_and_memory_zones_know_the_same_words():
    nlp = known_words_pipeline()
    train(nlp)
    texts = ["Brightmoor lost my bkie", "", "nver again"]
    expected = [doc.cats for doc in nlp.pipe(texts)]
    with nlp.memory_zone():
        assert [doc.cats for doc in nlp.pipe(texts)] == expected
    loaded = known_words_pipeline().from_bytes(nlp.to_bytes())
    for same in (copy.deepcopy(loaded), pickle.loads(pickle.dumps(loaded))):
        assert [doc.cats for doc in same.pipe(texts)] == expected
    assert [doc.cats for doc in loaded.pipe(texts, n_process=2)] == expected


def test_replaced_listeners_know_the_same_words():
    nlp = known_words_pipeline()
    nlp.add_pipe("stablediff", after="tok2vec")
    train(nlp)
    texts = ["Brightmoor lost my bkie", "nver again"]
    expected = [doc.cats for doc in nlp.pipe(texts)]
    nlp.replace_listeners("stablediff", "textcat", ["model.tok2vec"])
    assert [doc.cats for doc in nlp.pipe(texts)] == expected


@pytest.mark.parametrize("setting", ["min_count", "typo_count"])
@pytest.mark.parametrize("value", [0, -1, 1.5, True])
def test_refuses_a_bad_count(setting, value):
    with pytest.raises(ValueError, match=rf"\[SD030\].*'{setting}'"):
        KnownWordsTok2Vec(spacy.registry.resolve({"m": EMBEDDING})["m"], **{setting: value})


def test_refuses_an_embedding_without_words():
    chars = {
        "@architectures": "spacy.Tok2Vec.v2",
        "embed": {
            "@architectures": "spacy.MultiHashEmbed.v2",
            "width": 16,
            "attrs": ["SHAPE"],
            "rows": [100],
            "include_static_vectors": False,
        },
        "encode": {
            "@architectures": "spacy.MaxoutWindowEncoder.v2",
            "width": 16,
            "window_size": 1,
            "maxout_pieces": 2,
            "depth": 1,
        },
    }
    with pytest.raises(ValueError, match=r"\[SD031\]"):
        known_words_pipeline(embedding=chars)


def test_warns_where_no_word_is_known():
    with pytest.warns(UserWarning, match=r"\[SDW07\].* 2 times"):
        trained_on(["all words differ"])("again")
    assert UNKNOWN not in words_of(trained_on(["same same"])).known


# Typos.

OFTEN = ["Brightmoor is happy", "happy once", "I am happy", "happy", "not happy"]


@pytest.mark.parametrize(
    ("typo", "meant"),
    [
        ("hapyp", "happy"),
        ("hsppy too", "happy too"),
        ("hApPy HapPy", "happy Happy"),
        ("brIghtmoor BrightMoor", "brightmoor Brightmoor"),
    ],
)
def test_typos_are_embedded_as_what_is_meant(typo, meant):
    nlp = trained_on(OFTEN)
    assert numpy.array_equal(embed(nlp, typo), embed(nlp, meant))


@pytest.mark.parametrize("word", ["hppy", "nappy", "Hapyp", "onde"], ids=str)
def test_words_of_the_data_names_and_rare_words_are_no_typos(word):
    nlp = trained_on([*OFTEN, "hppy nappy"])
    assert numpy.array_equal(embed(nlp, word), embed_in_training(nlp, word))


@pytest.mark.parametrize(
    ("typo_count", "corrects"), [(1, True), (5, True), (6, False), (None, False)]
)
def test_typo_count_says_how_often_the_word_is_seen_that_is_meant(typo_count, corrects):
    nlp = trained_on(OFTEN, typo_count=typo_count)
    assert numpy.array_equal(embed(nlp, "hapyp"), embed(nlp, "happy")) == corrects


def test_training_sees_typos_as_they_are():
    nlp = trained_on(OFTEN)
    as_it_is = embed_in_training(nlp, "hapyp")
    assert not numpy.allclose(as_it_is, embed(nlp, "happy"))
    assert not numpy.allclose(as_it_is, embed_in_training(nlp, "happy"))


def test_typos_stay_in_the_document():
    doc = trained_on(OFTEN)("hapyp HapPy")
    assert doc.text == "hapyp HapPy" and [token.norm_ for token in doc] == ["hapyp", "happy"]


def test_typos_are_corrected_after_saving_and_loading(tmp_path):
    nlp = trained_on(OFTEN)
    nlp.to_disk(tmp_path)
    loaded = spacy.load(tmp_path)
    assert loaded.config["components"]["tok2vec"]["model"]["typo_count"] == 5
    for text in ("hapyp HapPy", "happy", ""):
        assert numpy.array_equal(embed(loaded, text), embed(nlp, text))


def test_a_batch_of_typos_and_empty_documents():
    nlp = trained_on(OFTEN)
    texts = ["", "hapyp am I", "happy", " ", "not hApPy hapyp"] * 40
    batch = nlp.get_pipe("tok2vec").predict([nlp.make_doc(text) for text in texts])
    for text, vectors in zip(texts, batch, strict=True):
        assert numpy.allclose(vectors, embed(nlp, text), atol=1e-6)
