"""Consistency of predictions: a loss on how far a text classifier's scores move.

For each edited document the scores of the clean one are the truth, in the very loss
that the classifier has for annotated documents. Their gradient goes into the
classifier and into the vectors of the edited tokens; as truths the clean scores have
none.

Sajjadi, Javanmardi and Tasdizen, Regularization with stochastic transformations and
perturbations for deep semi-supervised learning (NeurIPS 2016).
"""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from spacy.language import Language
from spacy.pipeline import TextCategorizer
from spacy.pipeline.tok2vec import Tok2VecListener
from spacy.tokens import Doc
from thinc.types import Floats2d

from ..layers.common import Batch
from ..nodes import walk_listeners
from .objective import EditedBatch


class Head(NamedTuple):
    """A text classifier, and the layers through which it gets its vectors."""

    classifier: TextCategorizer
    listeners: list[Tok2VecListener]

    def begin_update(
        self, docs: list[Doc], vectors: Batch, take: Callable[[Batch], Batch]
    ) -> tuple[Floats2d, Callable]:
        """Score documents by their vectors, of which `take` gets the gradient."""
        for listener in self.listeners:
            listener.receive(Tok2VecListener.get_batch_id(docs), vectors, take)
        return self.classifier.model.begin_update(docs)


def find_heads(nlp: Language, readers: Iterable[Any]) -> list[Head]:
    """Find the text classifiers that learn to be consistent.

    nlp (Language): The pipeline.
    readers (Iterable[Pipe]): Components that read the vectors of the edited texts.
    RETURNS (List[Head]): The text classifiers with listeners among them, other than
        those that [training.frozen_components] keeps as they are.
    """
    frozen = nlp.config["training"].get("frozen_components", [])
    heads = [
        Head(component, list(walk_listeners(component)))
        for component in readers
        if isinstance(component, TextCategorizer) and component.name not in frozen
    ]
    return [head for head in heads if head.listeners]


def consistency_loss(
    head: Head, docs: list[Doc], clean: Batch, edited: EditedBatch, vectors: Batch, weight: float
) -> tuple[float, Batch]:
    """Compute the loss, and backpropagate it through a text classifier.

    head (Head): The classifier, whose gradients are added to.
    docs (List[Doc]): The clean documents.
    clean (List[Floats2d]): Their vectors, shape (tokens, width) each.
    edited (EditedBatch): The edited documents, at least one.
    vectors (List[Floats2d]): Their vectors, shape (tokens, width) each.
    weight (float): Weight >= 0 of the loss.
    RETURNS (Tuple[float, List[Floats2d]]): The loss, as the mean squared movement of
        a score, which is what text classifiers log, and its gradient for `vectors`,
        both times the weight.
    """
    d_vectors = [0 * X for X in vectors]

    def take(gradient: Batch) -> Batch:
        for total, part in zip(d_vectors, gradient, strict=True):
            total += part
        return []

    truths = head.begin_update(docs, clean, take)[0][edited.sources]
    scores, backprop = head.begin_update(edited.docs, vectors, take)
    moved = scores - truths
    backprop(weight * moved)
    return weight * float((moved**2).mean()), d_vectors
