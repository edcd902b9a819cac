"""The discrete cosine transform, which diagonalises the Laplacian of a path of tokens.

The orthonormal type-II DCT matrix C has the eigenvectors of the path's Laplacian as its
rows (Strang, The Discrete Cosine Transform, SIAM Review 1999), with the eigenvalues
lambda_k = 2 - 2 cos(pi k / n).
"""

from functools import lru_cache
from typing import Any

import numpy
import scipy.fft
from thinc.api import get_array_module

from ..types import Array
from .batch import rows_by_length, take_documents

# Up to this length, multiplying by the cosine basis is faster than the FFT.
MAX_BASIS_LENGTH = 128


def transform(
    X: Array, lengths: Array, *, inverse: bool = False, out: Array | None = None
) -> Array:
    """DCT of each document; the rows of a document then hold its frequencies in order."""
    Y = get_array_module(X).empty_like(X) if out is None else out
    for rows in rows_by_length(X, lengths):
        Y[rows] = dct(take_documents(X, rows), inverse=inverse)
    return Y


def dct(X: Array, *, inverse: bool = False) -> Array:
    """Orthonormal type-II DCT along the tokens: (documents, length, width)."""
    xp = get_array_module(X)
    if X.shape[1] <= MAX_BASIS_LENGTH:
        basis = cosine_basis(xp, X.shape[1], X.dtype)
        return (basis.T if inverse else basis) @ X
    transform = _fft(xp).idct if inverse else _fft(xp).dct
    return transform(X, type=2, norm="ortho", axis=1)


def eigenvalue(k: Array, n: Array) -> Array:
    """Eigenvalue k of the Laplacian of a path of n tokens.

    4 sin^2(pi k / 2n) is 2 - 2 cos(pi k / n) without its cancellation at small k.
    """
    return 4 * numpy.sin(numpy.pi * k / (2 * n)) ** 2


@lru_cache(maxsize=2 * MAX_BASIS_LENGTH)
def cosine_basis(xp: Any, n: int, dtype: Any) -> Array:
    """Orthonormal DCT matrix: row k holds the eigenvector k of the path's Laplacian."""
    k = numpy.arange(n)
    basis = numpy.cos(numpy.pi * numpy.outer(k, k + 0.5) / n) * numpy.sqrt(2 / n)
    basis[0] = numpy.sqrt(1 / n)
    return xp.asarray(basis, dtype=dtype)


@lru_cache(maxsize=4 * MAX_BASIS_LENGTH)
def path_rates(xp: Any, n: int, dtype: Any) -> Array:
    """Eigenvalues of the Laplacian of a path of n tokens, shape (n, 1)."""
    return xp.asarray(eigenvalue(numpy.arange(n), n)[:, None], dtype=dtype)


def _fft(xp: Any) -> Any:
    if xp is numpy:
        return scipy.fft
    import cupyx.scipy.fft

    return cupyx.scipy.fft
