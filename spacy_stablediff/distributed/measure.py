"""Measuring stability on a Ray cluster: workers measure parts, the driver merges them."""

import pickle
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
from ray.data import ActorPoolStrategy, Dataset
from spacy.language import Language

from ..errors import Errors
from ..measure.data import Data, check_data, may_have_gold, read_data
from ..measure.defaults import Curves, default_edits
from ..measure.measure import Measurement, Placed, check_numbers
from ..measure.observer import Observer, find_same_place
from ..measure.points import Key, list_edits
from ..measure.provenance import describe_provenance
from ..measure.result import Stability
from ..measure.store import ExampleStore
from ..types import Augmenter
from ..view.stability import StabilityReport, count_mended
from .checks import Concurrency, check_code, check_concurrency, check_count, check_model
from .cluster import count_cpus, share_cpus
from .corpus import EXAMPLES, INDEX, check_places, cut_corpus
from .loading import Loaded, load
from .worker import ONE_THREAD, describe

# Number of documents that a worker measures before it hands on what it found.
BATCH_SIZE = 200

# Any text with a token, to find where the vectors are read.
SAMPLE = "word"


def measure(
    dataset: Dataset | Data,
    model: str | Path,
    edits: Mapping[str, Augmenter] | None = None,
    *,
    text: str = "text",
    curves: Curves | None = None,
    baseline: str | Path | None = None,
    component: str | None = None,
    name: str | None = None,
    limit: int = 0,
    seed: int = 0,
    batch_size: int = BATCH_SIZE,
    scores: bool = True,
    concurrency: Concurrency | None = None,
    code: Path | None = None,
) -> StabilityReport:
    """Measure how far small edits of a text move a pipeline's vectors and predictions.

    As `measure_stability`, on all machines of a Ray cluster, and with the same figures: what
    is drawn at random depends on the seed and on the document's place in the corpus alone,
    and what workers find is merged. Counts, samples and quantiles merge exactly. Means of
    distances may differ by 1e-9 of their value, because sums of floats depend on their
    order. Where batches are cut differently, pipelines may round their vectors differently,
    as they do with another batch size of `measure_stability`. An augmenter with a random
    generator of its own draws something else in each worker.

    dataset (Union[ray.data.Dataset, str, Path, Iterable[Union[Example, Doc, str]]]): The
        corpus: a dataset of texts, whose column `index`, if it has one, is taken for their
        places in the corpus; or what `measure_stability` takes. The latter, and texts without
        places, are read here and handed out.
    model (Union[str, Path]): The name of the pipeline's package, or its path. Workers load
        it by that, so it must be there on all machines.
    edits, curves, component, name, limit, seed: As in `measure_stability`.
    text (str): The column of the texts.
    baseline (Optional[Union[str, Path]]): The name or path of a pipeline to compare with.
    batch_size (int): Number of documents that the pipeline works on at once, and that a worker
        measures before it hands on what it found; >= 1.
    scores (bool): Whether to score the predictions where there is gold annotation, which
        a dataset of texts doesn't have. spaCy does so here, of all that workers send.
    concurrency (Optional[Union[int, Tuple[int, int]]]): The number of workers, or the least
        and the most. By default as many as the cluster has CPUs.
    code (Optional[Path]): A file of Python that workers import before they load the pipeline.
    RETURNS (StabilityReport): The figures, and a few sample documents.
    RAISES (ValueError): As `measure_stability`, also for what goes wrong on a worker; SD171
        or SD172 if there is no such pipeline, SD175 for numbers, SD177 if there is no such
        column, SD189 if there is no such code, SD200 for an `index` that holds no places.
    """
    models = [check_model(each) for each in (model, baseline) if each is not None]
    check_numbers(limit=limit, seed=seed)
    check_count("batch_size", batch_size)
    edits = default_edits(seed) if edits is None else edits
    data: Data = [] if isinstance(dataset, Dataset) else dataset
    check_data(data)
    if baseline is not None and not isinstance(dataset, (Dataset, str, Path)):
        dataset = list(dataset)
    options: dict[str, Any] = {
        "edits": list_edits(edits, curves),
        "seed": seed,
        "batch_size": batch_size,
        "scores": scores and not isinstance(dataset, Dataset) and may_have_gold(dataset),
        "code": None if code is None else str(check_code(code)),
    }
    pool = check_concurrency(count_cpus() if concurrency is None else concurrency)
    results: list[Stability] = []
    for each in models:
        nlp = load(each, options["code"])
        place = component if not results else find_same_place(nlp, results[0].place)
        cut = cut_corpus(dataset, nlp, text=text, size=batch_size, limit=limit)
        result = _measure_one(nlp, each, cut, pool, text, {"component": place, **options})
        result.provenance = describe_provenance(data, edits, curves or {}, seed=seed, limit=limit)
        results.append(result)
    results[0].model = name or results[0].model
    return StabilityReport(**vars(results[0]), baseline=results[1] if results[1:] else None)


class PartMeasurer:
    """Measures parts of a corpus with a pipeline, that it loads once."""

    def __init__(self, model: str, text: str, options: dict[str, Any]) -> None:
        """Load the pipeline.

        model (str): The name of the pipeline's package, or its path.
        text (str): The column of the texts.
        options (Dict[str, Any]): The edits, and settings as those of `measure`.
        """
        self._pipeline = Loaded(model, options["code"])
        self._text, self._options = text, options

    def __call__(self, table: pa.Table) -> pa.Table:
        """Measure the documents of a table.

        table (pyarrow.Table): Texts and their places, or a row with examples as bytes.
        RETURNS (pyarrow.Table): A row: what was found, as bytes, and what went wrong, or null.
        """
        # An exception that leaves the zone would leave it open.
        with self._pipeline.nlp.memory_zone():
            part, words, problem = self._try(table)
        self._pipeline.count(words)
        return pa.table(
            {"part": pa.array([part], pa.binary()), "problem": pa.array([problem], pa.string())}
        )

    def _try(self, table: pa.Table) -> tuple[bytes | None, int, str | None]:
        """Measure the documents: what was found, and in how many words.

        Where that fails, it returns a message, for the driver to raise.
        """
        try:
            measurement = start_measurement(self._pipeline.nlp, **self._options)
            batch = [(place, eg) for place, eg in self._read(table) if len(eg.predicted)]
            if batch:
                measurement.add(batch)
            words = measurement.tokens * (1 + len(measurement.edits))
            return zlib.compress(pickle.dumps(measurement.to_part()), 1), words, None
        except Exception as error:
            return None, 0, describe(error)

    def _read(self, table: pa.Table) -> Iterable[Placed]:
        """Read the documents, each with its place in the corpus."""
        if EXAMPLES not in table.column_names:
            examples = read_data(self._pipeline.nlp, table.column(self._text).to_pylist())
            places = table.column(INDEX).to_pylist()
            check_places(places)
            return zip(places, examples, strict=True)
        (row,) = table.to_pylist()
        store = ExampleStore(self._pipeline.nlp.vocab)
        store.add_bytes(row[EXAMPLES], len(row[INDEX]))
        return zip(row[INDEX], store, strict=True)


def start_measurement(
    nlp: Language,
    *,
    edits: Mapping[Key, Augmenter],
    component: str | None,
    seed: int,
    batch_size: int,
    scores: bool,
    code: str | None = None,
) -> Measurement:
    """Begin a measurement with no documents; the arguments are those of `measure`."""
    sample = nlp.make_doc(SAMPLE)
    observer = Observer(nlp, sample, component=component, batch_size=batch_size)
    return Measurement(observer, edits, seed=seed, scores=scores)


def _measure_one(
    nlp: Language,
    model: str,
    cut: tuple[Dataset, int | None],
    pool: tuple[int, int],
    text: str,
    options: dict[str, Any],
) -> Stability:
    """Measure one pipeline: merge what its workers find."""
    measurement = start_measurement(nlp, **options)
    corpus, size = cut
    parts = corpus.map_batches(
        PartMeasurer,
        fn_constructor_args=(model, text, options),
        batch_size=size,
        batch_format="pyarrow",
        compute=ActorPoolStrategy(min_size=pool[0], max_size=pool[1]),
        num_cpus=share_cpus(pool[1]),
        runtime_env={"env_vars": ONE_THREAD},
    )
    for row in parts.iter_rows():
        if row["problem"] is not None:
            raise ValueError(row["problem"])
        measurement.merge(pickle.loads(zlib.decompress(row["part"])))
    if not measurement.documents:
        raise ValueError(Errors.SD109)
    result = measurement.finish(f"{nlp.lang}_{nlp.meta['name']}")
    result.mended = count_mended(nlp, result)
    return result
