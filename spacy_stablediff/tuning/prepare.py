"""Giving the components that are tuned embeddings which no other component reads."""

import copy
import warnings
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc
from thinc.api import Model

from ..component.attach import attach, embeds_undiffused
from ..component.blocks import find_embedded
from ..component.know import can_know_words, know_words
from ..errors import Errors, Warnings
from ..layers.cased_tok2vec import LAYER, CasedTok2Vec, cased_config
from ..setup.choice import FACTORIES
from ..wiring.config import find_blocks, get_config, is_listener, set_block
from ..wiring.inlets import find_own_embedding
from ..wiring.links import Link, find_link
from ..wiring.listeners import walk_listeners
from ..wiring.nodes import find_node, replace_node
from ..wiring.path import find_path_to
from ..wiring.transformers import is_transformer, unfreeze
from ..wiring.weights import renumber
from ..words.known import find_words
from ..words.layer import find_layers


def choose_components(nlp: Language, names: str | list[str] | None) -> list[str]:
    """Choose the components to tune.

    nlp (Language): The pipeline.
    names (Optional[Union[str, List[str]]]): Their names; by default all of `FACTORIES` that
        embed for themselves or listen to a shared embedding or a transformer.
    RETURNS (List[str]): Their names, at least one.
    RAISES (ValueError): SD194 if one can't be tuned, or there is none to tune.
    """
    possible = [name for name in nlp.pipe_names if _can_be_tuned(nlp, name)]
    if names is None:
        chosen = [name for name in possible if nlp.get_pipe_meta(name).factory in FACTORIES]
    else:
        chosen = list(dict.fromkeys([names] if isinstance(names, str) else names))
    strange = [name for name in chosen if name not in possible]
    if strange or not chosen:
        nothing = "this pipeline" if names is None else "without a component"
        named = ", ".join(f"'{name}'" for name in strange) or nothing
        raise ValueError(Errors.SD194.format(names=named, opts=", ".join(possible) or "none"))
    return chosen


def prepare(nlp: Language, name: str, docs: list[Doc], known: list[str]) -> Model:
    """Let a component embed for itself, diffused over documents and words.

    It predicts as before, but for words that are in neither the texts nor the vocab, and for
    texts in a single case, of which those in capitals are embedded in small letters. Nothing
    else in the pipeline changes.

    nlp (Language): The pipeline, which is modified.
    name (str): The component.
    docs (List[Doc]): Texts whose words are counted.
    known (List[str]): The words that the pipeline was trained on.
    RETURNS (Model[List[Doc], List[Floats2d]]): Its embedding.
    """
    if any(walk_listeners(nlp.get_pipe(name))):
        _take_along(nlp, name)
    component: Any = nlp.get_pipe(name)
    # What was trained with a graph of words has counted those that it was trained on.
    if can_know_words(nlp, name) and not _knows_trained_words_only(component):
        know_words(nlp, name, min_count=0, known=known, texts=docs)
    if embeds_undiffused(component):
        attach(nlp, name)
    link = find_link(nlp, name)
    if link is not None:
        _take_transformer_along(nlp, name, link)
    if find_node(component, LAYER) is None:
        _part_by_case(nlp, name)
    embedding = find_own_embedding(component)
    assert embedding is not None
    renumber(embedding)
    return embedding


def list_heard(nlp: Language) -> list[str]:
    """List the transformers that components listen to."""
    components: list[tuple[str, Any]] = nlp.pipeline
    return [name for name, proc in components if is_transformer(proc) and proc.listeners]


def warn_of_unheard(nlp: Language, heard: list[str]) -> None:
    """Warn of transformers that nothing listens to any more.

    nlp (Language): The pipeline.
    heard (List[str]): Those that something listened to.
    """
    for name in heard:
        if name not in list_heard(nlp):
            warnings.warn(Warnings.SDW11.format(name=name), stacklevel=4)


def _can_be_tuned(nlp: Language, name: str) -> bool:
    """Tell whether a component can be scored, and embeds for itself, or could."""
    component = nlp.get_pipe(name)
    if getattr(component, "scorer", None) is None:
        return False
    if find_own_embedding(component) is not None or find_link(nlp, name) is not None:
        return True
    blocks = [block for _, block in find_blocks(get_config(nlp, name))]
    path = find_path_to(nlp, name) if blocks and all(map(is_listener, blocks)) else None
    return path is not None and path.embedding is not None


def _knows_trained_words_only(component: Any) -> bool:
    """Tell whether a component was trained with a graph of words."""
    graphs = find_layers(component)
    return any(words.min_count for graph in graphs for words in find_words(graph))


def _take_along(nlp: Language, name: str) -> None:
    """Give a listener a copy of the shared embedding, with the diffusion on the way."""
    path = find_path_to(nlp, name)
    assert path is not None
    source = path.diffusers[-1].name if path.diffusers else path.embedding.name
    blocks = find_blocks(get_config(nlp, name))
    nlp.replace_listeners(source, name, [where for where, block in blocks if is_listener(block)])


def _take_transformer_along(nlp: Language, name: str, link: Link) -> None:
    """Give a listener that is diffused a copy of its transformer, within the diffusion."""
    ((where, block),) = find_blocks(get_config(nlp, name))
    # What replaces a listener is described by what stands there, which spaCy doesn't look into.
    set_block(nlp, name, where, block["tok2vec"])
    nlp.replace_listeners(link.transformer.name, name, [where])
    ((_, replaced),) = find_blocks(get_config(nlp, name))
    set_block(nlp, name, where, {**block, "tok2vec": replaced})
    unfreeze(link.embedding)


def _part_by_case(nlp: Language, name: str) -> None:
    """Give a component a copy of its embedding for texts in a single case."""
    for path, block, node in find_embedded(nlp, name):
        replace_node(nlp.get_pipe(name), node, CasedTok2Vec(node, copy.deepcopy(node)))
        set_block(nlp, name, path, cased_config(block))
