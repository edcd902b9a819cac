"""Heat diffusion along each document: Y = exp(-tL) X, each channel with its own t.

L is the Laplacian of the path graph of the document's tokens. Exact: see
`operators.heat`. The learned times, one per channel, follow Sharp, Attaiki, Crane
and Ovsjanikov, DiffusionNet (ACM Transactions on Graphics, 2022).
"""

from collections.abc import Callable
from typing import cast

import numpy
from thinc.api import Model, to_numpy
from thinc.types import Floats1d, Floats2d, Ints1d

from ..operators.heat import heat
from ..types import Batch, Diffusion
from ..wiring.settings import SETTINGS, Settings
from .common import (
    check_time,
    d_softplus,
    init_width,
    join_batch,
    keep_batch,
    positive_parameter,
    softplus,
    split_batch,
)
from .mixture import Mixture

ARCHITECTURE = "spacy-stablediff.HeatDiffusion.v1"


def HeatDiffusion(time: float = 0.5, learn_time: bool = True) -> Diffusion:
    """Diffuse the vectors of each document by the heat equation.

    Registered as `spacy-stablediff.HeatDiffusion.v1`. Works before it is
    initialized: every channel then has the given time. The sum of each channel
    over the document stays the same, so a component that averages the vectors
    sees no difference; use ImplicitDiffusion with learned confidence there.

    time (float): Diffusion time >= 0, for learned times their initial value.
        Vectors are averaged over about sqrt(2 * time) tokens to either side.
    learn_time (bool): Whether to learn a time for each channel, kept positive by
        softplus. With time = 0 nothing is learned.
    RETURNS (Model[List[Floats2d], List[Floats2d]]): The layer. Input and output
        are arrays of shape (tokens, width), one per document.
    RAISES (ValueError): SD001 if time is negative, infinite or not a number.
    """
    time = check_time(ARCHITECTURE, time)
    config = {"@architectures": ARCHITECTURE, "time": time, "learn_time": learn_time}
    return Model(
        "heat_diffusion",
        forward,
        init=init,
        dims={"nI": None, "nO": None},
        params={"time": None} if learn_time and time > 0 else {},
        attrs={SETTINGS: Settings(config), "mix": mix, "acts_untrained": True},
    )


def forward(model: Diffusion, Xs: Batch, is_train: bool) -> tuple[Batch, Callable[[Batch], Batch]]:
    """Diffuse a batch, and return a callback from its gradient to that of the input."""
    learned = model.get_param("time") if model.has_param("time") else None
    X, lengths = join_batch(model, Xs, None if learned is None else learned.shape[0])
    if model.attrs[SETTINGS]["time"] == 0 or X.shape[0] == 0:
        return keep_batch(Xs)
    Y, backprop_heat = heat(X, lengths, get_times(model))

    def backprop(dYs: Batch) -> Batch:
        dX, dtimes = backprop_heat(model.ops.flatten(dYs))
        if learned is not None:
            model.inc_grad("time", dtimes * d_softplus(model.ops, learned))
        return split_batch(model, dX, lengths)

    return split_batch(model, Y, lengths), backprop


def init(model: Diffusion, X: Batch | None = None, Y: Batch | None = None) -> None:
    """Set the width, and give every channel the initial time."""
    if "time" not in model.param_names:
        return
    width = init_width(model, X, Y)
    model.set_param("time", positive_parameter(model.ops, model.attrs[SETTINGS]["time"], width))


def get_times(model: Diffusion) -> Floats1d:
    """Return the time of each channel, shape (width,), or (1,) where all have the same."""
    if model.has_param("time"):
        return cast(Floats1d, softplus(model.ops, model.get_param("time")))
    return model.ops.alloc1f(1) + model.attrs[SETTINGS]["time"]


def mix(layer: Diffusion, X: Floats2d, lengths: Ints1d, channel: int | None) -> list[Mixture]:
    """Compute the heat kernel of one channel, or the mean of all channels' kernels."""
    times = to_numpy(get_times(layer)).astype("float64")
    method = f"heat, time {times.mean():.2g}"
    if times.shape[0] > 1:
        shown = f"mean over {times.shape[0]} channels" if channel is None else f"channel {channel}"
        times = times if channel is None else times[channel : channel + 1]
        method = f"heat, learned time {times.mean():.2g} ({shown})"
    unit = numpy.eye(X.shape[0])
    weights = sum(heat(unit, lengths, time)[0] for time in times[:, None]) / times.shape[0]
    return [Mixture(method, cast(Floats2d, weights))]
