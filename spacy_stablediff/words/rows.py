"""Embeddings of tokens in whose place those of the forms that they are made of are put."""

from collections.abc import Callable

from thinc.api import Ops
from thinc.types import Floats2d

from ..types import Array
from .mixing import Mixed


def diffuse_rows(
    ops: Ops, rows: Floats2d, forms: Floats2d, places: Array, mixed: Mixed
) -> Callable[[Floats2d], tuple[Floats2d, Floats2d]]:
    """Put what some tokens are made of in place of their own rows.

    ops (Ops): The ops of the arrays.
    rows (Floats2d): The rows of all tokens, shape (tokens, width), which are written to.
    forms (Floats2d): The rows of forms, shape (forms, width).
    places (Ints1d): For each entry of `mixed.sources` the place of its form there.
    mixed (Mixed): The tokens, and what they are made of.
    RETURNS (Callable[[Floats2d], Tuple[Floats2d, Floats2d]]): Makes of the gradient for the
        rows, written to as well, that for the rows before and that for the forms.
    """
    tokens, sources = ops.xp.asarray(mixed.tokens), ops.xp.asarray(places)
    lengths, weights = ops.asarray1i(mixed.lengths), ops.asarray2f(mixed.weights[:, None])
    shape = forms.shape
    rows[tokens] = ops.reduce_sum(forms[sources] * weights, lengths)

    def backprop(d_rows: Floats2d) -> tuple[Floats2d, Floats2d]:
        d_forms = ops.alloc2f(*shape)
        ops.scatter_add(
            d_forms, sources, ops.backprop_reduce_sum(d_rows[tokens], lengths) * weights
        )
        d_rows[tokens] = 0
        return d_rows, d_forms

    return backprop
