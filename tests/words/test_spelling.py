"""Which word a misspelt one means."""

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from spacy.strings import get_string_id

from spacy_stablediff.words.ids import is_in
from spacy_stablediff.words.spelling import (
    are_one_error_apart,
    correct,
    index_spellings,
    regularise_case,
)

WORDS = st.text("abc", max_size=6)


def count_errors(a, b):
    """The optimal string alignment distance, by its recurrence: the independent reference."""
    table = numpy.add.outer(numpy.arange(len(a) + 1), numpy.arange(len(b) + 1))
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            replaced = table[i - 1, j - 1] + (a[i - 1] != b[j - 1])
            table[i, j] = min(table[i - 1, j] + 1, table[i, j - 1] + 1, replaced)
            if i > 1 and j > 1 and a[i - 2 : i] == b[j - 1] + b[j - 2]:
                table[i, j] = min(table[i, j], table[i - 2, j - 2] + 1)
    return table[-1, -1]


def correct_by(frequent, words, seen=()):
    """Correct words by the frequent ones, most frequent first, and those seen besides."""
    ids = [get_string_id(word) for word in (*frequent, *seen)]
    return correct(words, numpy.unique(numpy.asarray(ids, "uint64")), index_spellings(frequent))


@given(WORDS, WORDS)
def test_one_error_is_a_distance_of_one_at_most(a, b):
    assert are_one_error_apart(a, b) == (count_errors(a, b) <= 1)


@pytest.mark.parametrize("typo", ["hapy", "happpy", "hsppy", "ahppy", "happ", "ehappy"])
def test_corrects_each_kind_of_error(typo):
    assert correct_by(["happy"], [typo]) == ["happy"]


@given(st.lists(st.text("abc", min_size=3, max_size=5), unique=True), st.text("abc", min_size=4))
def test_finds_the_likeliest_word_that_shares_a_text(frequent, typo):
    def shorten(word):
        return {word, *(word[:i] + word[i + 1 :] for i in range(len(word)))}

    sharing = [word for word in frequent if shorten(word) & shorten(typo)]
    likeliest = sharing[0] if typo not in frequent and sharing else typo
    expected = likeliest if count_errors(typo, likeliest) <= 1 else typo
    assert correct_by(frequent, [typo]) == [expected]


def test_takes_the_more_frequent_of_two_words():
    assert correct_by(["there", "where"], ["bhere", "wbere"]) == ["there", "where"]


@pytest.mark.parametrize(
    "word",
    [
        "where",
        "tgat",
        "Ther",
        "THER",
        "the",
        "thre3",
        "ther's",
        "etwas",
        "",
        " ",
        "😀😀😀😀",
        "ther\n",
    ],
    ids=[
        "far",
        "seen",
        "name",
        "capitals",
        "short",
        "digit",
        "dash",
        "other",
        "",
        "blank",
        "emoji",
        "line",
    ],
)
def test_leaves_other_words_alone(word):
    assert correct_by(["these"], [word], seen=["tgat"]) == [word]


@pytest.mark.parametrize(
    ("word", "regular"),
    [
        ("hApPy", "happy"),
        ("HapPy", "Happy"),
        ("happy", "happy"),
        ("Happy", "Happy"),
        ("HAPPY", "HAPPY"),
        ("straßE", "straße"),
        ("МОскВа", "Москва"),
        ("東京都庁", "東京都庁"),
        ("i", "i"),
    ],
)
def test_regularises_irregular_capitals(word, regular):
    assert regularise_case(word) == regular
    assert correct_by([], [word]) == [regular]


def test_corrects_letters_behind_irregular_capitals():
    assert correct_by(["happy"], ["hApyp", "HApyp"]) == ["happy", "Hapyp"]


def test_corrects_other_scripts():
    frequent = ["привет", "καλημέρα", "שלום", "안녕하세요", "नमस्ते", "สวัสดี"]
    typos = ["пирвет", "καλημρα", "שלןם", "안녕하새요", "नमसते", "สวสดี"]
    assert correct_by(frequent, typos) == frequent


def test_many_words_at_once():
    frequent = [f"word{a}{b}" for a in "abcdefgh" for b in "ijklmnop"]
    typos = [word.replace("w", "v") for word in frequent]
    assert correct_by(frequent, typos * 200) == frequent * 200


def test_words_of_any_length_take_little_space():
    long = "ab" * 100_000
    assert correct_by(["these", long], [long[1:], "thesr"]) == [long[1:], "these"]


def test_no_words_at_all():
    assert correct_by(["these"], []) == []
    assert correct_by([], ["thesr"]) == ["thesr"]


def test_search_finds_what_isin_finds():
    rng = numpy.random.default_rng(0)
    known = numpy.unique(rng.integers(0, 50, size=20, dtype="uint64"))
    words = rng.integers(0, 60, size=1000, dtype="uint64")
    for some in (known, known[:1], known[:0]):
        assert numpy.array_equal(is_in(numpy, words, some), numpy.isin(words, some))
