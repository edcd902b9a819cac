"""A worker: one process with one pipeline, that annotates tables of texts."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from ..errors import Errors
from .checks import Function, OnError, OutputName
from .loading import Loaded
from .outputs import make_output

# What BLAS libraries read when they are loaded: one thread a worker.
ONE_THREAD = {
    f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL", "BLIS", "VECLIB")
}

# How much of a text an error shows.
SHOWN = 60


class Annotator:
    """Annotates tables of texts with a pipeline, that it loads once."""

    def __init__(
        self,
        model: str,
        *,
        text: str = "text",
        output: OutputName | Function = "entities",
        on_error: OnError = "raise",
        code: str | None = None,
    ) -> None:
        """Load the pipeline.

        model (str): The name of the pipeline's package, or its path.
        text (str): The column of the texts.
        output (Union[str, Callable[[Doc], Dict[str, Any]]]): What to keep of documents.
        on_error (str): "raise", or "column" to keep texts that fail.
        code (Optional[str]): A file of Python to be imported before.
        """
        self._pipeline = Loaded(model, code)
        self.words = 0
        self.errors = 0
        self._text, self._on_error = text, on_error
        self._output = make_output(output, self._pipeline.nlp)
        self._added = list_columns(output, on_error)

    def __call__(self, table: pa.Table) -> pa.Table:
        """Annotate a table.

        table (pyarrow.Table): With a column of texts.
        RETURNS (pyarrow.Table): The table, with the columns of the output and, where texts
            that fail are kept, `error`.
        RAISES (ValueError): SD177 if there is no such column, SD187 if the output would
            write one that is there, SD176 for a text that fails.
        """
        check_columns(table.column_names, text=self._text, added=self._added)
        words = self.words
        # An exception that leaves the zone would leave it open.
        with self._pipeline.nlp.memory_zone():
            result = self._annotate(table)
        self._pipeline.count(self.words - words)
        if isinstance(result, str):
            raise ValueError(result)
        return result

    def _annotate(self, table: pa.Table) -> pa.Table | str:
        """Annotate a table; return a message where that fails."""
        texts = table.column(self._text).to_pylist()
        try:
            found, errors = self._process(texts)
            failed = next((i for i, error in enumerate(errors) if error is not None), None)
            if self._on_error == "column":
                table = table.append_column("error", pa.array(errors, pa.string()))
            elif failed is not None:
                text = str(texts[failed])[:SHOWN]
                return Errors.SD176.format(text=text, problem=errors[failed])
            return self._output.write(table, found)
        except Exception as error:
            return describe(error)

    def _process(self, texts: list[Any]) -> tuple[list[Any], list[str | None]]:
        """Process texts: what is kept of each, and its error."""
        try:
            docs = list(self._pipeline.nlp.pipe(texts, batch_size=len(texts) or None))
            found = [self._output.read(doc) for doc in docs]
            words = sum(map(len, docs))
        except Exception:
            # Which of the texts it was is only known one by one.
            return self._process_each(texts)
        self.words += words
        return found, [None] * len(texts)

    def _process_each(self, texts: list[Any]) -> tuple[list[Any], list[str | None]]:
        found: list[Any] = []
        errors: list[str | None] = []
        for text in texts:
            try:
                doc = self._pipeline.nlp(text)
                found.append(self._output.read(doc))
                errors.append(None)
                self.words += len(doc)
            except Exception as error:
                found.append(None)
                errors.append(describe(error))
                self.errors += 1
        return found, errors


def list_columns(output: OutputName | Function, on_error: OnError) -> list[str]:
    """List the columns that are known to be added.

    output (Union[str, Callable[[Doc], Dict[str, Any]]]): What is kept.
    on_error (str): What is done with texts that fail.
    RETURNS (List[str]): Their names; those that a function makes are not known.
    """
    return [
        *([output] if isinstance(output, str) else []),
        *(["error"] if on_error == "column" else []),
    ]


def check_columns(names: list[str], *, text: str, added: Sequence[str] = ()) -> None:
    """Raise SD177 without a column of texts, SD187 for one that the output would write."""
    if text not in names:
        raise ValueError(Errors.SD177.format(column=text, opts=", ".join(names) or "none"))
    for column in added:
        if column in names:
            raise ValueError(Errors.SD187.format(column=column))


def describe(error: Exception) -> str:
    """Describe an error in a line: a numbered one by its message, others with their type."""
    message = " ".join(str(error).split())
    return message if message.startswith("[") else f"{type(error).__name__}: {message}"
