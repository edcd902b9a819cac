"""The plots of the pages."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from .stats import Stat
from .summary import Study
from .tables import SCORES, TEXTS

DrawPanel = Callable[[Any, Study, str, str], None]

# Colours that the colour-blind tell apart (Okabe and Ito), each with a marker.
STYLES = (("#0072B2", "o"), ("#E69F00", "s"), ("#D55E00", "D"), ("#009E73", "^"), ("#CC79A7", "v"))
# How far the points of two variants stand apart.
DODGE = 0.16


def draw(study: Study, path: Path) -> None:
    """Draw the clean and the edited score of the main variants.

    study (Study): The study.
    path (Path): The .png file to write.
    """
    title = "Score on the test part, mean ± standard deviation over seeds (axes are cut)"
    draw_grid(study, path, draw_panel, title)


def draw_noise(study: Study, path: Path) -> None:
    """Draw the score of the main variants against the share of letters that are mistyped.

    study (Study): The study.
    path (Path): The .png file to write.
    """
    title = (
        "Score against letters mistyped (%), mean ± standard deviation over seeds (axes are cut)"
    )
    draw_grid(study, path, draw_noise_panel, title)


def draw_grid(study: Study, path: Path, draw_one: DrawPanel, title: str) -> None:
    """Draw a row for each embedding, and in it a panel for each data set, as far as they were run.

    study (Study): The study.
    path (Path): The .png file to write.
    draw_one (Callable): Draws on a panel, given the study, a data set and an embedding.
    title (str): What the panels show.
    """
    places = list_places(study)
    data = list(dict.fromkeys(name for name, _ in places))
    embeddings = list(dict.fromkeys(embedding for _, embedding in places))
    size = (2.6 * len(data) + 0.6, 2.7 * len(embeddings) + 1)
    figure = Figure(size, dpi=150, layout="constrained", facecolor="white")
    grid = figure.subplots(len(embeddings), len(data), squeeze=False, sharey="col")
    for axes, embedding in zip(grid, embeddings, strict=True):
        for panel, name in zip(axes, data, strict=True):
            if (name, embedding) in places:
                draw_one(panel, study, name, embedding)
                score = SCORES.get(study.plan["data"][name]["score"], "")
                panel.set_title(f"{name}, {score}", fontsize=8)
                panel.grid(axis="y", alpha=0.3)
                panel.spines[["top", "right"]].set_visible(False)
            else:
                panel.set_axis_off()
        axes[0].set_ylabel(f"{embedding}\nscore (points)")
    handles, labels = grid[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False)
    figure.suptitle(title)
    figure.savefig(path)


def list_places(study: Study) -> list[tuple[str, str]]:
    """List the data sets and embeddings with runs of main variants; the first while there are none."""
    plan = study.plan
    run = {(run.data, run.embedding) for run in study.runs if run.variant in plan["main"]}
    places = [(data, embedding) for embedding in plan["embeddings"] for data in plan["data"]]
    return [place for place in places if place in run] or places[:1]


def draw_panel(panel: Any, study: Study, data: str, embedding: str) -> None:
    """Draw the clean and the edited score of each main variant on a data set.

    panel (matplotlib.axes.Axes): Where to draw.
    study (Study): The study.
    data (str): The data set.
    embedding (str): The embedding.
    """
    names = study.plan["main"]
    for i, name in enumerate(names):
        stats = [study.get_stat(key, data, embedding, name) for key in TEXTS.values()]
        shift = DODGE * (i - (len(names) - 1) / 2)
        points = [(x + shift, stat) for x, stat in enumerate(stats) if stat]
        colour, marker = STYLES[i % len(STYLES)]
        draw_points(panel, points, name, color=colour, fmt=marker)
    panel.set_xticks(range(len(TEXTS)), list(TEXTS))
    panel.set_xlim(-0.5, len(TEXTS) - 0.5)


def draw_noise_panel(panel: Any, study: Study, data: str, embedding: str) -> None:
    """Draw the score of each main variant against the letters mistyped, as a line.

    panel (matplotlib.axes.Axes): Where to draw.
    study (Study): The study.
    data (str): The data set.
    embedding (str): The embedding.
    """
    edits = study.plan["test_edits"].items()
    rates = {"clean": 0.0, **{name: edit["letters"] for name, edit in edits if "letters" in edit}}
    for i, name in enumerate(study.plan["main"]):
        # What is drawn is what `stablediff add` makes of the baseline there.
        drawn = study.find_made(data, embedding) if name == study.best else name
        stats = [
            (100 * rate, study.get_stat(("test", text, "score"), data, embedding, drawn))
            for text, rate in rates.items()
        ]
        points = [(x, stat) for x, stat in stats if stat]
        colour, marker = STYLES[i % len(STYLES)]
        draw_points(panel, points, name, color=colour, marker=marker)
    panel.set_xticks([100 * rate for rate in rates.values()])


def draw_points(panel: Any, points: Iterable[tuple[float, Stat]], name: str, **style: str) -> None:
    """Draw means and their standard deviations.

    panel (matplotlib.axes.Axes): Where to draw.
    points (Iterable[Tuple[float, Stat]]): Where each stands, and what it is.
    name (str): The variant.
    **style (str): How to draw them.
    """
    pairs = list(points)
    panel.errorbar(
        [x for x, _ in pairs],
        [100 * stat.mean for _, stat in pairs],
        [100 * (stat.std or 0.0) for _, stat in pairs],
        capsize=3,
        label=name,
        **style,
    )
