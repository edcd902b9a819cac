"""What the listeners of a transformer hold: of spacy-transformers, or of a curated one.

Both packages follow one pattern. In training the transformer hands each listener what it
made of a batch, and a callback that takes the gradient of that; the last listener's
callback goes on into the transformer. What is handed is of types of their own, of which
this module knows as little as it can. It imports neither package.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeAlias

from spacy.pipeline.tok2vec import Tok2VecListener
from spacy.tokens import Doc
from spacy.training import Example
from spacy.ty import ListenedToComponent
from thinc.api import Model

from ..types import Array, Batch, Embedding

# What a transformer makes of a batch, and the gradient of it.
Outputs: TypeAlias = Any

# By the one the listeners of spacy-transformers are known, by the other curated ones.
LISTENER_NAME = "transformer-listener"
CURATED_MARK = "_TRANSFORMER_LISTENER"


class Handed(NamedTuple):
    """What a listener was handed in training; all None where it holds nothing.

    batch_id (Optional[int]): The number of the batch.
    outputs (Any): What the transformer made of it.
    backprop (Optional[Callable]): Takes the gradient of that.
    """

    batch_id: int | None
    outputs: Outputs
    backprop: Callable[..., Any] | None


NOTHING = Handed(None, None, None)


def is_transformer(component: Any) -> bool:
    """Tell whether a component is a transformer, which keeps its vectors for its listeners."""
    listened_to = isinstance(component, ListenedToComponent)
    return listened_to and names_transformer(component.model)


def names_transformer(node: Model) -> bool:
    """Tell whether a part of a model is a transformer, or listens to one, or holds such."""
    return "transformer" in node.name or is_transformer_listener(node)


def is_transformer_listener(node: Model) -> bool:
    """Tell whether a part of a model listens to a transformer."""
    return node.name == LISTENER_NAME or is_curated(node)


def is_curated(node: Model) -> bool:
    """Tell whether a part of a model listens to a curated transformer."""
    return CURATED_MARK in node.attrs


def get_upstream_name(listener: Model) -> str:
    """Return the name of the transformer that a listener listens to, "*" for any."""
    node: Any = listener
    return node.attrs["_upstream_name"] if is_curated(node) else node.upstream_name


def widen(embedding: Embedding, vectors: Batch) -> Batch:
    """Give vectors of no width that of the others, or of the embedding.

    Of a text without tokens spacy-transformers makes vectors of no width, and a curated
    transformer of texts that are all blank.

    embedding (Model[List[Doc], List[Floats2d]]): What made them.
    vectors (List[Floats2d]): Vectors of shape (tokens, width) each, or (tokens, 0).
    RETURNS (List[Floats2d]): The same, zeros of shape (tokens, width) in the place of these.
    """
    width = max([embedding.maybe_get_dim("nO") or 0, *(X.shape[1] for X in vectors)])
    return [X if X.shape[1] else embedding.ops.alloc2f(len(X), width) for X in vectors]


def unfreeze(embedding: Embedding) -> None:
    """Let the copies of curated transformers in an embedding learn that were frozen."""
    for node in embedding.walk():
        if "_frozen" in node.attrs:
            node.attrs["_frozen"] = False


# What listeners hold.


def get_handed(listener: Model) -> Handed:
    """Return what a listener holds."""
    node: Any = listener
    if not is_curated(node):
        return Handed(node._batch_id, node._outputs, node._backprop)
    state = node.attrs["_state"]
    return Handed(state.batch_id, state.outputs, state.backprop)


def hand(listener: Model, handed: Handed) -> None:
    """Hand something to a listener, in place of what it holds."""
    node: Any = listener
    if not is_curated(node):
        node.receive(*handed)
    else:
        state = node.attrs["_state"]
        state.batch_id, state.outputs, state.backprop = handed


@contextmanager
def lend(listeners: list[Model]) -> Iterator[None]:
    """Let listeners serve another batch for a while; then they hold what they held before."""
    held = [get_handed(listener) for listener in listeners]
    try:
        yield
    finally:
        for listener, handed in zip(listeners, held, strict=True):
            hand(listener, handed)


# What they are to hold.


def embed_anew(
    transformer: Any, listeners: list[Model], docs: list[Doc], *, drop: float, learn: bool
) -> list[Handed]:
    """Let a transformer embed documents for some of its listeners, as in training.

    transformer (TrainablePipe): The transformer.
    listeners (List[Model]): The listeners, at least one. What they hold stays.
    docs (List[Doc]): The documents.
    drop (float): The dropout rate.
    learn (bool): Whether the transformer learns: as ever when the last of the listeners
        gives its gradient, by the sum of all.
    RETURNS (List[Handed]): What each listener is to be handed.
    """
    if not learn or not any(len(doc) for doc in docs):
        predicted = transformer.predict(docs)
        outputs = getattr(predicted, "doc_data", predicted)
        batch_id = Tok2VecListener.get_batch_id(docs)
        return [Handed(batch_id, outputs, _stop_gradient) for _ in listeners]
    linked = transformer.listener_map
    with lend(listeners):
        try:
            transformer.listener_map = {transformer.name: listeners}
            transformer.update([Example(doc, doc) for doc in docs], drop=drop, losses={})
        finally:
            transformer.listener_map = linked
        return [get_handed(listener) for listener in listeners]


class Kept:
    """A gradient of what a listener was handed, kept until its component learns."""

    def __init__(self) -> None:
        """Begin with none."""
        self.gradient: list[Any] = []

    def take(self, gradient: list[Any], **options: Any) -> list[Any]:
        """Keep a gradient, in place of handing it on."""
        self.gradient = gradient
        return []

    def add_to(self, onward: Callable[..., Any]) -> Callable[..., Any]:
        """Return a callback that adds what was kept to a gradient, and hands it on.

        onward (Callable): The callback that the listener was handed.
        RETURNS (Callable): The callback that it is to hold.
        """

        def backprop(gradient: list[Any], **options: Any) -> Any:
            arrays = list(_walk_arrays(gradient))
            for array, kept in zip(arrays, _walk_arrays(self.gradient), strict=True):
                array += kept
            return onward(gradient, **options)

        return backprop


def _walk_arrays(gradient: list[Any]) -> Iterator[Array]:
    """The arrays in the gradient of what was handed, document by document."""
    for part in gradient:
        yield from (layer.data for layer in part) if isinstance(part, list) else part.tensors


def _stop_gradient(gradient: list[Any], **options: Any) -> list[Any]:
    return []
