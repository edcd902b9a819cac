"""Measuring what the graph of words does to a trained pipeline: with it and without."""

from pathlib import Path

import spacy
from spacy.training import Corpus

from reporting.machine import describe_machine
from spacy_stablediff import measure_stability

from .edits import make_test_edits
from .plan import Plan, Run
from .results import Line
from .run import CORPUS, MACHINE, summarise, train_pipeline


def compare_settings(plan: Plan, run: Run, folder: Path) -> list[Line]:
    """Train the pipeline of a run, unless that was done, and measure it with each setting.

    plan (Plan): The plan, with "settings" of the graph of words by name.
    run (Run): One of its runs.
    folder (Path): Where it is trained.
    RETURNS (List[Line]): A line for each setting, with the figures of the test part.
    """
    if not (folder / "model-best").exists():
        train_pipeline(plan, run, folder)
    lines = []
    for name, setting in plan["settings"].items():
        overrides = {f"components.tok2vec.model.{key}": each for key, each in setting.items()}
        nlp = spacy.load(folder / "model-best", config=overrides)
        examples = list(Corpus(CORPUS / run.data / "test.spacy")(nlp))
        measured = measure_stability(nlp, examples, make_test_edits(plan, run.data)).to_dict()
        figures = summarise(measured, plan["data"][run.data]["score"])
        machine = MACHINE.format(**describe_machine())
        lines.append({**run._asdict(), "setting": name, "test": figures, "machine": machine})
    return lines
