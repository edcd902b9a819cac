"""Where in a pipeline vectors are to be steady: shared embeddings, and components' own.

A place embeds a batch and its edited copies as the pipeline does, takes the gradients of
both, and knows which components score by its vectors.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, Literal, NamedTuple, Protocol

from spacy.language import Language
from spacy.tokens import Doc
from thinc.api import Ops, set_dropout_rate

from ..types import Backprop, Batch, Embedding
from ..wiring.config import list_frozen
from ..wiring.inlets import Owning, find_own_embedding
from ..wiring.listeners import get_batch_id, walk_listeners
from ..wiring.path import Path, find_path_to, list_later, list_readers
from .heads import Head, Stage, can_be_consistent, find_stages
from .relay import Supply, add, keep, take
from .sources import has_tensors, tensor_vectors

Pipes = Literal["*"] | list[str]


class EmbeddedBatch(NamedTuple):
    """The vectors of a batch and of its edited copies, shape (tokens, width) each.

    clean (List[Floats2d]): Those of the batch.
    edited (List[Floats2d]): Those of the copies.
    backprop (Callable[[List[Floats2d], List[Floats2d]], None]): Takes their gradients.
    """

    clean: Batch
    edited: Batch
    backprop: Callable[[Batch, Batch], None]


class Place(Protocol):
    """Where vectors are to be steady.

    ops (Ops): The ops of the vectors.
    trains_vectors (bool): Whether the vectors may be trained, or only what scores by them.
    """

    ops: Ops
    trains_vectors: bool

    def embed(
        self, docs: list[Doc], copies: list[Doc], *, drop: float, losses: dict[str, float]
    ) -> EmbeddedBatch:
        """Embed a batch that is being learned, and its edited copies.

        docs (List[Doc]): The batch.
        copies (List[Doc]): The copies.
        drop (float): The dropout rate.
        losses (Dict[str, float]): The losses of the components that were updated so far.
        RETURNS (EmbeddedBatch): The vectors.
        """

    def find_stages(self) -> list[Stage]:
        """Return the components that score by the vectors, the first stage at least."""


class SharedPlace:
    """Where a component stands among those that listen to a shared embedding."""

    def __init__(self, nlp: Language, name: str, path: Path, pipes: Pipes):
        """Find out what is trained there.

        nlp (Language): The pipeline.
        name (str): The component that stands there.
        path (Path): How vectors come there.
        pipes (Union[str, List[str]]): The components to train, "*" for all.
        """
        self.nlp, self.name, self.path, self.pipes = nlp, name, path, pipes
        self.ops = path.ops
        embedding = None if path.embedding is None else path.embedding.name
        self.trains_vectors = pipes == "*" or embedding in pipes

    def embed(
        self, docs: list[Doc], copies: list[Doc], *, drop: float, losses: dict[str, float]
    ) -> EmbeddedBatch:
        """Take the vectors of the batch from the listeners, and embed the copies.

        The gradient for the copies goes back at once, that for the batch with the
        gradient of the listeners. The dropout is that of the components on the way.
        """
        batch_id, backprop_clean = get_batch_id(docs), None
        supply = self._take(docs, batch_id)
        if supply is not None:
            clean, learn = supply.vectors, supply.fed_by is None
        else:
            # A frozen embedding has no loss.
            learn = self.path.embedding is not None and self.path.embedding.name in losses
            clean, backprop_clean = _embed(self.path, docs, learn=learn)
        edited, backprop_edited = _embed(self.path, copies, learn=learn)

        def backprop(d_clean: Batch, d_edited: Batch) -> None:
            backprop_edited(d_edited)
            if backprop_clean is not None:
                backprop_clean(d_clean)
            elif supply is not None and supply.fed_by != self.name:
                supply.hand_on(batch_id, clean, keep, through_last=partial(add, d_clean))

        return EmbeddedBatch(clean, edited, backprop)

    def find_stages(self) -> list[Stage]:
        """Return the listeners behind the place that score, stage by stage."""
        return find_stages(self.nlp, self.name, self.pipes)

    def _take(self, docs: list[Doc], batch_id: int) -> Supply | None:
        """Find the vectors at the place: those that its embedding handed on."""
        named = list_readers(self.nlp, self.name)
        readers = [proc for name, proc in named if name not in self.nlp.disabled]
        listeners = [listener for reader in readers for listener in walk_listeners(reader)]

        def feed() -> Batch | None:
            if self.path.embedding is None or not has_tensors(docs):
                return None
            names = {"name": self.name, "upstream": self.path.embedding.name}
            return tensor_vectors(docs, ops=self.ops, **names)

        supplies = take(listeners, batch_id, self.name, feed)
        linked = getattr(self.path.embedding, "listeners", [])
        ours = (s for s in supplies if any(listener in linked for listener, _ in s.takers))
        return next(ours, next(iter(supplies), None))


class OwnPlace:
    """The embedding that a component has for itself. Where it stands makes no difference."""

    trains_vectors = True

    def __init__(self, component: Any, embedding: Embedding):
        """Train the vectors of a component, and its scores.

        component (TrainablePipe): The component.
        embedding (Model[List[Doc], List[Floats2d]]): The part of its model that embeds.
        """
        self.component, self.embedding = component, embedding
        self.ops = embedding.ops

    def embed(
        self, docs: list[Doc], copies: list[Doc], *, drop: float, losses: dict[str, float]
    ) -> EmbeddedBatch:
        """Embed the batch and the copies; the component itself embeds the batch again."""
        set_dropout_rate(self.embedding, drop)
        clean, backprop_clean = self.embedding(docs, is_train=True)
        edited, backprop_edited = self.embedding(copies, is_train=True)

        def backprop(d_clean: Batch, d_edited: Batch) -> None:
            backprop_clean(d_clean)
            backprop_edited(d_edited)

        return EmbeddedBatch(clean, edited, backprop)

    def find_stages(self) -> list[Stage]:
        """Return one stage, of the component alone."""
        scores = can_be_consistent(self.component)
        return [Stage(None, [Head(self.component, Owning(self.embedding))] if scores else [])]


def find_places(nlp: Language, name: str, pipes: Pipes) -> list[Place]:
    """Find the places that a component trains.

    nlp (Language): The pipeline.
    name (str): The component, which stands at a place of a shared embedding.
    pipes (Union[str, List[str]]): The components to train, "*" for the shared embedding,
        those that listen to it, and those after it that embed for themselves.
    RETURNS (List[Place]): The places, without those of frozen and disabled components.
    """
    path = find_path_to(nlp, name)
    places: list[Place] = []
    if path is not None and (pipes == "*" or set(pipes) & set(list_shared(nlp, name, path))):
        places.append(SharedPlace(nlp, name, path, pipes))
    frozen = list_frozen(nlp.config)
    for other, component in list_later(nlp, name) if pipes == "*" else nlp.components:
        named = pipes == "*" or other in pipes
        embedding = find_own_embedding(component) if named else None
        if embedding is not None and other not in [*nlp.disabled, *frozen]:
            places.append(OwnPlace(component, embedding))
    return places


def list_shared(nlp: Language, name: str, path: Path | None) -> list[str]:
    """List the names of the embedding before a component, and of the listeners behind it."""
    if path is None:
        return []
    readers = [other for other, proc in list_readers(nlp, name) if any(walk_listeners(proc))]
    return [*([] if path.embedding is None else [path.embedding.name]), *readers]


def list_owners(nlp: Language) -> list[str]:
    """List the names of the components that embed for themselves."""
    return [name for name, proc in nlp.components if find_own_embedding(proc) is not None]


def _embed(path: Path, docs: list[Doc], *, learn: bool) -> tuple[Batch, Backprop]:
    """Embed and diffuse documents as the pipeline would up to a place; the callback
    backpropagates into the embedding if it is to learn."""
    if path.embedding is None:
        vectors, callbacks = path.diffusers[0].get_vectors(docs), []
    else:
        vectors, backprop_embedding = path.embedding.model(docs, is_train=learn)
        callbacks = [backprop_embedding] if learn else []
    for diffuser in path.diffusers:
        vectors, backprop_diffusion = diffuser.diffuse(docs, vectors, is_train=True)
        callbacks.append(backprop_diffusion)

    def backprop(gradient: Batch) -> None:
        for callback in reversed(callbacks):
            gradient = callback(gradient)

    return vectors, backprop
