"""Tables of a page."""

from collections.abc import Iterable, Sequence
from typing import Any

from wasabi import MarkdownRenderer


def to_table(header: Sequence[str], rows: Iterable[Sequence[str]], *, texts: int = 1) -> str:
    """Write a table as Markdown.

    header (Sequence[str]): The titles of the columns.
    rows (Iterable[Sequence[str]]): The rows.
    texts (int): How many columns, from the first, are texts. The others are numbers.
    RETURNS (str): The table.
    """
    aligns: list[Any] = ["l"] * texts + ["r"] * (len(header) - texts)
    return MarkdownRenderer().table(rows, header, aligns)
