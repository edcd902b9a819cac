"""How components listen to a transformer."""

from collections.abc import Hashable
from typing import Any, NamedTuple

from spacy.language import Language
from spacy.tokens import Doc
from thinc.api import Model

from ..types import Backprop, Batch, Embedding
from .embeddings import find_tok2vec
from .nodes import walk_nodes
from .transformers import (
    Handed,
    get_upstream_name,
    hand,
    is_transformer,
    is_transformer_listener,
    lend,
    widen,
)


class Link(NamedTuple):
    """How a component listens to a transformer.

    component (TrainablePipe): The component.
    transformer (TrainablePipe): The component that embeds for it.
    listener (Model): The layer that is handed what the transformer makes of a batch.
    embedding (Model[List[Doc], List[Floats2d]]): The part of the component's model, with
        the listener in it, that gives its vectors: pooled, and diffused where it is attached.
    """

    component: Any
    transformer: Any
    listener: Model
    embedding: Embedding

    @property
    def has_parameters(self) -> bool:
        """Whether anything behind the transformer decides the vectors that could learn."""
        return any(node.param_names or node.shims for node in self.embedding.walk())

    @property
    def is_frozen(self) -> bool:
        """Whether the transformer says that it stays as it is, as a curated one can."""
        return getattr(self.transformer, "frozen", False)

    @property
    def signature(self) -> Hashable:
        """What decides the vectors: two links that have the same always give the same ones."""
        if self.has_parameters:
            return id(self.embedding)
        nodes = self.embedding.walk()
        layers = tuple((node.name, node.attrs.get("grad_factor")) for node in nodes)
        return self.transformer.name, layers

    def embed(self, docs: list[Doc], handed: Handed) -> tuple[Batch, Backprop]:
        """Embed documents as the component does in training.

        docs (List[Doc]): The documents.
        handed (Handed): What the listener is handed for it, `NOTHING` for it to read what a
            frozen transformer wrote to the documents. Behind it, it holds what it held.
        RETURNS (Tuple[List[Floats2d], Callable[[List[Floats2d]], None]]): The vectors, shape
            (tokens, width) each, and a callback that takes their gradient, for one call.
        """
        with lend([self.listener]):
            hand(self.listener, handed)
            vectors, backprop = self.embedding(docs, is_train=True)

        def backprop_lent(gradient: Batch) -> None:
            with lend([self.listener]):
                hand(self.listener, handed)
                backprop(list(gradient))  # spacy-transformers writes to the list

        return widen(self.embedding, vectors), backprop_lent


def find_link(nlp: Language, name: str) -> Link | None:
    """Find how a component listens to a transformer that comes before it.

    nlp (Language): The pipeline.
    name (str): The component.
    RETURNS (Optional[Link]): How; None where it doesn't, where several of its layers do, or
        where its model doesn't refer to what they are part of as its tok2vec.
    """
    component = nlp.get_pipe(name)
    embedding = find_tok2vec(component)
    listeners = [node for node in walk_nodes(component) if is_transformer_listener(node)]
    if embedding is None or len(listeners) != 1 or listeners[0] not in list(embedding.walk()):
        return None
    upstream = get_upstream_name(listeners[0])
    for other, transformer in reversed(nlp.components[: nlp.component_names.index(name)]):
        if is_transformer(transformer) and upstream in ("*", other):
            return Link(component, transformer, listeners[0], embedding)
    return None
