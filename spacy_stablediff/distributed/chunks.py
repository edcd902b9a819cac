"""Files of texts, cut into chunks that workers read for themselves."""

import gzip
import math
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path
from typing import IO, Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
import srsly
from spacy.util import minibatch

from ..errors import Errors

PARQUET = (".parquet",)
LINES = (".jsonl", ".ndjson", ".txt")
PACKED = tuple(f"{suffix}.gz" for suffix in LINES)
SUFFIXES = (*PARQUET, *LINES, *PACKED)

# How large a chunk is: so small that each worker gets several, and between these limits.
CHUNKS_PER_WORKER = 8
LEAST_BYTES, MOST_BYTES = 64_000, 8_000_000
LEAST_ROWS, MOST_ROWS = 1_000, 50_000

# How much of a line an error shows.
SHOWN = 60

# The column of the texts of a .txt file.
TEXT = "text"


class Chunk(NamedTuple):
    """A part of a file.

    path (str): The file.
    start (int): Where it begins: the row of a Parquet file, the byte of another. Lines belong
        to the chunk that they begin in.
    stop (int): Where the next one begins; -1 at the end of a compressed file.
    """

    path: str
    start: int
    stop: int


def list_files(path: Path) -> list[Path]:
    """List the files to read.

    path (Path): A file, or a folder, of which hidden files don't count.
    RETURNS (List[Path]): Their absolute paths, in order.
    RAISES (ValueError): SD178 if there is none.
    """
    path = path.absolute()
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    found = [file for file in files if file.is_file() and _is_known(file, path)]
    if not found:
        raise ValueError(Errors.SD178.format(path=path, opts=", ".join(SUFFIXES)))
    return found


def cut_files(files: list[Path], workers: int) -> list[Chunk]:
    """Cut files into chunks.

    files (List[Path]): The files.
    workers (int): How many workers there are to be.
    RETURNS (List[Chunk]): The chunks, in the order of the texts.
    RAISES (ValueError): SD179 if a file can't be read.
    """
    tables = {file: _count_rows(file) for file in files if file.name.endswith(PARQUET)}
    sizes = {file: file.stat().st_size for file in files if file not in tables}
    parts = workers * CHUNKS_PER_WORKER
    rows = _clamp(sum(tables.values()) / parts, LEAST_ROWS, MOST_ROWS)
    size = _clamp(sum(sizes.values()) / parts, LEAST_BYTES, MOST_BYTES)
    chunks = []
    for file in files:
        if file.name.endswith(PACKED):
            chunks.append(Chunk(str(file), 0, -1))
        else:
            length, step = (tables[file], rows) if file in tables else (sizes[file], size)
            chunks += [
                Chunk(str(file), start, min(start + step, length))
                for start in range(0, length, step)
            ]
    return chunks


def read_chunk(chunk: Chunk, batch_size: int, *, text: str | None = None) -> Iterator[pa.Table]:
    """Read a chunk, batch by batch.

    chunk (Chunk): The chunk.
    batch_size (int): The number of rows of a batch.
    text (Optional[str]): A column that all batches of JSON lines have, if only of nulls.
    YIELDS (pyarrow.Table): The rows of a batch.
    RAISES (ValueError): SD179 if the file can't be read.
    """
    try:
        if chunk.path.endswith(PARQUET):
            yield from _read_rows(chunk, batch_size)
        else:
            wanted = [text] if text is not None and not _is_text(chunk.path) else []
            for rows in minibatch(_read_lines(chunk), batch_size):
                columns = dict.fromkeys([*(name for row in rows for name in row), *wanted])
                yield pa.table({name: _make_column(name, rows) for name in columns})
    except (OSError, ValueError, pa.ArrowException) as error:
        raise unreadable(chunk.path, error) from None


def read_columns(file: Path) -> list[str]:
    """Return the names of the columns at the start of a file.

    file (Path): The file.
    RETURNS (List[str]): The names; those of the first line of JSON.
    RAISES (ValueError): SD179 if the file can't be read.
    """
    stop = -1 if file.name.endswith(PACKED) else 1
    return next((table.column_names for table in read_chunk(Chunk(str(file), 0, stop), 1)), [])


def unreadable(path: str | Path, error: Exception) -> ValueError:
    """Make the error SD179 of what went wrong with a file.

    path (Union[str, Path]): The file.
    error (Exception): What went wrong, of which the message is put into a line.
    RETURNS (ValueError): The error, to be raised.
    """
    return ValueError(Errors.SD179.format(path=path, problem=" ".join(str(error).split())))


def _is_known(file: Path, root: Path) -> bool:
    hidden = any(part.startswith((".", "_")) for part in file.relative_to(root).parts)
    return file.name.endswith(SUFFIXES) and not hidden


def _count_rows(file: Path) -> int:
    try:
        return pq.read_metadata(file).num_rows
    except (OSError, pa.ArrowException) as error:
        raise unreadable(file, error) from None


def _clamp(value: float, least: int, most: int) -> int:
    return min(max(math.ceil(value), least), most)


def _read_rows(chunk: Chunk, batch_size: int) -> Iterator[pa.Table]:
    """Read rows of a Parquet file, from those of its groups that have them."""
    with pq.ParquetFile(chunk.path) as file:
        _check_names(file.schema_arrow.names)
        counts = [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)]
        ends = list(accumulate(counts))
        groups = [
            i
            for i, (end, count) in enumerate(zip(ends, counts, strict=True))
            if end > chunk.start and end - count < chunk.stop
        ]
        if not groups:
            return
        skipped = chunk.start - (ends[groups[0]] - counts[groups[0]])
        wanted = chunk.stop - chunk.start
        for batch in file.iter_batches(batch_size, row_groups=groups):
            part = batch.slice(skipped)[:wanted]
            skipped = max(0, skipped - len(batch))
            wanted -= len(part)
            if len(part):
                yield pa.Table.from_batches([part])


def _check_names(names: list[str]) -> None:
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"several columns are named '{twice}'")


def _read_lines(chunk: Chunk) -> Iterator[dict[str, Any]]:
    """Read the lines that begin in a chunk, as rows."""
    is_text = _is_text(chunk.path)
    with _open(chunk.path) as file:
        if chunk.start:
            # The rest of the line that the byte before the chunk is part of.
            file.seek(chunk.start - 1)
            file.readline()
        while chunk.stop < 0 or file.tell() < chunk.stop:
            line = file.readline()
            if not line:
                return
            text = line.decode("utf8").removeprefix("\ufeff").rstrip("\r\n")
            if is_text:
                yield {TEXT: text}
            elif text.strip():
                yield _read_object(text)


def _read_object(text: str) -> dict[str, Any]:
    try:
        row = srsly.json_loads(text)
    except ValueError as error:
        raise ValueError(f"{error} in the line {text[:SHOWN]}") from None
    if not isinstance(row, dict):
        raise ValueError(f"a line is no JSON object: {text[:SHOWN]}")
    return row


def _make_column(name: str, rows: list[dict[str, Any]]) -> pa.Array:
    """The values of a column, null where a row has none."""
    try:
        return pa.array([row.get(name) for row in rows])
    except (ValueError, OverflowError, pa.ArrowException) as error:
        raise ValueError(f"the column '{name}' of its lines: {error}") from None


def _is_text(path: str) -> bool:
    return path.removesuffix(".gz").endswith(".txt")


def _open(path: str) -> IO[bytes]:
    return gzip.open(path) if path.endswith(".gz") else open(path, "rb")  # type: ignore[return-value]
