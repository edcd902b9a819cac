"""Embeddings in which rare words share the vector of the unknown word."""

import copy
import pickle

import numpy
import pytest
import spacy
from spacy.training import Example
from thinc.api import Adam

from spacy_stablediff.known_words import (
    ARCHITECTURE,
    LAYER,
    UNKNOWN,
    KnownWordsTok2Vec,
    know_words,
    make_know_words_callback,
)

from .pipelines import EMBEDDING, add_textcat, examples_for, train

KNOWN_WORDS = {
    "@architectures": "spacy-stablediff.KnownWordsTok2Vec.v1",
    "tok2vec": EMBEDDING,
    "min_count": 2,
}


def known_words_pipeline(min_count=2, embedding=EMBEDDING, lang="en", **settings):
    nlp = spacy.blank(lang)
    model = {**KNOWN_WORDS, "tok2vec": embedding, "min_count": min_count, **settings}
    nlp.add_pipe("tok2vec", config={"model": model})
    nlp.add_pipe("stablediff")
    add_textcat(nlp)
    return nlp


def initialized(texts, min_count=2, **settings):
    nlp = known_words_pipeline(min_count, **settings)
    cats = {"cats": {"POS": 1.0, "NEG": 0.0}}
    nlp.initialize(lambda: [Example.from_dict(nlp.make_doc(text), cats) for text in texts])
    return nlp


def embed(nlp, text):
    return nlp.get_pipe("tok2vec").predict([nlp.make_doc(text)])[0]


def embed_in_training(nlp, text):
    return nlp.get_pipe("tok2vec").model.begin_update([nlp.make_doc(text)])[0][0]


def known_words(nlp):
    (layer,) = [node for node in nlp.get_pipe("tok2vec").model.walk() if node.name == LAYER]
    return layer.attrs["known"]


def test_words_seen_less_often_than_min_count_share_a_norm():
    nlp = initialized(["never again", "Never mind", "again lost"])
    # All differ in nothing but the word: prefix, suffix and shape are the same.
    known, unknown, other = embed(nlp, "again"), embed(nlp, "aahain"), embed(nlp, "abbain")
    assert numpy.array_equal(unknown, other) and not numpy.allclose(known, unknown)
    assert set(known_words(nlp)) == {nlp.vocab.strings["never"], nlp.vocab.strings["again"]}


@pytest.mark.parametrize("min_count", [1, 3])
def test_min_count_says_how_often(min_count):
    nlp = initialized(["a b", "b a", "a c"], min_count)
    expected = {1: ["a", "b", "c"], 3: ["a"]}[min_count]
    assert sorted(nlp.vocab.strings[int(word)] for word in known_words(nlp)) == expected


def test_known_words_are_embedded_as_without_the_wrapper():
    nlp = initialized(["never again", "never again"])
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
    nlp = initialized(["never again", "never again"])
    doc = nlp("Strange words")
    assert [token.norm_ for token in doc] == ["strange", "words"]


@pytest.mark.parametrize("how", ["disk", "bytes"])
def test_known_words_are_saved_and_loaded(how, tmp_path):
    nlp = initialized(["never again", "never mind"])
    if how == "disk":
        nlp.to_disk(tmp_path)
        loaded = spacy.load(tmp_path)
    else:
        loaded = known_words_pipeline().from_bytes(nlp.to_bytes())
    assert numpy.array_equal(known_words(loaded), known_words(nlp))
    assert numpy.array_equal(embed(loaded, "never mnid"), embed(nlp, "never mnid"))


def test_words_are_counted_anew_when_the_pipeline_is_initialized_again():
    nlp = initialized(["never again", "never mind"])
    examples = [Example.from_dict(nlp.make_doc("lost lost"), {"cats": {"POS": 1.0, "NEG": 0.0}})]
    nlp.initialize(lambda: examples)
    assert list(known_words(nlp)) == [nlp.vocab.strings["lost"]]


def test_trained_words_stay_known_while_other_components_are_initialized():
    nlp = initialized(["never again", "never mind"])
    before = known_words(nlp)
    with nlp.select_pipes(disable=["tok2vec"]):
        nlp.initialize(lambda: examples_for(nlp))
    assert numpy.array_equal(known_words(nlp), before)


def test_training_learns_the_vector_of_the_unknown_word():
    nlp = known_words_pipeline()
    train(nlp, steps=1)
    before = embed(nlp, "Xzqqt")
    for _ in range(3):
        nlp.update(examples_for(nlp), sgd=Adam(0.01))
    assert not numpy.allclose(before, embed(nlp, "Xzqqt"))


def test_other_languages_long_and_empty_documents():
    nlp = initialized(["Straße 🙂 🙂", "Straße"], lang="de")
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


def test_refuses_to_train_where_nobody_counted_words():
    nlp = spacy.blank("en")
    nlp.add_pipe("tok2vec", config={"model": KNOWN_WORDS})
    add_textcat(nlp)
    with pytest.raises(ValueError, match=r"\[SD032\].*'stablediff'"):
        train(nlp)


def test_warns_where_no_word_is_known():
    with pytest.warns(UserWarning, match=r"\[SDW07\].*'tok2vec'.* 2 times"):
        initialized(["all words differ"])
    assert UNKNOWN not in known_words(initialized(["same same"]))


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
    nlp = initialized(OFTEN)
    assert numpy.array_equal(embed(nlp, typo), embed(nlp, meant))


@pytest.mark.parametrize("word", ["hppy", "nappy", "Hapyp", "onde"], ids=str)
def test_words_of_the_data_names_and_rare_words_are_no_typos(word):
    nlp = initialized([*OFTEN, "hppy nappy"])
    assert numpy.array_equal(embed(nlp, word), embed_in_training(nlp, word))


@pytest.mark.parametrize(
    ("typo_count", "corrects"), [(1, True), (5, True), (6, False), (None, False)]
)
def test_typo_count_says_how_often_the_word_is_seen_that_is_meant(typo_count, corrects):
    nlp = initialized(OFTEN, typo_count=typo_count)
    assert numpy.array_equal(embed(nlp, "hapyp"), embed(nlp, "happy")) == corrects


def test_training_sees_typos_as_they_are():
    nlp = initialized(OFTEN)
    as_it_is = embed_in_training(nlp, "hapyp")
    assert not numpy.allclose(as_it_is, embed(nlp, "happy"))
    assert not numpy.allclose(as_it_is, embed_in_training(nlp, "happy"))


def test_typos_stay_in_the_document():
    doc = initialized(OFTEN)("hapyp HapPy")
    assert doc.text == "hapyp HapPy" and [token.norm_ for token in doc] == ["hapyp", "happy"]


def test_typos_are_corrected_after_saving_and_loading(tmp_path):
    nlp = initialized(OFTEN)
    nlp.to_disk(tmp_path)
    loaded = spacy.load(tmp_path)
    assert loaded.config["components"]["tok2vec"]["model"]["typo_count"] == 5
    for text in ("hapyp HapPy", "happy", ""):
        assert numpy.array_equal(embed(loaded, text), embed(nlp, text))


def test_a_batch_of_typos_and_empty_documents():
    nlp = initialized(OFTEN)
    texts = ["", "hapyp am I", "happy", " ", "not hApPy hapyp"] * 40
    batch = nlp.get_pipe("tok2vec").predict([nlp.make_doc(text) for text in texts])
    for text, vectors in zip(texts, batch, strict=True):
        assert numpy.allclose(vectors, embed(nlp, text), atol=1e-6)


# Embeddings that are trained already.


@pytest.fixture
def trained(tmp_path):
    """The path of a trained pipeline that knows nothing of unknown words."""
    nlp = spacy.blank("en")
    nlp.add_pipe("tok2vec", config={"model": EMBEDDING})
    add_textcat(nlp)
    train(nlp, steps=2)
    nlp.to_disk(tmp_path / "trained")
    return tmp_path / "trained"


def sourcing_pipeline(path):
    config = known_words_pipeline().config.copy()
    config["components"]["tok2vec"] = {"source": str(path)}
    config["nlp"]["after_pipeline_creation"] = {
        "@callbacks": "spacy-stablediff.know_words.v1",
        "pipes": ["tok2vec"],
    }
    return spacy.util.load_model_from_config(config, auto_fill=True)


def test_a_sourced_embedding_knows_its_words_and_those_of_the_training_data(trained, tmp_path):
    nlp, source = sourcing_pipeline(trained), spacy.load(trained)
    cats = {"cats": {"POS": 1.0, "NEG": 0.0}}
    texts = ["xylo xylo", "rare"]
    examples = [Example.from_dict(nlp.make_doc(text), cats) for text in texts]
    with nlp.select_pipes(disable=["tok2vec"]):
        nlp.initialize(lambda: examples)
    assert numpy.array_equal(embed(nlp, "Brightmoor never"), embed(source, "Brightmoor never"))
    assert numpy.array_equal(embed(nlp, "xylo"), embed(source, "xylo"))
    assert not numpy.allclose(embed(nlp, "rare"), embed(source, "rare"))
    nlp.update(examples, sgd=Adam(0.01))
    nlp.to_disk(tmp_path / "saved")
    loaded = spacy.load(tmp_path / "saved")
    assert loaded.config["components"]["tok2vec"]["model"]["min_count"] == 2
    for text in ("Brightmoor xylo", "rare mistkae BrightMoor"):
        assert numpy.array_equal(embed(loaded, text), embed(nlp, text))


def test_know_words_wraps_once(trained):
    nlp = spacy.load(trained)
    for _ in range(2):
        know_words(nlp, min_count=3)
    assert len(known_words(nlp)) == len({*nlp.vocab.strings})
    config = nlp.config["components"]["tok2vec"]["model"]
    assert config["min_count"] == 3 and config["tok2vec"]["@architectures"] != ARCHITECTURE


def test_refuses_to_know_words_of_other_components(trained):
    nlp = spacy.load(trained)
    nlp.add_pipe("sentencizer")
    for name in ("textcat", "sentencizer"):
        with pytest.raises(ValueError, match=rf"\[SD033\].*'{name}'"):
            know_words(nlp, name)
    with pytest.raises(KeyError, match="E001"):
        know_words(nlp, "embedding")


def test_the_callback_warns_of_components_that_are_missing(trained):
    nlp = spacy.load(trained)
    with pytest.warns(UserWarning, match=r"\[SDW05\].*know_words.v1.*'embedding'"):
        make_know_words_callback(["embedding"])(nlp)
