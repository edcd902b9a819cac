"""The numbers of the study: statistics over seeds, comparisons with the baseline, and targets."""

import operator
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from math import sqrt
from statistics import fmean, median, stdev
from typing import Any, NamedTuple, TypedDict

from study import list_runs, run_key

PARTS = ("dev", "test")
# What is divided by the baseline's figure; of the others, the baseline's is subtracted.
RATIOS = ("displacement", "p95", "cats_flips", "training_seconds", "speed_ratio")
CLEAN, EDITED = ("test", "clean", "score"), ("test", "edited", "score")
DISPLACEMENT, TAIL, IDENTITY, FLIPS, AGREEMENT = (
    ("test", "edited", name)
    for name in ("displacement", "p95", "identity", "cats_flips", "ents_agreement")
)
COSTS = TRAINING, SPEED = ("training_seconds",), ("speed_ratio",)

Place = tuple[str, str, str]  # data set, embedding, variant
Key = tuple[str, ...]  # part, text and name of a figure, or the name of a cost
Figures = dict[Key, float | None]


class Stat(TypedDict):
    """A figure over the seeds; one seed has no sample standard deviation."""

    mean: float
    std: float | None
    n: int


Stats = dict[Key, Stat]


@dataclass
class Cell:
    """The runs of a variant on one data set with one embedding.

    planned (int): How many seeds the plan has.
    seeds (int): How many of them were run.
    figures (Stats): What they measured. The text "edited" is the average over the edits.
    against (Stats): The same relative to the baseline's run with the same seed.
    """

    planned: int
    seeds: int
    figures: Stats
    against: Stats


class Gain(NamedTuple):
    """What the best variant gains over the better of the variants it is compared with.

    data (str): The data set.
    embedding (str): The embedding.
    key (Key): The figure.
    rival (str): The variant with the higher mean.
    difference (float): The difference of the means, of scores from 0 to 1.
    spread (Optional[float]): The standard deviation over seeds, pooled over both variants.
    """

    data: str
    embedding: str
    key: Key
    rival: str
    difference: float
    spread: float | None

    @property
    def is_clear(self) -> bool | None:
        """Whether it is more than one standard deviation, where there is one."""
        return None if self.spread is None else self.difference > self.spread


@dataclass
class Study:
    """All that was run of a plan.

    plan (Dict[str, Any]): The plan.
    runs (Dict[str, Dict[str, Any]]): The line of each run of the plan, by its key.
    missing (List[str]): The keys of the runs still to do.
    unplanned (int): How many runs there are that the plan doesn't have (any more).
    cells (Dict[Place, Cell]): What the runs measured, over the seeds.
    """

    plan: dict[str, Any]
    runs: dict[str, dict[str, Any]]
    missing: list[str]
    unplanned: int
    cells: dict[Place, Cell]

    @property
    def best(self) -> str:
        """The variant that the targets are about."""
        return self.plan["main"][-1]

    @property
    def baseline(self) -> str:
        """The variant that figures are given relative to."""
        return self.plan["main"][0]

    @property
    def rivals(self) -> list[str]:
        """The variants that the best is compared with, the baseline first."""
        return self.plan["main"][:-1]

    @property
    def versions(self) -> dict[str, list[str]]:
        """The versions that each package had, normally one."""
        versions = [run.get("versions", {}) for run in self.runs.values()]
        names = list_distinct(name for each in versions for name in each)
        return {name: list_distinct(each.get(name) for each in versions) for name in names}

    @property
    def machines(self) -> list[str]:
        """The machines that runs were made on."""
        return list_distinct(run.get("machine") for run in self.runs.values())

    def get_gain(self, key: Key, data: str, embedding: str) -> Gain | None:
        """Compare the best variant with its rivals; None until all of them were run.

        key (Key): The figure to compare, of which more is better.
        data (str): The data set.
        embedding (str): The embedding.
        RETURNS (Optional[Gain]): The difference to the better one, by mean.
        """
        stats = {name: self.get_stat(key, data, embedding, name) for name in self.plan["main"]}
        known = {name: stat for name, stat in stats.items() if stat is not None}
        if len(known) < len(stats):
            return None
        rival = max(self.rivals, key=lambda name: known[name]["mean"])
        pair = known[self.best], known[rival]
        difference = pair[0]["mean"] - pair[1]["mean"]
        return Gain(data, embedding, key, rival, difference, pool_deviations(pair))

    def get_gains(self, key: Key, embeddings: Iterable[str]) -> list[Gain]:
        """Return the gain on each data set and embedding that has one."""
        places = [(data, embedding) for embedding in embeddings for data in self.plan["data"]]
        gains = [self.get_gain(key, *place) for place in places]
        return [gain for gain in gains if gain is not None]

    def get_stat(
        self, key: Key, data: str, embedding: str, variant: str, *, against: bool = False
    ) -> Stat | None:
        """Return a figure over the seeds, relative to the baseline's if `against` it."""
        cell = self.cells.get((data, embedding, variant))
        return (cell.against if against else cell.figures).get(key) if cell else None

    def get_stats(
        self, key: Key, embedding: str, variant: str, *, against: bool = False
    ) -> list[Stat]:
        """Return a figure on each data set that has it."""
        stats = [
            self.get_stat(key, data, embedding, variant, against=against)
            for data in self.plan["data"]
        ]
        return [stat for stat in stats if stat is not None]

    def get_average(self, key: Key, embedding: str, variant: str) -> float | None:
        """Average a figure over the data sets; None unless all of them have it."""
        stats = self.get_stats(key, embedding, variant)
        complete = len(stats) == len(self.plan["data"])
        return fmean(stat["mean"] for stat in stats) if complete else None

    def count_runs(self, embedding: str, variant: str) -> int:
        """Count the runs of a variant with an embedding that there are."""
        cells = [self.cells.get((data, embedding, variant)) for data in self.plan["data"]]
        return sum(cell.seeds for cell in cells if cell)

    def count_missing(self, variants: Iterable[str]) -> int:
        """Count the runs of some variants that are still to do."""
        return sum(key.split("/")[2] in set(variants) for key in self.missing)

    def to_dict(self) -> dict[str, Any]:
        """Return all numbers as nested dicts, to save as JSON; scores are from 0 to 1."""
        gains = [
            gain._asdict() | {"key": ".".join(key), "is_clear": gain.is_clear}
            for key in (CLEAN, EDITED)
            for gain in self.get_gains(key, self.plan["embeddings"])
        ]
        return {
            "runs": len(self.runs),
            "missing": self.missing,
            "unplanned": self.unplanned,
            "versions": self.versions,
            "machines": self.machines,
            "main": self.plan["main"],
            "cells": nest({place: cell_to_dict(cell) for place, cell in self.cells.items()}),
            "gains": gains,
            "targets": [verdict._asdict() for verdict in judge(self)],
        }


def read_study(plan: dict[str, Any], lines: Iterable[dict[str, Any]]) -> Study:
    """Collect what was run of a plan.

    plan (Dict[str, Any]): The plan.
    lines (Iterable[Dict[str, Any]]): A line for each run, as `study_run` writes them. Of
        two lines for the same run, the last counts.
    RETURNS (Study): The study.
    """
    planned = list_runs(plan)
    found = {run_key(line): line for line in lines}
    runs = {key: found[key] for key in planned if key in found}
    missing = [key for key in planned if key not in found]
    figures = {key: read_figures(run, plan["test_edits"]) for key, run in runs.items()}
    cells = make_cells(planned, figures, plan["main"][0])
    return Study(plan, runs, missing, len(found) - len(runs), cells)


def read_figures(run: dict[str, Any], edits: Iterable[str]) -> Figures:
    """Return the figures of a run, with their averages over the edits as text "edited".

    run (Dict[str, Any]): The line of the run.
    edits (Iterable[str]): The edits to average over.
    RETURNS (Figures): The figures. An average is None where an edit doesn't have it.
    """
    figures: Figures = {cost: run.get(*cost) for cost in COSTS}
    for part in PARTS:
        texts = run.get(part, {})
        for text, values in texts.items():
            figures |= {(part, text, name): value for name, value in values.items()}
        for name in dict.fromkeys(name for edit in edits for name in texts.get(edit, {})):
            values = [texts.get(edit, {}).get(name) for edit in edits]
            figures[part, "edited", name] = None if None in values else fmean(values)
    return figures


def make_cells(
    planned: Iterable[str], figures: dict[str, Figures], baseline: str
) -> dict[Place, Cell]:
    """Summarise the runs of each data set, embedding and variant.

    planned (Iterable[str]): The keys of all runs of the plan.
    figures (Dict[str, Figures]): The figures of those that were run.
    baseline (str): The variant to compare with.
    RETURNS (Dict[Place, Cell]): The cells, in the order of the plan.
    """
    seeds: dict[Place, list[str]] = defaultdict(list)
    for key in planned:
        data, embedding, variant, seed = key.split("/")
        seeds[data, embedding, variant].append(seed)
    cells = {}
    for place, each in seeds.items():
        data, embedding, variant = place
        runs = {seed: figures.get(f"{data}/{embedding}/{variant}/{seed}") for seed in each}
        known = {seed: run for seed, run in runs.items() if run}
        against = [
            compare_runs(run, figures.get(f"{data}/{embedding}/{baseline}/{seed}", {}))
            for seed, run in known.items()
        ]
        stats = describe_runs(known.values()), describe_runs(against)
        cells[place] = Cell(len(each), len(known), *stats)
    return cells


def compare_runs(figures: Figures, baseline: Figures) -> Figures:
    """Return the figures of a run relative to those of the baseline with the same seed."""
    return {key: compare(key[-1], value, baseline.get(key)) for key, value in figures.items()}


def compare(name: str, value: float | None, base: float | None) -> float | None:
    """Divide a figure by the baseline's or subtract that, whichever fits the figure."""
    if value is None or base is None:
        return None
    if name not in RATIOS:
        return value - base
    return value / base if base else None


def describe_runs(runs: Iterable[Figures]) -> Stats:
    """Return the statistics of every figure that some of the runs have."""
    values: dict[Key, list[float]] = defaultdict(list)
    for figures in runs:
        for key, value in figures.items():
            if value is not None:
                values[key].append(value)
    return {key: describe(each) for key, each in values.items()}


def describe(values: list[float]) -> Stat:
    """Return the mean and the sample standard deviation."""
    std = stdev(values) if len(values) > 1 else None
    return {"mean": fmean(values), "std": std, "n": len(values)}


def pool_deviations(stats: Iterable[Stat]) -> float | None:
    """Pool standard deviations by their degrees of freedom; None where there are none."""
    squares = [(stat["n"] - 1, (stat["std"] or 0.0) ** 2) for stat in stats]
    freedom = sum(degrees for degrees, _ in squares)
    total = sum(degrees * square for degrees, square in squares)
    return sqrt(total / freedom) if freedom else None


# Targets.


def measure_gain(key: Key, study: Study, data: str, embedding: str) -> float | None:
    """Return by how much the best variant is above the better of its rivals."""
    gain = study.get_gain(key, data, embedding)
    return gain.difference if gain else None


def measure_clearness(key: Key, study: Study, data: str, embedding: str) -> float | None:
    """Return 1 where that is more than one standard deviation, else 0."""
    gain = study.get_gain(key, data, embedding)
    return float(gain.is_clear) if gain and gain.is_clear is not None else None


def measure_against(key: Key, study: Study, data: str, embedding: str) -> float | None:
    """Return a figure of the best variant relative to the baseline's."""
    stat = study.get_stat(key, data, embedding, study.best, against=True)
    return stat["mean"] if stat else None


class Target(NamedTuple):
    """A target of the study.

    title (str): What is measured.
    measure (Callable[[Study, str, str], Optional[float]]): Measures it on a data set with
        an embedding.
    average (Callable[[List[float]], float]): Makes one value of theirs.
    sign (str): How that must compare with the limit: one of `SIGNS`.
    limit (float): The limit.
    unit (str): "points", "ratio" or "share".
    pipe (Optional[str]): The pipe whose data sets it is about, None for all.
    """

    title: str
    measure: Callable[[Study, str, str], float | None]
    average: Callable[[list[float]], float]
    sign: str
    limit: float
    unit: str
    pipe: str | None = None


class Verdict(NamedTuple):
    """A target, and what was measured.

    target (str): The title of the target.
    sign (str): How the value must compare with the limit.
    limit (float): The limit.
    unit (str): The unit of both.
    embedding (Optional[str]): The embedding, or None for all together.
    value (Optional[float]): What was measured.
    cells (int): On how many pairs of a data set and an embedding.
    planned (int): Of how many.
    met (Optional[bool]): Whether the target is met, by what was measured so far.
    """

    target: str
    sign: str
    limit: float
    unit: str
    embedding: str | None
    value: float | None
    cells: int
    planned: int
    met: bool | None


SIGNS = {"≥": operator.ge, ">": operator.gt, "≤": operator.le}
TARGETS = (
    Target(
        "Clean score, where it gains least", partial(measure_gain, CLEAN), min, "≥", 0, "points"
    ),
    Target("Clean score", partial(measure_gain, CLEAN), fmean, "≥", 0.01, "points"),
    Target("Edited score", partial(measure_gain, EDITED), fmean, "≥", 0.02, "points"),
    Target(
        "Data sets where the edited score gains more than one standard deviation",
        partial(measure_clearness, EDITED),
        fmean,
        ">",
        0.5,
        "share",
    ),
    Target("Displacement, mean", partial(measure_against, DISPLACEMENT), fmean, "≤", 0.75, "ratio"),
    Target(
        "Displacement, 95th percentile", partial(measure_against, TAIL), fmean, "≤", 0.85, "ratio"
    ),
    Target("Identity", partial(measure_against, IDENTITY), fmean, "≥", -0.01, "points"),
    Target("Category flips", partial(measure_against, FLIPS), fmean, "≤", 0.8, "ratio", "textcat"),
    Target("Words per second", partial(measure_against, SPEED), median, "≥", 0.97, "ratio"),
)


def judge(study: Study) -> list[Verdict]:
    """Judge each target on all embeddings together, and on each."""
    names = study.plan["embeddings"]
    scopes = [(None, names), *((name, [name]) for name in names)]
    return [judge_target(study, target, *scope) for target in TARGETS for scope in scopes]


def judge_target(
    study: Study, target: Target, embedding: str | None, embeddings: Iterable[str]
) -> Verdict:
    """Judge a target.

    study (Study): The study.
    target (Target): The target.
    embedding (Optional[str]): The name of the verdict.
    embeddings (Iterable[str]): What to judge it on.
    RETURNS (Verdict): The verdict.
    """
    places = [
        (data, name)
        for name in embeddings
        for data, settings in study.plan["data"].items()
        if target.pipe in (None, settings["pipe"])
    ]
    measured = [target.measure(study, *place) for place in places]
    values = [value for value in measured if value is not None]
    value = target.average(values) if values else None
    met = None if value is None else SIGNS[target.sign](value, target.limit)
    limit = target.sign, target.limit, target.unit
    return Verdict(target.title, *limit, embedding, value, len(values), len(places), met)


# What JSON can hold.


def cell_to_dict(cell: Cell) -> dict[str, Any]:
    """Return a cell as nested dicts."""
    counts = {"seeds": cell.seeds, "planned": cell.planned}
    return counts | nest(cell.figures) | {"against_baseline": nest(cell.against)}


def nest(values: Mapping[tuple[str, ...], Any]) -> dict[str, Any]:
    """Return values as nested dicts, a level for each part of their keys."""
    tree: dict[str, Any] = {}
    for (*path, name), value in values.items():
        node = tree
        for step in path:
            node = node.setdefault(step, {})
        node[name] = value
    return tree


def list_distinct(values: Iterable[str | None]) -> list[str]:
    """Return each value once, in order, without None."""
    return [value for value in dict.fromkeys(values) if value is not None]
