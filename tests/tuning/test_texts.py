"""What a pipeline is tuned on."""

import pytest
import spacy
import srsly
from spacy.tokens import Doc, DocBin, Span
from spacy.training import Example

from spacy_stablediff.tuning.agreement import is_right
from spacy_stablediff.tuning.gold import has_gold
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


def test_a_line_ends_where_it_does_for_spacy(nlp, tmp_path):
    path = tmp_path / "texts.txt"
    path.write_bytes("One\u2028line.\r\nAnother\x0cone.\n".encode())
    assert [eg.text for eg in read_texts(nlp, path).examples] == [
        "One\u2028line.",
        "Another\x0cone.",
    ]


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


def test_what_the_pipeline_says_itself_is_no_gold(nlp):
    docs = [annotate(nlp.make_doc("Lumo sent it"), "ner", "GOOD"), "Lumo sent it"]
    corpora = [read_texts(nlp, data, ["entity_ruler"]) for data in (docs[:1] * 2, docs)]
    assert [corpus.has_gold for corpus in corpora] == [True, False]


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


@pytest.mark.parametrize(
    ("texts", "count", "cased"), [([], 0, 0), (["One"], 1, 0), (["One", "", "two"], 2, 1)]
)
def test_refuses_too_few_texts(nlp, texts, count, cased):
    with pytest.raises(ValueError, match=rf"\[SD192\].*of {count} texts with words {cased} have"):
        read_texts(nlp, texts)


def test_refuses_other_objects(nlp):
    with pytest.raises(ValueError, match=r"\[SD193\].*type int"):
        read_texts(nlp, ["One", 2])


def test_documents_keep_their_tokens(nlp):
    docs = [Doc(nlp.vocab, words=["a-b", "c"]), Doc(nlp.vocab, words=["d"])]
    corpus = read_texts(nlp, docs)
    assert [t.text for t in corpus.examples[0].predicted] == ["a-b", "c"]


# Whether documents are annotated.


@pytest.fixture
def learning():
    """A pipeline with components that find and classify, which know two labels each."""
    nlp = spacy.blank("en")
    for name in ("ner", "textcat", "spancat", "tagger"):
        nlp.add_pipe(name)
    for name in ("ner", "textcat", "spancat", "tagger"):
        for label in ("GOOD", "BAD"):
            nlp.get_pipe(name).add_label(label)
    return nlp


def annotate(doc, name, label):
    if name == "ner":
        doc.ents = [Span(doc, 0, 1, label=label)]
    elif name == "textcat":
        doc.cats = {label: 1.0}
    elif name == "spancat":
        doc.spans["sc"] = [Span(doc, 0, 1, label=label)]
    else:
        doc[0].tag_ = label
    return doc


@pytest.mark.parametrize("name", ["ner", "textcat", "spancat", "tagger"])
def test_documents_without_annotation_for_a_component_are_texts(learning, name):
    raw, gold = learning.make_doc("Never again"), learning.make_doc("Lumo sent it")
    assert not has_gold(learning, [name], raw)
    assert has_gold(learning, [name], annotate(gold, name, "GOOD"))
    other = "textcat" if name == "ner" else "ner"
    assert not has_gold(learning, [other], gold)


@pytest.mark.parametrize("key", ["sc", "spans"])
def test_what_another_kind_of_component_learns_is_any_annotation(nlp, key):
    nlp.add_pipe("span_finder", config={"spans_key": "sc"})
    doc = nlp.make_doc("Lumo sent it")
    names = ["span_finder", "entity_ruler"]
    assert not any(has_gold(nlp, [name], doc) for name in names)
    doc.spans[key] = [Span(doc, 0, 1, label="GOOD")]
    assert [has_gold(nlp, [name], doc) for name in names] == [key == "sc", True]


def test_texts_and_documents_without_annotation_become_the_same_examples(nlp):
    gold = [annotate(nlp.make_doc("Fine"), "textcat", label) for label in ("GOOD", "BAD")]
    examples = [Example(doc.copy(), doc) for doc in gold]
    nlp.add_pipe("textcat").initialize(lambda: examples)
    docs = [nlp.make_doc(text) for text in TEXTS]
    corpora = [read_texts(nlp, data, ["textcat"]) for data in (TEXTS, docs, list(nlp.pipe(TEXTS)))]
    assert not any(corpus.has_gold for corpus in corpora)
    for corpus in corpora:
        assert entities(corpus) == [["Brightmoor"], []]
        assert all(set(eg.reference.cats.values()) == {0.0, 1.0} for eg in corpus.examples)


def test_refuses_documents_that_are_annotated_for_some_components_only(learning):
    docs = [annotate(learning.make_doc("Lumo sent it"), "ner", "GOOD") for _ in range(3)]
    message = r"\[SD197\].*annotated for ner, but not for textcat: 'Lumo sent it'"
    with pytest.raises(ValueError, match=message):
        read_texts(learning, docs, ["ner", "textcat"])
    assert read_texts(learning, docs, ["ner"]).has_gold


def test_labels_of_another_classifier_are_no_annotation(learning):
    tone = learning.add_pipe("textcat", name="tone")
    tone.add_label("FORMAL")
    docs = [annotate(learning.make_doc("Lumo sent it"), "textcat", "GOOD") for _ in range(3)]
    with pytest.raises(ValueError, match=r"\[SD197\].*annotated for textcat, but not for tone"):
        read_texts(learning, docs, ["textcat", "tone"])
    assert read_texts(learning, docs, ["textcat"]).has_gold


def test_a_label_that_is_not_annotated_is_neither_right_nor_wrong(learning):
    classifier = learning.add_pipe("textcat_multilabel", name="topics")
    doc, said = learning.make_doc("Lumo sent it"), {"A": 1.0, "B": 0.9}
    for label in said:
        classifier.add_label(label)
    doc.cats = {"A": 1.0}
    other = learning.make_doc(doc.text)
    other.cats = said
    assert is_right(classifier, Example(other, doc))
    doc.cats = {"A": 1.0, "B": 0.0}
    assert not is_right(classifier, Example(other, doc))


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_mark_of_the_byte_order_is_no_part_of_a_line(nlp, end, tmp_path):
    path = tmp_path / "texts.jsonl"
    path.write_bytes(f'{{"text": "One"}}{end}{end}{{"text": "Two"}}{end}'.encode("utf-8-sig"))
    assert [eg.text for eg in read_texts(nlp, path).examples] == ["One", "Two"]


@pytest.mark.parametrize("name", ["ner", "textcat", "spancat", "tagger"])
def test_refuses_labels_that_a_component_does_not_know(learning, name):
    labels = ["good", "GOOD", "BAD"]
    docs = [annotate(learning.make_doc("Lumo sent it"), name, label) for label in labels]
    with pytest.raises(
        ValueError, match=rf"\[SD198\].*component '{name}'.*'good'\..*'BAD', 'GOOD'"
    ):
        read_texts(learning, docs, [name])


def test_saved_documents_have_what_the_tokenizer_tells_of_their_tokens(nlp, tmp_path):
    texts = ["I don't know.", "You can't."]
    DocBin(docs=[nlp.make_doc(text) for text in texts]).to_disk(tmp_path / "train.spacy")
    for data in (tmp_path, texts):
        norms = [token.norm_ for eg in read_texts(nlp, data).examples for token in eg.predicted]
        assert norms == ["i", "do", "not", "know", ".", "you", "can", "not", "."]
