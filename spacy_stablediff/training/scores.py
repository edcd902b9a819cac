"""The loss on how far the scores of a text move when it is edited.

The scores of the clean text are the truth, as annotation is for a classifier: the loss is
the divergence of the scores of the edited text from them, summed over the labels where
each has a probability of its own. As truths they have no gradient.

Sajjadi, Javanmardi and Tasdizen, Regularization with stochastic transformations and
perturbations for deep semi-supervised learning (NeurIPS 2016).
"""

from thinc.types import Floats2d

from ..types import Array

# Below it the slope of a logistic layer counts as so much.
MIN_SLOPE = 1e-6


def scores_loss(
    clean: Floats2d, edited: Floats2d, *, is_logistic: bool = False
) -> tuple[float, Floats2d]:
    """Compute the loss and its gradient.

    clean (Floats2d): The scores of the clean texts or spans, shape (texts, labels).
    edited (Floats2d): Those of the edited ones, of the same shape.
    is_logistic (bool): Whether each score comes from a logistic layer of its own, rather
        than all of a text from a softmax.
    RETURNS (Tuple[float, Floats2d]): The mean squared movement of a score, which is
        what text classifiers log, and the gradient of the divergence: what the last layer
        must be given. A softmax layer takes the gradient for what it was given, a
        logistic one that for its scores.
    """
    moved: Array = edited - clean
    loss = float((moved**2).mean())
    if is_logistic:
        return loss, moved / (edited * (1 - edited)).clip(MIN_SLOPE)
    return loss, moved
