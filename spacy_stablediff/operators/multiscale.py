"""Diffusion of vectors at several scales, mixed: Y = X + sum_k (exp(-t_k L) Z) W_k'."""

import math
from collections.abc import Callable
from typing import Any

import numpy
from thinc.api import get_array_module

from ..types import Array
from .batch import first_rows, index_rows, pieces
from .cosine import eigenvalue, transform


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
    spectrum = transform(X if confidence is None else confidence[:, None] * X, lengths)
    mixed = xp.zeros_like(X)
    for weights, (rows, response) in zip(W, scales, strict=True):
        for piece in pieces(X, rows.shape[0]):
            at, factors = index_rows(xp, rows[piece]), xp.asarray(response[piece])
            mixed[at] += (factors * spectrum[at]) @ weights.T

    def backprop(dY: Array) -> tuple[Array, Array | None, Array]:
        d_mixed = transform(dY, lengths)
        dW, d_spectrum = xp.zeros_like(W), xp.zeros_like(dY)
        for d_weights, weights, (rows, response) in zip(dW, W, scales, strict=True):
            for piece in pieces(X, rows.shape[0]):
                at, factors = index_rows(xp, rows[piece]), xp.asarray(response[piece])
                d_piece = d_mixed[at]
                d_weights += d_piece.T @ (factors * spectrum[at])
                d_spectrum[at] += factors * (d_piece @ weights)
        dX, dconfidence = transform(d_spectrum, lengths, inverse=True, out=d_spectrum), None
        if confidence is not None:
            dconfidence = xp.einsum("nd,nd->n", X, dX)
            dX *= confidence[:, None]
        dX += dY
        return dX, dconfidence, dW

    Y = transform(mixed, lengths, inverse=True, out=mixed)
    Y += X
    return Y, backprop


def _scale_responses(lengths: Array, times: Array, dtype: Any) -> list[tuple[Array, Array]]:
    """For each scale the frequencies, of all documents, that it doesn't reduce to rounding
    error, as rows of the transform, and exp(-t_k lambda) for them, shape (rows, 1)."""
    n = numpy.repeat(lengths, lengths)
    rates = eigenvalue(numpy.arange(n.shape[0]) - numpy.repeat(first_rows(lengths), lengths), n)
    responses = []
    for time in times:
        reach = -math.log(numpy.finfo(dtype).eps / 8) / time
        rows = numpy.flatnonzero(rates <= reach)
        finite = 0.0 if math.isinf(time) else time
        responses.append((rows, numpy.exp(-finite * rates[rows, None]).astype(dtype)))
    return responses
