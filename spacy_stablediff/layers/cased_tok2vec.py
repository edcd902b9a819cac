"""Two embeddings: one for most texts, one for texts that are written in a single case."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy
from spacy.tokens import Doc
from thinc.api import Model
from thinc.types import Floats2d

from ..edits.annotation import carry_attrs
from ..edits.casing import has_single_case, have_single_case
from ..types import Array, Batch, Embedding
from ..wiring.nodes import walk_nodes
from ..wiring.transformers import widen

ARCHITECTURE = "spacy-stablediff.CasedTok2Vec.v1"
LAYER = "cased_tok2vec"


def CasedTok2Vec(tok2vec: Embedding, single_case: Embedding) -> Embedding:
    """Embed texts that have no capital, or nothing but capitals, in a way of their own.

    Registered as `spacy-stablediff.CasedTok2Vec.v1`, for the `tok2vec` of a component. In
    such texts, case tells nothing of a word. What is learned for them does not touch other
    texts, and those in capitals are embedded as if they were in small letters, which
    training has seen.

    tok2vec (Model[List[Doc], List[Floats2d]]): The embedding of most texts.
    single_case (Model[List[Doc], List[Floats2d]]): That of texts in a single case, of the
        same width. It must embed by itself, and listen to none.
    RETURNS (Model[List[Doc], List[Floats2d]]): The embedding of both, with the references
        `tok2vec` and `single_case`.
    """
    return Model(
        LAYER,
        forward,
        init=init,
        layers=[tok2vec, single_case],
        refs={"tok2vec": tok2vec, "single_case": single_case},
        dims={"nO": tok2vec.maybe_get_dim("nO")},
    )


def cased_config(block: dict[str, Any]) -> dict[str, Any]:
    """Return the config of an embedding with a copy of its own for texts in a single case.

    block (Dict[str, Any]): Config of the embedding.
    RETURNS (Dict[str, Any]): Config of `spacy-stablediff.CasedTok2Vec.v1`.
    """
    return {"@architectures": ARCHITECTURE, "tok2vec": block, "single_case": block}


def lower(doc: Doc) -> Doc:
    """Return a document of the same tokens in small letters, with their NORMs, and what embeddings
    read besides: other annotation of tokens, the sentences, user_data and tensor."""
    words, spaces = [token.lower_ for token in doc], [bool(token.whitespace_) for token in doc]
    starts: list[bool | int | None] = [token.is_sent_start for token in doc]
    data = doc.user_data
    lowered = Doc(doc.vocab, words=words, spaces=spaces, sent_starts=starts, user_data=data)
    norms: Array = doc.to_array(["NORM"])
    lowered.from_array(["NORM"], norms.reshape(-1, 1))
    carry_attrs(doc, lowered, numpy.arange(len(doc)))
    # By its tensor a layer knows a document of the sample that it was initialized with.
    lowered.tensor = doc.tensor
    return lowered


def find_cased(component: Any) -> Iterator[Embedding]:
    """Find the layers of a component's model, if it has one, that embed by the case of texts.

    component (Pipe): The component, or anything else in a pipeline.
    YIELDS (Model[List[Doc], List[Floats2d]]): The layers.
    """
    yield from (node for node in walk_nodes(component) if node.name == LAYER)


def choose_branch(doc: Doc) -> tuple[bool, Doc]:
    """Tell which of both embeddings a document goes to, and how.

    doc (Doc): The document.
    RETURNS (Tuple[bool, Doc]): Whether it goes to the one of texts in a single case, and the
        document as that embedding gets it.
    """
    return has_single_case(doc), lower_capitals(doc)


def lower_capitals(doc: Doc) -> Doc:
    """Return a document in small letters if it is in capitals, else as it is."""
    return lower(doc) if doc.text.isupper() else doc


def forward(
    model: Embedding, docs: list[Doc], is_train: bool
) -> tuple[Batch, Callable[[Batch], list[Doc]]]:
    """Embed each document by one of both, and return a callback to backpropagate."""
    kinds = have_single_case(docs) if docs else []
    single = [bool(kind) if len(doc) else None for doc, kind in zip(docs, kinds, strict=True)]
    vectors: dict[int, Floats2d] = {}
    parts = []
    for layer, kind in zip(model.layers, (False, True), strict=True):
        places = [i for i, each in enumerate(single) if each == kind]
        if places:
            embedded, backprop = layer([lower_capitals(docs[i]) for i in places], is_train)
            parts.append((places, backprop))
            vectors.update(zip(places, embedded, strict=True))

    def backprop_parts(dYs: Batch) -> list[Doc]:
        for places, backprop in parts:
            # Nothing is learned from empty documents, and layers of thinc fail where all are.
            if any(len(dYs[i]) for i in places):
                backprop([dYs[i] for i in places])
        return docs

    given = [vectors[i] if i in vectors else model.ops.alloc2f(0, 0) for i in range(len(docs))]
    return widen(model, given), backprop_parts


def init(model: Embedding, X: list[Doc] | None = None, Y: Batch | None = None) -> None:
    """Initialize both embeddings."""
    for layer in model.layers:
        layer.initialize(X=X)
    width = model.layers[0].maybe_get_dim("nO")
    if width is not None:
        model.set_dim("nO", width, force=True)
