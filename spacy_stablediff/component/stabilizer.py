"""The component `stabilizer`: trains for stability, and does nothing in prediction."""

import warnings
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any

import numpy
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example, validate_examples, validate_get_examples
from thinc.api import Ops, Optimizer
from thinc.types import Floats2d

from ..checks import is_number
from ..edits.batch import EditedBatch, edit_batch
from ..edits.forgetting import forget_new_words
from ..edits.share import check_share
from ..errors import Errors, Warnings
from ..recommended import STABILIZER
from ..training.vectors import vectors_loss
from ..types import Augmenter, Batch
from ..wiring.config import list_frozen
from ..wiring.links import find_link
from ..wiring.path import enabled, find_path_to, list_later
from .heads import ScoredBatch, ScoreWeights, learn_scores, list_heads
from .pipeline import PipelineRef
from .places import EmbeddedBatch, Pipes, Place, find_places, list_owners, list_shared
from .relay import add
from .transformer_places import find_transformer_places, list_links

Weight = float | Iterator[float]


@Language.factory("stabilizer", default_config={"pipes": "*", **STABILIZER})
def make_stabilizer(
    nlp: Language,
    name: str,
    pipes: Pipes,
    weight: Any,
    contrast: Any,
    consistency: Any,
    supervision: Any,
    augmenter: Augmenter,
    share: Any,
) -> "Stabilizer":
    """Create a `stabilizer` component.

    nlp (Language): The pipeline.
    name (str): The component's name in it.
    pipes (Union[str, List[str]]): "*" to train the vectors of the embedding that the
        component follows and of each component after it that embeds for itself or listens
        to a transformer before it, and the scores of every text and span classifier after
        it; or the names of some of these components, and of any that embed for themselves.
        The name of a transformer stands for the vectors of all that listen to it.
    weight (Union[float, Iterator[float]]): Weight >= 0 of the loss on vectors, or a
        schedule of it, from which each update takes the next value.
    contrast (float): Weight >= 0, within that loss, of telling tokens apart.
    consistency (float): Weight >= 0 of the loss on the scores of text and span
        classifiers, relative to their own: how far those of edited texts are from those of
        the clean ones.
    supervision (float): The same, how far they are from the annotation.
    augmenter (Callable[[Language, Example], Iterator[Example]]): Makes the edits.
    share (float): The probability, above 0 and up to 1, with which each text of a batch is
        edited. A step takes the less time the fewer they are.
    RETURNS (Stabilizer): The component.
    RAISES (ValueError): SD024 if a weight is negative or not a number, SD077 if the share
        isn't one.
    """
    component = Stabilizer(
        name,
        pipes=pipes,
        weight=weight,
        contrast=contrast,
        consistency=consistency,
        supervision=supervision,
        augmenter=augmenter,
        share=share,
    )
    component.pipeline.set(nlp)
    return component


class Stabilizer:
    """Train the vectors at its place, and the scores behind it, to be steady under edits.

    In training each batch is edited, and the edited copies are embedded as the batch
    was: by the shared embedding, up to the component's place, by each component that
    embeds for itself, and by a transformer for its listeners. The losses compare both, and
    their gradients go into both.
    Among listeners the component is a relay that hands on the vectors as they are. In
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
        share: float,
        supervision: float = STABILIZER["supervision"],
    ) -> None:
        """Initialize a stabilizer component. Arguments as in `make_stabilizer`."""
        self.name = name
        self.pipes = pipes
        self.schedule: Iterator[float] | None = None
        self.lost_schedule = False
        if isinstance(weight, Iterator):
            # A copy has the first weight, also if it is made before the first update.
            first = next(weight)
            self.schedule, weight = chain([first], weight), first
        self.weight = self._check("weight", weight)
        self.contrast = self._check("contrast", contrast)
        self.consistency = self._check("consistency", consistency)
        self.supervision = self._check("supervision", supervision)
        self.augmenter = augmenter
        self.share = check_share(name, share)
        self.pipeline = PipelineRef()
        self._gone: list[str] = []

    def __getstate__(self) -> dict[str, Any]:
        """Copy and pickle without the schedule, a generator: the weight stays where it is."""
        lost = self.lost_schedule or self.schedule is not None
        return {**self.__dict__, "schedule": None, "lost_schedule": lost}

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
        RAISES (ValueError): SD011 without the pipeline, SD025 where there is nothing that
            it could train, SD034 where `pipes` names components that it can't train, SD071
            where it doesn't stand between them and their transformer.
        """
        validate_get_examples(get_examples, "Stabilizer.initialize")
        nlp = self.pipeline.begin(self, nlp)
        with enabled(nlp):
            self._check_pipes(nlp)
            self._warn_of_frozen(nlp)
            places = self._list_places(nlp)
            heads = [head for place in places for head in list_heads(place.find_stages())]
        learns_vectors = (self.weight or self.schedule) and any(p.trains_vectors for p in places)
        if not (learns_vectors or (any(self.score_weights) and heads)):
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

        The gradients add to those of the components that are trained. They take one
        step, as ever, with the optimizer of `nlp.update`.

        examples (Iterable[Example]): A batch of Example objects.
        drop (float): The dropout rate. Shared embeddings keep the one that they have set.
        sgd (Optional[Optimizer]): The optimizer, for which there are no parameters.
        losses (Optional[Dict[str, float]]): Losses so far, by component name.
        RETURNS (Dict[str, float]): The losses, with an entry for this component.
        RAISES (ValueError): SD024 if its schedule gives a weight that is none, SD026 where the
            pipeline isn't known, SD025 where there is nothing that it could train, SD072 where
            a frozen transformer hands nothing on.
        """
        losses = {} if losses is None else losses
        losses.setdefault(self.name, 0.0)
        validate_examples(examples, "Stabilizer.update")
        weight = self.next_weight()
        if weight or any(self.score_weights):
            batch = list(examples)
            nlp = self.pipeline.require(self, batch)
            with forget_new_words(nlp.vocab):
                losses[self.name] += self._learn(nlp, batch, weight, drop, losses)
        return losses

    @property
    def score_weights(self) -> ScoreWeights:
        """The weights of the losses on scores."""
        return ScoreWeights(self.consistency, self.supervision)

    def next_weight(self) -> float:
        """Return the weight of the loss on vectors for the next update."""
        if self.schedule is not None:
            self.weight = self._check("weight", next(self.schedule))
        elif self.lost_schedule:
            self.lost_schedule = False  # said once
            message = Warnings.SDW18.format(name=self.name, weight=self.weight)
            warnings.warn(message, stacklevel=3)
        return self.weight

    def _learn(
        self,
        nlp: Language,
        examples: list[Example],
        weight: float,
        drop: float,
        losses: dict[str, float],
    ) -> float:
        """Backpropagate the losses of a batch, and return their sum."""
        places = self._find_places(nlp)
        edited = edit_batch(nlp, self.augmenter, examples, self.share)
        if not any(doc.text.strip() for doc in edited.docs):
            return 0.0
        docs, loss = [eg.predicted for eg in examples], 0.0
        for place in places:
            embedded = place.embed(docs, edited.docs, drop=drop, losses=losses)
            loss += self._learn_at(place, docs, edited, embedded, weight)
        return loss

    def _learn_at(
        self,
        place: Place,
        docs: list[Doc],
        edited: EditedBatch,
        embedded: EmbeddedBatch,
        weight: float,
    ) -> float:
        """Backpropagate the losses of a batch at a place, and return their sum."""
        weight = weight if place.trains_vectors else 0.0
        loss, d_clean, d_edited = self._compare(place.ops, edited, embedded, weight)
        if any(self.score_weights):
            batch = ScoredBatch(docs, embedded.clean, edited, embedded.edited)
            loss_on_scores, d_scores = learn_scores(place.find_stages(), batch, self.score_weights)
            loss, d_edited = loss + loss_on_scores, add(d_edited, d_scores)
        embedded.backprop(d_clean, d_edited)
        return loss

    def _compare(
        self, ops: Ops, edited: EditedBatch, embedded: EmbeddedBatch, weight: float
    ) -> tuple[float, Batch, Batch]:
        """The loss on vectors, and its gradients for those of the clean and edited texts."""
        clean, vectors = embedded.clean, embedded.edited
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

    def _find_places(self, nlp: Language) -> list[Place]:
        """Find the places to train. Only where all is frozen there may be none."""
        places = self._list_places(nlp)
        if not places:
            self._check_pipes(nlp)
        self._warn_of_gone(nlp)
        return places

    def _list_places(self, nlp: Language) -> list[Place]:
        behind_transformers = find_transformer_places(nlp, self.name, self.pipes)
        return [*find_places(nlp, self.name, self.pipes), *behind_transformers]

    def _check_pipes(self, nlp: Language) -> None:
        """Raise SD025 if there is nothing to train, SD034 or SD071 if `pipes` names what can't be."""
        path, owners = find_path_to(nlp, self.name), list_owners(nlp)
        links = list_links(nlp, self.name)
        later = [name for name, _ in list_later(nlp, self.name)]
        if self.pipes == "*":
            if path is None and not links and not set(owners) & set(later):
                opts = ", ".join(nlp.component_names)
                raise ValueError(Errors.SD025.format(name=self.name, opts=opts))
            return
        transformers = dict.fromkeys(link.transformer.name for link in links.values())
        trained = [*list_shared(nlp, self.name, path), *transformers, *links, *owners]
        for pipe in self.pipes:
            if pipe not in trained:
                self._check_place(nlp, pipe)
                details = {"pipe": pipe, "opts": ", ".join(trained) or "none"}
                raise ValueError(Errors.SD034.format(name=self.name, **details))

    def _check_place(self, nlp: Language, pipe: str) -> None:
        """Raise SD071 if a component could be trained from another place."""
        link = find_link(nlp, pipe) if pipe in nlp.component_names else None
        if link is not None:
            details = {"pipe": pipe, "transformer": link.transformer.name}
            opts = ", ".join(nlp.component_names)
            raise ValueError(Errors.SD071.format(name=self.name, opts=opts, **details))

    def _warn_of_frozen(self, nlp: Language) -> None:
        """Say of components that `pipes` names that they are frozen, and so left out."""
        could = {*list_owners(nlp), *list_links(nlp, self.name)}
        frozen = set(list_frozen(nlp.config)) & could
        listed = ", ".join(f"'{pipe}'" for pipe in self.pipes if pipe in frozen)
        if listed:
            warnings.warn(Warnings.SDW10.format(name=self.name, pipes=listed), stacklevel=3)

    def _warn_of_gone(self, nlp: Language) -> None:
        """Say once of components that `pipes` names that they were renamed or removed."""
        named = [] if self.pipes == "*" else self.pipes
        gone = [f"'{pipe}'" for pipe in named if pipe not in nlp.component_names]
        if gone != self._gone:
            self._gone = gone
            if gone:
                message = Warnings.SDW19.format(name=self.name, pipes=", ".join(gone))
                warnings.warn(message, stacklevel=5)

    def _check(self, setting: str, value: Any) -> float:
        """Return a weight as a float, or raise SD024."""
        if not is_number(value, least=0):
            owner = f"Component '{self.name}'"
            raise ValueError(Errors.SD024.format(owner=owner, setting=setting, value=value))
        return float(value)


def _split_like(ops: Ops, X: Floats2d, batch: Batch) -> Batch:
    return ops.unflatten(X, ops.asarray1i([x.shape[0] for x in batch]))
