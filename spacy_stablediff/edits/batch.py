"""Edited copies of a batch of examples, aligned with it."""

from typing import NamedTuple

import numpy
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example

from ..types import Array, Augmenter
from .alignment import align, record_alignment


class EditedBatch(NamedTuple):
    """Edited copies of a batch's documents, aligned with them.

    docs (List[Doc]): The edited documents.
    rows (Ints1d): Tokens of all edited documents, one after the other, that have a
        counterpart.
    clean_rows (Ints1d): For each of those its counterpart among the tokens of all
        clean documents.
    sources (Ints1d): For each edited document the index of its clean one.
    """

    docs: list[Doc]
    rows: Array
    clean_rows: Array
    sources: Array


def edit_batch(nlp: Language, augmenter: Augmenter, examples: list[Example]) -> EditedBatch:
    """Edit a batch of documents.

    nlp (Language): The pipeline.
    augmenter (Callable[[Language, Example], Iterator[Example]]): Makes the edits.
    examples (List[Example]): The examples, of which the predicted documents count.
    RETURNS (EditedBatch): The copies that differ from their documents. Each records
        its alignment, by which it is known as edited.
    """
    docs, rows, clean_rows, sources = [], [], [], []
    start, clean_start = 0, 0
    for index, eg in enumerate(examples):
        for edited in augmenter(nlp, eg):
            if edited.predicted.text != eg.predicted.text:
                alignment = align(eg.predicted, edited.predicted)
                record_alignment(eg.predicted, edited.predicted, alignment)
                aligned = numpy.flatnonzero(alignment >= 0)
                docs.append(edited.predicted)
                sources.append(index)
                rows.append(start + aligned)
                clean_rows.append(clean_start + alignment[aligned])
                start += len(edited.predicted)
        clean_start += len(eg.predicted)
    return EditedBatch(docs, _join(rows), _join(clean_rows), numpy.asarray(sources, dtype="int32"))


def _join(rows: list[Array]) -> Array:
    return numpy.concatenate([*rows, numpy.zeros(0)]).astype("int32")
