"""Command line: `python -m study run` trains and measures, `python -m study report` writes it up,
`python -m study rivals` the comparison with rivals at full strength, `python -m study words` what
the graph of words does, `python -m study pretraining` what `spacy pretrain` brings."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from wasabi import msg

from .plan import Plan, Run, read_plan, read_words_plan
from .plot import draw, draw_noise
from .pretraining import compare_start
from .pretraining_page import render_pretraining
from .report import render_rivals, render_study
from .results import Line, append_line, read_lines
from .run import make_run
from .schedule import do_runs, list_missing
from .summary import Study, read_study
from .words import compare_settings
from .words_page import render_words

PlanPath = Annotated[Path, typer.Option("--plan", help="The plan of the study", exists=True)]
Results = Annotated[Path, typer.Option(help="The .jsonl file with a line for each run")]
Folder = Annotated[Path, typer.Option(help="Where to train")]

PLAN, RESULTS, FOLDER = Path("study/plan.yml"), Path("study/runs.jsonl"), Path("training/study")
NOTES, PAGE = Path("study/notes.md"), Path("docs/study.md")
RIVALS, RIVAL_RESULTS = Path("study/rivals.yml"), Path("study/rivals.jsonl")
RIVAL_PAGE, RIVALS_FOLDER = Path("docs/rivals.md"), Path("training/rivals")
READERS, READER_RESULTS = Path("study/readers.yml"), Path("study/readers.jsonl")
WORDS, WORDS_RESULTS, WORDS_PAGE = (
    Path("study/words.yml"),
    Path("study/words.jsonl"),
    Path("docs/words.md"),
)
PRETRAINING, PRETRAINING_RESULTS, PRETRAINING_PAGE = (
    Path("study/pretraining.yml"),
    Path("study/pretraining.jsonl"),
    Path("docs/pretraining.md"),
)

app = typer.Typer(add_completion=False)


@app.command()
def run(
    plan_path: PlanPath = PLAN,
    results: Results = RESULTS,
    folder: Folder = FOLDER,
    jobs: Annotated[int, typer.Option(help="How many runs at a time")] = 2,
    only: Annotated[str, typer.Option(help="Regular expression that runs must match")] = "",
    ray: Annotated[bool, typer.Option("--ray", help="Spread the runs over a Ray cluster")] = False,
    address: Annotated[
        str | None,
        typer.Option(help="Address of the cluster. By default RAY_ADDRESS, or this machine alone"),
    ] = None,
) -> None:
    """Do each run of the plan that has no line in the results yet."""
    lines = read_lines(results)
    missing = list_missing(read_plan(plan_path), lines, only)
    msg.info(f"{len(lines)} runs are done, {len(missing)} to do")
    if ray:
        from .cluster import spread_runs

        failed = spread_runs(missing, plan_path, results, folder, jobs=jobs, address=address)
    else:
        failed = do_runs(missing, plan_path, results, folder, jobs=jobs)
    if failed:
        keys = ", ".join(run.key for run in failed)
        msg.fail(f"These runs failed, see their logs in {folder}", keys, exits=1)


@app.command()
def one(
    key: Annotated[str, typer.Argument(help="The run: data/embedding/variant/seed")],
    plan_path: PlanPath = PLAN,
    results: Results = RESULTS,
    folder: Folder = FOLDER,
) -> None:
    """Do one run, and append its line to the results."""
    line = make_run(read_plan(plan_path), Run.from_key(key), folder / key)
    append_line(results, line)


@app.command()
def report(
    plan_path: PlanPath = PLAN,
    results: Results = RESULTS,
    notes: Annotated[Path, typer.Option(help="Markdown to end the page with", exists=True)] = NOTES,
    page: Annotated[Path, typer.Option(help="Markdown file to write, with a .png beside")] = PAGE,
) -> None:
    """Write up the runs that there are so far."""
    study = read_study(read_plan(plan_path), read_lines(results))
    image = page.with_suffix(".png")
    draw(study, image)
    text = render_study(study, image=image.name, notes=notes.read_text(encoding="utf8"))
    save(page, text, study)


@app.command()
def rivals(
    plan_path: PlanPath = RIVALS,
    results: Results = RIVAL_RESULTS,
    readers_plan: Annotated[
        Path, typer.Option(help="The plan of other components that read an embedding", exists=True)
    ] = READERS,
    readers_results: Annotated[
        Path, typer.Option(help="The .jsonl file with a line for each of its runs")
    ] = READER_RESULTS,
    page: Annotated[
        Path, typer.Option(help="Markdown file to write, with a .png beside")
    ] = RIVAL_PAGE,
) -> None:
    """Write up the comparison with rivals at full strength, as far as it was run."""
    study = read_study(read_plan(plan_path), read_lines(results))
    readers = read_study(read_plan(readers_plan), read_lines(readers_results))
    image = page.with_suffix(".png")
    draw_noise(study, image)
    save(page, render_rivals(study, readers, image=image.name), study)


@app.command()
def words(
    plan_path: PlanPath = WORDS,
    results: Results = WORDS_RESULTS,
    folder: Folder = RIVALS_FOLDER,
    page: Annotated[Path, typer.Option(help="Markdown file to write")] = WORDS_PAGE,
    only: Annotated[str, typer.Option(help="Regular expression that runs must match")] = "",
) -> None:
    """Measure what the graph of words does, as far as that is missing, and write it up."""

    def measure(plan: Plan, run: Run) -> list[Line]:
        return compare_settings(plan, run, folder / run.key)

    plan = read_words_plan(plan_path)
    complete(plan, results, page, only, measure=measure, render=render_words)


@app.command()
def pretraining(
    plan_path: PlanPath = PRETRAINING,
    results: Results = PRETRAINING_RESULTS,
    folder: Folder = Path("training/pretraining"),
    page: Annotated[Path, typer.Option(help="Markdown file to write")] = PRETRAINING_PAGE,
    only: Annotated[str, typer.Option(help="Regular expression that runs must match")] = "",
) -> None:
    """Measure what pretraining brings, as far as that is missing, and write it up."""

    def measure(plan: Plan, run: Run) -> list[Line]:
        return [compare_start(plan, run, folder)]

    plan = read_plan(plan_path)
    complete(plan, results, page, only, measure=measure, render=render_pretraining)


def complete(
    plan: Plan,
    results: Path,
    page: Path,
    only: str,
    *,
    measure: Callable[[Plan, Run], list[Line]],
    render: Callable[[Plan, list[Line]], str],
) -> None:
    """Measure the runs of a plan that have no line yet, and write all up."""
    for run in list_missing(plan, read_lines(results), only):
        for line in measure(plan, run):
            append_line(results, line)
    page.write_text(render(plan, read_lines(results)), encoding="utf8")
    msg.good(f"Saved {page}")


def save(page: Path, text: str, study: Study) -> None:
    """Write a page, and say what it is made of."""
    page.write_text(text, encoding="utf8")
    msg.good(f"Saved {page} and its plot")
    msg.info(f"{len(study.runs)} runs, {len(study.missing)} missing, {study.unplanned} not planned")


if __name__ == "__main__":
    app()
