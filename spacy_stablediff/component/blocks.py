"""The embeddings that a component owns: where its config describes them, and in its model."""

from collections.abc import Container
from typing import NamedTuple, cast

from spacy.language import Language

from ..errors import Errors
from ..layers.cased_tok2vec import ARCHITECTURE as CASED
from ..layers.diffused_tok2vec import ARCHITECTURE as DIFFUSED
from ..types import Embedding
from ..wiring.config import Block, find_blocks, get_config
from ..wiring.embeddings import INSIDE, SharedEmbedding
from ..wiring.nodes import match_nodes

# Our embeddings of documents, which hold others.
HOLDING = (DIFFUSED, CASED)


class Embedded(NamedTuple):
    """An embedding of a component.

    path (str): Where in the component's config it is described, such as "model.tok2vec".
    block (Dict[str, Any]): What stands there, without variables.
    node (Model[List[Doc], List[Floats2d]]): The part of the model.
    """

    path: str
    block: Block
    node: Embedding


def list_blocks(nlp: Language, name: str) -> list[tuple[str, Block]]:
    """List the embeddings that a component's config describes, the outermost ones.

    nlp (Language): The pipeline.
    name (str): The component.
    RETURNS (List[Tuple[str, Dict[str, Any]]]): Their paths and blocks; none where it embeds for others.
    """
    embeds_for_others = isinstance(nlp.get_pipe(name), SharedEmbedding)
    return [] if embeds_for_others else list(find_blocks(get_config(nlp, name)))


def find_embedded(nlp: Language, name: str) -> list[Embedded]:
    """Find the embeddings that a component's config describes, listeners too, the outermost ones.

    nlp (Language): The pipeline.
    name (str): The component.
    RETURNS (List[Embedded]): The embeddings.
    RAISES (ValueError): SD019 if the model has no such part.
    """
    blocks = list_blocks(nlp, name)
    nodes = match_nodes(nlp.get_pipe(name), [block for _, block in blocks])
    for (path, _), node in zip(blocks, nodes, strict=True):
        if node is None:
            raise ValueError(Errors.SD019.format(name=name, path=f"components.{name}.{path}"))
    return [
        Embedded(path, block, cast(Embedding, node))
        for (path, block), node in zip(blocks, nodes, strict=True)
    ]


def look_inside(embedded: Embedded, *, within: Container[str] = HOLDING) -> list[Embedded]:
    """Find the embeddings inside those of ours, which add to them.

    embedded (Embedded): An embedding.
    within (Container[str]): The architectures to look into, by default all: to find the embeddings
        of words.
    RETURNS (List[Embedded]): What it is made of, or itself.
    """
    path, block, node = embedded
    if block["@architectures"] not in within:
        return [embedded]
    keys = [key for key in INSIDE if key in block]
    parts = zip(keys, node.layers[: len(keys)], strict=True)
    return [
        inner
        for key, layer in parts
        for inner in look_inside(Embedded(f"{path}.{key}", block[key], layer), within=within)
    ]


def list_by_case(blocks: list[Block]) -> list[Block]:
    """List the embeddings that blocks describe, those for texts in a single case and others apart.

    blocks (List[Dict[str, Any]]): Configs of embeddings.
    RETURNS (List[Dict[str, Any]]): The same, with what those by case are made of in their place.
    """
    parts: list[Block] = []
    for block in blocks:
        is_by_case = block["@architectures"] == CASED
        inner = list_by_case([block[key] for key in INSIDE]) if is_by_case else [block]
        parts.extend(inner)
    return parts
