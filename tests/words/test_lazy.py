"""Tests of when the graph of words is made anew."""

import spacy

from spacy_stablediff.words.counting import Words
from spacy_stablediff.words.lazy import LazyGraph

NLP = spacy.blank("en")


def counted_in(steps):
    words = Words(2)
    for step in range(steps):
        words.count([NLP.make_doc(f"step{step}")])
    return words


def test_a_graph_is_made_anew_where_words_were_counted_since():
    words, graph = counted_in(20), LazyGraph({})
    made = graph.get(words, NLP.vocab, has_vectors=False)
    assert graph.get(words, NLP.vocab, has_vectors=False) is made
    words.count([NLP.make_doc("another")])
    assert graph.get(words, NLP.vocab, has_vectors=False) is not made


def test_training_goes_on_with_it_for_a_tenth_of_the_steps_that_it_was_made_from():
    words, graph = counted_in(20), LazyGraph({})
    made = graph.get(words, NLP.vocab, has_vectors=False, growth=0.1)
    for text, is_same in [("one", True), ("two", True), ("three", False)]:
        words.count([NLP.make_doc(text)])
        again = graph.get(words, NLP.vocab, has_vectors=False, growth=0.1)
        assert (again is made) == is_same


def test_words_of_another_training_have_a_graph_of_their_own():
    graph = LazyGraph({})
    first = graph.get(counted_in(20), NLP.vocab, has_vectors=False)
    assert graph.get(counted_in(20), NLP.vocab, has_vectors=False, growth=0.1) is not first
