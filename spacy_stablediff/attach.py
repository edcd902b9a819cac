"""Diffusion for components that embed for themselves: `attach`, `detach`, a callback.

Also what nlp.replace_listeners needs to give a listener an embedding of its own
that is diffused as the shared one was.
"""

import weakref
from collections.abc import Callable, Iterator
from typing import Any

from spacy.language import Language
from spacy.pipeline.tok2vec import Tok2VecListener
from spacy.util import registry, replace_model_node, set_dot_to_object
from thinc.api import Config, Model, noop

from .errors import Errors
from .layers.common import Diffusion
from .tok2vec import ARCHITECTURE, DiffusedTok2Vec, initialize_diffusion

DEFAULT_DIFFUSION = {"@architectures": "spacy-stablediff.ImplicitDiffusion.v1"}


class PipelineRef:
    """A reference to a pipeline that doesn't keep it alive and isn't pickled with it."""

    def __init__(self, nlp: Language | None = None):
        """Refer to a pipeline, or to none yet."""
        self._ref: Callable[[], Language | None] = _no_pipeline
        if nlp is not None:
            self.set(nlp)

    def __call__(self) -> Language | None:
        """Return the pipeline, None where it is gone or was never known."""
        return self._ref()

    def set(self, nlp: Language) -> None:
        """Refer to another pipeline."""
        self._ref = weakref.ref(nlp)

    def __reduce__(self) -> tuple:
        """Pickle without the pipeline."""
        return PipelineRef, ()

    def __deepcopy__(self, memo: dict[int, Any]) -> "PipelineRef":
        """Refer to the copy of the pipeline where the pipeline is being copied."""
        nlp = self()
        copied = PipelineRef(memo.get(id(nlp), nlp))
        memo[id(self)] = copied
        return copied


def _no_pipeline() -> None:
    return None


def attach(
    nlp: Language,
    name: str,
    *,
    diffusion: dict[str, Any] = DEFAULT_DIFFUSION,
    boundaries: str = "doc",
) -> None:
    """Diffuse the vectors of a component that embeds for itself.

    Wraps the component's own tok2vec in `spacy-stablediff.DiffusedTok2Vec.v1`, in
    the model, which keeps its weights, and in the pipeline's config, so that the
    pipeline can be saved, loaded and packaged as before. A trained component
    should be trained further with the diffusion in place.

    nlp (Language): The pipeline.
    name (str): The component, for example "ner" or "textcat".
    diffusion (Dict[str, Any]): Config of a diffusion layer, for example
        {"@architectures": "spacy-stablediff.HeatDiffusion.v1", "time": 0.3}.
    boundaries (str): "doc", or "sentence" to stop at sentence boundaries.
    RAISES (ValueError): SD016 to SD019 where the component has no embedding of its
        own that could be wrapped, SD012 if `boundaries` has another value.
    """
    blocks = list(_find_blocks(_component_config(nlp, name)))
    if not blocks:
        hint = "What a shared embedding writes is diffused by the component 'stablediff' after it."
        raise ValueError(Errors.SD016.format(name=name, action="attach to", hint=hint))
    for _, block in blocks:
        if block["@architectures"] == ARCHITECTURE:
            present = block["diffusion"]["@architectures"]
            raise ValueError(Errors.SD018.format(name=name, present=present))
    nodes = [find_node(nlp, name, path, block) for path, block in blocks]
    for node in nodes:
        if isinstance(node, Tok2VecListener):
            raise ValueError(Errors.SD017.format(name=name, upstream=node.upstream_name))
    settings = registry.fill({"diffusion": diffusion})["diffusion"]
    for (path, block), node in zip(blocks, nodes, strict=True):
        layer = registry.resolve({"diffusion": settings})["diffusion"]
        if node.has_dim("nO"):
            initialize_diffusion(layer, node.get_dim("nO"))
        replace_node(nlp.get_pipe(name), node, DiffusedTok2Vec(node, layer, boundaries))
        _set_block(nlp, name, path, diffused_config(block, settings, boundaries))


def detach(nlp: Language, name: str) -> None:
    """Undo `attach`: the component embeds as it did before.

    nlp (Language): The pipeline.
    name (str): The component.
    RAISES (ValueError): SD016 where its embedding isn't diffused.
    """
    blocks = [
        (path, block)
        for path, block in _find_blocks(_component_config(nlp, name))
        if block["@architectures"] == ARCHITECTURE
    ]
    if not blocks:
        hint = "Its config has no spacy-stablediff.DiffusedTok2Vec.v1."
        raise ValueError(Errors.SD016.format(name=name, action="detach", hint=hint))
    for path, block in blocks:
        node = find_node(nlp, name, path, block)
        replace_node(nlp.get_pipe(name), node, node.layers[0])
        _set_block(nlp, name, path, block["tok2vec"])


def make_attach_callback(
    pipes: list[str], diffusion: Diffusion | None = None, boundaries: str = "doc"
) -> Callable[[Language], Language]:
    """Create a callback that attaches diffusion to components, from a config.

    Registered as `spacy-stablediff.attach.v1`, for [nlp.after_pipeline_creation].
    Components that the config already describes as diffused by the same layer are
    left as they are, so that a saved pipeline can be loaded.

    pipes (List[str]): The names of the components.
    diffusion (Optional[Model[List[Floats2d], List[Floats2d]]]): A diffusion layer
        of this package; by default an implicit one.
    boundaries (str): "doc", or "sentence" to stop at sentence boundaries.
    RETURNS (Callable[[Language], Language]): The callback.
    RAISES (ValueError): SD020 for a layer of another package.
    """
    settings = DEFAULT_DIFFUSION if diffusion is None else diffusion.attrs.get("config")
    if settings is None:
        raise ValueError(Errors.SD020.format(layer=diffusion.name))  # type: ignore[union-attr]
    filled = registry.fill({"diffusion": settings})["diffusion"]

    def attach_to_pipes(nlp: Language) -> Language:
        for name in pipes:
            blocks = _find_blocks(_component_config(nlp, name))
            if any(block.get("diffusion") != filled for _, block in blocks):
                attach(nlp, name, diffusion=filled, boundaries=boundaries)
        return nlp

    return attach_to_pipes


def embeds_for_itself(component: Any) -> bool:
    """Tell whether a component extracts token features, with no diffusion over them."""
    model = getattr(component, "model", None)
    names = {node.name for node in model.walk()} if isinstance(model, Model) else set()
    return "extract_features" in names and "diffused_tok2vec" not in names


def _component_config(nlp: Language, name: str) -> dict[str, Any]:
    """Config of a component, without variables; raises spaCy's E001 for an unknown name."""
    nlp.get_pipe(name)
    return nlp.config.interpolate()["components"][name]


def _find_blocks(
    config: dict[str, Any], path: tuple[str, ...] = ()
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Config blocks of the outermost embeddings, with their paths such as "model.tok2vec"."""
    for key, value in config.items():
        if isinstance(value, dict):
            if key == "tok2vec" and "@architectures" in value:
                yield ".".join((*path, key)), value
            else:
                yield from _find_blocks(value, (*path, key))


def find_node(nlp: Language, name: str, path: str, block: dict[str, Any]) -> Model:
    """Find the part of a component's model that a config block describes.

    nlp (Language): The pipeline.
    name (str): The component.
    path (str): Where the block stands in the component's config, for the error.
    block (Dict[str, Any]): The block, without variables.
    RETURNS (Model): The first part of the model that has the described structure.
    RAISES (ValueError): SD019 where there is none.
    """
    described = _structure(registry.resolve({"tok2vec": block})["tok2vec"])
    for node in nlp.get_pipe(name).model.walk():  # type: ignore[attr-defined]
        if _structure(node) == described:
            return node
    raise ValueError(Errors.SD019.format(name=name, path=f"components.{name}.{path}"))


def _structure(model: Model) -> list[str]:
    return [node.name for node in model.walk()]


def replace_node(component: Any, target: Model, replacement: Model) -> None:
    """Replace a node of a component's model, by one that may contain it.

    component (TrainablePipe): The component.
    target (Model): The node.
    replacement (Model): What to put in its place.
    """
    gap: Model = noop()
    replace_model_node(component.model, target, gap)
    replace_model_node(component.model, gap, replacement)


def diffused_config(
    block: dict[str, Any], diffusion: dict[str, Any], boundaries: str
) -> dict[str, Any]:
    """Config of an embedding with its output diffused.

    block (Dict[str, Any]): Config of the embedding.
    diffusion (Dict[str, Any]): Config of the diffusion layer.
    boundaries (str): "doc" or "sentence".
    RETURNS (Dict[str, Any]): Config of `spacy-stablediff.DiffusedTok2Vec.v1`.
    """
    return {
        "@architectures": ARCHITECTURE,
        "boundaries": boundaries,
        "tok2vec": block,
        "diffusion": diffusion,
    }


def _set_block(nlp: Language, name: str, path: str, block: dict[str, Any]) -> None:
    """Write an embedding's block to a component's config.

    Variables anywhere in the pipeline that point into a block that moves would
    point nowhere, so they give way to their values.
    """
    if f"${{components.{name}.{path}" in nlp.config.to_str().replace(":", "."):
        components = nlp.config.interpolate()["components"]
        nlp._pipe_configs.update({name: Config(components[name]) for name in nlp.component_names})
    set_dot_to_object(nlp._pipe_configs[name], path, block)
