"""How likely a new word is, by its letters."""

import math
from collections import Counter
from itertools import chain, product

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_stablediff.words.letters import END, ORDER, START, LetterModel

WORDS = st.lists(st.text("abc", min_size=1, max_size=6), min_size=1, max_size=10, unique=True)


def pad(word):
    return (*[START] * (ORDER - 1), *word, END)


def score_plainly(words, word):
    """The same letter by letter, from the formula of Witten and Bell."""
    counts = Counter()
    padded = [pad(each) for each in words]
    for text in padded:
        for i in range(ORDER - 1, len(text)):
            counts.update((text[i - n : i], text[i]) for n in range(ORDER))
    letters = set(chain.from_iterable(padded))
    text, total = pad(word), 0.0
    for i in range(ORDER - 1, len(text)):
        chance = 1 / (len(letters) + 1)
        for n in range(ORDER):
            after = {k[1]: v for k, v in counts.items() if k[0] == text[i - n : i]}
            if after:
                seen = after.get(text[i], 0) + len(after) * chance
                chance = seen / (sum(after.values()) + len(after))
        total += math.log(chance)
    return total


@given(WORDS, st.text("abcd", max_size=6))
def test_each_letter_is_as_likely_as_after_the_two_before_it(words, word):
    (score,) = LetterModel(words).score([word])
    assert score == pytest.approx(score_plainly(words, word))


@given(WORDS)
def test_the_chances_of_all_words_sum_to_1_at_most(words):
    every = ["".join(letters) for n in range(5) for letters in product("abc", repeat=n)]
    assert numpy.exp(LetterModel(words).score(every)).sum() <= 1 + 1e-9


def test_words_that_look_like_others_are_likelier():
    model = LetterModel(["banana", "bandana", "canal", "ananas"])
    likely, unlikely, foreign = model.score(["canana", "xanana", "xqzwkj"])
    assert likely > unlikely > foreign


def test_words_are_scored_one_by_one():
    model, words = LetterModel(["one", "two"]), ["on", "", "tow", "x"]
    assert model.score(words).tolist() == [model.score([word])[0] for word in words]


@pytest.mark.parametrize("letter", ["\0", "\1", "\2", "\x7f", " "])
def test_no_letter_is_taken_for_the_edge_of_a_word(letter):
    known = ["one", f"{letter}two"]
    model, words = LetterModel(known), [letter, f"{letter}t", letter * 9, "two"]
    assert model.score(words).tolist() == [model.score([word])[0] for word in words]
    assert model.score(words)[1] == pytest.approx(score_plainly(known, words[1]))


def test_no_words():
    assert LetterModel([]).score([]).tolist() == []
    assert numpy.isfinite(LetterModel([]).score(["new"])).all()
