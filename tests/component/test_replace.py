"""nlp.replace_listeners: a component gets an embedding of its own, diffused as before."""

import copy

import numpy
import pytest
import spacy
from numpy.testing import assert_allclose
from spacy.language import Language
from spacy.pipeline.tok2vec import Tok2VecListener
from spacy.util import load_model_from_config
from thinc.api import Adam, Config

from ..pipelines import (
    EMBEDDING,
    FIXED_HEAT,
    HEAT,
    IMPLICIT,
    TEXT,
    UNSEEN,
    WIDTH,
    add_ner,
    add_textcat,
    both_layers,
    diffused_tok2vec,
    examples_for,
    find_listener,
    listener,
    moved,
    parameters_of,
    predictions,
    train,
    unread,
    vectors_pipeline,
)
from ..references import dense_heat
from ..runs import assert_trains_on_what_it_will_read


def replaceable_pipeline(suffixes=("",), diffusion=IMPLICIT):
    nlp = spacy.blank("en")
    nlp.add_pipe("tok2vec", config={"model": EMBEDDING})
    for suffix in suffixes:
        nlp.add_pipe("stablediff", name=f"stablediff{suffix}", config={"model": diffusion})
    add_textcat(nlp)
    add_ner(nlp)
    train(nlp)
    return nlp


def ents(nlp):
    return [[(e.text, e.label_) for e in doc.ents] for doc in nlp.pipe(UNSEEN)]


def own_vectors(nlp):
    """What `ner` computes its predictions from, for a text, whoever embeds it."""
    before = nlp.pipe_names[: nlp.pipe_names.index("ner")]
    with nlp.select_pipes(enable=before):
        doc = nlp(TEXT)
    return nlp.get_pipe("ner").model.get_ref("tok2vec").predict([doc])


one_or_two = pytest.mark.parametrize("suffixes", [("",), ("_1", "_2")], ids=["one", "two"])


@one_or_two
@both_layers
def test_replaced_listeners_predict_the_same(suffixes, diffusion, tmp_path):
    nlp = replaceable_pipeline(suffixes, diffusion)
    before, texts = own_vectors(nlp), predictions(nlp)
    nlp.replace_listeners(f"stablediff{suffixes[-1]}", "ner", ["model.tok2vec"])
    assert_allclose(own_vectors(nlp), before, atol=1e-5)
    assert predictions(nlp) == texts
    names = [n.name for n in nlp.get_pipe("ner").model.walk()]
    assert names.count("diffused_tok2vec") == len(suffixes)
    assert "tok2vec-listener" not in names

    block = nlp.config["components"]["ner"]["model"]["tok2vec"]
    for _ in suffixes:
        assert block["@architectures"] == "spacy-stablediff.DiffusedTok2Vec.v1"
        assert block["diffusion"]["@architectures"] == diffusion["@architectures"]
        block = block["tok2vec"]
    assert block == nlp.config["components"]["tok2vec"]["model"]
    nlp.to_disk(tmp_path)
    loaded = spacy.load(tmp_path)
    assert numpy.array_equal(own_vectors(loaded), own_vectors(nlp))
    assert predictions(loaded) == predictions(nlp)


def test_replaced_listeners_no_longer_follow_the_shared_embedding():
    nlp = replaceable_pipeline()
    nlp.replace_listeners("stablediff", "ner", ["model.tok2vec"])
    before = own_vectors(nlp)
    with nlp.select_pipes(disable=["ner"]):
        nlp.update(examples_for(nlp), sgd=Adam(0.01), exclude=["ner"])
    assert numpy.array_equal(own_vectors(nlp), before)


def test_replaced_listeners_train_on():
    nlp = replaceable_pipeline()
    nlp.replace_listeners("stablediff", "ner", ["model.tok2vec"])
    before = parameters_of(nlp, "ner"), parameters_of(nlp, "stablediff")
    for _ in range(2):
        nlp.update(examples_for(nlp), sgd=Adam(0.01))
    after = parameters_of(nlp, "ner"), parameters_of(nlp, "stablediff")
    assert all(moved(before[1], after[1]))
    assert sum(moved(before[0], after[0])) > len(before[0]) / 2
    assert_trains_on_what_it_will_read(nlp, "textcat")


def test_replaced_listeners_do_without_what_is_switched_off():
    nlp = replaceable_pipeline(("_1", "_2"))
    nlp.disable_pipe("stablediff_1")
    before = own_vectors(nlp)
    nlp.replace_listeners("stablediff_2", "ner", ["model.tok2vec"])
    assert_allclose(own_vectors(nlp), before, atol=1e-5)


def test_listeners_replaced_by_the_embedding_itself_get_it_without_diffusion():
    nlp = replaceable_pipeline()
    with nlp.select_pipes(disable=["stablediff"]):
        plain = own_vectors(nlp)
    nlp.replace_listeners("tok2vec", "ner", ["model.tok2vec"])
    assert_allclose(own_vectors(nlp), plain, atol=1e-5)


def test_replaced_listeners_keep_sentence_boundaries():
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.add_pipe("tok2vec", config={"model": EMBEDDING})
    nlp.add_pipe("stablediff", config={"boundaries": "sentence"})
    add_ner(nlp)
    train(nlp, annotates=["sentencizer"])
    before = own_vectors(nlp)
    nlp.replace_listeners("stablediff", "ner", ["model.tok2vec"])
    assert_allclose(own_vectors(nlp), before, atol=1e-5)
    assert nlp.config["components"]["ner"]["model"]["tok2vec"]["boundaries"] == "sentence"


def join_sentences(doc):
    for token in doc[1:]:
        token.is_sent_start = False
    return doc


Language.component("test_join_sentences", func=join_sentences)


def test_replaced_listeners_diffuse_by_the_boundaries_that_they_find():
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.add_pipe("tok2vec", config={"model": EMBEDDING})
    nlp.add_pipe("stablediff", config={"boundaries": "sentence", "model": FIXED_HEAT})
    nlp.add_pipe("test_join_sentences")
    add_textcat(nlp)
    train(nlp, steps=0)
    doc = nlp(TEXT)
    plain = nlp.get_pipe("tok2vec").predict([doc])[0]
    nlp.replace_listeners("stablediff", "textcat", ["model.tok2vec"])
    (own,) = nlp.get_pipe("textcat").model.get_ref("tok2vec").predict([doc])
    assert_allclose(own, dense_heat(plain, [FIXED_HEAT["time"]] * WIDTH), atol=1e-4)
    assert numpy.abs(own - doc.tensor).max() > 0.01


def test_listeners_of_a_diffused_embedding_are_replaced():
    nlp = spacy.blank("en")
    nlp.add_pipe("tok2vec", config={"model": diffused_tok2vec(HEAT)})
    add_ner(nlp)
    train(nlp)
    before = own_vectors(nlp)
    nlp.replace_listeners("tok2vec", "ner", ["model.tok2vec"])
    assert_allclose(own_vectors(nlp), before, atol=1e-5)


def test_listeners_are_replaced_in_a_deep_copy_alone():
    nlp = replaceable_pipeline()
    config, vectors = nlp.config.to_str(), own_vectors(nlp)
    other = copy.deepcopy(nlp)
    other.replace_listeners("stablediff", "ner", ["model.tok2vec"])
    assert_allclose(own_vectors(other), vectors, atol=1e-5)
    assert ents(other) == ents(nlp)
    assert nlp.config.to_str() == config
    assert isinstance(find_listener(nlp, "ner"), Tok2VecListener)
    nlp.replace_listeners("stablediff", "ner", ["model.tok2vec"])
    assert_allclose(own_vectors(nlp), vectors, atol=1e-5)


@one_or_two
def test_sourced_components_have_their_listeners_replaced(suffixes, tmp_path):
    nlp = replaceable_pipeline(suffixes)
    nlp.to_disk(tmp_path / "source")
    expected = own_vectors(nlp)
    config = spacy.blank("en").config.copy()
    config["nlp"]["pipeline"] = ["ner"]
    source = str(tmp_path / "source")
    config["components"]["ner"] = {"source": source, "replace_listeners": ["model.tok2vec"]}
    sourced = load_model_from_config(config, auto_fill=True)
    assert_allclose(own_vectors(sourced), expected, atol=1e-5)
    assert ents(sourced) == ents(nlp)
    sourced.to_disk(tmp_path / "sourced")
    assert numpy.array_equal(own_vectors(spacy.load(tmp_path / "sourced")), own_vectors(sourced))


def test_variables_of_a_sourced_pipeline_are_those_of_its_own_config(tmp_path):
    nlp, path = replaceable_pipeline(), tmp_path / "source" / "config.cfg"
    nlp.to_disk(tmp_path / "source")
    config = Config().from_disk(path, interpolate=False)
    config["variables"] = {"width": WIDTH}
    config["components"]["tok2vec"]["model"]["width"] = "${variables.width}"
    config.to_disk(path)
    assert "${variables.width}" in path.read_text(encoding="utf8")
    config = spacy.blank("en").config.copy()
    config["nlp"]["pipeline"] = ["ner"]
    source = {"source": str(tmp_path / "source"), "replace_listeners": ["model.tok2vec"]}
    config["components"]["ner"] = source
    sourced = load_model_from_config(config, auto_fill=True)
    assert_allclose(own_vectors(sourced), own_vectors(nlp), atol=1e-5)


def test_listeners_of_static_vectors_cannot_be_replaced():
    nlp = vectors_pipeline("ner")
    train(nlp)
    with pytest.raises(ValueError, match=r"\[SD022\] Component 'stablediff'"):
        nlp.replace_listeners("stablediff", "ner", ["model.tok2vec"])


def test_listeners_of_an_unknown_upstream_cannot_be_replaced():
    nlp = spacy.blank("en")
    nlp.add_pipe("tok2vec", name="embed", config={"model": EMBEDDING})
    nlp.add_pipe("stablediff")
    add_ner(nlp)
    with pytest.raises(ValueError, match=r"\[SD003\].*'tok2vec'"):
        nlp.replace_listeners("stablediff", "ner", ["model.tok2vec"])
    assert find_listener(nlp, "ner") is not None
    assert nlp.config["components"]["ner"]["model"]["tok2vec"] == listener()


def sourced_by_hand(source):
    """A pipeline that shares its components with another one, as nlp.add_pipe has it."""
    nlp = spacy.blank("en")
    for name in ("tok2vec", "stablediff"):
        nlp.add_pipe(name, source=source)
    add_ner(nlp)
    return nlp


@unread
@pytest.mark.filterwarnings("ignore:.*W113")
def test_listeners_in_a_pipeline_that_the_component_does_not_know_cannot_be_replaced():
    source = replaceable_pipeline()
    nlp, before = sourced_by_hand(source), own_vectors(source)
    with pytest.raises(ValueError, match=r"\[SD021\].*nlp.initialize\(\)"):
        nlp.replace_listeners("stablediff", "ner", ["model.tok2vec"])
    assert numpy.array_equal(own_vectors(source), before)
    train(nlp)
    vectors = own_vectors(nlp)
    nlp.replace_listeners("stablediff", "ner", ["model.tok2vec"])
    assert_allclose(own_vectors(nlp), vectors, atol=1e-5)


@unread
@pytest.mark.filterwarnings("ignore:.*W113")
def test_sourced_by_hand_it_serves_the_pipeline_that_it_was_added_to_last():
    source = replaceable_pipeline()
    nlp = sourced_by_hand(source)
    with nlp.select_pipes(enable=["ner"]):
        nlp.initialize(lambda: examples_for(nlp))
    assert_trains_on_what_it_will_read(nlp, "ner")
