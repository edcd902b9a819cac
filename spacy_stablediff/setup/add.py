"""Putting diffusion, stability training and known words into a training config."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from spacy.util import load_config_from_str
from thinc.api import Config

from ..checks import is_number
from ..errors import Errors
from ..recommended import STABILIZER
from ..wiring.config import Wiring, find_ours, find_wiring, list_frozen
from .bags import list_bags
from .choice import choose_components
from .draft import Draft
from .editing import edit_config
from .layers import LayerName, describe_layer
from .optimizer import find_misfits, find_unaveraged
from .order import Order
from .pretraining import find_others, find_places
from .remarks import find_frozen, find_losses, find_trained, find_unchanged, find_unused
from .stabilizers import learn_from_copies


@dataclass
class Addition:
    """A config with diffusion, and what there is to tell about it.

    text (str): The config.
    changes (List[str]): What was changed.
    cautions (List[str]): What to beware of.
    notes (List[str]): What was left as it is.
    """

    text: str
    changes: list[str]
    cautions: list[str]
    notes: list[str]


def add_diffusion(
    text: str,
    *,
    path: Path,
    layer: LayerName | None = None,
    time: float | None = None,
    stability: float | None = None,
    pipes: Iterable[str] = (),
    pretrain: bool = False,
) -> Addition:
    """Put diffusion into a training config. Its comments and variables stay.

    text (str): The config, which spaCy can read.
    path (Path): Where it was read, for errors.
    layer (Optional[str]): "heat", "implicit" or "multiscale". By default the
        recommended one, or where a time is given the implicit one.
    time (Optional[float]): Diffusion time, by default the layer's own.
    stability (Optional[float]): Weight of stability training, by default the recommended
        one where components share an embedding, and none where they don't.
    pipes (Iterable[str]): The components to diffuse for. By default all that listen
        to a shared tok2vec, and those of `FACTORIES` that have one of their own, or a bag of
        words.
    pretrain (bool): Put `spacy pretrain` into it as well, for the first of their
        embeddings.
    RETURNS (Addition): The config, and what there is to tell.
    RAISES (ValueError): SD001 or SD024 for a wrong time or weight, SD051 to SD065, SD075
        or SD076 if it can't be pretrained.
    """
    config, named = load_config_from_str(text).interpolate(), list(pipes)
    weight = STABILIZER["weight"] if stability is None else stability
    if not is_number(weight, least=0):
        details = {"owner": "stablediff add", "setting": "--stability", "value": weight}
        raise ValueError(Errors.SD024.format(**details))
    diffusion, cautions = describe_layer(layer, time)
    wiring = find_wiring(config, path=path)
    _check_untouched(config, wiring, path=path)
    bags = list_bags(config, wiring)
    frozen = list_frozen(config)
    chosen = choose_components(wiring, bags, named, frozen, path=path)
    places = find_places(config, wiring, chosen, path=path) if pretrain else []
    options = {"layer": layer, "time": time, "stability": stability}
    is_asked = any(value is not None for value in options.values())
    copying = not is_asked and learn_from_copies(wiring, chosen, frozen)
    order = Order(chosen, diffusion, weight, stability or 0.0, bags, copying, places)
    edited, changes = edit_config(text, wiring, order, path=path)
    cautions += find_frozen(wiring, order, frozen) + find_trained(wiring, order)
    cautions += find_losses(text, edited) + find_others(edited, order.places)
    notes = [] if named else find_unchanged(wiring, order.chosen, frozen)
    notes += find_unused(options, wiring, order.chosen)
    final = Draft(edited)
    notes += find_unaveraged(final, wiring)
    cautions += find_misfits(final, wiring)
    return Addition(edited, changes, cautions, notes)


def _check_untouched(config: Config, wiring: Wiring, *, path: Path) -> None:
    """Raise SD052 if the config, or a component that it sources, has something of ours."""
    components = {**config.get("components", {}), **wiring.components}
    if block := next(find_ours({**config, "components": components}), None):
        raise ValueError(Errors.SD052.format(path=path, block=block))
