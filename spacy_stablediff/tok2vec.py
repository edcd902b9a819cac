"""Any embedding with its output diffused, usable wherever spaCy takes a tok2vec."""

from spacy.tokens import Doc
from thinc.api import Model, chain
from thinc.types import Floats2d

from .layers.common import Diffusion


def DiffusedTok2Vec(
    tok2vec: Model[list[Doc], list[Floats2d]], diffusion: Diffusion
) -> Model[list[Doc], list[Floats2d]]:
    """Diffuse the vectors of an embedding along each document.

    Registered as `spacy-stablediff.DiffusedTok2Vec.v1`, for the `tok2vec` of a
    component that embeds for itself, or for the `model` of a `tok2vec` component.

    tok2vec (Model[List[Doc], List[Floats2d]]): The embedding.
    diffusion (Model[List[Floats2d], List[Floats2d]]): A diffusion layer.
    RETURNS (Model[List[Doc], List[Floats2d]]): The embedding with its output
        diffused, of the same width, with the references `tok2vec` and `diffusion`.
    """
    model: Model[list[Doc], list[Floats2d]] = chain(tok2vec, diffusion)
    model.name = "diffused_tok2vec"
    model.set_ref("tok2vec", tok2vec)
    model.set_ref("diffusion", diffusion)
    if tok2vec.has_dim("nO"):
        model.set_dim("nO", tok2vec.get_dim("nO"))
    return model
