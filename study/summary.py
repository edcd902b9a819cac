"""All that was run of a plan, over the seeds, and compared with the baseline."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from statistics import fmean
from typing import NamedTuple

from .figures import Figures, Key, compare_figures, read_figures
from .plan import Plan, Run, list_data, list_edits, list_runs
from .results import Line
from .stats import Stat, Stats, describe_runs, get_margin, pool_deviations

Place = tuple[str, str, str]  # data set, embedding, variant


class Cell(NamedTuple):
    """The runs of a variant on one data set with one embedding.

    seeds (int): How many seeds were run.
    figures (Stats): What they measured.
    against (Stats): The same relative to the baseline's run with the same seed.
    """

    seeds: int
    figures: Stats
    against: Stats


class Gain(NamedTuple):
    """What the best variant gains over the better of the variants it is compared with.

    best (Stat): The score of the best variant over the seeds, from 0 to 1.
    rival (Stat): That of the other.
    """

    best: Stat
    rival: Stat

    @property
    def difference(self) -> float:
        """The difference of the means."""
        return self.best.mean - self.rival.mean

    @property
    def spread(self) -> float | None:
        """The standard deviation over seeds, pooled over both; None where both have one seed."""
        return pool_deviations(self)

    @property
    def margin(self) -> float | None:
        """Half the width of the confidence interval of the difference; None where one has one seed."""
        return get_margin(*self)

    @property
    def is_clear(self) -> bool | None:
        """Whether it is more than one standard deviation, where there is one."""
        return None if self.spread is None else self.difference > self.spread


@dataclass(frozen=True)
class Study:
    """All that was run of a plan.

    plan (Plan): The plan.
    runs (Dict[Run, Line]): The line of each run of the plan.
    missing (List[Run]): The runs still to do.
    unplanned (int): How many runs there are that the plan doesn't have (any more).
    cells (Dict[Place, Cell]): What the runs measured, over the seeds.
    """

    plan: Plan
    runs: dict[Run, Line]
    missing: list[Run]
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
        versions: dict[str, dict[str, None]] = defaultdict(dict)
        for line in self.runs.values():
            for name, version in line["versions"].items():
                versions[name][version] = None
        return {name: list(each) for name, each in versions.items()}

    @property
    def machines(self) -> list[str]:
        """The machines that runs were made on."""
        return list(dict.fromkeys(line["machine"] for line in self.runs.values()))

    def find_made(self, data: str, embedding: str) -> str:
        """Return the variant that `stablediff add` makes of the baseline.

        data (str): The data set.
        embedding (str): The embedding.
        RETURNS (str): The variant: the best one, where the plan names no other for the pipe.
        """
        pipe = self.plan["data"][data]["pipe"]
        return self.plan.get("instead", {}).get(embedding, {}).get(pipe, self.best)

    def get_gain(self, key: Key, data: str, embedding: str) -> Gain | None:
        """Compare the best variant with its rivals; None until all of them were run.

        key (Key): The figure to compare, of which more is better.
        data (str): The data set.
        embedding (str): The embedding.
        RETURNS (Optional[Gain]): The difference to the better one, by mean.
        """
        stats = [self.get_stat(key, data, embedding, name) for name in self.plan["main"]]
        known = [stat for stat in stats if stat is not None]
        if len(known) < len(stats):
            return None
        *rivals, best = known
        rival = max(rivals, key=lambda stat: stat.mean)
        return Gain(best, rival)

    def get_average_gain(self, key: Key, embedding: str) -> float | None:
        """Average the gains over the data sets; None unless all of them have one."""
        gains = [self.get_gain(key, data, embedding) for data in list_data(self.plan, embedding)]
        known = [gain.difference for gain in gains if gain is not None]
        return fmean(known) if len(known) == len(gains) else None

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
        complete = len(stats) == len(list_data(self.plan, embedding))
        return fmean(stat.mean for stat in stats) if complete else None

    def list_embeddings(self) -> list[str]:
        """List the embeddings that anything was run with."""
        run = {each.embedding for each in self.runs}
        return [embedding for embedding in self.plan["embeddings"] if embedding in run]

    def list_variants(self, *embeddings: str) -> list[str]:
        """List the variants that were run with any of some embeddings."""
        run = {each.variant for each in self.runs if each.embedding in embeddings}
        return [variant for variant in self.plan["variants"] if variant in run]

    def list_data(self, embedding: str) -> list[str]:
        """List the data sets that anything was run on with an embedding."""
        run = {each.data for each in self.runs if each.embedding == embedding}
        return [data for data in self.plan["data"] if data in run]

    def count_runs(self, embedding: str, variant: str) -> int:
        """Count the runs of a variant with an embedding that there are."""
        cells = [self.cells.get((data, embedding, variant)) for data in self.plan["data"]]
        return sum(cell.seeds for cell in cells if cell)

    def count_missing(self, variants: Collection[str]) -> int:
        """Count the runs of some variants that are still to do."""
        return sum(run.variant in variants for run in self.missing)


def read_study(plan: Plan, lines: Iterable[Line]) -> Study:
    """Collect what was run of a plan.

    plan (Plan): The plan.
    lines (Iterable[Line]): The lines. Of two for the same run, the last counts.
    RETURNS (Study): The study.
    """
    planned = list_runs(plan)
    found = {Run.from_line(line): line for line in lines}
    runs = {run: found[run] for run in planned if run in found}
    missing = [run for run in planned if run not in found]
    figures = {run: read_figures(line, list_edits(plan, run.data)) for run, line in runs.items()}
    cells = make_cells(planned, figures, plan["main"][0])
    return Study(plan, runs, missing, len(found) - len(runs), cells)


def make_cells(
    planned: Iterable[Run], figures: dict[Run, Figures], baseline: str
) -> dict[Place, Cell]:
    """Summarise the runs of each data set, embedding and variant.

    planned (Iterable[Run]): All runs of the plan.
    figures (Dict[Run, Figures]): The figures of those that were run.
    baseline (str): The variant to compare with.
    RETURNS (Dict[Place, Cell]): The cells, also of variants that were not run yet.
    """
    places: dict[Place, list[Run]] = defaultdict(list)
    for run in planned:
        places[run.data, run.embedding, run.variant].append(run)
    cells = {}
    for place, runs in places.items():
        known = [run for run in runs if run in figures]
        against = [
            compare_figures(figures[run], figures.get(run._replace(variant=baseline), {}))
            for run in known
        ]
        stats = describe_runs(figures[run] for run in known), describe_runs(against)
        cells[place] = Cell(len(known), *stats)
    return cells
