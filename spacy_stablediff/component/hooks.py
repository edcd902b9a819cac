"""User hooks that make vectors and similarity answer from doc.tensor."""

from collections.abc import Callable
from typing import Any

from spacy.tokens import Doc, Span, Token
from thinc.api import get_array_module
from thinc.types import Floats1d

from ..errors import Errors


def set_hooks(doc: Doc) -> None:
    """Let a document, its spans and its tokens take their vectors from doc.tensor.

    doc (Doc): The document, with a row of doc.tensor for each token.
    """
    shared: dict[str, Callable[..., Any]] = {"has_vector": has_vector, "similarity": similarity}
    doc.user_hooks.update(vector=doc_vector, vector_norm=doc_vector_norm, **shared)
    doc.user_span_hooks.update(vector=span_vector, **shared)
    doc.user_token_hooks.update(vector=token_vector, **shared)


def token_vector(token: Token) -> Floats1d:
    """Return the token's row of doc.tensor, shape (width,)."""
    return token.doc.tensor[token.i]


def span_vector(span: Span) -> Floats1d:
    """Return the mean of the rows of the span's tokens, shape (width,)."""
    return _mean(span.doc.tensor[span.start : span.end])


def doc_vector(doc: Doc) -> Floats1d:
    """Return the mean of the rows of all tokens, shape (width,)."""
    return _mean(doc.tensor)


def doc_vector_norm(doc: Doc) -> float:
    """Return the length of the document's vector, which spaCy would remember from before."""
    return _norm(doc.vector)


def has_vector(tokens: Doc | Span | Token) -> bool:
    """Tell whether there are rows to answer from."""
    return tokens.doc.tensor.size > 0


def similarity(this: Any, other: Any) -> float:
    """Return the cosine of the angle between two objects' vectors, 0 if one is zero.

    this (Union[Doc, Span, Token]): An object with hooks.
    other (Union[Doc, Span, Token, Lexeme]): What to compare it with.
    RETURNS (float): The similarity.
    RAISES (ValueError): SD028 where the other's vector has another width.
    """
    a, b = this.vector, other.vector
    if a.shape != b.shape:
        raise ValueError(Errors.SD028.format(width=a.shape[0], other=b.shape[0]))
    norms = _norm(a) * _norm(b)
    return float(a @ b) / norms if norms else 0.0


def _mean(rows: Any) -> Floats1d:
    return rows.sum(axis=0) / max(len(rows), 1)


def _norm(vector: Floats1d) -> float:
    return float(get_array_module(vector).linalg.norm(vector))
