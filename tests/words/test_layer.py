"""Embeddings in which what training hardly knows is diffused over the graph of words."""

import copy
import pickle

import numpy
import pytest
import spacy
from numpy.testing import assert_allclose
from spacy.tokens import Doc
from spacy.training import Example
from thinc.api import Adam

from spacy_stablediff.edits.augmenter import Edits
from spacy_stablediff.edits.names import Names
from spacy_stablediff.edits.original import record_original
from spacy_stablediff.layers.cased_tok2vec import cased_config
from spacy_stablediff.layers.diffused_tok2vec import diffused_config as diffused_block
from spacy_stablediff.recommended import DIFFUSION
from spacy_stablediff.wiring.nodes import find_node
from spacy_stablediff.wiring.settings import SETTINGS
from spacy_stablediff.words.explain import explain_words
from spacy_stablediff.words.known import LAYER as KNOWN
from spacy_stablediff.words.known import UNKNOWN, find_words
from spacy_stablediff.words.known import trained_on as counting
from spacy_stablediff.words.layer import LAYER, WordGraphTok2Vec, find_layers
from spacy_stablediff.words.lazy import find_mixed
from spacy_stablediff.words.texts import read_texts

from ..pipelines import EMBEDDING, add_textcat, examples_for, train

WORD_GRAPH = {
    "@architectures": "spacy-stablediff.WordGraphTok2Vec.v1",
    "tok2vec": EMBEDDING,
    "min_count": 2,
}
CATS = {"cats": {"POS": 1.0, "NEG": 0.0}}


def word_graph_pipeline(min_count=2, embedding=EMBEDDING, lang="en", **settings):
    nlp = spacy.blank(lang)
    model = {**WORD_GRAPH, "tok2vec": embedding, "min_count": min_count, **settings}
    nlp.add_pipe("tok2vec", config={"model": model})
    add_textcat(nlp)
    return nlp


def diffused_config(embedding):
    return diffused_block(embedding, DIFFUSION, "doc")


def learn(nlp, texts):
    """Train on texts, without a step."""
    nlp.update([Example.from_dict(nlp.make_doc(text), CATS) for text in texts], sgd=False)


def trained_on(texts, min_count=2, **settings):
    nlp = word_graph_pipeline(min_count, **settings)
    nlp.initialize(lambda: [Example.from_dict(nlp.make_doc("ok"), CATS)])
    learn(nlp, texts)
    return nlp


def embed(nlp, text):
    return nlp.get_pipe("tok2vec").predict([nlp.make_doc(text)])[0]


def embed_in_training(nlp, text):
    """The same in training, in which nothing is counted."""
    model = nlp.get_pipe("tok2vec").model
    with counting(model, "counted"):
        return model.begin_update([nlp.make_doc(text)])[0][0]


def words_of(nlp, name="tok2vec"):
    (words,) = find_words(nlp.get_pipe(name))
    return words


def known_words_of(nlp, name):
    return sorted(nlp.vocab.strings[int(word)] for word in words_of(nlp, name).known)


def known_words(nlp):
    return known_words_of(nlp, "tok2vec")


def test_words_seen_less_often_than_min_count_share_a_norm():
    nlp = trained_on(["never again", "Never mind", "again lost"])
    # All differ in nothing but the word: prefix, suffix and shape are the same.
    known, unknown, other = embed(nlp, "again"), embed(nlp, "abbbain"), embed(nlp, "accdain")
    assert numpy.array_equal(unknown, other) and not numpy.allclose(known, unknown)
    assert known_words(nlp) == ["again", "never"]


@pytest.mark.parametrize("min_count", [1, 3])
def test_min_count_says_how_often(min_count):
    nlp = trained_on(["a b", "b a", "a c"], min_count)
    expected = {1: ["a", "b", "c"], 3: ["a"]}[min_count]
    assert known_words(nlp) == expected


def test_a_min_count_of_0_lets_every_word_keep_its_features():
    nlp = trained_on(["once"], min_count=0)
    for text in ("once", "never", "nver once"):
        assert numpy.array_equal(embed(nlp, text), embed_in_training(nlp, text))
    assert count_unknown(nlp, "once never") == 0


def test_seen_words_are_embedded_as_without_the_wrapper():
    nlp = trained_on(["never again", "again never"])
    plain = nlp.get_pipe("tok2vec").model.copy()
    for name in (LAYER, KNOWN):
        (node,) = [node for node in plain.walk() if node.name == name]
        plain.replace_node(node, node.layers[0])
    docs = [nlp.make_doc("again never"), nlp.make_doc(""), nlp.make_doc("never")]
    wrapped = nlp.get_pipe("tok2vec").predict(docs)
    for a, b in zip(wrapped, plain.predict(docs), strict=True):
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
        loaded = word_graph_pipeline().from_bytes(nlp.to_bytes())
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
    add_textcat(own, WORD_GRAPH)
    for nlp, name in ((word_graph_pipeline(), "tok2vec"), (own, "textcat")):
        train(nlp, steps=2)
        assert len(words_of(nlp, name).known)
    sourced = spacy.blank("en")
    sourced.add_pipe("textcat", source=own)
    before = words_of(own, "textcat").tallies["words"].counts["never"]
    learn(sourced, ["never xylo", "xylo"])
    assert "xylo" in known_words_of(sourced, "textcat") and before == 0


def test_edited_copies_teach_no_words():
    nlp = word_graph_pipeline(min_count=1)
    typos = {"@augmenters": "spacy-stablediff.edits.v1", "typo": 1.0, "swap": 0.0, "drop": 0.0}
    nlp.add_pipe("stabilizer", config={"augmenter": typos}, after="tok2vec")
    nlp.initialize(lambda: examples_for(nlp))
    examples = examples_for(nlp)
    nlp.update(examples)
    assert set(known_words(nlp)) == {token.norm_ for eg in examples for token in eg.predicted}


@pytest.mark.parametrize(
    "settings, counted", [({}, "I saw Ann again"), ({"typo": 0.0}, "I saw Ann")]
)
def test_copies_of_a_corpus_augmenter_teach_the_words_that_they_were_made_from(settings, counted):
    nlp = word_graph_pipeline(min_count=1)
    nlp.initialize(lambda: examples_for(nlp))
    edits = Edits(**{"typo": 1.0, "swap": 0.0, "drop": 0.0, **settings})
    example = Example.from_dict(nlp.make_doc(counted), CATS)
    nlp.update([copy for _ in range(3) for copy in edits(nlp, example)])
    assert known_words(nlp) == sorted(counted.lower().split())
    assert set(words_of(nlp).tallies["forms"].counts.values()) == {1}


def test_other_names_of_people_are_words_of_the_training_texts():
    nlp = word_graph_pipeline(min_count=1)
    nlp.initialize(lambda: examples_for(nlp))
    doc = nlp.make_doc("Ann slept")
    example = Example.from_dict(doc, {**CATS, "entities": [(0, 3, "PERSON")]})
    nlp.update(list(Names(names=["Zoë"])(nlp, example)))
    assert known_words(nlp) == ["slept", "zoë"]


def test_a_frozen_embedding_learns_no_words(tmp_path):
    trained_on(["never again", "never mind"]).to_disk(tmp_path)
    nlp = spacy.load(tmp_path)
    nlp.update(examples_for(nlp), exclude=["tok2vec"], annotates=["tok2vec"])
    assert known_words(nlp) == ["never"]


def test_without_training_words_are_embedded_as_they_are():
    nlp = word_graph_pipeline()
    nlp.initialize(lambda: examples_for(nlp))
    assert not numpy.allclose(embed(nlp, "abbbain"), embed(nlp, "accdain"))


def test_training_learns_the_vector_of_the_unknown_word():
    nlp = word_graph_pipeline()
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
    nlp = word_graph_pipeline()
    train(nlp)
    texts = ["Brightmoor lost my bkie", "", "nver again"]
    expected = [doc.cats for doc in nlp.pipe(texts)]
    with nlp.memory_zone():
        assert [doc.cats for doc in nlp.pipe(texts)] == expected
    loaded = word_graph_pipeline().from_bytes(nlp.to_bytes())
    for same in (copy.deepcopy(loaded), pickle.loads(pickle.dumps(loaded))):
        assert [doc.cats for doc in same.pipe(texts)] == expected
    assert [doc.cats for doc in loaded.pipe(texts, n_process=2)] == expected


def test_replaced_listeners_know_the_same_words():
    nlp = word_graph_pipeline()
    nlp.add_pipe("stablediff", after="tok2vec")
    train(nlp)
    texts = ["Brightmoor lost my bkie", "nver again"]
    expected = [doc.cats for doc in nlp.pipe(texts)]
    nlp.replace_listeners("stablediff", "textcat", ["model.tok2vec"])
    assert [doc.cats for doc in nlp.pipe(texts)] == expected


def test_any_embedding_of_spacy_that_looks_up_the_norm_will_do():
    characters = {
        "@architectures": "spacy.CharacterEmbed.v2",
        "width": 16,
        "rows": 100,
        "nM": 4,
        "nC": 4,
        "include_static_vectors": False,
        "feature": "NORM",
    }
    embedding = {**embedding_with_vectors(), "embed": characters}
    nlp = trained_on(OFTEN, embedding=embedding)
    assert known_words(nlp) == ["happy", "i"]
    (word,) = explain_words(nlp, "I am hapyp")
    assert word.sources[0][0] == "happy"


@pytest.mark.parametrize("wrap", [diffused_config, cased_config], ids=["diffused", "cased"])
def test_the_graph_goes_into_the_embeddings_that_another_of_ours_wraps(wrap):
    nlp = trained_on(OFTEN, embedding=wrap(EMBEDDING))
    tok2vec = nlp.get_pipe("tok2vec").model
    assert len(list(find_layers(tok2vec))) == len(list(find_words(tok2vec)))
    docs = [nlp.make_doc(text) for text in ("I am hapyp", "hapyp")]
    for doc, vectors in zip(docs, tok2vec.predict(docs), strict=True):
        assert numpy.allclose(vectors, tok2vec.predict([doc])[0], atol=1e-6)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        *[("min_count", value) for value in (-1, 1.5, True)],
        *[("distance", value) for value in (0, 3, 1.5, True)],
        ("time", 1e10),
        *[(name, value) for name in ("time", "word_dropout") for value in (-1, float("nan"), "1")],
        *[("keep", value) for value in ("hapyp", [""], [3], ["New York"])],
        *[
            ("pairs", value)
            for value in (
                ["hapyp"],
                {"hapyp": 3},
                {"": "happy"},
                {"u r": "are"},
                {"asap": "as soon"},
            )
        ],
        *[("in_training", value) for value in (1, "yes", None)],
    ],
)
def test_refuses_a_bad_setting(setting, value):
    with pytest.raises(ValueError, match=rf"\[SD030\].*'{setting}'"):
        WordGraphTok2Vec(spacy.registry.resolve({"m": EMBEDDING})["m"], **{setting: value})


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
        word_graph_pipeline(embedding=chars)


def test_warns_where_no_word_is_known():
    with pytest.warns(UserWarning, match=r"\[SDW07\].* 2 times"):
        trained_on(["all words differ"])("again")
    assert UNKNOWN not in words_of(trained_on(["same same"])).known


# Word dropout.


def count_unknown(nlp, text, times=400):
    """In how many of so many passes in training the word of a text has the unknown norm."""
    layer = find_node(nlp.get_pipe("tok2vec"), KNOWN)
    with counting(layer, "counted"):
        features, _ = layer([nlp.make_doc(text)] * times, is_train=True)
    column = layer.layers[0].attrs["columns"].index("NORM")
    return sum(int(rows[0, column] == UNKNOWN) for rows in features)


def test_word_dropout_makes_rare_words_unknown_more_often():
    nlp = trained_on(["once", *["often " * n for n in range(1, 8)]], min_count=1, word_dropout=1.0)
    numpy.random.seed(0)
    assert 150 < count_unknown(nlp, "once") < 250  # 1 / (1 + 1)
    assert 2 < count_unknown(nlp, "often") < 30  # 1 / (1 + 28)
    assert count_unknown(trained_on(["once"], min_count=1), "once") == 0


def test_word_dropout_needs_words_that_may_be_unknown():
    with pytest.raises(ValueError, match=r"\[SD030\].*'word_dropout'.*'min_count' is 0"):
        word_graph_pipeline(min_count=0, word_dropout=1.0)


def test_word_dropout_is_for_training_alone():
    nlp = trained_on(["once"], min_count=1, word_dropout=1e6)
    layer = find_node(nlp.get_pipe("tok2vec"), KNOWN)
    dropped = embed_in_training(nlp, "once")
    assert not numpy.allclose(embed(nlp, "once"), dropped)
    layer.attrs[SETTINGS]["word_dropout"] = 0.0
    assert numpy.array_equal(embed(nlp, "once"), embed_in_training(nlp, "once"))


def test_settings_are_those_of_the_config_that_a_pipeline_is_loaded_with(tmp_path):
    nlp = trained_on(["once"], min_count=1)
    nlp.to_disk(tmp_path)
    changes = {"time": 0.25, "in_training": True, "word_dropout": 0.5}
    config = {f"components.tok2vec.model.{key}": value for key, value in changes.items()}
    loaded = spacy.load(tmp_path, config=config).get_pipe("tok2vec")
    (layer,) = find_layers(loaded)
    assert layer.attrs["graph"].settings["time"] == 0.25
    assert layer.attrs[SETTINGS]["in_training"] is True
    assert find_node(loaded, KNOWN).attrs[SETTINGS]["word_dropout"] == 0.5
    assert known_words(nlp) == known_words(spacy.load(tmp_path, config=config))


# Diffusion over the graph of words.

OFTEN = ["Brightmoor is happy", "happy once", "I am happy", "happy", "not happy", "happy I"]


def embedding_before_context(nlp, text):
    """What is diffused: the embedding of each word, before its context is encoded."""
    (layer,) = find_layers(nlp.get_pipe("tok2vec"))
    return layer.layers[0].predict([nlp.make_doc(text)])[0]


def test_a_new_word_is_the_weighted_mean_of_the_forms_it_is_made_of():
    for nlp in (trained_on(OFTEN), with_vectors()):
        (layer,) = find_layers(nlp.get_pipe("tok2vec"))
        doc = nlp.make_doc("I am hapyp")
        mixed = find_mixed(layer, read_texts([doc]))
        assert mixed.tokens.tolist() == [2] and "happy" in mixed.forms
        expected = mixed.weights @ embedding_before_context(nlp, " ".join(mixed.forms))
        assert numpy.allclose(layer.predict([doc])[0][2], expected, atol=1e-6)
        assert numpy.array_equal(layer.predict([doc])[0][:2], embedding_before_context(nlp, "I am"))


def test_forms_have_the_norms_that_training_gave_them():
    """The tokenizer takes the "ca" of "can't" for "can", and a form alone doesn't tell."""
    nlp = trained_on(["I can't", "Can't I", "I can", "can I"])
    (layer,) = find_layers(nlp.get_pipe("tok2vec"))
    doc = nlp.make_doc("i can't")
    mixed = find_mixed(layer, read_texts([doc]))
    (first, place) = mixed.tokens.tolist()
    assert (first, doc[place].text, doc[place].norm_) == (0, "ca", "can")
    sources, weights = (x[mixed.lengths[0] :] for x in (mixed.sources, mixed.weights))
    texts = [f"{mixed.forms[i]}n't" for i in sources]
    assert sorted(texts) == ["Can't", "can't"]
    rows = [embedding_before_context(nlp, text)[0] for text in texts]
    assert numpy.allclose(layer.predict([doc])[0][place], weights @ rows, atol=1e-6)


def test_forms_have_the_spaces_of_the_words_that_they_stand_for():
    embed = {**embedding_with_vectors()["embed"], "attrs": ["NORM", "SPACY"]}
    embedding = {**embedding_with_vectors(), "embed": {**embed, "include_static_vectors": False}}
    nlp = trained_on(["happy!", "so happy days", "I am happy"], embedding=embedding)
    (layer,) = find_layers(nlp.get_pipe("tok2vec"))
    doc = nlp.make_doc("hapyp! hapyp I")
    mixed = find_mixed(layer, read_texts([doc]))
    assert mixed.tokens.tolist() == [0, 2]
    weights = mixed.weights[: mixed.lengths[0]]
    for token, behind in ((0, "!"), (2, " I")):
        texts = [f"{mixed.forms[i]}{behind}" for i in mixed.sources[: len(weights)]]
        rows = [embedding_before_context(nlp, text)[0] for text in texts]
        assert numpy.allclose(layer.predict([doc])[0][token], weights @ rows, atol=1e-6)
    assert not numpy.allclose(*layer.predict([doc])[0][[0, 2]])


def test_forms_have_the_annotation_of_the_words_that_they_stand_for():
    embed = {**embedding_with_vectors()["embed"], "attrs": ["NORM", "TAG"]}
    embedding = {**embedding_with_vectors(), "embed": {**embed, "include_static_vectors": False}}
    nlp = trained_on(OFTEN, embedding=embedding)
    (layer,) = find_layers(nlp.get_pipe("tok2vec"))
    plain, tagged = (nlp.make_doc("I am hapyp") for _ in range(2))
    tagged[2].tag_ = "JJ"
    mixed = find_mixed(layer, read_texts([tagged]))
    assert mixed.tokens.tolist() == [2] and "happy" in mixed.forms
    forms = Doc(nlp.vocab, words=mixed.forms, tags=["JJ"] * len(mixed.forms))
    rows = layer.layers[0].predict([forms])[0]
    assert_allclose(layer.predict([tagged])[0][2], mixed.weights @ rows[mixed.sources], atol=1e-6)
    assert not numpy.allclose(layer.predict([tagged])[0][2], layer.predict([plain])[0][2])


def embedding_with_vectors():
    return {
        "@architectures": "spacy.Tok2Vec.v2",
        "embed": {
            "@architectures": "spacy.MultiHashEmbed.v2",
            "width": 16,
            "attrs": ["NORM", "SHAPE"],
            "rows": [100, 100],
            "include_static_vectors": True,
        },
        "encode": {
            "@architectures": "spacy.MaxoutWindowEncoder.v2",
            "width": 16,
            "window_size": 1,
            "maxout_pieces": 2,
            "depth": 1,
        },
    }


def with_vectors(*words):
    """A pipeline in which words have static vectors."""
    nlp = word_graph_pipeline(embedding=embedding_with_vectors())
    rng = numpy.random.default_rng(0)
    for word in ("happy", *words):
        nlp.vocab.set_vector(word, rng.normal(size=8).astype("float32"))
    nlp.initialize(lambda: [Example.from_dict(nlp.make_doc("ok"), CATS)])
    learn(nlp, OFTEN)
    return nlp


def diffused(nlp, text):
    return [word.text for word in explain_words(nlp, text)]


def test_a_misspelt_word_without_a_static_vector_takes_part_in_another_ones():
    nlp = with_vectors()
    near = embed(nlp, "am hapyp") - embed(nlp, "am happy")
    far = embed_in_training(nlp, "am hapyp") - embed(nlp, "am happy")
    assert numpy.linalg.norm(near) < 0.8 * numpy.linalg.norm(far)


def test_a_word_with_a_static_vector_is_seen():
    assert diffused(with_vectors(), "I nappy") == ["nappy"]
    assert diffused(with_vectors("nappy"), "I nappy") == []


def test_a_word_that_gets_a_static_vector_is_seen_from_then_on():
    nlp, text = with_vectors(), "I nappy mappy"
    assert diffused(nlp, text) == ["nappy", "mappy"]
    nlp.vocab.set_vector("nappy", numpy.ones(8, dtype="float32"))
    (word,) = explain_words(nlp, text)
    assert word.text == "mappy" and "nappy" in dict(word.sources)


@pytest.mark.parametrize("word", ["hppy", "nappy", "Jenkins", "lost"], ids=str)
def test_words_of_the_data_names_and_others_are_no_typos(word):
    nlp = trained_on([*OFTEN, "hppy nappy"])
    assert numpy.array_equal(embed(nlp, f"I {word}"), embed_in_training(nlp, f"I {word}"))


@pytest.mark.parametrize("text", ["i am happy", "I AM HAPPY"])
def test_a_text_without_case_is_embedded_by_the_forms_that_were_seen(text):
    nlp = trained_on(OFTEN)
    assert numpy.allclose(embed(nlp, text), embed(nlp, "I am happy"), atol=1e-6)


def test_time_0_embeds_words_as_they_are():
    nlp = trained_on(OFTEN, time=0.0)
    for text in ("hapyp I", "i am happy"):
        assert numpy.allclose(embed(nlp, text), embed_in_training(nlp, text), atol=1e-6)


def test_users_say_what_is_left_alone_and_what_is_meant():
    nlp = trained_on(OFTEN, keep=["hapyp"], pairs={"hpy": "happy"})
    assert diffused(nlp, "Am hapyp hpy") == ["hpy"]
    learn(nlp, ["hpy hpy"])  # what the user says counts for seen words as well
    assert diffused(nlp, "Am hapyp Hpy hpy") == ["Hpy", "hpy"]
    assert numpy.allclose(embed(nlp, "I hpy"), embed(nlp, "I happy"), atol=1e-6)


def test_training_sees_typos_as_they_are():
    nlp = trained_on(OFTEN)
    as_it_is = embed_in_training(nlp, "am hapyp")
    assert not numpy.allclose(as_it_is, embed(nlp, "am hapyp"))


def copy_of(nlp, text, edited):
    """A text's edited copy, which keeps a record of it."""
    made = nlp.make_doc(edited)
    record_original(nlp.make_doc(text), made)
    return made


@pytest.mark.parametrize("edited", ["am hapyp", "AM HAPPY", "am happy", "Xyzzy"])
def test_training_may_see_the_words_of_copies_as_prediction_does(edited):
    nlp = trained_on(OFTEN, in_training=True)
    tok2vec, counts = nlp.get_pipe("tok2vec"), words_of(nlp).tallies["forms"].counts.copy()
    docs = [nlp.make_doc("am hapyp"), copy_of(nlp, OFTEN[0], edited), nlp.make_doc("")]
    with counting(tok2vec.model, "counted"):
        clean, copied, empty = tok2vec.model.begin_update(docs)[0]
        assert numpy.array_equal(clean, embed_in_training(nlp, "am hapyp"))
    assert numpy.allclose(copied, embed(nlp, edited), atol=1e-6) and not len(empty)
    assert words_of(nlp).tallies["forms"].counts == counts


def test_gradients_through_the_graph_equal_finite_differences():
    nlp = trained_on(OFTEN, in_training=True)
    model = nlp.get_pipe("tok2vec").model
    docs = [nlp.make_doc(OFTEN[0]), copy_of(nlp, OFTEN[0], "am hapyp jolly")]
    Y, backprop = model.begin_update(docs)
    rng = numpy.random.default_rng(0)
    D = [rng.normal(size=y.shape).astype("f") for y in Y]
    backprop(D)
    weights = [(node, name) for node in model.walk() for name in node.grad_names]
    slopes = [node.get_grad(name).copy() for node, name in weights]
    starts = [node.get_param(name).copy() for node, name in weights]

    def loss(step):
        for (node, name), start, slope in zip(weights, starts, slopes, strict=True):
            node.set_param(name, start + step * slope)
        return sum(
            float((y * d).sum()) for y, d in zip(model.begin_update(docs)[0], D, strict=True)
        )

    size = sum(float((slope**2).sum()) for slope in slopes)
    step = 1e-3 / size**0.5
    assert (loss(step) - loss(-step)) / (2 * step) == pytest.approx(size, rel=0.01)


def test_words_that_are_counted_later_are_boundary_values_too():
    nlp = trained_on(OFTEN)
    assert diffused(nlp, "Am jolyl") == []
    learn(nlp, ["jolly times"])
    assert diffused(nlp, "Am jolyl") == ["jolyl"]


def test_typos_stay_in_the_document():
    doc = trained_on(OFTEN)("hapyp HapPy")
    assert doc.text == "hapyp HapPy" and [token.norm_ for token in doc] == ["hapyp", "happy"]


def test_typos_are_diffused_after_saving_and_loading(tmp_path):
    nlp = trained_on(OFTEN)
    nlp.to_disk(tmp_path)
    loaded = spacy.load(tmp_path)
    assert loaded.config["components"]["tok2vec"]["model"]["distance"] == 2
    for text in ("hapyp HapPy", "happy", ""):
        assert numpy.array_equal(embed(loaded, text), embed(nlp, text))


def test_a_batch_of_typos_and_empty_documents():
    nlp = trained_on(OFTEN)
    texts = ["", "hapyp am I", "happy", " ", "not hApPy hapyp", "i am happy"] * 40
    batch = nlp.get_pipe("tok2vec").predict([nlp.make_doc(text) for text in texts])
    for text, vectors in zip(texts, batch, strict=True):
        assert numpy.allclose(vectors, embed(nlp, text), atol=1e-6)


def test_a_batch_of_documents_of_several_vocabs():
    nlp = trained_on(OFTEN)
    texts = ["am I happy", "hapyp am I", "qwzrtl HAPYP"]
    others = [spacy.blank("en").make_doc(text) for text in texts]
    batch = [nlp.make_doc(texts[0]), *others]
    for order in (batch, batch[::-1]):
        vectors = nlp.get_pipe("tok2vec").predict(order)
        for doc, found in zip(order, vectors, strict=True):
            assert numpy.allclose(found, embed(nlp, doc.text), atol=1e-6)


def test_a_word_that_the_tokenizer_knows_is_no_typo():
    nlp = trained_on(["I am going", "going I", "a gown", "the gown"])
    for text in ("I am gonna", "i am gonna"):
        assert [token.norm_ for token in nlp.make_doc(text)][2] == "going"
        assert "gon" not in diffused(nlp, text)
    assert "gon" in diffused(trained_on(["a gown", "the gown"]), "I am gonna")


def test_a_word_that_the_tokenizer_knows_shifts_no_other_one():
    nlp = trained_on(["I am going", "Rose is a rose", "She is going", "A rose by Rose"])
    for text in ("rose is gonna", "gonna is rose"):
        (word,) = [word for word in explain_words(nlp, text) if word.text == "rose"]
        alone = text.replace("gonna", "going")
        (expected,) = [word for word in explain_words(nlp, alone) if word.text == "rose"]
        assert dict(word.sources) == pytest.approx(dict(expected.sources))


def test_norms_of_other_texts_in_the_batch_make_no_difference():
    """The tokenizer takes the "ca" of "can't" for "can", which training never saw."""
    nlp = trained_on(["I can", "can I", "a cat", "the cat"])
    model = nlp.get_pipe("tok2vec").model
    docs = [nlp.make_doc(text) for text in ("I can't", "I ca a")]
    assert [doc[1].text for doc in docs] == ["ca"] * 2 and docs[0][1].norm != docs[1][1].norm
    for batch in (docs, docs[::-1]):
        for doc, vectors in zip(batch, model.predict(batch), strict=True):
            assert numpy.allclose(vectors, model.predict([doc])[0], atol=1e-6)


@pytest.mark.parametrize(
    "text",
    ["", "\1" * 9 + " hapyp", "😀", " \n", "Это тест", "这个产品很好", "a" * 10_000, "B" * 10_000],
)
def test_texts_that_nobody_expects(text):
    assert numpy.isfinite(embed(trained_on(OFTEN), text)).all()


def test_an_embedding_without_context_is_wrapped_as_a_whole():
    embed_alone = embedding_with_vectors()["embed"] | {"include_static_vectors": False}
    nlp = trained_on(OFTEN, embedding=embed_alone)
    assert nlp.get_pipe("tok2vec").model.name == LAYER
    assert diffused(nlp, "Am hapyp") == ["hapyp"]


def test_nothing_leaks_out_of_a_memory_zone():
    nlp = trained_on(OFTEN)
    for text in ("Am hapyp xqzzt", "am hapyp xqzzy", "AM HAPYP XQZZY"):
        with nlp.memory_zone():
            nlp.get_pipe("tok2vec").predict([nlp.make_doc(text)])
        assert not any("xqz" in string.lower() for string in nlp.vocab.strings)
        assert not any("xqz" in lexeme.text.lower() for lexeme in nlp.vocab)
