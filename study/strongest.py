"""Our set-up against the strongest of its rivals, data set by data set and text by text."""

from statistics import fmean
from typing import NamedTuple

from .config import is_ours
from .figures import Key
from .plan import list_data
from .stats import Stat, merge_same_texts
from .summary import Gain, Study

# By what our set-up is chosen for a data set.
CHOICE = ("dev", "clean", "score")


class Rival(NamedTuple):
    """A rival, and what it scores.

    name (str): The variant.
    stat (Stat): Its score over the seeds.
    """

    name: str
    stat: Stat


def list_rivals(study: Study) -> list[str]:
    """List the variants that have no part of this package."""
    return [name for name, variant in study.plan["variants"].items() if not is_ours(variant)]


def find_strongest(study: Study, key: Key, data: str, embedding: str) -> Rival | None:
    """Find the rival with the highest mean.

    study (Study): The study.
    key (Key): The figure, of which more is better.
    data (str): The data set.
    embedding (str): The embedding.
    RETURNS (Optional[Rival]): The strongest of those that were run so far.
    """
    stats = [(name, study.get_stat(key, data, embedding, name)) for name in list_rivals(study)]
    known = [Rival(name, stat) for name, stat in stats if stat is not None]
    return max(known, key=lambda rival: rival.stat.mean, default=None)


def choose_ours(study: Study, data: str, embedding: str) -> str:
    """Choose which of our set-ups a data set gets: the one that scores best on its development part,
    unless the plan names one for the embedding and the pipe.

    study (Study): The study.
    data (str): The data set.
    embedding (str): The embedding.
    RETURNS (str): The variant, of those of ours that were run so far.
    """
    made = study.find_made(data, embedding)
    names = study.plan.get("ours", [study.best]) if made == study.best else [made]
    stats = {name: study.get_stat(CHOICE, data, embedding, name) for name in names}
    scores = {name: stat.mean for name, stat in stats.items() if stat is not None}
    return max(scores, key=lambda name: scores[name], default=made)


def beat_strongest(study: Study, key: Key, data: str, embedding: str) -> Gain | None:
    """Compare our set-up with its strongest rival.

    study (Study): The study.
    key (Key): The figure, of which more is better.
    data (str): The data set.
    embedding (str): The embedding.
    RETURNS (Optional[Gain]): The difference, None until both were run.
    """
    best = study.get_stat(key, data, embedding, choose_ours(study, data, embedding))
    rival = find_strongest(study, key, data, embedding)
    return Gain(best, rival.stat) if best and rival else None


def average_gain(study: Study, key: Key, embedding: str) -> float | None:
    """Average that over the data sets that have the figure; None before the first has."""
    gains = {
        data: beat_strongest(study, key, data, embedding)
        for data in list_data(study.plan, embedding)
    }
    known = {data: gain.difference for data, gain in gains.items() if gain is not None}
    return fmean(merge_same_texts(study.plan, known)) if known else None
