"""What diffused vectors are made of: the matrices K of Y = K X.

Each layer computes its own, by diffusing the identity matrix, for the confidences that
the vectors themselves give. No entry is negative, and each row sums to 1: row i holds
the shares that make up token i's vector.
"""

from dataclasses import dataclass
from typing import Protocol

from thinc.types import Floats1d, Floats2d, Ints1d

from ..types import Diffusion


@dataclass(frozen=True)
class Mixture:
    """How a diffusion layer mixes the vectors of one document, at one scale.

    method (str): The layer and its settings, in words.
    weights (Floats2d): Shape (tokens, tokens): row i holds the shares, from 0 to 1,
        of the tokens' vectors in the diffused vector of token i.
    confidence (Optional[Floats1d]): The confidence > 0 in each token, where it is
        learned.
    """

    method: str
    weights: Floats2d
    confidence: Floats1d | None = None


class Mix(Protocol):
    """Computes a layer's mixtures, one for each scale; layers have it as attrs["mix"].

    layer (Model[List[Floats2d], List[Floats2d]]): The layer.
    X (Floats2d): The vectors of a document, shape (tokens, width).
    lengths (Ints1d): Number of tokens of each stretch that is diffused for itself.
    channel (Optional[int]): The channel to look at where they differ, or None for the
        mean over all.
    RETURNS (List[Mixture]): The mixtures.
    """

    def __call__(  # noqa: D102
        self, layer: Diffusion, X: Floats2d, lengths: Ints1d, channel: int | None
    ) -> list[Mixture]: ...
