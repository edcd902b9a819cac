"""Implicit diffusion along each document: (C + tL) Y = C X, one backward Euler step.

C is the diagonal of the confidences c_i = softplus(u . x_i + b) + 1e-3, and L the
Laplacian of tokens joined up to a radius. Exact and unconditionally stable: see
`operators.implicit`.
"""

from collections.abc import Callable
from typing import cast

import numpy
from thinc.api import Model, to_numpy
from thinc.types import Floats2d, Ints1d

from ..checks import is_whole
from ..errors import Errors
from ..operators.implicit import implicit
from ..types import Batch, Diffusion
from ..wiring.settings import SETTINGS, Settings
from .common import (
    begin_confidence,
    check_time,
    d_softplus,
    init_confidence,
    init_width,
    join_batch,
    keep_batch,
    positive_parameter,
    softplus,
    split_batch,
)
from .mixture import Mixture

ARCHITECTURE = "spacy-stablediff.ImplicitDiffusion.v1"


def ImplicitDiffusion(
    time: float = 0.5, radius: int = 2, learn_time: bool = True, learn_confidence: bool = True
) -> Diffusion:
    """Diffuse the vectors of each document by one implicit step of weighted diffusion.

    Registered as `spacy-stablediff.ImplicitDiffusion.v1`. A token of high
    confidence keeps its vector and passes it on, one of low confidence takes its
    neighbours'. Works before it is initialized: the confidence is then 1
    everywhere and the time is the given one.

    time (float): Diffusion time >= 0, for a learned time its initial value.
    radius (int): Tokens up to this distance are joined, with weight 1 / distance.
    learn_time (bool): Whether to learn the time, kept positive by softplus. With
        time = 0 nothing is learned.
    learn_confidence (bool): Whether to learn the confidence from the vectors.
    RETURNS (Model[List[Floats2d], List[Floats2d]]): The layer. Input and output
        are arrays of shape (tokens, width), one per document.
    RAISES (ValueError): SD001 if time is negative, infinite or not a number, SD002
        if radius is not a whole number of at least 1.
    """
    time = check_time(ARCHITECTURE, time)
    if not is_whole(radius, least=1):
        raise ValueError(Errors.SD002.format(layer=ARCHITECTURE, value=radius))
    params = []
    if time > 0:
        params += ["time"] if learn_time else []
        params += ["u", "b"] if learn_confidence else []
    config = {
        "@architectures": ARCHITECTURE,
        "time": time,
        "radius": radius,
        "learn_time": learn_time,
        "learn_confidence": learn_confidence,
    }
    return Model(
        "implicit_diffusion",
        forward,
        init=init,
        dims={"nI": None, "nO": None},
        params=dict.fromkeys(params),
        attrs={SETTINGS: Settings(config), "mix": mix, "acts_untrained": True},
    )


def forward(model: Diffusion, Xs: Batch, is_train: bool) -> tuple[Batch, Callable[[Batch], Batch]]:
    """Diffuse a batch, and return a callback from its gradient to that of the input."""
    learned_width = model.get_param("u").shape[0] if model.has_param("u") else None
    X, lengths = join_batch(model, Xs, learned_width)
    if model.attrs[SETTINGS]["time"] == 0 or X.shape[0] == 0:
        return keep_batch(Xs)
    confidence, backprop_confidence = begin_confidence(model, X)
    time, backprop_time = begin_time(model)
    Y, backprop_implicit = implicit(X, lengths, confidence, time, model.attrs[SETTINGS]["radius"])

    def backprop(dYs: Batch) -> Batch:
        dX, dconfidence, dtime = backprop_implicit(model.ops.flatten(dYs))
        dX += backprop_confidence(dconfidence)
        backprop_time(dtime)
        return split_batch(model, dX, lengths)

    return split_batch(model, Y, lengths), backprop


def init(model: Diffusion, X: Batch | None = None, Y: Batch | None = None) -> None:
    """Set the width, the initial time, and a confidence of 1 everywhere."""
    if "time" in model.param_names:
        model.set_param("time", positive_parameter(model.ops, model.attrs[SETTINGS]["time"], 1))
    if "u" in model.param_names:
        init_confidence(model, init_width(model, X, Y))


def begin_time(model: Diffusion) -> tuple[float, Callable[[float], None]]:
    """Diffusion time, and a callback that learns from its gradient."""
    if not model.has_param("time"):
        return model.attrs[SETTINGS]["time"], lambda dtime: None
    time = model.get_param("time")

    def backprop(dtime: float) -> None:
        model.inc_grad("time", dtime * d_softplus(model.ops, time))

    return float(softplus(model.ops, time)[0]), backprop


def mix(layer: Diffusion, X: Floats2d, lengths: Ints1d, channel: int | None) -> list[Mixture]:
    """Compute the kernel of an implicit step; it is the same for every channel."""
    radius, time = layer.attrs[SETTINGS]["radius"], begin_time(layer)[0]
    confidence = to_numpy(begin_confidence(layer, X)[0]).astype("float64")
    unit = cast(Floats2d, numpy.eye(X.shape[0]))
    weights = implicit(unit, lengths, confidence, time, radius)[0] if len(X) else unit
    learned = "learned " if layer.has_param("time") else ""
    method = f"implicit, {learned}time {time:.2g}, radius {radius}"
    return [Mixture(method, weights, confidence if layer.has_param("u") else None)]
