"""Files in chunks: each line and each row in one of them, wherever they are cut."""

import gzip
import json

import pytest

pytest.importorskip("pyarrow")

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.real("ray")

lines = st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"])), max_size=9)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("chunks")


def read_all(path, step, length, batch_size=4):
    from spacy_stablediff.distributed.chunks import Chunk, read_chunk

    chunks = [Chunk(str(path), i, min(i + step, length)) for i in range(0, length, step)]
    return [
        row
        for chunk in chunks
        for table in read_chunk(chunk, batch_size)
        for row in table.to_pylist()
    ]


@settings(max_examples=60, deadline=None)
@given(lines, st.integers(1, 40), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_lines_are_read_once_and_in_order(folder, texts, step, end, ends):
    data = end.join(texts) + (end if ends or texts[-1:] == [""] else "")
    path = folder / "lines.txt"
    path.write_bytes(data.encode())
    assert [row["text"] for row in read_all(path, step, len(data.encode()))] == (
        texts if texts or not ends else [""]
    )


@settings(max_examples=40, deadline=None)
@given(lines, st.integers(1, 60))
def test_json_lines_are_read_once_and_blank_ones_passed_over(folder, texts, step):
    path = folder / "lines.jsonl"
    rows = [{"id": i, "text": text} for i, text in enumerate(texts)]
    path.write_text("".join(f"{json.dumps(row)}\n\n" for row in rows))
    assert read_all(path, step, path.stat().st_size) == rows


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 40), st.integers(1, 50), st.integers(1, 50), st.integers(1, 9))
def test_rows_are_read_once_and_in_order(folder, rows, step, group, batch_size):
    path = folder / "rows.parquet"
    pq.write_table(pa.table({"id": range(rows)}), path, row_group_size=group)
    assert [row["id"] for row in read_all(path, step, rows, batch_size)] == list(range(rows))


def test_compressed_lines_are_one_chunk(folder):
    from spacy_stablediff.distributed.chunks import cut_files, read_chunk

    path = folder / "packed.txt.gz"
    path.write_bytes(gzip.compress(b"one\ntwo\n"))
    (chunk,) = cut_files([path], workers=4)
    assert [t.to_pylist() for t in read_chunk(chunk, 9)] == [[{"text": "one"}, {"text": "two"}]]


def test_each_worker_gets_several_chunks_of_a_large_file(folder):
    from spacy_stablediff.distributed.chunks import cut_files

    path = folder / "large.txt"
    path.write_bytes(b"word word\n" * 300_000)
    chunks = cut_files([path], workers=4)
    assert len(chunks) == 32
    assert [c.start for c in chunks[1:]] == [c.stop for c in chunks[:-1]]
    assert (chunks[0].start, chunks[-1].stop) == (0, path.stat().st_size)


def test_fields_that_only_some_lines_have_are_empty_in_the_others(folder):
    path = folder / "fields.jsonl"
    path.write_text('{"text": "a"}\n{"text": "b", "lang": "en"}\n')
    assert read_all(path, 100, 40) == [{"text": "a", "lang": None}, {"text": "b", "lang": "en"}]


def test_the_column_of_the_texts_is_there_in_batches_without_it(folder):
    from spacy_stablediff.distributed.chunks import Chunk, read_chunk

    path = folder / "some.jsonl"
    path.write_text('{"id": 1}\n{"id": 2, "text": "b"}\n')
    tables = list(read_chunk(Chunk(str(path), 0, path.stat().st_size), 1, text="text"))
    assert [table.to_pylist() for table in tables] == [
        [{"id": 1, "text": None}],
        [{"id": 2, "text": "b"}],
    ]


def test_folders_are_read_whole_but_for_hidden_files(folder, tmp_path):
    from spacy_stablediff.distributed.chunks import list_files

    for name in ("b.jsonl", "a/c.parquet", "_manifest.json", ".part.parquet", "_a/x.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert list_files(tmp_path) == [tmp_path / "a/c.parquet", tmp_path / "b.jsonl"]


@pytest.mark.parametrize(
    "name, data, problem",
    [
        ("list.jsonl", b"[1, 2]\n", r"\[1, 2\]"),
        ("broken.jsonl", b'{"text": \n', r'the line {"text":'),
        ("half.jsonl", rb'{"text": "\ud83d"}', "the column 'text'"),
        ("large.jsonl", b'{"id": 20000000000000000000}', "20000000000000000000|the column 'id'"),
        ("mixed.jsonl", b'{"id": 1}\n{"id": "x"}\n', "the column 'id'"),
        ("latin1.txt", "Müller\n".encode("latin1"), "utf-8"),
        ("broken.parquet", b"no rows", "Parquet"),
        ("broken.txt.gz", b"not packed", "gzip"),
    ],
)
def test_files_that_cannot_be_read_are_named(tmp_path, name, data, problem):
    from spacy_stablediff.distributed.chunks import cut_files, read_chunk

    (tmp_path / name).write_bytes(data)
    with pytest.raises(ValueError, match=rf"\[SD179\] .*{name}.*{problem}"):
        for chunk in cut_files([tmp_path / name], workers=1):
            list(read_chunk(chunk, 10))


def test_columns_of_one_name_are_named(tmp_path):
    from spacy_stablediff.distributed.chunks import read_columns

    columns = [pa.array(["a"]), pa.array(["b"])]
    pq.write_table(pa.Table.from_arrays(columns, ["text", "text"]), tmp_path / "twice.parquet")
    with pytest.raises(ValueError, match=r"\[SD179\] .*twice.parquet.*'text'"):
        read_columns(tmp_path / "twice.parquet")
