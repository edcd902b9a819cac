"""Each distinct word of a batch is embedded once, which changes nothing but the time it takes."""

import numpy
import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from thinc.api import fix_random_seed

from spacy_stablediff.wiring.embeddings import find_embeds
from spacy_stablediff.wiring.nodes import find_node
from spacy_stablediff.words import distinct
from spacy_stablediff.words.distinct import embed_distinct
from spacy_stablediff.words.layer import LAYER

from ..pipelines import EMBEDDING
from .test_layer import trained_on

# With exceptions of the tokenizer, whose norms are not those of their words.
WORDS = ["I", "can't", "cannot", "gonna", "the", "The", "cafe", "cofe", "🙂", " ", "1999", "naïve"]
TEXTS = st.lists(st.lists(st.sampled_from(WORDS), max_size=9).map(" ".join), min_size=1, max_size=5)


@pytest.fixture(scope="module")
def nlp():
    fix_random_seed(0)
    return trained_on(["the cafe", "the naïve cafe", "I can't", "I gonna"])


def embed_of(nlp):
    return find_node(nlp.get_pipe("tok2vec").model, LAYER).layers[0]


@given(texts=TEXTS)
def test_rows_are_those_of_all_words_one_by_one(nlp, texts):
    docs = [nlp.make_doc(text) for text in [*texts, "the"]]
    embed = embed_of(nlp)
    every = numpy.concatenate(embed.predict(docs))
    assert numpy.allclose(embed_distinct(embed, docs), every, atol=1e-6)


def test_only_distinct_words_are_embedded(nlp, monkeypatch):
    embed, counts = embed_of(nlp), []
    last = find_node(embed, "ragged2list")
    forward = last._func

    def counted(model, X, is_train):
        counts.append(len(X.data))
        return forward(model, X, is_train)

    monkeypatch.setattr(last, "_func", counted)
    embed_distinct(embed, [nlp.make_doc("the cafe the cafe"), nlp.make_doc("The cafe")])
    # "The" has the norm of "the", and another prefix and shape.
    assert counts == [3]


def test_words_whose_keys_collide_are_not_mixed_up(nlp, monkeypatch):
    embed, docs = embed_of(nlp), [nlp.make_doc("the naïve cafe")]
    monkeypatch.setattr(distinct, "MULTIPLIER", 0)
    assert numpy.allclose(embed_distinct(embed, docs), embed.predict(docs)[0], atol=1e-6)


def test_embeddings_with_static_vectors_embed_all(nlp):
    other = spacy.blank("en")
    other.vocab.set_vector("the", numpy.ones(3, dtype="f"))
    model = {**EMBEDDING, "pretrained_vectors": True}
    tok2vec = other.add_pipe("tok2vec", config={"model": model})
    other.initialize()
    embed, docs = find_embeds(tok2vec.model)[0], [other.make_doc("the the cat")]
    assert numpy.array_equal(embed_distinct(embed, docs), embed.predict(docs)[0])
