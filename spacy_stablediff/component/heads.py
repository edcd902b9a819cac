"""Text classifiers that learn to give edited texts the scores of the clean ones."""

from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

from spacy.language import Language
from spacy.pipeline import TextCategorizer
from spacy.tokens import Doc
from thinc.types import Floats2d

from ..edits.batch import EditedBatch
from ..training.scores import scores_loss
from ..types import Array, Backprop, Batch
from ..wiring.model import (
    Diffuser,
    Listener,
    get_batch_id,
    hand,
    lend,
    list_readers,
    walk_listeners,
)
from .relay import add


class Head(NamedTuple):
    """A text classifier, and the layers through which it gets its vectors."""

    classifier: TextCategorizer
    listeners: list[Listener]

    def begin_update(
        self, docs: list[Doc], vectors: Batch, take: Backprop
    ) -> tuple[Floats2d, Callable]:
        """Score documents by their vectors, of which `take` gets the gradient."""
        for listener in self.listeners:
            hand(listener, get_batch_id(docs), vectors, take)
        return self.classifier.model.begin_update(docs)


class Stage(NamedTuple):
    """A stretch of a pipeline in which all components read the same vectors.

    diffuser (Optional[Diffuser]): What makes them of those of the stage before; None for
        the first stage.
    heads (List[Head]): The text classifiers that learn to be consistent.
    """

    diffuser: Diffuser | None
    heads: list[Head]


def find_stages(nlp: Language, name: str, pipes: Literal["*"] | list[str]) -> list[Stage]:
    """Find the text classifiers behind a component, stage by stage.

    nlp (Language): The pipeline.
    name (str): The component whose vectors the first stage reads.
    pipes (Union[str, List[str]]): The classifiers that may learn, "*" for all. Those
        that [training.frozen_components] keeps as they are never do.
    RETURNS (List[Stage]): The stages, the first one at least.
    """
    frozen = nlp.config["training"].get("frozen_components", [])
    stages = [Stage(None, [])]
    for other, component in list_readers(nlp, name):
        if other in nlp.disabled:
            continue
        if isinstance(component, Diffuser):
            stages.append(Stage(component, []))
        elif isinstance(component, TextCategorizer) and other not in frozen:
            listeners = list(walk_listeners(component))
            if listeners and (pipes == "*" or other in pipes):
                stages[-1].heads.append(Head(component, listeners))
    return stages


def list_heads(stages: list[Stage]) -> Iterator[Head]:
    """List the text classifiers of all stages."""
    for stage in stages:
        yield from stage.heads


def learn_scores(
    stages: list[Stage],
    docs: list[Doc],
    clean: Batch,
    edited: EditedBatch,
    vectors: Batch,
    weight: float,
) -> tuple[float, Batch]:
    """Compute the loss on scores, and backpropagate it through the text classifiers.

    stages (List[Stage]): The stages, at least one.
    docs (List[Doc]): The clean documents.
    clean (List[Floats2d]): Their vectors in the first stage, shape (tokens, width) each.
    edited (EditedBatch): The edited documents, at least one.
    vectors (List[Floats2d]): Their vectors in the first stage.
    weight (float): Weight >= 0 of the loss.
    RETURNS (Tuple[float, List[Floats2d]]): The loss, and its gradient for `vectors`,
        both times the weight. The gradients of classifiers and diffusions are added to.
    """
    stage, *later = stages
    total, gradient = 0.0, [0 * X for X in vectors]
    for head in stage.heads:
        loss, d_vectors = _learn_consistency(head, docs, clean, edited, vectors, weight)
        total, gradient = total + loss, add(gradient, d_vectors)
    if any(list_heads(later)):
        diffuser = later[0].diffuser
        assert diffuser is not None
        clean, _ = diffuser.diffuse(docs, clean, is_train=False)
        vectors, backprop = diffuser.diffuse(edited.docs, vectors, is_train=True)
        loss, d_vectors = learn_scores(later, docs, clean, edited, vectors, weight)
        total, gradient = total + loss, add(gradient, backprop(d_vectors))
    return total, gradient


def _learn_consistency(
    head: Head, docs: list[Doc], clean: Batch, edited: EditedBatch, vectors: Batch, weight: float
) -> tuple[float, Batch]:
    d_vectors = [0 * X for X in vectors]

    def take(gradient: Batch) -> Batch:
        for total, part in zip(d_vectors, gradient, strict=True):
            total += part
        return []

    with lend(head.listeners):
        truths: Array = head.begin_update(docs, clean, take)[0]
        scores, backprop = head.begin_update(edited.docs, vectors, take)
    loss, d_scores = scores_loss(truths[edited.sources], scores)
    backprop(weight * d_scores)
    return weight * loss, d_vectors
