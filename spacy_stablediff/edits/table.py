"""Tables of misspellings, in the format of the spell checker codespell."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from ..errors import Errors

# Tables and most texts have the plain one in its place.
APOSTROPHE = "\N{RIGHT SINGLE QUOTATION MARK}"

# The path of a file, or pairs of a misspelling and the word that is meant.
Table: TypeAlias = str | Path | list[tuple[str, str]] | list[list[str]]


def read_table(table: Table, *, owner: str) -> dict[str, list[str]]:
    """Read a table of misspellings.

    A line of a file is `wrong->right`. Where a misspelling may stand for several words, each
    is followed by a comma; what comes after the last comma is a remark. Blank lines and lines
    that begin with # are skipped, and so are entries with a space in either word.

    table (Union[str, Path, List[Tuple[str, str]]]): The path of the file, or pairs of a
        misspelling and the word that is meant.
    owner (str): Whose table it is, as a message begins with it.
    RETURNS (Dict[str, List[str]]): For each word its misspellings, all in lower case.
    RAISES (ValueError): SD120 if the file can't be read, SD121 if a line is not
        `wrong->right`, SD122 if no entry is left, SD123 if the table is neither a path nor pairs.
    """
    pairs: Iterable[Sequence[str]]
    if isinstance(table, str | Path):
        pairs = _read_file(Path(table), owner)
    elif _are_pairs(table):
        pairs = table
    else:
        raise ValueError(Errors.SD123.format(augmenter=owner, value=table))
    misspellings: dict[str, list[str]] = defaultdict(list)
    for pair in pairs:
        wrong, right = (word.strip().lower() for word in pair)
        if wrong != right and len(wrong.split()) == len(right.split()) == 1:
            misspellings[right].append(wrong)
    if not misspellings:
        raise ValueError(Errors.SD122.format(augmenter=owner))
    return dict(misspellings)


def _read_file(path: Path, owner: str) -> Iterator[tuple[str, str]]:
    """Read the pairs of a file."""
    try:
        # Unlike splitlines, which cuts at some characters that a remark may have.
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(Errors.SD120.format(augmenter=owner, path=path, reason=error)) from None
    for number, line in enumerate(lines, start=1):
        if line.strip() and not line.lstrip().startswith("#"):
            wrong, _, rights = line.partition("->")
            if not (wrong.strip() and rights.strip()) or "->" in rights:
                details = {"path": path, "number": number, "line": line}
                raise ValueError(Errors.SD121.format(augmenter=owner, **details))
            for right in rights.split(",")[: max(rights.count(","), 1)]:
                yield wrong, right


def _are_pairs(table: Any) -> bool:
    """Tell whether a table has pairs of words."""
    return isinstance(table, list | tuple) and all(
        isinstance(pair, list | tuple) and [type(word) for word in pair] == [str, str]
        for pair in table
    )
