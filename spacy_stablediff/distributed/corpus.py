"""A corpus in parts, with each document's place in it."""

from itertools import count
from typing import Any

import pyarrow as pa
import ray
import ray.data
from ray.data import Dataset
from spacy.language import Language

from ..checks import is_whole
from ..errors import Errors
from ..measure.data import Data
from ..measure.measure import read_batches
from ..measure.store import ExampleStore
from .worker import check_columns

# The column of the documents' places in the corpus.
INDEX = "index"
EXAMPLES = "examples"


def cut_corpus(
    dataset: Dataset | Data, nlp: Language, *, text: str, size: int, limit: int
) -> tuple[Dataset, int | None]:
    """Cut a corpus into parts.

    dataset (Union[ray.data.Dataset, str, Path, Iterable[Union[Example, Doc, str]]]): A
        dataset of texts, or what `measure_stability` takes.
    nlp (Language): The pipeline, to read the latter with.
    text (str): The column of the texts.
    size (int): Number of documents of a part.
    limit (int): Number of documents to stop after; 0 for all.
    RETURNS (Tuple[ray.data.Dataset, Optional[int]]): Texts with their places, or examples as
        bytes; and how many rows are a part, None for a block.
    RAISES (ValueError): SD177 if there is no such column.
    """
    if not isinstance(dataset, Dataset):
        return _hand_out_examples(nlp, dataset, size, limit), None
    names = dataset.columns() or []
    check_columns(names, text=text)
    if INDEX not in names:
        return _number_texts(dataset, text, size, limit), None
    dataset = dataset.select_columns([INDEX, text])
    if limit:
        dataset = dataset.sort(INDEX).filter(lambda row: row[text] != "").limit(limit)
    return dataset, size


def check_places(places: list[Any]) -> None:
    """Raise SD200 unless all of a column are places in a corpus."""
    for place in places:
        if not is_whole(place, least=0):
            raise ValueError(Errors.SD200.format(column=INDEX, value=place))


def _hand_out_examples(nlp: Language, data: Data, size: int, limit: int) -> Dataset:
    """Read examples here, for workers."""
    blocks: list[Any] = []
    for batch in read_batches(nlp, data, size, limit=limit):
        store = ExampleStore(nlp.vocab)
        for _, example in batch:
            store.append(example)
        row = {INDEX: [[place for place, _ in batch]], EXAMPLES: [store.to_bytes()]}
        blocks.append(ray.put(pa.table(row)))
    return ray.data.from_arrow_refs(blocks)


def _number_texts(dataset: Dataset, text: str, size: int, limit: int) -> Dataset:
    """Read texts here, in their order, for only so their places are known."""
    options = dataset.context.execution_options
    before, options.preserve_order = options.preserve_order, True
    blocks: list[Any] = []
    places, left = count(), limit
    try:
        batches: Any = dataset.select_columns([text]).iter_batches(
            batch_size=size, batch_format="pyarrow"
        )
        for table in batches:
            index = pa.array([next(places) for _ in range(table.num_rows)], pa.int64())
            table = table.append_column(INDEX, index)
            if limit:
                filled = [bool(each) for each in table.column(text).to_pylist()]
                table = table.filter(pa.array(filled)).slice(0, left)
                left -= table.num_rows
            blocks.append(ray.put(table))
            if limit and not left:
                break
    finally:
        options.preserve_order = before
    return ray.data.from_arrow_refs(blocks)
