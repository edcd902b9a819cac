"""Memory that stays flat: a pipeline is loaded anew from time to time."""

import pytest
import spacy

pytestmark = pytest.mark.real("ray")


@pytest.fixture
def annotator(tmp_path, monkeypatch):
    """An annotator of a blank pipeline, in this process, that may take its time to load."""
    from spacy_stablediff.distributed import loading
    from spacy_stablediff.distributed.worker import Annotator

    monkeypatch.setattr(loading, "RENEW_WORDS", 50)
    monkeypatch.setattr(loading, "RENEW_SHARE", 1e9)
    spacy.blank("en").to_disk(tmp_path)
    return lambda **settings: Annotator(str(tmp_path), **settings)


def new_words(start, number=10):
    import pyarrow as pa

    return pa.table({"text": [" ".join(f"w{i}" for i in range(start, start + number))]})


def test_after_many_words_the_pipeline_is_another_one(annotator):
    annotate = annotator()
    first = annotate._pipeline.nlp
    for i in range(4):
        annotate(new_words(10 * i))
    assert annotate._pipeline.nlp is first
    annotate(new_words(40))
    assert annotate._pipeline.nlp is not first
    assert annotate.words == 50


def test_outputs_go_on_with_the_new_pipeline(annotator):
    from spacy.tokens import DocBin

    annotate = annotator(output="docbin")
    found = [annotate(new_words(60 * i, 60)).column("docbin")[0].as_py() for i in range(3)]
    texts = [
        doc.text
        for each in found
        for doc in DocBin().from_bytes(each).get_docs(spacy.blank("en").vocab)
    ]
    assert texts == [new_words(60 * i, 60).column("text")[0].as_py() for i in range(3)]


def test_loading_takes_no_more_than_its_share_of_the_time(annotator, monkeypatch):
    from spacy_stablediff.distributed import loading

    monkeypatch.setattr(loading, "RENEW_SHARE", 0.0)
    annotate = annotator()
    first = annotate._pipeline.nlp
    annotate(new_words(0, 500))
    assert annotate._pipeline.nlp is first


def test_no_word_stays_in_the_vocab(annotator):
    annotate = annotator()
    before = len(annotate._pipeline.nlp.vocab.strings)
    annotate(new_words(0, 20))
    assert len(annotate._pipeline.nlp.vocab.strings) == before
