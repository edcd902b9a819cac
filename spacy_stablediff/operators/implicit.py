"""Implicit diffusion of vectors along the documents of a batch, (C + tL) Y = C X."""

from collections.abc import Callable

from thinc.api import get_array_module, to_numpy

from ..types import Array
from .banded import Solver, factorise
from .batch import pieces
from .laplacian import laplacian_bands, time_gradient

# Beyond this ratio of time to confidence float64 would lose the confidence in
# C + tL; documents of up to about 10,000 tokens are uniform long before it.
MAX_TIME_PER_CONFIDENCE = 1e9


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
        for rows in pieces(X, X.shape[0]):
            dconfidence[rows] = xp.einsum("nd,nd->n", G[rows], X[rows] - Y[rows])
        dtime = float(time_gradient(G, Y, bands).sum())
        G *= confidence[:, None]
        return G, dconfidence, dtime

    return Y, backprop


def _factorise(bands: Array, confidence: Array, time: float) -> Solver:
    """Factorise C + tL in float64."""
    c = to_numpy(confidence).astype("float64")
    matrix = min(time, MAX_TIME_PER_CONFIDENCE * float(c.min())) * bands
    matrix[0] += c
    return factorise(matrix)
