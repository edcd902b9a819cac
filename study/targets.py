"""The targets of the study, and whether its best variant meets them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean, median
from typing import NamedTuple

from reporting.targets import Target

from .figures import CLEAN, DISPLACEMENT, EDITED, FLIPS, IDENTITY, SPEED, TAIL, Key
from .plan import list_data
from .stats import merge_same_texts
from .summary import Study

Measure = Callable[[Study, Key, str, str], float | None]


def get_gain(study: Study, key: Key, data: str, embedding: str) -> float | None:
    """Return by how much the best variant is above the better of its rivals."""
    gain = study.get_gain(key, data, embedding)
    return gain.difference if gain else None


def get_clearness(study: Study, key: Key, data: str, embedding: str) -> float | None:
    """Return 1 where that is more than one standard deviation, else 0."""
    gain = study.get_gain(key, data, embedding)
    return float(gain.is_clear) if gain and gain.is_clear is not None else None


def get_against(study: Study, key: Key, data: str, embedding: str) -> float | None:
    """Return a figure of what `stablediff add` makes of the baseline, relative to that."""
    made = study.find_made(data, embedding)
    stat = study.get_stat(key, data, embedding, made, against=True)
    return stat.mean if stat else None


@dataclass(frozen=True)
class StudyTarget(Target):
    """A target of the study.

    unit (str): "points", "ratio" or "share".
    measure (Measure): Measures it on a data set with an embedding.
    key (Key): The figure that it measures.
    average (Callable[[List[float]], float]): Makes one value of the measured ones.
    pipe (Optional[str]): The pipe whose data sets it is about, None for all.
    bound (Optional[Measure]): Measures what it could be at best, where that is known.
    """

    unit: str
    measure: Measure
    key: Key
    average: Callable[[list[float]], float] = fmean
    pipe: str | None = None
    bound: Measure | None = None


class Verdict(NamedTuple):
    """A target, and what was measured.

    target (StudyTarget): The target.
    embedding (Optional[str]): The embedding, or None for all together.
    value (Optional[float]): What was measured so far.
    cells (int): On how many pairs of a data set and an embedding.
    planned (int): Of how many.
    bound (Optional[float]): What it could have been at best on those, where that is known.
    """

    target: StudyTarget
    embedding: str | None
    value: float | None
    cells: int
    planned: int
    bound: float | None

    @property
    def met(self) -> bool | None:
        """Whether the target is met, None if nothing was measured yet."""
        return None if self.value is None else self.target.is_met(self.value)


CLEARLY = "Data sets where the edited score gains more than one standard deviation"
TARGETS = (
    StudyTarget("Clean score, where it gains least", ">=", 0, "points", get_gain, CLEAN, min),
    StudyTarget("Clean score", ">=", 0.01, "points", get_gain, CLEAN),
    StudyTarget("Edited score", ">=", 0.02, "points", get_gain, EDITED),
    StudyTarget(CLEARLY, ">", 0.5, "share", get_clearness, EDITED),
    StudyTarget("Displacement, mean", "<=", 0.75, "ratio", get_against, DISPLACEMENT),
    StudyTarget("Displacement, 95th percentile", "<=", 0.85, "ratio", get_against, TAIL),
    StudyTarget("Identity", ">=", -0.01, "points", get_against, IDENTITY),
    StudyTarget("Category flips", "<=", 0.8, "ratio", get_against, FLIPS, pipe="textcat"),
    StudyTarget("Words per second", ">=", 0.97, "ratio", get_against, SPEED, median),
)


def judge(study: Study, targets: Sequence[StudyTarget] = TARGETS) -> list[Verdict]:
    """Judge each target on all embeddings together, and on each."""
    names = study.plan["embeddings"]
    scopes = [(None, names), *((name, [name]) for name in names)]
    return [judge_target(study, target, *scope) for target in targets for scope in scopes]


def judge_target(
    study: Study, target: StudyTarget, embedding: str | None, embeddings: Sequence[str]
) -> Verdict:
    """Judge a target.

    study (Study): The study.
    target (StudyTarget): The target.
    embedding (Optional[str]): The name of the verdict.
    embeddings (Sequence[str]): What to judge it on.
    RETURNS (Verdict): The verdict.
    """
    places = [
        (data, name)
        for name in embeddings
        for data in list_data(study.plan, name)
        if target.pipe in (None, study.plan["data"][data]["pipe"])
    ]
    value, cells = _average(study, target, target.measure, places)
    bound = _average(study, target, target.bound, places)[0] if target.bound else None
    return Verdict(target, embedding, value, cells, len(places), bound)


def _average(
    study: Study, target: StudyTarget, measure: Measure, places: Sequence[tuple[str, str]]
) -> tuple[float | None, int]:
    """Make one value of what is measured on data sets, and count those where something is.

    Data sets of the same texts count once.
    """
    measured = {place: measure(study, target.key, *place) for place in places}
    known = {place: value for place, value in measured.items() if value is not None}
    values: list[float] = []
    for embedding in dict.fromkeys(embedding for _, embedding in known):
        of_data = {data: value for (data, other), value in known.items() if other == embedding}
        values += merge_same_texts(study.plan, of_data, target.average)
    return target.average(values) if values else None, len(known)
