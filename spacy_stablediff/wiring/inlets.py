"""Where vectors enter a component: listeners, or an embedding of its own.

Through an inlet a component can be given vectors, in place of those that it would get or
make, to see what it makes of them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from spacy.tokens import Doc
from thinc.api import Model

from ..types import Backprop, Batch, Embedding
from .embeddings import embeds_for_itself, find_tok2vec
from .listeners import Listener, get_batch_id, hand, lend
from .transformers import is_transformer_listener


class Inlet(Protocol):
    """Where vectors enter a component."""

    def lend(self) -> Any:
        """Return a context in which vectors may be given; behind it all is as before."""

    def give(self, docs: list[Doc], vectors: Batch, take: Backprop) -> None:
        """Give the component vectors of documents, of which `take` gets the gradient."""


class Listening:
    """The inlet of a component that listens to a shared embedding."""

    def __init__(self, listeners: list[Listener]):
        """Give through listeners.

        listeners (List[Tok2VecListener]): All that the component has.
        """
        self.listeners = listeners

    def lend(self) -> Any:
        """Return a context behind which the listeners hold what they held before."""
        return lend(self.listeners)

    def give(self, docs: list[Doc], vectors: Batch, take: Backprop) -> None:
        """Hand each listener the vectors of documents."""
        for listener in self.listeners:
            hand(listener, get_batch_id(docs), vectors, take)


class Owning:
    """The inlet of a component that embeds for itself, or pools what a transformer gives."""

    def __init__(self, embedding: Embedding):
        """Give in place of an embedding.

        embedding (Model[List[Doc], List[Floats2d]]): The part of the component's model.
        """
        self.embedding = embedding

    @contextmanager
    def lend(self) -> Iterator[None]:
        """Enter a context behind which the embedding embeds again."""
        forward = self.embedding._func
        try:
            yield
        finally:
            self.embedding._func = forward

    def give(self, docs: list[Doc], vectors: Batch, take: Backprop) -> None:
        """Let the embedding return these vectors, whatever it is asked for."""
        self.embedding._func = lambda model, X, is_train: (vectors, take)


def find_own_embedding(component: Any) -> Embedding | None:
    """Find the part of a component's model that embeds documents for it alone.

    component (Any): The component, or anything else in a pipeline.
    RETURNS (Optional[Model[List[Doc], List[Floats2d]]]): The embedding, diffused where it
        is attached to a diffusion. None where there is none, where it listens to a shared
        one or to a transformer, or where the model doesn't refer to it as its tok2vec.
    """
    node = find_tok2vec(component) if embeds_for_itself(component) else None
    if node is None or any(_listens(part) for part in node.walk()):
        return None
    return node


def _listens(node: Model) -> bool:
    return isinstance(node, Listener) or is_transformer_listener(node)
