"""The plot of the page."""

from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from .summary import Study
from .tables import SCORES, TEXTS

# Colours that the colour-blind tell apart (Okabe and Ito), each with a marker.
STYLES = (("#0072B2", "o"), ("#E69F00", "s"), ("#D55E00", "D"), ("#009E73", "^"), ("#CC79A7", "v"))
# How far the points of two variants stand apart.
DODGE = 0.16


def draw(study: Study, path: Path) -> None:
    """Draw the scores of the main variants: a row for each embedding, a panel for each data set.

    study (Study): The study.
    path (Path): The .png file to write.
    """
    data, embeddings = list(study.plan["data"]), study.plan["embeddings"]
    size = (2.6 * len(data) + 0.6, 2.7 * len(embeddings) + 1)
    figure = Figure(size, dpi=150, layout="constrained", facecolor="white")
    grid = figure.subplots(len(embeddings), len(data), squeeze=False, sharey="col")
    for axes, embedding in zip(grid, embeddings, strict=True):
        for panel, name in zip(axes, data, strict=True):
            draw_panel(panel, study, name, embedding)
        axes[0].set_ylabel(f"{embedding}\nscore (points)")
    handles, labels = grid[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False)
    figure.suptitle("Score on the test part, mean ± standard deviation over seeds (axes are cut)")
    figure.savefig(path)


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
        panel.errorbar(
            [x for x, _ in points],
            [100 * stat.mean for _, stat in points],
            [100 * (stat.std or 0.0) for _, stat in points],
            color=colour,
            fmt=marker,
            capsize=3,
            label=name,
        )
    panel.set_title(f"{data}, {SCORES.get(study.plan['data'][data]['score'], '')}", fontsize=9)
    panel.set_xticks(range(len(TEXTS)), list(TEXTS))
    panel.set_xlim(-0.5, len(TEXTS) - 0.5)
    panel.grid(axis="y", alpha=0.3)
    panel.spines[["top", "right"]].set_visible(False)
