"""Whole pipelines without and with diffusion: training steps, prediction, processes."""

from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

import spacy
from spacy.language import Language
from spacy.training import Example
from spacy.training.batchers import minibatch_by_words
from thinc.api import Adam, Config, fix_random_seed

from spacy_stablediff.measure.data import copy_tokens
from spacy_stablediff.recommended import STABILIZER

from .text import Films
from .timing import Contestant, compare

CONFIGS = Path(__file__).parent.parent / "configs"
BATCH_WORDS = 1000
STABILITY_WEIGHT = 3.0
PROCESSES = (1, 2)
# Documents that nlp.pipe takes at once, few enough for every process to get several batches.
PIPE_BATCH = 128
BASELINE = "without diffusion"
ARCHITECTURES = {
    "heat": "spacy-stablediff.HeatDiffusion.v1",
    "implicit": "spacy-stablediff.ImplicitDiffusion.v1",
    "multiscale": "spacy-stablediff.MultiscaleDiffusion.v1",
}
STABLE = f"implicit, stability weight {STABILITY_WEIGHT:g}"


def measure_pipelines(films: Films, rounds: int) -> dict[str, list[dict[str, Any]]]:
    """Compare training steps, then prediction by the pipelines so trained.

    films (Films): The text.
    rounds (int): Rounds of each comparison; training steps are short and run three
        times as many.
    RETURNS (Dict[str, List[Dict[str, Any]]]): The comparisons.
    """
    pipelines = {name: make_pipeline(name, films) for name in (BASELINE, *ARCHITECTURES, STABLE)}
    texts = [doc.text for doc in films.docs]
    steps = [Contestant(name, make_step(nlp, films)) for name, nlp in pipelines.items()]
    results = {"training": compare(steps, 3 * rounds)}
    pipes = [
        Contestant(name, _make_pipe(pipelines[name], texts)) for name in (BASELINE, *ARCHITECTURES)
    ]
    results["prediction"] = compare(pipes, rounds)
    processes = [
        Contestant(
            f"{name}, {number} process{'es' if number > 1 else ''}",
            _make_pipe(pipelines[name], 2 * texts, n_process=number),
        )
        for name in (BASELINE, "implicit")
        for number in PROCESSES
    ]
    results["processes"] = compare(processes, rounds)
    return results


def make_pipeline(name: str, films: Films) -> Language:
    """Make tok2vec + textcat + ner by the project's baseline, with the diffusion named."""
    config = spacy.util.load_config(CONFIGS / "baseline.cfg")
    if name != BASELINE:
        add_diffusion(config, name)
    return initialize(config, films)


def initialize(config: Config, films: Films) -> Language:
    """Make the pipeline of a config, ready to be trained on the film reviews."""
    nlp = spacy.util.load_model_from_config(config, auto_fill=True)
    fix_random_seed(0)
    nlp.initialize(lambda: make_examples(nlp, films))
    return nlp


def add_diffusion(config: Config, name: str) -> None:
    """Put the diffusion named after the embedding, and stability training if that is named."""
    diffusion = {"@architectures": ARCHITECTURES[name.partition(",")[0]]}
    added: dict[str, Any] = {"stablediff": {"factory": "stablediff", "model": diffusion}}
    if name == STABLE:
        losses = {**STABILIZER, "weight": STABILITY_WEIGHT, "consistency": 0.0, "share": 1.0}
        added["stabilizer"] = {"factory": "stabilizer", **losses}
    config["components"].update(added)
    config["nlp"]["pipeline"] = ["tok2vec", *added, "textcat", "ner"]


def make_examples(nlp: Language, films: Films) -> list[Example]:
    """The film reviews with their categories, and capitalised words as entities.

    The entities are only there for ner to have work to do.
    """
    examples = []
    for doc in films.docs:
        tags = ["U-NAME" if token.i and token.text.istitle() else "O" for token in doc]
        predicted = copy_tokens(nlp.vocab, doc)
        examples.append(Example.from_dict(predicted, {"cats": doc.cats, "entities": tags}))
    return examples


def make_step(nlp: Language, films: Films) -> Callable[[], Any]:
    """One training step after the other, each on the next batch."""
    batches: Iterator[list[Example]] = cycle(
        list(minibatch_by_words(make_examples(nlp, films), size=BATCH_WORDS))
    )
    optimizer = Adam(0.001)
    return lambda: nlp.update(next(batches), sgd=optimizer, drop=0.2)


def _make_pipe(nlp: Language, texts: list[str], *, n_process: int = 1) -> Callable[[], Any]:
    return lambda: list(nlp.pipe(texts, n_process=n_process, batch_size=PIPE_BATCH))
