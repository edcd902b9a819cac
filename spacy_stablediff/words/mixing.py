"""Which tokens of a batch are diffused over the graph of words, and from what."""

from functools import partial
from typing import NamedTuple

import numpy
from spacy.strings import get_string_id
from spacy.tokens import Doc
from spacy.vectors import Mode
from spacy.vocab import Vocab

from ..edits.casing import has_single_case
from ..types import Array
from .counting import find_case
from .graph import Knows, Links, WordGraph
from .ids import is_in, spread
from .noise import estimate_noise

# Which share of a token's weights is too small to count.
LEAST = 0.01


class Mixed(NamedTuple):
    """Tokens whose embeddings are made of those of forms.

    tokens (Ints1d): Their places among all tokens of the batch.
    lengths (Ints1d): Of how many forms each is made, at least one.
    forms (List[str]): The texts of all these forms.
    sources (Ints1d): For each token the places of its forms, one token after the other.
    weights (Floats1d): Their weights, which sum to 1 for each token.
    """

    tokens: Array
    lengths: Array
    forms: list[str]
    sources: Array
    weights: Array


def mix_forms(graph: WordGraph, docs: list[Doc], seen: Array, *, has_vectors: bool) -> Mixed:
    """Find the tokens of a batch that are diffused over the graph of words.

    In texts that have case those are among the tokens that were not seen, or that the user
    says the meaning of. A text in small
    letters alone, or in capitals alone, has none: any word may stand for another form of it,
    the likelier one in its context.

    graph (WordGraph): The graph of words.
    docs (List[Doc]): Documents of one vocab, at least one.
    seen (Ints1d): The ORTHs that were seen in training, in ascending order.
    has_vectors (bool): Whether words that have a static vector count as seen.
    RETURNS (Mixed): The tokens.
    """
    vocab = docs[0].vocab
    has_no_case = [has_single_case(doc) for doc in docs]
    sizes = [len(doc) for doc in docs]
    caseless = numpy.repeat(has_no_case, sizes)
    forms = numpy.concatenate([doc.to_array("ORTH") for doc in docs])
    new = numpy.flatnonzero(~caseless & ~is_in(numpy, forms, seen))
    if has_vectors:
        new = new[~_have_vectors(vocab, forms[new])]
    new = numpy.union1d(new, numpy.flatnonzero(~caseless & is_in(numpy, forms, graph.paired)))
    texts = Texts(vocab, forms, sizes)
    with_case = _link(graph, texts, new)
    if not any(has_no_case):
        return with_case
    odds = graph.odds.read([doc for doc, reads in zip(docs, has_no_case, strict=True) if reads])
    tokens = numpy.flatnonzero(caseless)
    knows = partial(_is_known, vocab, seen, has_vectors)
    without = _link(graph, texts, tokens, odds, knows)
    return _join(with_case, without)


def _have_vectors(vocab: Vocab, forms: Array) -> Array:
    """Whether forms have static vectors."""
    ids, places = numpy.unique(forms, return_inverse=True)
    found = [_has_vector(vocab, form) for form in ids.tolist()]
    return numpy.asarray(found, dtype=bool)[places]


def _has_vector(vocab: Vocab, form: int) -> bool:
    """Whether a form is in the table of static vectors; floret's gives any text a vector."""
    return vocab.vectors.mode != Mode.floret and vocab.has_vector(form)


def _is_known(vocab: Vocab, seen: Array, has_vectors: bool, text: str) -> bool:
    """Whether a form was seen in training, or has a static vector."""
    form = get_string_id(text)
    if is_in(numpy, numpy.asarray([form], dtype="uint64"), seen)[0]:
        return True
    return has_vectors and text in vocab.strings and _has_vector(vocab, form)


class Texts(NamedTuple):
    """The texts of a batch.

    vocab (Vocab): Where their tokens are spelt.
    forms (Ints1d): The ORTHs of all tokens.
    sizes (List[int]): How many tokens each text has.
    """

    vocab: Vocab
    forms: Array
    sizes: list[int]


class Table(NamedTuple):
    """The links of some forms.

    counts (Ints1d): How many links each form has.
    odds (Floats1d): The odds that each is misspelt.
    texts (List[str]): The forms that links lead to, each once.
    sources (Ints1d): The places of those, by links, one form's after the other's.
    weights (Floats1d): The logarithms of the links' weights.
    errors (Bools1d): Whether it takes a misspelling to come from there.
    """

    counts: Array
    odds: Array
    texts: list[str]
    sources: Array
    weights: Array
    errors: Array


def _link(
    graph: WordGraph,
    texts: Texts,
    tokens: Array,
    odds: Array | None = None,
    knows: Knows | None = None,
) -> Mixed:
    """Look up what some tokens are made of.

    tokens (Ints1d): Their places in the batch.
    odds (Optional[Floats1d]): For each of those the logarithm of what its context multiplies
        the odds of a capital by; None where its own case tells.
    """
    ids, places = numpy.unique(texts.forms[tokens], return_inverse=True)
    asked = [texts.vocab.strings[form] for form in ids.tolist()]
    table = _tabulate(graph.link(asked, has_case=odds is None, knows=knows))
    noise = _estimate_noise(texts, tokens, table.odds[places])
    lengths, ends = table.counts[places], table.counts.cumsum()
    links = spread((ends - table.counts)[places], ends[places])
    sources, weights = table.sources[links], table.weights[links]
    weights = weights + table.errors[links] * numpy.repeat(noise, lengths)
    if odds is not None:
        capitals = numpy.asarray([find_case(text) > 0 for text in table.texts], dtype=bool)
        weights += capitals[sources] * numpy.repeat(odds, lengths)
    weights = _normalize(weights, lengths[lengths > 0])
    return _prune(Mixed(tokens, lengths, table.texts, sources, weights), texts.forms[tokens])


def _tabulate(links: list[Links]) -> Table:
    """Put the links of forms into arrays."""
    places: dict[str, int] = {}
    sources = [places.setdefault(text, len(places)) for each in links for text in each.forms]
    errors = [n >= len(each.forms) - each.errors for each in links for n in range(len(each.forms))]
    return Table(
        numpy.asarray([len(each.forms) for each in links], dtype="int64"),
        numpy.asarray([each.odds for each in links], dtype=float),
        list(places),
        numpy.asarray(sources, dtype="int64"),
        numpy.log([weight for each in links for weight in each.weights]),
        numpy.asarray(errors, dtype=bool),
    )


def _estimate_noise(texts: Texts, tokens: Array, odds: Array) -> Array:
    """Estimate for each of some tokens the noise of its text."""
    owners = numpy.repeat(numpy.arange(len(texts.sizes)), texts.sizes)[tokens]
    return estimate_noise(odds, owners, numpy.asarray(texts.sizes))[owners]


def _prune(mixed: Mixed, forms: Array) -> Mixed:
    """Drop forms that hardly count, and tokens that are made of nothing but their own form.

    forms (Ints1d): The ORTHs of the tokens.
    """
    size = len(mixed.tokens)
    owners = numpy.repeat(numpy.arange(size), mixed.lengths)
    ids = numpy.asarray([get_string_id(text) for text in mixed.forms], dtype="uint64")
    counts = mixed.weights >= LEAST
    is_alone = numpy.bincount(owners[counts], minlength=size)[owners] == 1
    counts &= ~(is_alone & (ids[mixed.sources] == forms[owners]))
    owners, weights = owners[counts], mixed.weights[counts]
    weights = weights / numpy.bincount(owners, weights, size)[owners]
    changed, lengths = numpy.unique(owners, return_counts=True)
    used, sources = numpy.unique(mixed.sources[counts], return_inverse=True)
    texts = [mixed.forms[source] for source in used.tolist()]
    return Mixed(mixed.tokens[changed], lengths, texts, sources, weights)


def _normalize(logarithms: Array, lengths: Array) -> Array:
    """Turn logarithms of weights into weights that sum to 1 in each range of a length."""
    if not len(lengths):
        return logarithms
    starts = lengths.cumsum() - lengths
    largest = numpy.maximum.reduceat(logarithms, starts)
    weights = numpy.exp(logarithms - numpy.repeat(largest, lengths))
    return weights / numpy.repeat(numpy.add.reduceat(weights, starts), lengths)


def _join(a: Mixed, b: Mixed) -> Mixed:
    sources = numpy.concatenate([a.sources, b.sources + len(a.forms)])
    tokens, lengths, weights = (
        numpy.concatenate(pair)
        for pair in [(a.tokens, b.tokens), (a.lengths, b.lengths), (a.weights, b.weights)]
    )
    return Mixed(tokens, lengths, [*a.forms, *b.forms], sources, weights)
