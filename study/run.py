"""One run: train a pipeline and measure it."""

import time
from pathlib import Path
from typing import Any

import spacy
import srsly
from spacy.cli.train import train
from spacy.language import Language
from spacy.training import Corpus
from thinc.api import Config

from reporting.machine import describe_machine, list_versions
from spacy_stablediff import measure_stability

from .config import is_ours, make_config
from .corrector import put_corrector
from .edits import make_test_edits
from .figures import PARTS
from .plan import Plan, Run, find_corpus
from .results import Line
from .speed import load_bare, measure_speed

PACKAGES = ("spacy", "thinc", "numpy", "scipy", "augmenty", "codespell", "symspellpy")
LOG = "evaluations.jsonl"
LOGGER = {"@loggers": "spacy.ConsoleLogger.v3", "progress_bar": None}
MACHINE = "{processor}, {cores} cores, one thread a run, Python {python}"


def make_run(plan: Plan, run: Run, folder: Path) -> Line:
    """Train the pipeline of a run, and measure the one that scores best.

    plan (Plan): The plan.
    run (Run): One of its runs.
    folder (Path): Where to train.
    RETURNS (Line): What was measured.
    """
    seconds = train_pipeline(plan, run, folder)
    variant = plan["variants"][run.variant]
    line: Line = {
        **run._asdict(),
        "training_seconds": seconds,
        "curve": read_curve(folder),
        "versions": list_versions(PACKAGES),
        "machine": MACHINE.format(**describe_machine()),
    }
    model = folder / "model-best"
    bare = load_bare(model) if is_ours(variant) or "corrector" in variant else None
    nlp = spacy.load(model)
    if "corrector" in variant:
        put_corrector(nlp, variant["corrector"])
    line.update(measure_speed(nlp, bare, Path(find_corpus(plan, run.data), "test.spacy")))
    line.update({part: measure_part(nlp, plan, run.data, part) for part in PARTS})
    return line


def measure_part(nlp: Language, plan: Plan, data: str, part: str) -> dict[str, Any]:
    """Measure a pipeline under the edits of a plan.

    nlp (Language): The pipeline.
    plan (Plan): The plan.
    data (str): The data set.
    part (str): "dev" or "test".
    RETURNS (Dict[str, Any]): What the study reports of it.
    """
    examples = list(Corpus(f"{find_corpus(plan, data)}/{part}.spacy")(nlp))
    measured = measure_stability(nlp, examples, make_test_edits(plan, data)).to_dict()
    return summarise(measured, plan["data"][data]["score"])


def train_pipeline(plan: Plan, run: Run, folder: Path) -> float:
    """Train the pipeline of a run, and return the seconds of CPU time that it takes."""
    return train_config(make_config(plan, run), folder)


def train_config(config: Config, folder: Path) -> float:
    """Train the pipeline of a config, and return the seconds of CPU time that it takes."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / LOG).unlink(missing_ok=True)
    config["training"]["logger"] = {**LOGGER, "output_file": str(folder / LOG)}
    config.to_disk(folder / "config.cfg")
    start = time.process_time()
    train(folder / "config.cfg", folder)
    return time.process_time() - start


def read_curve(folder: Path) -> list[tuple[int, float]]:
    """Read the step and the score of each evaluation of a training."""
    return [(row["step"], row["score"]) for row in srsly.read_jsonl(folder / LOG)]


def summarise(stability: dict[str, Any], score: str) -> dict[str, Any]:
    """Keep what the study reports of a measurement."""
    figures = {"clean": {"score": stability["clean"]["scores"][score]}}
    for name, edit in stability["edits"].items():
        figures[name] = {
            "score": edit["scores"][score],
            "displacement": edit["displacement"]["mean"],
            "p95": edit["displacement"]["p95"],
            "identity": edit["identity"],
            "cats_flips": edit["cats_flips"],
            "ents_agreement": edit["ents_agreement"],
        }
    return figures
