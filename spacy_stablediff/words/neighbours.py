"""Which words are spelt nearly alike.

Two words are within a Damerau distance k (Damerau, A technique for computer detection and
correction of spelling errors, CACM 7(3), 1964) only if they are alike after at most k letters
are left out of each, and so are their first letters, as many of both (Mor and Fraenkel, A
hash code method for detecting and correcting spelling errors, CACM 25(12), 1982). What is left
of the first letters is therefore an index. What it finds is then compared letter by letter.
"""

import re
from collections.abc import Sequence
from itertools import chain, combinations
from typing import NamedTuple
from unicodedata import category, normalize

import numpy
from rapidfuzz.distance import OSA
from rapidfuzz.process import cpdist

from ..edits.table import APOSTROPHE
from ..types import Array
from .ids import measure_lengths, spread

# Shorter words are one error apart from too many others; longer ones are hardly words.
MIN_LENGTH, MAX_LENGTH = 2, 50

# Words of fewer letters are neighbours at a distance of 1 alone.
SHORT = 4

# What Unicode makes of the dotted capital I of Turkish.
DOTTED = "i\N{COMBINING DOT ABOVE}"

# What may be behind the letters of a word, and what may be between them.
ENDS = ".,:;!?\"')-"
BETWEEN = str.maketrans("", "", "-'\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}")

# Characters that stand for a syllable or a word, which are no letters: kana, Hangul, Han. Words that
# differ in one of few are different words, and not misspelt.
SYLLABLES = re.compile(
    "[\u1100-\u11ff\u2e80-\u2fdf\u3040-\u30ff\u3130-\u318f\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff]"
)

# So many first letters are indexed.
PREFIX = 8

# Words that are looked up at a time, and pairs that are compared, so that they fit into memory. Words
# that begin alike come up in pairs by most of their keys.
CHUNK, MOST_PAIRS = 2000, 2_000_000

# An odd number, that mixes the letters of a text into its key.
FACTOR = numpy.uint64(0x9E3779B97F4A7C15)


class Neighbours(NamedTuple):
    """Pairs of words that are spelt nearly alike.

    rows (Ints1d): The places of the words that were looked up.
    columns (Ints1d): The places of their neighbours in the index.
    distances (Ints1d): How many errors they are apart.
    """

    rows: Array
    columns: Array
    distances: Array


class SpellingIndex:
    """Words that can be looked up by others that are spelt nearly alike."""

    def __init__(self, words: Sequence[str], distance: int = 2) -> None:
        """Index words.

        words (Sequence[str]): Words of 2 to 50 letters.
        distance (int): How far neighbours are apart at most: 1 or 2. Words of fewer than 4
            letters have neighbours at a distance of 1 alone.
        """
        self.words = words
        self.distance = distance
        rows, keys = _make_keys(words, distance)
        order = keys.argsort(kind="stable")
        keys, self._rows = keys[order], rows[order].astype("int32")
        starts = numpy.flatnonzero(numpy.diff(keys, prepend=~keys[:1]))
        self._keys, self._starts = keys[starts], numpy.append(starts, len(keys)).astype("int32")
        self._lengths = measure_lengths(words)

    def find(self, words: Sequence[str]) -> Neighbours:
        """Find the neighbours of words.

        words (Sequence[str]): Words of 2 to 50 letters.
        RETURNS (Neighbours): Each pair once, a word itself among them, if it is indexed.
        """
        if not len(self.words):
            return Neighbours(*numpy.zeros((3, 0), dtype="int64"))
        parts = [
            self._find_chunk(words[start : start + CHUNK], start)
            for start in range(0, len(words), CHUNK)
        ]
        return _join(parts)

    def _find_chunk(self, words: Sequence[str], start: int) -> Neighbours:
        """Find the neighbours of a few words, whose places begin with a number."""
        rows, starts, ends = self._look_up(words)
        totals = numpy.bincount(rows, weights=ends - starts, minlength=len(words)).cumsum()
        groups = (totals // MOST_PAIRS)[rows]
        masks = [groups == group for group in numpy.unique(groups)]
        parts = [self._compare(words, rows[each], starts[each], ends[each]) for each in masks]
        found = _join(parts)
        return found._replace(rows=found.rows + start)

    def _compare(self, words: Sequence[str], rows: Array, starts: Array, ends: Array) -> Neighbours:
        """Compare words with those in stretches of the index, letter by letter."""
        lengths = measure_lengths(words)
        rows, columns = numpy.repeat(rows, ends - starts), self._rows[spread(starts, ends)]
        shorter = numpy.minimum(lengths[rows], self._lengths[columns])
        most = numpy.where(shorter < SHORT, 1, self.distance)
        near = abs(lengths[rows] - self._lengths[columns]) <= most
        pairs = _drop_duplicates(rows[near] * len(self.words) + columns[near])
        rows, columns = numpy.divmod(pairs, len(self.words))
        texts = [words[i] for i in rows.tolist()], [self.words[i] for i in columns.tolist()]
        distances = cpdist(
            *texts, scorer=OSA.distance, score_cutoff=self.distance, dtype=numpy.uint8
        )
        shorter = numpy.minimum(lengths[rows], self._lengths[columns])
        near = distances <= numpy.where(shorter < SHORT, 1, self.distance)
        return Neighbours(rows[near], columns[near], distances[near].astype("int64"))

    def _look_up(self, words: Sequence[str]) -> tuple[Array, Array, Array]:
        """Find what shares a key with words: places in `words`, and stretches of the index."""
        rows, keys = _make_keys(words, self.distance)
        # In order, so that one search goes on near where the last one was.
        order = keys.argsort()
        rows, keys = rows[order], keys[order]
        places = numpy.searchsorted(self._keys, keys).clip(max=len(self._keys) - 1)
        found = self._keys[places] == keys
        rows, places = rows[found], places[found]
        return rows, self._starts[places], self._starts[places + 1]


def fold(text: str) -> str:
    """Write a text as all of its forms are written: in small letters.

    text (str): The text.
    RETURNS (str): The text after Unicode's case folding, in which a sharp s is "ss", with composed
        letters and plain apostrophes.
    """
    if text.isascii():
        return text.lower()
    return normalize("NFC", text.casefold()).replace(DOTTED, "i").replace(APOSTROPHE, "'")


def is_word(text: str) -> bool:
    """Tell whether a folded text is a word, which may be misspelt or meant.

    text (str): The text.
    RETURNS (bool): Whether it has 2 to 50 letters, which may have marks on them, hyphens or
        apostrophes between them, and punctuation behind. Characters for syllables or words, as
        Chinese, Japanese and Korean have them, are no letters.
    """
    letters = text.rstrip(ENDS).translate(BETWEEN)
    fits = len(letters) >= MIN_LENGTH and len(text) <= MAX_LENGTH and text == fold(text)
    if not fits or SYLLABLES.search(letters):
        return False
    return letters.isalpha() or all(category(each)[0] in "LM" for each in letters)


def _join(parts: list[Neighbours]) -> Neighbours:
    columns = zip(*parts, strict=True) if parts else [[], [], []]
    return Neighbours(*(numpy.concatenate([numpy.zeros(0, "int64"), *each]) for each in columns))


def _drop_duplicates(numbers: Array) -> Array:
    numbers.sort()
    return numbers[numpy.diff(numbers, prepend=-1) > 0]


def _make_keys(words: Sequence[str], distance: int) -> tuple[Array, Array]:
    """Make a key of what is left of each word's first letters without some of them.

    RETURNS (Tuple[Ints1d, Ints1d]): The places of the words, and their keys.
    """
    letters = numpy.array(words, dtype=f"U{PREFIX}").view("uint32").reshape(-1, PREFIX)
    lengths = measure_lengths(words)
    powers = FACTOR ** numpy.arange(1, PREFIX + 1, dtype="uint64")
    rows, keys = [], []
    for left_out in chain.from_iterable(
        combinations(range(PREFIX), n) for n in range(distance + 1)
    ):
        # A letter that isn't there can't be left out, and of short words no two.
        fits = lengths > max(left_out, default=-1)
        if len(left_out) > 1:
            fits &= lengths >= SHORT
        kept = numpy.delete(letters, left_out, axis=1)[fits].astype("uint64")
        rows.append(numpy.flatnonzero(fits))
        keys.append(kept @ powers[: kept.shape[1]])
    return numpy.concatenate(rows), numpy.concatenate(keys)
