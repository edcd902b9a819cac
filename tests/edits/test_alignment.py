"""Alignment of an edited document with the clean one, where only their tokens are known."""

import random
from pathlib import Path

import numpy
import pytest
import spacy
import srsly
from hypothesis import given
from hypothesis import strategies as st
from spacy.training import Example

from spacy_stablediff.edits.alignment import align, align_tokens, find_changed
from spacy_stablediff.edits.augmenter import Edits

REVIEWS = Path(__file__).parents[2] / "assets" / "reviews.jsonl"
SENTENCE = "Zoe said our new kettle from Porto boils water in under two minutes , which is quick ."

words = st.lists(st.text("abcde", min_size=1, max_size=4), max_size=12)


def counterparts(clean, edited):
    """The clean token of each edited one, "_" where it has none."""
    clean, edited = clean.split(), edited.split()
    alignment = align_tokens(clean, edited).tolist()
    assert len(alignment) == len(edited)
    return " ".join(clean[i] if i >= 0 else "_" for i in alignment)


@pytest.mark.parametrize(
    "clean, edited, expected",
    [
        ("I want the best of it", "I wnat teh bst fo itt", "I want the best of it"),
        ("I want the best of it", "I wamt tje vest pf ir", "I want the best of it"),
        ("he saw it", "HE SAW IT", "he saw it"),
        ("the cat saw the dog", "cat the saw the dog", "cat the saw the dog"),
        ("one two three four", "two three four one", "two three four one"),
        ("a sample text here", "a sampletext here", "a sample here"),
        ("a sample text here", "a s ample text here", "a _ sample text here"),
        ("he did not go", "he didn't go", "he did go"),
        ("this is big", "this is huge", "this is big"),
        ("this is big", "this really is big", "this _ is big"),
        ("this really is big", "this is big", "this is big"),
        ("so very very very good", "so very very good", "so very very good"),
        ("x", "y", "x"),
        ("", "a b", "_ _"),
        ("a b", "", ""),
    ],
)
def test_finds_the_token_that_each_comes_from(clean, edited, expected):
    assert counterparts(clean, edited) == expected


def test_one_of_two_copies_is_the_counterpart():
    found = counterparts("one two three", "one one two two three three").split()
    assert found.count("_") == 3 and [word for word in found if word != "_"] == [
        "one",
        "two",
        "three",
    ]


def test_repeated_tokens_are_told_apart_by_their_place():
    clean = ["the", "cat", "saw", "the", "dog", "and", "the", "bird"]
    for dropped in range(len(clean)):
        kept = [i for i in range(len(clean)) if i != dropped]
        assert align_tokens(clean, [clean[i] for i in kept]).tolist() == kept


@given(words, words)
def test_no_clean_token_has_two_counterparts(clean, edited):
    alignment = align_tokens(clean, edited)
    assert len(alignment) == len(edited)
    assert ((alignment >= -1) & (alignment < len(clean))).all()
    aligned = alignment[alignment >= 0]
    assert len(set(aligned)) == len(aligned)


@given(words)
def test_equal_sequences_are_aligned_one_to_one(tokens):
    upper = [token.upper() for token in tokens]
    assert align_tokens(tokens, upper).tolist() == list(range(len(tokens)))


def test_long_documents():
    clean = " ".join(review["text"] for review in srsly.read_jsonl(REVIEWS)).split()
    kept = sorted(random.Random(0).sample(range(len(clean)), int(0.9 * len(clean))))
    alignment = align_tokens(clean, [clean[i] for i in kept])
    assert len(kept) > 8000 and numpy.mean(alignment == kept) > 0.99


@pytest.mark.parametrize(
    "rates, share",
    [
        ({"typo": 0.2, "swap": 0, "drop": 0}, 0.995),
        ({"typo": 0, "swap": 0.2, "drop": 0}, 0.995),
        ({"typo": 0, "swap": 0, "drop": 0.15}, 0.995),
        ({"typo": 0.1, "swap": 0.1, "drop": 0.1}, 0.995),
        ({"typo": 1, "swap": 0.3, "drop": 0.2}, 0.95),
    ],
)
def test_agrees_with_the_exact_alignment_that_our_edits_record(rates, share):
    nlp, augmenter = spacy.blank("en"), Edits(**rates)
    same = []
    for review in srsly.read_jsonl(REVIEWS):
        example = Example.from_dict(nlp.make_doc(review["text"]), {})
        (copy,) = augmenter(nlp, example)
        exact = align(example.predicted, copy.predicted)
        clean, edited = ([t.text for t in doc] for doc in (example.predicted, copy.predicted))
        same += (align_tokens(clean, edited) == exact).tolist()
    assert numpy.mean(same) > share


# The augmenters of the package augmenty.


def augment(name, text=SENTENCE, times=20, **settings):
    """Clean and edited tokens, for a number of attempts of an augmenter of augmenty."""
    import augmenty

    nlp = spacy.blank("en")
    augmenter = augmenty.load(name, **settings)
    example = Example.from_dict(nlp.make_doc(text), {})
    random.seed(0)
    for _ in range(times):
        for copy in augmenter(nlp, example):
            clean, edited = ([t.text for t in eg] for eg in (example.predicted, copy.predicted))
            yield clean, edited, align(example.predicted, copy.predicted).tolist()


@pytest.mark.real("augmenty")
@pytest.mark.parametrize("name", ["char_swap_v1", "keystroke_error_v1"])
@pytest.mark.parametrize("level, share", [(0.1, 0.99), (0.3, 0.95)])
def test_augmenty_misspelt_tokens(name, level, share):
    right = [
        i == k
        for clean, edited, alignment in augment(name, times=60, level=level)
        if len(clean) == len(edited)
        for k, i in enumerate(alignment)
    ]
    assert len(right) > 200 and numpy.mean(right) > share


@pytest.mark.real("augmenty")
@pytest.mark.parametrize("name", ["upper_case_v1", "random_casing_v1", "spongebob_v1"])
def test_augmenty_upper_case(name):
    for clean, _, alignment in augment(name, level=1.0):
        assert alignment == list(range(len(clean)))


@pytest.mark.real("augmenty")
def test_augmenty_swapped_tokens():
    orders = set()
    for clean, edited, alignment in augment("token_swap_v1", level=0.3, respect_ents=False):
        assert alignment == [clean.index(word) for word in edited]
        orders.add(tuple(alignment))
    assert len(orders) > 10


@pytest.mark.real("augmenty")
def test_augmenty_duplicated_tokens():
    for clean, edited, alignment in augment("duplicate_token_v1", level=0.3):
        assert [clean[i] for i in alignment if i >= 0] == clean
        assert all(i < 0 or clean[i] == word for word, i in zip(edited, alignment, strict=True))


@pytest.mark.real("augmenty")
def test_augmenty_removed_spaces():
    text = "My neighbours always water their tomatoes before sunrise"
    merged = 0
    for clean, edited, alignment in augment("remove_spacing_v1", text, level=0.3):
        for word, i in zip(edited, alignment, strict=True):
            assert clean[i] in word
            merged += clean[i] != word
    assert merged > 10


# Which tokens were changed themselves.


def changed(clean, edited):
    clean, edited = clean.split(), edited.split()
    flags = find_changed(clean, edited, align_tokens(clean, edited))
    return [word for word, flag in zip(edited, flags, strict=True) if flag]


def test_changed_tokens_are_those_that_were_misspelt_swapped_or_added():
    assert changed("this is big", "this is big") == []
    assert changed("this is big", "thsi is big") == ["thsi"]
    assert changed("this is big", "is this big") == ["is", "this"]
    assert changed("this is big", "this is not big") == ["not"]
    assert changed("this is really big", "this is big") == []
    assert changed("this is big", "this IS big") == ["IS"]
    assert changed("", "new") == ["new"]
