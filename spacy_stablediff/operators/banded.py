"""Solve symmetric positive definite banded systems with many right-hand sides.

LAPACK solves a banded system one column after the other, each a chain of
dependent steps. Substructuring (Smith, Bjorstad and Gropp, Domain Decomposition,
1996, chapter 4) turns nearly all of that into products of small dense matrices:
the rows are cut into blocks, each but for its last rows, the separator, depends on
the rest through the two separators beside it alone, and the separators are left
with a banded system of their own, many times smaller, which is solved likewise.
"""

from functools import cache, partial
from typing import Any, Protocol

import numpy
from scipy.linalg import cho_solve_banded, cholesky_banded
from thinc.api import get_array_module, to_numpy

from ..types import Array

# Below this size, and above this bandwidth, LAPACK alone is as fast.
MIN_ROWS = 256
MAX_BANDWIDTH = 16

# From this number of blocks, elimination in all at once is faster than one after the other,
# and up to the other it stays within a CPU's cache.
MIN_BLOCKS_PER_BAND = 24
BLOCKS_AT_ONCE = 1024


class Solver(Protocol):
    """Solves A Y = B, or A Y = diag(weights) B, for B of shape (rows, columns)."""

    def __call__(self, B: Array, weights: Array | None = None) -> Array: ...  # noqa: D102


def factorise(bands: Array) -> Solver:
    """Factorise a symmetric positive definite banded matrix A.

    bands (Floats2d): A in LAPACK's lower band storage, float64 on the CPU, shape
        (1 + bandwidth, rows): the diagonal, then A[i + offset, i] for each offset.
    RETURNS (Solver): Takes B of numpy or cupy, and weights for its rows, and solves in
        the dtype of B.
    """
    bandwidth, rows = bands.shape[0] - 1, bands.shape[1]
    if bandwidth == 0:
        return partial(_divide, bands[0])
    if rows < MIN_ROWS or bandwidth > MAX_BANDWIDTH:
        return _factorise_whole(bands)
    return _factorise_blocks(bands, size=6 * (bandwidth + 1))


def overlap(X: Array, count: int, step: int, size: int) -> Array:
    """View of `count` windows of `size` rows each, one every `step` rows."""
    row, column = X.strides
    return get_array_module(X).lib.stride_tricks.as_strided(
        X, (count, size, X.shape[1]), (step * row, row, column)
    )


def _divide(diagonal: Array, B: Array, weights: Array | None = None) -> Array:
    """Solve for a diagonal matrix."""
    inverse = get_array_module(B).asarray(1 / diagonal, dtype=B.dtype)
    return B * (inverse if weights is None else weights * inverse)[:, None]


def _factorise_whole(bands: Array) -> Solver:
    """Factorise by LAPACK, on the CPU, where cupy arrays have to travel."""
    factor = cholesky_banded(bands, lower=True, check_finite=False)

    def solve(B: Array, weights: Array | None = None) -> Array:
        b = to_numpy(B if weights is None else B * weights[:, None])
        y = cho_solve_banded((factor.astype(b.dtype), True), b, check_finite=False)
        return get_array_module(B).asarray(numpy.ascontiguousarray(y))

    return solve


def _factorise_blocks(bands: Array, size: int) -> Solver:
    """Factorise by substructuring.

    Each block has `inner` rows and a separator of as many rows as the bandwidth.
    With K the inverse of its inner part and E its entries beside the separators
    before and after it, the separators' system loses E' K E, and the inner rows
    are Y = K (B - E [Y_before, Y_after]).
    """
    width, rows = bands.shape[0] - 1, bands.shape[1]
    blocks = _cut_blocks(bands, size)
    count, inner = blocks.shape[2], size - width
    edges = _get_edges(blocks, inner)
    solution = _solve_blocks(blocks[:, :inner], edges)
    solve_separators = factorise(_reduce(blocks[:, inner:], edges, solution[:, inner:]))

    @cache
    def get_matrix(xp: Any, dtype: Any) -> Array:
        return xp.asarray(_arrange(solution, width, dtype))

    def solve(B: Array, weights: Array | None = None) -> Array:
        xp = get_array_module(B)
        matrix = get_matrix(xp, B.dtype)
        padded = xp.zeros((width + count * size, B.shape[1]), dtype=B.dtype)
        if weights is None:
            padded[width : width + rows] = B
        else:
            xp.multiply(B, weights[:, None], out=padded[width : width + rows])
        windows = overlap(padded, count, size, size + width)
        separators = windows[:, size:]
        separators[...] = solve_separators(_condense(matrix, windows)).reshape(separators.shape)
        return (matrix @ windows).reshape(count * size, -1)[:rows]

    return solve


def _cut_blocks(bands: Array, size: int) -> Array:
    """Cut into blocks of `size` rows, the last filled up with the identity.

    RETURNS (Floats3d): Shape (1 + bandwidth, size, blocks), so that operations on one
        row of all blocks run along memory.
    """
    count = -(-bands.shape[1] // size)
    filled = numpy.zeros((bands.shape[0], count * size))
    filled[0, bands.shape[1] :] = 1
    filled[:, : bands.shape[1]] = bands
    return numpy.ascontiguousarray(filled.reshape(-1, count, size).transpose(0, 2, 1))


def _get_edges(blocks: Array, inner: int) -> Array:
    """Entries of each block's inner rows beside the separators before and after it.

    RETURNS (Floats3d): Shape (inner, 2 * bandwidth, blocks).
    """
    width, count = blocks.shape[0] - 1, blocks.shape[2]
    edges = numpy.zeros((inner, 2 * width, count))
    for offset in range(1, width + 1):
        i = numpy.arange(offset)
        edges[i, i + width - offset, 1:] = blocks[offset, inner + i + width - offset, :-1]
        edges[inner - offset + i, width + i] = blocks[offset, inner - offset + i]
    return edges


def _solve_blocks(blocks: Array, edges: Array) -> Array:
    """Inverse of each block, and the same times its edges.

    blocks (Floats3d): The blocks' bands, shape (1 + bandwidth, rows, blocks). Entries
        that reach beyond the last row are ignored.
    edges (Floats3d): Shape (rows, 2 * bandwidth, blocks).
    RETURNS (Floats3d): Shape (rows, rows + 2 * bandwidth, blocks).
    """
    width, rows, count = blocks.shape[0] - 1, blocks.shape[1], blocks.shape[2]
    solve = _eliminate if count >= MIN_BLOCKS_PER_BAND * width else _solve_dense
    solution = numpy.empty((rows, rows + 2 * width, count))
    for start in range(0, count, BLOCKS_AT_ONCE):
        piece = slice(start, min(start + BLOCKS_AT_ONCE, count))
        B = numpy.zeros((rows, rows + 2 * width, piece.stop - start))
        B[numpy.arange(rows), numpy.arange(rows)] = 1
        B[:, rows:] = edges[..., piece]
        solution[..., piece] = solve(blocks[..., piece].copy(), B)
    return solution


def _solve_dense(blocks: Array, B: Array) -> Array:
    """Solve for B of shape (rows, columns, blocks) by LAPACK, block by block."""
    _, rows, count = blocks.shape
    dense = numpy.zeros((count, rows, rows))
    for offset, band in enumerate(blocks):
        i = numpy.arange(rows - offset)
        dense[:, i + offset, i] = dense[:, i, i + offset] = band[: rows - offset].T
    return numpy.linalg.solve(dense, B.transpose(2, 0, 1)).transpose(1, 2, 0)


def _eliminate(blocks: Array, B: Array) -> Array:
    """Do what `_solve_dense` does by elimination in all blocks at once, which overwrites B."""
    width, rows = blocks.shape[0] - 1, blocks.shape[1]
    pivots, factors = blocks.copy(), numpy.empty_like(blocks)
    for i in range(rows):
        reach = min(width, rows - 1 - i)
        factors[1:, i] = pivots[1:, i] / pivots[0, i]
        for offset in range(1, reach + 1):
            pivots[: reach + 1 - offset, i + offset] -= (
                factors[offset, i] * pivots[offset : reach + 1, i]
            )
            B[i + offset] -= factors[offset, i] * B[i]
    B /= pivots[0][:, None]
    for i in reversed(range(rows)):
        for offset in range(1, min(width, rows - 1 - i) + 1):
            B[i] -= factors[offset, i] * B[i + offset]
    return B


def _reduce(separators: Array, edges: Array, reach: Array) -> Array:
    """Bands of the system that is left for the separators once the inner rows are gone.

    separators (Floats3d): Their own bands, shape (1 + bandwidth, bandwidth, blocks).
    edges (Floats3d): E, shape (inner, 2 * bandwidth, blocks).
    reach (Floats3d): K E, of the same shape.
    RETURNS (Floats2d): Shape (2 * bandwidth, blocks * bandwidth).
    """
    width, count = separators.shape[0] - 1, separators.shape[2]
    loss = numpy.einsum("ipb,iqb->pqb", edges, reach)
    bands = numpy.zeros((2 * width, count, width))
    for j in range(width):
        bands[: width - j, :, j] = separators[: width - j, j] - loss[width + j :, width + j]
        bands[: width - j, :-1, j] -= loss[j:width, j, 1:]
        bands[width - j : 2 * width - j, :-1, j] = -loss[width:, j, 1:]
    return bands.reshape(2 * width, count * width)


def _condense(matrix: Array, windows: Array) -> Array:
    """Right-hand side that is left for the separators once the inner rows are gone.

    matrix (Floats3d): From `_arrange`.
    windows (Floats3d): What it is to multiply, but with the separators' right-hand sides.
    RETURNS (Floats2d): Shape (blocks * bandwidth, columns).
    """
    xp = get_array_module(matrix)
    count, size, width = matrix.shape[0], matrix.shape[1], matrix.shape[2] - matrix.shape[1]
    rows = matrix[:, : size - width]
    beside = xp.concatenate([rows[:, :, :width], rows[:, :, size:]], axis=2)
    losses = beside.transpose(0, 2, 1) @ windows[:, width:size]
    losses[:, width:] += windows[:, size:]
    losses[:-1, width:] += losses[1:, :width]
    return losses[:, width:].reshape(count * width, -1)


def _arrange(solution: Array, width: int, dtype: Any) -> Array:
    """For each block, the matrix that takes the separator before it, its right-hand side
    and its separator to the solution of its rows, shape (blocks, size, size + bandwidth)."""
    inner, _, count = solution.shape
    size = inner + width
    matrix = numpy.zeros((count, size, size + width), dtype=dtype)
    solution = solution.transpose(2, 0, 1)
    matrix[:, :inner, :width] = -solution[:, :, inner:size]
    matrix[:, :inner, width:size] = solution[:, :, :inner]
    matrix[:, :inner, size:] = -solution[:, :, size:]
    matrix[:, inner:, size:] = numpy.eye(width)
    return matrix
