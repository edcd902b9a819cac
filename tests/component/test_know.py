"""Embeddings that are trained already and learn to tell which words they know."""

import numpy
import pytest
import spacy
from spacy.training import Example
from thinc.api import Adam

from spacy_stablediff import attach, explain_words, know_words
from spacy_stablediff.component.know import make_know_words_callback
from spacy_stablediff.recommended import WORDS
from spacy_stablediff.wiring.embeddings import find_tok2vec
from spacy_stablediff.wiring.nodes import find_node
from spacy_stablediff.wiring.settings import SETTINGS
from spacy_stablediff.words.bag import LAYER as BAG
from spacy_stablediff.words.known import find_words
from spacy_stablediff.words.layer import ARCHITECTURE, IN_TRAINING, find_layers

from ..pipelines import (
    EMBEDDING,
    add_ner,
    add_textcat,
    chain_pipeline,
    ensemble,
    examples_for,
    knowing_bag,
    train,
)


def embed(nlp, text):
    return nlp.get_pipe("tok2vec").predict([nlp.make_doc(text)])[0]


def known_words(nlp):
    (words,) = find_words(nlp.get_pipe("tok2vec"))
    return words.known


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
    config = chain_pipeline(["textcat"]).config.copy()
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
    nlp.update(examples, sgd=False)
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


def embed_by(nlp, name, text):
    return find_tok2vec(nlp.get_pipe(name)).predict([nlp.make_doc(text)])[0]


@pytest.mark.parametrize("is_attached", [False, True])
def test_a_component_that_embeds_for_itself_knows_words(is_attached, tmp_path):
    """Without training, by the words of raw texts alone."""
    nlp = spacy.blank("en")
    add_ner(nlp, EMBEDDING)
    train(nlp, steps=2)
    if is_attached:
        attach(nlp, "ner")
    before = embed_by(nlp, "ner", "I am wonderful xylo")
    know_words(nlp, "ner", min_count=0, texts=["wonderful " * 50, nlp.make_doc("I am")])
    assert numpy.array_equal(embed_by(nlp, "ner", "I am wonderful xylo"), before)
    nlp.to_disk(tmp_path)
    for each in (nlp, spacy.load(tmp_path)):
        (word,) = explain_words(each, "I am wonderfull", component="ner")
        assert word.text == "wonderfull" and word.sources[0][0] == "wonderful"


def test_words_that_a_loaded_pipeline_was_shown_before_are_not_known(trained):
    nlp = spacy.load(trained)
    nlp("wonderfull")
    know_words(nlp, min_count=0, texts=["wonderful " * 50])
    (word,) = explain_words(nlp, "wonderfull")
    assert word.sources[0][0] == "wonderful"


def test_words_that_the_user_says_are_known_are_not_read_as_others(trained):
    nlp = spacy.load(trained)
    know_words(nlp, min_count=0, known=["wonderfull"], texts=["wonderful " * 50])
    assert explain_words(nlp, "wonderfull") == []


@pytest.mark.parametrize("change", [{"time": 0.0}, {"keep": ["Wonderfull"]}], ids=str)
def test_settings_of_the_graph_can_be_changed_later(trained, change, tmp_path):
    nlp = spacy.load(trained)
    know_words(nlp, min_count=0, texts=["wonderful " * 50])
    know_words(nlp, **change)
    nlp.to_disk(tmp_path / "saved")
    for each in (nlp, spacy.load(tmp_path / "saved")):
        assert explain_words(each, "wonderfull") == []
        assert each.config["components"]["tok2vec"]["model"]["min_count"] == 0
    know_words(nlp, time=0.5, keep=[])
    assert explain_words(nlp, "wonderfull") != []


def test_settings_can_be_changed_back_and_stay_where_they_are_not_given(trained):
    nlp = spacy.load(trained)

    def settings():
        return nlp.config["components"]["tok2vec"]["model"]

    know_words(nlp, min_count=0, time=0.1)
    know_words(nlp, distance=1)
    assert settings()["time"] == 0.1 and settings()["distance"] == 1
    know_words(nlp, time=WORDS["time"], distance=WORDS["distance"])
    assert {**settings(), "min_count": WORDS["min_count"]}.items() >= WORDS.items()
    with pytest.raises(ValueError, match=r"\[SD079\].*'min_count'"):
        know_words(nlp, min_count=WORDS["min_count"])


def test_copies_are_diffused_in_training_where_that_is_set_and_after_loading_too(trained, tmp_path):
    nlp = spacy.load(trained)

    def are_diffused(nlp):
        return [
            layer.attrs[SETTINGS][IN_TRAINING] for layer in find_layers(nlp.get_pipe("tok2vec"))
        ]

    know_words(nlp, in_training=True)
    know_words(nlp, time=0.1)
    nlp.to_disk(tmp_path / "saved")
    loaded = spacy.load(tmp_path / "saved")
    assert are_diffused(nlp) == are_diffused(loaded) == [True]
    know_words(loaded, in_training=False)
    assert are_diffused(loaded) == [False]
    assert loaded.config["components"]["tok2vec"]["model"]["in_training"] is False


@pytest.mark.parametrize(
    "wrong",
    [
        *[{"texts": texts} for texts in ("texts.txt", "", 3, ["a", 1])],
        *[{"known": known} for known in ("word", [2])],
    ],
    ids=str,
)
def test_refuses_what_is_no_list_of_texts_or_words(trained, wrong):
    nlp = spacy.load(trained)
    before = nlp.config.to_str()
    (setting,) = wrong
    with pytest.raises(ValueError, match=rf"\[SD081\] The setting '{setting}'"):
        know_words(nlp, min_count=0, **wrong)
    assert nlp.config.to_str() == before and not any(find_layers(nlp.get_pipe("tok2vec")))


def test_documents_of_other_vocabs_are_counted(trained):
    nlp, other = spacy.load(trained), spacy.blank("en")
    docs = [nlp.make_doc("Marvellous"), other.make_doc("wonderful " * 50)]
    know_words(nlp, min_count=0, texts=docs)
    (word,) = explain_words(nlp, "wonderfull")
    assert word.sources[0][0] == "wonderful"


@pytest.mark.parametrize(("setting", "value"), [("min_count", 3), ("word_dropout", 0.5)])
def test_refuses_to_change_what_an_embedding_was_trained_with(trained, setting, value):
    nlp = spacy.load(trained)
    know_words(nlp, min_count=1)
    with pytest.raises(ValueError, match=rf"\[SD079\].*'tok2vec'.*'{setting}'.*{value}"):
        know_words(nlp, **{setting: value})
    with pytest.raises(ValueError, match=r"\[SD030\].*'time'"):
        know_words(nlp, time=-1.0)


def test_a_bag_of_words_beside_the_embedding_knows_no_more_words():
    nlp = spacy.blank("en")
    nlp.add_pipe("textcat", config={"model": ensemble(EMBEDDING, knowing_bag())})
    train(nlp, steps=2)
    know_words(nlp, "textcat", min_count=0, texts=["wondreful " * 50])
    textcat = nlp.get_pipe("textcat")
    bag, (embedding,) = find_node(textcat, BAG), find_layers(textcat)
    for part, counts in ((bag, False), (embedding, True)):
        (words,) = find_words(part)
        assert ("wondreful" in words.texts.values()) == counts


def test_refuses_to_know_words_of_other_components(trained):
    nlp = spacy.load(trained)
    nlp.add_pipe("sentencizer")
    nlp.add_pipe("stablediff")
    for name in ("textcat", "sentencizer", "stablediff"):
        with pytest.raises(ValueError, match=rf"\[SD033\].*'{name}'"):
            know_words(nlp, name)
    with pytest.raises(KeyError, match="E001"):
        know_words(nlp, "embedding")


def test_typos_of_stability_training_are_not_known():
    nlp = spacy.blank("en")
    add_ner(nlp, EMBEDDING)
    typos = {"@augmenters": "spacy-stablediff.edits.v1", "typo": 1.0}
    nlp.add_pipe("stabilizer", config={"augmenter": typos}, first=True)
    examples = examples_for(nlp)
    nlp.initialize(lambda: examples)
    before = set(nlp.vocab.strings)
    losses = nlp.update(examples)
    assert losses["stabilizer"] > 0 and set(nlp.vocab.strings) == before


def test_the_callback_warns_of_components_that_are_missing(trained):
    nlp = spacy.load(trained)
    with pytest.warns(UserWarning, match=r"\[SDW05\].*know_words.v1.*'embedding'"):
        make_know_words_callback(["embedding"])(nlp)


def test_documents_of_another_vocab_make_no_difference_afterwards(trained):
    """Words of an earlier training are spelt in the vocab of the pipeline alone."""
    nlp, other = spacy.load(trained), spacy.load(trained)
    for each in (nlp, other):
        know_words(each, known=["wonderful"], min_count=0, texts=["I am"])
        each.vocab.strings.add("wonderful")
    assert other.get_pipe("tok2vec").predict([spacy.blank("en").make_doc("today")])
    assert [word.text for word in explain_words(nlp, "wonderfull")] == ["wonderfull"]
    assert explain_words(other, "wonderfull") == explain_words(nlp, "wonderfull")
