"""Measuring what the graph of words does to a trained pipeline: with it and without."""

from pathlib import Path

import spacy

from reporting.machine import describe_machine

from .plan import Plan, Run
from .results import Line
from .run import MACHINE, measure_part, train_pipeline


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
        figures = measure_part(nlp, plan, run.data, "test")
        machine = MACHINE.format(**describe_machine())
        lines.append({**run._asdict(), "setting": name, "test": figures, "machine": machine})
    return lines
