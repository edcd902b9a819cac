"""Texts in lower case, in upper case, or with every word capitalized."""

from functools import lru_cache
from itertools import islice
from typing import Literal, TypeAlias

from spacy.strings import get_string_id
from spacy.tokens import Doc

from .spelling import Spelling, map_characters

Casing: TypeAlias = Literal["lower", "upper", "title"]
CASINGS: tuple[Casing, ...] = ("lower", "upper", "title")

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
    forms, lowers, uppers = doc.to_array(["ORTH", "IS_LOWER", "IS_UPPER"]).T
    uppers = uppers * (forms != MASK_ID)
    if lowers.any() == uppers.any():
        return False
    others = forms[(lowers | uppers) == 0]
    return not any(_has_case(doc.vocab.strings[form]) for form in set(others.tolist()))


@lru_cache(maxsize=10_000)
def _has_case(text: str) -> bool:
    """Tell whether a token that is neither in small letters nor in capitals has letters of both."""
    return text != MASK and any(char.islower() or char.isupper() or char.istitle() for char in text)


def _lower(text: str) -> list[str]:
    """Each character in lower case, as it is in its word: a sigma may be the last letter."""
    lowered = iter(text.lower())
    return ["".join(islice(lowered, len(char.lower()))) for char in text]
