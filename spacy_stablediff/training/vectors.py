"""The loss on how far the vectors of a text move when it is edited.

With y the diffused vectors of a batch's tokens and y' those of an edited copy, the
loss is the mean over aligned tokens i of

    |y'_i - y_i|^2 / Var(y) + contrast * -log softmax_i(-|y'_i - y_j|^2 / (2 tau d Var(y))),

where the softmax runs over the tokens j of the document, d is the width and tau is
TEMPERATURE. Var(y) is the mean, over all channels and tokens of the batch, of the
squared deviation from the mean of the token's document. Documents of a single token
are left out of it, for they have no variance. So the loss can't be lowered
by shrinking the vectors, and the second term, the cross-entropy of telling which
token it was, keeps the tokens of a document apart.

The first term: Zheng, Song, Leung and Goodfellow, Improving the robustness of deep
neural networks via stability training (CVPR 2016). The second: van den Oord, Li and
Vinyals, Representation learning with contrastive predictive coding (2018).
"""

from typing import NamedTuple

import numpy
from thinc.api import Ops
from thinc.types import Floats2d

from ..types import Array

# Of the softmax, in squared distances relative to those between tokens of a document.
TEMPERATURE = 0.1

# An edited token is told apart from so many tokens of its document at most.
MAX_BLOCK = 512


def vectors_loss(
    ops: Ops,
    clean: Floats2d,
    edited: Floats2d,
    lengths: Array,
    clean_rows: Array,
    rows: Array,
    contrast: float = 0.0,
) -> tuple[float, Floats2d, Floats2d]:
    """Compute the loss and its gradients.

    ops (Ops): The ops of the arrays.
    clean (Floats2d): Vectors of all clean tokens, shape (clean tokens, width).
    edited (Floats2d): Vectors of all edited tokens, shape (edited tokens, width).
    lengths (Ints1d): Number of tokens of each clean document, on the CPU.
    clean_rows (Ints1d): Counterparts of `rows` in `clean`.
    rows (Ints1d): The edited tokens that have one, shape (aligned tokens,).
    contrast (float): Weight >= 0 of the contrastive term.
    RETURNS (Tuple[float, Floats2d, Floats2d]): The loss, 0 where the clean vectors
        of each document are equal, but for rounding, and its gradients for `clean` and `edited`.
    """
    d_clean, d_edited = ops.xp.zeros_like(clean), ops.xp.zeros_like(edited)
    if not len(rows):
        return 0.0, d_clean, d_edited
    means = ops.reduce_mean(clean, ops.asarray1i(lengths))
    # Not by xp.repeat, which in cupy takes no array of numbers.
    deviation = clean - means[ops.xp.asarray(numpy.repeat(numpy.arange(len(lengths)), lengths))]
    # The deviation of a document of a single token is 0, so that the mean needs but another divisor.
    varying = max(int(lengths[lengths > 1].sum()), 1) * clean.shape[1]
    variance = float(ops.xp.mean(deviation**2)) * (clean.size / varying)
    rounding = 100 * float(ops.xp.finfo(clean.dtype).eps)
    if variance <= rounding**2 * float(ops.xp.mean(clean**2)):
        return 0.0, d_clean, d_edited
    aligned: Array = edited[rows]
    terms = [(1.0, _movement(ops, clean, aligned, clean_rows, variance))]
    if contrast:
        blocks = _blocks(lengths, clean_rows)
        terms.append((contrast, _confusion(ops, clean, aligned, clean_rows, blocks, variance)))
    for weight, term in terms:
        ops.scatter_add(d_edited, rows, weight * term.d_aligned)
        d_clean += weight * term.d_clean
        d_clean += deviation * (weight * term.d_variance * 2 / varying)
    return sum(weight * term.loss for weight, term in terms), d_clean, d_edited


class Term(NamedTuple):
    """A term of the loss, with its gradients.

    loss (float): Its value.
    d_aligned (Floats2d): The gradient for the edited tokens that have a counterpart.
    d_clean (Floats2d): The one for all clean tokens, apart from what the variance does.
    d_variance (float): The one for the variance.
    """

    loss: float
    d_aligned: Floats2d
    d_clean: Floats2d
    d_variance: float


def _movement(
    ops: Ops, clean: Floats2d, aligned: Floats2d, clean_rows: Array, variance: float
) -> Term:
    """Mean squared distance of the edited tokens from their counterparts, by the variance."""
    moved = aligned - clean[clean_rows]
    loss = float(ops.xp.sum(moved**2)) / (len(moved) * variance)
    gradient = moved * (2 / (len(moved) * variance))
    d_clean = ops.xp.zeros_like(clean)
    ops.scatter_add(d_clean, clean_rows, -gradient)
    return Term(loss, gradient, d_clean, -loss / variance)


def _confusion(
    ops: Ops,
    clean: Floats2d,
    aligned: Floats2d,
    clean_rows: Array,
    blocks: list[tuple[slice, Array]],
    variance: float,
) -> Term:
    """Mean cross-entropy of telling by the distances which token an edited one was."""
    xp, scale = ops.xp, 2 * TEMPERATURE * clean.shape[1] * variance
    loss, d_variance = 0.0, 0.0
    d_aligned, d_clean = xp.zeros_like(aligned), xp.zeros_like(clean)
    for tokens, members in blocks:
        A: Array = aligned[members]
        B: Array = clean[tokens]
        n = xp.arange(len(members))
        target = clean_rows[members] - tokens.start
        squares = (A**2).sum(axis=1)[:, None] + (B**2).sum(axis=1) - 2 * A @ B.T
        logits = (squares.min(axis=1, keepdims=True) - squares) / scale
        logits -= xp.log(xp.exp(logits).sum(axis=1, keepdims=True))
        loss -= float(logits[n, target].sum())
        G = xp.exp(logits)
        G[n, target] -= 1
        d_variance += float((G * squares).sum()) / (scale * variance)
        d_aligned[members] = (G @ B - G.sum(axis=1)[:, None] * A) * (2 / scale)
        d_clean[tokens] = (G.T @ A - G.sum(axis=0)[:, None] * B) * (2 / scale)
    count = len(aligned)
    return Term(loss / count, d_aligned / count, d_clean / count, d_variance / count)


def _blocks(lengths: Array, clean_rows: Array) -> list[tuple[slice, Array]]:
    """Cut documents into blocks, and list those that have aligned tokens.

    lengths (Ints1d): Number of tokens of each document.
    clean_rows (Ints1d): The clean tokens that have a counterpart.
    RETURNS (List[Tuple[slice, Ints1d]]): The clean tokens of each block, and which of
        `clean_rows` are among them.
    """
    ends = numpy.cumsum(lengths)
    starts = numpy.concatenate(
        [
            numpy.arange(end - length, end, MAX_BLOCK)
            for end, length in zip(ends, lengths, strict=True)
        ]
    )
    stops = numpy.append(starts[1:], ends[-1])
    order = numpy.argsort(clean_rows, kind="stable")
    bounds = numpy.searchsorted(clean_rows[order], [starts, stops])
    return [
        (slice(start, stop), order[first:last])
        for start, stop, first, last in zip(starts, stops, *bounds, strict=True)
        if first < last
    ]
