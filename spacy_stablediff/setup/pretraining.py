"""Putting `spacy pretrain` into a training config."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from spacy.language import DEFAULT_CONFIG_PRETRAIN_PATH
from spacy.util import load_config, load_config_from_str
from thinc.api import Config

from ..errors import Errors, Warnings
from ..wiring.config import Block, Wiring, takes_transformer
from ..words.pretraining import ARCHITECTURE
from .draft import Draft

OWN = "model.tok2vec"
OBJECTIVE = "pretraining.objective"
WEIGHTS = "${paths.init_tok2vec}"


class Place(NamedTuple):
    """Where `spacy pretrain` finds an embedding.

    component (str): The component that has it.
    layer (str): The reference to it in the component's model, "" for the whole model.
    """

    component: str
    layer: str


def find_places(config: Config, wiring: Wiring, chosen: list[str], *, path: Path) -> list[Place]:
    """Find the embeddings that can be pretrained: those that begin with random weights.

    config (Config): The config, without variables.
    wiring (Wiring): How its components embed.
    chosen (List[str]): The components that are to be diffused for.
    path (Path): Where the config was read, for errors.
    RETURNS (List[Place]): The shared embeddings that they listen to, then their own ones.
    RAISES (ValueError): SD075 if there are none, SD076 if the config has weights for one.
    """
    if weights := config.get("initialize", {}).get("init_tok2vec"):
        raise ValueError(Errors.SD076.format(path=path, weights=weights))
    shared = [Place(name, "") for name in wiring.list_upstreams(chosen)]
    owners = [
        Place(name, "tok2vec")
        for name in chosen
        if OWN in wiring.owned.get(name, {}) and not takes_transformer(wiring.owned[name][OWN])
    ]
    places = [place for place in [*shared, *owners] if place.component not in wiring.sourced]
    if not places:
        raise ValueError(Errors.SD075.format(path=path, names=", ".join(chosen)))
    return places


def add_pretraining(draft: Draft, places: list[Place]) -> Iterator[str]:
    """Add what `spacy init config --pretraining` writes, as far as it isn't there.

    draft (Draft): The config.
    places (List[Place]): The embeddings that it may pretrain. It is to be the first, unless
        the config names one.
    YIELDS (str): What was added.
    """
    weights = load_config_from_str(draft.text).get("initialize", {}).get("init_tok2vec")
    named = draft.config.get("pretraining", {}).get("component", places[0].component)
    place = next((place for place in places if place.component == named), Place(named, ""))
    defaults: Block = load_config(DEFAULT_CONFIG_PRETRAIN_PATH)
    defaults["pretraining"].update(place._asdict())
    _fill(draft, "paths", {**defaults["paths"], "init_tok2vec": None})
    _fill(draft, "pretraining", defaults["pretraining"])
    _fill(draft, "corpora", defaults["corpora"])
    if weights is None:
        _fill(draft, "initialize", {})
        draft.set("initialize.init_tok2vec", WEIGHTS)
    yield (
        f"Added what [pretraining] lacked: `spacy pretrain` learns the embedding of '{named}', "
        "and `spacy train` takes its weights from [paths] init_tok2vec"
    )


def count_raw_texts(draft: Draft) -> Iterator[str]:
    """Put `spacy-stablediff.Pretrain.v1` around the objective, where the config has one.

    draft (Draft): The config.
    YIELDS (str): What was changed.
    """
    objective = draft.config.get("pretraining", {}).get("objective")
    if objective:
        block = {"@architectures": ARCHITECTURE, "objective": objective}
        draft.nest(OBJECTIVE, block, key="objective")
        yield (
            f"Wrapped the objective of pretraining in {ARCHITECTURE}, which counts the words of the "
            f"raw texts, and takes the embedding of ner too: its settings are now in [{OBJECTIVE}.objective]"
        )


def find_others(text: str, places: list[Place]) -> list[str]:
    """Warn of embeddings that pretraining leaves alone, because it takes one at a time.

    text (str): The config.
    places (List[Place]): The embeddings that it may pretrain.
    RETURNS (List[str]): The warning, if there are any.
    """
    name = load_config_from_str(text).get("pretraining", {}).get("component")
    others = [place for place in places if place.component != name]
    opts = ", ".join(f'{other} (layer "{layer}")' for other, layer in others)
    return [Warnings.SDW14.format(name=name, opts=opts)] if others else []


def _fill(draft: Draft, section: str, defaults: Block) -> None:
    """Add settings to a section of the config, and the section if it isn't there."""
    if section in draft.config:
        draft.fill(section, defaults)
    else:
        draft.insert(section, defaults, after="components")
