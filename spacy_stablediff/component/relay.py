"""Standing between an embedding and its listeners in training.

An embedding hands its vectors to each listener directly, with a backprop that takes
their gradient. A relay takes them from the listeners after it, and hands on others, or
the same, with a backprop that goes through it first. The embedding's rule that only its
last listener triggers the real backpropagation stays true by itself, and no names need
matching: position decides.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..types import Backprop, Batch
from ..wiring.listeners import Listener, get_handed, get_last_vectors, hand


class Relayed(list):
    """Vectors that a diffuser handed to listeners.

    `fed_by` names the component that took them from the documents, because no
    embedding handed any to the listeners; it is None where one did.
    """

    def __init__(self, vectors: Batch, fed_by: str | None):
        """Mark vectors as handed on.

        vectors (List[Floats2d]): The vectors.
        fed_by (Optional[str]): Who took them from the documents.
        """
        super().__init__(vectors)
        self.fed_by = fed_by


@dataclass
class Supply:
    """Vectors that listeners share, each with the callback that takes its gradient.

    vectors (List[Floats2d]): The vectors, shape (tokens, width) each.
    fed_by (Optional[str]): The component that took them from the documents, None where
        an embedding handed them to the listeners.
    takers (List[Tuple[Tok2VecListener, Callable]]): The listeners, and their callbacks.
    """

    vectors: Batch
    fed_by: str | None
    takers: list[tuple[Listener, Backprop]] = field(default_factory=list)

    def hand_on(
        self,
        batch_id: int,
        vectors: Batch,
        through: Backprop,
        *,
        through_last: Backprop | None = None,
        finish: Callable[[], Any] | None = None,
    ) -> None:
        """Hand vectors to the listeners, in place of those they hold.

        batch_id (int): The number of the batch.
        vectors (List[Floats2d]): The vectors.
        through (Callable[[List[Floats2d]], List[Floats2d]]): Takes the gradient of the
            vectors handed on to that of those taken.
        through_last (Optional[Callable]): The same for the listener that is served
            last, for gradients that are to flow once; by default `through`.
        finish (Optional[Callable[[], Any]]): Called once that one's gradient is through.
        """
        *others, (last, onward) = self.takers
        for listener, callback in others:
            hand(listener, batch_id, vectors, _join(through, callback))
        hand(last, batch_id, vectors, _join(through_last or through, onward, finish))


def take(
    listeners: Iterable[Listener],
    batch_id: int,
    name: str,
    feed: Callable[[], Batch | None],
    *,
    always_feed: bool = False,
) -> list[Supply]:
    """Collect the vectors of a batch that listeners hold, those who share them together.

    A listener to which a frozen embedding hands nothing gets those of the documents.
    One that holds vectors of an earlier batch, because its own embedding comes later,
    is left alone.

    listeners (Iterable[Tok2VecListener]): The listeners.
    batch_id (int): The number of the batch.
    name (str): The component that takes them.
    feed (Callable[[], Optional[List[Floats2d]]]): Returns the vectors of the documents,
        None if they have none.
    always_feed (bool): Whether all listeners get the vectors of the documents.
    RETURNS (List[Supply]): The vectors.
    """
    supplies: dict[int, Supply] = {}
    fed: Batch | None = None
    for listener in listeners:
        last = get_last_vectors(listener)
        fed_by = getattr(last, "fed_by", None)
        handed = None if fed_by == name else get_handed(listener, batch_id)
        if handed is not None and not always_feed:
            vectors, onward = handed
        elif always_feed or last is None or fed_by == name:
            fed = feed() if fed is None else fed
            if fed is None:
                continue
            vectors, onward, fed_by = fed, _stop_gradient, name
        else:
            continue
        supply = supplies.setdefault(id(vectors), Supply(vectors, fed_by))
        supply.takers.append((listener, onward))
    return list(supplies.values())


def keep(gradient: Batch) -> Batch:
    """Pass a gradient on as it is."""
    return gradient


def add(batch: Batch, other: Sequence) -> Batch:
    """Add two batches, document by document."""
    return [a + b for a, b in zip(batch, other, strict=True)]


def _stop_gradient(gradient: Batch) -> Batch:
    return []


def _join(through: Backprop, onward: Backprop, finish: Callable[[], Any] | None = None) -> Backprop:
    def backprop(gradient: Batch) -> Any:
        result = onward(through(gradient))
        if finish is not None:
            finish()
        return result

    return backprop
