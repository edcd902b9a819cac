"""Texts in lower case, in upper case, or with every word capitalized."""

from collections.abc import Sequence
from functools import lru_cache
from itertools import islice
from typing import Literal, TypeAlias

import numpy
from spacy.strings import StringStore, get_string_id
from spacy.tokens import Doc

from ..types import Array
from .spelling import Spelling, map_characters
from .strings import share_strings

Casing: TypeAlias = Literal["lower", "upper", "title"]
CASINGS: tuple[Casing, ...] = ("lower", "upper", "title")

# By what the case of tokens is told.
CASE_ATTRS: list[int | str] = ["ORTH", "IS_LOWER", "IS_UPPER"]

# What `spacy pretrain` puts in place of a word, whatever its case.
MASK = "[MASK]"
MASK_ID = get_string_id(MASK)


def recase(spelling: Spelling, casing: Casing, *, begins: bool = True) -> Spelling:
    """Write a token in another case.

    spelling (Spelling): The token.
    casing (str): "lower", "upper", or "title" for a capital and small letters.
    begins (bool): Whether a word begins with it: else it gets no capital.
    RETURNS (Spelling): The token. A character that becomes several stands for one.
    """
    if casing == "upper":
        return map_characters(spelling, [char.upper() for char in spelling.text])
    characters = _lower(spelling.text)
    if casing == "title" and begins:
        first = next((i for i, char in enumerate(spelling.text) if char.isalpha()), None)
        if first is not None:
            characters[first] = spelling.text[first].title()
    return map_characters(spelling, characters)


def match_case(text: str, word: str) -> str:
    """Write a text in the case of a word.

    text (str): The text.
    word (str): The word.
    RETURNS (str): The text in capitals if the word is, beginning with one if the word does,
        else as it is.
    """
    if len(word) > 1 and word.isupper():
        return text.upper()
    return text[0].upper() + text[1:] if word[0].isupper() else text


def find_beginnings(words: list[str], spaces: list[bool]) -> list[bool]:
    """Tell which tokens a word begins with; "n't" and "'s" go on with the one before.

    words (List[str]): The tokens.
    spaces (List[bool]): Whether a space follows each.
    RETURNS (List[bool]): Whether a word begins with each.
    """
    pairs = zip(words[:-1], spaces[:-1], strict=True)
    return [True, *(space or not word[-1:].isalnum() for word, space in pairs)]


def has_single_case(doc: Doc) -> bool:
    """Tell whether a document has letters of upper or of lower case only, and at least one.

    doc (Doc): The document.
    RETURNS (bool): Whether it has, so that the case of its words tells nothing.
    """
    return bool(have_single_case([doc])[0])


def have_single_case(docs: Sequence[Doc]) -> Array:
    """Tell of documents whether each has letters of upper or of lower case only, and at least one.

    docs (Sequence[Doc]): Documents, at least one. Where they are of several vocabs, the first one
        learns the strings of the others.
    RETURNS (Bools1d): For each whether it has.
    """
    share_strings(docs)
    tokens = numpy.concatenate([doc.to_array(CASE_ATTRS) for doc in docs])
    return tell_single_case(tokens, [len(doc) for doc in docs], docs[0].vocab.strings)


def tell_single_case(tokens: Array, sizes: Sequence[int], strings: StringStore) -> Array:
    """Tell of texts what `have_single_case` does, by their tokens.

    tokens (Ints2d): The `CASE_ATTRS` of the tokens of all texts.
    sizes (Sequence[int]): How many tokens each text has.
    strings (StringStore): Where they are spelt.
    RETURNS (Bools1d): For each text whether it has a single case.
    """
    forms, is_lower, is_upper = tokens[:, 0], tokens[:, 1] > 0, tokens[:, 2] > 0
    is_upper &= forms != MASK_ID
    places = numpy.repeat(numpy.arange(len(sizes)), sizes)
    has_lower, has_upper = (
        numpy.bincount(places[kind], minlength=len(sizes)) > 0 for kind in (is_lower, is_upper)
    )
    single: Array = has_lower != has_upper
    others = numpy.flatnonzero(single[places] & ~(is_lower | is_upper))
    ids, which = numpy.unique(forms[others], return_inverse=True)
    has_both = numpy.asarray([_has_case(strings[form]) for form in ids.tolist()], dtype=bool)
    single[places[others[has_both[which]]]] = False
    return single


@lru_cache(maxsize=10_000)
def _has_case(text: str) -> bool:
    """Tell whether a token that is neither in small letters nor in capitals has letters of both."""
    return text != MASK and any(char.islower() or char.isupper() or char.istitle() for char in text)


def _lower(text: str) -> list[str]:
    """Each character in lower case, as it is in its word: a sigma may be the last letter."""
    lowered = iter(text.lower())
    return ["".join(islice(lowered, len(char.lower()))) for char in text]
