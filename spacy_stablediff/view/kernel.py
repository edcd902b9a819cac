"""Which diffusion of a pipeline to look at, and the vectors of a document that come to it."""

from typing import Any, cast

import numpy
from spacy.language import Language
from spacy.tokens import Doc
from thinc.types import Floats2d, Ints1d

from ..checks import is_whole
from ..errors import Errors, refused_by
from ..layers.boundaries import sentence_lengths
from ..layers.cased_tok2vec import choose_branch, find_cased
from ..layers.common import NUMPY_OPS
from ..layers.diffused_tok2vec import LAYER
from ..layers.mixture import Mixture
from ..types import Boundaries, Diffusion, Embedding
from ..wiring.nodes import find_node
from ..wiring.path import Diffuser
from ..wiring.settings import SETTINGS


def compute_mixtures(
    doc: Doc, nlp: Language, *, component: str | None = None, channel: int | None = None
) -> tuple[str, list[Mixture]]:
    """Compute which tokens each diffused vector of a document is made of.

    The components before the diffusion run again, on a copy of the document, for
    the document's own vectors may be diffused already.

    doc (Doc): The document, processed or not.
    nlp (Language): The pipeline that diffuses.
    component (Optional[str]): The component whose diffusion to look at: a
        `stablediff`, or one whose embedding is diffused. By default the first.
    channel (Optional[int]): The channel to look at, from 0 to the width less 1,
        where each channel has its own time. By default the mean over them.
    RETURNS (Tuple[str, List[Mixture]]): The name of the component, and its mixtures,
        one for each scale.
    RAISES (ValueError): SD150 or SD151 if no such component diffuses, SD152 if its
        layer mixes in no way that is known, SD153 if it has no such channel; and what
        the component raises for vectors that it can't diffuse.
    """
    found = ((name, _find_layer(nlp, name, doc)) for name in nlp.component_names)
    layers = {name: layer for name, layer in found if layer}
    diffusing = list(layers)
    if not diffusing:
        raise ValueError(Errors.SD150.format(opts=", ".join(nlp.component_names)))
    name = diffusing[0] if component is None else component
    if name not in diffusing:
        raise ValueError(Errors.SD151.format(name=name, opts=", ".join(diffusing)))
    layer = layers[name]
    if "mix" not in layer.attrs:
        raise ValueError(Errors.SD152.format(layer=layer.name))
    vectors, lengths = _get_undiffused(doc, nlp, name)
    last = vectors.shape[1] - 1
    if channel is not None and not is_whole(channel, most=last):
        raise ValueError(Errors.SD153.format(channel=channel, last=last))
    return name, layer.attrs["mix"](layer, vectors, lengths, channel)


def _find_layer(nlp: Language, name: str, doc: Doc) -> Diffusion | None:
    """Return the diffusion layer of a component that a document goes through, if it has one."""
    component = nlp.get_pipe(name)
    if isinstance(component, Diffuser):
        return component.model
    embedding, _ = _find_embedding(component, doc)
    return None if embedding is None else cast(Diffusion, embedding.get_ref("diffusion"))


def _find_embedding(component: Any, doc: Doc) -> tuple[Embedding | None, Doc]:
    """Find the diffused embedding that a document goes to, and the document as that one gets it."""
    cased = next(find_cased(component), None)
    if cased is None:
        return find_node(component, LAYER), doc
    is_single, doc = choose_branch(doc)
    return find_node(cased.layers[is_single], LAYER), doc


def _get_undiffused(doc: Doc, nlp: Language, name: str) -> tuple[Floats2d, Ints1d]:
    """Vectors that a component is about to diffuse, shape (tokens, width), and the number
    of tokens of each stretch that it diffuses them in."""
    later = nlp.component_names[nlp.component_names.index(name) :]
    doc = doc.copy()
    doc.tensor = numpy.zeros((0,), dtype="float32")
    doc = nlp(doc, disable=later)
    vectors, boundaries = _embed(doc, nlp.get_pipe(name))
    with refused_by(f"Component '{name}'"):
        lengths = sentence_lengths(doc) if boundaries == "sentence" else [len(doc)]
    return vectors, NUMPY_OPS.asarray1i(lengths)


def _embed(doc: Doc, component: Any) -> tuple[Floats2d, Boundaries]:
    """Vectors that a component diffuses, and where it stops."""
    if isinstance(component, Diffuser):
        vectors = component.get_vectors([doc])
        component.diffuse([doc], vectors, is_train=False)  # raises where that can't be done
        return vectors[0], component.boundaries
    embedding, doc = _find_embedding(component, doc)
    assert embedding is not None
    # spaCy hands no embedding a batch without tokens, and static vectors can't take one.
    no_vectors = NUMPY_OPS.alloc2f(0, embedding.maybe_get_dim("nO") or 0)
    vectors = embedding.get_ref("tok2vec").predict([doc])[0] if len(doc) else no_vectors
    return vectors, embedding.attrs[SETTINGS]["boundaries"]
