"""Diffusion for components that embed for themselves: `attach`, `detach`, a callback.

Also what nlp.replace_listeners needs to give a listener an embedding of its own
that is diffused as the shared one was.
"""

import re
import warnings
import weakref
from collections.abc import Callable, Iterator
from typing import Any

from spacy.language import Language
from spacy.pipeline.tok2vec import Tok2Vec, Tok2VecListener
from spacy.util import registry, replace_model_node, set_dot_to_object
from thinc.api import Model, noop

from .errors import Errors, Warnings
from .layers.common import Diffusion
from .tok2vec import ARCHITECTURE, DiffusedTok2Vec, initialize_diffusion

CALLBACK = "spacy-stablediff.attach.v1"
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
    blocks = list(find_blocks(component_config(nlp, name)))
    if not blocks:
        hint = "What a shared embedding writes is diffused by the component 'stablediff' after it."
        raise ValueError(Errors.SD016.format(name=name, action="attach to", hint=hint))
    for _, block in blocks:
        if block["@architectures"] == ARCHITECTURE:
            present = block["diffusion"]["@architectures"]
            raise ValueError(Errors.SD018.format(name=name, present=present))
    nodes = find_nodes(nlp, name, blocks)
    for node in nodes:
        if isinstance(node, Tok2VecListener):
            raise ValueError(Errors.SD017.format(name=name, upstream=node.upstream_name))
    settings = registry.fill({"diffusion": diffusion})["diffusion"]
    for (path, block), node in zip(blocks, nodes, strict=True):
        layer = registry.resolve({"diffusion": settings})["diffusion"]
        if node.has_dim("nO"):
            initialize_diffusion(layer, node.get_dim("nO"))
        replace_node(nlp.get_pipe(name), node, DiffusedTok2Vec(node, layer, boundaries))
        set_block(nlp, name, path, diffused_config(block, settings, boundaries))


def detach(nlp: Language, name: str) -> None:
    """Undo `attach`: the component embeds as it did before.

    Where the callback `spacy-stablediff.attach.v1` attached it, the callback's
    config forgets the component too, so that it stays detached when loaded.

    nlp (Language): The pipeline.
    name (str): The component.
    RAISES (ValueError): SD016 where its embedding isn't diffused.
    """
    blocks = [
        (path, block)
        for path, block in find_blocks(component_config(nlp, name))
        if block["@architectures"] == ARCHITECTURE
    ]
    if not blocks:
        hint = "Its config has no spacy-stablediff.DiffusedTok2Vec.v1."
        raise ValueError(Errors.SD016.format(name=name, action="detach", hint=hint))
    for (path, block), node in zip(blocks, find_nodes(nlp, name, blocks), strict=True):
        replace_node(nlp.get_pipe(name), node, node.layers[0])
        set_block(nlp, name, path, block["tok2vec"])
    callback = nlp.config["nlp"]["after_pipeline_creation"] or {}
    if callback.get("@callbacks") == CALLBACK:
        callback["pipes"] = [pipe for pipe in callback["pipes"] if pipe != name]


def make_attach_callback(
    pipes: list[str], diffusion: Diffusion | None = None, boundaries: str = "doc"
) -> Callable[[Language], Language]:
    """Create a callback that attaches diffusion to components, from a config.

    Registered as `spacy-stablediff.attach.v1`, for [nlp.after_pipeline_creation].
    Components that the config already describes as diffused in this way are left
    as they are, so that a saved pipeline can be loaded. For components that aren't
    there, because the pipeline is loaded in part, it warns.

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
        for name in find_pipes(nlp, pipes, CALLBACK):
            if not _is_attached(nlp, name, filled, boundaries):
                attach(nlp, name, diffusion=filled, boundaries=boundaries)
        return nlp

    return attach_to_pipes


def find_pipes(nlp: Language, pipes: list[str], callback: str) -> Iterator[str]:
    """Yield those of a callback's components that are there, and warn of the others.

    nlp (Language): The pipeline.
    pipes (List[str]): The names of the components.
    callback (str): The registered name of the callback.
    YIELDS (str): The names of those that the pipeline has.
    """
    for name in pipes:
        if name in nlp.component_names:
            yield name
        else:
            options = {"name": name, "opts": ", ".join(nlp.component_names)}
            warnings.warn(Warnings.SDW05.format(callback=callback, **options), stacklevel=3)


def _is_attached(nlp: Language, name: str, diffusion: dict[str, Any], boundaries: str) -> bool:
    """Tell whether the config describes a component as diffused in this way."""
    blocks = [block for _, block in find_blocks(component_config(nlp, name))]
    return bool(blocks) and all(
        block == diffused_config(block.get("tok2vec", {}), diffusion, boundaries)
        for block in blocks
    )


def embeds_for_itself(component: Any) -> bool:
    """Tell whether attaching would diffuse a component's vectors, and nothing does yet.

    That is where its model extracts the features of tokens, or listens to a transformer.
    """
    model = getattr(component, "model", None)
    if not isinstance(model, Model) or isinstance(component, Tok2Vec):
        return False
    names = {node.name for node in model.walk()}
    embeds = "extract_features" in names
    listens = any("transformer" in name and "listener" in name for name in names)
    return (embeds or listens) and "diffused_tok2vec" not in names


def component_config(nlp: Language, name: str) -> dict[str, Any]:
    """Return a component's config, without variables, or raise spaCy's E001.

    nlp (Language): The pipeline.
    name (str): The component.
    RETURNS (Dict[str, Any]): Its config.
    """
    nlp.get_pipe(name)
    return nlp.config.interpolate()["components"][name]


def find_blocks(
    config: dict[str, Any], path: tuple[str, ...] = ()
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Find the embeddings that a component's config describes, the outermost ones.

    config (Dict[str, Any]): Config of the component, without variables.
    path (Tuple[str, ...]): Where it stands, in front of the paths that are found.
    YIELDS (Tuple[str, Dict[str, Any]]): The path of each, such as "model.tok2vec",
        and its block.
    """
    for key, value in config.items():
        if isinstance(value, dict):
            if key == "tok2vec" and "@architectures" in value:
                yield ".".join((*path, key)), value
            else:
                yield from find_blocks(value, (*path, key))


def find_nodes(nlp: Language, name: str, blocks: list[tuple[str, dict[str, Any]]]) -> list[Model]:
    """Find the parts of a component's model that config blocks describe.

    nlp (Language): The pipeline.
    name (str): The component.
    blocks (List[Tuple[str, Dict[str, Any]]]): Where each block stands in the
        component's config, and the block, without variables.
    RETURNS (List[Model]): For each block the first part of the model that has the
        described structure and isn't another block's.
    RAISES (ValueError): SD019 where there is none.
    """
    nodes: list[Model] = []
    for path, block in blocks:
        described = _structure(registry.resolve({"tok2vec": block})["tok2vec"])
        candidates = nlp.get_pipe(name).model.walk()  # type: ignore[attr-defined]
        found = [n for n in candidates if n not in nodes and _structure(n) == described]
        if not found:
            raise ValueError(Errors.SD019.format(name=name, path=f"components.{name}.{path}"))
        nodes.append(found[0])
    return nodes


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


def set_block(nlp: Language, name: str, path: str, block: dict[str, Any]) -> None:
    """Write an embedding's block to a component's config.

    Variables that point to it, into it or to what holds it would then point to
    something else, so they give way to their values.

    nlp (Language): The pipeline.
    name (str): The component.
    path (str): Where in the component's config, such as "model.tok2vec".
    block (Dict[str, Any]): What is to stand there.
    """
    target = f"components.{name}.{path}"
    values = nlp.config.interpolate()
    _fill_variables(nlp.config, values, target)
    for pipe, config in nlp._pipe_configs.items():
        _fill_variables(config, values["components"][pipe], target)
    set_dot_to_object(nlp._pipe_configs[name], path, block)


def _fill_variables(config: dict[str, Any], values: dict[str, Any], target: str) -> None:
    """Replace the variables of a config that point to, into or around a block."""
    for key, value in config.items():
        if isinstance(value, dict):
            _fill_variables(value, values[key], target)
        elif any(_overlap(path, target) for path in re.findall(r"\$\{([^}]+)\}", str(value))):
            config[key] = values[key]


def _overlap(variable: str, target: str) -> bool:
    """Tell whether one of two places in a config holds the other."""
    a, b = variable.replace(":", ".") + ".", target + "."
    return a.startswith(b) or b.startswith(a)
