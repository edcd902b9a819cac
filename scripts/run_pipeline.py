"""Run a trained pipeline on a text. Imports spaCy alone, so it shows what the package needs."""

from typing import Annotated

import spacy
import typer
from wasabi import msg


def main(
    name: Annotated[str, typer.Argument(help="Name of an installed pipeline, or its folder")],
    text: Annotated[str, typer.Argument(help="The text")],
) -> None:
    """Print the entities and the category that a pipeline finds in a text."""
    nlp = spacy.load(name)
    doc = nlp(text)
    msg.good(f"Loaded '{name}': {', '.join(nlp.pipe_names)}")
    msg.text(text)
    msg.table([(ent.text, ent.label_) for ent in doc.ents], header=("Entity", "Label"))
    category = max(doc.cats, key=doc.cats.__getitem__)
    msg.text(f"Category: {category} ({doc.cats[category]:.2f})")


if __name__ == "__main__":
    typer.run(main)
