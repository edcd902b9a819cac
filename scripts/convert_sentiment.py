"""Convert one of the rated collections in vaderSentiment's source distribution.

The ratings are by C.J. Hutto and Eric Gilbert (VADER: A Parsimonious Rule-based Model
for Sentiment Analysis of Social Media Text, ICWSM 2014), under the MIT licence.
"""

import tarfile
from collections.abc import Iterator
from enum import Enum
from pathlib import Path, PurePosixPath
from typing import IO, Annotated, NamedTuple

import spacy
import typer
from corpora import one_hot, save_docs, split_rows, stop
from spacy.language import Language
from spacy.tokens import Doc

LABELS = ("POSITIVE", "NEGATIVE")
ARCHIVE = "hutto_ICWSM_2014.tar.gz"


class Collection(str, Enum):
    """A collection of rated texts."""

    films = "films"
    tweets = "tweets"
    products = "products"
    editorials = "editorials"


TABLES = {
    Collection.films: "movieReviewSnippets_GroundTruth.txt",
    Collection.tweets: "tweets_GroundTruth.txt",
    Collection.products: "amazonReviewSnippets_GroundTruth.txt",
    Collection.editorials: "nytEditorialSnippets_GroundTruth.txt",
}


class Snippet(NamedTuple):
    """A rated text, and its label."""

    text: str
    label: str


def main(
    sdist: Annotated[
        Path, typer.Argument(help="vaderSentiment's source distribution", exists=True)
    ],
    folder: Annotated[Path, typer.Argument(help="Where to write train, dev and test.spacy")],
    collection: Annotated[Collection, typer.Option(help="What to convert")] = Collection.films,
    min_rating: Annotated[float, typer.Option(help="Least absolute mean rating")] = 0.5,
    held_out: Annotated[float, typer.Option(help="Share of dev, and again of test")] = 0.1,
    seed: Annotated[int, typer.Option(help="Seed of the split")] = 0,
) -> None:
    """Split the clearly rated texts, stratified by sentiment, and save them with categories."""
    nlp = spacy.blank("en")
    snippets = read_snippets(sdist, TABLES[collection], min_rating=min_rating)
    parts = split_rows(snippets, label=lambda snippet: snippet.label, held_out=held_out, seed=seed)
    for name, part in parts.items():
        docs = (make_doc(nlp, snippet) for snippet in part)
        save_docs(docs, folder / f"{name}.spacy", total=len(part))


def read_snippets(sdist: Path, table_name: str, *, min_rating: float) -> Iterator[Snippet]:
    """Read the texts whose raters leaned clearly to one side.

    sdist (Path): The source distribution, a .tar.gz that holds another.
    table_name (str): The name of the table of texts and ratings in that.
    min_rating (float): Texts with a smaller absolute mean rating are left out.
    YIELDS (Snippet): The texts, in the order of the file.
    """
    if not tarfile.is_tarfile(sdist):
        stop(f"{sdist} is no archive", "Expected vaderSentiment's source distribution, a .tar.gz")
    with (
        tarfile.open(sdist) as outer,
        tarfile.open(fileobj=open_member(outer, ARCHIVE)) as inner,
        open_member(inner, table_name) as table,
    ):
        for line in table.read().decode("utf8").splitlines():
            _, rating, text = line.split("\t")
            if abs(float(rating)) >= min_rating:
                yield Snippet(text.strip(), "POSITIVE" if float(rating) > 0 else "NEGATIVE")


def open_member(archive: tarfile.TarFile, name: str) -> IO[bytes]:
    """Open a file of an archive, in whichever of its folders the file lies.

    archive (TarFile): The archive.
    name (str): The file's name, without folders.
    RETURNS (IO[bytes]): The file's content.
    """
    for member in archive.getmembers():
        content = archive.extractfile(member)
        if content is not None and PurePosixPath(member.name).name == name:
            return content
    stop(f"No file '{name}' in the archive", "Is it the source distribution of vaderSentiment?")


def make_doc(nlp: Language, snippet: Snippet) -> Doc:
    """Annotate a text with its sentiment.

    nlp (Language): A pipeline, for its tokenizer.
    snippet (Snippet): The rated text.
    RETURNS (Doc): The annotated document.
    """
    doc = nlp.make_doc(snippet.text)
    doc.cats = one_hot(snippet.label, LABELS)
    return doc


if __name__ == "__main__":
    typer.run(main)
