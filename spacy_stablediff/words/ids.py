"""Arrays of the numbers by which spaCy knows words, and of ranges in such arrays."""

from collections.abc import Iterable, Sequence, Sized
from typing import Any

import numpy

from ..types import Array


def sort(ids: Iterable[int]) -> Array:
    """Return ids as an array, each once, in ascending order."""
    return numpy.unique(numpy.fromiter(ids, dtype="uint64"))


def merge(ids: Array, others: Array) -> Array:
    """Add ids to others, both in ascending order.

    ids (Ints1d): Many ids.
    others (Ints1d): A few more.
    RETURNS (Ints1d): Each once, in ascending order; the same array if there are no more.
    """
    new = others[~is_in(numpy, others, ids)]
    return numpy.insert(ids, numpy.searchsorted(ids, new), new) if len(new) else ids


def is_in(xp: Any, ids: Array, known: Array) -> Array:
    """Tell which ids are among others, by binary search: numpy.isin would sort them each time.

    xp (Module): numpy or cupy.
    ids (Ints1d): The ids, in any order.
    known (Ints1d): The others, in ascending order.
    RETURNS (Bools1d): Whether each is among them.
    """
    if not len(known):
        return xp.zeros(len(ids), dtype=bool)
    places = xp.searchsorted(known, ids).clip(max=len(known) - 1)
    return known[places] == ids


def look_up(ids: Array, known: Array, values: Array) -> Array:
    """Look up the values of ids.

    ids (Ints1d): The ids, in any order.
    known (Ints1d): Those that have a value, in ascending order.
    values (Floats1d): Their values.
    RETURNS (Floats1d): For each id its value, 0 for those that have none.
    """
    found = numpy.zeros(len(ids))
    has_value = is_in(numpy, ids, known)
    found[has_value] = values[numpy.searchsorted(known, ids[has_value])]
    return found


def measure_lengths(texts: Sequence[Sized]) -> Array:
    """Return how many characters texts have, or what else has a length."""
    return numpy.fromiter(map(len, texts), dtype="int64", count=len(texts))


def spread(starts: Array, ends: Array) -> Array:
    """List the numbers of ranges, one range after the other.

    starts (Ints1d): The first number of each range.
    ends (Ints1d): The number behind its last one.
    RETURNS (Ints1d): The numbers.
    """
    counts = ends - starts
    shifts = numpy.repeat(starts - (counts.cumsum() - counts), counts)
    return shifts + numpy.arange(len(shifts))
