"""The Laplacian L = D - W of a batch's graph, whose documents no edge joins."""

import numpy
from thinc.api import get_array_module

from ..types import Array
from .batch import pieces


def laplacian_bands(lengths: Array, radius: int) -> Array:
    """Laplacian of the batch's graph, in LAPACK's lower band storage.

    lengths (Ints1d): Number of tokens of each document.
    radius (int): Tokens up to this distance are joined, with weight 1 / distance.
    RETURNS (Floats2d): float64, shape (1 + offsets, tokens): first the diagonal,
        then L[i + offset, i] for each offset that some document is long enough for.
    """
    document = numpy.repeat(numpy.arange(len(lengths)), lengths)
    offsets = min(radius, max(int(lengths.max()) - 1, 0))
    bands = numpy.zeros((1 + offsets, document.shape[0]))
    for offset in range(1, 1 + offsets):
        weights = (document[offset:] == document[:-offset]) / offset
        bands[offset, :-offset] = -weights
        bands[0, offset:] += weights
        bands[0, :-offset] += weights
    return bands


def time_gradient(G: Array, Y: Array, bands: Array) -> Array:
    """-sum_(i<j) w_ij (G_i - G_j) * (Y_i - Y_j), the Laplacian given by its bands: (width,)."""
    xp = get_array_module(Y)
    total = xp.zeros(Y.shape[1], dtype=Y.dtype)
    for offset in range(1, bands.shape[0]):
        weights = xp.asarray(bands[offset, :-offset], dtype=Y.dtype)
        before, after = slice(None, -offset), slice(offset, None)
        for piece in pieces(Y, weights.shape[0]):
            products = G[after][piece] - G[before][piece]
            products *= Y[after][piece] - Y[before][piece]
            total += weights[piece] @ products
    return total
