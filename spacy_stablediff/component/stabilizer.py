"""The component `stabilizer`: trains for stability, and does nothing in prediction."""

import warnings
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, Literal

import numpy
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example, validate_examples, validate_get_examples
from thinc.api import Ops, Optimizer
from thinc.types import Floats2d

from ..checks import is_number
from ..edits.batch import EditedBatch, edit_batch
from ..errors import Errors, Warnings
from ..recommended import STABILIZER
from ..training.vectors import vectors_loss
from ..types import Augmenter, Backprop, Batch
from ..wiring.model import (
    Path,
    find_path_to,
    get_batch_id,
    list_readers,
    walk_listeners,
    walk_nodes,
)
from .heads import find_stages, learn_scores, list_heads
from .pipeline import PipelineRef
from .relay import Supply, add, keep, take
from .sources import has_tensors, tensor_vectors

Pipes = Literal["*"] | list[str]
Weight = float | Iterator[float]


@Language.factory("stabilizer", default_config={"pipes": "*", **STABILIZER})
def make_stabilizer(
    nlp: Language,
    name: str,
    pipes: Pipes,
    weight: Any,
    contrast: Any,
    consistency: Any,
    augmenter: Augmenter,
) -> "Stabilizer":
    """Create a `stabilizer` component.

    nlp (Language): The pipeline.
    name (str): The component's name in it.
    pipes (Union[str, List[str]]): "*" to train the vectors of the embedding that the
        component follows, and the scores of every text classifier after it; or the names
        of some of these components.
    weight (Union[float, Iterator[float]]): Weight >= 0 of the loss on vectors, or a
        schedule of it, from which each update takes the next value.
    contrast (float): Weight >= 0, within that loss, of telling tokens apart.
    consistency (float): Weight >= 0 of the loss on the scores of text classifiers,
        relative to their own.
    augmenter (Callable[[Language, Example], Iterator[Example]]): Makes the edits.
    RETURNS (Stabilizer): The component.
    RAISES (ValueError): SD024 if a weight is negative or not a number.
    """
    component = Stabilizer(
        name,
        pipes=pipes,
        weight=weight,
        contrast=contrast,
        consistency=consistency,
        augmenter=augmenter,
    )
    component.pipeline.set(nlp)
    return component


class Stabilizer:
    """Train the vectors at its place, and the scores behind it, to be steady under edits.

    In training each batch is edited, and the edited copies are embedded as the batch
    was, up to the component's place. The losses compare both, and their gradients go
    into both. The component is a relay that hands on the vectors as they are. In
    prediction it does nothing, and may be left out of a trained pipeline.
    """

    is_trainable = True  # so that spaCy logs its loss
    model = None  # it has no parameters

    def __init__(
        self,
        name: str,
        *,
        pipes: Pipes,
        weight: Weight,
        contrast: float,
        consistency: float,
        augmenter: Augmenter,
    ) -> None:
        """Initialize a stabilizer component. Arguments as in `make_stabilizer`."""
        self.name = name
        self.pipes = pipes
        self.schedule = weight if isinstance(weight, Iterator) else None
        self.weight = 0.0 if self.schedule else self._check("weight", weight)
        self.contrast = self._check("contrast", contrast)
        self.consistency = self._check("consistency", consistency)
        self.augmenter = augmenter
        self.pipeline = PipelineRef()

    def __getstate__(self) -> dict[str, Any]:
        """Copy and pickle without the schedule, a generator: the weight stays where it is."""
        return {**self.__dict__, "schedule": None}

    def __call__(self, doc: Doc) -> Doc:
        """Leave a document as it is.

        doc (Doc): The document.
        RETURNS (Doc): The same.
        """
        return doc

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = 128) -> Iterator[Doc]:
        """Leave documents as they are.

        stream (Iterable[Doc]): The documents.
        batch_size (int): Has no effect.
        YIELDS (Doc): The same.
        """
        yield from stream

    def initialize(
        self, get_examples: Callable[[], Iterable[Example]], *, nlp: Language | None = None
    ) -> None:
        """Check that the component can train here.

        get_examples (Callable[[], Iterable[Example]]): Returns a representative
            sample of Example objects.
        nlp (Language): The pipeline.
        RAISES (ValueError): SD011 without the pipeline, SD025 where it follows no shared
            embedding, SD027 where a diffusion on the way needs sentence boundaries,
            SD034 where `pipes` names components that it can't train.
        """
        validate_get_examples(get_examples, "Stabilizer.initialize")
        if nlp is None:
            raise ValueError(Errors.SD011.format(name=self.name))
        self.pipeline.set(nlp)
        path = self._find_path(nlp)
        self._check_pipes(nlp, path)
        stages = find_stages(nlp, self.name, self.pipes)
        later = [s.diffuser for i, s in enumerate(stages) if any(list_heads(stages[i:]))]
        heads = [head.classifier for head in list_heads(stages)]
        for component in [path.embedding, *path.diffusers, *later, *heads]:
            if _needs_sentences(component):
                raise ValueError(Errors.SD027.format(name=self.name, other=component.name))
        learns_vectors = (self.weight or self.schedule) and self._trains_vectors(path)
        learns_scores = self.consistency and any(list_heads(stages))
        if not (learns_vectors or learns_scores):
            warnings.warn(Warnings.SDW06.format(name=self.name), stacklevel=2)

    def update(
        self,
        examples: Iterable[Example],
        *,
        drop: float = 0.0,
        sgd: Optimizer | None = None,
        losses: dict[str, float] | None = None,
    ) -> dict[str, float]:
        """Add the losses of a batch, and backpropagate them.

        The gradient for the edited texts goes back at once, that for the clean ones
        with the gradient of the listeners that take the vectors.

        examples (Iterable[Example]): A batch of Example objects.
        drop (float): The dropout rate, which the components that are run have set.
        sgd (Optional[Optimizer]): The optimizer, for which there are no parameters.
        losses (Optional[Dict[str, float]]): Losses so far, by component name.
        RETURNS (Dict[str, float]): The losses, with an entry for this component.
        RAISES (ValueError): SD026 where the pipeline isn't known, SD025 where the
            component follows no shared embedding.
        """
        losses = {} if losses is None else losses
        losses.setdefault(self.name, 0.0)
        validate_examples(examples, "Stabilizer.update")
        weight = self.next_weight()
        if weight or self.consistency:
            nlp = self.pipeline.require(self)
            losses[self.name] += self._learn(nlp, list(examples), weight, losses)
        return losses

    def next_weight(self) -> float:
        """Return the weight of the loss on vectors for the next update."""
        if self.schedule is not None:
            self.weight = float(next(self.schedule))
        return self.weight

    def _learn(
        self, nlp: Language, examples: list[Example], weight: float, losses: dict[str, float]
    ) -> float:
        """Backpropagate the losses of a batch, and return their sum."""
        edited = edit_batch(nlp, self.augmenter, examples)
        if not edited.docs:
            return 0.0
        path, docs = self._find_path(nlp), [eg.predicted for eg in examples]
        batch_id, backprop_clean = get_batch_id(docs), None
        supply = self._take(nlp, path, docs, batch_id)
        if supply is not None:
            clean, learn = supply.vectors, supply.fed_by is None
        else:
            # A frozen embedding has no loss.
            learn = path.embedding is not None and path.embedding.name in losses
            clean, backprop_clean = _embed(path, docs, learn=learn)
        vectors, backprop = _embed(path, edited.docs, learn=learn)
        weight = weight if self._trains_vectors(path) else 0.0
        loss, d_clean, d_vectors = self._compare(path.ops, clean, edited, vectors, weight)
        if self.consistency:
            stages = find_stages(nlp, self.name, self.pipes)
            batch = docs, clean, edited, vectors
            loss_on_scores, d_scores = learn_scores(stages, *batch, self.consistency)
            loss, d_vectors = loss + loss_on_scores, add(d_vectors, d_scores)
        backprop(d_vectors)
        if backprop_clean is not None:
            backprop_clean(d_clean)
        elif supply is not None and supply.fed_by != self.name:
            through_last = partial(add, d_clean)
            supply.hand_on(batch_id, clean, keep, through_last=through_last)
        return loss

    def _take(self, nlp: Language, path: Path, docs: list[Doc], batch_id: int) -> Supply | None:
        """Find the vectors at the component's place: those that its embedding handed on."""
        readers = [proc for name, proc in list_readers(nlp, self.name) if name not in nlp.disabled]
        listeners = [listener for reader in readers for listener in walk_listeners(reader)]

        def feed() -> Batch | None:
            if path.embedding is None or not has_tensors(docs):
                return None
            names = {"name": self.name, "upstream": path.embedding.name}
            return tensor_vectors(docs, ops=path.ops, **names)

        supplies = take(listeners, batch_id, self.name, feed)
        linked = getattr(path.embedding, "listeners", [])
        ours = (s for s in supplies if any(listener in linked for listener, _ in s.takers))
        return next(ours, next(iter(supplies), None))

    def _compare(
        self, ops: Ops, clean: Batch, edited: EditedBatch, vectors: Batch, weight: float
    ) -> tuple[float, Batch, Batch]:
        """The loss on vectors, and its gradients for those of the clean and edited texts."""
        if not weight:
            return 0.0, [0 * X for X in clean], [0 * X for X in vectors]
        loss, d_clean, d_edited = vectors_loss(
            ops,
            ops.flatten(clean),
            ops.flatten(vectors),
            numpy.asarray([len(x) for x in clean]),
            edited.clean_rows,
            edited.rows,
            self.contrast,
        )
        return (
            weight * loss,
            _split_like(ops, weight * d_clean, clean),
            _split_like(ops, weight * d_edited, vectors),
        )

    def _find_path(self, nlp: Language) -> Path:
        """Find how vectors come to the component's place, or raise SD025."""
        path = find_path_to(nlp, self.name)
        if path is None:
            opts = ", ".join(nlp.component_names)
            raise ValueError(Errors.SD025.format(name=self.name, opts=opts))
        return path

    def _trains_vectors(self, path: Path) -> bool:
        """Tell whether `pipes` lets the embedding be trained."""
        named = path.embedding is not None and path.embedding.name in self.pipes
        return self.pipes == "*" or named

    def _check_pipes(self, nlp: Language, path: Path) -> None:
        """Raise SD034 if `pipes` names a component that it can't train."""
        readers = [name for name, proc in list_readers(nlp, self.name) if any(walk_listeners(proc))]
        trained = [*([] if path.embedding is None else [path.embedding.name]), *readers]
        for pipe in [] if self.pipes == "*" else self.pipes:
            if pipe not in trained:
                details = {"pipe": pipe, "opts": ", ".join(trained)}
                raise ValueError(Errors.SD034.format(name=self.name, **details))

    def _check(self, setting: str, value: Any) -> float:
        """Return a weight as a float, or raise SD024."""
        if not is_number(value, least=0):
            owner = f"Component '{self.name}'"
            raise ValueError(Errors.SD024.format(owner=owner, setting=setting, value=value))
        return float(value)


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


def _needs_sentences(component: Any) -> bool:
    """Tell whether a component diffuses within sentences, for others or for itself."""
    stops = [node.attrs.get("boundaries") for node in walk_nodes(component)]
    return "sentence" in [getattr(component, "boundaries", None), *stops]


def _split_like(ops: Ops, X: Floats2d, batch: Batch) -> Batch:
    return ops.unflatten(X, ops.asarray1i([x.shape[0] for x in batch]))
