"""Components that learn to give edited texts the scores of the clean ones, or the annotated ones."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, NamedTuple

import numpy
from spacy.language import Language
from spacy.pipeline import SpanCategorizer, TextCategorizer
from spacy.tokens import Doc
from thinc.api import Ops, Ragged
from thinc.types import Floats2d

from ..edits.batch import EditedBatch
from ..edits.spans import follow_spans
from ..training.scores import scores_loss
from ..types import Array, Backprop, Batch
from ..wiring.config import list_frozen
from ..wiring.inlets import Inlet, Listening
from ..wiring.listeners import walk_listeners
from ..wiring.nodes import walk_nodes
from ..wiring.path import Diffuser, list_readers
from .relay import add

# What the last layer of a classifier is called whose scores don't exclude each other.
LOGISTIC = ("logistic", "sigmoid_activation")


class Head(NamedTuple):
    """A component that scores, and where its vectors enter.

    component (Union[TextCategorizer, SpanCategorizer]): The component.
    inlet (Inlet): Where its vectors enter.
    """

    component: Any
    inlet: Inlet

    def begin_update(self, inputs: Any, docs: list[Doc], vectors: Batch, take: Backprop) -> tuple:
        """Score what the model is given by its vectors, of which `take` gets the gradient."""
        self.inlet.give(docs, vectors, take)
        return self.component.model.begin_update(inputs)

    @property
    def is_logistic(self) -> bool:
        """Whether each label has a probability of its own, rather than one for all labels."""
        return any(node.name in LOGISTIC for node in walk_nodes(self.component))


class Stage(NamedTuple):
    """A stretch of a pipeline in which all components read the same vectors.

    diffuser (Optional[Diffuser]): What makes them of those of the stage before; None for
        the first stage.
    heads (List[Head]): The components that learn to be consistent.
    """

    diffuser: Diffuser | None
    heads: list[Head]


class ScoreWeights(NamedTuple):
    """Weights >= 0 of the losses on the scores of edited texts, relative to a component's own.

    consistency (float): That on how far they are from the scores of the clean texts.
    supervision (float): That on how far they are from the annotation.
    """

    consistency: float
    supervision: float


class Sources(NamedTuple):
    """Clean documents.

    docs (List[Doc]): The documents.
    vectors (List[Floats2d]): Their vectors, shape (tokens, width) each.
    """

    docs: list[Doc]
    vectors: Batch


class ScoredBatch(NamedTuple):
    """A batch and its edited copies, with the vectors that a stage reads.

    docs (List[Doc]): The clean documents.
    clean (List[Floats2d]): Their vectors, shape (tokens, width) each.
    edited (EditedBatch): The edited documents, at least one.
    vectors (List[Floats2d]): Their vectors.
    """

    docs: list[Doc]
    clean: Batch
    edited: EditedBatch
    vectors: Batch

    def list_clean(self, indices: Array) -> Sources:
        """List some of the clean documents, by their indices."""
        numbers = indices.tolist()
        return Sources([self.docs[i] for i in numbers], [self.clean[i] for i in numbers])


def can_be_consistent(component: Any) -> bool:
    """Tell whether a component's scores can be compared between clean and edited text."""
    return isinstance(component, (TextCategorizer, SpanCategorizer))


def find_stages(nlp: Language, name: str, pipes: Literal["*"] | list[str]) -> list[Stage]:
    """Find the components behind one whose scores can become consistent, stage by stage.

    nlp (Language): The pipeline.
    name (str): The component whose vectors the first stage reads.
    pipes (Union[str, List[str]]): The components that may learn, "*" for all. Those
        that [training.frozen_components] keeps as they are never do.
    RETURNS (List[Stage]): The stages, the first one at least.
    """
    frozen = list_frozen(nlp.config)
    stages = [Stage(None, [])]
    for other, component in list_readers(nlp, name):
        if other in nlp.disabled:
            continue
        if isinstance(component, Diffuser):
            stages.append(Stage(component, []))
        elif can_be_consistent(component) and other not in frozen:
            listeners = list(walk_listeners(component))
            if listeners and (pipes == "*" or other in pipes):
                stages[-1].heads.append(Head(component, Listening(listeners)))
    return stages


def list_heads(stages: list[Stage]) -> Iterator[Head]:
    """List the components of all stages that learn to be consistent."""
    for stage in stages:
        yield from stage.heads


def learn_scores(
    stages: list[Stage], batch: ScoredBatch, weights: ScoreWeights
) -> tuple[float, Batch]:
    """Compute the losses on scores, and backpropagate them through the components that score.

    stages (List[Stage]): The stages, at least one.
    batch (ScoredBatch): The batch, with the vectors of the first stage.
    weights (ScoreWeights): The weights of the losses.
    RETURNS (Tuple[float, List[Floats2d]]): The sum of the losses, times their weights, and its
        gradient for the vectors of the edited texts. The gradients of components and
        diffusions are added to.
    """
    stage, *later = stages
    total, gradient = 0.0, [0 * X for X in batch.vectors]
    for head in stage.heads:
        loss, d_vectors = _learn_head(head, batch, weights)
        total, gradient = total + loss, add(gradient, d_vectors)
    if any(list_heads(later)):
        diffuser = later[0].diffuser
        assert diffuser is not None
        clean, _ = diffuser.diffuse(batch.docs, batch.clean, is_train=False)
        vectors, backprop = diffuser.diffuse(batch.edited.docs, batch.vectors, is_train=True)
        diffused = batch._replace(clean=clean, vectors=vectors)
        loss, d_vectors = learn_scores(later, diffused, weights)
        total, gradient = total + loss, add(gradient, backprop(d_vectors))
    return total, gradient


class Scored(NamedTuple):
    """What a component makes of edited texts, or of the spans in them.

    truths (Optional[Floats2d]): The scores of the clean ones, if they were asked for.
    scores (Floats2d): The scores, one row for each text or span.
    backprop (Callable): Takes their gradient.
    predicted (Any): What the component's own loss compares with annotation.
    """

    truths: Floats2d | None
    scores: Floats2d
    backprop: Callable
    predicted: Any


def _learn_head(head: Head, batch: ScoredBatch, weights: ScoreWeights) -> tuple[float, Batch]:
    d_vectors = [0 * X for X in batch.vectors]

    def take(gradient: Batch) -> Batch:
        for total, part in zip(d_vectors, gradient, strict=True):
            total += part
        return []

    score = _score_spans if isinstance(head.component, SpanCategorizer) else _score_texts
    with head.inlet.lend():
        scored = score(head, batch, take, with_clean=weights.consistency > 0)
    if not len(scored.scores):
        return 0.0, d_vectors
    loss, d_scores = 0.0, 0 * scored.scores
    for weight, (term, gradient) in _list_terms(head, batch, scored, weights):
        loss, d_scores = loss + weight * term, d_scores + weight * gradient
    scored.backprop(d_scores)
    return loss, d_vectors


def _list_terms(
    head: Head, batch: ScoredBatch, scored: Scored, weights: ScoreWeights
) -> Iterator[tuple[float, tuple[float, Floats2d]]]:
    """List the losses on scores, each with its weight and its gradient."""
    if scored.truths is not None:
        loss = scores_loss(scored.truths, scored.scores, is_logistic=head.is_logistic)
        yield weights.consistency, loss
    if weights.supervision:
        loss = head.component.get_loss(batch.edited.examples, scored.predicted)
        yield weights.supervision, loss


def _score_texts(head: Head, batch: ScoredBatch, take: Backprop, *, with_clean: bool) -> Scored:
    """Score each edited text, and the clean one that it comes from."""
    truths, copies = None, batch.edited.docs
    if with_clean:
        indices, places = numpy.unique(batch.edited.sources, return_inverse=True)
        clean = batch.list_clean(indices)
        scores, _ = head.begin_update(clean.docs, clean.docs, clean.vectors, take)
        truths = scores[places]
    scores, backprop = head.begin_update(copies, copies, batch.vectors, take)
    return Scored(truths, scores, backprop, scores)


def _score_spans(head: Head, batch: ScoredBatch, take: Backprop, *, with_clean: bool) -> Scored:
    """Score each candidate of a clean text that an edited one still has, in both."""
    edited, ops = batch.edited, head.component.model.ops
    docs, clean = batch.list_clean(edited.sources)
    candidates = head.component.suggester(docs, ops=ops)
    pairs = [
        _follow(ops.to_numpy(candidates[i].dataXd), len(doc), alignment)
        for i, (doc, alignment) in enumerate(zip(docs, edited.alignments, strict=True))
    ]
    before, after = (_make_ragged(ops, spans) for spans in zip(*pairs, strict=True))
    if not len(before.dataXd):
        nothing = ops.alloc2f(0, 1)
        return Scored(nothing, nothing, lambda d_scores: None, (after, nothing))
    truths, copies = None, edited.docs
    if with_clean:
        truths, _ = head.begin_update((docs, before), docs, clean, take)
    scores, backprop = head.begin_update((copies, after), copies, batch.vectors, take)
    return Scored(truths, scores, backprop, (after, scores))


def _follow(spans: Array, length: int, alignment: Array) -> tuple[Array, Array]:
    left, moved = follow_spans(spans.reshape(-1, 2), length, alignment)
    return spans.reshape(-1, 2)[left], moved


def _make_ragged(ops: Ops, spans: Sequence[Array]) -> Ragged:
    data: Array = numpy.concatenate(spans).astype("int32")
    return Ragged(ops.asarray2i(data), ops.asarray1i([len(each) for each in spans]))
