"""Annotating a dataset: what `nlp.pipe` gives, whatever happens to the workers."""

import os

import pytest
import spacy
from spacy.tokens import DocBin

from .examples import BAD, save_blank

pa = pytest.importorskip("pyarrow")

pytestmark = pytest.mark.real("ray")


@pytest.fixture(scope="module")
def annotated(cluster, pipeline, texts):
    """Annotate the texts, in one batch if nothing else is said."""
    from spacy_stablediff.distributed import annotate

    def run(rows=None, **settings):
        rows = [{"id": i, "text": text} for i, text in enumerate(texts)] if rows is None else rows
        dataset = cluster.data.from_items(rows, override_num_blocks=1)
        settings = {"batch_size": len(rows), "concurrency": 1, **settings}
        return annotate(dataset, pipeline[1], **settings).take_all()

    return run


def list_entities(doc):
    return [
        {"start": ent.start_char, "end": ent.end_char, "label": ent.label_, "text": ent.text}
        for ent in doc.ents
    ]


def test_entities_are_those_of_pipe_in_characters(annotated, pipeline, texts):
    nlp, _ = pipeline
    rows = annotated()
    docs = list(nlp.pipe(texts))
    assert [row["text"] for row in rows] == texts
    assert [row["id"] for row in rows] == list(range(len(texts)))
    assert [row["entities"] for row in rows] == [list_entities(doc) for doc in docs]
    assert any(row["entities"] for row in rows)
    for row in rows:
        assert all(row["text"][e["start"] : e["end"]] == e["text"] for e in row["entities"])


def test_categories_are_those_of_pipe_to_the_last_bit(annotated, pipeline, texts):
    nlp, _ = pipeline
    rows = annotated(output="cats")
    assert [row["cats"] for row in rows] == [doc.cats for doc in nlp.pipe(texts)]


def test_a_bin_for_each_batch_holds_all_of_its_documents(annotated, pipeline, texts):
    nlp, _ = pipeline
    rows = annotated(output="docbin", batch_size=20)
    assert len(rows) == 3
    found = [doc for row in rows for doc in DocBin().from_bytes(row["docbin"]).get_docs(nlp.vocab)]
    docs = [doc for i in (0, 20, 40) for doc in nlp.pipe(texts[i : i + 20])]
    assert [doc.to_json() for doc in found] == [doc.to_json() for doc in docs]
    assert [i for row in rows for i in row["id"]] == list(range(len(texts)))
    assert [text for row in rows for text in row["text"]] == texts


def test_a_function_makes_columns(annotated, texts):
    rows = annotated(output=lambda doc: {"words": [t.text for t in doc], "length": len(doc)})
    assert all(row["length"] == len(row["words"]) for row in rows)
    assert rows[0].keys() == {"id", "text", "words", "length"}
    assert rows[0]["words"][-1] == "."


@pytest.mark.parametrize(
    "batch_size, blocks, concurrency", [(1, 7, 1), (10, 3, (1, 2)), (7, 60, 2)]
)
def test_no_cut_changes_what_is_found(cluster, pipeline, texts, batch_size, blocks, concurrency):
    from spacy_stablediff.distributed import annotate

    nlp, path = pipeline
    rows = [{"id": i, "body": text} for i, text in enumerate(texts)]
    dataset = cluster.data.from_items(rows, override_num_blocks=blocks)
    settings = {"text": "body", "batch_size": batch_size, "concurrency": concurrency}
    found = annotate(dataset, str(path), **settings).take_all()
    expected = [list_entities(doc) for doc in nlp.pipe(texts)]
    assert {row["id"]: row["entities"] for row in found} == dict(enumerate(expected))


def test_each_worker_runs_one_thread_in_a_process_of_its_own(annotated):
    rows = annotated(output=lambda doc: {"pid": os.getpid(), **find_threads()})
    assert {row["pid"] for row in rows} != {os.getpid()}
    assert {row["threads"] for row in rows} == {"1 1 1"}


def find_threads():
    names = ("OMP", "OPENBLAS", "MKL")
    return {"threads": " ".join(os.environ[f"{name}_NUM_THREADS"] for name in names)}


def test_as_many_workers_as_cpus_leave_room_for_reading(cluster, pipeline, texts, tmp_path):
    from spacy_stablediff.distributed import annotate

    texts = [text.strip() or "none" for text in texts]
    (tmp_path / "texts.txt").write_text("\n".join(texts))
    dataset = cluster.data.read_text(str(tmp_path / "texts.txt"), override_num_blocks=4)
    assert annotate(dataset, pipeline[1], concurrency=3).count() == len(texts)
    assert annotate(dataset, pipeline[1]).count() == len(texts)


# Texts that fail.

ROWS = [{"text": "Anselmo"}, {"text": None}, {"text": "ok"}]


@pytest.mark.parametrize("output", ["entities", "cats", "docbin"])
def test_a_text_that_fails_is_kept_with_its_message(annotated, pipeline, output):
    rows = annotated(ROWS, output=output, on_error="column")
    if output == "docbin":
        (row,) = rows
        docs = list(DocBin().from_bytes(row["docbin"]).get_docs(pipeline[0].vocab))
        assert [len(doc) for doc in docs] == [1, 0, 1]
        errors = row["error"]
    else:
        errors = [row["error"] for row in rows]
        assert [row[output] is None for row in rows] == [False, True, False]
    assert [error is None for error in errors] == [True, False, True]
    assert errors[1].startswith("[E1041]")


def test_a_function_that_fails_is_an_error_of_that_text(annotated):
    rows = annotated(output=lambda doc: {"inverse": 1 / (len(doc) - 1)}, on_error="column")
    errors = {row["error"] for row in rows if row["inverse"] is None}
    assert errors == {"ZeroDivisionError: division by zero"}
    assert any(row["inverse"] is not None for row in rows)


def test_a_document_that_no_bin_can_hold_is_an_error_of_that_text(cluster, tmp_path):
    from spacy_stablediff.distributed.worker import Annotator

    model = save_blank(tmp_path / "model", "test_note")
    annotator = Annotator(str(model), output="docbin", on_error="column")
    (row,) = annotator(pa.table({"text": ["fine", BAD]})).to_pylist()
    assert row["error"] == [None, "TypeError: can not serialize 'set' object"]
    assert len(list(DocBin().from_bytes(row["docbin"]).get_docs(spacy.blank("en").vocab))) == 2


@pytest.mark.parametrize(
    "code, rows, settings",
    [
        ("SD187.*'text'", [{"text": "ok"}], {"output": lambda doc: {"text": doc.text.upper()}}),
        (
            "SD187.*'error'",
            [{"text": "ok"}],
            {"output": lambda doc: {"error": 0}, "on_error": "column"},
        ),
        (
            "SD199.*'length'",
            [{"text": "ok"}, {"text": "Anselmo"}],
            {"output": lambda doc: {"length": len(doc) if doc.text == "ok" else "long"}},
        ),
        (r"SD176\] The text 'None'.*\[E1041\].*--on-error column", ROWS, {}),
        ("SD177.*'text'.*Columns: body", [{"body": "ok"}], {}),
        ("SD187.*'entities'", [{"text": "ok", "entities": 1}], {}),
        ("SD184.*int", [{"text": "ok"}], {"output": len}),
    ],
)
def test_what_fails_on_a_worker_says_what_to_put_right(annotated, code, rows, settings):
    with pytest.raises(Exception, match=code):
        annotated(rows, **settings)


# Bad settings fail at once: before anything is computed.


@pytest.mark.parametrize(
    "code, settings",
    [
        ("SD171.*'nobody'", {"model": "nobody"}),
        ("SD172.*English", {"model": "nlp"}),
        ("SD173.*'spans'", {"output": "spans"}),
        ("SD174.*'ignore'", {"on_error": "ignore"}),
        ("SD175.*'batch_size'.*0", {"batch_size": 0}),
        ("SD175.*'concurrency'.*0", {"concurrency": 0}),
        ("SD175.*'concurrency'.*3, 2", {"concurrency": (3, 2)}),
        ("SD175.*'concurrency'.*True", {"concurrency": True}),
    ],
)
def test_refuses_settings(cluster, pipeline, code, settings):
    from spacy_stablediff.distributed import annotate

    model = settings.pop("model", pipeline[1])
    model = pipeline[0] if model == "nlp" else model
    with pytest.raises(ValueError, match=rf"\[{code}"):
        annotate(cluster.data.from_items(ROWS), model, **settings)
