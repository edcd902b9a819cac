"""What a diffused vector is made of: the kernel K of Y = K X for one document.

K is found by diffusing the identity matrix with the operators of `kernels`, for
the confidences that the document's own vectors give. No entry is negative and
each row sums to 1: row i holds the shares that make up token i's vector.
"""

from dataclasses import dataclass
from typing import cast

import numpy
from spacy.language import Language
from spacy.tokens import Doc
from thinc.api import Model, to_numpy
from thinc.types import Floats1d, Floats2d, Ints1d

from ..errors import Errors
from ..kernels import heat, implicit
from ..layers.common import NUMPY_OPS, Diffusion
from ..layers.heat import get_times
from ..layers.implicit import begin_confidence, begin_time
from ..nodes import walk_nodes
from ..pipeline import StableDiff
from ..tok2vec import sentence_lengths


@dataclass(frozen=True)
class Mixture:
    """How a diffusion layer mixes the vectors of one document.

    method (str): The layer and its settings, in words.
    weights (Floats2d): Shape (tokens, tokens): row i holds the shares, from 0 to 1,
        of the tokens' vectors in the diffused vector of token i.
    confidence (Optional[Floats1d]): The confidence > 0 in each token, where it is
        learned.
    """

    method: str
    weights: Floats2d
    confidence: Floats1d | None = None


def compute_mixture(
    doc: Doc, nlp: Language, *, component: str | None = None, channel: int | None = None
) -> tuple[str, Mixture]:
    """Compute which tokens each diffused vector of a document is made of.

    The components before the diffusion run again, on a copy of the document, for
    the document's own vectors may be diffused already.

    doc (Doc): The document, processed or not.
    nlp (Language): The pipeline that diffuses.
    component (Optional[str]): The component whose diffusion to look at: a
        `stablediff`, or one whose embedding is diffused. By default the first.
    channel (Optional[int]): The channel to look at, from 0 to the width less 1,
        where each channel has its own time. By default the mean over them.
    RETURNS (Tuple[str, Mixture]): The name of the component, and its mixture.
    RAISES (ValueError): SD150 or SD151 if no such component diffuses, SD152 if its
        layer mixes in no such way, SD153 if it has no such channel; and what the
        component raises for vectors that it can't diffuse.
    """
    diffusing = [name for name in nlp.component_names if _find_layer(nlp, name)]
    if not diffusing:
        raise ValueError(Errors.SD150.format(opts=", ".join(nlp.component_names)))
    name = diffusing[0] if component is None else component
    if name not in diffusing:
        raise ValueError(Errors.SD151.format(name=name, opts=", ".join(diffusing)))
    layer = cast(Diffusion, _find_layer(nlp, name))
    if layer.name not in MIXERS:
        raise ValueError(Errors.SD152.format(layer=layer.name, opts=", ".join(MIXERS)))
    return name, MIXERS[layer.name](layer, *_get_undiffused(doc, nlp, name), channel)


def mix_heat(layer: Diffusion, X: Floats2d, lengths: Ints1d, channel: int | None) -> Mixture:
    """Compute the heat kernel of one channel, or the mean of all channels' kernels."""
    times = to_numpy(get_times(layer)).astype("float64")
    if channel is not None and channel not in range(X.shape[1]):
        raise ValueError(Errors.SD153.format(channel=channel, last=X.shape[1] - 1))
    method = f"heat, time {times.mean():.2g}"
    if times.shape[0] > 1:
        shown = f"mean over {times.shape[0]} channels" if channel is None else f"channel {channel}"
        times = times if channel is None else times[channel : channel + 1]
        method = f"heat, learned time {times.mean():.2g} ({shown})"
    unit = numpy.eye(X.shape[0])
    weights = sum(heat(unit, lengths, time)[0] for time in times[:, None]) / times.shape[0]
    return Mixture(method, cast(Floats2d, weights))


def mix_implicit(layer: Diffusion, X: Floats2d, lengths: Ints1d, channel: int | None) -> Mixture:
    """Compute the kernel of an implicit step; it is the same for every channel."""
    radius, time = layer.attrs["radius"], begin_time(layer)[0]
    confidence = to_numpy(begin_confidence(layer, X)[0]).astype("float64")
    unit = cast(Floats2d, numpy.eye(X.shape[0]))
    weights = implicit(unit, lengths, confidence, time, radius)[0] if len(X) else unit
    learned = "learned " if layer.has_param("time") else ""
    method = f"implicit, {learned}time {time:.2g}, radius {radius}"
    return Mixture(method, weights, confidence if layer.has_param("u") else None)


MIXERS = {"heat_diffusion": mix_heat, "implicit_diffusion": mix_implicit}


def _find_layer(nlp: Language, name: str) -> Diffusion | None:
    """Return the diffusion layer of a component, if it has one."""
    component = nlp.get_pipe(name)
    if isinstance(component, StableDiff):
        return component.model
    embedding = _find_diffused_tok2vec(component)
    return embedding and cast(Diffusion, embedding.get_ref("diffusion"))


def _find_diffused_tok2vec(component: object) -> Model | None:
    nodes = (node for node in walk_nodes(component) if node.name == "diffused_tok2vec")
    return next(nodes, None)


def _get_undiffused(doc: Doc, nlp: Language, name: str) -> tuple[Floats2d, Ints1d]:
    """Vectors that a component is about to diffuse, shape (tokens, width), and the number
    of tokens of each stretch that it diffuses them in."""
    later = nlp.component_names[nlp.component_names.index(name) :]
    doc = doc.copy()
    doc.tensor = numpy.zeros((0,), dtype="float32")
    doc = nlp(doc, disable=later)
    component = nlp.get_pipe(name)
    if isinstance(component, StableDiff):
        component.predict([doc])  # raises where the vectors can't be diffused
        vectors, boundaries = component.get_vectors([doc])[0], component.boundaries
    else:
        embedding = cast(Model, _find_diffused_tok2vec(component))
        vectors = embedding.get_ref("tok2vec").predict([doc])[0]
        boundaries = embedding.attrs["boundaries"]
    lengths = sentence_lengths(doc, owner=name) if boundaries == "sentence" else [len(doc)]
    return vectors, NUMPY_OPS.asarray1i(lengths)
