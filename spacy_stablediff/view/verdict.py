"""The verdict on a measurement, in a sentence or two."""

import math
from collections.abc import Iterable, Iterator

from .figures import (
    AGREEMENT,
    FLIPS,
    IDENTITY,
    MEAN,
    MEASURES,
    SCORES,
    TAIL,
    FigureComparison,
    Figures,
    compare,
    compare_clean,
    compare_point,
)

UNIT = "of the distance between random tokens"
BLUR = 0.05  # a loss of identity beyond which a smaller displacement is suspect

# How the verdict names what a steadier pipeline does worse.
COSTS = {
    "p95": "a longer tail ({} against {} at the 95th percentile)",
    "identity": "tokens that are harder to tell apart (identity {} against {})",
    "cats_flips": "more category flips ({} against {})",
    "ents_agreement": "less entity agreement ({} against {})",
} | {
    score.key: f"a lower {score.label[0].lower()}{score.label[1:]} on clean text ({{}} against {{}})"
    for score in SCORES
}


def judge(result: Figures, baseline: Figures | None = None) -> str:
    """Say what the figures, averaged over the edits, come to.

    result (Figures): The figures of a pipeline.
    baseline (Optional[Figures]): Those of the pipeline to compare it with.
    RETURNS (str): Which of the two moves less, by how much, and what that costs in
        distinguishable tokens, in predictions and in clean scores, as far as the documents
        can tell; without a baseline, how far the pipeline moves.
    """
    if baseline is None:
        return _describe(result)
    return " ".join([_judge_edits(result, baseline), *_judge_curve(result, baseline)])


def _judge_edits(result: Figures, baseline: Figures) -> str:
    """Say which of two pipelines edits move less, and what that costs."""
    moved = compare(MEAN, result, baseline)
    if moved.verdict == "":
        return _judge_predictions(result, baseline)
    if moved.verdict == "equal":
        return _equate(result, baseline)
    if moved.verdict == "unclear":
        return _doubt(moved, result, baseline)
    better = moved.verdict == "better"
    steady, other = (result, baseline) if better else (baseline, result)
    less, more = sorted(value for value in moved.values if value is not None)
    return (
        f"'{steady.name}' is the steadier of the two: edits move its token vectors "
        f"{1 - less / more:.0%} less than those of '{other.name}' "
        f"({MEAN.format(less)} against {MEAN.format(more)} {UNIT}), {_price(steady, other)}."
    )


def _judge_curve(result: Figures, baseline: Figures) -> Iterator[str]:
    """Say what the first curve comes to, at the rate in its middle, as far as it can be told."""
    first = next((curve for curve, _ in result.points), None)
    shared = [p for p in result.points if p[0] == first and p in baseline.points]
    if len(shared) > 1:
        curve, rate = shared[len(shared) // 2]
        measures = [*SCORES, FLIPS, AGREEMENT, MEAN]
        each = [compare_point(measure, (curve, rate), result, baseline) for measure in measures]
        names = f"'{result.name}' against '{baseline.name}'"
        yield f"With {rate:.0%} {curve}, {names}: {_tell_apart(each)}."


def _judge_predictions(result: Figures, baseline: Figures) -> str:
    """Say what edits do to predictions, where one of two pipelines has no vectors that move."""
    each = [compare(measure, result, baseline) for measure in (FLIPS, AGREEMENT)]
    names = f"'{result.name}' against '{baseline.name}'"
    return f"Over all edits, {names}: {_tell_apart(each)}."


def _tell_apart(comparisons: Iterable[FigureComparison]) -> str:
    """Say in which figures two pipelines differ."""
    told = [
        f"{each.measure.label[0].lower()}{each.measure.label[1:]} "
        f"{' against '.join(map(each.measure.format, each.values))}"
        for each in comparisons
        if each.verdict in ("better", "worse")
    ]
    return enumerate_words(told) if told else "nothing that these documents can tell apart"


def _price(steady: Figures, other: Figures) -> str:
    """Say what the steadier pipeline pays for moving less, and what can't be told."""
    costs, unclear = _find_costs(steady, other, "worse"), _find_costs(steady, other, "unclear")
    clauses = [f"at the cost of {enumerate_words(costs)}"] if costs else []
    identity, sharper = steady.average("identity"), other.average("identity")
    if costs and identity is not None and sharper is not None and sharper - identity > BLUR:
        clauses.append("so that part of the gain may be blur")
    if not costs and not unclear:
        clauses.append("at no cost that was measured")
    if unclear:
        clauses.append(
            f"but {_count_documents(steady)} can't tell whether it costs {enumerate_words(unclear)}"
        )
    return ", ".join(clauses)


def _doubt(moved: FigureComparison, result: Figures, baseline: Figures) -> str:
    """Say that the documents can't tell two pipelines apart, and how many could."""
    values = [MEAN.format(value) for value in moved.values]
    needed = result.documents * moved.factor
    would = max(round(needed, -1), result.documents + 1) if math.isfinite(needed) else None
    hope = (
        f" If that is their difference, about {would:,.0f} documents would, as likely as not."
        if would
        else ""
    )
    return (
        f"{_count_documents(result)} can't tell which of the two is the steadier: edits move the "
        f"token vectors of '{result.name}' by {values[0]} and those of '{baseline.name}' by "
        f"{values[1]} {UNIT}.{hope}"
    )


def _equate(result: Figures, baseline: Figures) -> str:
    """Say that two pipelines move equally far, and what else sets them apart."""
    means = (MEAN.format(figures.average("mean")) for figures in (result, baseline))
    clauses = [
        f", '{worse.name}' with {enumerate_words(costs)}"
        for worse, other in ((result, baseline), (baseline, result))
        if (costs := _find_costs(worse, other, "worse"))
    ]
    return (
        f"Edits move the token vectors of '{result.name}' and '{baseline.name}' equally far, by "
        f"{' and '.join(means)} {UNIT}{''.join(clauses) or ', and nothing else sets them apart'}."
    )


def _describe(result: Figures) -> str:
    """Say how far one pipeline moves, or, without vectors that do, what its predictions do."""
    if result.average(MEAN.key) is None:
        known = [each for each in (FLIPS, AGREEMENT) if result.average(each.key) is not None]
        told = [f"{each.label.lower()} {each.format(result.average(each.key))}" for each in known]
        lacks = (
            f"The edits made no copies, or the texts are too few or too much alike to say how far "
            f"they move the token vectors of '{result.name}'"
            if result.has_vectors
            else f"'{result.name}' has no token vectors that edits could move"
        )
        found = enumerate_words(told) if told else "there is nothing to tell"
        return f"{lacks}; over all edits {found}."
    moved, tail, identity = (
        measure.format(result.average(measure.key)) for measure in (MEAN, TAIL, IDENTITY)
    )
    return (
        f"Edits move the token vectors of '{result.name}' by {moved} {UNIT} on average and by "
        f"{tail} at the 95th percentile, with an identity of {identity}; whether that is little, "
        f"only a comparison with a baseline can tell."
    )


def _find_costs(steady: Figures, other: Figures, verdict: str) -> list[str]:
    """Say what the first pipeline does worse than the other, apart from moving; or, of what is
    unclear, what it may do worse."""
    comparisons = [compare(m, steady, other) for m in MEASURES if m.key in COSTS]
    comparisons += [compare_clean(score, steady, other) for score in SCORES]
    return [
        COSTS[each.measure.key].format(*map(each.measure.format, each.values))
        for each in comparisons
        if each.verdict == verdict and _looks_worse(each)
    ]


def _looks_worse(comparison: FigureComparison) -> bool:
    value, than = comparison.values
    assert value is not None and than is not None
    return value > than if comparison.measure.lower_is_better else value < than


def _count_documents(figures: Figures) -> str:
    return f"{figures.documents:,} document{'s' if figures.documents > 1 else ''}"


def enumerate_words(words: Iterable[str]) -> str:
    """Join words as in "typo, swap and drop"."""
    *rest, end = words
    return f"{', '.join(rest)} and {end}" if rest else end
