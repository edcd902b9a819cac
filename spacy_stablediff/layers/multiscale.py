"""Multiscale diffusion along each document: Y = X + sum_k (exp(-t_k L) C X) W_k'.

L is the Laplacian of the path graph of the document's tokens, W_k are learned, and C is
the identity, or the diagonal of learned confidences: how strong a source of diffusion
each token is. Exact: see `operators.multiscale`. Diffusion at several scales as features:
Coifman and Lafon, Diffusion maps (2006); Rossi et al., SIGN (2020); Sharp et al.,
DiffusionNet (2022).
"""

import math
from collections.abc import Callable
from typing import cast

import numpy
from thinc.api import Model, to_numpy
from thinc.types import Floats1d, Floats2d, Ints1d

from ..checks import is_number
from ..errors import Errors, VectorsError
from ..operators.multiscale import multiscale
from ..types import Array, Batch, Diffusion
from ..wiring.settings import SETTINGS, Settings
from .common import (
    begin_confidence,
    init_confidence,
    init_width,
    join_batch,
    keep_batch,
    split_batch,
)
from .mixture import Mixture

ARCHITECTURE = "spacy-stablediff.MultiscaleDiffusion.v1"
DEFAULT_TIMES = (0.7, 4.0, 32.0, None)


def MultiscaleDiffusion(
    times: list[float | None] = list(DEFAULT_TIMES),  # noqa: B006
    learn_confidence: bool = True,
) -> Diffusion:
    """Add to each token's vector what surrounds it at several scales.

    Registered as `spacy-stablediff.MultiscaleDiffusion.v1`. The vectors keep their
    sharpness and gain their surroundings, far beyond the few tokens that a
    convolution sees. The matrices start at zero, so that the layer changes nothing
    before it is trained.

    times (List[Optional[float]]): Diffusion times > 0, one per scale; null for an
        infinite time, which gives the mean of the document. At time t, vectors are
        averaged over about sqrt(2t) tokens to either side.
    learn_confidence (bool): Whether to learn from the vectors how strongly each token
        counts in what surrounds it. The confidence is 1 everywhere at first.
    RETURNS (Model[List[Floats2d], List[Floats2d]]): The layer. Input and output are
        arrays of shape (tokens, width), one per document.
    RAISES (ValueError): SD023 if `times` is empty or holds another value.
    """
    valid = isinstance(times, (list, tuple)) and len(times) > 0
    if not valid or not all(_is_time(time) for time in times):
        raise ValueError(Errors.SD023.format(layer=ARCHITECTURE, value=times))
    config = {
        "@architectures": ARCHITECTURE,
        "times": list(times),
        "learn_confidence": learn_confidence,
    }
    return Model(
        "multiscale_diffusion",
        forward,
        init=init,
        dims={"nI": None, "nO": None},
        params=dict.fromkeys(["W", "u", "b"] if learn_confidence else ["W"]),
        attrs={SETTINGS: Settings(config), "mix": mix, "acts_untrained": False},
    )


def forward(model: Diffusion, Xs: Batch, is_train: bool) -> tuple[Batch, Callable[[Batch], Batch]]:
    """Diffuse a batch, and return a callback from its gradient to that of the input."""
    learned_width = model.get_dim("nI") if model.has_param("W") else None
    X, lengths = join_batch(model, Xs, learned_width)
    if not model.has_param("W") or X.shape[0] == 0:
        return keep_batch(Xs)
    learns = model.has_param("u")
    confidence, backprop_confidence = begin_confidence(model, X) if learns else (None, None)
    W, times = model.get_param("W"), get_times(model)
    if len(W) != len(times):
        raise VectorsError(Errors.SD038, expected=len(W), count=len(times))
    Y, backprop_multiscale = multiscale(X, lengths, times, W, confidence)

    def backprop(dYs: Batch) -> Batch:
        dX, dconfidence, dW = backprop_multiscale(model.ops.flatten(dYs))
        model.inc_grad("W", dW)
        if backprop_confidence is not None:
            dX += backprop_confidence(dconfidence)
        return split_batch(model, dX, lengths)

    return split_batch(model, Y, lengths), backprop


def init(model: Diffusion, X: Batch | None = None, Y: Batch | None = None) -> None:
    """Set the width, all matrices to zero, and any confidence to 1 everywhere."""
    width = init_width(model, X, Y)
    model.set_param("W", model.ops.alloc3f(len(model.attrs[SETTINGS]["times"]), width, width))
    if "u" in model.param_names:
        init_confidence(model, width)


def get_times(model: Diffusion) -> Array:
    """Return the times, shape (scales,), on the CPU."""
    return numpy.asarray(
        [math.inf if time is None else time for time in model.attrs[SETTINGS]["times"]]
    )


def mix(layer: Diffusion, X: Floats2d, lengths: Ints1d, channel: int | None) -> list[Mixture]:
    """Compute what surrounds each token at each scale, of which a matrix is learned.

    How strongly a scale is mixed in is the root mean square of its matrix's singular
    values: 0 before training, 1 for the identity matrix.
    """
    confidence = None
    if layer.has_param("u"):
        confidence = to_numpy(begin_confidence(layer, X)[0]).astype("float64")
    times = get_times(layer)
    return [
        Mixture(
            f"multiscale, {_describe_time(time)}, scale {k + 1} of {len(times)}, "
            f"mixed in with strength {_get_strength(layer, k):.2g}",
            _get_kernel(len(X), lengths, time, confidence),
            confidence,
        )
        for k, time in enumerate(times.tolist())
    ]


def _describe_time(time: float) -> str:
    return "the mean of the document" if math.isinf(time) else f"time {time:.2g}"


def _get_strength(layer: Diffusion, k: int) -> float:
    if not layer.has_param("W"):
        return 0.0
    weights = to_numpy(layer.get_param("W"))[k]
    return float(numpy.linalg.norm(weights)) / math.sqrt(len(weights))


def _get_kernel(tokens: int, lengths: Ints1d, time: float, confidence: Floats1d | None) -> Floats2d:
    """Shares of the tokens in what surrounds each of them at one scale."""
    unit = numpy.eye(tokens)
    if not tokens:
        return cast(Floats2d, unit)
    times = numpy.asarray([time])
    kernel = (multiscale(unit, lengths, times, unit[None], confidence)[0] - unit).clip(min=0)
    return cast(Floats2d, kernel / kernel.sum(axis=1, keepdims=True))


def _is_time(time: object) -> bool:
    return time is None or (is_number(time, least=0) and time > 0)
