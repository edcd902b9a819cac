"""The diffusion layers that `stablediff add` offers."""

import warnings
from typing import Any, Literal

from spacy.util import registry

from ..errors import Errors
from ..layers import heat, implicit
from ..layers.common import acts_untrained
from ..recommended import DIFFUSION

LayerName = Literal["heat", "implicit", "multiscale"]

LAYERS: dict[LayerName, dict[str, Any]] = {
    "heat": {"@architectures": heat.ARCHITECTURE},
    "implicit": {"@architectures": implicit.ARCHITECTURE},
    "multiscale": DIFFUSION,
}


def describe_layer(layer: LayerName | None, time: float | None) -> tuple[dict[str, Any], list[str]]:
    """Return the config of a diffusion layer, and what there is to warn of.

    layer (Optional[str]): The layer. By default the recommended one, or where a time is
        given the implicit one.
    time (Optional[float]): The diffusion time, by default the layer's own.
    RETURNS (Tuple[Dict[str, Any], List[str]]): The config with all settings, and warnings.
    RAISES (ValueError): SD001 for a wrong time, SD062 for a layer that has none to set.
    """
    if layer is None:
        layer = "multiscale" if time is None else "implicit"
    if layer == "multiscale" and time is not None:
        raise ValueError(Errors.SD062.format(value=time))
    given = LAYERS[layer] if time is None else {**LAYERS[layer], "time": time}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        filled = registry.fill({"diffusion": given})
        registry.resolve(filled)
    return filled["diffusion"], [str(warning.message) for warning in caught]


def acts_at_once(diffusion: dict[str, Any]) -> bool:
    """Tell whether a diffusion layer changes vectors before it is trained.

    diffusion (Dict[str, Any]): Its config.
    RETURNS (bool): Whether it does.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return acts_untrained(registry.resolve({"diffusion": diffusion})["diffusion"])
