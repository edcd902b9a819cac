"""Typing errors as a keyboard makes them."""

from typing import Any, NamedTuple

# The rows of letters of each layout, and how far each row is shifted to the right,
# in keys.
KEYBOARDS = {
    "qwerty": ("qwertyuiop", "asdfghjkl", "zxcvbnm"),
    "qwertz": ("qwertzuiopü", "asdfghjklöä", "yxcvbnm"),
    "azerty": ("azertyuiop", "qsdfghjklm", "wxcvbn"),
}

ROW_SHIFTS = (0.0, 0.25, 0.75)


class Typo(NamedTuple):
    """A misspelt word.

    text (str): The word as it was typed.
    start (int): The first character that stands elsewhere than in the right word.
    shift (int): How much further it stands: -1, 0 or 1.
    """

    text: str
    start: int
    shift: int


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
    word: str, neighbours: dict[str, str], kind: float, place: float, key: float
) -> Typo | None:
    """Misspell a word in one of the ways that its letters allow, or return None.

    word (str): The word.
    neighbours (Dict[str, str]): The letters of the keys around each letter's key.
    kind (float): Chooses the kind of typo, from 0 up to 1.
    place (float): Chooses the letter.
    key (float): Chooses the key hit instead.
    RETURNS (Optional[Typo]): The typo.
    """
    letters = [i for i, char in enumerate(word) if char.isalpha()]
    kinds = [
        (_exchange, [i for i in letters if word[i + 1 : i + 2].isalpha() and _differ(word, i)]),
        (_double, letters),
        (_leave_out, letters if len(letters) > 1 else []),
        (_hit_neighbour, [i for i in letters if word[i].lower() in neighbours]),
    ]
    possible = [(typo, places) for typo, places in kinds if places]
    if not possible:
        return None
    typo, places = _pick(possible, kind)
    return typo(word, _pick(places, place), neighbours, key)


def _exchange(word: str, i: int, neighbours: dict[str, str], key: float) -> Typo:
    exchanged = _with_case(word[i + 1], word[i]) + _with_case(word[i], word[i + 1])
    return Typo(word[:i] + exchanged + word[i + 2 :], i, 0)


def _double(word: str, i: int, neighbours: dict[str, str], key: float) -> Typo:
    return Typo(word[: i + 1] + word[i:], i + 1, 1)


def _leave_out(word: str, i: int, neighbours: dict[str, str], key: float) -> Typo:
    return Typo(word[:i] + word[i + 1 :], i, -1)


def _hit_neighbour(word: str, i: int, neighbours: dict[str, str], key: float) -> Typo:
    hit = _with_case(_pick(neighbours[word[i].lower()], key), word[i])
    return Typo(word[:i] + hit + word[i + 1 :], i, 0)


def _differ(word: str, i: int) -> bool:
    return word[i].casefold() != word[i + 1].casefold()


def _with_case(letter: str, other: str) -> str:
    """Return a letter in the case of another one, as far as it is a single letter there."""
    cased = letter.upper() if other.isupper() else letter.lower()
    return cased if len(cased) == 1 else letter


def _pick(options: Any, draw: float) -> Any:
    """Choose one of several options by a number from 0 up to 1."""
    return options[int(draw * len(options))]
