"""Diffusion within documents, or within their sentences."""

from collections.abc import Callable

import numpy
from spacy.tokens import Doc

from ..errors import Errors, VectorsError
from ..types import Batch, Boundaries, Diffusion
from .common import keep_batch


def diffuse(
    diffusion: Diffusion,
    docs: list[Doc],
    vectors: Batch,
    *,
    is_train: bool,
    boundaries: Boundaries,
    may_lack: Callable[[Doc], bool] = lambda doc: False,
) -> tuple[Batch, Callable[[Batch], Batch]]:
    """Diffuse vectors of documents, within each document or each sentence.

    diffusion (Model[List[Floats2d], List[Floats2d]]): The diffusion layer.
    docs (List[Doc]): The documents.
    vectors (List[Floats2d]): Their vectors, shape (tokens, width) each.
    is_train (bool): Whether the layer is to run for training.
    boundaries (str): "doc" or "sentence".
    may_lack (Callable[[Doc], bool]): Tells of a document without sentence boundaries
        whether it may be taken as one sentence.
    RETURNS (Tuple[List[Floats2d], Callable]): Diffused vectors, and a callback from
        their gradients to those of `vectors`.
    RAISES (VectorsError): SD013 for any other document without them.
    """
    if boundaries == "doc":
        return diffusion(vectors, is_train)
    if not any(len(doc) for doc in docs):
        return keep_batch(vectors)
    ops = diffusion.ops
    doc_lengths = ops.asarray1i([len(doc) for doc in docs])
    lengths = [ops.asarray1i(sentence_lengths(doc, may_lack)) for doc in docs]

    def split(Xs: Batch) -> Batch:
        pairs = zip(Xs, lengths, strict=True)
        return [sentence for X, ns in pairs for sentence in ops.unflatten(X, ns)]

    def join(sentences: Batch) -> Batch:
        return ops.unflatten(ops.flatten(sentences), doc_lengths)

    diffused, backprop = diffusion(split(vectors), is_train)
    return join(diffused), lambda dYs: join(backprop(split(dYs)))


def sentence_lengths(doc: Doc, may_lack: Callable[[Doc], bool] = lambda doc: False) -> list[int]:
    """Return the number of tokens of each sentence of a document, none for an empty one.

    doc (Doc): The document.
    may_lack (Callable[[Doc], bool]): As for `diffuse`.
    RETURNS (List[int]): The lengths.
    RAISES (VectorsError): SD013 if it has no sentence boundaries, and may not lack them.
    """
    if not doc.has_annotation("SENT_START") and not may_lack(doc):
        raise VectorsError(Errors.SD013, length=len(doc))
    starts = numpy.flatnonzero(doc.to_array("SENT_START") == 1)
    edges = numpy.unique(numpy.concatenate([[0], starts, [len(doc)]]))
    return numpy.diff(edges).tolist()
