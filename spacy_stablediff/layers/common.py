"""What the diffusion layers share: their settings, positive parameters, batches."""

import math
import warnings
from collections.abc import Callable
from typing import cast

from thinc.api import NumpyOps, Ops
from thinc.types import Floats1d, Floats2d, FloatsXd, Ints1d
from thinc.util import get_width

from ..checks import is_number
from ..errors import Errors, VectorsError, Warnings
from ..types import Batch, Diffusion
from ..wiring.settings import SETTINGS

NUMPY_OPS = NumpyOps()
MIN_CONFIDENCE = 1e-3


def check_time(layer: str, time: float) -> float:
    """Return the setting `time` as a float, warn if it is 0, or raise SD001."""
    if not is_number(time, least=0):
        raise ValueError(Errors.SD001.format(layer=layer, value=time))
    if time == 0:
        warnings.warn(Warnings.SDW01.format(layer=layer), stacklevel=3)
    return float(time)


def join_batch(model: Diffusion, Xs: Batch, width: int | None) -> tuple[Floats2d, Ints1d]:
    """Concatenate the documents of a batch, once their vectors are checked.

    model (Model): The layer, for its ops and its name.
    Xs (List[Floats2d]): Vectors of each document, shape (tokens, width).
    width (Optional[int]): The width that parameters were learned for, if any.
    RETURNS (Tuple[Floats2d, Ints1d]): The vectors of all tokens, and the number
        of tokens of each document.
    RAISES (VectorsError): SD007 to SD009, for wrong widths or non-finite values, and
        SD029 for what isn't a list of arrays.
    """
    _check_arrays(Xs)
    widths = sorted({X.shape[1] for X in Xs if X.shape[0]})
    if len(widths) > 1:
        raise VectorsError(Errors.SD008, widths=", ".join(map(str, widths)))
    if widths and width not in (None, widths[0]):
        raise VectorsError(Errors.SD007, expected=width, width=widths[0])
    xp, X = model.ops.xp, model.ops.flatten(Xs)
    # The sum is finite unless a value isn't, or it overflows: then look closely.
    if not math.isfinite(xp.sum(X)) and not xp.isfinite(X).all():
        bad = next(i for i, x in enumerate(Xs) if not xp.isfinite(x).all())
        raise VectorsError(Errors.SD009, index=bad)
    return X, NUMPY_OPS.asarray1i([x.shape[0] for x in Xs])


def split_batch(model: Diffusion, X: Floats2d, lengths: Ints1d) -> Batch:
    """Undo `join_batch`: one array per document again."""
    return model.ops.unflatten(X, lengths)


def keep_batch(Xs: Batch) -> tuple[Batch, Callable[[Batch], Batch]]:
    """Return the output and callback of a layer that changes nothing."""
    return Xs, lambda dYs: dYs


def init_width(model: Diffusion, X: Batch | None, Y: Batch | None) -> int:
    """Set the layer's dimensions from a sample, and return the width.

    Raises SD010 without a sample, SD007 if the layer learned for another width.
    """
    sample = X or Y
    if not sample:
        raise VectorsError(Errors.SD010)
    _check_arrays(sample)
    width = get_width(sample)
    learned = model.maybe_get_dim("nI")
    if learned not in (None, width) and any(map(model.has_param, model.param_names)):
        raise VectorsError(Errors.SD007, expected=learned, width=width)
    model.set_dim("nI", width, force=True)
    model.set_dim("nO", width, force=True)
    return width


def initialize_width(diffusion: Diffusion, width: int | None) -> None:
    """Initialize a diffusion layer for vectors of the given width, None if unknown."""
    diffusion.initialize(X=None if width is None else [diffusion.ops.alloc2f(1, width)])


def begin_training(diffusion: Diffusion, vectors: Batch) -> None:
    """Initialize the parameters that a layer lacks. Those that it has stay.

    It lacks them before it is initialized, and where what it learns was changed since.

    diffusion (Model[List[Floats2d], List[Floats2d]]): The layer.
    vectors (List[Floats2d]): Vectors that it is about to be trained on.
    """
    params = [(node, name) for node in diffusion.walk() for name in node.param_names]
    learned = [(node, name) for node, name in params if node.has_param(name)]
    if len(learned) == len(params):
        return
    widths = [X.shape[1] for X in vectors if X.shape[0]]
    if not widths:
        return
    values = [node.get_param(name).copy() for node, name in learned]
    initialize_width(diffusion, (diffusion.maybe_get_dim("nI") if learned else None) or widths[0])
    for (node, name), value in zip(learned, values, strict=True):
        node.set_param(name, value)


def acts_untrained(diffusion: Diffusion) -> bool:
    """Tell whether a layer changes vectors before it is trained, as far as that is known."""
    settings = diffusion.attrs.get(SETTINGS, {})
    return diffusion.attrs.get("acts_untrained", True) and settings.get("time") != 0


def _check_arrays(Xs: Batch) -> None:
    """Raise SD029 for a layer in a place where documents come in."""
    strangers = [type(X).__name__ for X in Xs if not hasattr(X, "shape")]
    if strangers:
        raise VectorsError(Errors.SD029, value=strangers[0])


def softplus(ops: Ops, X: FloatsXd) -> FloatsXd:
    """Map to positive numbers: log(1 + exp(x)), without overflow."""
    return ops.xp.logaddexp(X, 0 * X)


def d_softplus(ops: Ops, X: FloatsXd) -> FloatsXd:
    """Derivative of softplus: the logistic function, without overflow."""
    return 0.5 * (1 + ops.xp.tanh(0.5 * X))


def inverse_softplus(y: float) -> float:
    """Solve softplus(x) = y, for y > 0."""
    return y + math.log(-math.expm1(-y))


def positive_parameter(ops: Ops, value: float, size: int) -> Floats1d:
    """Parameter of the given size whose softplus is `value`."""
    return ops.alloc1f(size) + inverse_softplus(value)


def init_confidence(model: Diffusion, width: int) -> None:
    """Set a confidence of 1 everywhere."""
    model.set_param("u", model.ops.alloc1f(width))
    model.set_param("b", positive_parameter(model.ops, 1 - MIN_CONFIDENCE, 1))


def begin_confidence(model: Diffusion, X: Floats2d) -> tuple[Floats1d, Callable]:
    """Confidence in each token, and a callback from its gradient to that of X."""
    if not model.has_param("u"):
        return model.ops.xp.ones(X.shape[0], dtype=X.dtype), lambda dconfidence: 0
    u, b = model.get_param("u"), model.get_param("b")
    logits = X @ u + b

    def backprop(dconfidence: Floats1d) -> Floats2d:
        dlogits = dconfidence * d_softplus(model.ops, logits)
        model.inc_grad("u", dlogits @ X)
        model.inc_grad("b", dlogits.sum(keepdims=True))
        return cast(Floats2d, model.ops.xp.outer(dlogits, u))

    return cast(Floats1d, softplus(model.ops, logits) + MIN_CONFIDENCE), backprop
