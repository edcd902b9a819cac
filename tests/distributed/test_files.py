"""The command `python -m spacy stablediff annotate`: whole files, and runs that go on."""

import errno
import json
import os
import re
from pathlib import Path

import pytest
import spacy
from spacy.cli._util import app
from typer.testing import CliRunner

pytest.importorskip("pyarrow")

import pyarrow.parquet as pq

from . import examples
from .examples import BAD, save_blank

pytestmark = pytest.mark.real("ray")

CODE = Path(examples.__file__)


@pytest.fixture
def command(cluster, tmp_path):
    """Run the command on rows, written as JSON lines, with a pipeline."""

    def run(model, rows=None, *options, workers=1, source=None):
        source = source or tmp_path / "rows.jsonl"
        if rows is not None:
            source.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
        args = [model, source, tmp_path / "out", "--workers", workers, *options]
        result = CliRunner().invoke(app, ["stablediff", "annotate", *map(str, args)])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.output

    return run


def read(path):
    return pq.read_table(path).to_pylist()


def number(rows):
    return [{"id": i, "text": text} for i, text in enumerate(rows)]


def test_writes_what_pipe_gives_and_prints_a_summary(command, pipeline, texts, tmp_path):
    nlp, path = pipeline
    code, output = command(path, number(texts))
    rows = read(tmp_path / "out")
    assert code == 0
    assert [(row["id"], row["text"]) for row in rows] == list(enumerate(texts))
    assert all(row["error"] is None for row in rows)
    docs = list(nlp.pipe(texts, batch_size=256))
    found = [[(e["start"], e["end"], e["label"]) for e in row["entities"]] for row in rows]
    assert found == [[(e.start_char, e.end_char, e.label_) for e in doc.ents] for doc in docs]
    assert re.search(rf"Documents +{len(texts)}\n", output)
    assert re.search(rf"Words +{sum(map(len, docs))}\n", output)
    assert re.search(r"Words per second and worker +[\d,]+\n", output)


@pytest.mark.parametrize("name", ["texts.txt", "rows.parquet", "folder"])
def test_reads_texts_parquet_and_folders(command, pipeline, tmp_path, name):
    import pyarrow as pa

    source = tmp_path / name
    if name == "texts.txt":
        source.write_text("Anselmo\nok\n")
    elif name == "rows.parquet":
        pq.write_table(pa.table({"text": ["Anselmo", "ok"]}), source)
    else:
        source.mkdir()
        (source / "a.txt").write_text("Anselmo\n")
        (source / "b.txt").write_text("ok")
    code, _ = command(pipeline[1], source=source)
    assert code == 0 and [row["text"] for row in read(tmp_path / "out")] == ["Anselmo", "ok"]


def test_an_empty_file_is_no_error(command, pipeline, tmp_path):
    code, output = command(pipeline[1], [])
    assert code == 0 and "Documents 0" in squeeze(output)


@pytest.mark.parametrize("keep", ["cats", "docbin"])
def test_keeps_categories_or_bins(command, pipeline, tmp_path, keep):
    assert command(pipeline[1], number(["ok", "no"]), "--keep", keep)[0] == 0
    assert all(row[keep] for row in read(tmp_path / "out"))


# Faults.


def test_texts_that_fail_are_kept_and_counted_and_end_with_exit_code_1(command, tmp_path):
    model = save_blank(tmp_path / "model", "test_fail")
    texts = ["Marta", BAD, "ok"]
    code, output = command(model, number(texts), "--code", CODE)
    rows = read(tmp_path / "out")
    assert code == 1 and "[SD186] 1 of 3 texts" in output
    assert [row["text"] for row in rows] == texts
    assert [row["error"] for row in rows] == [None, "RuntimeError: nobody knows why", None]
    assert rows[0]["entities"][0]["text"] == "Marta"


def test_one_text_that_fails_can_stop_the_run(command, tmp_path):
    model = save_blank(tmp_path / "model", "test_fail")
    code, output = command(model, number([BAD]), "--code", CODE, "--on-error", "raise")
    assert code == 1 and f"[SD176] The text '{BAD}'" in output
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").glob("part-*"))


def run_with_kills(command, tmp_path, kills):
    """Run a pipeline that kills its worker at texts spread over the corpus."""
    (tmp_path / "marks").mkdir()
    model = save_blank(tmp_path / "model", "test_kill", folder=str(tmp_path / "marks"), every=2000)
    texts = [f"kill {i}" if i % 1000 == 0 else f"Marta {i}" for i in range(2000 * kills)]
    code, output = command(model, number(texts), "--code", CODE, workers=2)
    assert code == 0, output
    assert len(list((tmp_path / "marks").iterdir())) == kills
    rows = read(tmp_path / "out")
    assert sorted(row["id"] for row in rows) == list(range(len(texts)))
    assert all(row["text"] == texts[row["id"]] for row in rows)
    assert sum(len(row["entities"]) for row in rows) == len(texts) - 2 * kills
    assert not list((tmp_path / "out").glob(".part-*"))


def test_workers_that_are_killed_are_replaced_and_nothing_is_lost(command, tmp_path):
    run_with_kills(command, tmp_path, 3)


@pytest.mark.slow
def test_a_hundred_kills_lose_nothing(command, tmp_path):
    run_with_kills(command, tmp_path, 100)


def test_a_stopped_run_goes_on_from_what_is_on_disk(command, pipeline, tmp_path):
    texts = [f"Anselmo bought {i} Lumo from Brightmoor" for i in range(4000)]
    assert command(pipeline[1], number(texts))[0] == 0
    whole = read(tmp_path / "out")
    parts = sorted((tmp_path / "out").glob("part-*"))
    assert len(parts) > 2
    before = parts[0].stat().st_mtime_ns
    parts[1].unlink()
    (tmp_path / "out" / f".{parts[1].name}.99").write_text("half of it")
    code, output = command(pipeline[1], number(texts)[:0] or None, workers=2)
    assert code == 0 and f"Chunks done before {len(parts) - 1} of {len(parts)}" in squeeze(output)
    assert read(tmp_path / "out") == whole
    assert parts[0].stat().st_mtime_ns == before
    assert not list((tmp_path / "out").glob(".part-*"))


def test_a_pipeline_that_was_trained_again_does_not_go_on(command, pipeline, tmp_path):
    nlp, _ = pipeline
    nlp.to_disk(tmp_path / "again")
    assert command(tmp_path / "again", number(["Anselmo"]))[0] == 0
    ner = spacy.load(tmp_path / "again")
    ner.get_pipe("ner").model.get_ref("upper").get_param("W")[:] = 0
    ner.to_disk(tmp_path / "again")
    code, output = command(tmp_path / "again")
    assert code == 1 and "[SD182]" in output and "'pipeline'" in output


def test_a_file_of_code_that_was_changed_does_not_go_on(command, tmp_path):
    (tmp_path / "code.py").write_text(CODE.read_text())
    model = save_blank(tmp_path / "model", "test_fail")
    assert command(model, number(["Marta"]), "--code", tmp_path / "code.py")[0] == 0
    (tmp_path / "code.py").write_text(f"{CODE.read_text()}\n# changed\n")
    code, output = command(model, None, "--code", tmp_path / "code.py")
    assert code == 1 and "[SD182]" in output and "'code'" in output


def squeeze(output):
    return " ".join(output.split())


def test_a_full_disk_is_one_clear_error_and_leaves_no_half_file(pipeline, tmp_path, monkeypatch):
    from spacy_stablediff.distributed import files

    def write_table(table, path):
        Path(path).write_text("half of it")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(files.pq, "write_table", write_table)
    table = files.pa.table({"text": ["ok"]})
    with pytest.raises(ValueError, match=r"\[SD183\] .*No space left on device.*same command"):
        files.write_part(tmp_path / "part-000000.parquet", [table], files.Summary())
    assert not list(tmp_path.iterdir())


def test_a_column_that_changes_its_type_is_one_clear_error(command, pipeline, tmp_path):
    rows = [{"text": "fine", "id": 1}, {"text": "fine", "id": "x"}]
    code, output = command(pipeline[1], rows, "--batch-size", "1")
    assert code == 1 and re.search(r"\[SD179\].*rows.jsonl.*id.*types", squeeze(output))


# What is refused before any worker starts.


@pytest.fixture
def refused(pipeline, tmp_path, monkeypatch):
    """Run the command where Ray can't be started."""
    from spacy_stablediff.distributed import files

    def run(**given):
        (tmp_path / "rows.jsonl").write_text('{"text": "ok"}\n')
        monkeypatch.setattr(files, "connect", None)
        paths = {"model": pipeline[1], "source": "rows.jsonl", "folder": "out", **given}
        model, source, folder = (paths.pop(name) for name in ("model", "source", "folder"))
        options = [text for name, value in paths.items() for text in (f"--{name}", str(value))]
        args = [model, tmp_path / source, tmp_path / folder, *options]
        result = CliRunner().invoke(app, ["stablediff", "annotate", *map(str, args)])
        assert isinstance(result.exception, SystemExit)
        assert len(result.output.strip().splitlines()) == 1
        return result.output

    return run


@pytest.mark.parametrize(
    "code, given",
    [
        ("SD171", {"model": "nobody"}),
        ("SD178", {"source": "nothing.jsonl"}),
        ("SD178", {"source": "model"}),
        ("SD177", {"text": "body"}),
        ("SD175", {"batch-size": 0}),
        ("SD175", {"workers": 0}),
        ("SD180", {"folder": "rows.jsonl"}),
        ("SD181", {"folder": ""}),
        ("SD189", {"code": "nothing.py"}),
    ],
)
def test_bad_input_is_one_numbered_line_before_any_worker_starts(refused, code, given):
    assert f"[{code}]" in refused(**given)


@pytest.mark.parametrize(
    "code, given, change",
    [
        ("SD182.*'output'", {"keep": "cats"}, None),
        ("SD182.*'batch_size'", {"batch-size": 3}, None),
        ("SD188.*rows.jsonl", {}, '{"text": "more"}\n{"text": "more"}\n'),
    ],
)
def test_a_folder_with_another_run_is_left_alone(
    command, refused, pipeline, tmp_path, code, given, change
):
    assert command(pipeline[1], [{"text": "fine"}])[0] == 0
    before = read(tmp_path / "out")
    assert re.search(code, refused(**given))
    assert read(tmp_path / "out") == before
