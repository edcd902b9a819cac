"""Whether a word would begin with a capital, told by its context."""

import numpy
import pytest
import spacy
from spacy.tokens import Doc

from spacy_stablediff.words.casing import CaseOdds
from spacy_stablediff.words.counting import Words

VOCAB = spacy.blank("en").vocab
TEXTS = ["we met in London", "we met in Porto today", "he saw the sea", "she saw the ship"]


def doc(text):
    return Doc(VOCAB, words=text.split())


def odds(*texts):
    words = Words(1)
    words.count([doc(text) for text in texts])
    return CaseOdds(words)


def test_a_word_after_which_capitals_stand_raises_the_odds():
    in_, the = odds(*TEXTS).read([doc("in brightmoor")])[1], odds(*TEXTS).read([doc("the boat")])[1]
    assert in_ > 0 > the


def test_a_word_before_which_small_letters_stand_lowers_them():
    before_saw, alone = (
        odds(*TEXTS).read([doc("peter saw")])[0],
        odds(*TEXTS).read([doc("peter")])[0],
    )
    assert before_saw < alone


def test_odds_are_ratios_of_smoothed_counts():
    """By hand: of 4 words with letters 2 are capitals; "a" stands before 1 of 1."""
    read = odds("a B", "c D").read([doc("a xy")])
    share = (2 + 1) / (4 + 2)
    after_a = numpy.log((1 + 2 * share) / (0 + 2 * (1 - share))) - numpy.log(share / (1 - share))
    before_edge = numpy.log((2 + 2 * share) / (2 * (1 - share))) - numpy.log(share / (1 - share))
    assert read[1] == pytest.approx(after_a + before_edge)


@pytest.mark.parametrize(
    ("texts", "share"),
    [(TEXTS, 2 / (2 + 5 + 1)), (["a b c"], 0.0), (["12 7"], 0.0), ([], 0.0)],
)
def test_the_share_of_capitals_among_words_seen_once(texts, share):
    """London and Porto; today, he, sea, she and ship. One more is thought of, that is small."""
    assert odds(*texts).new_capitals == pytest.approx(share)


def test_texts_without_words():
    assert odds().read([doc("in london")]).tolist() == [0.0, 0.0]


def test_edges_of_texts_are_neighbours_in_a_batch_too():
    texts = [doc("in brightmoor"), doc("peter"), doc("the boat")]
    alone = [odds(*TEXTS).read([text]) for text in texts]
    assert odds(*TEXTS).read(texts).tolist() == numpy.concatenate(alone).tolist()
