"""What the graph of words does to trained pipelines: the same one with it and without."""

from pathlib import Path
from statistics import fmean
from typing import Any

import spacy
from jinja2 import Environment, FileSystemLoader
from spacy.training import Corpus

from reporting.machine import describe_machine
from reporting.tables import to_table
from spacy_stablediff import measure_stability

from .edits import make_test_edits
from .plan import Plan, Run, list_runs
from .results import Line
from .run import CORPUS, MACHINE, summarise, train_pipeline

TEMPLATES = Path(__file__).parent / "templates"


def compare_settings(plan: Plan, run: Run, folder: Path) -> list[Line]:
    """Train the pipeline of a run, unless that was done, and measure it with each setting.

    plan (Plan): The plan, with "settings" of the graph of words by name.
    run (Run): One of its runs.
    folder (Path): Where it is trained.
    RETURNS (List[Line]): A line for each setting, with the figures of the test part.
    """
    if not (folder / "model-best").exists():
        train_pipeline(plan, run, folder)
    lines = []
    for name, setting in plan["settings"].items():
        overrides = {f"components.tok2vec.model.{key}": each for key, each in setting.items()}
        nlp = spacy.load(folder / "model-best", config=overrides)
        examples = list(Corpus(CORPUS / run.data / "test.spacy")(nlp))
        measured = measure_stability(nlp, examples, make_test_edits(plan, run.data)).to_dict()
        figures = summarise(measured, plan["data"][run.data]["score"])
        machine = MACHINE.format(**describe_machine())
        lines.append({**run._asdict(), "setting": name, "test": figures, "machine": machine})
    return lines


def list_missing(plan: Plan, lines: list[Line]) -> list[Run]:
    """List the runs of a plan that have no lines yet."""
    done = {Run.from_line(line) for line in lines}
    return [run for run in list_runs(plan) if run not in done]


def render_words(plan: Plan, lines: list[Line]) -> str:
    """Write up what the graph of words does.

    plan (Plan): The plan.
    lines (List[Line]): Its results.
    RETURNS (str): A page in Markdown.
    """
    environment = Environment(loader=FileSystemLoader(TEMPLATES), trim_blocks=True)
    main = [line for line in lines if line["variant"] == plan["main"][0]]
    context = {
        "scores": _tabulate(plan, main, "score", 100),
        "displacements": _tabulate(plan, main, "displacement", 1),
        "unknown": _tabulate_unknown(plan, lines),
        "seeds": len({line["seed"] for line in main}),
        "machines": sorted({line["machine"] for line in lines}),
        "missing": [run.key for run in list_missing(plan, lines)],
    }
    return environment.get_template("words.md.jinja").render(**context)


def _tabulate(plan: Plan, lines: list[Line], figure: str, factor: int) -> str:
    """A row for each data set and setting, a column for each text."""
    texts = ["clean", *plan["test_edits"]]
    rows = [
        [
            data,
            setting,
            *(_show(_find(lines, data, setting, text, figure), factor) for text in texts),
        ]
        for data in plan["data"]
        for setting in plan["settings"]
        if any(line["data"] == data for line in lines)
    ]
    return to_table(["data", "graph of words", *texts], rows, texts=2)


def _tabulate_unknown(plan: Plan, lines: list[Line]) -> str:
    """How both treatments of unknown words score, with the graph, on clean text and heavy errors."""
    rows = []
    for data in plan["variants"][plan["main"][1]]["data"]:
        for variant in plan["main"]:
            chosen = [line for line in lines if line["variant"] == variant and line["seed"] == 0]
            values = [
                _find(chosen, data, "graph", text, "score") for text in ("clean", "letters 15 %")
            ]
            rows.append([data, variant, *(_show(each, 100) for each in values)])
    return to_table(["data", "training", "clean", "letters 15 %"], rows, texts=2)


def _find(lines: list[Line], data: str, setting: str, text: str, figure: str) -> list[float]:
    """The figures of all seeds."""
    chosen = [line for line in lines if (line["data"], line["setting"]) == (data, setting)]
    found: list[Any] = [line["test"].get(text, {}).get(figure) for line in chosen]
    return [value for value in found if value is not None]


def _show(values: list[float], factor: int) -> str:
    """A mean, with the values that it is of where there are several."""
    if not values:
        return ""
    digits = 1 if factor == 100 else 3
    mean = f"{fmean(values) * factor:.{digits}f}"
    if len(values) == 1 or factor == 1:
        return mean
    return f"{mean} ({', '.join(f'{value * factor:.{digits}f}' for value in values)})"
