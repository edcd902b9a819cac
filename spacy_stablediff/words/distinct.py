"""Embedding each distinct word of a batch once, however often it occurs."""

from spacy.tokens import Doc
from thinc.layers.chain import forward as forward_chain
from thinc.types import Floats2d

from ..types import Array, Embedding
from .known import LAYER as KNOWN_WORDS

# Odd, and far from any pattern of bits: 2**64 divided by the golden ratio.
MULTIPLIER = 0x9E3779B97F4A7C15


def embed_distinct(embed: Embedding, docs: list[Doc]) -> Floats2d:
    """Embed documents for prediction, words of the same features once.

    embed (Model[List[Doc], List[Floats2d]]): An embedding without context. Where it looks at
        more than the features of words, as at their static vectors, all are embedded.
    docs (List[Doc]): The documents, with a token at least.
    RETURNS (Floats2d): The rows of all tokens, shape (tokens, width).
    """
    # thinc has no public name for the kind of a layer.
    if embed._func is not forward_chain or embed.layers[0].name != KNOWN_WORDS:
        return embed.ops.flatten(embed.predict(docs))
    known, *layers = embed.layers
    features = embed.ops.flatten(known.predict(docs))
    first, places = _find_distinct(embed.ops.xp, features)
    rows = [features[first]]
    for layer in layers:
        rows = layer.predict(rows)
    return rows[0][places]


def _find_distinct(xp: Array, features: Array) -> tuple[Array, Array]:
    """Find the first row of each kind, and the kind of each row."""
    multipliers = xp.cumprod(xp.full(features.shape[1], MULTIPLIER, dtype="uint64"))
    keys = (features.astype("uint64") * multipliers).sum(axis=1)
    _, first, places = xp.unique(keys, return_index=True, return_inverse=True)
    if (features[first][places] == features).all():
        return first, places
    every = xp.arange(len(features))
    return every, every
