"""Other implementations of the operators. Their matrices are ready before the clock starts."""

from collections.abc import Callable

import numpy
import scipy.linalg
from pygsp import filters, graphs
from scipy.sparse import csr_matrix, diags_array
from scipy.sparse.linalg import cg, expm_multiply, splu, spsolve

from .graph import dense_laplacian, sparse_laplacian, split
from .references import MAX_DENSE
from .text import Batch

Runs = dict[str, Callable[[], numpy.ndarray]]
CHEBYSHEV_ORDER = 30


def heat_peers(batch: Batch, time: float) -> Runs:
    """Heat diffusion by general methods for functions of a matrix."""
    X, lengths = batch.X, batch.lengths
    scaled = (-time * sparse_laplacian(lengths).tocsr()).astype("float32")
    chebyshev = _make_heat_filter(lengths, [time])
    runs: Runs = {
        "expm_multiply (SciPy)": lambda: expm_multiply(scaled, X),
        "Heat filter (PyGSP)": lambda: chebyshev.filter(X, order=CHEBYSHEV_ORDER),
    }
    if lengths.max() <= MAX_DENSE:
        dense = [-time * dense_laplacian(n).astype("float32") for n in lengths]
        runs["dense expm, document by document (SciPy)"] = lambda: numpy.concatenate(
            [scipy.linalg.expm(A) @ x for A, x in zip(dense, split(X, lengths), strict=True)]
        )
    return runs


def implicit_peers(batch: Batch, confidence: numpy.ndarray, time: float, radius: int) -> Runs:
    """Implicit diffusion by general solvers of sparse or dense systems."""
    lengths, B = batch.lengths, confidence[:, None] * batch.X
    A = diags_array(confidence) + time * sparse_laplacian(lengths, radius)
    A = A.astype("float32").tocsc()
    rows = A.tocsr()
    runs: Runs = {
        "splu (SciPy)": lambda: splu(A).solve(B),
        "spsolve (SciPy)": lambda: spsolve(A, B),
        "cg, channel by channel (SciPy)": lambda: numpy.stack(
            [cg(rows, b, rtol=1e-7)[0] for b in B.T], axis=1
        ),
    }
    if lengths.max() <= MAX_DENSE:
        dense = [
            (numpy.diag(c) + time * dense_laplacian(len(c), radius)).astype("float32")
            for c in split(confidence, lengths)
        ]
        runs["dense solve, document by document (NumPy)"] = lambda: numpy.concatenate(
            [numpy.linalg.solve(a, b) for a, b in zip(dense, split(B, lengths), strict=True)]
        )
    return runs


def multiscale_peers(batch: Batch, times: numpy.ndarray, W: numpy.ndarray) -> Runs:
    """Heat filters for the finite times, means for the infinite one, and the products."""
    X, lengths = batch.X, batch.lengths
    finite = numpy.isfinite(times)
    chebyshev = _make_heat_filter(lengths, list(times[finite]))
    starts = numpy.cumsum(lengths) - lengths

    def run() -> numpy.ndarray:
        Y = X.copy()
        diffused = chebyshev.filter(X, order=CHEBYSHEV_ORDER)
        for k, weights in enumerate(W[finite]):
            Y += diffused[:, :, k] @ weights.T
        means = numpy.add.reduceat(X, starts) / lengths[:, None].astype("float32")
        for weights in W[~finite]:
            Y += numpy.repeat(means @ weights.T, lengths, axis=0)
        return Y

    return {"Heat filters (PyGSP) and matrix products": run}


def _make_heat_filter(lengths: numpy.ndarray, times: list[float]) -> filters.Heat:
    """PyGSP's heat filter, whose times count in units of the largest eigenvalue."""
    L = sparse_laplacian(lengths)
    graph = graphs.Graph(csr_matrix(diags_array(L.diagonal()) - L).astype("float32"))
    graph.compute_laplacian()
    graph.estimate_lmax()
    return filters.Heat(graph, [float(time * graph.lmax) for time in times])
