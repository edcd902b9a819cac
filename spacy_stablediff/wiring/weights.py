"""The parameters of a model, those of models of PyTorch that it wraps among them."""

from collections.abc import Iterator
from typing import Any, cast

from thinc.api import Model, Shim, noop, torch2xp, xp2torch
from thinc.model import ParamServer
from thinc.types import FloatsXd

from ..types import Array

# By the number of the node, or of what it wraps, and name: as optimizers know them.
Key = tuple[int, str]
Weights = dict[Key, Array]


def read_weights(model: Model) -> Weights:
    """Copy all parameters of a model.

    model (Model): The model.
    RETURNS (Dict[Tuple[int, str], FloatsXd]): The copies.
    """
    weights: Weights = {
        (node.id, name): node.get_param(name).copy()
        for node in model.walk()
        for name in node.param_names
        if node.has_param(name)
    }
    for key, tensor in _walk_tensors(model):
        weights[key] = cast(FloatsXd, torch2xp(tensor.data)).copy()
    return weights


def write_weights(model: Model, weights: Weights) -> None:
    """Write copies of parameters to a model.

    model (Model): The model.
    weights (Dict[Tuple[int, str], FloatsXd]): The parameters. Those of other models are
        left out, and those of the model that are missing stay.
    """
    for node in model.walk():
        for name in node.param_names:
            if (node.id, name) in weights:
                node.set_param(name, weights[node.id, name].copy())
    for key, tensor in _walk_tensors(model):
        if key in weights:
            tensor.data.copy_(xp2torch(weights[key], device=tensor.device))


def list_keys(model: Model) -> set[Key]:
    """List the keys of a model's parameters."""
    keys = {(node.id, name) for node in model.walk() for name in node.param_names}
    return keys | {key for key, _ in _walk_tensors(model)}


def renumber(model: Model) -> None:
    """Give a model and its parts numbers that no other has.

    By these, optimizers tell parameters apart; copies of models of PyTorch keep those of
    the original. Gradients are forgotten.

    model (Model): The model.
    """
    for node in model.walk():
        params = {name: node.get_param(name) for name in node.param_names if node.has_param(name)}
        node.id, node._params = noop().id, ParamServer()  # which knows them by the number
        for name, value in params.items():
            node.set_param(name, value)
        for shim in node.shims:
            shim.id = Shim(None).id


def _walk_tensors(model: Model) -> Iterator[tuple[Key, Any]]:
    """The parameters of the models of PyTorch in a model."""
    for node in model.walk():
        for shim in node.shims:
            wrapped: Any = shim
            for name, tensor in wrapped._model.named_parameters():
                yield (wrapped.id, name), tensor
