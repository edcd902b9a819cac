"""Measure how much of the entities that a published pipeline finds is left under errors.

The pipeline stays as it is. There is no gold annotation that has its labels, so what it finds
in edited text is compared with what it finds in the clean text. The names that are replaced
are those that it takes for persons.
"""

from itertools import islice
from pathlib import Path
from typing import Annotated

import spacy
import typer
from wasabi import msg

from spacy_stablediff import measure_stability
from spacy_stablediff.measure.data import read_data
from spacy_stablediff.measure.defaults import default_curves
from spacy_stablediff.view.robustness import COLUMNS

# Components that leave entities as they are. A parser doesn't: none crosses a sentence.
WITHOUT_ENTITIES = ["tagger", "morphologizer", "attribute_ruler", "lemmatizer"]


def main(
    name: Annotated[str, typer.Argument(help="Name of the installed pipeline")],
    texts: Annotated[Path, typer.Argument(help="A .spacy or .txt file", exists=True)],
    output: Annotated[Path, typer.Argument(help="Folder to write a folder of that name to")],
    limit: Annotated[int, typer.Option(help="Number of texts to stop after")] = 400,
    seed: Annotated[int, typer.Option(help="Seed of the edits")] = 0,
) -> None:
    """Write stability.json and stability.html, of the vectors that the component ner sees."""
    nlp = spacy.load(name, exclude=WITHOUT_ENTITIES)
    examples = islice(read_data(nlp, texts), limit)
    docs = list(nlp.pipe(example.text for example in examples))
    curves = default_curves(seed)
    shown = {curve: curves[curve] for curve, _ in COLUMNS.values()}
    report = measure_stability(
        nlp,
        docs,
        curves=shown,
        component="ner",
        name=name,
        seed=seed,
        scores=False,
    )
    report.to_disk(output / name)
    msg.good(f"Saved the figures of '{name}' on {len(docs):,} texts to {output / name}")


if __name__ == "__main__":
    typer.run(main)
