"""Heat diffusion of vectors along the documents of a batch, Y = exp(-tL) X."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy
from scipy.special import ive
from thinc.api import get_array_module

from ..types import Array
from .banded import overlap
from .batch import pieces, rows_by_length, take_documents
from .cosine import MAX_BASIS_LENGTH, cosine_basis, dct, eigenvalue, path_rates
from .laplacian import laplacian_bands, time_gradient

# Longer documents are cut into overlapping windows, which pays as long as the heat
# kernel reaches no further than this many tokens.
MAX_HALO = 40

# A time whose kernel reaches further than that by far.
LONG = 1e6


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
        dtimes = time_gradient(dY, Y, laplacian_bands(lengths, 1))
        if times.shape[0] == 1:
            dtimes = dtimes.sum(keepdims=True)
        return _apply_heat(dY, lengths, times), dtimes

    return Y, backprop


def _apply_heat(X: Array, lengths: Array, times: Array) -> Array:
    """Multiply by exp(-tL), documents of the same length together."""
    xp = get_array_module(X)
    X = xp.ascontiguousarray(X)
    Y = xp.empty_like(X)
    halo = _halo(times, X.dtype)
    for rows in rows_by_length(X, lengths):
        if rows.shape[1] <= MAX_BASIS_LENGTH:
            Y[rows] = _filter(take_documents(X, rows), times)
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
    for piece in pieces(windows, count):
        _filter(windows[piece], times, slice(halo, size - halo), out=middle[piece])
    Y[:halo] = _filter(X[None, :size], times, slice(halo))[0]
    rest = X.shape[0] - halo - count * step
    Y[-rest:] = _filter(X[None, -size:], times, slice(size - rest, size))[0]


def _halo(times: Array, dtype: Any) -> int:
    """Distance beyond which the longest time's kernel has no more than rounding error.

    On an endless line the weight of a token at distance k is exp(-2t) I_k(2t).
    """
    # Of longer times SciPy knows no values, and they reach as far as that one.
    time = min(float(times.max()), LONG)
    weights = ive(numpy.arange(4 * MAX_HALO), 2 * time)
    tails = numpy.cumsum(weights[::-1])[::-1]
    return max(1, int(numpy.sum(tails > numpy.finfo(dtype).eps / 8)))


def _filter(X: Array, times: Array, rows: slice = slice(None), out: Array | None = None) -> Array:
    """Rows of exp(-tL) X for X of shape (documents, length, width)."""
    xp, n = get_array_module(X), X.shape[1]
    if n > MAX_BASIS_LENGTH:
        spectrum = dct(X)
        rates = xp.asarray(eigenvalue(numpy.arange(n), n)[:, None], dtype=X.dtype)
        for piece in pieces(X[0], n):
            spectrum[:, piece] *= _responses(rates[piece], times)
        return dct(spectrum, inverse=True)[:, rows]
    if times.shape[0] == 1:
        return xp.matmul(_heat_matrix(xp, n, float(times[0]), X.dtype)[rows], X, out=out)
    basis = cosine_basis(xp, n, X.dtype)
    spectrum = basis @ X
    spectrum *= _responses(path_rates(xp, n, X.dtype), times)
    return xp.matmul(basis.T[rows], spectrum, out=out)


def _responses(rates: Array, times: Array) -> Array:
    """exp(-t lambda) for each rate and channel."""
    exponents = -rates * times
    return get_array_module(exponents).exp(exponents, out=exponents)


@lru_cache(maxsize=2 * MAX_BASIS_LENGTH)
def _heat_matrix(xp: Any, n: int, time: float, dtype: Any) -> Array:
    """exp(-tL) for a path of n tokens."""
    basis = cosine_basis(xp, n, dtype)
    return basis.T @ (xp.exp(-time * path_rates(xp, n, dtype)) * basis)
