"""The command `python -m spacy stablediff words`."""

from pathlib import Path
from typing import Optional

from spacy.cli._util import Arg, import_code
from spacy.util import load_model
from wasabi import Printer, msg

from ..words.explain import explain_words
from ._util import CODE, show_errors, stablediff_cli


@stablediff_cli.command("words")
def words_cli(
    model: str = Arg(..., help="Model name or path"),
    text: str = Arg(..., help="Text, in quotes"),
    code_path: Optional[Path] = CODE,
) -> None:
    """
    Show which words of a text a pipeline diffuses over its graph of words, and from what.

    A word that training never saw takes its embedding from words that are spelt nearly
    alike, or differ in case only. Words that are missing here are embedded as they are.
    """
    with show_errors():
        import_code(code_path)
        words(model, text)


def words(model: str, text: str) -> None:
    """Print for each word of a text that is diffused what it is made of.

    model (str): The name of the pipeline's package, or its path.
    text (str): The text.
    RAISES (ValueError): SD070 if no component of the pipeline has a graph of words.
    RAISES (OSError): spaCy's E050 if there is no such pipeline.
    """
    found = explain_words(load_model(model), text)
    if not found:
        msg.info("All words are embedded as they are.")
        return
    rows = [
        (
            word.text,
            word.component,
            ", ".join(f"{form} {share:.0%}" for form, share in word.sources),
        )
        for word in found
    ]
    Printer().table(rows, header=("Word", "Component", "Made of"), divider=True)
