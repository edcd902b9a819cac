"""Texts to measure stability on, from whatever holds them."""

import pytest
import spacy
from spacy.tokens import Doc, DocBin
from spacy.training import Example

from spacy_stablediff import measure_stability
from spacy_stablediff.edits.augmenter import Edits
from spacy_stablediff.measure.data import copy_tokens, read_data

from ..pipelines import TEXTS, chain_pipeline, examples_for, train


@pytest.fixture(scope="module")
def nlp():
    nlp = chain_pipeline(["textcat"])
    train(nlp, steps=2)
    return nlp


@pytest.fixture
def files(nlp, tmp_path):
    """The texts with annotation in data.spacy, and alone in data.txt."""
    DocBin(docs=[eg.reference for eg in examples_for(nlp)]).to_disk(tmp_path / "data.spacy")
    texts = "\n".join(text for text, _, _ in TEXTS)
    (tmp_path / "data.txt").write_text(texts, encoding="utf8")
    return tmp_path


def test_texts_documents_examples_and_paths_give_the_same_figures(nlp, files):
    examples = examples_for(nlp)
    sources = [
        examples,
        iter(examples),
        [eg.reference for eg in examples],
        [eg.text for eg in examples],
        files / "data.spacy",
        str(files / "data.txt"),
        files,
    ]
    results = [measure_stability(nlp, source) for source in sources]
    for result in results[1:]:
        assert result.edits["typo"].displacement == results[0].edits["typo"].displacement
    assert [result.scores is not None for result in results] == [1, 1, 1, 0, 1, 0, 1]


def test_the_gold_annotation_of_documents_is_not_what_the_pipeline_sees(nlp):
    doc = nlp("Annotated by a pipeline")
    (example,) = read_data(spacy.blank("en"), [doc])
    assert example.reference is doc and not example.predicted.cats
    assert not example.predicted.tensor.size


@pytest.mark.parametrize("words", [None, ["I", "don't", "know."]], ids=["made", "given"])
def test_documents_have_the_norms_that_the_tokenizer_gives(nlp, words):
    made = nlp.make_doc("I don't know.")
    doc = made if words is None else Doc(nlp.vocab, words=words)
    (example,) = read_data(nlp, [doc])
    copy = copy_tokens(spacy.blank("en").vocab, doc)
    for other in (example.predicted, copy):
        assert [t.norm_ for t in other] == [t.norm_ for t in doc]
        assert [t.text for t in other] == [t.text for t in doc] and other is not doc
    assert [t.norm_ for t in made] == ["i", "do", "not", "know", "."]


def test_documents_are_tokenized_as_their_edited_copies_are(nlp):
    """So an edit that changes nothing moves nothing, also in documents with tokens of their own."""
    words = ["Brightmoor", "sent", "it,", "twice."]
    doc = Doc(nlp.vocab, words=words, spaces=[True, True, True, False])
    (example,) = read_data(nlp, [doc])
    assert [t.text for t in example.predicted] == [t.text for t in nlp.make_doc(doc.text)]
    edits = {"none": Edits(typo=0, swap=0, drop=0)}
    for docs in ([doc], [Doc(nlp.vocab, words=words)]):
        result = measure_stability(nlp, docs, edits)
        assert result.edits["none"].displacement.mean == 0


def test_a_mark_of_the_byte_order_is_no_part_of_a_text(nlp, tmp_path):
    (tmp_path / "data.txt").write_text("Fine\n\nNever again\n", encoding="utf-8-sig")
    assert [eg.text for eg in read_data(nlp, tmp_path / "data.txt")] == ["Fine", "Never again"]


def test_a_saved_document_is_seen_as_its_text(nlp):
    (saved,) = DocBin(docs=[nlp.make_doc("I don't know.")]).get_docs(nlp.vocab)
    (example,) = read_data(nlp, [saved])
    assert [t.norm_ for t in example.predicted] == ["i", "do", "not", "know", "."]


def test_a_baseline_is_measured_on_the_same_data(nlp):
    texts = (text for text, _, _ in TEXTS)
    result = measure_stability(nlp, texts, baseline=nlp)
    assert result.baseline.edits == result.edits
    figures = result.to_dict()
    assert figures["ratio"]["edits"]["typo"]["displacement"]["mean"] == 1
    assert "equally far" in result.verdict


def test_examples_are_seen_with_the_vocab_of_each_pipeline():
    pipelines = [spacy.blank("en") for _ in range(2)]
    for label, nlp in zip(["GOOD", "BAD"], pipelines, strict=True):
        nlp.add_pipe("entity_ruler").add_patterns([{"label": label, "pattern": "fine"}])
    examples = [Example(pipelines[0].make_doc(t), pipelines[0].make_doc(t)) for t in ["fine"] * 3]
    for nlp in pipelines:
        assert all(eg.predicted.vocab is nlp.vocab for eg in read_data(nlp, examples))
    assert [next(read_data(pipelines[0], examples))] == examples[:1]


@pytest.mark.parametrize("documents", [1, 4])
def test_few_documents_tell_nothing(nlp, documents):
    other = chain_pipeline(["textcat"])
    train(other, steps=60)
    texts = ["It came too late, and Marta called twice."] * documents
    result = measure_stability(nlp, texts, baseline=other)
    assert set(result.edits["typo"].intervals.values()) == {None}
    assert f"{documents} document" in result.verdict
    assert "can't tell which of the two is the steadier" in result.verdict


@pytest.mark.parametrize("data", [[1], [None], [("a", {})]])
def test_refuses_other_objects(nlp, data):
    with pytest.raises(ValueError, match=r"\[SD117\].*(int|NoneType|tuple)"):
        measure_stability(nlp, data)


def test_refuses_paths_that_hold_no_data(nlp, tmp_path):
    with pytest.raises(ValueError, match=r"\[SD113\]"):
        measure_stability(nlp, tmp_path / "nothing.spacy")
    (tmp_path / "data.csv").write_text("a,b")
    with pytest.raises(ValueError, match=r"\[SD114\]"):
        measure_stability(nlp, tmp_path / "data.csv")
    (tmp_path / "bad.txt").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(ValueError, match=r"\[SD115\]"):
        measure_stability(nlp, tmp_path / "bad.txt")
