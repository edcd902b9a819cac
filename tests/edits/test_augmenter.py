"""The augmenter `spacy-stablediff.edits.v1`: what it edits, and what it leaves right."""

import random
import time
from itertools import pairwise
from pathlib import Path

import numpy
import pytest
import spacy
import srsly
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.tokens import Doc, DocBin, Span, SpanGroup
from spacy.training import Example
from thinc.api import Config, ConfigValidationError

from spacy_stablediff.edits.alignment import RECORD, align
from spacy_stablediff.edits.augmenter import Edits

from ..pipelines import chain_pipeline, examples_for

REVIEWS = Path(__file__).parents[2] / "assets" / "reviews.jsonl"
NLP = spacy.blank("en")

TYPO, SWAP, DROP = {"swap": 0, "drop": 0}, {"typo": 0, "drop": 0}, {"typo": 0, "swap": 0}


def edit(example, times=1, nlp=NLP, **settings):
    """The texts, or rather the examples, that an augmenter makes of one."""
    augmenter = Edits(**settings)
    return [copy for _ in range(times) for copy in augmenter(nlp, example)]


def from_text(text, nlp=NLP, **annotation):
    return Example.from_dict(nlp.make_doc(text), annotation)


def texts(text, times=40, **settings):
    """All that becomes of a text in a number of attempts."""
    return {copy.text for copy in edit(from_text(text), times, **settings)}


# Typos are those that a keyboard produces.


def test_a_typo_exchanges_doubles_leaves_out_or_hits_the_key_beside():
    exchanged, doubled, left_out = {"hte", "teh"}, {"tthe", "thhe", "thee"}, {"he", "te", "th"}
    beside = {*("rhe", "yhe", "fhe", "ghe")}
    beside |= {*("tge", "tje", "tye", "tue", "tbe", "tne")}
    beside |= {*("thw", "thr", "ths", "thd")}
    assert texts("the", 500, typo=1, **TYPO) == exchanged | doubled | left_out | beside


@pytest.mark.parametrize(
    "keyboard, letter, beside",
    [
        ("qwerty", "y", "tugh"),
        ("qwerty", "p", "ol"),
        ("qwertz", "z", "tugh"),
        ("qwertz", "y", "xas"),
        ("qwertz", "l", "koöp"),
        ("azerty", "a", "zq"),
        ("azerty", "q", "sazw"),
        ("azerty", "m", "lp"),
    ],
)
def test_the_key_beside_depends_on_the_layout(keyboard, letter, beside):
    assert texts(letter, 200, typo=1, keyboard=keyboard, **TYPO) == {*beside, 2 * letter}


def test_a_typo_keeps_the_capital_where_it_was():
    typos = texts("Paris", 200, typo=1, **TYPO)
    assert {"Apris", "Psris", "Laris", "Prais"} <= typos
    assert not typos & {"aPris", "laris", "PSris"}
    assert all(text.isupper() for text in texts("USA", typo=1, **TYPO))


@pytest.mark.parametrize("text", ["42", "...", "😀", "\n\n", "$5.99", "--"])
def test_tokens_without_letters_have_no_typos(text):
    assert texts(text, typo=1, **TYPO) == {text}


def test_letters_that_are_on_no_key_are_still_exchanged_doubled_and_left_out():
    assert texts("éß", typo=1, **TYPO) == {"ßé", "ééß", "éßß", "é", "ß"}


# Swaps and drops, and the whitespace around them.


def test_swapped_words_are_neighbours_and_the_marks_stay():
    swapped = {"I it like.", "like I it.", "I like it."}
    assert texts("I like it.", swap=0.5, **SWAP) == swapped


def test_words_are_swapped_at_most_once():
    assert texts("one two three four", swap=1, **SWAP) == {"two one four three"}


@pytest.mark.parametrize(
    "clean, expected",
    [
        ('He said "never again", twice', {'He said "again", twice', 'He said "never again",'}),
        ("ok (or not).", {"(or not).", "ok (not).", "ok (or)."}),
        ("Wait, what?", {", what?", "Wait,?"}),
        ("one\ntwo", {"\ntwo", "one\n"}),
    ],
)
def test_dropped_words_leave_plausible_spaces(clean, expected):
    dropped = texts(clean, 200, drop=0.3, **DROP)
    assert expected <= dropped
    assert not any("  " in text or " ," in text or "( " in text for text in dropped)


@pytest.mark.parametrize("text", ["don't", "well-known", "$5.99", "can't've"])
def test_parts_of_what_is_written_together_are_neither_swapped_nor_dropped(text):
    assert texts(f"{text} {text}", swap=0.5, drop=0.5, typo=0) == {f"{text} {text}"}


def test_words_written_without_spaces_are_swapped_and_dropped_too():
    zh = spacy.blank("zh")
    words = ["我", "喜欢", "你"]
    doc = Doc(zh.vocab, words=words, spaces=[False] * 3)
    copies = edit(Example(doc.copy(), doc), 50, nlp=zh, typo=0, swap=0.3, drop=0.3)
    assert {"喜欢我你", "喜欢你", "我你"} <= {copy.text for copy in copies}


@pytest.mark.parametrize("text", ["word", "two words", "Yes!", "...", " "])
def test_no_document_becomes_empty(text):
    assert all(copy.strip() or not text.strip() for copy in texts(text, drop=1, **DROP))
    assert all(len(copy.reference) for copy in edit(from_text(text), 20, drop=1))


def test_an_empty_document_stays_empty():
    (copy,) = edit(from_text(""))
    assert copy.text == ""


def test_rates_are_per_token():
    words = [f"word{chr(97 + i % 26)}{chr(97 + i // 26 % 26)}" for i in range(5000)]
    example = from_text(" ".join(words))
    (typos,), (swaps,), (drops,) = (
        edit(example, typo=0.2, **TYPO),
        edit(example, swap=0.1, **SWAP),
        edit(example, drop=0.3, **DROP),
    )
    changed = [a != b.text for a, b in zip(words, typos.reference, strict=True)]
    assert numpy.mean(changed) == pytest.approx(0.2, abs=0.02)
    # A word that was just moved isn't moved again, so a few swaps less are made.
    moved = [a != b.text for a, b in zip(words, swaps.reference, strict=True)]
    assert numpy.mean(moved) / 2 == pytest.approx(0.1 / 1.1, abs=0.02)
    assert len(drops.reference) == pytest.approx(0.7 * 5000, rel=0.03)


# Gold annotation stays right.


WORDS = ["the", "cat", "sat", "on", "a", "mat", ",", ".", "!", "don't", "42", "Ümit"]


@st.composite
def annotated_examples(draw):
    """Documents with every kind of annotation that spaCy has for tokens and spans."""
    words = draw(st.lists(st.sampled_from(WORDS)))
    words = words or ["word"]
    n = len(words)
    rng = random.Random(draw(st.integers(0, 10**6)))
    spaces = [rng.random() < 0.8 for _ in words] if draw(st.booleans()) else None
    starts = sorted({0, *(i for i in range(n) if rng.random() < 0.2)})
    heads = [0] * n
    for start, end in pairwise([*starts, n]):
        order = rng.sample(range(start, end), end - start)
        for k, i in enumerate(order):
            heads[i] = order[rng.randrange(max(k, 1))]
    doc = Doc(
        NLP.vocab,
        words=words,
        spaces=spaces,
        tags=[f"TAG{i}" for i in range(n)],
        pos=[rng.choice(["NOUN", "VERB"]) for _ in words],
        morphs=[f"Index={i}" for i in range(n)],
        lemmas=[f"lemma{i}" for i in range(n)],
        heads=heads,
        deps=[f"dep{i}" for i in range(n)],
    )
    cuts = sorted(rng.sample(range(n + 1), min(n + 1, 2 * rng.randrange(3))))
    bounds = list(zip(cuts[::2], cuts[1::2], strict=False))
    doc.ents = [Span(doc, a, b, f"ENT{k}", kb_id=f"Q{k}") for k, (a, b) in enumerate(bounds)]
    groups = [Span(doc, a, b, "SPAN", span_id="7") for a, b in [(0, 1), *bounds]]
    doc.spans["sc"] = SpanGroup(doc, name="sc", spans=groups, attrs={"source": "test"})
    doc.cats = {"POSITIVE": 0.25, "NEGATIVE": 0.75}
    words_, spaces_ = [t.text for t in doc], [bool(t.whitespace_) for t in doc]
    return Example(Doc(NLP.vocab, words=words_, spaces=spaces_), doc)


rates = st.fixed_dictionaries({name: st.floats(0, 1) for name in Edits().rates})
fast = settings(max_examples=60)


def source_of(example, copy):
    """The clean token of each token of the edited reference, told by its tag."""
    return [int(token.tag_[3:]) for token in copy.reference]


@fast
@given(annotated_examples(), rates, st.integers(0, 99))
def test_what_belongs_to_a_token_goes_with_it(example, rates, seed):
    (copy,) = edit(example, seed=seed, **rates)
    clean, edited = example.reference, copy.reference
    for token, i in zip(edited, source_of(example, copy), strict=True):
        for attr in ("pos", "lemma", "morph", "ent_iob", "ent_type", "ent_kb_id"):
            assert getattr(token, attr) == getattr(clean[i], attr)


@fast
@given(annotated_examples(), rates, st.integers(0, 99))
def test_categories_entities_and_spans_are_as_they_were(example, rates, seed):
    (copy,) = edit(example, seed=seed, **rates)
    clean, edited, source = example.reference, copy.reference, source_of(example, copy)
    assert edited.cats == clean.cats and edited.cats is not clean.cats
    assert edited.spans["sc"].attrs == {"source": "test"}
    for before, after in [(clean.ents, edited.ents), (clean.spans["sc"], edited.spans["sc"])]:
        assert len(before) == len(after)
        for a, b in zip(before, after, strict=True):
            assert source[b.start : b.end] == list(range(a.start, a.end))
            assert (a.label, a.kb_id, a.id) == (b.label, b.kb_id, b.id)


@fast
@given(annotated_examples(), rates, st.integers(0, 99))
def test_heads_follow_their_tokens_or_are_missing_if_dropped(example, rates, seed):
    (copy,) = edit(example, seed=seed, **rates)
    clean, source = example.reference, source_of(example, copy)
    for token, i in zip(copy.reference, source, strict=True):
        assert token.has_head() == (clean[i].head.i in source)
        if token.has_head():
            assert source[token.head.i] == clean[i].head.i
            assert token.dep_ == clean[i].dep_


@fast
@given(annotated_examples(), rates, st.integers(0, 99))
def test_sentences_keep_their_remaining_words(example, rates, seed):
    (copy,) = edit(example, seed=seed, **rates)
    source = source_of(example, copy)
    clean = [set(range(sent.start, sent.end)) & set(source) for sent in example.reference.sents]
    edited = [set(source[sent.start : sent.end]) for sent in copy.reference.sents]
    assert edited == [sent for sent in clean if sent]


@fast
@given(annotated_examples(), rates, st.integers(0, 99))
def test_the_clean_example_is_not_modified(example, rates, seed):
    before = example.reference.to_bytes(), example.predicted.to_bytes()
    edit(example, seed=seed, **rates)
    assert before == (example.reference.to_bytes(), example.predicted.to_bytes())


def test_annotation_that_is_missing_stays_missing():
    (copy,) = edit(from_text("Nothing is annotated here. Nothing at all."), typo=0.5)
    for attr in ("TAG", "POS", "LEMMA", "MORPH", "DEP", "SENT_START", "ENT_IOB"):
        assert not copy.reference.has_annotation(attr)
    assert not copy.reference.cats and not copy.reference.spans


def test_words_are_not_swapped_across_sentences():
    words = ["he", "left", "she", "stayed"]
    doc = Doc(NLP.vocab, words=words, spaces=[True] * 4, sent_starts=[True, False, True, False])
    copies = edit(Example(doc.copy(), doc), 20, swap=1, **SWAP)
    assert {copy.text for copy in copies} == {"left he stayed she "}


def test_user_data_and_empty_spans_are_dropped():
    example = from_text("They met in Paris.")
    example.reference.user_data["meeting"] = (3, 4)
    example.reference.spans["sc"] = [example.reference[5:5], example.reference[3:4]]
    (copy,) = edit(example)
    assert not copy.reference.user_data
    assert [len(span) for span in copy.reference.spans["sc"]] == [1]


# The edited text is tokenized by the pipeline, and the exact alignment travels with it.


def test_predicted_tokens_come_from_the_tokenizer():
    for copy in edit(from_text("They don't know. Can't they ask?"), 50, typo=0.5):
        assert [t.text for t in copy.predicted] == [t.text for t in NLP.make_doc(copy.text)]
        assert copy.predicted.text == copy.reference.text


def test_where_the_spaces_are_unknown_the_tokens_stay():
    doc = Doc(NLP.vocab, words=["do", "n't", "do", "n't"])
    for copy in edit(Example(doc.copy(), doc), 20, drop=0):
        assert [t.text for t in copy.predicted] == [t.text for t in copy.reference]
        assert copy.reference.has_unknown_spaces


def test_alignment_is_exact_even_where_words_repeat():
    example = from_text("ha ha ha ha ha")
    kept = set()
    for copy in edit(example, 60, drop=0.5, **DROP):
        alignment = align(example.predicted, copy.predicted)
        assert len(alignment) == len(copy.predicted) and (numpy.diff(alignment) > 0).all()
        kept.add(tuple(alignment))
    assert {(0, 4), (1, 3), (2, 3, 4)} <= kept


def test_alignment_follows_letters_through_the_tokenizer():
    """Of the pieces of a split token the largest is its counterpart, of merged ones too."""
    example = from_text("I don't.")
    pairs = set()
    for copy in edit(example, 300, typo=0.7, **TYPO):
        alignment = align(example.predicted, copy.predicted)
        assert len(set(alignment[alignment >= 0])) == (alignment >= 0).sum()
        for token, i in zip(copy.predicted, alignment.tolist(), strict=True):
            pairs.add((token.text, example.predicted[i].text if i >= 0 else None))
    assert {("odn't", "n't"), ("dn't", "n't"), ("II", "I"), ("don'tt", "n't")} <= pairs
    assert (".", None) not in pairs


@fast
@given(annotated_examples(), rates, st.integers(0, 99))
def test_alignment_is_that_of_the_gold_tokens_where_the_tokenizer_keeps_them(example, rates, seed):
    if not example.reference.has_unknown_spaces:
        return
    (copy,) = edit(example, seed=seed, **rates)
    assert align(example.predicted, copy.predicted).tolist() == source_of(example, copy)


def test_alignment_survives_what_training_does_to_examples():
    example = from_text("ha ha ha ha ha")
    (copy,) = edit(example, drop=0.5, **DROP)
    expected = align(example.predicted, copy.predicted)
    assert expected.tolist() != list(range(len(expected)))
    nlp = spacy.blank("en")
    copies = [
        copy.copy().predicted,
        Example(copy.predicted.copy(), copy.reference).predicted,
        Doc(NLP.vocab).from_bytes(copy.predicted.to_bytes()),
        *nlp.pipe([Doc(nlp.vocab).from_bytes(copy.predicted.to_bytes())]),
    ]
    for doc in copies:
        assert align(example.predicted, doc).tolist() == expected.tolist()


def test_a_recorded_alignment_is_not_used_for_other_tokens():
    example = from_text("They met in New York")
    (copy,) = edit(example, typo=0, swap=0, drop=0)
    with copy.predicted.retokenize() as retokenizer:
        retokenizer.merge(copy.predicted[3:5])
    assert align(example.predicted, copy.predicted).tolist() == [0, 1, 2, 4]
    assert align(NLP.make_doc("They met"), copy.predicted).tolist() == [0, 1, -1, -1]


def test_no_alignment_is_recorded_if_the_predicted_text_is_another():
    predicted = NLP.make_doc("They  met")
    example = Example(predicted, Doc(NLP.vocab, words=["They", "met"], spaces=[True, False]))
    (copy,) = edit(example)
    assert RECORD not in copy.predicted.user_data


# In training.


def test_the_seed_fixes_the_sequence_of_edits():
    example = from_text("It is the same text every time, but never the same edits.")
    first, again, other = (
        [copy.text for copy in edit(example, 20, seed=seed)] for seed in (1, 1, 2)
    )
    assert first == again != other
    assert len(set(first)) > 10
    augmenter = Edits(seed=1)
    list(augmenter(NLP, example))
    assert [copy.text for copy in augmenter.restarted()(NLP, example)] == first[:1]


def test_works_in_a_training_config(tmp_path):
    nlp = chain_pipeline(["textcat", "ner"])
    examples = examples_for(nlp)
    DocBin(docs=[eg.reference for eg in examples]).to_disk(tmp_path / "train.spacy")
    config = Config().from_str(f"""
        [corpora]

        [corpora.train]
        @readers = "spacy.Corpus.v1"
        path = "{tmp_path}/train.spacy"
        gold_preproc = false

        [corpora.train.augmenter]
        @augmenters = "spacy-stablediff.edits.v1"
        typo = 0.5
        seed = 3
        keyboard = "qwertz"
        """)
    corpus = spacy.registry.resolve(config)["corpora"]["train"]
    nlp.initialize(lambda: list(corpus(nlp)))
    batch = list(corpus(nlp))
    assert len(batch) == len(examples)
    assert [eg.text for eg in batch] != [eg.text for eg in examples]
    losses = nlp.update(batch)
    assert losses["textcat"] > 0 and losses["ner"] > 0


def test_edits_20_000_tokens_a_second():
    examples = [from_text(review["text"]) for review in srsly.read_jsonl(REVIEWS)]
    tokens = sum(len(eg.reference) for eg in examples)

    def rate():
        augmenter, start = Edits(), time.process_time()
        for eg in examples:
            list(augmenter(NLP, eg))
        return tokens / (time.process_time() - start)

    assert max(rate() for _ in range(2)) > 20_000


# What it refuses.


@pytest.mark.parametrize("setting", list(Edits().rates))
@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan"), True, "often"])
def test_refuses_rates_outside_0_to_1(setting, value):
    with pytest.raises(ValueError, match=rf"\[SD100\].*'{setting}'.*0.*1"):
        Edits(**{setting: value})


def test_refuses_unknown_layouts():
    with pytest.raises(ValueError, match=r"\[SD101\].*'keyboard'.*qwertz, azerty.*'dvorak'"):
        Edits(keyboard="dvorak")


def test_refuses_unknown_cases():
    with pytest.raises(ValueError, match=r"\[SD101\].*'casing'.*lower, upper, title.*'camel'"):
        Edits(casing="camel")


@pytest.mark.parametrize("seed", [-1, 0.5, None])
def test_refuses_seeds_that_are_no_whole_numbers(seed):
    with pytest.raises(ValueError, match=r"\[SD102\].*'seed'"):
        Edits(seed=seed)


@pytest.mark.parametrize(
    "setting", [{"typos": 0.1}, {"keyboard": "dvorak"}, {"casing": "camel"}], ids=str
)
def test_a_config_with_a_wrong_setting_is_refused(setting):
    config = {"augmenter": {"@augmenters": "spacy-stablediff.edits.v1", **setting}}
    with pytest.raises(ConfigValidationError):
        spacy.registry.resolve(config)
