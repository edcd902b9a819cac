"""Putting the graph of words around the bags of words of text classifiers."""

from collections.abc import Iterator

from thinc.api import Config

from ..recommended import BAG, ENSEMBLE_BAG
from ..wiring.config import Block, Wiring, find_bags, list_frozen
from ..words.bag import ARCHITECTURE
from .draft import Draft

# The bags of words of components, by the components' names and the paths of their blocks.
Bags = dict[str, dict[str, Block]]


def list_bags(config: Config, wiring: Wiring) -> Bags:
    """List the bags of words that will be trained, so that their words are counted.

    config (Config): The config, without variables.
    wiring (Wiring): Its components.
    RETURNS (Dict[str, Dict[str, Dict[str, Any]]]): For each component that has some, their blocks
        by their paths. Sourced and frozen ones are left out.
    """
    frozen = list_frozen(config)
    bags = {
        name: dict(find_bags(component))
        for name, component in wiring.components.items()
        if name not in frozen and name not in wiring.sourced
    }
    return {name: blocks for name, blocks in bags.items() if blocks}


def wrap_bags(draft: Draft, names: list[str], bags: Bags) -> Iterator[str]:
    """Wrap bags of words in the graph of words.

    draft (Draft): The config, in which all settings of their models are written out.
    names (List[str]): The components.
    bags (Dict[str, Dict[str, Dict[str, Any]]]): Their bags of words, as far as they have some.
    YIELDS (str): What was changed.
    """
    for name in names:
        for path, block in bags.get(name, {}).items():
            idle = is_idle(path, block)
            settings = ENSEMBLE_BAG if idle else BAG
            wrapped = {"@architectures": ARCHITECTURE, **settings, "bow": block}
            draft.nest(f"components.{name}.{path}", wrapped, key="bow")
            yield (
                f"Wrapped the bag of words of '{name}' in {ARCHITECTURE}, so that misspelt words "
                f"count as known ones: its settings are now in [components.{name}.{path}.bow]"
            )
            if idle:
                yield (
                    f"Let the bag of words of '{name}' start from small random weights: in an "
                    "ensemble with exclusive classes it never learns from zeros"
                )


def is_idle(path: str, block: Block) -> bool:
    """Tell whether a bag of words never learns as spaCy initializes it.

    That of an ensemble with exclusive classes doesn't: its scores are even at first, and so is
    their weight in the output layer, so that no gradient tells its classes apart.

    path (str): The path of its block.
    block (Dict[str, Any]): The block.
    RETURNS (bool): Whether it doesn't.
    """
    return path.endswith("linear_model") and bool(block.get("exclusive_classes"))
