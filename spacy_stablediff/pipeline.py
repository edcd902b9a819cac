"""The component `stablediff`: diffuses doc.tensor for every component after it."""

from collections.abc import Callable, Iterable
from typing import Any, cast

from spacy.language import Language
from spacy.pipeline.tok2vec import Tok2Vec, Tok2VecListener
from spacy.tokens import Doc
from spacy.training import Example, validate_examples, validate_get_examples
from spacy.vocab import Vocab
from thinc.api import Model, Optimizer
from thinc.types import Floats2d

from .errors import Errors, VectorsError
from .layers.common import Batch, Diffusion

DEFAULT_MODEL = {
    "@architectures": "spacy-stablediff.ImplicitDiffusion.v1",
    "time": 0.5,
    "radius": 2,
    "learn_time": True,
    "learn_confidence": True,
}


@Language.factory(
    "stablediff",
    assigns=["doc.tensor"],
    requires=["doc.tensor"],
    default_config={"model": DEFAULT_MODEL, "upstream": "tok2vec"},
)
def make_stablediff(nlp: Language, name: str, model: Diffusion, upstream: str) -> "StableDiff":
    """Create a `stablediff` component.

    nlp (Language): The pipeline.
    name (str): The component's name in it.
    model (Model[List[Floats2d], List[Floats2d]]): The diffusion layer.
    upstream (str): The name of the component whose vectors are diffused.
    RETURNS (StableDiff): The component.
    """
    return StableDiff(nlp.vocab, model, name, upstream=upstream)


class StableDiff(Tok2Vec):
    """Diffuse the token vectors of each document before later components see them.

    In prediction it replaces doc.tensor, which every Tok2VecListener reads. In
    training the embedding hands its vectors to the listeners directly, so this
    component takes them from each listener after it and hands them on diffused,
    with a backprop that goes through the diffusion first. Either way position
    decides: listeners after it get diffused vectors, those before it plain ones.
    """

    def __init__(
        self, vocab: Vocab, model: Diffusion, name: str = "stablediff", *, upstream: str = "tok2vec"
    ) -> None:
        """Initialize a stablediff component.

        vocab (Vocab): The shared vocabulary.
        model (Model[List[Floats2d], List[Floats2d]]): The diffusion layer.
        name (str): The component's name in the pipeline.
        upstream (str): The name of the component whose vectors are diffused.
        """
        super().__init__(vocab, model, name)
        self.upstream = upstream

    def find_listeners(self, component: object) -> None:
        """Note every Tok2VecListener of a later component, whatever its upstream.

        component (Pipe): A component after this one.
        """
        if isinstance(getattr(component, "model", None), Model):
            for node in component.model.walk():  # type: ignore[attr-defined]
                if isinstance(node, Tok2VecListener):
                    self.add_listener(node, component.name)  # type: ignore[attr-defined]

    def predict(self, docs: Iterable[Doc]) -> Batch:
        """Diffuse the vectors of a batch of documents, without modifying them.

        docs (Iterable[Doc]): Documents with doc.tensor set.
        RETURNS (List[Floats2d]): Diffused vectors, shape (tokens, width) each.
        RAISES (ValueError): SD005 or SD006 where doc.tensor is missing or doesn't
            fit the tokens; SD007 to SD009 where its vectors can't be diffused.
        """
        vectors = [self._get_vectors(doc) for doc in docs]
        return self._diffuse(vectors, is_train=False)[0]

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
        through the diffusion, then on to the embedding. Listeners that hold no
        vectors of this batch (their embedding is frozen, or comes later) are left
        alone. Only the listener served last applies `sgd`.

        examples (Iterable[Example]): A batch of Example objects.
        drop (float): The dropout rate, which diffusion has no use for.
        sgd (Optional[Optimizer]): The optimizer.
        losses (Optional[Dict[str, float]]): Losses so far, by component name.
        RETURNS (Dict[str, float]): The losses, with an entry for this component.
        """
        losses = {} if losses is None else losses
        losses.setdefault(self.name, 0.0)
        validate_examples(examples, "StableDiff.update")
        batch_id = Tok2VecListener.get_batch_id([eg.predicted for eg in examples])
        served: list[Any] = [node for node in self.listeners if node._batch_id == batch_id]
        diffused: dict[int, tuple[Batch, Callable]] = {}
        for listener in served:
            key = id(listener._outputs)
            if key not in diffused:
                diffused[key] = self._diffuse(listener._outputs, is_train=True)
            vectors, through_diffusion = diffused[key]
            finish = sgd if listener is served[-1] else None
            backprop = self._join_backprops(through_diffusion, listener._backprop, finish)
            listener.receive(batch_id, vectors, backprop)
        return losses

    def initialize(
        self, get_examples: Callable[[], Iterable[Example]], *, nlp: Language | None = None
    ) -> None:
        """Initialize the diffusion for the width of the upstream component's vectors.

        get_examples (Callable[[], Iterable[Example]]): Returns a representative
            sample of Example objects.
        nlp (Language): The pipeline, in which the upstream component is looked up.
        RAISES (ValueError): SD003, SD004 or SD011 where the upstream component
            can't be found before this one, SD010 where its width isn't known.
        """
        validate_get_examples(get_examples, "StableDiff.initialize")
        embedding = getattr(self._get_upstream(nlp), "model", None)
        width = embedding.maybe_get_dim("nO") if isinstance(embedding, Model) else None
        sample = None if width is None else [self.model.ops.alloc2f(1, width)]
        try:
            self.model.initialize(X=sample)
        except VectorsError as error:
            raise error.refused_by(self._label) from None

    @property
    def _label(self) -> str:
        return f"Component '{self.name}'"

    def _diffuse(self, vectors: Batch, *, is_train: bool) -> tuple[Batch, Callable]:
        try:
            return self.model(vectors, is_train=is_train)
        except VectorsError as error:
            raise error.refused_by(self._label) from None

    def _join_backprops(
        self, through_diffusion: Callable, onward: Callable, sgd: Optimizer | None
    ) -> Callable:
        def backprop(d_vectors: Batch) -> object:
            result = onward(through_diffusion(d_vectors))
            if sgd is not None:
                self.finish_update(sgd)
            return result

        return backprop

    def _get_vectors(self, doc: Doc) -> Floats2d:
        """Return doc.tensor as floats of shape (tokens, width), or raise SD005 or SD006."""
        tensor = cast(Floats2d, doc.tensor)
        if len(doc) == 0:
            return self.model.ops.alloc2f(0, tensor.shape[-1])
        if tensor.size == 0:
            raise ValueError(
                Errors.SD005.format(name=self.name, length=len(doc), upstream=self.upstream)
            )
        if tensor.ndim != 2 or tensor.shape[0] != len(doc):
            raise ValueError(
                Errors.SD006.format(
                    name=self.name, shape=tensor.shape, length=len(doc), upstream=self.upstream
                )
            )
        return self.model.ops.asarray2f(tensor)

    def _get_upstream(self, nlp: Language | None) -> object:
        """Find the upstream component before this one, or raise SD003, SD004 or SD011."""
        if nlp is None:
            raise ValueError(Errors.SD011.format(name=self.name, upstream=self.upstream))
        names = nlp.component_names
        options = {"name": self.name, "upstream": self.upstream, "opts": ", ".join(names)}
        if self.upstream not in names:
            raise ValueError(Errors.SD003.format(**options))
        if names.index(self.upstream) >= names.index(self.name):
            raise ValueError(Errors.SD004.format(**options))
        return nlp.get_pipe(self.upstream)
