"""What people and machines do to words besides typing errors, and that it is kept track of."""

import numpy
import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.tokens import Doc, Span
from spacy.training import Example

from spacy_stablediff.edits.alignment import RECORD, align
from spacy_stablediff.edits.augmenter import Edits

NLP = spacy.blank("en")
RATES = tuple(Edits().rates)
NONE = dict.fromkeys(RATES, 0.0)
NOISE = tuple(name for name in RATES if name not in ("typo", "swap", "drop"))

fast = settings(max_examples=60)
rates = st.fixed_dictionaries({name: st.sampled_from([0.0, 0.3, 1.0]) for name in RATES})
seeds = st.integers(0, 99)

WORDS = ["don't", "Zoë's", "ÅNGSTRÖM", "e\u0301te\u0301", "Việt", "Ελλάδα", "ещё", "ß", "İzmir"]
WORDS += [
    "हिन्दी",
    "العَرَبِيَّة",
    "ภาษาไทย",
    "한국어",
    "这个产品",
    "👍🏽",
    "👩\u200d👧",
    "42",
    "...",
    "\n",
    "a-b",
]
texts = st.one_of(st.text(max_size=30), st.lists(st.sampled_from(WORDS)).map(" ".join))


def from_text(text):
    return Example.from_dict(NLP.make_doc(text), {})


def edit(example, **settings):
    (copy,) = Edits(**{**NONE, **settings})(NLP, example)
    return copy


def variants(text, times=300, **settings):
    """All that becomes of a text in a number of attempts."""
    augmenter = Edits(**{**NONE, **settings})
    example = from_text(text)
    return {copy.text for _ in range(times) for copy in augmenter(NLP, example)}


# What each edit does.


def test_letters_are_read_as_others_that_look_alike():
    assert variants("modern", ocr=1) >= {"modem", "rnodern", "moclern", "m0dern", "modcrn"}
    assert variants("B1", ocr=1) == {"81", "Bl"}


def test_vowels_and_last_letters_are_drawn_out():
    assert variants("so", stretch=1) == {"sooo", "soooo", "sooooo", "soooooo"}
    assert variants("yummy!", stretch=1) >= {"yyyummy!", "yuuummy!", "yummyyy!"}
    assert "nonnn" in variants("non", stretch=1) and "chéééri" in variants("chéri", stretch=1)


def test_digits_stand_for_letters_that_they_look_like():
    assert variants("great", digits=1) == {"gr3at", "gre4t", "grea7", "9reat"}
    assert variants("Zoo", digits=1) == {"2oo", "Z0o", "Zo0"}


@pytest.mark.parametrize(
    "text, bare",
    [
        ("café", "cafe"),
        ("e\u0301te\u0301", "ete"),
        ("ÅNGSTRÖM", "ANGSTROM"),
        ("Tiếng Việt ở Đà Nẵng", "Tieng Viet o Da Nang"),
        ("Łódź Østfold", "Lodz Ostfold"),
        ("Ελλάδα", "Ελλαδα"),
        ("ещё", "еще"),
        *(
            (text, text)
            for text in [
                "ß",
                "naive",
                "हिन्दी ड़",
                "العَرَبِيَّة",
                "ภาษาไทย ที่นี่",
                "한국어",
                "がぎ",
                "👍🏽",
                "≠",
            ]
        ),
    ],
)
def test_accents_are_lost_where_they_are_no_vowels(text, bare):
    assert variants(text, 1, accents=1) == {bare}


def test_words_are_split_between_letters():
    assert variants("hello", split=1) == {"h ello", "he llo", "hel lo", "hell o"}
    assert variants("a 42 !? e\u0301", split=1) == {"a 42 !? e\u0301"}


def test_tokens_are_run_together():
    assert variants("on the table", join=0.5) == {
        *("on the table", "onthe table", "on thetable", "onthetable")
    }


def test_no_space_is_left_at_a_rate_of_1():
    assert variants("Anna (42) , or not ! 👍🏽 这个 ", join=1) == {"Anna(42),ornot!👍🏽这个"}
    assert variants("one\ttwo\nthree", join=1) == {"one\ttwo\nthree"}


def test_letters_are_mistyped_at_their_rate_and_several_in_a_word():
    copy = edit(from_text(" ".join(["extraordinary"] * 400)), letters=0.1)
    mistyped = [token.text != "extraordinary" for token in copy.reference]
    assert numpy.mean(mistyped) == pytest.approx(1 - 0.9**13, abs=0.06)
    (several,) = variants("extraordinary", 1, letters=1)
    assert sum(a != b for a, b in zip("extraordinary", several, strict=False)) > 3


@pytest.mark.parametrize("name", ["letters", "ocr", "stretch", "digits", "split"])
def test_the_rate_is_how_often_it_happens(name):
    words = ["salad"] * 3000
    changed = [
        token.text != "salad" for token in edit(from_text(" ".join(words)), **{name: 0.2}).reference
    ]
    expected = 1 - 0.8**5 if name == "letters" else 0.2
    assert numpy.mean(changed) == pytest.approx(expected, abs=0.03)


# What they leave alone.


@fast
@given(texts, seeds)
def test_nothing_happens_at_rate_0(text, seed):
    example = from_text(text)
    copy = edit(example, seed=seed)
    assert copy.text == text
    assert align(example.predicted, copy.predicted).tolist() == list(range(len(copy.predicted)))


@fast
@given(texts, st.sampled_from(NOISE), seeds)
def test_the_order_of_words_and_which_are_dropped_does_not_depend_on_noise(text, name, seed):
    doc = NLP.make_doc(text)
    for token in doc:
        token.tag_ = f"TAG{token.i}"
    base = {"typo": 0.3, "swap": 0.3, "drop": 0.3, "seed": seed}
    plain, noisy = (edit(Example(doc.copy(), doc), **more, **base) for more in ({}, {name: 0.5}))
    assert [t.tag_ for t in plain.reference] == [t.tag_ for t in noisy.reference]


def test_typos_swaps_and_drops_stay_what_they_were_before_there_was_noise():
    example = from_text("It is the same text every time, but never the same edits.")
    augmenter = Edits(seed=1)
    assert [copy.text for _ in range(3) for copy in augmenter(NLP, example)] == EARLIER


EARLIER = [
    "It is the same text every time, ndver the edits.",
    "It si the same text every time, but bever the same edits.",
    "It is same the text every time, bt never the same edits.",
]


@fast
@given(texts, rates, seeds)
def test_the_seed_fixes_the_sequence_of_edits(text, rates, seed):
    example = from_text(text)
    augmenter = Edits(**rates, seed=seed)
    first = [copy.text for _ in range(3) for copy in augmenter(NLP, example)]
    again = augmenter.restarted()
    assert [copy.text for _ in range(3) for copy in again(NLP, example)] == first
    assert again.config == augmenter.config


@fast
@given(texts, rates, seeds)
def test_the_edits_at_a_place_depend_on_nothing_before_it(text, rates, seed):
    example = from_text(text)
    augmenter = Edits(**rates, seed=seed)
    at_seven = [copy.text for copy in augmenter.restarted(7)(NLP, example)]
    list(augmenter(NLP, example))
    assert [copy.text for copy in augmenter.restarted(7)(NLP, example)] == at_seven


def test_each_place_has_edits_of_its_own():
    example = from_text("It is the same text every time, but never the same edits.")
    augmenter = Edits(letters=0.2)
    found = {copy.text for i in range(20) for copy in augmenter.restarted(i)(NLP, example)}
    assert len(found) == 20


def test_a_config_block_makes_the_same_augmenter():
    augmenter = Edits(**dict.fromkeys(RATES, 0.2), seed=3, keyboard="azerty", casing="title")
    made = spacy.registry.resolve({"augmenter": augmenter.config})["augmenter"]
    assert made.config == augmenter.config


@fast
@given(
    st.lists(st.sampled_from([word for word in WORDS if word.strip()]), min_size=1), rates, seeds
)
def test_where_spaces_are_unknown_no_word_is_split_or_joined(words, rates, seed):
    doc = Doc(NLP.vocab, words=words)
    copy = edit(Example(doc.copy(), doc), **{**rates, "drop": 0}, seed=seed)
    assert [t.text for t in copy.predicted] == [t.text for t in copy.reference]
    assert len(copy.predicted) == len(words)
    assert not any(" " in token.text for token in copy.predicted)
    assert sorted(align(doc, copy.predicted).tolist()) == list(range(len(words)))


# The alignment is exact.


@fast
@given(texts, rates, seeds)
def test_no_clean_token_has_two_counterparts(text, rates, seed):
    example = from_text(text)
    copy = edit(example, **rates, seed=seed)
    assert copy.predicted.text == copy.reference.text
    if text:
        alignment = align(example.predicted, copy.predicted)
        assert RECORD in copy.predicted.user_data
        assert len(alignment) == len(copy.predicted)
        aligned = alignment[alignment >= 0].tolist()
        assert len(set(aligned)) == len(aligned)
        assert set(aligned) <= set(range(len(example.predicted)))


# Letters of which each is unique, whatever its case, and that no edit turns into another.
UNIQUE = [
    chr(code) for code in [*range(0x0430, 0x0439), *range(0x043A, 0x0450), *range(0x0561, 0x0587)]
]
unique_words = st.lists(st.integers(1, 6), min_size=1, max_size=11).map(
    lambda lengths: [
        "".join(UNIQUE[sum(lengths[:i]) : sum(lengths[: i + 1])]) for i in range(len(lengths))
    ]
)


def find_counterparts(clean, edited):
    """For each edited token its clean one, by brute force: the one with most of its letters."""
    sizes = [[sum(map(each.lower().count, word)) for word in clean] for each in edited]
    nearest = [row.index(max(row)) for row in sizes]
    counterparts = []
    for i, k in enumerate(nearest):
        rivals = [j for j, other in enumerate(nearest) if other == k]
        best = max(rivals, key=lambda j, k=k: (sizes[j][k], -j))
        counterparts.append(k if best == i else -1)
    return counterparts


@settings(max_examples=200)
@given(unique_words, rates, seeds)
def test_the_alignment_is_that_of_the_letters(words, rates, seed):
    example = from_text(" ".join(words))
    copy = edit(example, **rates, seed=seed)
    edited = [token.text for token in copy.predicted]
    assert align(example.predicted, copy.predicted).tolist() == find_counterparts(words, edited)


def test_pieces_of_split_and_joined_words():
    def pairs(text, times=200, **settings):
        augmenter, example = Edits(**{**NONE, **settings}), from_text(text)
        for _ in range(times):
            (copy,) = augmenter(NLP, example)
            alignment = align(example.predicted, copy.predicted).tolist()
            tokens = zip(copy.predicted, alignment, strict=True)
            yield tuple((t.text, example.predicted[i].text if i >= 0 else None) for t, i in tokens)

    assert set(pairs("hello", split=1)) >= {
        (("h", None), ("ello", "hello")),
        (("hel", "hello"), ("lo", None)),
    }
    assert set(pairs("on tables", join=1)) == {(("ontables", "tables"),)}
    assert set(pairs("in it", join=1)) == {(("init", "in"),)}


# Gold annotation lies on the same letters.


@fast
@given(unique_words, rates, seeds, st.data())
def test_entities_and_spans_lie_on_the_same_letters(words, rates, seed, data):
    start = data.draw(st.integers(0, len(words) - 1))
    end = data.draw(st.integers(start + 1, len(words)))
    doc = Doc(NLP.vocab, words=words, spaces=[True] * len(words))
    doc.ents = [Span(doc, start, end, "PRODUCT")]
    doc.spans["sc"] = [Span(doc, start, end, "PRODUCT")]
    doc.cats = {"POSITIVE": 1.0}
    copy = edit(Example(doc.copy(), doc), **rates, seed=seed).reference
    inside = set("".join(words[start:end]))
    assert copy.cats == doc.cats
    for span in (*copy.ents, *copy.spans["sc"]):
        assert span.label_ == "PRODUCT" and set(span.text.lower()) - {" "} <= inside
        outside = copy.text[: span.start_char] + copy.text[span.end_char :]
        assert not set(outside.lower()) & inside
    assert len(copy.ents) == len(copy.spans["sc"]) == 1


def test_the_tokens_of_a_split_entity_are_labelled_by_spacy():
    doc = NLP.make_doc("She flew to Lisbon today")
    doc.ents = [Span(doc, 3, 4, "GPE")]
    copy = edit(Example(doc.copy(), doc), split=1)
    tags = dict(zip([t.text for t in copy.predicted], copy.get_aligned_ner(), strict=True))
    assert sum(tag.endswith("GPE") for tag in tags.values()) == 2
    assert "".join(text for text, tag in tags.items() if tag.endswith("GPE")) == "Lisbon"
