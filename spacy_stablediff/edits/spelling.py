"""How words are written in an edited text, and where each of their characters comes from."""

from typing import NamedTuple


class Spelling(NamedTuple):
    """How a word is written in an edited text.

    text (str): The text.
    origins (List[int]): For each character the place, in the clean word, of the one that it
        stands for, or -1.
    """

    text: str
    origins: list[int]


def keep(word: str) -> Spelling:
    """Write a word as it is."""
    return Spelling(word, list(range(len(word))))


def replace(spelling: Spelling, start: int, end: int, text: str) -> Spelling:
    """Write something else in the place of some characters.

    spelling (Spelling): The word so far.
    start (int): The first character to replace.
    end (int): The one after the last; `start` to insert before it.
    text (str): What to write. Its characters stand for those replaced, one by one and the
        rest for the last of them; inserted ones for the one before.
    RETURNS (Spelling): The word.
    """
    before, after = spelling.origins[:start], spelling.origins[end:]
    replaced = spelling.origins[start:end] or spelling.origins[max(start - 1, 0) : max(start, 1)]
    middle = (replaced + replaced[-1:] * len(text))[: len(text)]
    return Spelling(spelling.text[:start] + text + spelling.text[end:], before + middle + after)


def map_characters(spelling: Spelling, characters: list[str]) -> Spelling:
    """Write each character as something else, none or several characters.

    spelling (Spelling): The word so far.
    characters (List[str]): For each of its characters what to write.
    RETURNS (Spelling): The word.
    """
    pairs = zip(characters, spelling.origins, strict=True)
    origins = [origin for text, origin in pairs for _ in text]
    return Spelling("".join(characters), origins)
