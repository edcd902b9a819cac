"""Where the vectors that a `stablediff` component diffuses come from."""

from typing import cast

from spacy.tokens import Doc
from spacy.vectors import Mode, Vectors
from thinc.api import Ops
from thinc.types import Floats2d, Ints1d

from ..errors import Errors
from ..types import Batch


def tensor_vectors(docs: list[Doc], *, ops: Ops, name: str, upstream: str) -> Batch:
    """Return doc.tensor of each document.

    docs (List[Doc]): The documents.
    ops (Ops): The ops of the model that gets the vectors.
    name (str): The component to name in errors.
    upstream (str): The embedding to name in errors.
    RETURNS (List[Floats2d]): Vectors of shape (tokens, width).
    RAISES (ValueError): SD005 or SD006 where doc.tensor is missing or doesn't fit.
    """
    return [_get_tensor(doc, ops=ops, name=name, upstream=upstream) for doc in docs]


def has_tensors(docs: list[Doc]) -> bool:
    """Tell whether an embedding has set doc.tensor of every document."""
    return all(doc.tensor.size or not len(doc) for doc in docs)


def static_vectors(docs: list[Doc], *, ops: Ops, name: str, upstream: str) -> Batch:
    """Look up the static vectors of each document's tokens, zeros where there is none.

    docs (List[Doc]): The documents, of one vocab.
    ops (Ops): The ops of the model that gets the vectors.
    name (str): The component to name in errors.
    upstream (str): The embedding to name in errors.
    RETURNS (List[Floats2d]): Vectors of shape (tokens, width).
    RAISES (ValueError): SD014 where the vocab has no vectors.
    """
    if not docs:
        return []
    vectors = docs[0].vocab.vectors
    if not vectors.shape[1]:
        raise ValueError(Errors.SD014.format(name=name, upstream=upstream))
    lengths = ops.asarray1i([len(doc) for doc in docs])
    if not lengths.sum():
        return [ops.alloc2f(0, vectors.shape[1]) for _ in docs]
    attr = getattr(vectors, "attr", "ORTH")
    keys = ops.flatten([cast(Ints1d, doc.to_array(attr)) for doc in docs], ndim_if_empty=1)
    rows = ops.asarray2f(cast(Floats2d, vectors.get_batch(keys)))
    if isinstance(vectors, Vectors) and vectors.mode == Mode.default:
        rows[vectors.find(keys=keys) < 0] = 0
    return ops.unflatten(rows, lengths)


def _get_tensor(doc: Doc, *, ops: Ops, name: str, upstream: str) -> Floats2d:
    tensor = cast(Floats2d, doc.tensor)
    if len(doc) == 0:
        return ops.alloc2f(0, tensor.shape[-1])
    if tensor.size == 0:
        raise ValueError(Errors.SD005.format(name=name, length=len(doc), upstream=upstream))
    if tensor.ndim != 2 or tensor.shape[0] != len(doc):
        raise ValueError(
            Errors.SD006.format(name=name, shape=tensor.shape, length=len(doc), upstream=upstream)
        )
    return ops.asarray2f(tensor)
