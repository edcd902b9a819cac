"""Convert the bundled reviews to spaCy's format, split into train, dev and test."""

from pathlib import Path
from typing import Annotated, Any

import spacy
import srsly
import typer
from corpora import one_hot, save_docs, split_rows, stop
from spacy.language import Language
from spacy.tokens import Doc, Span

LABELS = ("POSITIVE", "NEGATIVE", "NEUTRAL")


def main(
    reviews: Annotated[
        Path, typer.Argument(help="The reviews, one JSON object a line", exists=True)
    ],
    folder: Annotated[Path, typer.Argument(help="Where to write train, dev and test.spacy")],
    seed: Annotated[int, typer.Option(help="Seed of the split")] = 0,
) -> None:
    """Split the reviews 70/15/15 by sentiment, and save them with categories and entities."""
    nlp = spacy.blank("en")
    rows = srsly.read_jsonl(reviews)
    parts = split_rows(rows, label=lambda row: row["sentiment"], held_out=0.15, seed=seed)
    for name, part in parts.items():
        docs = (make_doc(nlp, row) for row in part)
        save_docs(docs, folder / f"{name}.spacy", total=len(part))


def make_doc(nlp: Language, row: dict[str, Any]) -> Doc:
    """Annotate a review with its sentiment and its entities.

    Where an entity starts or ends inside a token, no label of that token would be
    right: the tokens it touches then count as not annotated.

    nlp (Language): A pipeline, for its tokenizer.
    row (Dict[str, Any]): The review's "text", "sentiment" and "entities".
    RETURNS (Doc): The annotated document.
    """
    doc = nlp.make_doc(row["text"])
    doc.cats = one_hot(row["sentiment"], LABELS)
    entities, unclear = [], []
    for start, end, label in row["entities"]:
        span = expand_to_tokens(doc, start, end, label)
        aligned = (span.start_char, span.end_char) == (start, end)
        (entities if aligned else unclear).append(span)
    doc.set_ents(entities, missing=unclear)
    return doc


def expand_to_tokens(doc: Doc, start: int, end: int, label: str) -> Span:
    """Return the tokens that hold the given characters, even if only in part.

    doc (Doc): The document.
    start (int): The first character.
    end (int): The character after the last.
    label (str): The label for the span.
    RETURNS (Span): The tokens.
    """
    span = doc.char_span(start, end, label=label, alignment_mode="expand")
    if span is None:
        stop(f"No characters {start} to {end} in the review", doc.text)
    return span


if __name__ == "__main__":
    typer.run(main)
