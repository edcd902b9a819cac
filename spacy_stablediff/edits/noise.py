"""What happens to words besides typing errors: how people and machines write them.

Each function takes a word, and a random number from 0 up to 1 that chooses among the ways
to do it; where there is none, the word stays as it is.
"""

from collections.abc import Callable
from typing import TypeAlias
from unicodedata import combining, normalize

from .spelling import Spelling, map_characters, replace

Respell: TypeAlias = Callable[[Spelling, float], Spelling]

# Letters that optical character recognition takes for others. The table is ours: pairs of
# shapes that touch, break or look alike in print, after the classes of errors in Kukich,
# Techniques for automatically correcting words in text (ACM Computing Surveys 24, 1992), and
# Nguyen et al., Deep statistical analysis of OCR errors for effective post-OCR processing
# (JCDL 2019).
OCR_CONFUSIONS = (
    *(("rn", "m"), ("m", "rn"), ("cl", "d"), ("d", "cl"), ("vv", "w"), ("w", "vv")),
    *(("li", "h"), ("h", "li"), ("ri", "n"), ("n", "ri"), ("ii", "u"), ("u", "ii")),
    *(("in", "m"), ("nn", "rm"), ("fi", "h"), ("tt", "ft"), ("ss", "fs"), ("B", "8")),
    *(("e", "c"), ("c", "e"), ("o", "c"), ("o", "0"), ("O", "0"), ("0", "O"), ("a", "o")),
    *(("l", "1"), ("1", "l"), ("I", "l"), ("l", "I"), ("i", "j"), ("i", "l"), ("t", "f")),
    *(("f", "t"), ("f", "s"), ("s", "f"), ("h", "b"), ("b", "h"), ("n", "u"), ("u", "n")),
    *(("g", "q"), ("q", "g"), ("S", "5"), ("5", "S"), ("Z", "2"), ("G", "6"), ("8", "B")),
    *(("y", "v"), ("v", "y"), ("C", "G"), ("E", "F"), ("F", "P"), ("R", "K"), ("D", "O")),
)

# Digits that stand for the letters that they look like.
DIGITS = {"o": "0", "i": "1", "l": "1", "z": "2", "e": "3", "a": "4", "s": "5", "g": "9", "t": "7"}

# Letters with a stroke, which Unicode doesn't take apart.
STROKES = {"đ": "d", "Đ": "D", "ħ": "h", "Ħ": "H", "ł": "l", "Ł": "L", "ø": "o", "Ø": "O"}

# The first character behind the letters of European scripts.
END_OF_CYRILLIC = "\u0530"

# How often a letter that is drawn out is written.
STRETCHES = (3, 4, 5, 6)


# The same by what is printed: what it may be read as.
MISREADINGS = {
    printed: [read for other, read in OCR_CONFUSIONS if other == printed]
    for printed, _ in OCR_CONFUSIONS
}


def misread(spelling: Spelling, draw: float) -> Spelling:
    """Read one or two letters of a word as others, as a machine does in print."""
    word = spelling.text
    places = [
        (i, i + length, read)
        for length in (1, 2)
        for i in range(len(word) + 1 - length)
        for read in MISREADINGS.get(word[i : i + length], ())
    ]
    if not places:
        return spelling
    start, end, read = places[int(draw * len(places))]
    return replace(spelling, start, end, read)


def stretch(spelling: Spelling, draw: float) -> Spelling:
    """Draw out a letter, as in "sooo": a vowel, or the last letter."""
    word = spelling.text
    letters = [i for i, char in enumerate(word) if char.isalpha()]
    if not letters:
        return spelling
    vowels = [i for i in letters if normalize("NFD", word[i])[0].lower() in "aeiouy"]
    ways = [(i, times) for i in sorted({*vowels, letters[-1]}) for times in STRETCHES]
    i, times = ways[int(draw * len(ways))]
    return replace(spelling, i, i + 1, word[i] * times)


def lose_accents(spelling: Spelling, draw: float) -> Spelling:
    """Write the Latin, Greek and Cyrillic letters of a word without accents and strokes.

    Scripts whose marks are vowels keep them.
    """
    characters = []
    is_bare = False
    for char in spelling.text:
        if combining(char):
            characters.append("" if is_bare else char)
        else:
            base = STROKES.get(char) or normalize("NFD", char)[0]
            is_bare = base.isalpha() and base < END_OF_CYRILLIC
            characters.append(base if is_bare else char)
    return map_characters(spelling, characters)


def use_digit(spelling: Spelling, draw: float) -> Spelling:
    """Write a digit for a letter that it looks like."""
    places = [i for i, char in enumerate(spelling.text) if char.lower() in DIGITS]
    if not places:
        return spelling
    i = places[int(draw * len(places))]
    return replace(spelling, i, i + 1, DIGITS[spelling.text[i].lower()])


def split(spelling: Spelling, draw: float) -> Spelling:
    """Put a space into a word, between two letters."""
    word = spelling.text
    places = [i for i in range(1, len(word)) if word[i - 1].isalpha() and word[i].isalpha()]
    if not places:
        return spelling
    i = places[int(draw * len(places))]
    origins = [*spelling.origins[:i], -1, *spelling.origins[i:]]
    return Spelling(f"{word[:i]} {word[i:]}", origins)
