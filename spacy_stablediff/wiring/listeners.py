"""What listens to a shared embedding, and what it holds in training.

The one module that knows spaCy's listeners, with fields that spaCy keeps to itself.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, cast

from spacy.pipeline.tok2vec import Tok2VecListener
from spacy.tokens import Doc

from ..types import Backprop, Batch
from .nodes import walk_nodes

Listener = Tok2VecListener


def walk_listeners(component: Any) -> Iterator[Listener]:
    """Find the layers through which a component listens to a shared embedding.

    component (Any): The component, or anything else in a pipeline.
    YIELDS (Tok2VecListener): Its listeners, in the order of the model.
    """
    yield from (node for node in walk_nodes(component) if isinstance(node, Listener))


def get_expected_width(listener: Listener) -> int:
    """Return the width of the vectors that a listener expects."""
    return listener.get_dim("nO")


def get_upstream_name(listener: Listener) -> str:
    """Return the name of the embedding that a listener listens to, "*" for any."""
    return listener.upstream_name


def follows(listener: Listener, *names: str) -> bool:
    """Tell whether a listener names one of these embeddings as its own, or any."""
    return get_upstream_name(listener) in ("*", *names)


class Handed(NamedTuple):
    """What a listener was handed in training: vectors, and what takes their gradient."""

    vectors: Batch
    backprop: Backprop


def get_batch_id(docs: list[Doc]) -> int:
    """Return the number by which listeners know a batch of documents.

    It is what `Tok2VecListener.get_batch_id` returns, which asks each token apart.
    """
    return sum(sum(doc.to_array("ORTH").tolist()) for doc in docs)


def get_handed(listener: Listener, batch_id: int) -> Handed | None:
    """Return what a listener was handed for a batch, None if it holds none or another."""
    if listener._batch_id != batch_id:
        return None
    return Handed(cast(Batch, listener._outputs), cast(Backprop, listener._backprop))


def get_last_vectors(listener: Listener) -> Batch | None:
    """Return the vectors that a listener was handed last, for whichever batch, if any."""
    return None if listener._batch_id is None else cast(Batch, listener._outputs)


def hand(listener: Listener, batch_id: int, vectors: Batch, backprop: Backprop) -> None:
    """Hand vectors to a listener, in place of what it holds."""
    listener.receive(batch_id, vectors, backprop)


@contextmanager
def lend(listeners: list[Listener]) -> Iterator[None]:
    """Let listeners serve another batch for a while; then they hold what they held before."""
    held = [(node, node._batch_id, node._outputs, node._backprop) for node in listeners]
    try:
        yield
    finally:
        for node, batch_id, outputs, backprop in held:
            node._batch_id, node._outputs, node._backprop = batch_id, outputs, backprop
