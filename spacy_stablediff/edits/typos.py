"""Typing errors as a keyboard makes them."""

from itertools import islice
from typing import Any

from .spelling import Spelling, replace

# The rows of letters of each layout, and how far each row is shifted to the right,
# in keys.
KEYBOARDS = {
    "qwerty": ("qwertyuiop", "asdfghjkl", "zxcvbnm"),
    "qwertz": ("qwertzuiopü", "asdfghjklöä", "yxcvbnm"),
    "azerty": ("azertyuiop", "qsdfghjklm", "wxcvbn"),
}

ROW_SHIFTS = (0.0, 0.25, 0.75)


def find_key_neighbours(rows: tuple[str, ...]) -> dict[str, str]:
    """Each letter of a keyboard with the letters of the keys that touch its key."""
    places = {
        letter: (x + shift, y)
        for y, (row, shift) in enumerate(zip(rows, ROW_SHIFTS, strict=True))
        for x, letter in enumerate(row)
    }
    return {
        letter: "".join(
            other
            for other, (x1, y1) in places.items()
            if other != letter and abs(x1 - x) <= 1 and abs(y1 - y) <= 1
        )
        for letter, (x, y) in places.items()
    }


def misspell(
    spelling: Spelling, neighbours: dict[str, str], kind: float, place: float, key: float
) -> Spelling:
    """Misspell a word in one of the ways that its letters allow, if there is one.

    spelling (Spelling): The word.
    neighbours (Dict[str, str]): The letters of the keys around each letter's key.
    kind (float): Chooses the kind of typo, from 0 up to 1.
    place (float): Chooses the letter.
    key (float): Chooses the key hit instead.
    RETURNS (Spelling): The word with the typo, or as it is.
    """
    word = spelling.text
    letters = [i for i, char in enumerate(word) if char.isalpha()]
    kinds = [
        (_exchange, [i for i in letters if _can_exchange(word, i)]),
        (_double, letters),
        (_leave_out, letters if len(letters) > 1 else []),
        (_hit_neighbour, [i for i in letters if word[i].lower() in neighbours]),
    ]
    possible = [(typo, places) for typo, places in kinds if places]
    if not possible:
        return spelling
    typo, places = _pick(possible, kind)
    return typo(spelling, _pick(places, place), neighbours, key)


def mistype_letter(
    spelling: Spelling, i: int, neighbours: dict[str, str], kind: float, key: float
) -> Spelling:
    """Mistype one letter of a word, as `misspell` does.

    spelling (Spelling): The word.
    i (int): The letter.
    neighbours (Dict[str, str]): The letters of the keys around each letter's key.
    kind (float): Chooses the kind of typo, from 0 up to 1.
    key (float): Chooses the key hit instead.
    RETURNS (Spelling): The word with the typo.
    """
    word = spelling.text
    kinds = [_double]
    if _can_exchange(word, i):
        kinds.append(_exchange)
    # Not a count of all letters, for a word may have thousands.
    if len(list(islice(filter(str.isalpha, word), 2))) > 1:
        kinds.append(_leave_out)
    if word[i].lower() in neighbours:
        kinds.append(_hit_neighbour)
    typo = _pick(kinds, kind)
    return typo(spelling, i, neighbours, key)


def _exchange(spelling: Spelling, i: int, neighbours: dict[str, str], key: float) -> Spelling:
    word = spelling.text
    exchanged = _with_case(word[i + 1], word[i]) + _with_case(word[i], word[i + 1])
    return replace(spelling, i, i + 2, exchanged)


def _double(spelling: Spelling, i: int, neighbours: dict[str, str], key: float) -> Spelling:
    return replace(spelling, i + 1, i + 1, spelling.text[i])


def _leave_out(spelling: Spelling, i: int, neighbours: dict[str, str], key: float) -> Spelling:
    return replace(spelling, i, i + 1, "")


def _hit_neighbour(spelling: Spelling, i: int, neighbours: dict[str, str], key: float) -> Spelling:
    letter = spelling.text[i]
    hit = _with_case(_pick(neighbours[letter.lower()], key), letter)
    return replace(spelling, i, i + 1, hit)


def _can_exchange(word: str, i: int) -> bool:
    return word[i + 1 : i + 2].isalpha() and _differ(word, i)


def _differ(word: str, i: int) -> bool:
    return word[i].casefold() != word[i + 1].casefold()


def _with_case(letter: str, other: str) -> str:
    """Return a letter in the case of another one, as far as it is a single letter there."""
    cased = letter.upper() if other.isupper() else letter.lower()
    return cased if len(cased) == 1 else letter


def _pick(options: Any, draw: float) -> Any:
    """Choose one of several options by a number from 0 up to 1."""
    return options[int(draw * len(options))]
