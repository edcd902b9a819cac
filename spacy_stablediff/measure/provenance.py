"""Where the figures of a measurement come from, so that they can be had again."""

from collections.abc import Mapping
from datetime import date
from functools import partial
from importlib.metadata import version
from typing import Any

from ..about import __version__
from ..edits.seeded import SeededAugmenter
from ..types import Augmenter
from .data import Data, name_data
from .defaults import Curves


def describe_provenance(
    data: Data, edits: Mapping[str, Augmenter], curves: Curves, *, seed: int, limit: int
) -> dict[str, Any]:
    """Describe where figures come from.

    data (Union[str, Path, Iterable]): The data.
    edits (Mapping[str, Callable[[Language, Example], Iterator[Example]]]): The augmenters.
    curves (Mapping[str, Mapping[float, Callable]]): The augmenters of curves, by rate.
    seed (int): The seed of all random choices.
    limit (int): The number of documents to stop after; 0 for all.
    RETURNS (Dict[str, Any]): What JSON can hold of them, the date, and versions.
    """
    return {
        "data": name_data(data),
        "limit": int(limit),
        "seed": int(seed),
        "edits": {name: _describe_edit(edit) for name, edit in edits.items()},
        "curves": {
            name: [_describe_edit(edit) for edit in curve.values()]
            for name, curve in curves.items()
        },
        "date": date.today().isoformat(),
        "versions": {"spacy-stablediff": __version__, "spacy": version("spacy")},
    }


def _describe_edit(edit: Augmenter) -> Any:
    """The settings of an augmenter of this package, the name of another."""
    if isinstance(edit, SeededAugmenter):
        return edit.config
    function: Any = edit.func if isinstance(edit, partial) else edit
    return getattr(function, "__name__", type(function).__name__)
