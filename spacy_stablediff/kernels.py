"""Diffusion of vectors along the documents of a batch: arrays in, arrays out.

A batch is one array of shape (tokens, width) that holds its documents one after
the other, and `lengths`, the number of tokens of each. Each document is a graph
of its tokens with symmetric weights W and Laplacian L = D - W; no edge joins two
documents. Each operator returns its output and a callback from the gradient of
the output to the gradients of the inputs. Arrays are numpy's or cupy's, of
float32 or float64, and the output has the dtype of the input.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, TypeAlias

import numpy
import scipy.fft
from scipy.linalg import cho_solve_banded, cholesky_banded
from thinc.api import get_array_module, to_numpy

Array: TypeAlias = Any  # of numpy or cupy; docstrings give the dimensions

# Up to this length, multiplying by the cosine basis is faster than the FFT.
MAX_BASIS_LENGTH = 128

# Beyond this ratio of time to confidence float64 would lose the confidence in
# C + tL; documents of up to about 10,000 tokens are uniform long before it.
MAX_TIME_PER_CONFIDENCE = 1e9


def heat(
    X: Array, lengths: Array, times: Array
) -> tuple[Array, Callable[[Array], tuple[Array, Array]]]:
    """Apply the heat kernel of the path graph, Y = exp(-tL) X, exactly.

    The orthonormal type-II DCT matrix C diagonalises the Laplacian of a path of
    n tokens (Strang, The Discrete Cosine Transform, SIAM Review 1999), with
    eigenvalues lambda_k = 2 - 2 cos(pi k / n), so Y = C' (exp(-t lambda) * C X).
    The kernel is symmetric, so dX = exp(-tL) dY, and for each channel
    dt = -sum_k lambda_k exp(-t lambda_k) (C X)_k (C dY)_k.

    X (Floats2d): Vectors, shape (tokens, width).
    lengths (Ints1d): Number of tokens of each document, on the CPU.
    times (Floats1d): Diffusion times >= 0, shape (width,), or (1,) to share one.
    RETURNS (Tuple[Floats2d, Callable]): Y, and a callback from dY to (dX, dtimes).
    """
    xp = get_array_module(X)
    Y = xp.empty_like(X)
    saved = []
    for rows in _rows_by_length(lengths):
        eigenvalues = _eigenvalues(xp, rows.shape[1], X.dtype)
        response = xp.exp(-eigenvalues * times)
        spectrum = _dct(X[rows])
        Y[rows] = _idct(response * spectrum)
        saved.append((rows, eigenvalues, response, spectrum))

    def backprop(dY: Array) -> tuple[Array, Array]:
        dX = xp.empty_like(dY)
        dtimes = xp.zeros(dY.shape[1], dtype=dY.dtype)
        for rows, eigenvalues, response, spectrum in saved:
            d_spectrum = _dct(dY[rows])
            dX[rows] = _idct(response * d_spectrum)
            energy = xp.einsum("mnd,mnd->nd", spectrum, d_spectrum)
            dtimes -= (eigenvalues * response * energy).sum(axis=0)
        return dX, dtimes if times.shape[0] > 1 else dtimes.sum(keepdims=True)

    return Y, backprop


def implicit(
    X: Array, lengths: Array, confidence: Array, time: float, radius: int
) -> tuple[Array, Callable[[Array], tuple[Array, Array, float]]]:
    """Take one backward Euler step of weighted diffusion: (C + tL) Y = C X.

    C is the diagonal of the confidences, and tokens up to `radius` apart are
    joined with weight 1 / |i - j|. Y minimises sum_i c_i |y_i - x_i|^2 +
    t sum_(i<j) w_ij |y_i - y_j|^2. The matrix is symmetric positive definite and
    banded: one Cholesky factorisation serves all documents, and the backward
    pass too (Golub and Van Loan, Matrix Computations, section 4.3). With
    G = (C + tL)^-1 dY: dX = C G, dc_i = G_i . (x_i - y_i), and
    dt = -sum_(i<j) w_ij (G_i - G_j) . (y_i - y_j).

    X (Floats2d): Vectors, shape (tokens, width).
    lengths (Ints1d): Number of tokens of each document, on the CPU.
    confidence (Floats1d): Confidence > 0 in each token, shape (tokens,).
    time (float): Diffusion time >= 0.
    radius (int): Tokens up to this distance are joined, >= 1.
    RETURNS (Tuple[Floats2d, Callable]): Y, and a callback from dY to
        (dX, dconfidence, dtime).
    """
    xp = get_array_module(X)
    bands = laplacian_bands(lengths, radius)
    solve = _banded_solver(bands, confidence, time)
    column = confidence[:, None]
    Y = solve(column * X)

    def backprop(dY: Array) -> tuple[Array, Array, float]:
        G = solve(dY)
        dconfidence = xp.einsum("nd,nd->n", G, X - Y)
        dtime = 0.0
        for offset in range(1, bands.shape[0]):
            weights = xp.asarray(-bands[offset, :-offset], dtype=X.dtype)
            dG, dYs = G[offset:] - G[:-offset], Y[offset:] - Y[:-offset]
            dtime -= float(weights @ xp.einsum("nd,nd->n", dG, dYs))
        return column * G, dconfidence, dtime

    return Y, backprop


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


def _banded_solver(bands: Array, confidence: Array, time: float) -> Callable[[Array], Array]:
    """Factorise C + tL in float64, and return the solver for a right-hand side.

    scipy has banded solvers for the CPU alone, so cupy arrays travel there and back.
    """
    c = to_numpy(confidence).astype("float64")
    matrix = min(time, MAX_TIME_PER_CONFIDENCE * float(c.min())) * bands
    matrix[0] += c
    factor = cholesky_banded(matrix, lower=True, overwrite_ab=True, check_finite=False)

    def solve(B: Array) -> Array:
        b = to_numpy(B)
        y = cho_solve_banded((factor.astype(b.dtype), True), b, check_finite=False)
        return get_array_module(B).ascontiguousarray(get_array_module(B).asarray(y))

    return solve


def _rows_by_length(lengths: Array) -> Iterator[Array]:
    """Rows of the documents of each length: shape (documents, length) each."""
    starts = numpy.cumsum(lengths) - lengths
    for length in numpy.unique(lengths[lengths > 0]):
        yield starts[lengths == length][:, None] + numpy.arange(length)


def _dct(X: Array) -> Array:
    """Orthonormal type-II DCT along the tokens: (documents, length, width)."""
    xp = get_array_module(X)
    if X.shape[1] <= MAX_BASIS_LENGTH:
        return xp.matmul(_cosine_basis(xp, X.shape[1], X.dtype), X)
    return _fft(xp).dct(X, type=2, norm="ortho", axis=1)


def _idct(X: Array) -> Array:
    """Inverse of `_dct`, which is its transpose."""
    xp = get_array_module(X)
    if X.shape[1] <= MAX_BASIS_LENGTH:
        return xp.matmul(_cosine_basis(xp, X.shape[1], X.dtype).T, X)
    return _fft(xp).idct(X, type=2, norm="ortho", axis=1)


def _fft(xp: Any) -> Any:
    if xp is numpy:
        return scipy.fft
    import cupyx.scipy.fft

    return cupyx.scipy.fft


@lru_cache(maxsize=2 * MAX_BASIS_LENGTH)
def _cosine_basis(xp: Any, n: int, dtype: Any) -> Array:
    """Orthonormal DCT matrix: row k holds the eigenvector k of the path's Laplacian."""
    k = numpy.arange(n)
    basis = numpy.cos(numpy.pi * numpy.outer(k, k + 0.5) / n) * numpy.sqrt(2 / n)
    basis[0] = numpy.sqrt(1 / n)
    return xp.asarray(basis, dtype=dtype)


def _eigenvalues(xp: Any, n: int, dtype: Any) -> Array:
    """Eigenvalues of the path's Laplacian, shape (n, 1).

    4 sin^2(pi k / 2n) is 2 - 2 cos(pi k / n) without its cancellation at small k.
    """
    values = 4 * numpy.sin(numpy.pi * numpy.arange(n) / (2 * n)) ** 2
    return xp.asarray(values[:, None], dtype=dtype)
