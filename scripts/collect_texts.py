"""Collect the texts of .spacy files as raw text, for `spacy pretrain` and `stablediff tune`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import spacy
import srsly
import typer
from spacy.tokens import DocBin
from wasabi import msg


def main(
    paths: Annotated[list[Path], typer.Argument(help=".spacy files", exists=True, dir_okay=False)],
    output: Annotated[Path, typer.Option(help=".jsonl file to write")],
) -> None:
    """Write each different text once, in the order of the files."""
    texts = list(dict.fromkeys(text for path in paths for text in read_texts(path)))
    output.parent.mkdir(parents=True, exist_ok=True)
    srsly.write_jsonl(output, ({"text": text} for text in texts))
    msg.good(f"{output}: {len(texts):,} texts")


def read_texts(path: Path) -> Iterator[str]:
    """Read the texts of a file, without their annotation."""
    vocab = spacy.blank("xx").vocab
    yield from (doc.text for doc in DocBin().from_disk(path).get_docs(vocab))


if __name__ == "__main__":
    typer.run(main)
