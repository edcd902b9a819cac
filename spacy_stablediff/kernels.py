"""Diffusion of vectors along the documents of a batch: arrays in, arrays out.

A batch is one array of shape (tokens, width) that holds its documents one after
the other, and `lengths`, the number of tokens of each. Each document is a graph
of its tokens with symmetric weights W and Laplacian L = D - W; no edge joins two
documents. Each operator returns its output and a callback from the gradient of
the output to the gradients of the inputs. Arrays are numpy's or cupy's, of
float32 or float64, and the output has the dtype of the input.
"""

import math
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, TypeAlias

import numpy
import scipy.fft
from scipy.special import ive
from thinc.api import get_array_module, to_numpy

from .banded import Solver, factorise, overlap

Array: TypeAlias = Any  # of numpy or cupy; docstrings give the dimensions

# Up to this length, multiplying by the cosine basis is faster than the FFT.
MAX_BASIS_LENGTH = 128

# Longer documents are cut into overlapping windows, which pays as long as the heat
# kernel reaches no further than this many tokens.
MAX_HALO = 40

# Work goes through memory in pieces of about this many numbers: what fits into a CPU's
# cache, and on a GPU what keeps it busy.
CPU_PIECE = 2**16
GPU_PIECE = 2**24

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
    The kernel is symmetric, so dX = exp(-tL) dY; and as dY/dt = -L Y, the gradient
    of a channel's time is -sum_i (y_(i+1) - y_i) (dy_(i+1) - dy_i).

    X (Floats2d): Vectors, shape (tokens, width).
    lengths (Ints1d): Number of tokens of each document, on the CPU.
    times (Floats1d): Diffusion times >= 0, shape (width,), or (1,) to share one.
    RETURNS (Tuple[Floats2d, Callable]): Y, and a callback from dY to (dX, dtimes).
    """
    Y = _apply_heat(X, lengths, times)

    def backprop(dY: Array) -> tuple[Array, Array]:
        dtimes = _time_gradient(dY, Y, laplacian_bands(lengths, 1))
        if times.shape[0] == 1:
            dtimes = dtimes.sum(keepdims=True)
        return _apply_heat(dY, lengths, times), dtimes

    return Y, backprop


def implicit(
    X: Array, lengths: Array, confidence: Array, time: float, radius: int
) -> tuple[Array, Callable[[Array], tuple[Array, Array, float]]]:
    """Take one backward Euler step of weighted diffusion: (C + tL) Y = C X.

    C is the diagonal of the confidences, and tokens up to `radius` apart are
    joined with weight 1 / |i - j|. Y minimises sum_i c_i |y_i - x_i|^2 +
    t sum_(i<j) w_ij |y_i - y_j|^2. The matrix is symmetric positive definite and
    banded: one factorisation serves all documents, and the backward pass too. With
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
    solve = _factorise(bands, confidence, time)
    Y = solve(X, confidence)

    def backprop(dY: Array) -> tuple[Array, Array, float]:
        G = solve(dY)
        dconfidence = xp.empty(X.shape[0], dtype=X.dtype)
        for rows in _pieces(X, X.shape[0]):
            dconfidence[rows] = xp.einsum("nd,nd->n", G[rows], X[rows] - Y[rows])
        dtime = float(_time_gradient(G, Y, bands).sum())
        G *= confidence[:, None]
        return G, dconfidence, dtime

    return Y, backprop


def multiscale(
    X: Array, lengths: Array, times: Array, W: Array, confidence: Array | None = None
) -> tuple[Array, Callable[[Array], tuple[Array, Array | None, Array]]]:
    """Add what surrounds each token at several scales: Y = X + sum_k (exp(-t_k L) Z) W_k'.

    The sources Z are the vectors X, each times the confidence in its token where that is
    given. With the DCT matrix C of `heat`, Y = X + C' sum_k (exp(-t_k lambda) * C Z) W_k',
    so the scales share one transform there and one back, and W_k multiplies only what
    frequencies the scale leaves: of a mean over the document a single one. With
    S_k = exp(-t_k L) Z, dW_k = dY' S_k and dZ = sum_k exp(-t_k L) (dY W_k); then
    dX_i = dY_i + c_i dZ_i and dc_i = x_i . dZ_i.

    X (Floats2d): Vectors, shape (tokens, width).
    lengths (Ints1d): Number of tokens of each document, on the CPU.
    times (Floats1d): Diffusion times > 0, shape (scales,), on the CPU; an infinite
        time gives the mean of the document.
    W (Floats3d): Mixing matrices, shape (scales, width, width).
    confidence (Optional[Floats1d]): Confidence > 0 in each token, shape (tokens,); by
        default 1.
    RETURNS (Tuple[Floats2d, Callable]): Y, and a callback from dY to
        (dX, dconfidence, dW), of which dconfidence is None where none is given.
    """
    xp = get_array_module(X)
    scales = _scale_responses(lengths, times, X.dtype)
    spectrum = _transform(X if confidence is None else confidence[:, None] * X, lengths)
    mixed = xp.zeros_like(X)
    for weights, (rows, response) in zip(W, scales, strict=True):
        for piece in _pieces(X, rows.shape[0]):
            at, factors = _index(xp, rows[piece]), xp.asarray(response[piece])
            mixed[at] += (factors * spectrum[at]) @ weights.T

    def backprop(dY: Array) -> tuple[Array, Array | None, Array]:
        d_mixed = _transform(dY, lengths)
        dW, d_spectrum = xp.zeros_like(W), xp.zeros_like(dY)
        for d_weights, weights, (rows, response) in zip(dW, W, scales, strict=True):
            for piece in _pieces(X, rows.shape[0]):
                at, factors = _index(xp, rows[piece]), xp.asarray(response[piece])
                d_piece = d_mixed[at]
                d_weights += d_piece.T @ (factors * spectrum[at])
                d_spectrum[at] += factors * (d_piece @ weights)
        dX, dconfidence = _transform(d_spectrum, lengths, inverse=True, out=d_spectrum), None
        if confidence is not None:
            dconfidence = xp.einsum("nd,nd->n", X, dX)
            dX *= confidence[:, None]
        dX += dY
        return dX, dconfidence, dW

    Y = _transform(mixed, lengths, inverse=True, out=mixed)
    Y += X
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


def _apply_heat(X: Array, lengths: Array, times: Array) -> Array:
    """Multiply by exp(-tL), documents of the same length together."""
    xp = get_array_module(X)
    X = xp.ascontiguousarray(X)
    Y = xp.empty_like(X)
    halo = _halo(times, X.dtype)
    for rows in _rows_by_length(X, lengths):
        if rows.shape[1] <= MAX_BASIS_LENGTH:
            Y[rows] = _filter(_take(X, rows), times)
            continue
        for start in rows[:, 0]:
            document = slice(start, start + rows.shape[1])
            if halo <= MAX_HALO:
                _apply_heat_by_windows(X[document], Y[document], times, halo)
            else:
                Y[document] = _filter(X[None, document], times)[0]
    return Y


def _apply_heat_by_windows(X: Array, Y: Array, times: Array, halo: int) -> None:
    """Cut a long document into overlapping windows, and write its diffusion to Y.

    A window's ends reflect as a document's do, which is wrong unless the document
    ends there; but what lies a halo away from them is right (overlap-save method).
    """
    size = min(max((3 if times.shape[0] == 1 else 4) * halo, 16), MAX_BASIS_LENGTH)
    step = size - 2 * halo
    count = (X.shape[0] - 2 * halo) // step
    windows = overlap(X, count, step, size)
    middle = Y[halo : halo + count * step].reshape(count, step, -1)
    for piece in _pieces(windows, count):
        _filter(windows[piece], times, slice(halo, size - halo), out=middle[piece])
    Y[:halo] = _filter(X[None, :size], times, slice(halo))[0]
    rest = X.shape[0] - halo - count * step
    Y[-rest:] = _filter(X[None, -size:], times, slice(size - rest, size))[0]


def _halo(times: Array, dtype: Any) -> int:
    """Distance beyond which the longest time's kernel has no more than rounding error.

    On an endless line the weight of a token at distance k is exp(-2t) I_k(2t).
    """
    weights = ive(numpy.arange(4 * MAX_HALO), 2 * float(times.max()))
    tails = numpy.cumsum(weights[::-1])[::-1]
    return max(1, int(numpy.sum(tails > numpy.finfo(dtype).eps / 8)))


def _filter(X: Array, times: Array, rows: slice = slice(None), out: Array | None = None) -> Array:
    """Rows of exp(-tL) X for X of shape (documents, length, width)."""
    xp, n = get_array_module(X), X.shape[1]
    if n > MAX_BASIS_LENGTH:
        spectrum = _dct(X)
        rates = xp.asarray(_eigenvalue(numpy.arange(n), n)[:, None], dtype=X.dtype)
        for piece in _pieces(X[0], n):
            spectrum[:, piece] *= _responses(rates[piece], times)
        return _dct(spectrum, inverse=True)[:, rows]
    if times.shape[0] == 1:
        return xp.matmul(_heat_matrix(xp, n, float(times[0]), X.dtype)[rows], X, out=out)
    basis = _cosine_basis(xp, n, X.dtype)
    spectrum = basis @ X
    spectrum *= _responses(_rates(xp, n, X.dtype), times)
    return xp.matmul(basis.T[rows], spectrum, out=out)


def _responses(rates: Array, times: Array) -> Array:
    """exp(-t lambda) for each rate and channel."""
    exponents = -rates * times
    return get_array_module(exponents).exp(exponents, out=exponents)


def _take(X: Array, rows: Array) -> Array:
    """Vectors of documents, shape (documents, length, width); of a single one a view."""
    return X[rows] if rows.shape[0] > 1 else X[None, rows[0, 0] : rows[0, -1] + 1]


def _transform(
    X: Array, lengths: Array, *, inverse: bool = False, out: Array | None = None
) -> Array:
    """DCT of each document; the rows of a document then hold its frequencies in order."""
    Y = get_array_module(X).empty_like(X) if out is None else out
    for rows in _rows_by_length(X, lengths):
        Y[rows] = _dct(_take(X, rows), inverse=inverse)
    return Y


def _scale_responses(lengths: Array, times: Array, dtype: Any) -> list[tuple[Array, Array]]:
    """For each scale the frequencies, of all documents, that it doesn't reduce to rounding
    error, as rows of the transform, and exp(-t_k lambda) for them, shape (rows, 1)."""
    n = numpy.repeat(lengths, lengths)
    rates = _eigenvalue(numpy.arange(n.shape[0]) - numpy.repeat(_starts(lengths), lengths), n)
    responses = []
    for time in times:
        reach = -math.log(numpy.finfo(dtype).eps / 8) / time
        rows = numpy.flatnonzero(rates <= reach)
        finite = 0.0 if math.isinf(time) else time
        responses.append((rows, numpy.exp(-finite * rates[rows, None]).astype(dtype)))
    return responses


def _dct(X: Array, *, inverse: bool = False) -> Array:
    """Orthonormal type-II DCT along the tokens: (documents, length, width)."""
    xp = get_array_module(X)
    if X.shape[1] <= MAX_BASIS_LENGTH:
        basis = _cosine_basis(xp, X.shape[1], X.dtype)
        return (basis.T if inverse else basis) @ X
    transform = _fft(xp).idct if inverse else _fft(xp).dct
    return transform(X, type=2, norm="ortho", axis=1)


def _eigenvalue(k: Array, n: Array) -> Array:
    """Eigenvalue k of the Laplacian of a path of n tokens.

    4 sin^2(pi k / 2n) is 2 - 2 cos(pi k / n) without its cancellation at small k.
    """
    return 4 * numpy.sin(numpy.pi * k / (2 * n)) ** 2


def _time_gradient(G: Array, Y: Array, bands: Array) -> Array:
    """-sum_(i<j) w_ij (G_i - G_j) * (Y_i - Y_j), the Laplacian given by its bands: (width,)."""
    xp = get_array_module(Y)
    total = xp.zeros(Y.shape[1], dtype=Y.dtype)
    for offset in range(1, bands.shape[0]):
        weights = xp.asarray(bands[offset, :-offset], dtype=Y.dtype)
        before, after = slice(None, -offset), slice(offset, None)
        for piece in _pieces(Y, weights.shape[0]):
            products = G[after][piece] - G[before][piece]
            products *= Y[after][piece] - Y[before][piece]
            total += weights[piece] @ products
    return total


def _factorise(bands: Array, confidence: Array, time: float) -> Solver:
    """Factorise C + tL in float64."""
    c = to_numpy(confidence).astype("float64")
    matrix = min(time, MAX_TIME_PER_CONFIDENCE * float(c.min())) * bands
    matrix[0] += c
    return factorise(matrix)


def _rows_by_length(X: Array, lengths: Array) -> Iterator[Array]:
    """Rows of documents of one length, a piece of X at a time: shape (documents, length)."""
    starts = _starts(lengths)
    for length in numpy.unique(lengths[lengths > 0]):
        same = starts[lengths == length]
        for piece in _pieces(X, same.shape[0], each=length):
            yield same[piece, None] + numpy.arange(length)


def _starts(lengths: Array) -> Array:
    """First row of each document."""
    return numpy.cumsum(lengths) - lengths


def _index(xp: Any, rows: Array) -> Any:
    """Index of increasing rows: a slice, which copies nothing, where they leave none out."""
    if rows[-1] - rows[0] + 1 == rows.shape[0]:
        return slice(int(rows[0]), int(rows[-1]) + 1)
    return xp.asarray(rows)


def _pieces(X: Array, count: int, each: int | None = None) -> Iterator[slice]:
    """Cut a range of `count` into pieces of the size to work on at once.

    X (Array): The vectors, of whose last dimensions, or of `each` rows, one takes up.
    """
    numbers = X[0].size if each is None else each * X.shape[1]
    piece = CPU_PIECE if get_array_module(X) is numpy else GPU_PIECE
    step = max(1, piece // max(1, int(numbers)))
    for start in range(0, count, step):
        yield slice(start, min(start + step, count))


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


@lru_cache(maxsize=4 * MAX_BASIS_LENGTH)
def _rates(xp: Any, n: int, dtype: Any) -> Array:
    """Eigenvalues of the Laplacian of a path of n tokens, shape (n, 1)."""
    return xp.asarray(_eigenvalue(numpy.arange(n), n)[:, None], dtype=dtype)


@lru_cache(maxsize=2 * MAX_BASIS_LENGTH)
def _heat_matrix(xp: Any, n: int, time: float, dtype: Any) -> Array:
    """exp(-tL) for a path of n tokens."""
    basis = _cosine_basis(xp, n, dtype)
    return basis.T @ (xp.exp(-time * _rates(xp, n, dtype)) * basis)
