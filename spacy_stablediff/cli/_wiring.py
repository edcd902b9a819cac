"""How the components of a config embed their tokens: together, each for itself, not at all."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.util import is_package, load_model, walk_dict
from thinc.api import Config

from ..attachment import CALLBACK, find_blocks
from ..errors import Errors

LISTENER = "spacy.Tok2VecListener.v1"


@dataclass
class Wiring:
    """How the components of a pipeline embed their tokens.

    components (Dict[str, Dict[str, Any]]): The config of each component, in the order
        of the pipeline, with the defaults of its factory; without variables.
    sourced (List[str]): The components that come from another pipeline.
    upstreams (Dict[str, str]): For each component that listens to a shared embedding,
        the component that it listens to.
    owned (Dict[str, Dict[str, Dict[str, Any]]]): For each component that has embeddings
        of its own, their blocks by their paths, such as "model.tok2vec".
    """

    components: dict[str, dict[str, Any]]
    sourced: list[str]
    upstreams: dict[str, str]
    owned: dict[str, dict[str, dict[str, Any]]]


def find_wiring(config: Config, *, path: Path) -> Wiring:
    """Find out how the components of a config embed their tokens.

    config (Config): The config, without variables.
    path (Path): Where it was read, for errors.
    RETURNS (Wiring): How they do it.
    RAISES (ValueError): SD051 or SD056 if the config is inconsistent, SD052 if it has
        diffusion already, SD059 if a source is missing.
    """
    blocks, pipeline = config.get("components", {}), config.get("nlp", {}).get("pipeline", [])
    for name in pipeline:
        if not {"factory", "source"} & set(blocks.get(name, {})):
            reason = f"[nlp] pipeline is {pipeline}, but no [components.{name}] has a factory."
            raise ValueError(Errors.SD051.format(path=path, reason=reason))
    wiring = Wiring({}, [], {}, {})
    nlp = Language()  # only now spaCy knows its factories
    for name in pipeline:
        if "factory" in blocks[name]:
            wiring.components[name] = _fill_defaults(nlp, blocks[name])
        else:
            wiring.components[name] = _load_source(name, blocks[name], path=path)
            wiring.sourced.append(name)
    everything = {**config, "components": {**blocks, **wiring.components}}
    if diffused := next(_find_diffusion(everything), None):
        raise ValueError(Errors.SD052.format(path=path, block=diffused))
    for name, component in wiring.components.items():
        for where, block in find_blocks(component):
            replaced = where in blocks[name].get("replace_listeners", [])
            if block["@architectures"] == LISTENER and not replaced:
                wiring.upstreams[name] = _find_upstream(name, block, wiring.components)
            else:
                wiring.owned.setdefault(name, {})[where] = block
    return wiring


def _fill_defaults(nlp: Language, component: dict[str, Any]) -> dict[str, Any]:
    """Fill in the defaults of a component's factory, as spaCy does, where it is known."""
    factory = component["factory"]
    if not nlp.has_factory(factory):
        return component
    return Config(nlp.get_factory_meta(factory).default_config).merge(component)


def _load_source(name: str, component: dict[str, Any], *, path: Path) -> dict[str, Any]:
    """Load the config that a sourced component brings along."""
    source, origin = component["source"], component.get("component", name)
    exists = is_package(source) or Path(source).exists()
    components = load_model(source).config.interpolate()["components"] if exists else {}
    if origin not in components:
        raise ValueError(Errors.SD059.format(path=path, name=name, component=origin, source=source))
    return components[origin]


def _find_diffusion(config: dict[str, Any]) -> Iterator[str]:
    """Blocks that have to do with diffusion."""
    for keys, value in walk_dict(config):
        layer = keys[-1] == "@architectures" and str(value).startswith("spacy-stablediff.")
        component = keys[0] == "components" and (keys[-1], value) == ("factory", "stablediff")
        if layer or component or value == CALLBACK:
            yield ".".join(keys[:-1])


def _find_upstream(
    name: str, listener: dict[str, Any], components: dict[str, dict[str, Any]]
) -> str:
    """Find the component before a listener that it listens to."""
    names = list(components)
    upstream = listener.get("upstream", "*")
    for other in reversed(names[: names.index(name)]):
        if other == upstream or (upstream == "*" and components[other]["factory"] == "tok2vec"):
            return other
    raise ValueError(Errors.SD056.format(name=name, upstream=upstream, opts=", ".join(names)))
