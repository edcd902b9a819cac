"""The documents of a batch in memory: which rows they are, and what to work on at once."""

from collections.abc import Iterator
from typing import Any

import numpy
from thinc.api import get_array_module

from ..types import Array

# Work goes through memory in pieces of about this many numbers: what fits into a CPU's
# cache, and on a GPU what keeps it busy.
CPU_PIECE = 2**16
GPU_PIECE = 2**24


def first_rows(lengths: Array) -> Array:
    """First row of each document."""
    return numpy.cumsum(lengths) - lengths


def rows_by_length(X: Array, lengths: Array) -> Iterator[Array]:
    """Rows of documents of one length, a piece of X at a time: shape (documents, length)."""
    starts = first_rows(lengths)
    for length in numpy.unique(lengths[lengths > 0]):
        same = starts[lengths == length]
        for piece in pieces(X, same.shape[0], each=length):
            yield same[piece, None] + numpy.arange(length)


def take_documents(X: Array, rows: Array) -> Array:
    """Vectors of documents, shape (documents, length, width); of a single one a view."""
    return X[rows] if rows.shape[0] > 1 else X[None, rows[0, 0] : rows[0, -1] + 1]


def index_rows(xp: Any, rows: Array) -> Any:
    """Index of increasing rows: a slice, which copies nothing, where they leave none out."""
    if rows[-1] - rows[0] + 1 == rows.shape[0]:
        return slice(int(rows[0]), int(rows[-1]) + 1)
    return xp.asarray(rows)


def pieces(X: Array, count: int, each: int | None = None) -> Iterator[slice]:
    """Cut a range of `count` into pieces of the size to work on at once.

    X (Array): The vectors, of whose last dimensions, or of `each` rows, one takes up.
    """
    numbers = X[0].size if each is None else each * X.shape[1]
    piece = CPU_PIECE if get_array_module(X) is numpy else GPU_PIECE
    step = max(1, piece // max(1, int(numbers)))
    for start in range(0, count, step):
        yield slice(start, min(start + step, count))
