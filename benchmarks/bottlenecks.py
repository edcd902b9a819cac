"""What besides the pipeline takes time in a run over a large corpus, each measured apart."""

import pickle
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import ray.data
import srsly
from ray.data import ActorPoolStrategy
from spacy.util import load_model

from spacy_stablediff.distributed.chunks import cut_files, read_chunk
from spacy_stablediff.distributed.files import Summary, write_part
from spacy_stablediff.distributed.worker import Annotator
from spacy_stablediff.measure.data import read_data
from spacy_stablediff.measure.defaults import default_curves, default_edits
from spacy_stablediff.measure.measure import Measurement, Part
from spacy_stablediff.measure.observer import Observer
from spacy_stablediff.measure.points import list_edits

from .distributed import BATCH, run_ray
from .pipelines import BASELINE, make_pipeline
from .text import Films

# How often the texts are written, so that reading takes long enough to be timed.
COPIES = 20
CHUNKS = 2000
DOCUMENTS = 200


def measure_bottlenecks(films: Films) -> list[tuple[str, str]]:
    """Measure loading, reading, annotating and writing in this process, and the driver.

    films (Films): The texts.
    RETURNS (List[Tuple[str, str]]): What was measured, and how fast it is.
    """
    texts = [doc.text for doc in films.docs]
    words = sum(map(len, films.docs))
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        make_pipeline(BASELINE, films).to_disk(folder / "model")
        load_model(folder / "model")
        _, load = _time(lambda: load_model(folder / "model"))
        rows = [{"text": text} for text in COPIES * texts]
        srsly.write_jsonl(folder / "rows.jsonl", rows)
        pq.write_table(pa.Table.from_pylist(rows), folder / "rows.parquet")
        _, lines = _time(lambda: _read(folder / "rows.jsonl"))
        _, parquet = _time(lambda: _read(folder / "rows.parquet"))
        annotator = Annotator(str(folder / "model"))
        tables = _read(folder / "rows.jsonl")[: len(texts) // BATCH]
        written, annotating = _time(lambda: [annotator(table) for table in tables])
        done = words * sum(map(len, tables)) / len(texts)
        _, writing = _time(lambda: write_part(folder / "out.parquet", written, Summary()))
    with run_ray(1):
        _, driver = _time(_hand_out)
    whole, other = _start(films), _start(films)
    part, measuring = _time(lambda: _measure(films, other))
    sent = zlib.compress(pickle.dumps(part), 1)
    _, merging = _time(lambda: whole.merge(pickle.loads(zlib.decompress(sent))))
    return [
        ("loading the pipeline", f"{load:.2f} s"),
        ("annotating, one worker", f"{done / annotating:,.0f} words/s"),
        ("reading JSON lines", f"{COPIES * words / lines:,.0f} words/s"),
        ("reading Parquet", f"{COPIES * words / parquet:,.0f} words/s"),
        ("writing Parquet", f"{done / writing:,.0f} words/s"),
        ("chunks that the driver hands out", f"{CHUNKS / driver:,.0f} chunks/s"),
        (f"measuring {DOCUMENTS} documents, with curves", f"{measuring:.1f} s"),
        ("what was found, as it is sent", f"{len(sent) / 1e6:.1f} MB"),
        ("merging it on the driver", f"{merging:.3f} s"),
    ]


def _read(path: Path) -> list[pa.Table]:
    return [table for chunk in cut_files([path], 1) for table in read_chunk(chunk, BATCH)]


def _hand_out() -> None:
    """Hand out chunks to a worker that does nothing."""
    rows = [{"name": str(i)} for i in range(CHUNKS)]
    ray.data.from_items(rows, override_num_blocks=CHUNKS).map_batches(
        _Nothing, batch_size=1, batch_format="pyarrow", compute=ActorPoolStrategy(size=1)
    ).take_all()


class _Nothing:
    def __call__(self, table: pa.Table) -> pa.Table:
        return table


def _start(films: Films) -> Measurement:
    nlp = make_pipeline(BASELINE, films)
    observer = Observer(nlp, nlp.make_doc("word"))
    edits = list_edits(default_edits(), default_curves())
    return Measurement(observer, edits, seed=0, scores=False)


def _measure(films: Films, measurement: Measurement) -> Part:
    texts = [doc.text for doc in films.docs[:DOCUMENTS]]
    measurement.add(list(enumerate(read_data(measurement.observer.nlp, texts))))
    return measurement.to_part()


def _time(call: Callable[[], Any]) -> tuple[Any, float]:
    start = time.perf_counter()
    result = call()
    return result, time.perf_counter() - start
