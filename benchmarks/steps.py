"""What a step of training costs with the recommended set-up."""

from operator import truediv
from statistics import median

from spacy.util import load_config

from .pipelines import CONFIGS, initialize, make_step
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
    configs = {"baseline": load_config(CONFIGS / "baseline.cfg")}
    for share in SHARES:
        configs[f"{share:.0%}"] = config = load_config(CONFIGS / "textcat_ner.cfg")
        config["components"]["stabilizer"]["share"] = share
    contestants = [
        Contestant(name, make_step(initialize(config, films), films))
        for name, config in configs.items()
    ]
    baseline, *others = compare(contestants, rounds)
    return [
        (each["name"], median(map(truediv, each["seconds"], baseline["seconds"])))
        for each in others
    ]
