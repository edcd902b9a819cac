"""Exact results in float64, by other means than the package's."""

from functools import cache

import numpy
import scipy.fft
import scipy.linalg
from scipy.sparse.linalg import expm_multiply

from .graph import dense_laplacian, sparse_laplacian, split
from .text import Batch

# Longer documents have no dense matrix that would fit.
MAX_DENSE = 1000


def heat(batch: Batch, times: numpy.ndarray) -> numpy.ndarray:
    """exp(-tL) X, by the eigenvectors of each document's dense Laplacian.

    Of a long document by the fast cosine transform, checked against the action of the
    matrix exponential in the channels of the shortest and the longest time.
    """
    X, times = batch.X.astype("float64"), times.astype("float64")
    if batch.lengths.max() <= MAX_DENSE:
        documents = split(X, batch.lengths)
        return numpy.concatenate([_heat_dense(x, times) for x in documents])
    Y = numpy.empty_like(X)
    n = X.shape[0]
    rates = 4 * numpy.sin(numpy.pi * numpy.arange(n) / (2 * n)) ** 2
    for channel, time in enumerate(numpy.broadcast_to(times, X.shape[1])):
        spectrum = scipy.fft.dct(X[:, channel], norm="ortho")
        Y[:, channel] = scipy.fft.idct(numpy.exp(-time * rates) * spectrum, norm="ortho")
    L = sparse_laplacian(batch.lengths).tocsr()
    for channel in (0, X.shape[1] - 1):
        time = numpy.broadcast_to(times, X.shape[1])[channel]
        _check(Y[:, channel], expm_multiply(-time * L, X[:, channel]))
    return Y


def implicit(batch: Batch, confidence: numpy.ndarray, time: float, radius: int) -> numpy.ndarray:
    """Solve (C + tL) Y = C X, document by document with dense matrices.

    A long document with LAPACK's banded Cholesky factorisation, checked by what is left
    of the equation.
    """
    X, c = batch.X.astype("float64"), confidence.astype("float64")
    if batch.lengths.max() <= MAX_DENSE:
        return numpy.concatenate(
            [
                scipy.linalg.solve(
                    numpy.diag(c) + time * dense_laplacian(len(c), radius), c[:, None] * x
                )
                for x, c in zip(split(X, batch.lengths), split(c, batch.lengths), strict=True)
            ]
        )
    L = sparse_laplacian(batch.lengths, radius).tocsr()
    bands = numpy.zeros((1 + radius, X.shape[0]))
    for offset in range(1 + radius):
        bands[offset, : X.shape[0] - offset] = time * L.diagonal(-offset)
    bands[0] += c
    Y = scipy.linalg.solveh_banded(bands, c[:, None] * X, lower=True)
    _check(c[:, None] * Y + time * (L @ Y), c[:, None] * X)
    return Y


def multiscale(batch: Batch, times: numpy.ndarray, W: numpy.ndarray) -> numpy.ndarray:
    """X + sum_k (exp(-t_k L) X) W_k', from the exact heat diffusion at each time."""
    Y = batch.X.astype("float64")
    for time, weights in zip(times, W.astype("float64"), strict=True):
        if numpy.isinf(time):
            documents = split(batch.X.astype("float64"), batch.lengths)
            means = numpy.stack([x.mean(axis=0) for x in documents])
            diffused = numpy.repeat(means, batch.lengths, axis=0)
        else:
            diffused = heat(batch, numpy.full(1, time))
        Y = Y + diffused @ weights.T
    return Y


def _heat_dense(X: numpy.ndarray, times: numpy.ndarray) -> numpy.ndarray:
    rates, vectors = _eigenvectors(X.shape[0])
    return vectors @ (numpy.exp(-rates[:, None] * times) * (vectors.T @ X))


@cache
def _eigenvectors(length: int) -> tuple[numpy.ndarray, numpy.ndarray]:
    rates, vectors = numpy.linalg.eigh(dense_laplacian(length))
    return rates, vectors


def _check(one: numpy.ndarray, other: numpy.ndarray) -> None:
    """Two independent results have to agree to far more digits than float32 has."""
    difference = numpy.abs(one - other).max()
    if difference > 1e-9 * numpy.abs(other).max():
        raise AssertionError(f"The float64 references differ by {difference:.1e}.")
