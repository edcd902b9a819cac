"""The benchmark's results as a page of Markdown."""

from collections.abc import Sequence
from typing import Any

from wasabi import MarkdownRenderer

from reporting.tables import to_table

from .figures import Json, find, fit_exponent, median, ratio
from .pipelines import BASELINE, PIPE_BATCH
from .targets import (
    GROWN,
    Measured,
    get_case,
    judge_operators,
    judge_pipelines,
    judge_scaling,
)

INTRO = """\
How fast diffusion is, beside other implementations of the same operators and beside the
pipelines it is part of. `python -m spacy project run bench` measures all of it anew and writes
this page from [`results.json`](../benchmarks/results.json), which holds the time of every round.

Measured on {processor} with {cores} cores, on one thread, with Python {python}, NumPy {numpy}
({blas}), SciPy {scipy}, spaCy {spacy}, Thinc {thinc} and PyGSP {pygsp}, in float32. The text is
{documents:,} film-review snippets (Hutto and Gilbert, ICWSM 2014) of {tokens:,} tokens, the
longest of {longest}; "long" is the same text joined to one document. The vectors are those of
spaCy's `HashEmbedCNN`, untrained, 96 or 300 wide. All contestants of a comparison take turns in
one process, in another order each round. Times are medians of {rounds} rounds{slow}, ratios medians of
the ratios within each round. Other implementations get their matrices ready-made; ours builds
everything from the vectors and the lengths each time."""
TARGETS = """\
What the package aims at, and what was measured."""
LIMITS = """\
What stands in the way of targets that are missed, on the short documents 96 wide: a copy moves
{bandwidth:.0f} GB/s and computes nothing. A time for each channel takes two products with matrices as
large as a document is long, about {operations:.0f} operations for each number. A fiftieth of the time of
`expm_multiply` is that of {expm:.1f} copies, a twentieth of the time of `splu` that of {splu:.1f}; implicit
diffusion, whose matrix changes with every batch, first has to invert its blocks in float64. For each matrix
product forward the multiscale layer has two backward, one for the vectors and one for the weights."""
HEAT = """\
Milliseconds for time {time:g}, and the largest absolute error against float64 (dense
eigenvectors for short documents; for the long one the fast cosine transform, checked against
`expm_multiply` in float64). The largest number in the vectors is {largest:.1f}. PyGSP's filter is a
Chebyshev series of order {order}. Dense matrices of the long document don't fit into memory."""
IMPLICIT = """\
Time {time:g}, radius {radius}, a confidence for each token; error against dense solves, for the long
document against LAPACK's banded Cholesky factorisation in float64."""
MULTISCALE = """\
Times 0.7, 4, 32 and infinity. The products of all scales are what four dense layers would cost;
ours multiplies only the frequencies that a scale leaves."""
TRAINING = """\
`tok2vec`, `textcat` and `ner` as in [`configs/`](../configs), 96 wide, on the snippets with their
categories, and with capitalised words as entities so that `ner` has work to do. Training steps on
batches of 1,000 words, medians of {rounds} steps."""
PREDICTION = """\
Prediction by the pipelines so trained, tokenizer included, in batches of {batch} documents."""
PROCESSES = """\
The same text twice, by one and by two processes. Starting the second one, and sending documents with their vectors between processes, is part of the time."""
SCALING = """\
Forward passes, 96 wide, heat with a time for each channel. Memory is the peak of what a pass
allocates, its output included, as a multiple of the vectors' own. The exponent p of time ~ tokens^p is
fitted to all points, and to those from {grown:,} tokens on, where fixed costs no longer hide the growth;
the table of targets takes the larger one."""
DOCUMENT = "One document of {tokens:,} tokens: its embedding by `HashEmbedCNN`, and its diffusion."


def render_performance(results: Json, plot: str) -> str:
    """Write up a benchmark.

    results (Dict): What the benchmark measured.
    plot (str): Path of the plot, as the page is to link to it.
    RETURNS (str): The page, as Markdown.
    """
    page = MarkdownRenderer()
    page.add(page.title(1, "Performance"))
    page.add(INTRO.format(**results["environment"], **results["text"], **_count_rounds(results)))
    page.add(page.title(2, "Targets"))
    page.add(TARGETS)
    page.add(_tabulate_by_case(judge_operators(results)))
    page.add(_tabulate_targets([*judge_pipelines(results), *judge_scaling(results)]))
    page.add(LIMITS.format(**_find_limits(results)))
    page.add(page.title(2, "Operators"))
    settings = results["settings"]
    largest = max(comparison["largest"] for comparison in results["operators"])
    for operator, text in (("heat", HEAT), ("implicit", IMPLICIT), ("multiscale", MULTISCALE)):
        page.add(page.title(3, operator.capitalize()))
        page.add(text.format(**settings, largest=largest))
        page.add(_tabulate_operator(results, operator))
    page.add(page.title(2, "Pipelines"))
    _add_pipelines(page, results)
    page.add(page.title(2, "Scaling"))
    page.add(SCALING.format(grown=GROWN))
    page.add(f"![Time and memory against the number of tokens]({plot})")
    page.add(_tabulate_curves(results["scaling"]["curves"]))
    document = results["scaling"]["document"]
    page.add(DOCUMENT.format(**document))
    page.add(_tabulate_seconds(document["contestants"], "embedding"))
    return page.text + "\n"


def _add_pipelines(page: MarkdownRenderer, results: Json) -> None:
    pipelines, words = results["pipelines"], results["text"]["tokens"]
    page.add(TRAINING.format(rounds=len(pipelines["training"][0]["seconds"])))
    page.add(_tabulate_seconds(pipelines["training"], BASELINE))
    page.add(PREDICTION.format(batch=PIPE_BATCH))
    page.add(_tabulate_speeds(pipelines["prediction"], words, BASELINE))
    page.add(PROCESSES)
    page.add(_tabulate_speeds(pipelines["processes"], 2 * words, f"{BASELINE}, 1 process"))


def _count_rounds(results: Json) -> dict[str, Any]:
    """Rounds of the operators' comparisons, and of contestants that are slow if there are any."""
    counts = {
        len(contestant["seconds"])
        for comparison in results["operators"]
        for contestant in comparison["contestants"]
    }
    slow = f" ({min(counts)} where a contestant took more than ten seconds)"
    return {"rounds": max(counts), "slow": slow if len(counts) > 1 else ""}


def _find_limits(results: Json) -> dict[str, float]:
    """What `LIMITS` says, from the first text and width."""
    first = {comparison["operator"]: comparison for comparison in reversed(results["operators"])}
    heat, implicit = first["heat"]["contestants"], first["implicit"]["contestants"]
    size = 2 * 4 * results["text"]["tokens"] * first["heat"]["width"]
    return {
        "bandwidth": size / median(find(heat, "copy")) / 1e9,
        "operations": 4 * results["text"]["neighbours"],
        "expm": ratio(heat, "expm_multiply (SciPy)", "copy") / 50,
        "splu": ratio(implicit, "splu (SciPy)", "copy") / 20,
    }


def _tabulate_by_case(targets: Sequence[Measured]) -> str:
    cases = list(targets[0].values)
    rows = [
        [t.title, _show_limit(t), *(_show(t.values[case]) for case in cases), t.verdict]
        for t in targets
    ]
    return to_table(["operators", "target", *cases, "verdict"], rows)


def _tabulate_targets(targets: Sequence[Measured]) -> str:
    rows = [
        [
            f"{t.title}: {name}",
            _show_limit(t),
            f"{value:.4g}",
            t.judge(value),
        ]
        for t in targets
        for name, value in t.values.items()
    ]
    return to_table(["pipelines and growth", "target", "measured", "verdict"], rows)


def _tabulate_operator(results: Json, operator: str) -> str:
    comparisons = [c for c in results["operators"] if c["operator"] == operator]
    names = {c["name"]: None for comparison in comparisons for c in comparison["contestants"]}
    rows = []
    for name in names:
        found = [
            {c["name"]: c for c in comparison["contestants"]}.get(name)
            for comparison in comparisons
        ]
        errors = [c["error"] for c in found if c and c["error"] is not None]
        times = [_show(1e3 * median(c)) if c else "" for c in found]
        rows.append([name, *times, f"{max(errors):.0e}" if errors else ""])
    return to_table(["ms", *map(get_case, comparisons), "largest error"], rows)


def _tabulate_seconds(contestants: Sequence[Json], base: str) -> str:
    rows = [
        [c["name"], _show(1e3 * median(c)), f"{ratio(contestants, c['name'], base):.3f}"]
        for c in contestants
    ]
    return to_table(["", "ms", f"as a multiple of {base}"], rows)


def _tabulate_speeds(contestants: Sequence[Json], words: int, base: str) -> str:
    rows = [
        [c["name"], f"{words / median(c):,.0f}", f"{ratio(contestants, base, c['name']):.3f}"]
        for c in contestants
    ]
    return to_table(["", "words per second", f"as a share of {base}"], rows)


def _tabulate_curves(curves: Sequence[Json]) -> str:
    rows = []
    for curve in curves:
        points = curve["points"]
        rows.append(
            [
                f"{curve['operator']}, {curve['text']}",
                f"{points[0]['tokens']:,} to {points[-1]['tokens']:,}",
                f"{_show(1e3 * median(points[0]))} to {_show(1e3 * median(points[-1]))}",
                f"{fit_exponent(points):.3f}",
                f"{fit_exponent(points, GROWN):.3f}",
                f"{max(point['memory'] for point in points):.1f}",
                f"{points[-1]['memory']:.1f}",
            ]
        )
    large = f"exponent from {GROWN:,} on"
    memory = ["memory, at most", "memory of the largest"]
    return to_table(["", "tokens", "ms", "exponent", large, *memory], rows)


def _show_limit(target: Measured) -> str:
    return f"{target.sign} {target.limit:g}"


def _show(value: float) -> str:
    """Three digits, in plain notation where that is legible."""
    if value and abs(value) < 1e-3:
        return f"{value:.1e}"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
