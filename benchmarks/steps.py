"""What a step of training costs with the recommended set-up."""

from collections.abc import Callable
from operator import truediv
from statistics import median
from typing import Any

from spacy.util import load_config, load_model_from_config
from thinc.api import Config, fix_random_seed

from .pipelines import CONFIGS, make_examples, make_step
from .text import Films
from .timing import Contestant, compare

SHARES = (0.25, 0.5, 1.0)


def measure_steps(films: Films, rounds: int) -> list[tuple[str, float]]:
    """Compare training steps of the bundled configs, of which one is the recommended set-up.

    films (Films): The text.
    rounds (int): Steps of each.
    RETURNS (List[Tuple[str, float]]): For each share of edited texts how many times as long a
        step takes as without the plugin, the median over steps on the same batches.
    """
    contestants = [Contestant("baseline", _make_step(films, load_config(CONFIGS / "baseline.cfg")))]
    for share in SHARES:
        config = load_config(CONFIGS / "textcat_ner.cfg")
        config["components"]["stabilizer"]["share"] = share
        contestants.append(Contestant(f"{share:.0%}", _make_step(films, config)))
    baseline, *others = compare(contestants, rounds)
    return [
        (each["name"], median(map(truediv, each["seconds"], baseline["seconds"])))
        for each in others
    ]


def _make_step(films: Films, config: Config) -> Callable[[], Any]:
    nlp = load_model_from_config(config, auto_fill=True)
    fix_random_seed(0)
    nlp.initialize(lambda: make_examples(nlp, films))
    return make_step(nlp, films)
