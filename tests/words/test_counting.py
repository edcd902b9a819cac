"""Counting the words that an embedding is trained on."""

import numpy
import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc

from spacy_stablediff.words.counting import Words
from spacy_stablediff.words.ids import is_in, merge, sort

VOCAB = spacy.blank("en").vocab
texts = st.lists(st.sampled_from("abcdef"), min_size=1, max_size=6)


def doc(*words):
    return Doc(VOCAB, words=list(words))


def counted(*batches, min_count=2, typo_count=3):
    words = Words(min_count, typo_count)
    for batch in batches:
        words.count([doc(*text) for text in batch])
    return words


def names(ids):
    return {VOCAB.strings[int(i)] for i in ids}


@given(st.lists(st.lists(texts, max_size=4), max_size=5))
def test_counts_are_those_of_all_different_documents(batches):
    words = counted(*batches)
    different = {tuple(text) for batch in batches for text in batch}
    for letter in "abcdef":
        number = sum(text.count(letter) for text in different)
        assert words.counts[VOCAB.strings[letter]] == number
        assert (letter in names(words.known)) == (number >= 2)
        assert (letter in words.texts.values()) == (number >= 2)
        assert (letter in words.spellings["words"]) == (number >= 3)
        assert (letter in names(words.forms)) == (number >= 1)
    for ids in (words.known, words.forms):
        assert (numpy.diff(ids.astype("float64")) > 0).all()


def test_no_epoch_counts_twice():
    once, twice = counted(["ab", "b"]), counted(["ab"], ["b"], ["b", "ab"], ["ab"])
    assert once.counts == twice.counts


def test_of_two_trainings_the_larger_count_stands():
    first = counted(["aab", "cc"])
    second = Words(2, 3).from_bytes(first.to_bytes())
    second.count([doc("a"), doc("b", "b", "b", "d")])
    counts = {VOCAB.strings[word]: count for word, count in second.counts.items()}
    assert counts == {"a": 2, "b": 3, "c": 2, "d": 1}


def test_bytes_keep_all_but_the_settings():
    words = counted(["aaab", "bcc"])
    loaded = Words(3, None).from_bytes(words.to_bytes())
    assert loaded.counts == words.counts and loaded.texts == words.texts
    assert numpy.array_equal(loaded.forms, words.forms)
    assert names(loaded.known) == {"a"} and names(words.known) == {"a", "b", "c"}


@pytest.mark.parametrize("typo_count, expected", [(None, []), (2, ["a", "c"]), (3, ["a"]), (4, [])])
@pytest.mark.parametrize("trained_with", [None, 3])
def test_what_typos_are_of_is_a_setting_of_the_loaded_pipeline(typo_count, expected, trained_with):
    words = counted(["aaab", "cc"], typo_count=trained_with)
    loaded = Words(2, typo_count).from_bytes(words.to_bytes())
    assert loaded.spellings["words"] == expected


def test_words_of_unknown_frequency_are_known():
    words = Words(2, 3)
    assert not words
    words.take_for_known([VOCAB.strings["a"]])
    assert words and names(words.known) == {"a"} and not words.spellings["words"]
    words.count([doc("b"), doc("b", "a", "a", "a")])
    assert names(words.known) == {"a", "b"} and words.spellings["words"] == ["a"]


def test_nothing_to_count():
    words = Words(2, 3)
    words.count([])
    words.count([doc()])
    assert not words and not len(words.known)


@pytest.mark.parametrize("ids", [[], [3], [3, 1, 2**63, 1]])
def test_sorted_ids(ids):
    known = sort(ids)
    assert known.tolist() == sorted(set(ids))
    assert is_in(numpy, sort([1, 2, 3]), known).tolist() == [i in ids for i in (1, 2, 3)]
    assert merge(known, sort([2, 3])).tolist() == sorted({*ids, 2, 3})
    assert merge(known, sort(ids)) is known
