"""How the components of a config embed their tokens."""

from pathlib import Path

import pytest
import spacy
from thinc.api import Config

from spacy_stablediff import recommended
from spacy_stablediff.wiring.config import (
    find_blocks,
    find_ours,
    find_wiring,
    is_listener,
    looks_up_words,
)

from ..pipelines import (
    EMBEDDING,
    HEAT,
    WIDTH,
    add_ner,
    add_textcat,
    chain_pipeline,
    diffused_tok2vec,
    listener,
)

CHARACTERS = {"@architectures": "spacy.CharacterEmbed.v2", "width": 8, "feature": "NORM"}
HASHES = {"@architectures": "spacy.MultiHashEmbed.v2", "width": 8}


def tok2vec(embed):
    encode = {"@architectures": "spacy.MaxoutWindowEncoder.v2", "width": 8}
    return {"@architectures": "spacy.Tok2Vec.v2", "embed": embed, "encode": encode}


# Blocks.


def test_finds_the_outermost_embeddings_that_a_config_describes():
    block = diffused_tok2vec(HEAT)
    config = {"factory": "ner", "model": {"tok2vec": block, "hidden_width": 8}}
    assert list(find_blocks(config)) == [("model.tok2vec", block)]


def test_finds_several_embeddings_wherever_they_stand():
    side = {"@architectures": "side", "tok2vec": EMBEDDING}
    config = {"model": {"left": side, "right": {"tok2vec": listener()}}}
    paths = {"model.left.tok2vec": EMBEDDING, "model.right.tok2vec": listener()}
    assert dict(find_blocks(config)) == paths


@pytest.mark.parametrize("config", [{}, {"model": {"tok2vec": None}}, {"tok2vec": {"width": 8}}])
def test_finds_nothing_where_no_architecture_is_named(config):
    assert not list(find_blocks(config))


def test_tells_a_listener_from_other_embeddings():
    assert is_listener(listener()) and not is_listener(EMBEDDING)


@pytest.mark.parametrize(
    "block, expected",
    [
        (EMBEDDING, True),
        (tok2vec({**HASHES, "attrs": ["NORM", "PREFIX"]}), True),
        ({**HASHES, "attrs": ["NORM"]}, True),
        (tok2vec({**HASHES, "attrs": ["LOWER", "PREFIX"]}), False),
        (tok2vec(CHARACTERS), False),
        (listener(), False),
        ({}, False),
    ],
)
def test_tells_who_looks_up_words(block, expected):
    assert looks_up_words(block) == expected


# What is there already.


@pytest.mark.parametrize(
    "config, expected",
    [
        (chain_pipeline(["ner"]).config, ["components.stablediff", "components.stablediff.model"]),
        ({"components": {"x": {"factory": "stabilizer"}}}, ["components.x"]),
        ({"components": {"ner": {"model": {"tok2vec": diffused_tok2vec(HEAT)}}}}, None),
        ({"corpora": {"train": {"augmenter": recommended.EDITS}}}, []),
        ({"nlp": {"a": {"@callbacks": "spacy-stablediff.attach.v1"}}}, ["nlp.a"]),
        ({"components": {"stablediff": {"factory": "tagger"}}}, []),
        ({"notes": "spacy-stablediff.HeatDiffusion.v1"}, []),
    ],
)
def test_finds_the_blocks_that_make_something_of_this_package_part_of_a_pipeline(config, expected):
    wrapped = "components.ner.model.tok2vec"
    expected = [wrapped, f"{wrapped}.diffusion"] if expected is None else expected
    assert list(find_ours(config)) == expected


# The whole config.


def find(nlp):
    return find_wiring(Config(nlp.config).interpolate(), path=Path("test.cfg"))


def test_tells_listeners_owners_and_others_apart():
    nlp = spacy.blank("en")
    nlp.add_pipe("tok2vec", config={"model": EMBEDDING})
    nlp.add_pipe("sentencizer")
    add_textcat(nlp)
    add_ner(nlp, EMBEDDING)
    wiring = find(nlp)
    assert list(wiring.components) == nlp.pipe_names and not wiring.sourced
    assert wiring.upstreams == {"textcat": "tok2vec"}
    assert wiring.owned == {"ner": {"model.tok2vec": EMBEDDING}}
    assert wiring.list_upstreams(["ner", "textcat"]) == ["tok2vec"]
    assert wiring.list_listeners("tok2vec") == ["textcat"]


def test_a_listener_follows_the_embedding_that_it_names_or_the_last_one():
    nlp = spacy.blank("en")
    for name in ("first", "second"):
        nlp.add_pipe("tok2vec", name=name, config={"model": EMBEDDING})
    add_textcat(nlp)
    add_ner(nlp, listener("first"))
    assert find(nlp).upstreams == {"textcat": "second", "ner": "first"}


def test_a_listener_without_an_embedding_is_refused():
    nlp = spacy.blank("en")
    add_ner(nlp)
    nlp.add_pipe("tok2vec", config={"model": EMBEDDING})
    with pytest.raises(ValueError, match=r"\[SD056\].*'ner'"):
        find(nlp)


def test_a_component_without_a_factory_is_refused():
    config = Config({"nlp": {"pipeline": ["ner"]}, "components": {"ner": {"width": WIDTH}}})
    with pytest.raises(ValueError, match=r"\[SD051\].*test.cfg.*components.ner"):
        find_wiring(config, path=Path("test.cfg"))
