"""Time and memory against the number of tokens, as a plot."""

from pathlib import Path

import matplotlib

matplotlib.use("agg")

from matplotlib import pyplot

from .figures import Json, median

STYLES = {"short": "o-", "long": "s--"}
COLOURS = {"heat": "tab:orange", "implicit": "tab:blue", "multiscale": "tab:green"}


def draw_performance(results: Json, path: Path) -> None:
    """Draw the curves of the scaling runs.

    results (Dict): What the benchmark measured.
    path (Path): The file to write.
    """
    figure, (times, memory) = pyplot.subplots(1, 2, figsize=(10, 4), layout="constrained")
    for curve in results["scaling"]["curves"]:
        points = curve["points"]
        tokens = [point["tokens"] for point in points]
        style = {"color": COLOURS[curve["operator"]], "markersize": 4}
        label = f"{curve['operator']}, {curve['text']}"
        marks = STYLES[curve["text"]]
        times.loglog(tokens, [1e3 * median(p) for p in points], marks, label=label, **style)
        memory.semilogx(tokens, [p["memory"] for p in points], marks, **style)
    times.set(xlabel="tokens", ylabel="milliseconds", title="Forward pass, 96 wide, one thread")
    memory.set(xlabel="tokens", title="Peak memory, as a multiple of the vectors'", ylim=(0, None))
    times.legend(frameon=False)
    for axes in (times, memory):
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=120, metadata={"Software": None})
    pyplot.close(figure)
