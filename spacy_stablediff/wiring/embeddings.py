"""How components embed: by one of their own, or by one that others listen to.

The one module that knows what spaCy calls the embeddings in its models.
"""

from collections.abc import Callable, Sequence
from typing import Any, cast

from spacy.pipeline.tok2vec import Tok2Vec
from spacy.tokens import Doc
from thinc.api import Model

from ..types import Batch, Embedding
from .nodes import find_extractors, walk_nodes
from .transformers import is_transformer, names_transformer

Embed = Callable[[list[Doc]], Batch]
SharedEmbedding = Tok2Vec

# Where embeddings that add to others, as ours do, hold those: the references, and the settings, in
# the order of their layers.
INSIDE = ("tok2vec", "single_case")

# The one text that `spacy pretrain` initializes an embedding with, and nothing else in spaCy.
PRETRAINING = "Give it a doc to infer shapes"


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
