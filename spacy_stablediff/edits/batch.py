"""Edited copies of a batch of examples, aligned with it."""

from typing import NamedTuple

import numpy
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example

from ..types import Array, Augmenter
from .alignment import align, record_alignment
from .annotation import carry_attrs, carry_sentences
from .original import record_original
from .seeded import SeededAugmenter
from .share import draw_share


class EditedBatch(NamedTuple):
    """Edited copies of a batch's documents, aligned with them.

    examples (List[Example]): The edited documents, each with its annotation.
    rows (Ints1d): Tokens of all edited documents, one after the other, that have a
        counterpart.
    clean_rows (Ints1d): For each of those its counterpart among the tokens of all
        clean documents.
    sources (Ints1d): For each edited document the index of its clean one.
    alignments (List[Ints1d]): For each edited document the index, in its clean one, of
        each token's counterpart, or -1.
    """

    examples: list[Example]
    rows: Array
    clean_rows: Array
    sources: Array
    alignments: list[Array]

    @property
    def docs(self) -> list[Doc]:
        """The edited documents."""
        return [eg.predicted for eg in self.examples]


def edit_batch(
    nlp: Language, augmenter: Augmenter, examples: list[Example], share: float = 1.0
) -> EditedBatch:
    """Edit a batch of documents.

    nlp (Language): The pipeline.
    augmenter (Callable[[Language, Example], Iterator[Example]]): Makes the edits.
    examples (List[Example]): The examples, of which the predicted documents count.
    share (float): The probability, from 0 to 1, with which each document is edited.
    RETURNS (EditedBatch): The copies that differ from their documents. Each records its
        alignment and what it was made from, and has its document's sentences and what
        embeddings may look up of its tokens, and its categories where the augmenter gives it none.
    """
    copies, rows, clean_rows, sources, alignments = [], [], [], [], []
    start, clean_start = 0, 0
    for index, (eg, is_edited) in enumerate(
        zip(examples, draw_share(share, len(examples)), strict=True)
    ):
        for edited in augmenter(nlp, eg) if is_edited else ():
            if edited.predicted.text != eg.predicted.text:
                alignment = align(eg.predicted, edited.predicted)
                # Ours record both, and what is no copy with errors is a text of its own.
                if not isinstance(augmenter, SeededAugmenter):
                    record_alignment(eg.predicted, edited.predicted, alignment)
                    record_original(eg.predicted, edited.predicted)
                carry_sentences(eg.predicted, edited.predicted, alignment)
                carry_attrs(eg.predicted, edited.predicted, alignment)
                if not edited.reference.cats:
                    edited.reference.cats = dict(eg.reference.cats)
                aligned = numpy.flatnonzero(alignment >= 0)
                copies.append(edited)
                sources.append(index)
                alignments.append(alignment)
                rows.append(start + aligned)
                clean_rows.append(clean_start + alignment[aligned])
                start += len(edited.predicted)
        clean_start += len(eg.predicted)
    return EditedBatch(
        copies,
        _join(rows),
        _join(clean_rows),
        numpy.asarray(sources, dtype="int32"),
        alignments,
    )


def _join(rows: list[Array]) -> Array:
    return numpy.concatenate([*rows, numpy.zeros(0)]).astype("int32")
