"""The augmenter of misspellings that people make, from a table."""

from importlib.util import find_spec
from itertools import takewhile
from pathlib import Path
from typing import Any

import numpy
from spacy.tokens import Doc

from .casing import match_case
from .plan import Plan, find_gaps
from .seeded import SeededAugmenter
from .spelling import Spelling, keep, replace
from .table import APOSTROPHE, Table, read_table


class Misspellings(SeededAugmenter):
    """An augmenter that misspells words as people do, registered as
    `spacy-stablediff.misspellings.v1`.

    Yields one edited copy of each example. Words are looked up in a table of misspellings,
    and keep their case: "Their" becomes "Thier", "THEIR" becomes "THIER". Words that the
    tokenizer splits are looked up as a whole first: "don't" becomes "dont". Gold annotation stays right, the edited text is tokenized, the alignment is recorded, and
    the seed fixes the sequence of edits, as with `spacy-stablediff.edits.v1`.
    """

    name = "spacy-stablediff.misspellings.v1"

    def __init__(
        self, table: Table, rate: float = 1.0, seed: int = 0, split_words: bool = True
    ) -> None:
        """Create the augmenter, and read the table.

        table (Union[str, Path, List[Tuple[str, str]]]): The path of a file with a line
            `wrong->right` for each misspelling, as the spell checker codespell has it
            (`find_codespell_table` finds its own), or pairs of a misspelling and the word
            that is meant. Entries with a space in either word are left out.
        rate (float): How often a word that has a misspelling in the table is misspelt, from
            0 to 1.
        seed (int): The seed >= 0 of the random choices.
        split_words (bool): Whether words that the tokenizer splits are looked up as a whole, and
            not as tokens alone.
        RAISES (ValueError): SD100 if the rate is not a number from 0 to 1, SD102 if the seed
            is not a whole number >= 0, SD120, SD121, SD122 or SD123 if the table can't be
            used.
        """
        self._check_rate("rate", rate)
        super().__init__(seed)
        self.table = table
        self.rate = rate
        self.split_words = split_words
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
        return {
            **{"table": table, "rate": self.rate},
            **{"seed": self.seed, "split_words": self.split_words},
        }

    def _plan(self, doc: Doc) -> Plan:
        """Choose which words of a document are misspelt, and how."""
        words = [token.text for token in doc]
        spaces = doc.to_array("SPACY").astype(bool).tolist()
        happens, ways = self._rng.random((2, len(doc)))
        spellings: dict[int, Spelling] = {}
        for start, end in self._find_words(doc, words):
            wrongs = self._look_up(words[start:end]) if happens[start] < self.rate else []
            if wrongs:
                wrong = wrongs[int(ways[start] * len(wrongs))]
                misspelt = misspell_tokens(words[start:end], wrong)
                spellings.update(enumerate(misspelt, start))
        for i, spelling in spellings.items():
            words[i] = spelling.text
        return Plan(words, spaces, numpy.arange(len(doc)), spellings)

    def _find_words(self, doc: Doc, words: list[str]) -> list[tuple[int, int]]:
        """Find the words to look up: their first tokens, and those after their last."""
        runs = find_runs(doc) if self.split_words else []
        known = [(start, end) for start, end in runs if self._look_up(words[start:end])]
        taken = {i for start, end in known for i in range(start, end)}
        return [*known, *((i, i + 1) for i in range(len(words)) if i not in taken)]

    def _look_up(self, tokens: list[str]) -> list[str]:
        """The misspellings of the word that tokens make up, typed with plain apostrophes."""
        word = "".join(tokens).lower().replace(APOSTROPHE, "'")
        wrongs = self._misspellings.get(word, [])
        if len(tokens) == 1:
            return wrongs
        return [wrong for wrong in wrongs if all(s.text for s in misspell_tokens(tokens, wrong))]


def find_runs(doc: Doc) -> list[tuple[int, int]]:
    """Find the words that the tokenizer has split: tokens without a space between them.

    doc (Doc): The document.
    RETURNS (List[Tuple[int, int]]): For each the index of its first token, and of the one after
        its last: several, without punctuation before and behind.
    """
    numbers = numpy.cumsum(numpy.concatenate([[False], find_gaps(doc)]))
    places = numpy.flatnonzero(~doc.to_array(["IS_SPACE", "IS_PUNCT"]).astype(bool).any(axis=1))
    _, firsts, counts = numpy.unique(numbers[places], return_index=True, return_counts=True)
    starts, ends = places[firsts], places[firsts + counts - 1] + 1
    several = ends - starts > 1
    return list(zip(starts[several].tolist(), ends[several].tolist(), strict=True))


def misspell_tokens(tokens: list[str], wrong: str) -> list[Spelling]:
    """Write a word as a misspelling has it, and cut that into its tokens again.

    tokens (List[str]): The tokens of the word.
    wrong (str): The misspelling, in lower case.
    RETURNS (List[Spelling]): Each token: the characters that stand for some of its own.
    """
    text, origins = misspell("".join(tokens), wrong)
    spellings, begin = [], 0
    for token in tokens:
        end = begin + len(token)
        own = [(char, i - begin) for char, i in zip(text, origins, strict=True) if begin <= i < end]
        spellings.append(Spelling("".join(char for char, _ in own), [i for _, i in own]))
        begin = end
    return spellings


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
