"""Who embeds, who listens and who reads in a pipeline.

The one module that knows how spaCy's models embed and listen: their listeners, with
fields that spaCy keeps to itself, and the names of their layers.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import takewhile
from typing import Any, NamedTuple, Protocol, cast, runtime_checkable

from spacy.attrs import intify_attr
from spacy.language import Language
from spacy.pipeline.tok2vec import Tok2Vec, Tok2VecListener
from spacy.tokens import Doc
from spacy.util import registry, replace_model_node
from thinc.api import Model, Ops, noop

from ..types import Backprop, Batch, Boundaries, Diffusion, Embedding
from .transformers import is_transformer, names_transformer

Embed = Callable[[list[Doc]], Batch]
Listener = Tok2VecListener
SharedEmbedding = Tok2Vec

# Where embeddings that add to others, as ours do, hold those: the references, and the settings, in
# the order of their layers.
INSIDE = ("tok2vec", "single_case")

# The one text that `spacy pretrain` initializes an embedding with, and nothing else in spaCy.
PRETRAINING = "Give it a doc to infer shapes"


@runtime_checkable
class Diffuser(Protocol):
    """A component that diffuses vectors on their way from an embedding to its readers."""

    name: str
    model: Diffusion
    upstream: str
    source: str
    boundaries: Boundaries

    def get_upstream(self, nlp: Language) -> Any:
        """Return the component whose vectors it diffuses."""

    def get_vectors(self, docs: list[Doc]) -> Batch:
        """Return the vectors that it diffuses, of documents as they come to it."""

    def diffuse(self, docs: list[Doc], vectors: Batch, *, is_train: bool) -> tuple[Batch, Backprop]:
        """Diffuse vectors of documents."""


# Parts of models.


def walk_nodes(component: Any) -> Iterator[Model]:
    """Walk through a component's model, if it has one.

    component (Any): The component, or anything else in a pipeline, or the model.
    YIELDS (Model): The model and its parts, in the order of the model.
    """
    model = component if isinstance(component, Model) else getattr(component, "model", None)
    if isinstance(model, Model):
        yield from model.walk()


def walk_listeners(component: Any) -> Iterator[Listener]:
    """Find the layers through which a component listens to a shared embedding.

    component (Any): The component, or anything else in a pipeline.
    YIELDS (Tok2VecListener): Its listeners, in the order of the model.
    """
    yield from (node for node in walk_nodes(component) if isinstance(node, Listener))


def find_node(component: Any, name: str) -> Model | None:
    """Find the first part of a component's model that has a name, if there is one."""
    return next((node for node in walk_nodes(component) if node.name == name), None)


def find_extractors(model: Model, attr: str | None = None) -> list[Model]:
    """Find the layers of a model that extract features of tokens.

    model (Model): The model.
    attr (Optional[str]): A feature that they must extract, such as "NORM".
    RETURNS (List[Model]): The layers.
    """
    extractors = (node for node in model.walk() if node.name == "extract_features")
    return [node for node in extractors if attr is None or find_column(node, attr) is not None]


def find_column(extractor: Model, attr: str) -> int | None:
    """Find in which column a layer has a feature of tokens.

    extractor (Model[List[Doc], List[Ints2d]]): The layer.
    attr (str): The feature, such as "NORM".
    RETURNS (Optional[int]): The column; None if it doesn't extract the feature.
    """
    columns = [intify_attr(column) for column in extractor.attrs["columns"]]
    return columns.index(intify_attr(attr)) if intify_attr(attr) in columns else None


def find_embeds(tok2vec: Embedding) -> list[Embedding]:
    """Find the parts of an embedding that embed words, before their context is encoded.

    tok2vec (Model[List[Doc], List[Floats2d]]): The embedding.
    RETURNS (List[Model[List[Doc], List[Floats2d]]]): The parts, one of each of the embeddings that
        it is made of; the embedding itself where it encodes no context.
    """
    inside = [tok2vec.get_ref(name) for name in INSIDE if tok2vec.has_ref(name)]
    return [part for each in inside for part in find_embeds(each)] or [_find_embed(tok2vec)]


def _find_embed(tok2vec: Embedding) -> Embedding:
    if tok2vec.has_ref("embed"):
        return tok2vec.get_ref("embed")
    # Where spaCy replaces listeners it loses the refs, and leaves a chain of two.
    embed = tok2vec.layers[0] if len(tok2vec.layers) == 2 else None
    is_whole = embed is not None and embed.layers and find_extractors(embed)
    return cast(Embedding, embed) if is_whole else tok2vec


def match_nodes(component: Any, blocks: list[dict[str, Any]]) -> list[Model | None]:
    """Find the parts of a component's model that config blocks describe.

    component (Pipe): The component.
    blocks (List[Dict[str, Any]]): Configs of embeddings, without variables.
    RETURNS (List[Optional[Model]]): For each block the first part of the model that has
        the described structure and isn't another block's, or None.
    """
    nodes: list[Model | None] = []
    for block in blocks:
        described = _get_structure(registry.resolve({"tok2vec": block})["tok2vec"])
        candidates = (node for node in walk_nodes(component) if node not in nodes)
        matching = (node for node in candidates if _get_structure(node) == described)
        nodes.append(next(matching, None))
    return nodes


def _get_structure(model: Model) -> list[str]:
    # A chain is named when it is made, and keeps its name where a part is replaced.
    return [node.name for node in model.walk() if ">>" not in node.name]


def replace_node(component: Any, target: Model, replacement: Model) -> None:
    """Replace a node of a component's model, or the whole, by one that may contain it.

    component (TrainablePipe): The component.
    target (Model): The node.
    replacement (Model): What to put in its place.
    """
    if component.model is target:
        component.model = replacement
        return
    gap: Model = noop()
    replace_model_node(component.model, target, gap)
    replace_model_node(component.model, gap, replacement)


# How a component embeds.


def is_for_pretraining(docs: Sequence[Doc] | None) -> bool:
    """Tell whether an embedding is initialized by `spacy pretrain`.

    After that it sees masked copies of texts, which no component has annotated and which
    don't say that they are masked.

    docs (Optional[Sequence[Doc]]): The documents that it is initialized with.
    RETURNS (bool): Whether they are what `spacy pretrain` gives it.
    """
    return docs is not None and len(docs) == 1 and docs[0].text == PRETRAINING


def embeds_for_itself(component: Any) -> bool:
    """Tell whether a component has an embedding of its own, or listens to a transformer.

    component (Any): The component, or anything else in a pipeline.
    RETURNS (bool): Whether its model extracts the features of tokens, or has a transformer
        or a listener of one. False for a component that others listen to.
    """
    if isinstance(component, SharedEmbedding) or is_transformer(component):
        return False
    return any(
        node.name == "extract_features" or names_transformer(node) for node in walk_nodes(component)
    )


def find_tok2vec(component: Any) -> Model | None:
    """Find the part of a component's model that gives the token vectors which it sees.

    component (Any): The component, or anything else in a pipeline.
    RETURNS (Optional[Model[List[Doc], List[Floats2d]]]): An embedding of its own, or a
        listener; None where its model refers to none as its tok2vec.
    """
    model = getattr(component, "model", None)
    if not isinstance(model, Model):
        return None
    # spacy.TextCatParametricAttention.v1 refers to it within.
    owners = (node for node in (model, *model.layers) if node.has_ref("tok2vec"))
    owner = next(owners, None)
    return None if owner is None else skip_head(owner.get_ref("tok2vec"))


def skip_head(tok2vec: Model) -> Model:
    """Return the embedding in what spaCy's parser and ner call their tok2vec.

    tok2vec (Model): That, an embedding and a linear layer behind it; or an embedding.
    RETURNS (Model[List[Doc], List[Floats2d]]): The embedding.
    """
    has_head = any(layer.name == "list2array" for layer in tok2vec.layers)
    return tok2vec.layers[0] if has_head else tok2vec


def find_embedding(component: Any) -> Embed | None:
    """Find the function that gives the token vectors which a component sees.

    component (Pipe): The component of a pipeline.
    RETURNS (Optional[Callable[[List[Doc]], List[Floats2d]]]): The function, or None.
    """
    if isinstance(component, SharedEmbedding):
        return cast(Embed, component.predict)
    node = find_tok2vec(component)
    return None if node is None else node.predict


def get_output_width(component: Any) -> int | None:
    """Return the width of the vectors that a component's model gives, None if unknown."""
    model = getattr(component, "model", None)
    return model.maybe_get_dim("nO") if isinstance(model, Model) else None


def is_trained(component: Any) -> bool:
    """Tell whether a component's model has its parameters, as after training or loading."""
    nodes = list(walk_nodes(component))
    return any(node.has_param(name) for node in nodes for name in node.param_names)


# Where vectors come from and go to: position decides.


class Path(NamedTuple):
    """How vectors come to a place in a pipeline.

    embedding (Optional[Tok2Vec]): The component that embeds, None for static vectors.
    diffusers (List[Diffuser]): Those on the way that are switched on, in their order.
    """

    embedding: Any
    diffusers: list[Diffuser]

    @property
    def ops(self) -> Ops:
        """The ops of the models on the way."""
        return (self.embedding or self.diffusers[0]).model.ops


def find_path(nlp: Language, diffuser: Diffuser) -> Path:
    """Find the embedding upstream of a diffuser, and the diffusers on the way.

    nlp (Language): The pipeline.
    diffuser (Diffuser): The component, which ends the path.
    RETURNS (Path): The path.
    RAISES (ValueError): SD003 or SD004 where the embedding isn't found.
    """
    upstream: Any = diffuser
    while isinstance(upstream, Diffuser) and upstream.source == "tensor":
        upstream = upstream.get_upstream(nlp)
    names = nlp.component_names
    stretch = nlp.components[names.index(upstream.name) : names.index(diffuser.name) + 1]
    enabled = [component for name, component in stretch if name not in nlp.disabled]
    diffusers: list[Any] = [component for component in enabled if isinstance(component, Diffuser)]
    return Path(None if isinstance(upstream, Diffuser) else upstream, diffusers)


def find_path_to(nlp: Language, name: str) -> Path | None:
    """Find how vectors come to a component that changes none.

    nlp (Language): The pipeline.
    name (str): The component.
    RETURNS (Optional[Path]): The path, or None where nothing before it embeds.
    RAISES (ValueError): As `find_path`.
    """
    place = nlp.component_names.index(name)
    for other, component in reversed(nlp.components[:place]):
        if other not in nlp.disabled and isinstance(component, Diffuser):
            return find_path(nlp, component)
        if other not in nlp.disabled and isinstance(component, SharedEmbedding):
            return Path(component, [])
    return None


@contextmanager
def enabled(nlp: Language) -> Iterator[None]:
    """Enable all components for a while, as they will be in training.

    `spacy train` disables those that are sourced, or frozen, while it initializes the others.

    nlp (Language): The pipeline.
    """
    disabled = list(nlp.disabled)
    for name in disabled:
        nlp.enable_pipe(name)
    try:
        yield
    finally:
        for name in disabled:
            nlp.disable_pipe(name)


def list_later(nlp: Language, name: str) -> list[tuple[str, Any]]:
    """List names and components after one, disabled ones too."""
    return list(nlp.components)[nlp.component_names.index(name) + 1 :]


def list_readers(nlp: Language, name: str) -> list[tuple[str, Any]]:
    """List names and components after one, disabled ones too, up to the next that embeds.

    nlp (Language): The pipeline.
    name (str): The component that writes vectors, or hands them on.
    RETURNS (List[Tuple[str, Pipe]]): Those that can read its vectors.
    """
    later = list_later(nlp, name)
    return list(takewhile(lambda it: it[0] in nlp.disabled or not _writes_anew(it[1]), later))


def reads(component: Any) -> bool:
    """Tell whether a component reads what a shared embedding, or a diffuser, writes."""
    return isinstance(component, Diffuser) or any(walk_listeners(component))


def _writes_anew(component: Any) -> bool:
    """Tell whether a component replaces doc.tensor, rather than diffuse it."""
    diffuses = isinstance(component, Diffuser) and component.source == "tensor"
    return isinstance(component, SharedEmbedding) and not diffuses


# What listeners hold in training.


class Handed(NamedTuple):
    """What a listener was handed in training: vectors, and what takes their gradient."""

    vectors: Batch
    backprop: Backprop


def get_batch_id(docs: list[Doc]) -> int:
    """Return the number by which listeners know a batch of documents.

    It is what `Tok2VecListener.get_batch_id` returns, which asks each token apart.
    """
    return sum(sum(doc.to_array("ORTH").tolist()) for doc in docs)


def get_handed(listener: Listener, batch_id: int) -> Handed | None:
    """Return what a listener was handed for a batch, None if it holds none or another."""
    if listener._batch_id != batch_id:
        return None
    return Handed(cast(Batch, listener._outputs), cast(Backprop, listener._backprop))


def get_last_vectors(listener: Listener) -> Batch | None:
    """Return the vectors that a listener was handed last, for whichever batch, if any."""
    return None if listener._batch_id is None else cast(Batch, listener._outputs)


def hand(listener: Listener, batch_id: int, vectors: Batch, backprop: Backprop) -> None:
    """Hand vectors to a listener, in place of what it holds."""
    listener.receive(batch_id, vectors, backprop)


@contextmanager
def lend(listeners: list[Listener]) -> Iterator[None]:
    """Let listeners serve another batch for a while; then they hold what they held before."""
    held = [(node, node._batch_id, node._outputs, node._backprop) for node in listeners]
    try:
        yield
    finally:
        for node, batch_id, outputs, backprop in held:
            node._batch_id, node._outputs, node._backprop = batch_id, outputs, backprop


def get_expected_width(listener: Listener) -> int:
    """Return the width of the vectors that a listener expects."""
    return listener.get_dim("nO")


def follows(listener: Listener, *names: str) -> bool:
    """Tell whether a listener names one of these embeddings as its own, or any."""
    return listener.upstream_name in ("*", *names)
