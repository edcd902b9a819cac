"""The links of the forms of words that texts had so far, each found once."""

from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

import numpy
from spacy.strings import StringStore, get_string_id

from .counting import find_case
from .graph import Knows, Links, WordGraph

# Of how many forms the links are kept at most: texts may go on with new ones for ever.
KEPT = 50_000

# A form that another is diffused from: its ORTH, the logarithm of its weight, whether it takes a
# misspelling to come from there, and whether it begins with a capital.
LINK = numpy.dtype(
    [("form", "uint64"), ("weight", "float64"), ("is_error", "bool"), ("is_capital", "bool")]
)


class Row(NamedTuple):
    """What a form is diffused from.

    links (bytes): The forms, as an array of `LINK`. Bytes are joined fastest.
    texts (Tuple[Tuple[int, str], ...]): Their ORTHs, each with its text.
    odds (float): The odds that the form is misspelt, in a text of the usual noise.
    """

    links: bytes
    texts: tuple[tuple[int, str], ...]
    odds: float


class LinkMemory:
    """What a graph of words says of forms.

    graph (WordGraph): The graph.
    """

    def __init__(self, graph: WordGraph) -> None:
        """Remember no form yet.

        graph (WordGraph): The graph.
        """
        self.graph = graph
        self._rows: dict[bool, dict[int, Row]]
        self.forget()

    def find(
        self,
        forms: Sequence[int],
        strings: StringStore,
        *,
        has_case: bool,
        knows: Knows | None = None,
    ) -> list[Row]:
        """Find what forms are diffused from.

        forms (Sequence[int]): The ORTHs of forms, each once.
        strings (StringStore): Where they are spelt.
        has_case, knows: As in `WordGraph.link`.
        RETURNS (List[Row]): For each form its row.
        """
        if sum(map(len, self._rows.values())) > KEPT:
            self.forget()
        # Another thread may forget them meanwhile, and this one goes on with what it has.
        rows = self._rows[has_case]
        new = [form for form in forms if form not in rows]
        texts = [strings[form] for form in new]
        found = self.graph.link(texts, has_case=has_case, knows=knows)
        rows.update(zip(new, _make_rows(found), strict=True))
        return [rows[form] for form in forms]

    def forget(self) -> None:
        """Forget what was found so far."""
        self._rows = {True: {}, False: {}}


def _make_rows(found: list[Links]) -> list[Row]:
    """Put the links of forms into arrays, all at once."""
    texts = [text for links in found for text in links.forms]
    ids = [get_string_id(text) for text in texts]
    array = numpy.empty(len(texts), LINK)
    array["form"] = numpy.asarray(ids, dtype="uint64")
    array["weight"] = numpy.log([weight for links in found for weight in links.weights])
    array["is_error"] = [
        place >= len(links.forms) - links.errors
        for links in found
        for place in range(len(links.forms))
    ]
    array["is_capital"] = [find_case(text) > 0 for text in texts]
    data, pairs = array.tobytes(), list(zip(ids, texts, strict=True))
    ends = list(accumulate(len(links.forms) for links in found))
    return [
        Row(data[start * LINK.itemsize : end * LINK.itemsize], tuple(pairs[start:end]), links.odds)
        for start, end, links in zip([0, *ends], ends, found, strict=False)
    ]
