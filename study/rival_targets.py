"""The targets of the comparison with rivals at full strength."""

from statistics import fmean, median

from .figures import (
    AGREEMENT,
    CLEAN,
    EDITED,
    IDENTITY,
    SPEED,
    TRAINING,
    Key,
)
from .pairs import list_differences
from .strongest import beat_strongest, choose_ours, find_strongest
from .summary import Study
from .targets import StudyTarget, get_against


def get_gain(study: Study, key: Key, data: str, embedding: str) -> float | None:
    """Return by how much our set-up is above its strongest rival."""
    gain = beat_strongest(study, key, data, embedding)
    return gain.difference if gain else None


def get_bound(study: Study, key: Key, data: str, embedding: str) -> float | None:
    """Return by how much our set-up would be above its strongest rival if edits cost it nothing."""
    stat = study.get_stat(CLEAN, data, embedding, choose_ours(study, data, embedding))
    rival = find_strongest(study, key, data, embedding)
    return stat.mean - rival.stat.mean if stat and rival else None


def get_share(study: Study, key: Key, data: str, embedding: str) -> float | None:
    """Return a score of the best variant as a share of its own on clean text."""
    stats = [study.get_stat(each, data, embedding, study.best) for each in (key, CLEAN)]
    means = [stat.mean for stat in stats if stat is not None]
    return means[0] / means[1] if len(means) == 2 and means[1] else None


def get_disagreement(study: Study, key: Key, data: str, embedding: str) -> float | None:
    """Return how far the best variant's agreement is from 1, relative to the baseline's."""
    stats = [study.get_stat(key, data, embedding, name) for name in (study.best, study.baseline)]
    rest = [1 - stat.mean for stat in stats if stat is not None]
    return rest[0] / rest[1] if len(rest) == 2 and rest[1] else None


def get_diffusion(study: Study, key: Key, data: str, embedding: str) -> float | None:
    """Return by how much the best variant is above the same without any diffusion."""
    differences = list_differences(study, study.best, WITHOUT_DIFFUSION, key, embedding)
    return fmean(differences[data]) if data in differences else None


def _score(text: str) -> Key:
    return "test", text, "score"


def _gain_on(title: str, limit: float, text: Key) -> StudyTarget:
    return StudyTarget(title, ">=", limit, "points", get_gain, text, bound=get_bound)


WITHOUT_DIFFUSION = "without-diffusion"
LIGHT, HEAVY, SPELLING = _score("light"), _score("letters 15 %"), _score("misspellings")
LOWER, UPPER = _score("lower case"), _score("upper case")
MOVED, FLIPPED = ("test", "light", "displacement"), ("test", "light", "cats_flips")
AGREED = ("test", "light", AGREEMENT[-1])

RIVAL_TARGETS = (
    StudyTarget("Clean score, where it gains least", ">=", -0.003, "points", get_gain, CLEAN, min),
    StudyTarget("Clean score", ">=", 0.007, "points", get_gain, CLEAN),
    _gain_on("Score under light edits", 0.02, LIGHT),
    _gain_on("Score with 15 % of letters mistyped", 0.08, HEAVY),
    _gain_on("Score with all known misspellings", 0.04, SPELLING),
    StudyTarget("Entities in lower case", ">=", 0.75, "ratio", get_share, LOWER, pipe="ner"),
    StudyTarget("Entities in capitals", ">=", 0.6, "ratio", get_share, UPPER, pipe="ner"),
    StudyTarget("Displacement by light edits", "<=", 0.6, "ratio", get_against, MOVED),
    StudyTarget("Flips by light edits", "<=", 0.65, "ratio", get_against, FLIPPED, pipe="textcat"),
    StudyTarget(
        "Disagreement of entities", "<=", 0.65, "ratio", get_disagreement, AGREED, pipe="ner"
    ),
    StudyTarget("Identity", ">=", -0.005, "points", get_against, IDENTITY),
    StudyTarget(
        "What diffusion adds to edited scores", ">=", 0.01, "points", get_diffusion, EDITED
    ),
    StudyTarget("Training time", "<=", 1.6, "ratio", get_against, TRAINING, median),
    StudyTarget("Words per second", ">=", 0.97, "ratio", get_against, SPEED, median),
)
