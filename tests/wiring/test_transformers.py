"""How components listen to a transformer."""

import pytest
import spacy

from spacy_stablediff.wiring.embeddings import embeds_for_itself
from spacy_stablediff.wiring.inlets import find_own_embedding
from spacy_stablediff.wiring.links import find_link
from spacy_stablediff.wiring.transformers import (
    NOTHING,
    Handed,
    embed_anew,
    get_handed,
    hand,
    is_transformer,
    lend,
)

from ..pipelines import EMBEDDING, HEAT, add_ner, add_textcat, chain_pipeline, examples_for
from ..transformers import add_transformer, every_kind, real_kinds, transformer_listener

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")


def listening_pipeline(kind, folder, diffusion=None):
    nlp = spacy.blank("en")
    add_transformer(nlp, kind, folder)
    add_ner(nlp, transformer_listener(kind, diffusion))
    add_textcat(nlp, EMBEDDING, name="owner")
    nlp.add_pipe("sentencizer")
    return nlp


@every_kind
@pytest.mark.parametrize("diffusion", [None, HEAT], ids=["plain", "attached"])
def test_a_link_knows_transformer_listener_and_embedding(kind, diffusion, tmp_path):
    nlp = listening_pipeline(kind, tmp_path, diffusion)
    link = find_link(nlp, "ner")
    assert (link.component, link.transformer) == (nlp.get_pipe("ner"), nlp.get_pipe("transformer"))
    assert (link.embedding.name == "diffused_tok2vec") == bool(diffusion)
    assert link.listener in list(link.embedding.walk())
    for other in ("transformer", "owner", "sentencizer"):
        assert find_link(nlp, other) is None


@every_kind
def test_who_embeds_for_itself(kind, tmp_path):
    nlp = listening_pipeline(kind, tmp_path)
    assert [name for name in nlp.pipe_names if is_transformer(nlp.get_pipe(name))] == [
        "transformer"
    ]
    assert [name for name in nlp.pipe_names if embeds_for_itself(nlp.get_pipe(name))] == [
        "ner",
        "owner",
    ]
    owners = [name for name, proc in nlp.components if find_own_embedding(proc) is not None]
    assert owners == ["owner"]


def test_a_shared_tok2vec_is_no_transformer():
    nlp = chain_pipeline(["ner"])
    assert not any(is_transformer(component) for _, component in nlp.components)
    assert find_link(nlp, "ner") is None


@pytest.mark.parametrize("kind", real_kinds)
def test_a_listener_that_was_replaced_is_an_embedding_of_its_own(kind, tmp_path):
    nlp = listening_pipeline(kind, tmp_path)
    nlp.initialize(lambda: examples_for(nlp))
    nlp.replace_listeners("transformer", "ner", ["model.tok2vec"])
    assert find_link(nlp, "ner") is None
    assert find_own_embedding(nlp.get_pipe("ner")) is not None


def test_a_listener_without_a_transformer_before_it_has_no_link():
    nlp = spacy.blank("en")
    add_ner(nlp, transformer_listener("fake_transformer"))
    assert find_link(nlp, "ner") is None


@every_kind
def test_a_listener_that_was_lent_holds_what_it_held(kind, tmp_path):
    listener = find_link(listening_pipeline(kind, tmp_path), "ner").listener
    assert get_handed(listener) == NOTHING
    held = Handed(3, ["some"], print)
    hand(listener, held)
    with pytest.raises(KeyError), lend([listener]):
        hand(listener, NOTHING)
        raise KeyError
    assert get_handed(listener) == held


@every_kind
@pytest.mark.parametrize("learn", [False, True])
def test_embedding_anew_leaves_listeners_and_transformer_as_they_were(kind, learn, tmp_path):
    nlp = listening_pipeline(kind, tmp_path)
    nlp.initialize(lambda: examples_for(nlp))
    link, losses = find_link(nlp, "ner"), {}
    examples = examples_for(nlp)
    link.transformer.update(examples, losses=losses)
    held, loss = get_handed(link.listener), dict(losses)
    linked = link.transformer.listener_map
    docs = [nlp.make_doc("Lumo again"), nlp.make_doc("")]
    (handed,) = embed_anew(link.transformer, [link.listener], docs, drop=0.0, learn=learn)
    assert get_handed(link.listener) == held and losses == loss
    assert link.transformer.listener_map is linked
    vectors, _ = link.embed(docs, handed)
    assert [len(X) for X in vectors] == [2, 0]
    assert get_handed(link.listener) == held
