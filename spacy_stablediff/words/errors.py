"""What a misspelling costs: how much less likely a word is to be spelt so than as it is.

By kinds of errors (Kernighan, Church and Gale, A spelling correction program based on a noisy
channel model, COLING 1990). There are few ways to leave out a letter of a word, or to exchange two,
and many to add or to replace one, so that each of those is rarer.
"""

import re

# The logarithms of the odds against an error, by its kind. They were fitted to what the
# edits of the study do to its development parts.
DOUBLED = 1.6
LEFT_OUT = 2.9
EXCHANGED = 2.6
REPLACED = 4.1
ADDED = 5.8

# What a second error costs besides.
SECOND = 3.5

REPEATED = re.compile(r"(.)\1+")


def cost_error(form: str, word: str, distance: int) -> float:
    """Compute what it costs that a word is spelt in a form.

    form (str): The form.
    word (str): The word.
    distance (int): How many errors they are apart: 1 or 2.
    RETURNS (float): The cost.
    """
    return _cost_first(form, word, distance) + SECOND * (distance - 1)


def _cost_first(form: str, word: str, distance: int) -> float:
    if len(form) != len(word) and _squeeze(form) == _squeeze(word):
        return DOUBLED
    if distance > 1:
        return REPLACED
    if len(form) != len(word):
        return ADDED if len(form) > len(word) else LEFT_OUT
    return EXCHANGED if sorted(form) == sorted(word) else REPLACED


def _squeeze(word: str) -> str:
    """Leave one of letters that are repeated."""
    return REPEATED.sub(r"\1", word)
