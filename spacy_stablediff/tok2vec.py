"""Embeddings with their output diffused, usable wherever spaCy takes a tok2vec."""

from collections.abc import Callable

import numpy
from spacy.tokens import Doc
from thinc.api import Model
from thinc.types import Floats2d

from .errors import Errors
from .layers.common import Batch, Diffusion, keep_batch

ARCHITECTURE = "spacy-stablediff.DiffusedTok2Vec.v1"
BOUNDARIES = ("doc", "sentence")
Tok2VecModel = Model[list[Doc], list[Floats2d]]


def DiffusedTok2Vec(
    tok2vec: Tok2VecModel, diffusion: Diffusion, boundaries: str = "doc"
) -> Tok2VecModel:
    """Diffuse the vectors of an embedding along each document.

    Registered as `spacy-stablediff.DiffusedTok2Vec.v1`, for the `tok2vec` of a
    component that embeds for itself or listens to a transformer, or for the
    `model` of a `tok2vec` component.

    tok2vec (Model[List[Doc], List[Floats2d]]): The embedding.
    diffusion (Model[List[Floats2d], List[Floats2d]]): A diffusion layer.
    boundaries (str): "doc", or "sentence" to stop at sentence boundaries, which an
        earlier component must have set. In training, list that component in
        [training.annotating_components].
    RETURNS (Model[List[Doc], List[Floats2d]]): The embedding with its output
        diffused, of the same width, with the references `tok2vec` and `diffusion`.
    RAISES (ValueError): SD012 if `boundaries` has another value; when it runs,
        SD013 for documents without sentence boundaries.
    """
    check_boundaries(ARCHITECTURE, boundaries)
    return Model(
        "diffused_tok2vec",
        forward,
        init=init,
        layers=[tok2vec, diffusion],
        refs={"tok2vec": tok2vec, "diffusion": diffusion},
        dims={"nO": tok2vec.maybe_get_dim("nO")},
        attrs={"boundaries": boundaries, "strict": True},
    )


def forward(
    model: Tok2VecModel, docs: list[Doc], is_train: bool
) -> tuple[Batch, Callable[[Batch], list[Doc]]]:
    """Embed and diffuse a batch, and return a callback to backpropagate through both."""
    model.attrs["strict"] = model.attrs["strict"] or is_train
    tok2vec, diffusion = model.layers
    vectors, backprop_tok2vec = tok2vec(docs, is_train)
    diffused, backprop_diffusion = diffuse(
        diffusion,
        docs,
        vectors,
        is_train=is_train,
        boundaries=model.attrs["boundaries"],
        owner=ARCHITECTURE,
        strict=model.attrs["strict"],
    )
    return diffused, lambda dYs: backprop_tok2vec(backprop_diffusion(dYs))


def init(model: Tok2VecModel, X: list[Doc] | None = None, Y: Batch | None = None) -> None:
    """Initialize the embedding, then the diffusion for the embedding's width.

    spaCy runs a component on documents without annotation while it initializes
    it, so that sentence boundaries are required only once training has begun.
    """
    tok2vec, diffusion = model.layers
    model.attrs["strict"] = False
    tok2vec.initialize(X=X)
    width = tok2vec.maybe_get_dim("nO")
    if width is None and X is not None:
        width = tok2vec.predict(X[:1])[0].shape[1]
    initialize_diffusion(diffusion, width)
    if width is not None:
        model.set_dim("nO", width, force=True)


def initialize_diffusion(diffusion: Diffusion, width: int | None) -> None:
    """Initialize a diffusion layer for vectors of the given width, None if unknown."""
    diffusion.initialize(X=None if width is None else [diffusion.ops.alloc2f(1, width)])


def diffuse(
    diffusion: Diffusion,
    docs: list[Doc],
    vectors: Batch,
    *,
    is_train: bool,
    boundaries: str,
    owner: str,
    strict: bool = True,
) -> tuple[Batch, Callable[[Batch], Batch]]:
    """Diffuse vectors of documents, within each document or each sentence.

    diffusion (Model[List[Floats2d], List[Floats2d]]): The diffusion layer.
    docs (List[Doc]): The documents.
    vectors (List[Floats2d]): Their vectors, shape (tokens, width) each.
    is_train (bool): Whether the layer is to run for training.
    boundaries (str): "doc" or "sentence".
    owner (str): What to name in errors.
    strict (bool): Raise SD013 for a document without sentence boundaries, rather
        than take it as one sentence.
    RETURNS (Tuple[List[Floats2d], Callable]): Diffused vectors, and a callback from
        their gradients to those of `vectors`.
    """
    if boundaries == "doc":
        return diffusion(vectors, is_train)
    if not any(len(doc) for doc in docs):
        return keep_batch(vectors)
    ops = diffusion.ops
    doc_lengths = ops.asarray1i([len(doc) for doc in docs])
    lengths = [ops.asarray1i(sentence_lengths(doc, owner=owner, strict=strict)) for doc in docs]

    def split(Xs: Batch) -> Batch:
        pairs = zip(Xs, lengths, strict=True)
        return [sentence for X, ns in pairs for sentence in ops.unflatten(X, ns)]

    def join(sentences: Batch) -> Batch:
        return ops.unflatten(ops.flatten(sentences), doc_lengths)

    diffused, backprop = diffusion(split(vectors), is_train)
    return join(diffused), lambda dYs: join(backprop(split(dYs)))


def check_boundaries(owner: str, boundaries: str) -> None:
    """Raise SD012 unless the setting `boundaries` has one of its values."""
    check_choice(owner, "boundaries", boundaries, BOUNDARIES)


def check_choice(owner: str, setting: str, value: str, options: tuple[str, ...]) -> None:
    """Raise SD012 unless a setting has one of its values."""
    if value not in options:
        listed = " or ".join(f'"{option}"' for option in options)
        raise ValueError(
            Errors.SD012.format(owner=owner, setting=setting, value=value, opts=listed)
        )


def sentence_lengths(doc: Doc, *, owner: str, strict: bool = True) -> list[int]:
    """Return the number of tokens of each sentence of a document.

    doc (Doc): The document.
    owner (str): What to name in errors.
    strict (bool): Raise SD013 if no sentence boundaries are set, rather than take the
        document as one sentence.
    RETURNS (List[int]): The lengths, none for an empty document.
    """
    if strict and not doc.has_annotation("SENT_START"):
        raise ValueError(Errors.SD013.format(owner=owner, length=len(doc)))
    starts = numpy.flatnonzero(doc.to_array("SENT_START") == 1)
    edges = numpy.unique(numpy.concatenate([[0], starts, [len(doc)]]))
    return numpy.diff(edges).tolist()
