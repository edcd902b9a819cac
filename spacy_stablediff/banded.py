"""Solve symmetric positive definite banded systems with many right-hand sides.

LAPACK solves a banded system one column after the other, each a chain of
dependent steps. Substructuring (Smith, Bjorstad and Gropp, Domain Decomposition,
1996, chapter 4) turns nearly all of that into products of small dense matrices:
the rows are cut into blocks, each but for its last rows, the separator, depends on
the rest through the two separators beside it alone, and the separators are left
with a banded system of their own, many times smaller, which LAPACK solves.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy
from scipy.linalg import cho_solve_banded, cholesky_banded
from thinc.api import get_array_module, to_numpy

Array: TypeAlias = Any  # of numpy or cupy; docstrings give the dimensions

# Below this size, and above this bandwidth, LAPACK alone is as fast.
MIN_ROWS = 256
MAX_BANDWIDTH = 16


def factorise(bands: Array) -> Callable[[Array], Array]:
    """Factorise a symmetric positive definite banded matrix A.

    bands (Floats2d): A in LAPACK's lower band storage, float64 on the CPU, shape
        (1 + bandwidth, rows): the diagonal, then A[i + offset, i] for each offset.
    RETURNS (Callable[[Floats2d], Floats2d]): Solves A Y = B for B of shape (rows,
        columns) of numpy or cupy, in the dtype of B.
    """
    bandwidth, rows = bands.shape[0] - 1, bands.shape[1]
    if bandwidth == 0:
        return lambda B: B / get_array_module(B).asarray(bands[0][:, None], dtype=B.dtype)
    if rows < MIN_ROWS or bandwidth > MAX_BANDWIDTH:
        return _factorise_whole(bands)
    return _factorise_blocks(bands, size=8 * (bandwidth + 1))


def _factorise_whole(bands: Array) -> Callable[[Array], Array]:
    """Factorise by LAPACK, on the CPU, where cupy arrays have to travel."""
    factor = cholesky_banded(bands, lower=True, check_finite=False)

    def solve(B: Array) -> Array:
        b = to_numpy(B)
        y = cho_solve_banded((factor.astype(b.dtype), True), b, check_finite=False)
        return get_array_module(B).asarray(numpy.ascontiguousarray(y))

    return solve


def _factorise_blocks(bands: Array, size: int) -> Callable[[Array], Array]:
    """Factorise by substructuring.

    Each block has `inner` rows and a separator of as many rows as the bandwidth.
    With K the inverse of its inner part and E its entries beside the separators
    before and after it, the separators' system loses E' K E, and the inner rows
    are Y = K (B - E [Y_before, Y_after]).
    """
    width, rows = bands.shape[0] - 1, bands.shape[1]
    inner, count = size - width, -(-rows // size)
    dense, before = _cut_blocks(bands, size, count)
    edges = numpy.concatenate([before, dense[:, :inner, inner:]], axis=2)
    inverse = numpy.linalg.inv(dense[:, :inner, :inner])
    reach = inverse @ edges
    loss = edges.transpose(0, 2, 1) @ reach
    diagonal = dense[:, inner:, inner:] - loss[:, width:, width:]
    diagonal[:-1] -= loss[1:, :width, :width]
    solve_separators = _factorise_whole(_join_blocks(diagonal, -loss[1:, width:, :width]))

    def solve(B: Array) -> Array:
        xp = get_array_module(B)
        K, E, KE = (xp.asarray(a, dtype=B.dtype) for a in (inverse, edges, reach))
        blocks = xp.zeros((count * size, B.shape[1]), dtype=B.dtype)
        blocks[:rows] = B
        blocks = blocks.reshape(count, size, -1)
        Y = xp.empty_like(blocks)
        Y[:, :inner] = K @ blocks[:, :inner]
        known = E.transpose(0, 2, 1) @ Y[:, :inner]
        separators = blocks[:, inner:] - known[:, width:]
        separators[:-1] -= known[1:, :width]
        Y[:, inner:] = solve_separators(separators.reshape(count * width, -1)).reshape(
            separators.shape
        )
        beside = xp.zeros((count, 2 * width, B.shape[1]), dtype=B.dtype)
        beside[1:, :width] = Y[:-1, inner:]
        beside[:, width:] = Y[:, inner:]
        Y[:, :inner] -= KE @ beside
        return Y.reshape(count * size, -1)[:rows]

    return solve


def _cut_blocks(bands: Array, size: int, count: int) -> tuple[Array, Array]:
    """Dense diagonal blocks, and their entries beside the separator before them.

    RETURNS (Tuple[Floats3d, Floats3d]): Shapes (count, size, size) and (count,
        size - bandwidth, bandwidth). The last block is filled up with the identity.
    """
    width, rows = bands.shape[0] - 1, bands.shape[1]
    filled = numpy.zeros((width + 1, count * size))
    filled[0] = 1
    filled[:, :rows] = bands
    filled = filled.reshape(width + 1, count, size)
    dense = numpy.zeros((count, size, size))
    before = numpy.zeros((count, size - width, width))
    for offset, band in enumerate(filled):
        i = numpy.arange(size - offset)
        dense[:, i + offset, i] = dense[:, i, i + offset] = band[:, i]
        j = numpy.arange(size - offset, size)
        before[1:, j + offset - size, j - size + width] = band[:-1, j]
    return dense, before


def _join_blocks(diagonal: Array, below: Array) -> Array:
    """Lower band storage of a block tridiagonal matrix.

    diagonal (Floats3d): Diagonal blocks, shape (count, width, width).
    below (Floats3d): Blocks below them, shape (count - 1, width, width).
    RETURNS (Floats2d): Shape (2 * width, count * width).
    """
    count, width, _ = diagonal.shape
    bands = numpy.zeros((2 * width, count, width))
    for column in range(width):
        bands[: width - column, :, column] = diagonal[:, column:, column].T
        bands[width - column : 2 * width - column, :-1, column] = below[:, :, column].T
    return bands.reshape(2 * width, count * width)
