"""Counting the words that an embedding is trained on."""

import numpy
import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc

from spacy_stablediff.edits.original import record_original
from spacy_stablediff.words.counting import EDGE, KINDS, Words
from spacy_stablediff.words.ids import is_in, merge, sort, spread

VOCAB = spacy.blank("en").vocab
texts = st.lists(st.sampled_from("abcdef"), min_size=1, max_size=6)


def doc(*words):
    return Doc(VOCAB, words=list(words))


def counted(*batches, min_count=2):
    words = Words(min_count)
    for batch in batches:
        words.count([doc(*text) for text in batch])
    return words


def counts_of(words, kind="words"):
    strings = {EDGE: "", **{VOCAB.strings[letter]: letter for letter in "abcdefABCDEF1"}}
    return {strings[word]: count for word, count in words.tallies[kind].counts.items()}


def names(ids):
    return {VOCAB.strings[int(i)] for i in ids}


@given(st.lists(st.lists(texts, max_size=4), max_size=5))
def test_counts_are_those_of_all_different_documents(batches):
    words = counted(*batches)
    different = {tuple(text) for batch in batches for text in batch}
    for letter in "abcdef":
        number = sum(text.count(letter) for text in different)
        assert words.look_up(numpy.asarray([VOCAB.strings[letter]])).tolist() == [number]
        assert counts_of(words).get(letter, 0) == counts_of(words, "forms").get(letter, 0) == number
        assert (letter in names(words.known)) == (number >= 2)
        assert (letter in names(words.seen)) == (letter in words.texts.values()) == (number >= 1)
    for ids in (words.known, words.seen):
        assert (numpy.diff(ids.astype("float64")) > 0).all()


def test_forms_are_counted_apart_and_words_together():
    words = counted([["A", "a", "a"]])
    assert counts_of(words, "forms") == {"A": 1, "a": 2} and counts_of(words) == {"a": 3}


def test_counts_next_to_which_words_there_are_capitals():
    words = counted([["a", "B"], ["c", "1", "B"]])
    assert counts_of(words, "capitals_after") == {"a": 1, "1": 1}
    assert counts_of(words, "smalls_after") == {"": 2}
    assert counts_of(words, "capitals_before") == {"": 2}
    assert counts_of(words, "smalls_before") == {"b": 1, "1": 1}


def test_a_text_in_capitals_tells_nothing_of_capitals():
    words = counted([["A", "B"]])
    assert not counts_of(words, "capitals_after") and counts_of(words, "forms") == {"A": 1, "B": 1}


def test_no_epoch_counts_twice():
    once, twice = counted(["ab", "b"]), counted(["ab"], ["b"], ["b", "ab"], ["ab"])
    for kind in KINDS:
        assert counts_of(once, kind) == counts_of(twice, kind)


def test_words_of_repeated_documents_are_known_where_batches_repeat_themselves():
    words = Words(2)
    for batch, known in [("abcdea", ""), ("fgfg", "fg"), ("fh", "fg"), ("hhhi", "fgh")]:
        docs = [doc(letter) for letter in batch]
        words.count(docs)
        words.know_repeated(docs)
        assert names(words.known) == set(known)
    assert names(words.seen) == set("abcdefghi")


def test_documents_of_several_vocabs_are_counted_together():
    docs = [doc("a"), Doc(spacy.blank("en").vocab, words=["a", "Grmblfz"])]
    words = Words(2)
    words.count(docs)
    assert set(words.texts.values()) == {"a", "Grmblfz"} and names(words.known) == {"a"}


def test_edited_copies_repeat_nothing():
    words, docs = Words(2), [doc("a"), doc("b")]
    copies = [doc("a"), doc("c")]
    for clean, edited in zip(docs, copies, strict=True):
        record_original(clean, edited)
    words.count([*docs, *copies])
    words.know_repeated([*docs, *copies])
    assert not len(words.known)


def test_of_two_trainings_the_larger_count_stands():
    first = counted(["aab", "cc"])
    second = Words(2).from_bytes(first.to_bytes())
    second.count([doc("a"), doc("b", "b", "b", "d")])
    assert counts_of(second) == {"a": 2, "b": 3, "c": 2, "d": 1}


def test_bytes_keep_all_but_the_settings():
    words = counted(["aaab", "bcc"])
    loaded = Words(3).from_bytes(words.to_bytes())
    for kind in KINDS:
        assert counts_of(loaded, kind) == counts_of(words, kind)
    assert loaded.texts == words.texts and numpy.array_equal(loaded.seen, words.seen)
    assert names(loaded.known) == {"a"} and names(words.known) == {"a", "b", "c"}


def test_norms_are_those_that_forms_mostly_have():
    nlp = spacy.blank("en")
    words = Words(2)
    words.count(
        [nlp.make_doc(text) for text in ("I can't", "you can't", "ca now", "let's", "it's", "Al's")]
    )
    for each in (words, Words(2).from_bytes(words.to_bytes())):
        renamed = {
            nlp.vocab.strings[form]: nlp.vocab.strings[norm] for form, norm in each.norms.items()
        }
        assert renamed == {"ca": "can", "n't": "not"}


def test_words_of_unknown_frequency_are_known():
    words = Words(2)
    assert not words
    words.take_for_known([VOCAB.strings["a"]])
    assert words and names(words.known) == names(words.seen) == {"a"} and not words.texts
    words.count([doc("b"), doc("b", "a", "a", "a")])
    assert names(words.known) == {"a", "b"} and counts_of(words) == {"a": 3, "b": 2}


def test_words_seen_too_seldom_stay_unknown():
    words = Words(2)
    words.count([doc("c")])
    words.take_for_known([VOCAB.strings["a"]])
    assert names(words.known) == names(Words(2).from_bytes(words.to_bytes()).known) == {"a"}


def test_nothing_to_count():
    words = Words(2)
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


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 4))))
def test_spread_lists_the_numbers_of_ranges(ranges):
    starts = numpy.asarray([start for start, _ in ranges], dtype="int64")
    ends = numpy.asarray([start + length for start, length in ranges], dtype="int64")
    expected = [i for start, length in ranges for i in range(start, start + length)]
    assert spread(starts, ends).tolist() == expected
