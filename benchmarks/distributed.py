"""Workers on Ray: their speed beside that of processes of `nlp.pipe`, and their memory."""

import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import pyarrow as pa
import ray
import ray.data
import spacy
from spacy.language import Language
from spacy.tokens import Doc

from spacy_stablediff.distributed import annotate
from spacy_stablediff.distributed.worker import ONE_THREAD

from .pipelines import BASELINE, make_pipeline
from .text import Films

BATCH = 256
STORE = 200_000_000
WORKERS = (1, 2)

# The texts that make workers grow, if anything does: all of their words are new.
NEW_WORDS = 6


class Speed(NamedTuple):
    """How fast something was.

    startup (float): Seconds to the first result.
    words (float): Words per second after that.
    """

    startup: float
    words: float


def measure_workers(films: Films, texts: int, rounds: int) -> dict[str, list[Speed]]:
    """Find the entities of short texts, with `nlp.pipe` and with workers, in turns.

    films (Films): The texts, which are repeated as often as it takes.
    texts (int): Number of texts.
    rounds (int): How often each takes its turn.
    RETURNS (Dict[str, List[Speed]]): The speed of each in each round.
    """
    nlp = make_pipeline(BASELINE, films)
    corpus = list(islice(cycle(doc.text for doc in films.docs), texts))
    speeds: dict[str, list[Speed]] = {}
    with TemporaryDirectory() as folder, run_ray(max(WORKERS)):
        nlp.to_disk(folder)
        blocks = [{"text": corpus[i : i + BATCH]} for i in range(0, texts, BATCH)]
        dataset = ray.data.from_arrow([pa.table(block) for block in blocks])
        contestants: list[tuple[str, Callable[[], Iterator[int]]]] = []
        for number in WORKERS:
            contestants += [
                (f"nlp.pipe, n_process={number}", partial(_pipe, nlp, corpus, number)),
                (f"Ray, workers: {number}", partial(_annotate, dataset, folder, number)),
            ]
        words = sum(map(len, films.docs)) / len(films.docs)
        shuffle = random.Random(0)
        for _ in range(rounds):
            shuffle.shuffle(contestants)
            for name, run in contestants:
                speeds.setdefault(name, []).append(_time(run(), words))
    return dict(sorted(speeds.items()))


def measure_memory(texts: int, every: int, model: Path | None = None) -> list[tuple[int, float]]:
    """Measure the memory of a worker while it reads texts of which all words are new.

    texts (int): Number of texts.
    every (int): After how many texts to look.
    model (Optional[Path]): The pipeline. By default a blank one with a rule for entities.
    RETURNS (List[Tuple[int, float]]): Numbers of texts, and megabytes of the worker's own
        memory after them.
    """
    with TemporaryDirectory() as folder, run_ray(2):
        if model is None:
            nlp = spacy.blank("en")
            nlp.add_pipe("entity_ruler").add_patterns([{"label": "X", "pattern": "w0"}])  # type: ignore[attr-defined]
            nlp.to_disk(folder)
        dataset = ray.data.range(texts, override_num_blocks=max(1, texts // 10_000))
        dataset.context.execution_options.preserve_order = True
        found = annotate(
            dataset.map_batches(_make_texts, batch_size=1000),
            model or folder,
            output=_Look(every),
            concurrency=1,
        )
        rows = found.filter(lambda row: row["megabytes"] > 0).take_all()
        if len({row["process"] for row in rows}) > 1:
            raise RuntimeError("the worker was replaced on the way, so its memory says nothing")
        return sorted((row["id"], row["megabytes"]) for row in rows)


class _Look:
    """Looks at the memory of the process, once in many documents."""

    def __init__(self, every: int) -> None:
        self._every = every

    def __call__(self, doc: Doc) -> dict[str, Any]:
        number = int(doc[0].text.removeprefix("w")) // NEW_WORDS + 1
        if number % self._every:
            return {"process": 0, "megabytes": 0.0}
        status = Path("/proc/self/status").read_text(encoding="utf8")
        fields = dict(line.split(":", 1) for line in status.splitlines())
        # Without what it shares with others, such as the object store.
        return {
            "process": int(fields["Pid"]),
            "megabytes": int(fields["RssAnon"].split()[0]) / 1024,
        }


def _make_texts(batch: dict[str, Any]) -> dict[str, Any]:
    """Make texts of words that no other text has."""
    numbers = [range(NEW_WORDS * i, NEW_WORDS * (i + 1)) for i in batch["id"].tolist()]
    texts = [" ".join(f"w{number}" for number in each) for each in numbers]
    return {"id": batch["id"] + 1, "text": texts}


def _pipe(nlp: Language, texts: Sequence[str], processes: int) -> Iterator[int]:
    """Find entities with `nlp.pipe`; yield how many texts are done."""
    for doc in nlp.pipe(texts, n_process=processes, batch_size=BATCH):
        [(ent.start_char, ent.end_char, ent.label_, ent.text) for ent in doc.ents]
        yield 1


def _annotate(dataset: Any, model: str, workers: int) -> Iterator[int]:
    """Find entities with workers; yield how many texts are done."""
    found: Any = annotate(dataset, model, batch_size=BATCH, concurrency=workers)
    for batch in found.iter_batches(batch_size=None, batch_format="pyarrow"):
        yield batch.num_rows


def _time(counts: Iterator[int], words: float) -> Speed:
    """Time what yields how many texts are done, of so many words each."""
    start = time.perf_counter()
    next(counts)
    first = time.perf_counter()
    texts = sum(counts)
    return Speed(first - start, texts * words / (time.perf_counter() - first))


def describe(speeds: dict[str, list[Speed]]) -> list[tuple[str, str, str, str]]:
    """Describe speeds in rows of a table: their medians, and the range of words per second."""
    return [
        (
            name,
            f"{statistics.median(each.startup for each in found):.1f}",
            f"{statistics.median(each.words for each in found):,.0f}",
            f"{min(each.words for each in found):,.0f} to {max(each.words for each in found):,.0f}",
        )
        for name, found in speeds.items()
    ]


@contextmanager
def run_ray(cpus: int) -> Iterator[None]:
    """Start Ray on this machine, with a few CPUs and little memory, and stop it at the end."""
    ray.init(
        "local",
        num_cpus=cpus,
        object_store_memory=STORE,
        include_dashboard=False,
        log_to_driver=False,
        runtime_env={"env_vars": ONE_THREAD},
    )
    try:
        yield
    finally:
        ray.shutdown()
