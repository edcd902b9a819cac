"""The nodes of a graph of words: forms that an embedding can tell something of, with their counts."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from functools import partial
from itertools import islice
from typing import NamedTuple

import numpy
from spacy.attrs import LOWER, ORTH
from spacy.strings import get_string_id
from spacy.vectors import Mode
from spacy.vocab import Vocab

from .counting import Words
from .ids import sort
from .neighbours import fold, is_word

# How many letters an end of a word has at most that spaCy keeps among the strings.
LONGEST_END = 3

# How many words are nodes at most for their static vectors, the most frequent ones. More would
# take long to index, and are seldom meant.
MOST_VECTORS = 100_000

# How often the first of them is taken to be seen, the n-th an n-th as often (Zipf, Human behavior and
# the principle of least effort, 1949), and how often any is at most.
FIRST_COUNT, LARGEST_COUNT = 450_000, 3

# Forms of words, each with its count.
Counts = Mapping[str, float]

# Folded words, each with its forms and their counts.
Groups = dict[str, dict[str, float]]


class Nodes(NamedTuple):
    """The nodes of a graph of words.

    seen (Dict[str, Dict[str, float]]): The words that training saw, folded, each with its forms
        and how often they were seen.
    all (Dict[str, Dict[str, float]]): All words of which the embedding can tell something.
    new (int): How many words of the training texts were new when they were seen.
    """

    seen: Groups
    all: Groups
    new: int


def list_nodes(words: Words, vocab: Vocab, *, has_vectors: bool) -> Nodes:
    """List the nodes of the graph of an embedding's words.

    words (Words): The words that were counted.
    vocab (Vocab): Where the words of an earlier training are spelt, and static vectors are.
    has_vectors (bool): Whether the embedding has static vectors.
    RETURNS (Nodes): The nodes.
    """
    counts = words.tallies["forms"].counts
    seen = {words.texts[form]: count for form, count in counts.items()}
    groups = _group(seen)
    knows = partial(has_vector, vocab) if has_vectors else frozenset[str]().__contains__
    borrowed = _list_borrowed(words, vocab, knows)
    vectors = _list_vectors(vocab) if has_vectors else {}
    # How often a word of the training texts was new. (Good, The population frequencies of species
    # and the estimation of population parameters, Biometrika 40, 1953.)
    known = {fold(text) for text in borrowed}
    new = sum(
        sum(forms.values()) == 1
        and is_word(word)
        and word not in known
        and not any(map(knows, forms))
        for word, forms in groups.items()
    )
    # As if each of those were seen once, for nobody knows how often it was.
    return Nodes(groups, _group({**vectors, **dict.fromkeys(borrowed, 1), **seen}), new)


def has_vector(vocab: Vocab, text: str) -> bool:
    """Whether a form is in the table of static vectors; floret's gives any text a vector."""
    if vocab.vectors.mode == Mode.floret:
        return False
    # The vocab would keep a lexeme of every form that it is asked about.
    if vocab.vectors.attr == ORTH:
        return get_string_id(text) in vocab.vectors
    if vocab.vectors.attr == LOWER:
        return get_string_id(text.lower()) in vocab.vectors
    return vocab.has_vector(text)


def _list_borrowed(words: Words, vocab: Vocab, knows: Callable[[str], bool]) -> list[str]:
    """List the words of an earlier training, among which are shapes and ends of words as well.

    knows (Callable[[str], bool]): Tells which are known otherwise.
    """
    forms = numpy.setdiff1d(words.seen, sort(words.texts)).tolist()
    texts = (vocab.strings[form] for form in forms if form in vocab.strings)
    words_only = (text for text in texts if len(text) > LONGEST_END and set(text) - {"x", "X"})
    return [text for text in words_only if not knows(text)]


def _list_vectors(vocab: Vocab) -> Counts:
    """List the words that have a static vector. Tables of them begin with the most frequent words."""
    vectors, strings = vocab.vectors, vocab.strings
    if vectors.mode == Mode.floret:
        return {}
    keys = enumerate(islice(vectors.keys(), MOST_VECTORS), start=1)
    counts = ((key, min(LARGEST_COUNT, FIRST_COUNT / rank)) for rank, key in keys)
    return {strings[key]: count for key, count in counts if key in strings}


def _group(counts: Counts) -> Groups:
    """Group forms, with how often each was seen, by what they are folded."""
    groups: Groups = defaultdict(dict)
    for text, count in counts.items():
        groups[fold(text)][text] = count
    return dict(groups)
