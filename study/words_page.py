"""The page about what the graph of words does."""

from statistics import fmean
from typing import Any

from reporting.tables import to_table

from .page import fill_page
from .plan import Plan, Run
from .results import Line
from .schedule import list_missing


def render_words(plan: Plan, lines: list[Line]) -> str:
    """Write up what the graph of words does.

    plan (Plan): The plan.
    lines (List[Line]): Its results.
    RETURNS (str): A page in Markdown.
    """
    lines = sorted(lines, key=lambda line: [*map(str, Run.from_line(line))])
    context = {
        "gains": _tabulate_gains(plan, lines),
        "scores": _tabulate(plan, lines, "score", 100),
        "displacements": _tabulate(plan, lines, "displacement", 1),
        "variants": {name: variant["data"] for name, variant in plan["variants"].items()},
        "machines": sorted({line["machine"] for line in lines}),
        "missing": [run.key for run in list_missing(plan, lines)],
    }
    return fill_page("words.md.jinja", context)


def _tabulate_gains(plan: Plan, lines: list[Line]) -> str:
    """By how many points each score rises with the graph, and on average over the data sets."""
    texts = ["clean", *plan["test_edits"]]
    first, last = next(iter(plan["settings"])), list(plan["settings"])[-1]
    gains: dict[str, list[float | None]] = {}
    for data in dict.fromkeys(map(_name_data, lines)):
        pairs = [
            [_find(lines, data, setting, text, "score") for setting in (first, last)]
            for text in texts
        ]
        gains[data] = [
            100 * (fmean(after) - fmean(before)) if before and after else None
            for before, after in pairs
        ]
    rows = [[data, *map(sign, values)] for data, values in gains.items()]
    columns = [
        [value for value in each if value is not None] for each in zip(*gains.values(), strict=True)
    ]
    rows.append(["mean", *(sign(fmean(each) if each else None) for each in columns)])
    return to_table(["data", *texts], rows)


def _name_data(line: Line) -> str:
    """Name the data of a line, and its embedding if that isn't trained from scratch."""
    data, embedding = line["data"], line["embedding"]
    return data if embedding == "scratch" else f"{data}, {embedding}"


def sign(points: float | None) -> str:
    """A difference in points, nothing where there is none."""
    return "" if points is None else f"{points:+.1f}"


def _tabulate(plan: Plan, lines: list[Line], figure: str, factor: int) -> str:
    """A row for each data set and setting, a column for each text."""
    texts = ["clean", *plan["test_edits"]]
    rows = [
        [
            data,
            setting,
            *(show(_find(lines, data, setting, text, figure), factor) for text in texts),
        ]
        for data in dict.fromkeys(map(_name_data, lines))
        for setting in plan["settings"]
    ]
    return to_table(["data", "graph of words", *texts], rows, texts=2)


def _find(lines: list[Line], data: str, setting: str, text: str, figure: str) -> list[float]:
    """The figures of all seeds."""
    chosen = [line for line in lines if (_name_data(line), line["setting"]) == (data, setting)]
    found: list[Any] = [line["test"].get(text, {}).get(figure) for line in chosen]
    return [value for value in found if value is not None]


def show(values: list[float], factor: int) -> str:
    """A mean, with the values that it is of where there are several."""
    if not values:
        return ""
    digits = 1 if factor == 100 else 3
    mean = f"{fmean(values) * factor:.{digits}f}"
    if len(values) == 1 or factor == 1:
        return mean
    return f"{mean} ({', '.join(f'{value * factor:.{digits}f}' for value in values)})"
