"""Diffusion for components that embed for themselves: `attach`, `detach`, a callback."""

import warnings
from collections.abc import Callable
from typing import Any, cast

from spacy.language import Language
from spacy.util import registry
from thinc.api import Model

from ..errors import Errors, Warnings
from ..layers.common import acts_untrained, initialize_width
from ..layers.diffused_tok2vec import ARCHITECTURE, LAYER, DiffusedTok2Vec, diffused_config
from ..recommended import DIFFUSION
from ..types import Boundaries, Diffusion
from ..wiring.config import Block, find_pipes, is_listener, set_block
from ..wiring.embeddings import embeds_for_itself
from ..wiring.nodes import find_node, is_trained, replace_node
from ..wiring.settings import SETTINGS
from .blocks import CASED, find_embedded, list_blocks, list_by_case, look_inside

CALLBACK = "spacy-stablediff.attach.v1"


def attach(
    nlp: Language,
    name: str,
    *,
    diffusion: dict[str, Any] = DIFFUSION,
    boundaries: Boundaries = "doc",
) -> None:
    """Diffuse the vectors of a component that embeds for itself.

    Wraps the component's own tok2vec in `spacy-stablediff.DiffusedTok2Vec.v1`, in
    the model, which keeps its weights, and in the pipeline's config, so that the
    pipeline can be saved, loaded and packaged as before. A trained component
    should be trained further with the diffusion in place. The default diffusion
    changes nothing before that.

    nlp (Language): The pipeline.
    name (str): The component, for example "ner" or "textcat".
    diffusion (Dict[str, Any]): Config of a diffusion layer, for example
        {"@architectures": "spacy-stablediff.HeatDiffusion.v1", "time": 0.3}.
    boundaries (str): "doc", or "sentence" to stop at sentence boundaries.
    RAISES (ValueError): SD016 to SD019 where the component has no embedding of its
        own that could be wrapped, SD012 if `boundaries` has another value, SD035 if
        `diffusion` is no config of a layer.
    """
    if not isinstance(diffusion, dict) or "@architectures" not in diffusion:
        raise ValueError(Errors.SD035.format(value=diffusion))
    if boundaries not in ("doc", "sentence"):
        raise ValueError(Errors.SD012.format(value=boundaries))
    _check_undiffused(name, [block for _, block in list_blocks(nlp, name)])
    settings = registry.fill({"diffusion": diffusion})["diffusion"]
    for path, block, node in find_embedded(nlp, name):
        layer = registry.resolve({"diffusion": settings})["diffusion"]
        if node.has_dim("nO"):
            initialize_width(layer, node.get_dim("nO"))
        if acts_untrained(layer) and is_trained(nlp.get_pipe(name)):
            message = Warnings.SDW09.format(name=name, layer=settings["@architectures"])
            warnings.warn(message, stacklevel=2)
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
    embedded = [
        part for each in find_embedded(nlp, name) for part in look_inside(each, within=[CASED])
    ]
    diffused = [each for each in embedded if each.block["@architectures"] == ARCHITECTURE]
    if not diffused:
        hint = "attach has put no spacy-stablediff.DiffusedTok2Vec.v1 into it."
        raise ValueError(Errors.SD016.format(name=name, action="detach", hint=hint))
    for path, block, node in diffused:
        replace_node(nlp.get_pipe(name), node, node.layers[0])
        set_block(nlp, name, path, block["tok2vec"])
    callback = nlp.config["nlp"]["after_pipeline_creation"] or {}
    if callback.get("@callbacks") == CALLBACK:
        callback["pipes"] = [pipe for pipe in callback["pipes"] if pipe != name]


def make_attach_callback(
    pipes: list[str], diffusion: Diffusion | None = None, boundaries: Boundaries = "doc"
) -> Callable[[Language], Language]:
    """Create a callback that attaches diffusion to components, from a config.

    Registered as `spacy-stablediff.attach.v1`, for [nlp.after_pipeline_creation].
    Components that the config already describes as diffused in this way are left
    as they are, so that a saved pipeline can be loaded. For components that aren't
    there, because the pipeline is loaded in part, it warns.

    pipes (List[str]): The names of the components.
    diffusion (Optional[Model[List[Floats2d], List[Floats2d]]]): A diffusion layer
        of this package; by default the recommended one, which changes nothing before
        it is trained.
    boundaries (str): "doc", or "sentence" to stop at sentence boundaries.
    RETURNS (Callable[[Language], Language]): The callback.
    RAISES (ValueError): SD020 for a layer of another package.
    """
    settings = DIFFUSION if diffusion is None else diffusion.attrs.get(SETTINGS, {})
    if "@architectures" not in settings:
        raise ValueError(Errors.SD020.format(layer=cast(Model, diffusion).name))
    filled = registry.fill({"diffusion": settings})["diffusion"]

    def attach_to_pipes(nlp: Language) -> Language:
        for name in find_pipes(nlp, pipes, CALLBACK):
            if not _is_attached(nlp, name, filled, boundaries):
                attach(nlp, name, diffusion=filled, boundaries=boundaries)
        return nlp

    return attach_to_pipes


def embeds_undiffused(component: Any) -> bool:
    """Tell whether attaching would diffuse a component's vectors, and nothing does yet."""
    return embeds_for_itself(component) and find_node(component, LAYER) is None


def _check_undiffused(name: str, blocks: list[Block]) -> None:
    """Raise SD016, SD017 or SD018 unless a component has embeddings that nothing diffuses."""
    if not blocks:
        hint = "What a shared embedding writes is diffused by the component 'stablediff' after it."
        raise ValueError(Errors.SD016.format(name=name, action="attach to", hint=hint))
    for block in list_by_case(blocks):
        if block["@architectures"] == ARCHITECTURE:
            present = block["diffusion"]["@architectures"]
            raise ValueError(Errors.SD018.format(name=name, present=present))
        if is_listener(block):
            upstream = block.get("upstream", "*")
            raise ValueError(Errors.SD017.format(name=name, upstream=upstream))


def _is_attached(nlp: Language, name: str, diffusion: Block, boundaries: Boundaries) -> bool:
    """Tell whether the config describes a component as diffused in this way."""
    parts = list_by_case([block for _, block in list_blocks(nlp, name)])
    return bool(parts) and all(
        part == diffused_config(part.get("tok2vec", {}), diffusion, boundaries) for part in parts
    )
