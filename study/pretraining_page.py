"""The page about what `spacy pretrain` brings."""

from itertools import product
from statistics import fmean

from reporting.tables import to_table

from .page import fill_page
from .plan import Plan
from .results import Line
from .schedule import list_missing
from .words_page import show, sign

SCRATCH = "scratch"
STARTS = {SCRATCH: "scratch", "raw": "pretrained", "uncounted": "pretrained, no words"}
CLEAN = "clean"
Pair = tuple[Line, Line]


def render_pretraining(plan: Plan, lines: list[Line]) -> str:
    """Write up what pretraining brings.

    plan (Plan): The plan.
    lines (List[Line]): Its results.
    RETURNS (str): A page in Markdown.
    """
    pairs, edits = _pair(lines), list(plan["test_edits"])
    efforts = [line["pretraining"] for line in lines if line["pretraining"]]
    context = {
        **_sort_outcomes(pairs),
        "ratio": _mean([_compare_displacements(pair, edits) for pair in pairs]),
        "gains": _tabulate_gains(plan, pairs),
        "scores": _tabulate(plan, lines, "score", 100),
        "displacements": _tabulate(plan, lines, "displacement", 1),
        "identities": _tabulate(plan, lines, "identity", 1),
        "seeds": len({line["seed"] for line in lines}),
        "steps": " or ".join(sorted({str(each["steps"]) for each in plan["data"].values()})),
        "epochs": plan["raw"]["epochs"],
        "words": _mean([effort["words"] / 1e6 for effort in efforts]),
        "minutes": _mean([effort["seconds"] / 60 for effort in efforts]),
        "training": _mean([line["training_seconds"] / 60 for line in lines]),
        "machines": sorted({line["machine"] for line in lines}),
        "missing": [run.key for run in list_missing(plan, lines)],
    }
    return fill_page("pretraining.md.jinja", context)


def _pair(lines: list[Line]) -> list[Pair]:
    """Pairs of runs, from random and from pretrained weights, that differ in nothing else."""
    scratch = {_name(line)[::2]: line for line in lines if line["embedding"] == SCRATCH}
    others = sorted((line for line in lines if line["embedding"] != SCRATCH), key=_name)
    return [(scratch[_name(line)[::2]], line) for line in others if _name(line)[::2] in scratch]


def _name(line: Line) -> tuple[tuple[str, str], str, int]:
    """Name a run: its data and pipeline, what it starts from, its seed."""
    return (line["data"], line["variant"]), line["embedding"], line["seed"]


def _gain(pair: Pair, texts: list[str]) -> float:
    """By how many points pretraining raises the score, on average over kinds of text."""
    before, after = ([line["test"][text]["score"] for text in texts] for line in pair)
    return 100 * (fmean(after) - fmean(before))


def _compare_displacements(pair: Pair, texts: list[str]) -> float:
    """How many times as far edited text moves the vectors that were pretrained."""
    before, after = ([line["test"][text]["displacement"] for text in texts] for line in pair)
    return fmean(after) / fmean(before)


def _sort_outcomes(pairs: list[Pair]) -> dict[str, list[str]]:
    """List the pipelines and data sets by what `_judge` says of them."""
    outcomes: dict[str, list[str]] = {"gained": [], "lost": [], "chance": []}
    for place in sorted({_name(line)[:2] for _, line in pairs}):
        (data, variant), start = place
        chosen = [pair for pair in pairs if _name(pair[1])[:2] == place]
        words = STARTS[start].partition(", ")[2]
        outcomes[_judge(chosen)].append(f"{variant} on {data}" + (f" ({words})" if words else ""))
    return outcomes


def _judge(pairs: list[Pair]) -> str:
    """Judge the scores on clean text, of pairs that differ in their seeds.

    pairs (List[Pair]): The pairs.
    RETURNS (str): "gained" or "lost" if that is so with every seed, of which there are several,
        and on average by more than seeds are apart, else "chance".
    """
    scores = [
        [100 * line["test"][CLEAN]["score"] for line in lines] for lines in zip(*pairs, strict=True)
    ]
    gains = [after - before for before, after in zip(*scores, strict=True)]
    apart = max(max(each) - min(each) for each in scores)
    if len(gains) < 2 or abs(fmean(gains)) <= apart or min(gains) * max(gains) <= 0:
        return "chance"
    return "gained" if gains[0] > 0 else "lost"


def _mean(values: list[float]) -> str:
    """A mean of something that was measured in some runs."""
    return f"{fmean(values):.3g}" if values else "?"


def _tabulate_gains(plan: Plan, pairs: list[Pair]) -> str:
    """By how many points each score rises, seed by seed."""
    texts = [CLEAN, *plan["test_edits"]]
    rows = [
        [line["data"], line["variant"], STARTS[line["embedding"]], str(line["seed"])]
        + [sign(_gain((scratch, line), [text])) for text in texts]
        for scratch, line in pairs
    ]
    return to_table(["data", "pipeline", "weights", "seed", *texts], rows, texts=4)


def _tabulate(plan: Plan, lines: list[Line], figure: str, factor: int) -> str:
    """A row for each data set, pipeline and start, a column for each text."""
    texts = [CLEAN, *plan["test_edits"]]
    rows = []
    for data, variant, start in product(plan["data"], plan["variants"], plan["embeddings"]):
        place = (data, variant, start)
        chosen = [it for it in lines if (it["data"], it["variant"], it["embedding"]) == place]
        found = [[it["test"][text].get(figure) for it in chosen] for text in texts]
        cells = [show([value for value in each if value is not None], factor) for each in found]
        if chosen:
            rows.append([data, variant, STARTS[start], *cells])
    return to_table(["data", "pipeline", "weights", *texts], rows, texts=3)
