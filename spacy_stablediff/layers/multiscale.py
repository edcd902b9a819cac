"""Multiscale diffusion along each document: Y = X + sum_k (exp(-t_k L) X) W_k'.

L is the Laplacian of the path graph of the document's tokens, and W_k are learned.
Exact: see `kernels.multiscale`. Diffusion at several scales as features: Coifman and
Lafon, Diffusion maps (2006); Rossi et al., SIGN (2020); Sharp et al., DiffusionNet
(2022).
"""

import math
from collections.abc import Callable

import numpy
from thinc.api import Model

from ..errors import Errors
from ..kernels import multiscale
from .common import Batch, Diffusion, is_number, join_batch, keep_batch, sample_width, split_batch

ARCHITECTURE = "spacy-stablediff.MultiscaleDiffusion.v1"
DEFAULT_TIMES = (0.7, 4.0, 32.0, None)


def MultiscaleDiffusion(times: list[float | None] = list(DEFAULT_TIMES)) -> Diffusion:  # noqa: B006
    """Add to each token's vector what surrounds it at several scales.

    Registered as `spacy-stablediff.MultiscaleDiffusion.v1`. The vectors keep their
    sharpness and gain their surroundings, far beyond the few tokens that a
    convolution sees. The matrices start at zero, so that the layer changes nothing
    before it is trained.

    times (List[Optional[float]]): Diffusion times > 0, one per scale; null for an
        infinite time, which gives the mean of the document. At time t, vectors are
        averaged over about sqrt(2t) tokens to either side.
    RETURNS (Model[List[Floats2d], List[Floats2d]]): The layer. Input and output are
        arrays of shape (tokens, width), one per document.
    RAISES (ValueError): SD023 if `times` is empty or holds another value.
    """
    valid = isinstance(times, (list, tuple)) and len(times) > 0
    if not valid or not all(_is_time(time) for time in times):
        raise ValueError(Errors.SD023.format(layer=ARCHITECTURE, value=times))
    config = {"@architectures": ARCHITECTURE, "times": list(times)}
    return Model(
        "multiscale_diffusion",
        forward,
        init=init,
        dims={"nI": None, "nO": None},
        params={"W": None},
        attrs={"times": list(times), "config": config},
    )


def forward(model: Diffusion, Xs: Batch, is_train: bool) -> tuple[Batch, Callable[[Batch], Batch]]:
    """Diffuse a batch, and return a callback from its gradient to that of the input."""
    learned_width = model.get_dim("nI") if model.has_param("W") else None
    X, lengths = join_batch(model, Xs, learned_width)
    if not model.has_param("W") or X.shape[0] == 0:
        return keep_batch(Xs)
    W = model.get_param("W")
    times = [math.inf if time is None else time for time in model.attrs["times"]]
    Y, backprop_multiscale = multiscale(X, lengths, numpy.asarray(times), W)

    def backprop(dYs: Batch) -> Batch:
        dX, dW = backprop_multiscale(model.ops.flatten(dYs))
        model.inc_grad("W", dW)
        return split_batch(model, dX, lengths)

    return split_batch(model, Y, lengths), backprop


def init(model: Diffusion, X: Batch | None = None, Y: Batch | None = None) -> None:
    """Set the width, and all matrices to zero."""
    width = sample_width(model, X, Y)
    model.set_dim("nI", width)
    model.set_dim("nO", width)
    model.set_param("W", model.ops.alloc3f(len(model.attrs["times"]), width, width))


def _is_time(time: object) -> bool:
    return time is None or (is_number(time) and math.isfinite(time) and time > 0)
