"""Compare the evaluations of two pipelines, as `spacy evaluate` writes them."""

from pathlib import Path
from typing import Annotated, NamedTuple

import srsly
import typer
from wasabi import MarkdownRenderer, msg


class Figure(NamedTuple):
    """A figure of an evaluation, and how to show it."""

    title: str
    key: str
    scale: float = 100.0


FIGURES = (
    Figure("Category: macro F", "cats_macro_f"),
    Figure("Category: macro AUC", "cats_macro_auc"),
    Figure("Entities: precision", "ents_p"),
    Figure("Entities: recall", "ents_r"),
    Figure("Entities: F", "ents_f"),
    Figure("Thousand words a second", "speed", scale=1e-3),
)


def main(
    baseline: Annotated[
        Path, typer.Argument(help="Evaluation of the pipeline to compare with", exists=True)
    ],
    diffused: Annotated[
        Path, typer.Argument(help="Evaluation of the pipeline with diffusion", exists=True)
    ],
    output: Annotated[Path, typer.Argument(help="Markdown file to write")],
) -> None:
    """Print both evaluations and their differences as a table, and write it as Markdown."""
    rows = compare(srsly.read_json(baseline), srsly.read_json(diffused))
    header = ("", baseline.stem, diffused.stem, "difference")
    msg.table(rows, header=header, divider=True, aligns=("l", "r", "r", "r"))
    markdown = MarkdownRenderer()
    output.write_text(markdown.table(rows, header, aligns=("l", "r", "r", "r")), encoding="utf8")
    msg.good(f"Saved the comparison to {output}")


def compare(baseline: dict[str, float], diffused: dict[str, float]) -> list[tuple[str, ...]]:
    """Put the figures that both evaluations have side by side.

    baseline (Dict[str, float]): The evaluation to compare with.
    diffused (Dict[str, float]): The other one.
    RETURNS (List[Tuple[str, ...]]): A row for each figure: its title, both values
        and their difference.
    """
    rows: list[tuple[str, ...]] = []
    for title, key, scale in FIGURES:
        if baseline.get(key) is not None and diffused.get(key) is not None:
            before, after = scale * baseline[key], scale * diffused[key]
            rows.append((title, f"{before:.1f}", f"{after:.1f}", f"{after - before:+.1f}"))
    return rows


if __name__ == "__main__":
    typer.run(main)
