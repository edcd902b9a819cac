"""Embeddings with their output diffused, usable wherever spaCy takes a tok2vec."""

import weakref
from collections.abc import Callable, Sequence
from typing import Any

from spacy.tokens import Doc
from thinc.api import Model

from ..errors import refused_by
from ..types import Batch, Boundaries, Diffusion, Embedding
from ..wiring.embeddings import is_for_pretraining
from ..wiring.settings import SETTINGS, Settings
from ..wiring.transformers import widen
from .boundaries import diffuse
from .common import begin_training, initialize_width

ARCHITECTURE = "spacy-stablediff.DiffusedTok2Vec.v1"
LAYER = "diffused_tok2vec"


def DiffusedTok2Vec(
    tok2vec: Embedding, diffusion: Diffusion, boundaries: Boundaries = "doc"
) -> Embedding:
    """Diffuse the vectors of an embedding along each document.

    Registered as `spacy-stablediff.DiffusedTok2Vec.v1`, for the `tok2vec` of a
    component that embeds for itself or listens to a transformer, or for the
    `model` of a `tok2vec` component.

    tok2vec (Model[List[Doc], List[Floats2d]]): The embedding.
    diffusion (Model[List[Floats2d], List[Floats2d]]): A diffusion layer.
    boundaries (str): "doc", or "sentence" to stop at sentence boundaries, which an
        earlier component must have set. In training, list that component in
        [training.annotating_components]. In `spacy pretrain`, where none comes
        before, a document counts as one sentence.
    RETURNS (Model[List[Doc], List[Floats2d]]): The embedding with its output
        diffused, of the same width, with the references `tok2vec` and `diffusion`.
    RAISES (ValueError): When it runs, SD007 to SD009 for vectors that can't be
        diffused, SD013 for documents without sentence boundaries.
    """
    return Model(
        LAYER,
        forward,
        init=init,
        layers=[tok2vec, diffusion],
        refs={"tok2vec": tok2vec, "diffusion": diffusion},
        dims={"nO": tok2vec.maybe_get_dim("nO")},
        attrs={SETTINGS: Settings(boundaries=boundaries), "sample": Sample()},
    )


def diffused_config(
    block: dict[str, Any], diffusion: dict[str, Any], boundaries: Boundaries
) -> dict[str, Any]:
    """Return the config of an embedding with its output diffused.

    block (Dict[str, Any]): Config of the embedding.
    diffusion (Dict[str, Any]): Config of the diffusion layer.
    boundaries (str): "doc" or "sentence".
    RETURNS (Dict[str, Any]): Config of `spacy-stablediff.DiffusedTok2Vec.v1`.
    """
    return {
        "@architectures": ARCHITECTURE,
        "boundaries": boundaries,
        "tok2vec": block,
        "diffusion": diffusion,
    }


def forward(
    model: Embedding, docs: list[Doc], is_train: bool
) -> tuple[Batch, Callable[[Batch], list[Doc]]]:
    """Embed and diffuse a batch, and return a callback to backpropagate through both."""
    tok2vec, diffusion = model.layers
    vectors, backprop_tok2vec = tok2vec(docs, is_train)
    with refused_by(ARCHITECTURE):
        if is_train:
            begin_training(diffusion, vectors)
        diffused, backprop_diffusion = diffuse(
            diffusion,
            docs,
            widen(model, vectors),
            is_train=is_train,
            boundaries=model.attrs[SETTINGS]["boundaries"],
            may_lack=model.attrs["sample"].holds,
        )
    return diffused, lambda dYs: backprop_tok2vec(backprop_diffusion(dYs))


def init(model: Embedding, X: list[Doc] | None = None, Y: Batch | None = None) -> None:
    """Initialize the embedding, then the diffusion for the embedding's width."""
    tok2vec, diffusion = model.layers
    model.attrs["sample"] = Sample(X or [])
    tok2vec.initialize(X=X)
    width = tok2vec.maybe_get_dim("nO")
    if width is None and X is not None:
        width = tok2vec.predict(X[:1])[0].shape[1]
    with refused_by(ARCHITECTURE):
        initialize_width(diffusion, width)
    if width is not None:
        model.set_dim("nO", width, force=True)


class Sample:
    """The documents that a layer was initialized with, known as long as they live.

    To infer shapes, layers around this one run it on them, although no component has
    annotated them yet. They are known by their tensors, for a Doc takes no weak
    reference. Copies and pickles know none. In `spacy pretrain`, where no component runs,
    all documents count as known.
    """

    def __init__(self, docs: Sequence[Doc] = ()):
        """Know these documents.

        docs (Sequence[Doc]): The documents.
        """
        self._pretrains = is_for_pretraining(docs)
        self._tensors = [weakref.ref(doc.tensor) for doc in docs]

    def __reduce__(self) -> tuple:
        """Copy and pickle without the documents."""
        return Sample, ()

    def holds(self, doc: Doc) -> bool:
        """Tell whether a document is one of them."""
        return self._pretrains or any(tensor() is doc.tensor for tensor in self._tensors)
