"""Finding words that are spelt nearly alike."""

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_stablediff.words import neighbours
from spacy_stablediff.words.neighbours import CHUNK, SHORT, SpellingIndex

WORDS = st.text("abc", min_size=4, max_size=12)


def count_errors(a, b):
    """The optimal string alignment distance, by its recurrence: the independent reference."""
    table = numpy.add.outer(numpy.arange(len(a) + 1), numpy.arange(len(b) + 1))
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            replaced = table[i - 1, j - 1] + (a[i - 1] != b[j - 1])
            table[i, j] = min(table[i - 1, j] + 1, table[i, j - 1] + 1, replaced)
            if i > 1 and j > 1 and a[i - 2 : i] == b[j - 1] + b[j - 2]:
                table[i, j] = min(table[i, j], table[i - 2, j - 2] + 1)
    return int(table[-1, -1])


def find(indexed, words, distance=2):
    """Neighbours, by word."""
    found = SpellingIndex(indexed, distance).find(words)
    triples = zip(*(each.tolist() for each in found), strict=True)
    return {(words[row], indexed[column], errors) for row, column, errors in triples}


def compare_all(indexed, words, distance):
    return {
        (a, b, errors)
        for a in words
        for b in indexed
        if (errors := count_errors(a, b)) <= (1 if min(len(a), len(b)) < SHORT else distance)
    }


@given(st.lists(WORDS, unique=True), st.lists(WORDS, unique=True), st.sampled_from([1, 2]))
def test_finds_what_comparing_all_pairs_finds(indexed, words, distance):
    assert find(indexed, words, distance) == compare_all(indexed, words, distance)


@pytest.mark.parametrize("most", [1, 40, 10**6])
def test_words_that_begin_alike_are_compared_part_by_part(most, monkeypatch):
    monkeypatch.setattr(neighbours, "MOST_PAIRS", most)
    rng = numpy.random.default_rng(0)
    indexed, words = (
        ["hydroxym" + "".join(each) for each in rng.choice(list("abc"), size=(40, 4))]
        for _ in range(2)
    )
    indexed, words = sorted(set(indexed)), sorted(set(words))
    assert find(indexed, words) == compare_all(indexed, words, 2)
    assert find(indexed, ["other"]) == find(indexed, []) == set()


@pytest.mark.parametrize(
    ("word", "errors"),
    [
        *(("happily", 0), ("hapily", 1), ("happpily", 1), ("hapiply", 1), ("hsppily", 1)),
        *(("hapilly", 2), ("appilly", 2), ("ahpiply", 2), ("xxhappily", 2), ("happilyxx", 2)),
    ],
)
def test_counts_each_kind_of_error(word, errors):
    assert find(["happily"], [word]) == {(word, "happily", errors)}


@pytest.mark.parametrize(
    "words", [["größer", "größre"], ["हिन्दी", "हिनदी"], ["😀😀😀😀", "😀😀😀"]]
)
def test_any_script(words):
    assert find(words[:1], words[1:]) == compare_all(words[:1], words[1:], 2)


def test_long_words_differ_behind_the_letters_that_are_indexed():
    long = "a" * 48
    assert find([long], [long + "b", long + "bc", "b" + long]) == {
        *((long + "b", long, 1), (long + "bc", long, 2), ("b" + long, long, 1)),
    }


def test_more_words_than_are_looked_up_at_a_time():
    words = [f"word{i:05}" for i in range(CHUNK + 10)]
    found = SpellingIndex(["word00000", words[-1]]).find(words)
    exact = found.distances == 0
    assert found.rows[exact].tolist() == [0, len(words) - 1]


def test_nothing_to_find():
    assert find([], ["word"]) == find(["word"], []) == find([], []) == set()
