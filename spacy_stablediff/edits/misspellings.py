"""The augmenter of misspellings that people make, from a table."""

import copy
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import takewhile
from pathlib import Path
from typing import Any

import numpy
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example

from ..checks import is_number, is_whole
from ..errors import Errors
from .copying import copy_edited
from .plan import Plan
from .spelling import Spelling, keep, replace
from .table import Table, read_table

NAME = "spacy-stablediff.misspellings.v1"


class Misspellings:
    """An augmenter that misspells words as people do, registered as
    `spacy-stablediff.misspellings.v1`.

    Yields one edited copy of each example. Words are looked up in a table of misspellings,
    token by token, and keep their case: "Their" becomes "Thier", "THEIR" becomes "THIER".
    Gold annotation stays right, the edited text is tokenized, the alignment is recorded, and
    the seed fixes the sequence of edits, as with `spacy-stablediff.edits.v1`.
    """

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
        if not is_number(rate, least=0, most=1):
            raise ValueError(Errors.SD100.format(augmenter=NAME, setting="rate", value=rate))
        if not is_whole(seed):
            raise ValueError(Errors.SD102.format(augmenter=NAME, value=seed))
        self.table = table
        self.rate = rate
        self.seed = seed
        self._misspellings = read_table(table, owner=NAME)
        self._rng = numpy.random.default_rng(seed)

    @property
    def settings(self) -> dict[str, Any]:
        """The arguments that make such an augmenter."""
        table = str(self.table) if isinstance(self.table, Path) else self.table
        return {"table": table, "rate": self.rate, "seed": self.seed}

    @property
    def config(self) -> dict[str, Any]:
        """The augmenter as a config block."""
        return {"@augmenters": NAME, **self.settings}

    def restarted(self) -> "Misspellings":
        """Return the same augmenter as it was at first, about to make the same edits."""
        augmenter = copy.copy(self)
        augmenter._rng = numpy.random.default_rng(self.seed)
        return augmenter

    def __call__(self, nlp: Language, example: Example) -> Iterator[Example]:
        """Misspell words in a copy of an example.

        nlp (Language): The pipeline, whose tokenizer is used.
        example (Example): The example, which is not modified.
        YIELDS (Example): The edited example; an empty one as it is.
        """
        if len(example.reference) == 0:
            yield example
        else:
            yield copy_edited(nlp, example, self._plan(example.reference))

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
    if len(word) > 1 and word.isupper():
        wrong = wrong.upper()
    elif word[0].isupper():
        wrong = wrong[0].upper() + wrong[1:]
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
