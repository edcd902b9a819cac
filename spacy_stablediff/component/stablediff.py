"""The component `stablediff`: diffuses doc.tensor for every component after it."""

import warnings
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal, cast

from spacy.language import Language
from spacy.pipeline.tok2vec import Tok2Vec
from spacy.tokens import Doc
from spacy.training import Example, validate_examples, validate_get_examples
from spacy.vocab import Vocab
from thinc.api import Optimizer

from ..errors import Errors, Warnings, refused_by
from ..layers.boundaries import diffuse
from ..layers.common import begin_training, initialize_width
from ..types import Backprop, Batch, Boundaries, Diffusion
from ..wiring.listeners import (
    Listener,
    get_batch_id,
    get_expected_width,
    get_upstream_name,
    walk_listeners,
)
from ..wiring.nodes import find_extractors, get_output_width
from ..wiring.path import find_path, list_readers
from ..wiring.transformers import is_transformer
from .audit import Audit
from .hooks import set_hooks
from .pipeline import PipelineRef
from .relay import Relayed, Supply, take
from .replace import enable_replace_listeners
from .sources import has_tensors, static_vectors, tensor_vectors

Source = Literal["tensor", "vectors"]

DEFAULT_CONFIG: dict[str, Any] = {
    # The recommended diffusion does nothing before it is trained; this one acts at once.
    "model": {"@architectures": "spacy-stablediff.ImplicitDiffusion.v1"},
    "upstream": "tok2vec",
    "source": "tensor",
    "boundaries": "doc",
    "hooks": False,
    "scorer": None,
}


@Language.factory(
    "stablediff",
    assigns=["doc.tensor"],
    requires=["doc.tensor"],
    default_config=DEFAULT_CONFIG,
)
def make_stablediff(
    nlp: Language,
    name: str,
    model: Diffusion,
    upstream: str,
    source: Source,
    boundaries: Boundaries,
    hooks: bool,
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
    scorer (Optional[Callable]): Scores the component in nlp.evaluate and in training,
        for example `spacy-stablediff.stability_scorer.v1`.
    RETURNS (StableDiff): The component.
    """
    component = StableDiff(
        nlp.vocab,
        model,
        name,
        upstream=upstream,
        source=source,
        boundaries=boundaries,
        hooks=hooks,
        scorer=scorer,
    )
    component.pipeline.set(nlp)
    return component


class StableDiff(Tok2Vec):
    """Diffuse the token vectors of each document before later components see them.

    In prediction it writes doc.tensor, which every Tok2VecListener reads. In training
    it is a relay: listeners after it get diffused vectors, those before it plain ones.
    """

    def __init__(
        self,
        vocab: Vocab,
        model: Diffusion,
        name: str = "stablediff",
        *,
        upstream: str = "tok2vec",
        source: Source = "tensor",
        boundaries: Boundaries = "doc",
        hooks: bool = False,
        scorer: Callable | None = None,
    ) -> None:
        """Initialize a stablediff component. Arguments as in `make_stablediff`."""
        super().__init__(vocab, model, name)
        if find_extractors(model):
            raise ValueError(Errors.SD036.format(name=name, model=model.name))
        self.upstream = upstream
        self.source = source
        self.boundaries = boundaries
        self.hooks = hooks
        self.scorer = scorer
        self.pipeline = PipelineRef()
        self.is_new = True  # neither initialized, nor loaded, nor trained
        self._audit = Audit()
        enable_replace_listeners(self)

    def find_listeners(self, component: Any) -> None:
        """Note every Tok2VecListener of a later component, whatever its upstream.

        One that names this component is noted by the embedding too, whose vectors it gets.

        component (Pipe): A component after this one.
        """
        for listener in walk_listeners(component):
            self.add_listener(listener, component.name)
            if get_upstream_name(listener) == self.name:
                self._link_to_embedding(listener, component.name)

    def predict(self, docs: Iterable[Doc]) -> Batch:
        """Diffuse the vectors of a batch of documents, without modifying them.

        docs (Iterable[Doc]): The documents, with doc.tensor set if that is the source.
        RETURNS (List[Floats2d]): Diffused vectors, shape (tokens, width) each.
        RAISES (ValueError): SD005, SD006 or SD014 where there are no vectors that fit
            the tokens, SD007 to SD009 where they can't be diffused, SD013 where
            sentence boundaries are missing.
        """
        self._audit.check(self)
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
        through the diffusion, then on to the embedding. Only the listener served
        last applies `sgd`.

        examples (Iterable[Example]): A batch of Example objects.
        drop (float): The dropout rate, which diffusion has no use for.
        sgd (Optional[Optimizer]): The optimizer.
        losses (Optional[Dict[str, float]]): Losses so far, by component name.
        RETURNS (Dict[str, float]): The losses, with an entry for this component, 0.
        """
        losses = {} if losses is None else losses
        losses.setdefault(self.name, 0.0)
        validate_examples(examples, "StableDiff.update")
        docs = [eg.predicted for eg in examples]
        batch_id = get_batch_id(docs)
        finish = partial(self.finish_update, sgd) if sgd else None
        for supply in self._take(docs, batch_id):
            vectors, backprop = self.diffuse(docs, supply.vectors, is_train=True)
            relayed = Relayed(vectors, supply.fed_by)
            supply.hand_on(batch_id, relayed, backprop, finish=finish)
        return losses

    def initialize(
        self, get_examples: Callable[[], Iterable[Example]], *, nlp: Language | None = None
    ) -> None:
        """Initialize the diffusion for the width of the vectors.

        get_examples (Callable[[], Iterable[Example]]): Returns a representative
            sample of Example objects.
        nlp (Language): The pipeline, in which the upstream component is looked up.
        RAISES (ValueError): SD003, SD004 or SD011 where the upstream component
            can't be found before this one, SD010 where its width isn't known, SD014
            where static vectors are missing, SD015 where a listener after this
            component expects another width.
        """
        validate_get_examples(get_examples, "StableDiff.initialize")
        nlp = self.pipeline.begin(self, nlp)
        width = self.get_width(nlp)
        for name, component in list_readers(nlp, self.name):
            for listener in walk_listeners(component):
                expected = get_expected_width(listener)
                if width not in (None, expected):
                    details = {"listener": name, "width": width, "expected": expected}
                    raise ValueError(Errors.SD015.format(name=self.name, **details))
        with refused_by(self._label):
            initialize_width(self.model, width)
        self.is_new = False
        self._audit.check(self)
        self._audit.check_annotating(self, nlp)

    def score(self, examples: Iterable[Example], **kwargs: Any) -> dict[str, Any]:
        """Score the component, if its setting `scorer` asks for it.

        examples (Iterable[Example]): The examples.
        RETURNS (Dict[str, Any]): The scores, none without a scorer, or where the pipeline
            isn't known.
        """
        if self.scorer is None:
            return {}
        nlp = self.pipeline.find(self)
        if nlp is None:
            warnings.warn(Warnings.SDW15.format(name=self.name), stacklevel=2)
            return {}
        return self.scorer(examples, nlp=nlp, component=self.name)

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
        it to listeners that only the other one has.
        """
        nlp = self.pipeline.find(self)
        if nlp is None:
            return None
        listeners = {node for _, proc in nlp.components for node in walk_listeners(proc)}
        return nlp if listeners.issuperset(self.listeners) else None

    def get_vectors(self, docs: list[Doc]) -> Batch:
        """Return the vectors that this component diffuses, from where `source` says.

        docs (List[Doc]): The documents.
        RETURNS (List[Floats2d]): Vectors of shape (tokens, width).
        RAISES (ValueError): SD005, SD006 or SD014 where there are none that fit.
        """
        look_up = static_vectors if self.source == "vectors" else tensor_vectors
        return look_up(docs, ops=self.model.ops, name=self.name, upstream=self.upstream)

    def get_width(self, nlp: Language) -> int | None:
        """Return the width of the vectors that this component diffuses, None if unknown.

        nlp (Language): The pipeline.
        RETURNS (Optional[int]): The width.
        RAISES (ValueError): SD003, SD004 or SD014 where there are no vectors.
        """
        if self.source == "vectors":
            if not nlp.vocab.vectors_length:
                raise ValueError(Errors.SD014.format(name=self.name, upstream=self.upstream))
            return nlp.vocab.vectors_length
        upstream = self.get_upstream(nlp)
        if isinstance(upstream, StableDiff):
            return upstream.get_width(nlp)
        if is_transformer(upstream):
            details = {"name": self.name, "upstream": self.upstream}
            raise ValueError(Errors.SD037.format(**details))
        return get_output_width(upstream)

    def diffuse(self, docs: list[Doc], vectors: Batch, *, is_train: bool) -> tuple[Batch, Backprop]:
        """Diffuse vectors of documents, within the boundaries that are set.

        docs (List[Doc]): The documents.
        vectors (List[Floats2d]): Vectors of shape (tokens, width) each.
        is_train (bool): Whether the gradient will be asked for.
        RETURNS (Tuple[List[Floats2d], Callable]): The diffused vectors, and the
            callback that takes their gradient to that for `vectors`.
        RAISES (ValueError): SD007 to SD009 where the vectors can't be diffused, SD013
            where sentence boundaries are missing.
        """
        if is_train:
            self._begin_training(vectors)
        with refused_by(self._label):
            return diffuse(self.model, docs, vectors, is_train=is_train, boundaries=self.boundaries)

    def from_bytes(self, bytes_data: bytes, *, exclude: Iterable[str] = ()) -> "StableDiff":
        """Load the component from bytes, as spaCy's components do."""
        self.is_new = False
        return super().from_bytes(bytes_data, exclude=exclude)

    def from_disk(self, path: Path | str, *, exclude: Iterable[str] = ()) -> "StableDiff":
        """Load the component from disk, as spaCy's components do."""
        self.is_new = False
        return super().from_disk(path, exclude=exclude)

    @property
    def _label(self) -> str:
        return f"Component '{self.name}'"

    def _begin_training(self, vectors: Batch) -> None:
        """Prepare the layer where training goes on without nlp.initialize."""
        self.is_new = False
        with refused_by(self._label):
            begin_training(self.model, vectors)

    def _take(self, docs: list[Doc], batch_id: int) -> list[Supply]:
        """Collect the vectors to diffuse, from the listeners or from the documents."""
        self._link()
        is_static = self.source == "vectors"

        def feed() -> Batch | None:
            return self.get_vectors(docs) if is_static or has_tensors(docs) else None

        listeners = cast(list[Any], self.listeners)
        return take(listeners, batch_id, self.name, feed, always_feed=is_static)

    def _link_to_embedding(self, listener: Listener, name: str) -> None:
        """Have the embedding serve a component's listener, which names this component.

        In the order of the pipeline, for the last listener ends a step of the embedding.
        """
        nlp = self.get_pipeline()
        if nlp is None:
            return
        embedding = find_path(nlp, self).embedding
        if embedding is not None:
            embedding.add_listener(listener, name)
            linked = embedding.listener_map
            embedding.listener_map = {n: linked[n] for n in nlp.component_names if n in linked}

    def _link(self) -> None:
        """Note the listeners of later components again.

        spaCy links components when one is added or initialized and when a pipeline
        is loaded, but only those that are enabled then; and while new components
        are initialized, sourced and frozen ones are not.
        """
        nlp = self.get_pipeline()
        if nlp is not None:
            self.listener_map = {}
            for name, component in list_readers(nlp, self.name):
                if name not in nlp.disabled:
                    self.find_listeners(component)
