"""What nlp.replace_listeners needs: an embedding diffused as the shared one was.

spaCy asks the model of the listened-to component, in its attributes, for a
function that makes the embedding to put in a listener's place, and for one that
makes its config. Here that embedding is the upstream component's, diffused by
every `stablediff` component on the way.
"""

from typing import Any

from spacy.language import Language
from thinc.api import Model

from .attachment import PipelineRef, diffused_config, find_nodes, replace_node
from .errors import Errors
from .tok2vec import DiffusedTok2Vec

LISTENER = "spacy.Tok2VecListener.v1"


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
        self.replaced = listener
        nlp = self.pipeline()
        components: list[Any] = [] if nlp is None else [proc for _, proc in nlp.components]
        owners = [proc for proc in components if getattr(proc, "pipeline", None) is self.pipeline]
        is_first = isinstance(listener, dict) and listener["@architectures"] == LISTENER
        if nlp is None or not owners or (is_first and owners[0].get_pipeline() is None):
            raise ValueError(Errors.SD021)
        upstream, diffusions = find_path(nlp, owners[0])
        if any(proc.source == "vectors" for proc in diffusions):
            raise ValueError(Errors.SD022.format(name=owners[0].name))
        configs = nlp.config.interpolate()["components"]
        config = configs[upstream.name]["model"]
        for proc in diffusions:
            config = diffused_config(config, configs[proc.name]["model"], proc.boundaries)
        return config


def _replace_listener(copy: Model, listener: Model, component: Any) -> Model:
    """Make the embedding that takes a listener's place."""
    nlp = component.pipeline()
    upstream, diffusions = find_path(nlp, component)
    embedding = upstream.model.copy()
    for proc in diffusions:
        diffusion = proc.model.copy()
        for attr in ("replace_listener", "replace_listener_cfg"):
            del diffusion.attrs[attr]
        embedding = DiffusedTok2Vec(embedding, diffusion, proc.boundaries)
    name = next(name for name, nodes in component.listener_map.items() if listener in nodes)
    pipe = nlp.get_pipe(name)
    if listener not in list(pipe.model.walk()):
        replaced = component.model.attrs["replace_listener_cfg"].replaced
        (node,) = find_nodes(nlp, name, [("model.tok2vec", replaced)])
        replace_node(pipe, node, embedding)
    return embedding


def find_path(nlp: Language, component: Any) -> tuple[Any, list[Any]]:
    """Find the embedding upstream of a component, and the diffusions on the way.

    nlp (Language): The pipeline.
    component (StableDiff): The component.
    RETURNS (Tuple[Pipe, List[StableDiff]]): The embedding, and the `stablediff`
        components after it in their order, of which the given one is the last.
    RAISES (ValueError): SD003 or SD004 where the embedding isn't found.
    """
    upstream: Any = component
    while isinstance(upstream, type(component)) and upstream.source == "tensor":
        upstream = upstream.get_upstream(nlp)
    names = nlp.component_names
    stretch = nlp.components[names.index(upstream.name) : names.index(component.name) + 1]
    enabled = [proc for name, proc in stretch if name not in nlp.disabled]
    diffusions = [proc for proc in enabled if isinstance(proc, type(component))]
    return upstream, diffusions
