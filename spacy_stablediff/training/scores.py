"""The loss on how far the scores of a text move when it is edited.

The scores of the clean text are the truth, in the very loss that a text classifier has
for annotated texts. As truths they have no gradient.

Sajjadi, Javanmardi and Tasdizen, Regularization with stochastic transformations and
perturbations for deep semi-supervised learning (NeurIPS 2016).
"""

from thinc.types import Floats2d


def scores_loss(clean: Floats2d, edited: Floats2d) -> tuple[float, Floats2d]:
    """Compute the loss and its gradient.

    clean (Floats2d): The scores of the clean texts, shape (texts, labels).
    edited (Floats2d): Those of the edited texts, of the same shape.
    RETURNS (Tuple[float, Floats2d]): The mean squared movement of a score, which is
        what text classifiers log, and the gradient of the cross-entropy for what the
        classifier's softmax or logistic layer is given, as they backpropagate it.
    """
    moved = edited - clean
    return float((moved**2).mean()), moved
