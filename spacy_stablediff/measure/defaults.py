"""What stability is measured under where nothing else is asked for."""

from collections.abc import Mapping
from typing import Any, TypeAlias

from ..edits.augmenter import Edits
from ..edits.misspellings import Misspellings, find_codespell_table
from ..edits.names import Names
from ..edits.table import Table
from ..types import Augmenter

# Curves by name: augmenters by the rate that they edit at.
Curves: TypeAlias = Mapping[str, Mapping[float, Augmenter]]

# The names of the default curves. The last four are of whole texts.
LETTERS_MISTYPED = "letters mistyped"
READ_BY_OCR = "read by OCR"
REAL_MISSPELLINGS = "real misspellings"
LOWER_CASE, UPPER_CASE = "lower case", "upper case"
NO_SPACES = "no spaces"
NAMES_REPLACED = "names replaced"

LETTERS = (0.02, 0.05, 0.1, 0.15, 0.2)
OCR = (0.05, 0.1, 0.2, 0.4)
MISSPELLINGS = (0.25, 0.5, 0.75, 1.0)


def default_edits(seed: int = 0) -> dict[str, Augmenter]:
    """Return an augmenter for each kind of edit alone, at its default rate.

    seed (int): Their seed.
    RETURNS (Dict[str, Callable[[Language, Example], Iterator[Example]]]): Augmenters
        by the name of the edit: "typo", "swap" and "drop".
    """
    return {
        "typo": _make_edits(seed, typo=0.1),
        "swap": _make_edits(seed, swap=0.1),
        "drop": _make_edits(seed, drop=0.1),
    }


def default_curves(seed: int = 0, table: Table | None = None) -> dict[str, dict[float, Augmenter]]:
    """Return augmenters at several rates, for curves.

    seed (int): Their seed.
    table (Optional[Union[str, Path, List[Tuple[str, str]]]]): A table of misspellings, as
        `spacy-stablediff.misspellings.v1` takes it. By default that of codespell, if it is
        installed.
    RETURNS (Dict[str, Dict[float, Callable[[Language, Example], Iterator[Example]]]]):
        "letters mistyped", by the share of the letters, and "read by OCR", by the share of
        the words that are read wrongly; with a table "real misspellings", by the share of the
        words that have one; of whole texts "lower case", "upper case", "no spaces", and
        "names replaced", of the gold entities that are persons.
    """
    table = find_codespell_table() if table is None else table
    misspelt: dict[str, dict[float, Augmenter]] = {}
    if table is not None:
        augmenter = Misspellings(table, seed=seed)
        misspelt = {REAL_MISSPELLINGS: {rate: augmenter.at(rate) for rate in MISSPELLINGS}}
    return {
        LETTERS_MISTYPED: {rate: _make_edits(seed, letters=rate) for rate in LETTERS},
        READ_BY_OCR: {rate: _make_edits(seed, ocr=rate) for rate in OCR},
        **misspelt,
        LOWER_CASE: {1.0: _make_edits(seed, case=1.0, casing="lower")},
        UPPER_CASE: {1.0: _make_edits(seed, case=1.0, casing="upper")},
        NO_SPACES: {1.0: _make_edits(seed, join=1.0)},
        NAMES_REPLACED: {1.0: Names(1.0, seed)},
    }


def _make_edits(seed: int, **settings: Any) -> Edits:
    """The edits that are named, and no others."""
    return Edits(**{"typo": 0.0, "swap": 0.0, "drop": 0.0, "seed": seed, **settings})
