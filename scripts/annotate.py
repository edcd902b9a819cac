"""Annotate the texts of a corpus by a trained pipeline, for pipelines to learn what it does."""

from pathlib import Path
from typing import Annotated

import spacy
import typer
from corpora import save_docs
from spacy.tokens import DocBin

PARTS = ("train", "dev", "test")


def main(
    name: Annotated[str, typer.Argument(help="Name or path of the pipeline")],
    corpus: Annotated[
        Path, typer.Argument(help="Folder of train, dev and test.spacy", exists=True)
    ],
    folder: Annotated[Path, typer.Argument(help="Where to write them annotated")],
    exclude: Annotated[list[str], typer.Option(help="Components to leave out")] = [],  # noqa: B006
) -> None:
    """Save the texts of each part with all that the pipeline says of them."""
    nlp = spacy.load(name, exclude=exclude)
    for part in PARTS:
        docs = DocBin().from_disk(corpus / f"{part}.spacy").get_docs(nlp.vocab)
        texts = [doc.text for doc in docs]
        save_docs(nlp.pipe(texts), folder / f"{part}.spacy", total=len(texts))


if __name__ == "__main__":
    typer.run(main)
