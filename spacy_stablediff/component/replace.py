"""What nlp.replace_listeners needs: an embedding diffused as the shared one was.

spaCy asks the model of the listened-to component, in its attributes, for a
function that makes the embedding to put in a listener's place, and for one that
makes its config. Here that embedding is the upstream component's, diffused by
every `stablediff` component on the way.
"""

from typing import Any

from thinc.api import Config, Model

from ..errors import Errors
from ..layers.diffused_tok2vec import DiffusedTok2Vec, diffused_config
from ..wiring.config import is_listener
from ..wiring.nodes import match_nodes, replace_node, walk_nodes
from ..wiring.path import find_path
from .pipeline import PipelineRef


def enable_replace_listeners(component: Any) -> None:
    """Let nlp.replace_listeners work for a `stablediff` component.

    component (StableDiff): The component, with a reference to its pipeline.
    """
    component.model.attrs["replace_listener"] = _replace_listener
    component.model.attrs["replace_listener_cfg"] = _ReplaceConfig(component.pipeline)


class _ReplaceConfig:
    """Makes the config of the embedding that takes a listener's place.

    Where spaCy sources a component that listens, it replaces the listener for each
    component that it listens to in turn: first by the bare upstream embedding.
    `replaced` keeps the config of that one, to find it in the model.
    """

    def __init__(self, pipeline: PipelineRef):
        self.pipeline = pipeline
        self.replaced: dict[str, Any] = {}

    def __call__(self, model: dict[str, Any], listener: dict[str, Any]) -> dict[str, Any]:
        nlp = self.pipeline()
        components: list[Any] = [] if nlp is None else [proc for _, proc in nlp.components]
        owners = [proc for proc in components if getattr(proc, "pipeline", None) is self.pipeline]
        is_first = isinstance(listener, dict) and is_listener(listener)
        if nlp is None or not owners or (is_first and owners[0].get_pipeline() is None):
            raise ValueError(Errors.SD021)
        upstream, diffusers = find_path(nlp, owners[0])
        if upstream is None:
            raise ValueError(Errors.SD022.format(name=owners[0].name))
        # A config that is sourced has the variables of its pipeline.
        described = Config({**nlp.config, "replaced": listener}).interpolate()
        self.replaced, configs = described["replaced"], described["components"]
        config = configs[upstream.name]["model"]
        for proc in diffusers:
            config = diffused_config(config, configs[proc.name]["model"], proc.boundaries)
        return config


def _replace_listener(copy: Model, listener: Model, component: Any) -> Model:
    """Make the embedding that takes a listener's place."""
    nlp = component.pipeline()
    upstream, diffusers = find_path(nlp, component)
    embedding = upstream.model.copy()
    for proc in diffusers:
        diffusion = proc.model.copy()
        for attr in ("replace_listener", "replace_listener_cfg"):
            del diffusion.attrs[attr]
        embedding = DiffusedTok2Vec(embedding, diffusion, proc.boundaries)
    name = next(name for name, nodes in component.listener_map.items() if listener in nodes)
    pipe = nlp.get_pipe(name)
    if listener not in list(walk_nodes(pipe)):
        replaced = component.model.attrs["replace_listener_cfg"].replaced
        (node,) = match_nodes(pipe, [replaced])
        if node is None:
            raise ValueError(Errors.SD019.format(name=name, path=f"components.{name}.model"))
        replace_node(pipe, node, embedding)
    return embedding
