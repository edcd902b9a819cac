"""Which word a misspelt one means.

Two words are one typing error apart if a letter is left out, added or replaced, or
changes places with the next (Damerau, A technique for computer detection and correction
of spelling errors, CACM 7(3), 1964). They are then alike after at most one letter is
left out of each, so that those texts make an index (Mor and Fraenkel, A hash code
method for detecting and correcting spelling errors, CACM 25(12), 1982).
"""

from collections.abc import Iterable
from typing import Any
from unicodedata import category

import numpy
from spacy.strings import get_string_id

from ..types import Array
from .ids import is_in

# Shorter words are one error apart from too many others; longer ones are hardly words, and
# what is left of them without a letter takes space that grows with the square.
MIN_LENGTH, MAX_LENGTH = 4, 50


def index_spellings(words: Iterable[str]) -> dict[str, Any]:
    """Index words by what is left of them where a letter is left out.

    words (Iterable[str]): The words that others may mean, the likeliest first. Those of
        more than 50 letters are left out.
    RETURNS (Dict[str, Any]): "words", a list of them; "keys", the ids of the texts in
        ascending order, and "ranks", for each the place of the likeliest word with it.
    """
    ranked = [word for word in words if len(word) <= MAX_LENGTH]
    ranks: dict[int, int] = {}
    for rank in reversed(range(len(ranked))):
        ranks.update(dict.fromkeys(_shorten(ranked[rank]), rank))
    keys = numpy.fromiter(ranks, dtype="uint64")
    order = keys.argsort()
    return {
        "words": ranked,
        "keys": keys[order],
        "ranks": numpy.fromiter(ranks.values(), dtype="int32")[order],
    }


def correct(words: list[str], seen: Array, index: dict[str, Any]) -> list[str]:
    """Write words as they are known, as far as one can tell what they mean.

    Irregular capitals become regular. Then words of 4 to 50 letters, all small, that were
    never seen become the likeliest indexed word one typing error apart.

    words (List[str]): The words.
    seen (Ints1d): The ids of the words that are right as they are, in ascending order.
    index (Dict[str, Any]): What `index_spellings` returns.
    RETURNS (List[str]): For each what it means, or the word itself. Of the words that
        share a text with it, only the likeliest is looked at.
    """
    corrected = [regularise_case(word) if _has_letters_only(word) else word for word in words]
    ids = numpy.asarray([get_string_id(word) for word in corrected], dtype="uint64")
    places = [
        place
        for place in numpy.flatnonzero(~is_in(numpy, ids, seen)).tolist()
        if _may_be_typo(corrected[place])
    ]
    ranks = _find_likeliest([corrected[place] for place in places], index)
    for place, rank in zip(places, ranks.tolist(), strict=True):
        likeliest = index["words"][rank] if rank < len(index["words"]) else ""
        if are_one_error_apart(corrected[place], likeliest):
            corrected[place] = likeliest
    return corrected


def are_one_error_apart(a: str, b: str) -> bool:
    """Tell whether one typing error, at most, makes one word of another.

    a (str): A word.
    b (str): Another.
    RETURNS (bool): Whether they are the same but for a letter left out, added or
        replaced, or two neighbours exchanged.
    """
    start = 0
    while start < min(len(a), len(b)) and a[start] == b[start]:
        start += 1
    a, b = a[start:], b[start:]
    exchanged = a[:2] == b[1::-1] and a[2:] == b[2:]
    return a[1:] == b[1:] or a == b[1:] or a[1:] == b or exchanged


def regularise_case(word: str) -> str:
    """Write a word in small letters, or capitalized, if its capitals are irregular.

    word (str): A word.
    RETURNS (str): The word, in which the first letter stays as it is.
    """
    if word.islower() or word.isupper() or word.istitle():
        return word
    return word.capitalize() if word[:1].isupper() else word.lower()


def _may_be_typo(word: str) -> bool:
    fits = MIN_LENGTH <= len(word) <= MAX_LENGTH and word == word.lower()
    return fits and _has_letters_only(word)


def _has_letters_only(word: str) -> bool:
    """Also with marks on them, such as the vowel signs of Indic scripts."""
    return word.isalpha() or all(category(letter)[0] in "LM" for letter in word)


def _find_likeliest(words: list[str], index: dict[str, Any]) -> Array:
    """For each word the rank of the likeliest that is like it after at most one letter is
    left out of each; where there is none, the number of words."""
    nothing = len(index["words"])
    if not words or not nothing:
        return numpy.full(len(words), nothing)
    keys = [_shorten(word) for word in words]
    starts = numpy.cumsum([0, *map(len, keys[:-1])])
    wanted = numpy.concatenate([numpy.asarray(part, dtype="uint64") for part in keys])
    rows = numpy.searchsorted(index["keys"], wanted).clip(max=len(index["keys"]) - 1)
    ranks = numpy.where(index["keys"][rows] == wanted, index["ranks"][rows], nothing)
    return numpy.minimum.reduceat(ranks, starts)


def _shorten(word: str) -> list[int]:
    """The ids of a word and of what is left of it without one of its letters."""
    shorter = [word[:i] + word[i + 1 :] for i in range(len(word))]
    return [get_string_id(text) for text in (word, *shorter)]
