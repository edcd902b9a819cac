"""Diffusion for components that embed for themselves: attach and detach."""

import numpy
import pytest
import spacy
from numpy.testing import assert_allclose
from spacy import registry
from spacy.ml.models import build_tagger_model
from thinc.api import Model, chain, concatenate, list2ragged, ragged2list

import spacy_stablediff
from spacy_stablediff import recommended
from spacy_stablediff.wiring.settings import SETTINGS

from ..pipelines import (
    ADD,
    EMBEDDING,
    FIXED_HEAT,
    HEAT,
    IMPLICIT,
    NO_DIFFUSION,
    UNSEEN,
    WIDTH,
    add_ner,
    add_textcat,
    at_time_zero,
    bag_of_words,
    chain_pipeline,
    diffused_nodes,
    diffused_tok2vec,
    initialize,
    predictions,
)
from ..references import dense_heat
from .examples import (
    assert_same,
    each_owner,
    embedding_block,
    owner_pipeline,
    update,
    vectors,
    weights,
)

# Attaching wraps the embedding of the component, and keeps what it learned.


@each_owner
def test_attach_diffuses_what_the_trained_embedding_gives(owner):
    nlp = owner_pipeline(owner)
    plain = nlp.get_pipe(owner).model.copy()
    spacy_stablediff.attach(nlp, owner, diffusion=FIXED_HEAT)
    (node,) = diffused_nodes(nlp, owner)
    docs = [nlp.make_doc(text) for text in UNSEEN]
    before = node.get_ref("tok2vec").predict(docs)
    for a, b in zip(node.predict(docs), before, strict=True):
        assert_allclose(a, dense_heat(b, [FIXED_HEAT["time"]] * b.shape[1]), atol=1e-4)

    diffusion = set(node.get_ref("diffusion").walk())
    kept = [n for n in nlp.get_pipe(owner).model.walk() if n not in diffusion]
    assert weights(kept) == weights(plain.walk())


@each_owner
def test_attach_describes_it_in_the_config(owner):
    nlp = owner_pipeline(owner)
    before = nlp.config.copy()
    spacy_stablediff.attach(nlp, owner, diffusion=HEAT, boundaries="doc")
    assert embedding_block(nlp, owner) == {
        "@architectures": "spacy-stablediff.DiffusedTok2Vec.v1",
        "boundaries": "doc",
        "tok2vec": before["components"][owner]["model"]["tok2vec"],
        "diffusion": {**HEAT, "time": 0.5, "learn_time": True},
    }
    before["components"][owner]["model"]["tok2vec"] = embedding_block(nlp, owner)
    assert nlp.config == before


@each_owner
def test_the_default_diffusion_is_the_recommended_one_which_changes_nothing_at_first(owner):
    nlp, plain = owner_pipeline(owner), owner_pipeline(owner)
    spacy_stablediff.attach(nlp, owner)
    assert embedding_block(nlp, owner)["diffusion"] == recommended.DIFFUSION
    assert_same(nlp, plain, owner)


@each_owner
@at_time_zero
def test_time_zero_changes_no_bit_of_any_prediction(owner):
    nlp, plain = owner_pipeline(owner), owner_pipeline(owner)
    spacy_stablediff.attach(nlp, owner, diffusion=NO_DIFFUSION)
    assert_same(nlp, plain, owner)


@each_owner
def test_attached_components_are_saved_and_loaded(owner, tmp_path):
    nlp = owner_pipeline(owner)
    spacy_stablediff.attach(nlp, owner)
    update(nlp)
    nlp.to_disk(tmp_path)
    assert_same(spacy.load(tmp_path), nlp, owner)
    assert len(diffused_nodes(spacy.load(tmp_path), owner)) == 1


@each_owner
def test_training_goes_on_with_the_diffusion_in_place(owner):
    nlp = owner_pipeline(owner)
    spacy_stablediff.attach(nlp, owner)
    diffusion = diffused_nodes(nlp, owner)[0].get_ref("diffusion")
    before = {name: diffusion.get_param(name).copy() for name in diffusion.param_names}
    update(nlp)
    assert set(before) == {"W", "u", "b"}
    for name, value in before.items():
        assert not numpy.array_equal(diffusion.get_param(name), value)


@pytest.mark.parametrize("name", ["ner", "textcat"])
def test_attaching_before_training_equals_describing_it_in_the_config(name):
    attached, described = spacy.blank("en"), spacy.blank("en")
    ADD[name](attached, EMBEDDING)
    spacy_stablediff.attach(attached, name, diffusion=HEAT)
    ADD[name](described, diffused_tok2vec(HEAT))
    assert embedding_block(attached, name)["diffusion"]["time"] == 0.5
    for nlp in (attached, described):
        update(initialize(nlp))
    assert_same(attached, described, name)


def test_several_components_are_attached_one_by_one(tmp_path):
    nlp = spacy.blank("en")
    add_textcat(nlp, EMBEDDING)
    add_ner(nlp, EMBEDDING)
    initialize(nlp)
    for name, diffusion in [("textcat", HEAT), ("ner", IMPLICIT)]:
        spacy_stablediff.attach(nlp, name, diffusion=diffusion)
    update(nlp)
    nlp.to_disk(tmp_path)
    loaded = spacy.load(tmp_path)
    for name, diffusion in [("textcat", HEAT), ("ner", IMPLICIT)]:
        assert_same(loaded, nlp, name)
        block = embedding_block(loaded, name)["diffusion"]
        assert block["@architectures"] == diffusion["@architectures"]


def test_sentence_boundaries_are_written_to_model_and_config(tmp_path):
    nlp = owner_pipeline("ner")
    nlp.add_pipe("sentencizer", first=True)
    spacy_stablediff.attach(nlp, "ner", boundaries="sentence")
    nlp.to_disk(tmp_path)
    loaded = spacy.load(tmp_path)
    assert predictions(loaded) == predictions(nlp)
    assert embedding_block(loaded, "ner")["boundaries"] == "sentence"
    assert diffused_nodes(loaded, "ner")[0].attrs[SETTINGS]["boundaries"] == "sentence"


def test_layers_of_other_packages_can_be_attached_from_python():
    nlp = owner_pipeline("ner")
    plain = vectors(nlp, "ner")
    spacy_stablediff.attach(nlp, "ner", diffusion={"@architectures": "test_negation"})
    (node,) = diffused_nodes(nlp, "ner")
    docs = [nlp.make_doc(text) for text in UNSEEN]
    for a, b in zip(node.predict(docs), node.layers[0].predict(docs), strict=True):
        assert numpy.array_equal(a, -b)
    assert not numpy.array_equal(vectors(nlp, "ner"), plain)


def test_a_model_with_two_embeddings_of_one_shape_gets_both_diffused(tmp_path):
    nlp = two_embeddings_pipeline()
    before = nlp.get_pipe("tagger").model.to_bytes()
    spacy_stablediff.attach(nlp, "tagger", diffusion=FIXED_HEAT)
    nodes = diffused_nodes(nlp, "tagger")
    assert len(nodes) == 2 and all(not n.layers[0].name.startswith("diffused") for n in nodes)
    nlp.to_disk(tmp_path)
    assert predictions(spacy.load(tmp_path)) == predictions(nlp)
    spacy_stablediff.detach(nlp, "tagger")
    assert nlp.get_pipe("tagger").model.to_bytes() == before


def two_embeddings_pipeline():
    side = {"@architectures": "test_side", "tok2vec": EMBEDDING}
    model = {"@architectures": "test_two_sides", "left": side, "right": side}
    nlp = spacy.blank("en")
    nlp.add_pipe("tagger", config={"model": model})
    return initialize(nlp)


@registry.architectures("test_side")
def make_side(tok2vec: Model) -> Model:
    return chain(tok2vec, list2ragged())


@registry.architectures("test_two_sides")
def make_two_sides(left: Model, right: Model) -> Model:
    both = chain(concatenate(left, right), ragged2list())
    both.set_dim("nO", 2 * WIDTH)
    return build_tagger_model(both)


# Detaching.


@each_owner
def test_detach_restores_model_and_config_exactly(owner, tmp_path):
    nlp, plain = owner_pipeline(owner), owner_pipeline(owner)
    spacy_stablediff.attach(nlp, owner, diffusion=IMPLICIT)
    assert not numpy.array_equal(vectors(nlp, owner), vectors(plain, owner))
    spacy_stablediff.detach(nlp, owner)
    assert_same(nlp, plain, owner)
    assert nlp.config == plain.config
    assert nlp.config.to_str() == plain.config.to_str()
    assert nlp.get_pipe(owner).to_bytes() == plain.get_pipe(owner).to_bytes()
    nlp.to_disk(tmp_path)
    assert_same(spacy.load(tmp_path), plain, owner)


def test_detach_keeps_what_the_embedding_learned_while_diffused():
    nlp = owner_pipeline("textcat")
    spacy_stablediff.attach(nlp, "textcat")
    update(nlp)
    trained = weights(diffused_nodes(nlp, "textcat")[0].get_ref("tok2vec").walk())
    spacy_stablediff.detach(nlp, "textcat")
    assert weights(nlp.get_pipe("textcat").model.get_ref("tok2vec").walk()) == trained


def test_detach_undoes_what_a_config_described():
    nlp, plain = spacy.blank("en"), spacy.blank("en")
    add_ner(nlp, diffused_tok2vec(HEAT))
    add_ner(plain, EMBEDDING)
    spacy_stablediff.detach(nlp, "ner")
    assert embedding_block(nlp, "ner") == embedding_block(plain, "ner")
    assert_same(initialize(nlp), initialize(plain), "ner")


def test_detach_and_attach_again_with_another_layer(tmp_path):
    nlp = owner_pipeline("ner")
    spacy_stablediff.attach(nlp, "ner", diffusion=IMPLICIT)
    spacy_stablediff.detach(nlp, "ner")
    spacy_stablediff.attach(nlp, "ner", diffusion=HEAT)
    assert diffused_nodes(nlp, "ner")[0].get_ref("diffusion").name == "heat_diffusion"
    nlp.to_disk(tmp_path)
    assert_same(spacy.load(tmp_path), nlp, "ner")


# What is refused. The name of the component is in every message.


def refused(nlp, name, code, function=spacy_stablediff.attach, **kwargs):
    """Check that a call is refused with the code, and changes nothing."""
    before = nlp.config.to_str(), nlp.get_pipe(name).to_bytes()
    with pytest.raises(ValueError, match=rf"\[{code}\]") as refusal:
        function(nlp, name, **kwargs)
    assert (nlp.config.to_str(), nlp.get_pipe(name).to_bytes()) == before
    return str(refusal.value)


def test_refuses_components_without_an_embedding():
    nlp = spacy.blank("en")
    nlp.add_pipe("textcat", name="bag", config={"model": bag_of_words()})
    nlp.add_pipe("sentencizer")
    nlp.add_pipe("tok2vec")
    for name in ("bag", "sentencizer", "tok2vec"):
        assert f"'{name}'" in refused(nlp, name, "SD016")
    assert "'stablediff'" in refused(nlp, "tok2vec", "SD016")


def test_refuses_to_detach_what_is_not_diffused():
    nlp = owner_pipeline("ner")
    message = refused(nlp, "ner", "SD016", spacy_stablediff.detach)
    assert "'ner'" in message and "nothing to detach" in message


@pytest.mark.parametrize("function", [spacy_stablediff.attach, spacy_stablediff.detach])
def test_refuses_shared_embeddings_whatever_they_are_made_of(function):
    nlp = spacy.blank("en")
    graph = {"@architectures": "spacy-stablediff.WordGraphTok2Vec.v1", "tok2vec": EMBEDDING}
    for name, model in [("diffused", diffused_tok2vec(HEAT)), ("words", graph)]:
        nlp.add_pipe("tok2vec", name=name, config={"model": model})
        assert f"'{name}'" in refused(nlp, name, "SD016", function)


def test_refuses_components_that_listen_and_names_what_to_do():
    nlp = initialize(chain_pipeline(["ner"]))
    message = refused(nlp, "ner", "SD017")
    assert "'ner'" in message and 'nlp.add_pipe("stablediff", before="ner")' in message


def test_refuses_to_diffuse_twice():
    nlp = owner_pipeline("ner")
    spacy_stablediff.attach(nlp, "ner", diffusion=HEAT)
    message = refused(nlp, "ner", "SD018")
    assert HEAT["@architectures"] in message and 'spacy_stablediff.detach(nlp, "ner")' in message


def test_refuses_a_model_that_is_not_what_its_config_describes():
    nlp = owner_pipeline("ner")
    embedding_block(nlp, "ner")["depth"] = 7
    assert "'components.ner.model.tok2vec'" in refused(nlp, "ner", "SD019")


def test_refuses_other_boundaries_than_it_knows():
    nlp = owner_pipeline("ner")
    message = refused(nlp, "ner", "SD012", boundaries="paragraph")
    assert '"doc" or "sentence"' in message and "'paragraph'" in message
    refused(nlp, "ner", "SD001", diffusion={**HEAT, "time": -1.0})


def test_refuses_components_that_are_not_there():
    nlp = owner_pipeline("ner")
    for function in (spacy_stablediff.attach, spacy_stablediff.detach):
        with pytest.raises(KeyError, match="E001"):
            function(nlp, "nobody")
