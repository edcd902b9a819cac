"""Independent references: dense matrices and finite differences, in float64; random batches."""

import numpy
import scipy.linalg


def path_laplacian(n, radius=1):
    """Dense Laplacian of n tokens, those up to `radius` apart joined with 1 / distance."""
    i, j = numpy.indices((n, n))
    distance = numpy.abs(i - j)
    weights = numpy.where((distance > 0) & (distance <= radius), 1 / numpy.maximum(distance, 1), 0)
    return numpy.diag(weights.sum(axis=1)) - weights


def dense_heat(X, times):
    """exp(-tL) X by scipy.linalg.expm, with one time per channel."""
    L = path_laplacian(len(X))
    columns = [scipy.linalg.expm(-t * L) @ x for t, x in zip(times, X.T, strict=True)]
    return numpy.stack(columns, axis=1) if columns else X


def dense_implicit(X, confidence, time, radius):
    """Solve (C + tL) Y = C X with dense matrices."""
    matrix = numpy.diag(confidence) + time * path_laplacian(len(X), radius)
    return scipy.linalg.solve(matrix, confidence[:, None] * X, assume_a="pos")


def numeric_gradient(function, x, step=1e-6):
    """Central differences of a scalar function at the array x, which it reads in place."""
    gradient = numpy.zeros_like(x)
    for index in numpy.ndindex(x.shape):
        kept = x[index]
        x[index] = kept + step
        above = function()
        x[index] = kept - step
        below = function()
        x[index] = kept
        gradient[index] = (above - below) / (2 * step)
    return gradient


def dense_default(X):
    """What ImplicitDiffusion.v1 with its defaults makes of X before any training."""
    return dense_implicit(X.astype("float64"), numpy.ones(len(X)), 0.5, 2) if len(X) else X


def random_batch(lengths, width=4, dtype="float32", seed=0):
    """Random vectors of all tokens, one document after the other, and the lengths."""
    X = numpy.random.default_rng(seed).normal(size=(sum(lengths), width))
    return X.astype(dtype), numpy.asarray(lengths)


def split(Y, lengths):
    """An array for each document."""
    return numpy.split(Y, numpy.cumsum(lengths)[:-1])


def random_bands(rows, bandwidth, seed=0):
    """Lower band storage of a symmetric, strictly diagonally dominant matrix."""
    rng = numpy.random.default_rng(seed)
    bands = numpy.zeros((bandwidth + 1, rows))
    for offset in range(1, bandwidth + 1):
        bands[offset, : max(rows - offset, 0)] = -rng.random(max(rows - offset, 0))
    bands[0] = 2 * bandwidth + rng.random(rows) + 0.01
    return bands


def dense_bands(bands):
    """The symmetric matrix that lower bands describe."""
    rows = bands.shape[1]
    lower = sum(numpy.diag(band[: rows - k], -k) for k, band in enumerate(bands) if k < rows)
    return lower + lower.T - numpy.diag(bands[0])


def flatten_figures(figures):
    """All numbers of a nested dictionary, by their path."""
    numbers = {}
    for key, value in figures.items():
        inner = flatten_figures(value) if isinstance(value, dict) else {"": value}
        numbers |= {f"{key}/{path}": number for path, number in inner.items()}
    return {path: number for path, number in numbers.items() if isinstance(number, float)}
