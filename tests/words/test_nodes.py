"""The nodes of the graph of words, and how often they are taken to be seen."""

import numpy
import pytest
import spacy
from spacy.strings import get_string_id
from spacy.tokens import Doc
from spacy.vectors import Vectors
from spacy.vocab import Vocab

from spacy_stablediff.words import nodes as constants
from spacy_stablediff.words.counting import Words
from spacy_stablediff.words.graph import WordGraph
from spacy_stablediff.words.nodes import has_vector, list_nodes

SEEN = ["happy"] * 3 + ["Happy", "Brightmoor", "parcel"]
RANKED = ["the", "parcel", "hospital", "Porto", "porto", "rare"]


def vocab_of(*words):
    """A vocab in which words have vectors, the most frequent word first."""
    vocab = Vocab(strings=words)
    data = numpy.random.default_rng(0).normal(size=(len(words), 2)).astype("float32")
    vocab.vectors = Vectors(strings=vocab.strings, data=data, keys=words)
    return vocab


def words_of(vocab, seen, borrowed=()):
    words = Words(1)
    words.take_for_known(map(get_string_id, borrowed))
    words.count([Doc(vocab, words=seen)])
    return words


def nodes_of(seen, *ranked, borrowed=(), has_vectors=True):
    vocab = vocab_of(*ranked)
    for word in borrowed:
        vocab.strings.add(word)
    return list_nodes(words_of(vocab, seen, borrowed), vocab, has_vectors=has_vectors)


def test_words_that_training_saw_have_their_counts():
    nodes = nodes_of(SEEN)
    assert nodes.seen == nodes.all
    assert nodes.seen == {
        "happy": {"happy": 3, "Happy": 1},
        "brightmoor": {"Brightmoor": 1},
        "parcel": {"parcel": 1},
    }


def test_the_more_frequent_words_of_a_table_of_vectors_count_more(monkeypatch):
    monkeypatch.setattr(constants, "FIRST_COUNT", 6)
    assert nodes_of(["a", "a"], *RANKED).all == {
        "a": {"a": 2},
        "the": {"the": 3},
        "parcel": {"parcel": 3},
        "hospital": {"hospital": 2},
        "porto": {"Porto": 1.5, "porto": 1.2},
        "rare": {"rare": 1},
    }


def test_what_training_saw_counts_as_often_as_it_was_seen():
    assert nodes_of(SEEN, *RANKED).all["parcel"] == {"parcel": 1}


def test_words_with_a_vector_are_no_nodes_of_an_embedding_without():
    assert nodes_of(SEEN, *RANKED, has_vectors=False) == nodes_of(SEEN)


def test_only_the_most_frequent_words_are_nodes_for_their_vectors(monkeypatch):
    monkeypatch.setattr(constants, "MOST_VECTORS", 3)
    nodes = nodes_of(SEEN, *RANKED, borrowed=["rare", "Steinway"])
    assert nodes.all.keys() == {*nodes.seen, "the", "hospital", "steinway"}


def test_vectors_that_any_text_has_make_no_nodes():
    vocab = Vocab(strings=["hospital"])
    data = numpy.ones((10, 2), dtype="float32")
    vocab.vectors = Vectors(strings=vocab.strings, mode="floret", data=data, hash_count=1)
    nodes = list_nodes(words_of(vocab, SEEN), vocab, has_vectors=True)
    assert nodes == nodes_of(SEEN)


@pytest.mark.parametrize("attr", ["ORTH", "LOWER", "NORM"])
def test_a_form_has_a_vector_by_what_the_table_goes_by(attr):
    """Whatever the vocab has met before."""
    vocab = spacy.blank("en").vocab
    data = numpy.ones((1, 2), dtype="float32")
    vocab.vectors = Vectors(strings=vocab.strings, data=data, keys=["hospital"], attr=attr)
    vocab.strings.add("clinic")
    words = ("hospital", "Hospital", "clinic", "nowhere")
    assert [has_vector(vocab, word) for word in words] == [True, attr != "ORTH", False, False]
    assert attr == "NORM" or not {"Hospital", "nowhere"} & set(vocab.strings)


def test_new_words_are_those_seen_once_and_not_known_otherwise():
    assert nodes_of(SEEN).new == 2
    assert nodes_of(SEEN, *RANKED).new == 1
    assert nodes_of(SEEN, borrowed=["BRIGHTMOOR", "Parcel"]).new == 0


@pytest.mark.parametrize("has_vectors", [True, False])
def test_a_misspelling_of_a_word_that_only_has_a_vector_is_diffused_from_it(has_vectors):
    vocab = vocab_of(*RANKED)
    graph = WordGraph(words_of(vocab, SEEN), vocab, has_vectors=has_vectors)
    (links,) = graph.link(["hosptial"], has_case=True)
    assert ("hospital" in links.forms) == has_vectors
