"""The component `stablediff`: diffuses doc.tensor for every component after it."""

import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import takewhile
from typing import Any, cast

from spacy.language import Language
from spacy.pipeline.tok2vec import Tok2Vec, Tok2VecListener
from spacy.tokens import Doc
from spacy.training import Example, validate_examples, validate_get_examples
from spacy.vocab import Vocab
from thinc.api import Model, Optimizer

from .attachment import PipelineRef, embeds_for_itself
from .errors import Errors, VectorsError, Warnings
from .hooks import set_hooks
from .known_words import count_words
from .layers.common import Batch, Diffusion
from .nodes import walk_listeners
from .replace import enable_replace_listeners, find_path
from .sources import has_tensors, static_vectors, tensor_vectors
from .stabilise import begin_stability, check_stability
from .stability.objective import StabilityObjective
from .tok2vec import check_boundaries, check_choice, diffuse, initialize_diffusion

DEFAULT_MODEL = {
    "@architectures": "spacy-stablediff.ImplicitDiffusion.v1",
    "time": 0.5,
    "radius": 2,
    "learn_time": True,
    "learn_confidence": True,
}
DEFAULT_STABILITY = {
    "weight": 0.0,
    "contrast": 30.0,
    "consistency": 0.0,
    "augmenter": {"@augmenters": "spacy-stablediff.edits.v1"},
}
SOURCES = ("tensor", "vectors")


class DiffusedBatch(list):
    """Vectors that a listener got from a `stablediff` component in training.

    `fed_by` names the component that took them from the documents, because no
    embedding handed any to the listener; it is None where one did.
    """

    def __init__(self, vectors: Batch, fed_by: str | None):
        super().__init__(vectors)
        self.fed_by = fed_by


@dataclass
class Supply:
    """Vectors that listeners share, each with the callback that takes its gradient."""

    vectors: Batch
    fed_by: str | None
    takers: list[tuple[Any, Callable]] = field(default_factory=list)


@Language.factory(
    "stablediff",
    assigns=["doc.tensor"],
    requires=["doc.tensor"],
    default_config={
        "model": DEFAULT_MODEL,
        "upstream": "tok2vec",
        "source": "tensor",
        "boundaries": "doc",
        "hooks": False,
        "stability": DEFAULT_STABILITY,
        "scorer": None,
    },
)
def make_stablediff(
    nlp: Language,
    name: str,
    model: Diffusion,
    upstream: str,
    source: str,
    boundaries: str,
    hooks: bool,
    stability: dict[str, Any],
    scorer: Callable | None,
) -> "StableDiff":
    """Create a `stablediff` component.

    nlp (Language): The pipeline.
    name (str): The component's name in it.
    model (Model[List[Floats2d], List[Floats2d]]): The diffusion layer.
    upstream (str): The name of the component whose vectors are diffused.
    source (str): "tensor" to diffuse doc.tensor, "vectors" to diffuse the vocab's
        static vectors of the document's tokens.
    boundaries (str): "doc", or "sentence" to stop at sentence boundaries, which an
        earlier component must have set.
    hooks (bool): Whether vectors and similarity of tokens, spans and documents
        answer from the diffused vectors. Hooks are lost where documents are
        serialized, which is also how they cross processes.
    stability (Dict[str, Any]): Stability training: its "weight", a number or a
        schedule, the "augmenter" that makes the edits, "contrast", the weight of
        telling tokens apart, and "consistency", the weight of a loss on the scores
        of text classifiers.
    scorer (Optional[Callable]): Scores the component in nlp.evaluate and in training,
        for example `spacy-stablediff.stability_scorer.v1`.
    RETURNS (StableDiff): The component.
    RAISES (ValueError): SD012 where `source` or `boundaries` has another value.
    """
    component = StableDiff(
        nlp.vocab,
        model,
        name,
        upstream=upstream,
        source=source,
        boundaries=boundaries,
        hooks=hooks,
        stability=StabilityObjective(name, **stability),
        scorer=scorer,
    )
    component.pipeline.set(nlp)
    return component


class StableDiff(Tok2Vec):
    """Diffuse the token vectors of each document before later components see them.

    In prediction it writes doc.tensor, which every Tok2VecListener reads. In
    training the embedding hands its vectors to the listeners directly, so this
    component takes them from each listener after it and hands them on diffused,
    with a backprop that goes through the diffusion first. Either way position
    decides: listeners after it get diffused vectors, those before it plain ones.
    """

    def __init__(
        self,
        vocab: Vocab,
        model: Diffusion,
        name: str = "stablediff",
        *,
        upstream: str = "tok2vec",
        source: str = "tensor",
        boundaries: str = "doc",
        hooks: bool = False,
        stability: StabilityObjective | None = None,
        scorer: Callable | None = None,
    ) -> None:
        """Initialize a stablediff component. Arguments as in `make_stablediff`."""
        super().__init__(vocab, model, name)
        check_choice(self._label, "source", source, SOURCES)
        check_boundaries(self._label, boundaries)
        self.upstream = upstream
        self.source = source
        self.boundaries = boundaries
        self.hooks = hooks
        self.stability = stability
        self.scorer = scorer
        self.pipeline = PipelineRef()
        self._warned: set[str] = set()
        self._seen: list[str] = []  # components, when it last looked who reads its vectors
        enable_replace_listeners(self)

    def find_listeners(self, component: Any) -> None:
        """Note every Tok2VecListener of a later component, whatever its upstream.

        component (Pipe): A component after this one.
        """
        for listener in walk_listeners(component):
            self.add_listener(listener, component.name)

    def predict(self, docs: Iterable[Doc]) -> Batch:
        """Diffuse the vectors of a batch of documents, without modifying them.

        docs (Iterable[Doc]): The documents, with doc.tensor set if that is the source.
        RETURNS (List[Floats2d]): Diffused vectors, shape (tokens, width) each.
        RAISES (ValueError): SD005, SD006 or SD014 where there are no vectors that fit
            the tokens, SD007 to SD009 where they can't be diffused, SD013 where
            sentence boundaries are missing.
        """
        self._warn_if_unread()
        self._warn_if_bypassed()
        docs = list(docs)
        return self.diffuse(docs, self.get_vectors(docs), is_train=False)[0]

    def set_annotations(self, docs: Sequence[Doc], tokvecses: Batch) -> None:
        """Write diffused vectors to doc.tensor, and set hooks where that is asked for.

        docs (Sequence[Doc]): The documents.
        tokvecses (List[Floats2d]): Their diffused vectors, as `predict` returned them.
        """
        super().set_annotations(docs, tokvecses)
        if self.hooks:
            for doc in docs:
                set_hooks(doc)

    def update(
        self,
        examples: Iterable[Example],
        *,
        drop: float = 0.0,
        sgd: Optimizer | None = None,
        losses: dict[str, float] | None = None,
    ) -> dict[str, float]:
        """Diffuse the vectors that the listeners after this component just received.

        The gradient comes back from the listeners: each one's backprop goes
        through the diffusion, then on to the embedding. A listener to which a
        frozen embedding hands nothing gets the vectors of the documents instead,
        diffused, so that it trains on what it will read. Listeners that hold
        vectors of an earlier batch, because their own embedding comes later, are
        left alone. Only the listener served last applies `sgd`.

        examples (Iterable[Example]): A batch of Example objects.
        drop (float): The dropout rate, which diffusion has no use for.
        sgd (Optional[Optimizer]): The optimizer.
        losses (Optional[Dict[str, float]]): Losses so far, by component name.
        RETURNS (Dict[str, float]): The losses, with an entry for this component.
        """
        losses = {} if losses is None else losses
        losses.setdefault(self.name, 0.0)
        validate_examples(examples, "StableDiff.update")
        examples = list(examples)
        self._link()
        docs = [eg.predicted for eg in examples]
        batch_id = Tok2VecListener.get_batch_id(docs)
        supplies = self._take_vectors(docs, batch_id)
        training = begin_stability(self, examples, losses)
        for supply in supplies:
            vectors, through_diffusion = self.diffuse(docs, supply.vectors, is_train=True)
            d_stability = None
            if training and supply is supplies[0]:
                readers, learn = self._get_next_readers(training.nlp), supply.fed_by is None
                d_stability = training.stabilise(vectors, readers, learn=learn)
            batch = DiffusedBatch(vectors, supply.fed_by)
            for listener, onward in supply.takers:
                last = listener is supply.takers[-1][0]
                backprop = _join_backprops(
                    through_diffusion,
                    onward,
                    d_stability if last else None,
                    finish=partial(self.finish_update, sgd) if sgd and last else None,
                )
                listener.receive(batch_id, batch, backprop)
        if training and not supplies:
            training.stabilise_alone()
        return losses

    def initialize(
        self, get_examples: Callable[[], Iterable[Example]], *, nlp: Language | None = None
    ) -> None:
        """Initialize the diffusion for the width of the vectors, and count the words of
        the examples for an embedding that is a `KnownWordsTok2Vec`.

        get_examples (Callable[[], Iterable[Example]]): Returns a representative
            sample of Example objects.
        nlp (Language): The pipeline, in which the upstream component is looked up.
        RAISES (ValueError): SD003, SD004 or SD011 where the upstream component
            can't be found before this one, SD010 where its width isn't known, SD014
            where static vectors are missing, SD015 where a listener after this
            component expects another width.
        """
        validate_get_examples(get_examples, "StableDiff.initialize")
        if nlp is None:
            raise ValueError(Errors.SD011.format(name=self.name, upstream=self.upstream))
        self.pipeline.set(nlp)
        check_stability(self, nlp, self._get_next_readers(nlp))
        width = self._get_width(nlp)
        for name, component in self._get_readers(nlp):
            for listener in walk_listeners(component):
                if width not in (None, listener.get_dim("nO")):
                    expected = listener.get_dim("nO")
                    details = {"listener": name, "width": width, "expected": expected}
                    raise ValueError(Errors.SD015.format(name=self.name, **details))
        with self._naming_errors():
            initialize_diffusion(self.model, width)
        if self.source == "tensor":
            count_words(find_path(nlp, self)[0], (eg.predicted for eg in get_examples()))
        self._warn_if_unread()

    def score(self, examples: Iterable[Example], **kwargs: Any) -> dict[str, Any]:
        """Score the component, if its setting `scorer` asks for it.

        examples (Iterable[Example]): The examples.
        RETURNS (Dict[str, Any]): The scores, none without a scorer.
        RAISES (ValueError): SD026 where the pipeline isn't known.
        """
        if self.scorer is None:
            return {}
        return self.scorer(examples, nlp=self.require_pipeline(), component=self.name)

    def get_upstream(self, nlp: Language) -> Any:
        """Find the upstream component in a pipeline, or raise SD003 or SD004."""
        names = nlp.component_names
        options = {"name": self.name, "upstream": self.upstream, "opts": ", ".join(names)}
        if self.upstream not in names:
            raise ValueError(Errors.SD003.format(**options))
        if names.index(self.upstream) >= names.index(self.name):
            raise ValueError(Errors.SD004.format(**options))
        return nlp.get_pipe(self.upstream)

    def get_pipeline(self) -> Language | None:
        """Return the pipeline that holds this component, None where it isn't known.

        A component that was sourced is held by two pipelines. spaCy then has linked
        it to the listeners of the other one.
        """
        nlp = self.pipeline()
        if nlp is None or (self.name, self) not in nlp.components:
            return None
        listeners = {node for _, proc in nlp.components for node in walk_listeners(proc)}
        elsewhere = self.listeners and listeners.isdisjoint(self.listeners)
        return None if elsewhere else nlp

    def get_vectors(self, docs: list[Doc]) -> Batch:
        """Return the vectors that this component diffuses, from where `source` says.

        docs (List[Doc]): The documents.
        RETURNS (List[Floats2d]): Vectors of shape (tokens, width).
        RAISES (ValueError): SD005, SD006 or SD014 where there are none that fit.
        """
        look_up = static_vectors if self.source == "vectors" else tensor_vectors
        return look_up(docs, ops=self.model.ops, name=self.name, upstream=self.upstream)

    def diffuse(self, docs: list[Doc], vectors: Batch, *, is_train: bool) -> tuple[Batch, Callable]:
        """Diffuse vectors of documents, within the boundaries that are set.

        docs (List[Doc]): The documents.
        vectors (List[Floats2d]): Vectors of shape (tokens, width) each.
        is_train (bool): Whether the gradient will be asked for.
        RETURNS (Tuple[List[Floats2d], Callable]): The diffused vectors, and the
            callback that takes their gradient to that for `vectors`.
        RAISES (ValueError): SD007 to SD009 where the vectors can't be diffused, SD013
            where sentence boundaries are missing.
        """
        with self._naming_errors():
            return diffuse(
                self.model,
                docs,
                vectors,
                is_train=is_train,
                boundaries=self.boundaries,
                owner=self._label,
            )

    def require_pipeline(self) -> Language:
        """Return the pipeline that holds this component, or raise SD026."""
        nlp = self.get_pipeline()
        if nlp is None:
            raise ValueError(Errors.SD026.format(name=self.name))
        return nlp

    @property
    def _label(self) -> str:
        return f"Component '{self.name}'"

    def _link(self) -> None:
        """Note the listeners of later components again.

        spaCy links components when one is added or initialized and when a pipeline
        is loaded, but only those that are enabled then; and while new components
        are initialized, sourced and frozen ones are not.
        """
        nlp = self.get_pipeline()
        if nlp is not None:
            self.listener_map = {}
            for name, component in self._get_readers(nlp):
                if name not in nlp.disabled:
                    self.find_listeners(component)

    def _get_later(self, nlp: Language) -> list[tuple[str, Any]]:
        """Names and components after this one, disabled ones too."""
        return list(nlp.components)[nlp.component_names.index(self.name) + 1 :]

    def _get_readers(self, nlp: Language) -> list[tuple[str, Any]]:
        """Names and components after this one, up to the next embedding."""
        return list(
            takewhile(
                lambda item: item[0] in nlp.disabled or not _writes_anew(item[1]),
                self._get_later(nlp),
            )
        )

    def _is_read(self, nlp: Language) -> bool:
        """Tell whether a component, even if disabled, reads what this one writes."""
        readers = [proc for _, proc in self._get_readers(nlp)]
        return any(isinstance(proc, StableDiff) or any(walk_listeners(proc)) for proc in readers)

    def _get_width(self, nlp: Language) -> int | None:
        if self.source == "vectors":
            if not nlp.vocab.vectors_length:
                raise ValueError(Errors.SD014.format(name=self.name, upstream=self.upstream))
            return nlp.vocab.vectors_length
        upstream = self.get_upstream(nlp)
        if isinstance(upstream, StableDiff):
            return upstream._get_width(nlp)
        model = getattr(upstream, "model", None)
        return model.maybe_get_dim("nO") if isinstance(model, Model) else None

    def _take_vectors(self, docs: list[Doc], batch_id: int) -> list[Supply]:
        """Collect the vectors to diffuse, from the listeners or from the documents."""
        supplies: dict[int, Supply] = {}
        fed: Batch | None = None
        for listener in cast(list[Any], self.listeners):
            fed_by = getattr(listener._outputs, "fed_by", None)
            handed = listener._batch_id == batch_id and fed_by != self.name
            if self.source == "tensor" and handed:
                vectors, onward = listener._outputs, listener._backprop
            elif self.source == "vectors" or self._is_unfed(listener, docs):
                fed = self.get_vectors(docs) if fed is None else fed
                vectors, onward, fed_by = fed, _stop_gradient, self.name
            else:
                continue
            supply = supplies.setdefault(id(vectors), Supply(vectors, fed_by))
            supply.takers.append((listener, onward))
        return list(supplies.values())

    def _is_unfed(self, listener: Any, docs: list[Doc]) -> bool:
        """Tell whether only the documents have vectors for a listener."""
        fed_by = getattr(listener._outputs, "fed_by", None)
        nothing_handed = listener._batch_id is None or fed_by == self.name
        return nothing_handed and has_tensors(docs)

    def _get_next_readers(self, nlp: Language) -> list[Any]:
        """Components that read what this one writes before another one diffuses it further."""
        readers = [proc for name, proc in self._get_readers(nlp) if name not in nlp.disabled]
        return list(takewhile(lambda proc: not isinstance(proc, StableDiff), readers))

    def _follows(self, listener: Any) -> bool:
        return listener.upstream_name in ("*", self.upstream, self.name)

    @contextmanager
    def _naming_errors(self) -> Iterator[None]:
        """Let errors of the layer name this component."""
        try:
            yield
        except VectorsError as error:
            raise error.refused_by(self._label) from None

    def _warn_if_unread(self) -> None:
        """Warn once if nothing after this component reads what it writes."""
        nlp = self.pipeline()
        if nlp is None or self.hooks or "unread" in self._warned or self._seen == nlp.pipe_names:
            return
        self._seen = list(nlp.pipe_names)
        if self.get_pipeline() is None or self._is_read(nlp):
            return
        self._warned.add("unread")
        later = [(name, proc) for name, proc in self._get_later(nlp) if name not in nlp.disabled]
        owners = [name for name, proc in later if embeds_for_itself(proc)]
        message = Warnings.SDW02.format(name=self.name)
        if owners:
            listed = ", ".join(f"'{owner}'" for owner in owners)
            message = Warnings.SDW04.format(name=self.name, owners=listed, first=owners[0])
        warnings.warn(message, stacklevel=3)

    def _warn_if_bypassed(self) -> None:
        """Warn once if a listener was trained on vectors that didn't come from here."""
        for name, listeners in self.listener_map.items():
            for listener in cast(list[Any], listeners):
                bypassed = listener._batch_id and not isinstance(listener._outputs, DiffusedBatch)
                if bypassed and self._follows(listener) and "bypassed" not in self._warned:
                    self._warned.add("bypassed")
                    message = Warnings.SDW03.format(name=self.name, listener=name)
                    warnings.warn(message, stacklevel=3)


def _writes_anew(component: Any) -> bool:
    """Tell whether a component replaces doc.tensor, rather than diffuse it."""
    diffuses = isinstance(component, StableDiff) and component.source == "tensor"
    return isinstance(component, Tok2Vec) and not diffuses


def _stop_gradient(d_vectors: Batch) -> Batch:
    return []


def _join_backprops(
    through_diffusion: Callable,
    onward: Callable,
    d_stability: Batch | None,
    finish: Callable | None,
) -> Callable:
    """Backpropagate a listener's gradient, and that of the stability loss where one is given."""

    def backprop(d_vectors: Batch) -> object:
        if d_stability is not None:
            d_vectors = [a + b for a, b in zip(d_vectors, d_stability, strict=True)]
        result = onward(through_diffusion(d_vectors))
        if finish is not None:
            finish()
        return result

    return backprop
