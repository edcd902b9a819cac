"""Which token of a clean document a token of its edited copy comes from.

An alignment is an array with an entry for each token of the edited document: the
index of its clean token, or -1 where it has none. No clean token has two. Of the
pieces of a split token the largest one is its counterpart, and of two tokens that
were merged the one that makes up most of the result.

The edits of this package record the exact alignment with the edited document. For
any other augmenter it is found by comparing the two sequences of tokens.
"""

import zlib
from collections import Counter
from collections.abc import Sequence
from typing import Any, cast

import numpy
from rapidfuzz.distance import LCSseq
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import min_weight_full_bipartite_matching
from spacy.tokens import Doc

from ..types import Array

# The key of doc.user_data that holds a recorded alignment. Doc.copy and the
# serialization of documents keep it, so it reaches every copy that training makes.
RECORD = "stablediff_alignment"

# Tokens are compared up to this many places from where their neighbours come from,
# and each place costs as much as this share of their characters.
REACH = 8
PLACE_COST = 0.05

# What leaving a token unaligned costs: less than taking a token of which nothing is
# alike from a place away, more than taking the one in the same place.
GAP_COST = 0.025


def align(clean: Doc, edited: Doc) -> Array:
    """Align an edited document with the clean one that it was made from.

    clean (Doc): The clean document.
    edited (Doc): The edited document, or a copy of it.
    RETURNS (Ints1d): For each token of the edited document the index of its clean
        token, or -1: the recorded alignment where it was recorded for these very
        tokens, else the one found by comparing them.
    """
    record = _find_record(clean, edited)
    if record is not None:
        return numpy.asarray(record["tokens"], dtype="int64")
    return align_tokens([token.text for token in clean], [token.text for token in edited])


def find_merged(clean: Doc, edited: Doc) -> Array:
    """Find the tokens that are part of others: they have letters in the edited text, and no
    counterpart.

    clean (Doc): The clean document.
    edited (Doc): The edited document, or a copy of it.
    RETURNS (Ints1d): The indices of these clean tokens, as far as they were recorded.
    """
    record = _find_record(clean, edited)
    return numpy.asarray(record["merged"] if record else [], dtype="int64")


def record_alignment(clean: Doc, edited: Doc, alignment: Array, merged: Sequence[int] = ()) -> None:
    """Record the exact alignment with an edited document, for `align` to find.

    clean (Doc): The clean document.
    edited (Doc): The edited document, whose user_data is written to.
    alignment (Ints1d): For each of its tokens the index of its clean token, or -1.
    merged (Sequence[int]): Clean tokens that have letters in the edited text, and no
        counterpart.
    """
    edited.user_data[RECORD] = {
        "texts": [_fingerprint(clean), _fingerprint(edited)],
        "tokens": alignment.tolist(),
        "merged": list(merged),
    }


def align_tokens(clean: Sequence[str], edited: Sequence[str]) -> Array:
    """Align two sequences of tokens by comparing them.

    Runs of equal tokens give the place where each token of the edited text would
    come from. Around it, tokens are matched one to one so that matched tokens have
    as many character n-grams in common and are as close to that place as possible:
    the assignment problem, which finds swapped, misspelt, merged and split tokens
    alike. Upper and lower case make no difference.

    clean (Sequence[str]): The tokens of the clean text.
    edited (Sequence[str]): The tokens of the edited text.
    RETURNS (Ints1d): For each edited token the index of its clean token, or -1.
    """
    a, b = [token.casefold() for token in clean], [token.casefold() for token in edited]
    if a == b:
        return numpy.arange(len(b))
    alignment = numpy.full(len(b), -1)
    if a and b:
        place = _expected_places(a, b)
        rows, columns = _candidates(place, len(a))
        cost = PLACE_COST * numpy.abs(columns - place[rows]) - _similarity(a, b, rows, columns)
        chosen = _assign(rows, columns, cost, (len(b), len(a)))
        matched = chosen < len(a)
        alignment[matched] = chosen[matched]
    return alignment


def align_characters(clean: Array, edited: Array, length: int) -> Array:
    """Align tokens by the characters that they have in common.

    clean (Ints1d): For each common character the index of its clean token.
    edited (Ints1d): For each common character the index of its edited token.
    length (int): Number of tokens of the edited document.
    RETURNS (Ints1d): For each edited token the index of the clean token that it has
        most characters in common with, each used once, or -1.
    """
    common = Counter(zip(edited.tolist(), clean.tolist(), strict=True))
    chosen: dict[int, tuple[int, int]] = {}
    for (i, k), size in sorted(common.items()):
        if size > chosen.get(i, (0, -1))[0]:
            chosen[i] = size, k
    counterparts: dict[int, tuple[int, int]] = {}
    for i, (size, k) in chosen.items():
        if size > counterparts.get(k, (0, -1))[0]:
            counterparts[k] = size, i
    alignment = numpy.full(length, -1)
    for k, (_, i) in counterparts.items():
        alignment[i] = k
    return alignment


def find_changed(clean: Sequence[str], edited: Sequence[str], alignment: Array) -> Array:
    """Find the tokens that were changed themselves.

    clean (Sequence[str]): The tokens of the clean text.
    edited (Sequence[str]): The tokens of the edited text.
    alignment (Ints1d): For each edited token the index of its clean token, or -1.
    RETURNS (Array): Booleans, one for each edited token: whether its text differs
        from its clean token's, or it has none, or it changed places with another.
    """
    words = numpy.array([*clean, None], dtype=object)
    different = words[alignment] != numpy.array([*edited, None], dtype=object)[:-1]
    aligned = alignment >= 0
    order = alignment[aligned]
    passed = numpy.zeros(len(alignment), dtype=bool)
    before = numpy.maximum.accumulate(order)
    after = numpy.minimum.accumulate(order[::-1])[::-1]
    passed[aligned] = (before > order) | (after < order)
    return cast(Array, different | passed)


def _find_record(clean: Doc, edited: Doc) -> dict[str, Any] | None:
    """Find what was recorded with an edited document of these very tokens."""
    record = edited.user_data.get(RECORD)
    if record is None or record["texts"] != [_fingerprint(clean), _fingerprint(edited)]:
        return None
    return cast(dict[str, Any], record)


def _fingerprint(doc: Doc) -> int:
    """Checksum of a document's tokens."""
    return zlib.crc32(doc.to_array("ORTH").tobytes())


def _expected_places(a: list[str], b: list[str]) -> Array:
    """Where in `a` each token of `b` would come from: interpolated between equal runs."""
    blocks = LCSseq.opcodes(a, b).as_matching_blocks()
    in_a = [-1, *(block.a + k for block in blocks for k in range(block.size)), len(a)]
    in_b = [-1, *(block.b + k for block in blocks for k in range(block.size)), len(b)]
    return numpy.interp(numpy.arange(len(b)), in_b, in_a)


def _candidates(place: Array, length: int) -> tuple[Array, Array]:
    """Pairs of a token of `b` and one of `a` within reach of its expected place."""
    columns = numpy.rint(place)[:, None].astype("int64") + numpy.arange(-REACH, REACH + 1)
    rows = numpy.broadcast_to(numpy.arange(len(place))[:, None], columns.shape)
    inside = (columns >= 0) & (columns < length)
    return rows[inside], columns[inside]


def _similarity(a: list[str], b: list[str], rows: Array, columns: Array) -> Array:
    """Dice coefficient, from 0 to 1, of the character n-grams of pairs of tokens."""
    types, index = numpy.unique([*a, *b], return_inverse=True)
    grams = [_ngrams(word) for word in types.tolist()]
    ids = {gram: i for i, gram in enumerate(sorted(set().union(*grams)))}
    sizes = numpy.array([len(g) for g in grams])
    data = numpy.ones(sizes.sum(), dtype="int32")
    indices = numpy.array([ids[gram] for g in grams for gram in sorted(g)])
    indptr = numpy.concatenate([[0], numpy.cumsum(sizes)])
    X = csr_matrix((data, indices, indptr), shape=(len(types), len(ids)))
    pairs, inverse = numpy.unique(
        numpy.stack([index[: len(a)][columns], index[len(a) :][rows]]), axis=1, return_inverse=True
    )
    common = numpy.asarray(X[pairs[0]].multiply(X[pairs[1]]).sum(axis=1)).ravel()
    return (2 * common / sizes[pairs].sum(axis=0))[inverse.ravel()]


def _ngrams(word: str) -> set[str]:
    """Characters of a word, and pairs of them with its ends."""
    ended = f"\x02{word}\x03"
    return {*word, *(ended[i : i + 2] for i in range(len(ended) - 1))}


def _assign(rows: Array, columns: Array, cost: Array, shape: tuple[int, int]) -> Array:
    """Solve the assignment problem in which each row may also stay alone.

    RETURNS (Ints1d): For each row its column, or a number from shape[1] on.
    """
    alone = numpy.arange(shape[0])
    costs = csr_matrix(
        (
            # Shifted by 1, for entries of a sparse matrix that are 0 would be lost.
            numpy.concatenate([cost, numpy.full(shape[0], GAP_COST)]) + 1 + GAP_COST,
            (numpy.concatenate([rows, alone]), numpy.concatenate([columns, shape[1] + alone])),
        ),
        shape=(shape[0], shape[1] + shape[0]),
    )
    return min_weight_full_bipartite_matching(costs)[1]
