"""Finding spans of a clean document again in an edited one."""

import numpy

from ..types import Array


def follow_spans(spans: Array, length: int, alignment: Array) -> tuple[Array, Array]:
    """Find the spans that an edited document still has, token by token and in order.

    spans (Ints2d): First token and end of each span, shape (spans, 2), no span empty.
    length (int): Number of tokens of the clean document.
    alignment (Ints1d): For each edited token the index of its clean token, or -1.
    RETURNS (Tuple[Ints1d, Ints2d]): Which of the spans are left, as booleans, and first
        token and end of those in the edited document, shape (spans left, 2).
    """
    place = numpy.full(length, -1, dtype="int64")
    edited = numpy.flatnonzero(alignment >= 0)
    place[alignment[edited]] = edited
    follows = (place[1:] == place[:-1] + 1) & (place[:-1] >= 0)
    breaks = numpy.concatenate([[0, 0], numpy.cumsum(~follows)])[: length + 1]
    starts, ends = spans[:, 0], spans[:, 1]
    left = (place[starts] >= 0) & (breaks[ends] == breaks[starts + 1])
    first = place[starts[left]]
    return left, numpy.stack([first, first + (ends - starts)[left]], axis=1)
