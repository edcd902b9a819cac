"""What a pipeline is tuned on."""

import pytest
import spacy
import srsly
from spacy.tokens import Doc, DocBin
from spacy.training import Example

from spacy_stablediff.tuning.texts import read_texts, split

TEXTS = ["Brightmoor sent me two.", "", "Never again!"]


@pytest.fixture
def nlp():
    """A pipeline that says something of each text: its first token is a thing."""
    nlp = spacy.blank("en")
    ruler = nlp.add_pipe("entity_ruler")
    ruler.add_patterns([{"label": "COMPANY", "pattern": "Brightmoor"}])
    return nlp


def entities(corpus):
    return [[ent.text for ent in eg.reference.ents] for eg in corpus.examples]


@pytest.mark.parametrize("kind", ["list", "txt", "jsonl"])
def test_raw_texts_are_annotated_by_the_pipeline(nlp, kind, tmp_path):
    data = TEXTS
    if kind == "txt":
        data = tmp_path / "texts.txt"
        data.write_text("\n".join(TEXTS), encoding="utf8")
    elif kind == "jsonl":
        data = tmp_path / "texts.jsonl"
        srsly.write_jsonl(data, [{"text": text, "meta": 1} for text in TEXTS])
    corpus = read_texts(nlp, data)
    assert not corpus.has_gold
    assert entities(corpus) == [["Brightmoor"], []]
    assert all(not eg.predicted.ents for eg in corpus.examples)


@pytest.mark.parametrize("kind", ["docs", "examples", "file", "folder"])
def test_gold_annotation_stays(nlp, kind, tmp_path):
    docs = [nlp.make_doc(text) for text in TEXTS]
    docs[2].ents = [docs[2].char_span(0, 5, label="TIME")]
    DocBin(docs=docs).to_disk(tmp_path / "train.spacy")
    data = {
        "docs": docs,
        "examples": [Example(nlp.make_doc(doc.text), doc) for doc in docs],
        "file": tmp_path / "train.spacy",
        "folder": str(tmp_path),
    }
    corpus = read_texts(nlp, data[kind])
    assert corpus.has_gold and entities(corpus) == [[], ["Never"]]


def test_one_text_in_ten_is_held_out_and_at_least_one():
    examples = list(range(25))
    assert split(examples).held_out == [9, 19]
    assert sorted([*split(examples).train, 9, 19]) == examples
    assert split([1, 2]).held_out == [2] and split([1, 2]).train == [1]


@pytest.mark.parametrize("name", ["missing.txt", "table.csv", "empty"])
def test_refuses_what_holds_no_texts(nlp, name, tmp_path):
    (tmp_path / "table.csv").write_text("a,b")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match=r"\[SD190\]"):
        read_texts(nlp, tmp_path / name)


@pytest.mark.parametrize("line", ["no json", '{"body": "a"}', '{"text": 1}', '"text"'])
def test_refuses_lines_without_a_text(nlp, line, tmp_path):
    path = tmp_path / "texts.jsonl"
    path.write_text(f"{line}\n", encoding="utf8")
    with pytest.raises(ValueError, match=r"\[SD191\]"):
        read_texts(nlp, path)


def test_refuses_other_encodings(nlp, tmp_path):
    path = tmp_path / "texts.txt"
    path.write_bytes("Málaga\nCádiz".encode("latin1"))
    with pytest.raises(ValueError, match=r"\[SD191\].*UTF-8"):
        read_texts(nlp, path)


def test_raw_texts_in_a_single_case_are_left_out(nlp):
    texts = ["One two", "one two", "ONE TWO", "1 2"]
    assert [eg.text for eg in read_texts(nlp, texts).examples] == ["One two", "1 2"]
    docs = [nlp.make_doc(text) for text in texts]
    assert len(read_texts(nlp, docs).examples) == 4


@pytest.mark.parametrize("texts", [[], ["One"], ["One", "", "two"]])
def test_refuses_too_few_texts(nlp, texts):
    with pytest.raises(ValueError, match=r"\[SD192\]"):
        read_texts(nlp, texts)


def test_refuses_other_objects(nlp):
    with pytest.raises(ValueError, match=r"\[SD193\].*type int"):
        read_texts(nlp, ["One", 2])


def test_documents_keep_their_tokens(nlp):
    docs = [Doc(nlp.vocab, words=["a-b", "c"]), Doc(nlp.vocab, words=["d"])]
    corpus = read_texts(nlp, docs)
    assert [t.text for t in corpus.examples[0].predicted] == ["a-b", "c"]
