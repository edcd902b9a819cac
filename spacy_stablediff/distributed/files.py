"""Annotating files: a file of Parquet for each chunk, so that a stopped run can go on."""

import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import ray.data
import srsly
from ray.data import ActorPoolStrategy

from ..errors import Errors
from .checks import (
    OnError,
    OutputName,
    check_code,
    check_count,
    check_model,
    check_on_error,
    check_output,
)
from .chunks import Chunk, cut_files, list_files, read_chunk, read_columns, unreadable
from .cluster import connect, count_cpus, share_cpus
from .manifest import (
    Manifest,
    describe_code,
    describe_files,
    describe_model,
    find_run,
    write_manifest,
)
from .worker import ONE_THREAD, Annotator, check_columns, list_columns

# Where a file of the output says what it holds.
KEY = b"stablediff"


@dataclass
class Summary:
    """What a run did, or a part of it.

    documents (int): Number of texts.
    words (int): Number of tokens.
    errors (int): Number of texts that failed.
    seconds (float): How long workers took, all together: reading and writing included, but
        not loading the pipeline.
    """

    documents: int = 0
    words: int = 0
    errors: int = 0
    seconds: float = 0.0

    def add(self, other: "Summary") -> None:
        """Add what another part did."""
        self.documents += other.documents
        self.words += other.words
        self.errors += other.errors
        self.seconds += other.seconds


@dataclass
class Report:
    """What a run over files came to.

    total (Summary): All that is in the output.
    done (int): How many chunks were there already, of a run that was stopped.
    chunks (int): How many chunks there are.
    workers (Optional[int]): Number of workers, None if there was nothing left to do.
    elapsed (float): Seconds that the run took, start-up included.
    """

    total: Summary
    done: int
    chunks: int
    workers: int | None
    elapsed: float


class FileAnnotator(Annotator):
    """Annotates chunks of files, and writes a file for each."""

    def __init__(self, model: str, folder: str, batch_size: int, **settings: Any) -> None:
        """Load the pipeline.

        model (str): The name of the pipeline's package, or its path.
        folder (str): The folder to write to.
        batch_size (int): Number of documents that the pipeline works on at once.
        **settings (Any): Those of `Annotator`.
        """
        super().__init__(model, **settings)
        self._folder, self._batch_size = Path(folder), batch_size

    def __call__(self, table: pa.Table) -> pa.Table:
        """Annotate chunks.

        table (pyarrow.Table): A row for each: the name of its file, and the chunk.
        RETURNS (pyarrow.Table): For each what went wrong, or null.
        """
        problems = [self._try(Chunk(**row), name) for name, row in _split_names(table)]
        return pa.table({"problem": pa.array(problems, pa.string())})

    def _try(self, chunk: Chunk, name: str) -> str | None:
        """Annotate a chunk; return a message where that fails.

        The driver raises it, so that users see no more than the message.
        """
        try:
            self._write(chunk, self._folder / name)
        except ValueError as error:
            return str(error)
        return None

    def _write(self, chunk: Chunk, path: Path) -> None:
        """Annotate a chunk, and write its file, all of it or nothing."""
        begun = Summary(0, self.words, self.errors, time.perf_counter())
        tables, documents = [], 0
        for table in read_chunk(chunk, self._batch_size, text=self._text):
            documents += table.num_rows
            tables.append(super().__call__(table))
        summary = Summary(
            documents,
            self.words - begun.words,
            self.errors - begun.errors,
            time.perf_counter() - begun.seconds,
        )
        try:
            write_part(path, tables, summary)
        except pa.ArrowException as error:
            raise unreadable(chunk.path, error) from None


def annotate_files(
    source: Path,
    folder: Path,
    model: str | Path,
    *,
    workers: int | None = None,
    address: str | None = None,
    text: str = "text",
    output: OutputName = "entities",
    batch_size: int = 256,
    on_error: OnError = "column",
    code: Path | None = None,
) -> Report:
    """Run a pipeline over files, on all machines of a Ray cluster.

    Each chunk of the input becomes a file of the output, written whole or not at all. So a
    run that was stopped goes on from there, if it is started again with the same settings.

    source (Path): A file of Parquet, JSON lines or texts, or a folder of such files. All
        machines must find it, and the output and the pipeline, under the same path.
    folder (Path): The folder of the output.
    model (Union[str, Path]): The name of the pipeline's package, or its path.
    workers (Optional[int]): Number of workers, by default as many as there are CPUs.
    address (Optional[str]): The address of the cluster. By default Ray is started on this
        machine alone.
    text, output, batch_size, on_error: As in `annotate`.
    code (Optional[Path]): A file of Python that workers import before they load the pipeline.
    RETURNS (Report): What there is in the output.
    RAISES (ValueError): SD171 to SD188.
    """
    start = time.perf_counter()
    model = check_model(model)
    check_output(output)
    check_on_error(on_error)
    check_count("batch_size", batch_size)
    if workers is not None:
        check_count("workers", workers)
    files = list_files(source)
    if columns := read_columns(files[0]):
        check_columns(columns, text=text, added=list_columns(output, on_error))
    settings: dict[str, Any] = {"text": text, "output": output, "on_error": on_error}
    code = None if code is None else check_code(code)
    described = {
        "pipeline": describe_model(model),
        **settings,
        "batch_size": batch_size,
        "code": describe_code(code),
    }
    settings["code"] = None if code is None else str(code)
    folder = folder.absolute()
    run = find_run(folder, described, describe_files(files))
    missing = None if run is None else run.list_missing(folder)
    if run is None or missing:
        with connect(address, workers):
            workers = workers or count_cpus()
            if run is None:
                run = Manifest(described, describe_files(files), cut_files(files, workers))
                write_manifest(folder, run)
                missing = run.list_missing(folder)
            if missing:
                _run(run, missing, workers, (model, str(folder), batch_size), settings)
    return Report(
        total=read_total(folder),
        done=len(run.chunks) - len(missing or []),
        chunks=len(run.chunks),
        workers=workers,
        elapsed=time.perf_counter() - start,
    )


def write_part(path: Path, tables: list[pa.Table], summary: Summary) -> None:
    """Write the file of a chunk, all of it or nothing.

    path (Path): The file. Without rows it is a hidden one, which readers pass over.
    tables (List[pyarrow.Table]): The rows.
    summary (Summary): What it holds.
    RAISES (ValueError, pyarrow.ArrowException): SD183 if it can't be written; the latter if a column
        has one type in one table and another in the next.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        if tables:
            table = pa.concat_tables(tables, promote_options="permissive")
            metadata = {KEY: srsly.json_dumps(asdict(summary)).encode()}
            pq.write_table(table.replace_schema_metadata(metadata), draft)
            draft.replace(path)
        else:
            path.with_name(f".{path.name}").touch()
    except OSError as error:
        draft.unlink(missing_ok=True)
        problem = error.strerror or str(error)
        raise ValueError(Errors.SD183.format(path=path.parent, problem=problem)) from None


def read_total(folder: Path) -> Summary:
    """Sum up what the files of an output say that they hold.

    folder (Path): The folder.
    RETURNS (Summary): The sums.
    """
    total = Summary()
    for path in folder.glob("part-*.parquet"):
        metadata = pq.read_schema(path).metadata
        total.add(Summary(**srsly.json_loads(metadata[KEY].decode())))
    return total


def _run(
    manifest: Manifest,
    missing: list[int],
    workers: int,
    args: tuple[str, str, int],
    settings: dict[str, Any],
) -> None:
    """Have workers do chunks, and raise what goes wrong."""
    rows = [{"name": manifest.name_part(i), **manifest.chunks[i]._asdict()} for i in missing]
    # A block each, so that each goes to whichever worker is free.
    problems = ray.data.from_items(rows, override_num_blocks=len(rows)).map_batches(
        FileAnnotator,
        fn_constructor_args=args,
        fn_constructor_kwargs=settings,
        batch_size=1,
        batch_format="pyarrow",
        compute=ActorPoolStrategy(size=min(workers, len(rows))),
        num_cpus=share_cpus(workers),
        runtime_env={"env_vars": ONE_THREAD},
    )
    for row in problems.iter_rows():
        if row["problem"] is not None:
            raise ValueError(row["problem"])
    # Of workers that died while they wrote.
    for draft in Path(args[1]).glob(".part-*.parquet.*"):
        draft.unlink()


def _split_names(table: pa.Table) -> list[tuple[str, dict[str, Any]]]:
    return [(row.pop("name"), row) for row in table.to_pylist()]
