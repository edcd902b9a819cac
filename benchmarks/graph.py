"""Sparse and dense matrices of a batch's graph, for those who need a matrix."""

import numpy
import scipy.sparse

from spacy_stablediff.operators.laplacian import laplacian_bands


def sparse_laplacian(lengths: numpy.ndarray, radius: int = 1) -> scipy.sparse.dia_array:
    """Laplacian of all documents, float64."""
    bands = laplacian_bands(lengths, radius)
    offsets = range(1, bands.shape[0])
    below = [bands[offset, :-offset] for offset in offsets]
    return scipy.sparse.diags_array(
        [bands[0], *below, *below],
        offsets=[0, *(-offset for offset in offsets), *offsets],
    )


def dense_laplacian(length: int, radius: int = 1) -> numpy.ndarray:
    """Laplacian of one document, float64."""
    return sparse_laplacian(numpy.asarray([length]), radius).toarray()


def split(X: numpy.ndarray, lengths: numpy.ndarray) -> list[numpy.ndarray]:
    """Rows of each document."""
    return numpy.split(X, numpy.cumsum(lengths)[:-1])
