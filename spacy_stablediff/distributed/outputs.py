"""What is kept of a processed document: columns of a table."""

from collections.abc import Sequence
from typing import Any, Protocol

import pyarrow as pa
import srsly
from spacy.language import Language
from spacy.tokens import Doc, DocBin
from spacy.vocab import Vocab

from ..errors import Errors
from .checks import Function, OutputName

ENTITIES = pa.list_(
    pa.struct(
        [("start", pa.int64()), ("end", pa.int64()), ("label", pa.string()), ("text", pa.string())]
    )
)


class Output(Protocol):
    """What is kept of documents. It must not hold on to the pipeline, which is renewed."""

    def read(self, doc: Doc) -> Any:
        """Take what is kept of a document, while it is there."""

    def write(self, table: pa.Table, found: Sequence[Any]) -> pa.Table:
        """Add it to the table of the texts, None where a text failed."""


def make_output(output: OutputName | Function, nlp: Language) -> Output:
    """Make what keeps an output.

    output (Union[str, Callable[[Doc], Dict[str, Any]]]): Its name, or a function.
    nlp (Language): The pipeline.
    RETURNS (Output): What keeps it.
    """
    if output == "entities":
        return Entities()
    if output == "cats":
        return Categories(nlp)
    return Bins() if output == "docbin" else Columns(output)


class Entities:
    """A column `entities`: for each its start and end in characters, label and text."""

    def read(self, doc: Doc) -> list[dict[str, Any]]:
        """List the entities of a document."""
        return [
            {"start": ent.start_char, "end": ent.end_char, "label": ent.label_, "text": ent.text}
            for ent in doc.ents
        ]

    def write(self, table: pa.Table, found: Sequence[Any]) -> pa.Table:
        """Add the column."""
        return table.append_column("entities", pa.array(found, ENTITIES))


class Categories:
    """A column `cats`: the score of each category."""

    def __init__(self, nlp: Language) -> None:
        """Find the categories that are always there, so that all batches have one schema.

        nlp (Language): The pipeline.
        """
        names = [name for name in nlp.pipe_names if "doc.cats" in nlp.get_pipe_meta(name).assigns]
        self._labels = [label for name in names for label in nlp.pipe_labels.get(name, [])]

    def read(self, doc: Doc) -> dict[str, float]:
        """Take the scores of a document."""
        return {label: float(score) for label, score in doc.cats.items()}

    def write(self, table: pa.Table, found: Sequence[Any]) -> pa.Table:
        """Add the column."""
        labels = dict.fromkeys([*self._labels, *(label for cats in found for label in cats or ())])
        type_ = pa.struct([(label, pa.float64()) for label in labels]) if labels else pa.null()
        return table.append_column("cats", pa.array([cats or None for cats in found], type_))


class Bins:
    """A column `docbin` in a table of one row: a bin of a batch, and a list of each other column.

    A text that failed is a document without tokens.
    """

    def read(self, doc: Doc) -> Doc:
        """Keep a document, until its batch is written.

        RAISES (TypeError): If its `user_data` can't be written.
        """
        # A bin does so too, but there an error would be of the whole batch.
        srsly.msgpack_dumps(doc.user_data)
        return doc

    def write(self, table: pa.Table, found: Sequence[Any]) -> pa.Table:
        """Put the documents into one bin."""
        docs = [Doc(Vocab()) if doc is None else doc for doc in found]
        bin_ = DocBin(docs=docs, store_user_data=True).to_bytes()
        columns = {name: _make_list(table.column(name)) for name in table.column_names}
        return pa.table({**columns, "docbin": pa.array([bin_], pa.binary())})


class Columns:
    """The columns that a function makes of a document."""

    def __init__(self, function: Function) -> None:
        """Keep the function.

        function (Callable[[Doc], Dict[str, Any]]): The function.
        """
        self._function = function

    def read(self, doc: Doc) -> dict[str, Any]:
        """Call the function on a document.

        RAISES (ValueError): SD184 if it returns anything but a dict.
        """
        columns = self._function(doc)
        if not isinstance(columns, dict):
            raise ValueError(Errors.SD184.format(value=type(columns).__name__))
        return columns

    def write(self, table: pa.Table, found: Sequence[Any]) -> pa.Table:
        """Add the columns.

        RAISES (ValueError): SD187 if one is there already, SD199 if its values have no type in
            common.
        """
        for name in dict.fromkeys(name for columns in found for name in columns or ()):
            if name in table.column_names:
                raise ValueError(Errors.SD187.format(column=name))
            try:
                values = pa.array([(columns or {}).get(name) for columns in found])
            except (ValueError, OverflowError, pa.ArrowException) as error:
                raise ValueError(Errors.SD199.format(column=name, problem=error)) from None
            table = table.append_column(name, values)
        return table


def _make_list(column: pa.ChunkedArray) -> pa.Array:
    """A column as one row: the list of its values."""
    return pa.ListArray.from_arrays(pa.array([0, len(column)], pa.int32()), column.combine_chunks())
