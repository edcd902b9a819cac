"""Which tokens of a batch are diffused over the graph of words, and from what."""

from collections.abc import Sequence
from functools import partial
from itertools import chain
from typing import NamedTuple

import numpy
from spacy.strings import get_string_id
from spacy.vocab import Vocab

from ..types import Array
from .graph import Knows
from .ids import is_in, spread
from .memory import LINK, LinkMemory, Row
from .nodes import has_vector
from .noise import estimate_noise
from .texts import Texts

# Which share of a token is too small to count.
LEAST = 0.01


class Mixed(NamedTuple):
    """Tokens whose embeddings are made of those of forms.

    tokens (Ints1d): Their places among all tokens of the batch.
    lengths (Ints1d): Of how many forms each is made, at least one.
    ids (Ints1d): The ORTHs of all these forms.
    forms (List[str]): Their texts.
    sources (Ints1d): For each token the places of its forms, one token after the other.
    weights (Floats1d): Their weights, which sum to 1 for each token.
    """

    tokens: Array
    lengths: Array
    ids: Array
    forms: list[str]
    sources: Array
    weights: Array


def mix_forms(
    memory: LinkMemory, texts: Texts, seen: Array, named: Array, *, has_vectors: bool
) -> Mixed:
    """Find the tokens of a batch that are diffused over the graph of words.

    In texts that have case those are among the tokens that were not seen, or that the user says
    the meaning of. A text in small letters alone, or in capitals alone, has none: any word may
    stand for another form of it, the likelier one in its context.

    memory (LinkMemory): The links of the graph of words.
    texts (Texts): The batch.
    seen (Ints1d): The ORTHs that were seen in training, in ascending order.
    named (Bools1d): For each token whether the tokenizer says which known word it is, so that it
        is left as it is even if it was not seen.
    has_vectors (bool): Whether words that have a static vector count as seen.
    RETURNS (Mixed): The tokens.
    """
    graph = memory.graph
    knows = partial(_list_known, texts.vocab, seen, has_vectors)
    is_seen, is_paired = (is_in(numpy, texts.forms, ids) for ids in (seen, graph.paired))
    is_left = named & ~is_seen & ~is_paired
    is_new = (~is_seen | is_paired) & ~is_left
    caseless = texts.has_no_case[texts.owners]
    # What was not seen is known by its vector alone.
    by_vector = knows if has_vectors else None
    with_case = _link(memory, texts, numpy.flatnonzero(~caseless & is_new), by_vector)
    if not caseless.any():
        return with_case
    pairs = zip(texts.docs, texts.has_no_case, strict=True)
    odds = graph.odds.read([doc for doc, has_no_case in pairs if has_no_case])
    chosen = ~is_left[caseless]
    without = _link(memory, texts, numpy.flatnonzero(caseless)[chosen], knows, odds[chosen])
    return _join(with_case, without)


def _list_known(vocab: Vocab, seen: Array, has_vectors: bool, texts: Sequence[str]) -> list[str]:
    """List the forms that were seen in training, or have a static vector."""
    ids = numpy.fromiter(map(get_string_id, texts), "uint64", len(texts))
    are_seen = is_in(numpy, ids, seen).tolist()
    return [
        text
        for text, is_seen in zip(texts, are_seen, strict=True)
        if is_seen or (has_vectors and has_vector(vocab, text))
    ]


def _link(
    memory: LinkMemory,
    texts: Texts,
    tokens: Array,
    knows: Knows | None,
    odds: Array | None = None,
) -> Mixed:
    """Look up what some tokens are made of.

    tokens (Ints1d): Their places in the batch.
    odds (Optional[Floats1d]): For each of those the logarithm of what its context multiplies
        the odds of a capital by; None where its own case tells.
    """
    own = texts.forms[tokens]
    forms, places = numpy.unique(own, return_inverse=True)
    strings = texts.vocab.strings
    rows = memory.find(forms.tolist(), strings, has_case=odds is None, knows=knows)
    links, lengths = _spread_rows(rows, places)
    owners = numpy.repeat(numpy.arange(len(tokens)), lengths)
    noise = _estimate_noise(texts, tokens, numpy.asarray([row.odds for row in rows])[places])
    log_weights = links["weight"] + links["is_error"] * noise[owners]
    if odds is not None:
        log_weights += links["is_capital"] * odds[owners]
    shares = _normalize(log_weights, lengths[lengths > 0])
    kept, shares = _prune(shares, owners, links["form"] == own[owners])
    spelt = dict(chain.from_iterable(row.texts for row in rows))
    return _group(tokens, owners[kept], links["form"][kept], shares, spelt)


def _spread_rows(rows: list[Row], places: Array) -> tuple[Array, Array]:
    """Join the links of some tokens, one token after the other.

    rows (List[Row]): The rows of forms.
    places (Ints1d): For each token the place of its form's row.
    RETURNS (Tuple[Array, Ints1d]): The links, and how many each token has.
    """
    counts = numpy.asarray([len(row.texts) for row in rows], dtype="int64")
    ends = counts.cumsum()
    links = numpy.frombuffer(b"".join([row.links for row in rows]), LINK)
    return links[spread((ends - counts)[places], ends[places])], counts[places]


def _estimate_noise(texts: Texts, tokens: Array, odds: Array) -> Array:
    """Estimate for each of some tokens the noise of its text."""
    owners = texts.owners[tokens]
    return estimate_noise(odds, owners, numpy.asarray(texts.sizes))[owners]


def _prune(shares: Array, owners: Array, is_own: Array) -> tuple[Array, Array]:
    """Drop forms that hardly count, and tokens that are made of nothing but their own form.

    shares (Floats1d): The shares of the forms that tokens are made of.
    owners (Ints1d): Which token each is of.
    is_own (Bools1d): Whether each is the token's own form.
    RETURNS (Tuple[Bools1d, Floats1d]): Which are kept, and the shares of those.
    """
    size = owners[-1] + 1 if len(owners) else 0
    kept = shares >= LEAST
    is_alone = numpy.bincount(owners[kept], minlength=size)[owners] == 1
    kept &= ~(is_alone & is_own)
    owners, shares = owners[kept], shares[kept]
    return kept, shares / numpy.bincount(owners, shares)[owners]


def _group(
    tokens: Array, owners: Array, forms: Array, shares: Array, spelt: dict[int, str]
) -> Mixed:
    """Group the forms that tokens are made of by these, and list each form once.

    tokens (Ints1d): The places in the batch of the tokens that were looked up.
    owners (Ints1d): Of which of them each form is.
    forms (Ints1d): Their ORTHs.
    shares (Floats1d): Their shares.
    spelt (Dict[int, str]): How they are spelt.
    RETURNS (Mixed): The tokens that are made of any.
    """
    changed, lengths = numpy.unique(owners, return_counts=True)
    ids, sources = numpy.unique(forms, return_inverse=True)
    return Mixed(
        tokens[changed], lengths, ids, [spelt[form] for form in ids.tolist()], sources, shares
    )


def _normalize(logarithms: Array, lengths: Array) -> Array:
    """Turn logarithms of weights into shares, which sum to 1 in each range of a length."""
    if not len(lengths):
        return logarithms
    starts = lengths.cumsum() - lengths
    largest = numpy.maximum.reduceat(logarithms, starts)
    weights = numpy.exp(logarithms - numpy.repeat(largest, lengths))
    return weights / numpy.repeat(numpy.add.reduceat(weights, starts), lengths)


def _join(a: Mixed, b: Mixed) -> Mixed:
    return Mixed(
        numpy.concatenate([a.tokens, b.tokens]),
        numpy.concatenate([a.lengths, b.lengths]),
        numpy.concatenate([a.ids, b.ids]),
        [*a.forms, *b.forms],
        numpy.concatenate([a.sources, b.sources + len(a.forms)]),
        numpy.concatenate([a.weights, b.weights]),
    )
