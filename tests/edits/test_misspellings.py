"""The augmenter `spacy-stablediff.misspellings.v1`: words misspelt as people do."""

import time
from pathlib import Path

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc, Span
from spacy.training import Example
from thinc.api import ConfigValidationError

from spacy_stablediff.edits.alignment import align
from spacy_stablediff.edits.misspellings import Misspellings, find_codespell_table, misspell
from spacy_stablediff.edits.table import read_table

NLP = spacy.blank("en")
NAME = "spacy-stablediff.misspellings.v1"
TABLE = [("thier", "their"), ("theyr", "their"), ("recieved", "received"), ("isnt", "is")]


def from_text(text):
    return Example.from_dict(NLP.make_doc(text), {})


def variants(text, table=TABLE, times=40, **settings):
    """All that becomes of a text in a number of attempts."""
    augmenter, example = Misspellings(table, **settings), from_text(text)
    return {copy.text for _ in range(times) for copy in augmenter(NLP, example)}


# What it does.


@pytest.mark.parametrize("encoding", ["utf8", "utf-8-sig"])
def test_a_mark_of_utf_8_is_no_part_of_a_word(encoding, tmp_path):
    (tmp_path / "table.txt").write_text("thier->their\n", encoding=encoding)
    assert variants("their", table=tmp_path / "table.txt", rate=1.0) == {"thier"}


def test_a_word_gets_one_of_its_misspellings():
    assert variants("their parcel") == {"thier parcel", "theyr parcel"}
    assert variants("their parcel", rate=0.5) == {"their parcel", "thier parcel", "theyr parcel"}
    assert variants("their parcel", rate=0) == {"their parcel"}


@pytest.mark.parametrize(
    "word, expected",
    [("their", "thier"), ("Their", "Thier"), ("THEIR", "THIER"), ("tHEIR", "thier")],
)
def test_words_keep_their_case(word, expected):
    assert variants(word, TABLE[:1]) == {expected}


def test_a_capital_of_one_letter_is_no_upper_case():
    assert variants("A", [("an", "a")]) == {"An"}


CONTRACTIONS = [("dont", "don't"), ("its", "it's"), ("theres", "there's"), ("do", "does")]


@pytest.mark.parametrize(
    "text, expected",
    [
        ("I don't know", "I dont know"),
        ("\"Don't!\", it's", '"Dont!", its'),
        ("there\N{RIGHT SINGLE QUOTATION MARK}s more", "theres more"),
    ],
)
def test_words_that_the_tokenizer_splits_are_misspelt_as_a_whole(text, expected):
    assert variants(text, CONTRACTIONS) == {expected}
    assert variants(text, CONTRACTIONS, split_words=False) == {text}


def test_the_tokens_of_a_split_word_keep_their_annotation():
    doc = NLP.make_doc("She doesn't")
    doc.ents = [Span(doc, 1, 2, "VERB")]
    (copy,) = Misspellings([("doesnt", "doesn't")])(NLP, Example(doc.copy(), doc))
    assert [token.text for token in copy.reference] == ["She", "does", "nt"]
    assert [ent.text for ent in copy.reference.ents] == ["does"]
    assert align(doc, copy.predicted).tolist() == [0, 1, 2]


def test_a_misspelling_that_leaves_a_token_nothing_is_none():
    """A token of gold annotation can't be empty."""
    assert variants("well-known", [("wellknown", "well-known")]) == {"well-known"}


@pytest.mark.parametrize("text", ["", " ", "theirs", "thier", "👍🏽 42", "这个产品很好"])
def test_words_without_misspellings_stay(text):
    assert variants(text) == {text}


def test_the_rate_is_how_often_a_word_of_the_table_is_misspelt():
    (text,) = variants(" ".join(["their"] * 2000), times=1, rate=0.3)
    assert 0.27 < 1 - text.split().count("their") / 2000 < 0.33


def test_the_seed_fixes_the_sequence_of_edits():
    example = from_text("their " * 20)

    def run(augmenter):
        return [copy.text for _ in range(5) for copy in augmenter(NLP, example)]

    augmenter = Misspellings(TABLE, rate=0.5, seed=1)
    first = run(augmenter)
    assert first == run(Misspellings(TABLE, rate=0.5, seed=1)) == run(augmenter.restarted())
    assert first != run(augmenter) and first != run(Misspellings(TABLE, rate=0.5, seed=2))


def test_at_another_rate_it_is_the_same_with_the_same_table():
    example, augmenter = from_text("their " * 20), Misspellings(TABLE, seed=1)
    other, made = augmenter.at(0.5), Misspellings(TABLE, rate=0.5, seed=1)
    assert [copy.text for copy in other(NLP, example)] == [copy.text for copy in made(NLP, example)]
    assert augmenter.rate == 1 and other.settings == made.settings
    with pytest.raises(ValueError, match=r"\[SD100\].*'rate'"):
        augmenter.at(1.5)


# Annotation and alignment.


def test_gold_annotation_lies_on_the_same_letters():
    doc = NLP.make_doc("They received their parcel in received.")
    doc.ents = [Span(doc, 1, 3, "EVENT")]
    doc.spans["sc"] = [Span(doc, 5, 6, "PLACE")]
    doc.cats = {"POSITIVE": 0.25}
    (copy,) = Misspellings(TABLE[:3], seed=1)(NLP, Example(doc.copy(), doc))
    assert [ent.text for ent in copy.reference.ents] in (["recieved thier"], ["recieved theyr"])
    assert [span.text for span in copy.reference.spans["sc"]] == ["recieved"]
    assert copy.reference.cats == doc.cats and doc.text.startswith("They received their")


def test_the_alignment_follows_letters_through_the_tokenizer():
    """The tokenizer splits "can't" in two, of which the larger is the counterpart."""
    example = from_text("they kant know")
    (copy,) = Misspellings([("can't", "kant")])(NLP, example)
    assert [token.text for token in copy.predicted] == ["they", "ca", "n't", "know"]
    assert align(example.predicted, copy.predicted).tolist() == [0, -1, 1, 2]


def test_where_the_spaces_are_unknown_the_tokens_stay():
    doc = Doc(NLP.vocab, words=["they", "kant", "know"])
    (copy,) = Misspellings([("can't", "kant")])(NLP, Example(doc.copy(), doc))
    assert [token.text for token in copy.predicted] == ["they", "can't", "know"]
    assert copy.reference.has_unknown_spaces
    assert align(doc, copy.predicted).tolist() == [0, 1, 2]


@given(st.text(min_size=1), st.text(min_size=1))
def test_each_letter_stands_for_one_of_the_word_and_in_its_order(word, wrong):
    text, origins = misspell(word, wrong)
    assert text in (wrong, wrong.upper(), wrong[0].upper() + wrong[1:])
    assert len(origins) == len(text) and origins == sorted(origins)
    assert set(origins) <= set(range(len(word)))


@given(
    st.lists(st.sampled_from(["their", "Received", "is", "n't", "x", "😀", "."])), st.floats(0, 1)
)
def test_tokens_that_stay_whole_have_their_own_as_counterpart(words, rate):
    example = from_text(" ".join(words))
    (copy,) = Misspellings(TABLE[:3], rate=rate)(NLP, example)
    expected = list(range(len(example.predicted)))
    assert align(example.predicted, copy.predicted).tolist() == expected


# Tables.


def write(tmp_path, text):
    path = tmp_path / "table.txt"
    path.write_text(text, encoding="utf8")
    return path


LINES = """
# Our own.
    # And indented.
thier->their
Ths->the, this,
brwon->brown, unless it is a name\N{LINE SEPARATOR}or so
alot->a lot
a lot->lots
same->same

ños->años
"""


def test_lines_of_a_file(tmp_path):
    assert read_table(write(tmp_path, LINES), owner=NAME) == {
        **{"their": ["thier"], "the": ["ths"], "this": ["ths"]},
        **{"brown": ["brwon"], "años": ["ños"]},
    }


def test_a_path_may_be_a_string_and_pairs_may_be_lists(tmp_path):
    path = write(tmp_path, "thier->their\ntheyr->their\n")
    tables = (path, str(path), TABLE[:2], [list(pair) for pair in TABLE[:2]])
    assert {str(variants("their", table)) for table in tables} == {str(variants("their"))}


def test_a_large_table_is_read_once_and_in_no_time(tmp_path):
    path = write(tmp_path, "".join(f"wrong{i}->right{i}\n" for i in range(60_000)))
    start = time.process_time()
    augmenter = Misspellings(path)
    assert time.process_time() - start < 0.8
    path.unlink()
    (copy,) = augmenter.restarted()(NLP, from_text("right77"))
    assert copy.text == "wrong77"


@pytest.mark.real("codespell_lib")
def test_the_table_of_codespell():
    path = find_codespell_table()
    table = read_table(path, owner=NAME)
    assert len(table) > 10_000 and "thier" in table["their"]
    assert not any(" " in word for right in table for word in (right, *table[right]))


def test_without_codespell_there_is_no_table(monkeypatch):
    monkeypatch.setattr("spacy_stablediff.edits.misspellings.find_spec", lambda name: None)
    assert find_codespell_table() is None


# Configs.


def test_a_config_block_makes_the_same_augmenter(tmp_path):
    for table in (write(tmp_path, "thier->their"), [["thier", "their"]]):
        augmenter = Misspellings(table, rate=0.5, seed=3)
        made = spacy.registry.resolve({"augmenter": augmenter.config})["augmenter"]
        assert made.config == augmenter.config and made.config["@augmenters"] == NAME
        assert not isinstance(made.config["table"], Path)


@pytest.mark.parametrize("setting", [{"rates": 0.1}, {"table": 3}, {"seed": "x"}], ids=str)
def test_a_config_with_a_wrong_setting_is_refused(setting):
    config = {"augmenter": {"@augmenters": NAME, "table": TABLE, **setting}}
    with pytest.raises(ConfigValidationError):
        spacy.registry.resolve(config)


# What it refuses.


@pytest.mark.parametrize("rate", [-0.1, 1.1, float("nan"), True, "often"])
def test_refuses_rates_outside_0_to_1(rate):
    with pytest.raises(ValueError, match=r"\[SD100\].*misspellings.*'rate'.*0.*1"):
        Misspellings(TABLE, rate=rate)


@pytest.mark.parametrize("seed", [-1, 0.5, None])
def test_refuses_seeds_that_are_no_whole_numbers(seed):
    with pytest.raises(ValueError, match=r"\[SD102\].*misspellings.*'seed'"):
        Misspellings(TABLE, seed=seed)


def test_refuses_files_that_cannot_be_read(tmp_path):
    (tmp_path / "latin.txt").write_bytes("ños->años".encode("latin-1"))
    for path in (tmp_path / "missing.txt", tmp_path, tmp_path / "latin.txt"):
        with pytest.raises(ValueError, match=rf"\[SD120\].*'table'.*{path.name}.*thier->their"):
            Misspellings(path)


@pytest.mark.parametrize("line", ["thier their", "thier->", "->their", "a->b->c", "thier-> "])
def test_refuses_lines_of_another_format(tmp_path, line):
    path = write(tmp_path, f"# Our own.\nths->this\n{line}\n")
    with pytest.raises(ValueError, match=rf"\[SD121\] .*line 3 of .*{path.name}.*wrong->right"):
        Misspellings(path)


@pytest.mark.parametrize("text", ["", "# Our own.", "alot->a lot", "same->same", "ths->,"])
def test_refuses_tables_without_entries(tmp_path, text):
    with pytest.raises(ValueError, match=r"\[SD122\].*'table'.*thier->their"):
        Misspellings(write(tmp_path, text))


@pytest.mark.parametrize("table", [None, 3, ["thier"], [("a", "b", "c")], [("a", 1)], {"a": "b"}])
def test_refuses_tables_that_are_neither_a_path_nor_pairs(table):
    with pytest.raises(ValueError, match=r"\[SD123\].*'table'.*pairs"):
        Misspellings(table)
