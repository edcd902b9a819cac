"""The scripts that convert corpora to spaCy's format."""

from importlib import import_module

import pytest
import spacy
import srsly
from spacy.tokens import DocBin

from .pages import ROOT


@pytest.fixture
def load(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "scripts")
    return import_module


@pytest.fixture
def write(tmp_path):
    """Write a file of tokens and tags, and return its path."""

    def write(name, lines):
        path = tmp_path / name
        path.write_text("\n".join(lines), encoding="utf8")
        return path

    return write


def read_docs(path):
    return list(DocBin().from_disk(path).get_docs(spacy.blank("xx").vocab))


def read_entities(doc):
    assert list(doc.spans["sc"]) == list(doc.ents)
    return [(entity.text, entity.label_) for entity in doc.ents]


def test_posts_keep_their_tokens_and_entities(load, write, tmp_path):
    lines = ["Ann\tB-person", "Lee\tI-person", "won't\tO", "\t", "In\tO", "Rome\tB-location"]
    load("convert_wnut").main(write("posts.conll", lines), tmp_path / "posts.spacy")
    first, second = read_docs(tmp_path / "posts.spacy")
    assert [token.text for token in first] == ["Ann", "Lee", "won't"]
    assert read_entities(first) == [("Ann Lee", "person")]
    assert read_entities(second) == [("Rome", "location")]
    assert first.has_unknown_spaces


def test_each_text_is_collected_once_without_annotation(load, write, tmp_path):
    for name, words in {
        "a": ["Ann", "slept"],
        "b": ["Bob", "slept"],
        "c": ["Ann", "slept"],
    }.items():
        path = write(f"{name}.conll", [f"{word}\tO" for word in words])
        load("convert_wnut").main(path, tmp_path / f"{name}.spacy")
    paths = [tmp_path / f"{name}.spacy" for name in "abc"]
    load("collect_texts").main(paths, tmp_path / "new" / "raw.jsonl")
    lines = list(srsly.read_jsonl(tmp_path / "new" / "raw.jsonl"))
    assert [line["text"].strip() for line in lines] == ["Ann slept", "Bob slept"]
    assert all(line.keys() == {"text"} for line in lines)


def test_a_line_without_a_tag_is_an_error(load, write, tmp_path, capsys):
    path = write("posts.conll", ["Ann\tB-person", "Lee"])
    with pytest.raises(SystemExit):
        load("convert_wnut").main(path, tmp_path / "posts.spacy")
    assert "line 2: 'Lee'" in " ".join(capsys.readouterr().out.split())


def test_tweets_are_split_by_section(load, write, tmp_path):
    for section in "abefgh":
        write(f"{section}.conll", [f"{section}\tO", "", "x\tO"])
    load("convert_btc").main(tmp_path, tmp_path / "corpus")
    texts = {
        name: "".join(doc[0].text for doc in read_docs(tmp_path / "corpus" / f"{name}.spacy"))
        for name in ("train", "dev", "test")
    }
    assert texts == {"train": "axbxexgx", "dev": "hx", "test": "fx"}


@pytest.mark.parametrize(
    "without_at, expected", [(False, ["@", "ann", "@ bob"]), (True, ["ann", "bob"])]
)
def test_an_at_may_be_no_entity(without_at, expected, load, write, tmp_path, capsys):
    for section in "abefgh":
        write(f"{section}.conll", ["@\tB-PER", "ann\tB-PER", "@\tB-PER", "bob\tI-PER", "@\tO"])
    load("convert_btc").main(tmp_path, tmp_path / "corpus", without_at=without_at)
    (doc,) = read_docs(tmp_path / "corpus" / "dev.spacy")
    assert [ent.text.strip() for ent in doc.ents] == expected
    told = f"dev: {0 if without_at else 2} of 3 @ are labelled, in {len(expected)} entities"
    assert told in capsys.readouterr().out


def test_tokens_without_a_character_are_left_out(load, write):
    path = write("tweets.conll", ["so \tO", "\tO", " \tO", "true\tO"])
    assert list(load("corpora").read_tagged(path, "\t")) == [[("so", "O"), ("true", "O")]]


def test_an_inner_tag_may_begin_an_entity(load):
    tags = ["I-PER", "I-PER", "O", "I-LOC", "B-LOC", "I-ORG", "I-ORG"]
    repaired = load("corpora").repair_tags((str(i), tag) for i, tag in enumerate(tags))
    assert [tag for _, tag in repaired] == [
        *("B-PER", "I-PER", "O", "B-LOC", "B-LOC", "B-ORG", "I-ORG")
    ]


def cut(load, words, tags=None):
    tags = ["O"] * len(words) if tags is None else tags
    pieces = load("convert_dutch").cut_pieces(list(zip(words, tags, strict=True)))
    return [len(piece) for piece in pieces]


def test_pieces_end_with_the_first_sentence_that_makes_them_long_enough(load):
    assert cut(load, ["een"] * 9 + ["woord."] + ["een"] * 39 + ['woord!"'] + ["een"] * 50) == [
        *(50, 50)
    ]


def test_a_sentence_does_not_end_in_an_entity(load):
    words = ["een"] * 39 + ["N."] + ["een"] * 9 + ["woord."]
    assert cut(load, words) == [40]
    assert cut(load, words, ["O"] * 39 + ["B-PER"] + ["O"] * 10) == [50]


def test_pieces_without_an_end_are_cut_before_they_get_too_long(load):
    words = ["een"] * 200
    assert cut(load, words) == [120, 80]
    assert cut(load, words, ["O"] * 118 + ["B-LOC"] + ["I-LOC"] * 3 + ["O"] * 78) == [118, 82]


def test_a_rest_that_is_too_short_is_left_out(load):
    assert cut(load, (["een"] * 39 + ["woord."]) * 2 + ["een"] * 39) == [40, 40]


def test_newspapers_are_split_in_their_order(load, write, tmp_path):
    lines = [line for i in range(20) for line in [*["een O"] * 39, f"{i}. O"]]
    load("convert_dutch").main(write("nl.bio", lines), tmp_path / "corpus")
    parts = {
        name: [doc[-1].text for doc in read_docs(tmp_path / "corpus" / f"{name}.spacy")]
        for name in ("train", "dev", "test")
    }
    assert [len(part) for part in parts.values()] == [12, 3, 5]
    assert [*parts["train"], *parts["dev"], *parts["test"]] == [f"{i}." for i in range(20)]


@pytest.mark.parametrize(
    "rating, label", [(0.5, "POSITIVE"), (-3.0, "NEGATIVE"), (0.4, "NEUTRAL"), (0.0, "NEUTRAL")]
)
def test_ratings_are_named(load, rating, label):
    assert load("convert_sentiment").name_rating(rating, 0.5) == label
