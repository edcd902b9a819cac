"""Stability training of a `stablediff` component: its losses, and where their gradients go."""

import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy
from spacy.language import Language
from spacy.pipeline.tok2vec import Tok2Vec
from spacy.tokens import Doc
from spacy.training import Example
from thinc.api import Ops
from thinc.types import Floats2d

from .errors import Errors, Warnings
from .layers.common import Batch
from .replace import find_path
from .stability.consistency import consistency_loss, find_heads
from .stability.objective import EditedBatch, stability_loss


class StabilityTraining(NamedTuple):
    """Stability training in one update of a component.

    component (StableDiff): The component.
    nlp (Language): Its pipeline.
    weight (float): Weight of the loss on vectors in this update.
    examples (List[Example]): The batch.
    losses (Dict[str, float]): The losses so far, by component name.
    """

    component: Any
    nlp: Language
    weight: float
    examples: list[Example]
    losses: dict[str, float]

    def stabilise(self, clean: Batch, readers: list[Any], *, learn: bool) -> Batch | None:
        """Add the losses of the batch, and backpropagate them through the edited texts.

        clean (List[Floats2d]): The diffused vectors of the clean texts.
        readers (List[Pipe]): The components that read them.
        learn (bool): Whether the embedding learns, and not only the diffusion.
        RETURNS (Optional[List[Floats2d]]): The gradient for the clean texts.
        """
        objective = self.component.stability
        edited = objective.edit(self.nlp, self.examples)
        if not edited.docs:
            return None
        vectors, backprop = self._embed(edited.docs, learn=learn)
        d_clean, d_vectors = self._compare(clean, edited, vectors)
        docs = [eg.predicted for eg in self.examples]
        for head in find_heads(self.nlp, readers) if objective.consistency else []:
            args = docs, clean, edited, vectors, objective.consistency
            loss, d_head = consistency_loss(head, *args)
            self.losses[self.component.name] += loss
            d_vectors = [a + b for a, b in zip(d_vectors, d_head, strict=True)]
        backprop(d_vectors)
        return d_clean

    def stabilise_alone(self) -> None:
        """Train where no listener takes vectors. A frozen upstream has no loss."""
        component = self.component
        learn = component.source == "tensor" and component.upstream in self.losses
        clean, backprop = self._embed([eg.predicted for eg in self.examples], learn=learn)
        d_clean = self.stabilise(clean, [], learn=learn)
        if d_clean is not None:
            backprop(d_clean)

    def _compare(self, clean: Batch, edited: EditedBatch, vectors: Batch) -> tuple[Batch, Batch]:
        """Add the loss on vectors; the gradients for those of the clean and edited texts."""
        if not self.weight:
            return [0 * X for X in clean], [0 * X for X in vectors]
        ops = self.component.model.ops
        loss, d_clean, d_edited = stability_loss(
            ops,
            ops.flatten(clean),
            ops.flatten(vectors),
            numpy.asarray([len(x) for x in clean]),
            edited.clean_rows,
            edited.rows,
            self.component.stability.contrast,
        )
        self.losses[self.component.name] += self.weight * loss
        return (
            _split_like(ops, self.weight * d_clean, clean),
            _split_like(ops, self.weight * d_edited, vectors),
        )

    def _embed(self, docs: list[Doc], *, learn: bool) -> tuple[Batch, Callable]:
        """Embed and diffuse documents as the pipeline would up to the component; the
        callback backpropagates into the embedding if it is to learn."""
        component = self.component
        if component.source == "vectors":
            vectors, diffusions, callbacks = component.get_vectors(docs), [component], []
        else:
            upstream, diffusions = find_path(self.nlp, component)
            vectors, backprop_upstream = upstream.model(docs, is_train=learn)
            callbacks = [backprop_upstream] if learn else []
        for proc in diffusions:
            vectors, backprop_diffusion = proc.diffuse(docs, vectors, is_train=True)
            callbacks.append(backprop_diffusion)

        def backprop(d_vectors: Batch) -> None:
            for callback in reversed(callbacks):
                d_vectors = callback(d_vectors)

        return vectors, backprop


def begin_stability(
    component: Any, examples: list[Example], losses: dict[str, float]
) -> StabilityTraining | None:
    """Begin stability training in an update, unless the component has none.

    component (StableDiff): The component.
    examples (List[Example]): The batch.
    losses (Dict[str, float]): The losses so far, by component name.
    RETURNS (Optional[StabilityTraining]): What is needed in this update.
    RAISES (ValueError): SD026 where the pipeline isn't known.
    """
    objective = component.stability
    weight = objective.next_weight() if objective else 0.0
    if not weight and not (objective and objective.consistency):
        return None
    return StabilityTraining(component, component.require_pipeline(), weight, examples, losses)


def check_stability(component: Any, nlp: Language, readers: list[Any]) -> None:
    """Raise SD025 or SD027 where stability training is asked for and can't work, and
    warn (SDW06) where no text classifier is there to learn consistency.

    component (StableDiff): The component.
    nlp (Language): The pipeline.
    readers (List[Pipe]): Components that read the component's vectors.
    """
    objective = component.stability
    if not objective or not objective.is_on:
        return
    if component.boundaries == "sentence":
        raise ValueError(Errors.SD027.format(name=component.name))
    if component.source == "tensor":
        upstream = find_path(nlp, component)[0]
        if not isinstance(upstream, Tok2Vec) or isinstance(upstream, type(component)):
            raise ValueError(Errors.SD025.format(name=component.name, upstream=component.upstream))
    if objective.consistency and not find_heads(nlp, readers):
        details = {"name": component.name, "value": objective.consistency}
        warnings.warn(Warnings.SDW06.format(**details), stacklevel=3)


def _split_like(ops: Ops, X: Floats2d, batch: Batch) -> Batch:
    return ops.unflatten(X, ops.asarray1i([x.shape[0] for x in batch]))
