"""Command line: `python -m benchmarks run` measures, `python -m benchmarks report` writes it up.

`python -m benchmarks edits` measures the augmenters, `words` the graph of words; `distributed`,
`memory` and `bottlenecks` measure workers on Ray, and print what docs/distributed.md says.
"""

from operator import truediv
from pathlib import Path
from statistics import median
from typing import Annotated, Any

import srsly
import typer
from wasabi import msg

from spacy_stablediff.edits.misspellings import find_codespell_table

from .edits import JOINED, measure_edits
from .environment import describe_environment
from .operators import RADIUS, TIME, measure_operators
from .peers import CHEBYSHEV_ORDER
from .pipelines import measure_pipelines
from .plot import draw_performance
from .report import render_performance
from .scaling import measure_scaling
from .steps import measure_steps
from .text import load_films

app = typer.Typer(add_completion=False)


@app.command()
def run(
    corpus: Annotated[Path, typer.Argument(help="Folder with the film reviews", exists=True)],
    output: Annotated[Path, typer.Argument(help="JSON file to write")],
    tokens: Annotated[int, typer.Option(help="Size of the text")] = 20_000,
    largest: Annotated[int, typer.Option(help="Largest batch in the scaling runs")] = 1_000_000,
    rounds: Annotated[int, typer.Option(help="Rounds of each comparison")] = 9,
    only: Annotated[str, typer.Option(help="Measure one part, and keep the file's others")] = "",
) -> None:
    """Run every comparison, and write all times."""
    films = load_films(corpus, tokens)
    results: dict[str, Any] = srsly.read_json(output) if only else {}
    results |= {
        "environment": describe_environment(),
        "text": films.describe(),
        "settings": {"time": TIME, "radius": RADIUS, "order": CHEBYSHEV_ORDER},
    }
    for name, measure in {
        "operators": lambda: measure_operators(films, rounds),
        "pipelines": lambda: measure_pipelines(films, rounds),
        "scaling": lambda: measure_scaling(films, rounds, largest),
    }.items():
        if only in ("", name):
            msg.info(f"Measuring {name}")
            results[name] = measure()
    srsly.write_json(output, results)
    msg.good(f"Saved all times to {output}")


@app.command()
def report(
    results: Annotated[Path, typer.Argument(help="JSON file of the command run", exists=True)],
    output: Annotated[Path, typer.Argument(help="Markdown file to write")],
) -> None:
    """Write tables, targets and a plot."""
    figures = srsly.read_json(results)
    plot = output.with_suffix(".png")
    draw_performance(figures, plot)
    output.write_text(render_performance(figures, plot.name), encoding="utf8")
    msg.good(f"Saved the tables to {output}, the plot to {plot}")


@app.command()
def edits(
    corpus: Annotated[Path, typer.Argument(help="Folder with the film reviews", exists=True)],
    tokens: Annotated[int, typer.Option(help="Size of the text")] = 20_000,
    rounds: Annotated[int, typer.Option(help="Rounds of each")] = 5,
) -> None:
    """Print how many tokens a second the augmenters edit, tokenization included."""
    rows = measure_edits(load_films(corpus, tokens), rounds)
    header = ("augmenter", "one by one", f"{JOINED} joined")
    msg.table(
        [(name, *(f"{speed:,.0f}" for speed in speeds)) for name, *speeds in rows],
        header=header,
        divider=True,
        aligns=("l", "r", "r"),
    )


@app.command()
def words(
    corpus: Annotated[Path, typer.Argument(help="Folder with the film reviews", exists=True)],
    table: Annotated[Path | None, typer.Option(help="Misspellings; codespell's by default")] = None,
    tokens: Annotated[int, typer.Option(help="Size of the text")] = 20_000,
    rounds: Annotated[int, typer.Option(help="Rounds of each")] = 9,
) -> None:
    """Print what the graph of words costs: search, and words per second of a pipeline."""
    from .words import measure_prediction, measure_search

    path = table or find_codespell_table()
    if path is None:
        msg.fail("Name a table of misspellings, or install codespell", exits=1)
    rows = [
        (name, f"{made:.2f}", f"{found:.2f}") for name, made, found in measure_search(path, 0.02)
    ]
    msg.table(
        rows, header=("search", "index (s)", "all words (s)"), divider=True, aligns=("l", "r", "r")
    )
    films = load_films(corpus, tokens)
    for kind, (plain, graph) in measure_prediction(films, rounds).items():
        ratio = median(map(truediv, plain["seconds"], graph["seconds"]))
        msg.info(f"{kind} text: {ratio:.3f} times the words per second without the graph")


@app.command()
def steps(
    corpus: Annotated[Path, typer.Argument(help="Folder with the film reviews", exists=True)],
    tokens: Annotated[int, typer.Option(help="Size of the text")] = 20_000,
    rounds: Annotated[int, typer.Option(help="Steps of each")] = 60,
) -> None:
    """Print what a step of training costs with the recommended set-up."""
    rows = [
        (name, f"{ratio:.2f}") for name, ratio in measure_steps(load_films(corpus, tokens), rounds)
    ]
    header = ("texts edited", "times as long as spaCy's own")
    msg.table(rows, header=header, divider=True, aligns=("r", "r"))


@app.command()
def distributed(
    corpus: Annotated[Path, typer.Argument(help="Folder with the film reviews", exists=True)],
    texts: Annotated[int, typer.Option(help="Number of texts")] = 200_000,
    rounds: Annotated[int, typer.Option(help="Rounds of each")] = 3,
) -> None:
    """Print how fast workers on Ray are, beside processes of nlp.pipe on the same machine."""
    from .distributed import describe, measure_workers

    rows = describe(measure_workers(load_films(corpus, 20_000), texts, rounds))
    header = ("", "start-up (s)", "words per second", "from round to round")
    msg.table(rows, header=header, divider=True, aligns=("l", "r", "r", "r"))


@app.command()
def memory(
    texts: Annotated[int, typer.Option(help="Number of texts")] = 1_000_000,
    model: Annotated[Path | None, typer.Option(help="Pipeline; by default a blank one")] = None,
) -> None:
    """Print the memory of a worker on Ray after a tenth of the texts, and after all.

    All words of the texts are new, so that what remembers words grows.
    """
    from .distributed import measure_memory

    found = measure_memory(texts, texts // 10, model)
    rows = [(f"{number:,}", f"{megabytes:.1f}") for number, megabytes in found]
    msg.table(rows, header=("texts", "megabytes"), divider=True, aligns=("r", "r"))
    msg.info(f"After all {found[-1][1] / found[0][1]:.3f} times as much as after a tenth")


@app.command()
def bottlenecks(
    corpus: Annotated[Path, typer.Argument(help="Folder with the film reviews", exists=True)],
) -> None:
    """Print how fast each step of a run over a large corpus is, on one core."""
    from .bottlenecks import measure_bottlenecks

    msg.table(measure_bottlenecks(load_films(corpus, 20_000)), aligns=("l", "r"))


if __name__ == "__main__":
    app()
