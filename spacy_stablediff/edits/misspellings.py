"""The augmenter of misspellings that people make, from a table."""

from importlib.util import find_spec
from itertools import takewhile
from pathlib import Path
from typing import Any

import numpy
from spacy.tokens import Doc

from .casing import match_case
from .plan import Plan
from .seeded import SeededAugmenter
from .spelling import Spelling, keep, replace
from .table import Table, read_table


class Misspellings(SeededAugmenter):
    """An augmenter that misspells words as people do, registered as
    `spacy-stablediff.misspellings.v1`.

    Yields one edited copy of each example. Words are looked up in a table of misspellings,
    token by token, and keep their case: "Their" becomes "Thier", "THEIR" becomes "THIER".
    Gold annotation stays right, the edited text is tokenized, the alignment is recorded, and
    the seed fixes the sequence of edits, as with `spacy-stablediff.edits.v1`.
    """

    name = "spacy-stablediff.misspellings.v1"

    def __init__(self, table: Table, rate: float = 1.0, seed: int = 0) -> None:
        """Create the augmenter, and read the table.

        table (Union[str, Path, List[Tuple[str, str]]]): The path of a file with a line
            `wrong->right` for each misspelling, as the spell checker codespell has it
            (`find_codespell_table` finds its own), or pairs of a misspelling and the word
            that is meant. Entries with a space in either word are left out.
        rate (float): How often a word that has a misspelling in the table is misspelt, from
            0 to 1.
        seed (int): The seed >= 0 of the random choices.
        RAISES (ValueError): SD100 if the rate is not a number from 0 to 1, SD102 if the seed
            is not a whole number >= 0, SD120, SD121, SD122 or SD123 if the table can't be
            used.
        """
        self._check_rate("rate", rate)
        super().__init__(seed)
        self.table = table
        self.rate = rate
        self._misspellings = read_table(table, owner=self.name)

    def at(self, rate: float) -> "Misspellings":
        """Return the same augmenter at another rate, about to make its first edits.

        rate (float): The rate, from 0 to 1.
        RETURNS (Misspellings): The augmenter, which shares the table.
        RAISES (ValueError): SD100 if the rate is not a number from 0 to 1.
        """
        self._check_rate("rate", rate)
        augmenter = self.restarted()
        augmenter.rate = rate
        return augmenter

    @property
    def settings(self) -> dict[str, Any]:
        """The arguments that make such an augmenter."""
        table = str(self.table) if isinstance(self.table, Path) else self.table
        return {"table": table, "rate": self.rate, "seed": self.seed}

    def _plan(self, doc: Doc) -> Plan:
        """Choose which words of a document are misspelt, and how."""
        words = [token.text for token in doc]
        spaces = doc.to_array("SPACY").astype(bool).tolist()
        happens, ways = self._rng.random((2, len(doc)))
        spellings = {}
        for i in numpy.flatnonzero(happens < self.rate).tolist():
            wrongs = self._misspellings.get(words[i].lower())
            if wrongs:
                spellings[i] = misspell(words[i], wrongs[int(ways[i] * len(wrongs))])
                words[i] = spellings[i].text
        return Plan(words, spaces, numpy.arange(len(doc)), spellings)


def misspell(word: str, wrong: str) -> Spelling:
    """Write a word as a misspelling has it.

    word (str): The word.
    wrong (str): The misspelling, in lower case.
    RETURNS (Spelling): The misspelling in the case of the word. What lies between the letters
        that both begin with and those that both end with stands for what lies there.
    """
    wrong = match_case(wrong, word)
    start = _count_common(word, wrong)
    end = _count_common(word[start:][::-1], wrong[start:][::-1])
    return replace(keep(word), start, len(word) - end, wrong[start : len(wrong) - end])


def _count_common(a: str, b: str) -> int:
    """Count the characters that two texts both begin with."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(a, b, strict=False)))


def find_codespell_table() -> Path | None:
    """Find the table of misspellings of the package codespell.

    RETURNS (Optional[Path]): Its path, or None where the package is not installed.
    """
    package = find_spec("codespell_lib")
    if package is None or package.origin is None:
        return None
    return Path(package.origin).parent / "data" / "dictionary.txt"
