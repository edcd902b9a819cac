"""Which runs are still to do, and doing them, a few at a time."""

import os
import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from tqdm import tqdm

from reporting.machine import ONE_THREAD

from .plan import Plan, Run, list_runs
from .results import Line


def list_missing(plan: Plan, lines: Iterable[Line], only: str = "") -> list[Run]:
    """List the runs of a plan that have no line yet.

    plan (Plan): The plan.
    lines (Iterable[Line]): The lines that there are.
    only (str): Regular expression that the keys of the runs must match.
    RETURNS (List[Run]): The runs.
    """
    done = {Run.from_line(line) for line in lines}
    return [run for run in list_runs(plan) if run not in done and re.search(only, run.key)]


def do_runs(
    runs: Sequence[Run], plan: Path, results: Path, folder: Path, *, jobs: int
) -> list[Run]:
    """Do each run in a process of its own.

    runs (Sequence[Run]): The runs.
    plan (Path): The .yml file of their plan.
    results (Path): The .jsonl file that they append a line to.
    folder (Path): Where they train, and log what they do.
    jobs (int): How many to do at a time.
    RETURNS (List[Run]): The runs that failed.
    """
    do = partial(do_run, plan=plan, results=results, folder=folder)
    with ThreadPoolExecutor(jobs) as pool:
        succeeded = list(tqdm(pool.map(do, runs), total=len(runs)))
    return [run for run, success in zip(runs, succeeded, strict=True) if not success]


def do_run(run: Run, plan: Path, results: Path, folder: Path) -> bool:
    """Do a run in a process of its own, on one thread; False if it failed."""
    log = folder / run.key / "log.txt"
    log.parent.mkdir(parents=True, exist_ok=True)
    options = ["--plan", str(plan), "--results", str(results), "--folder", str(folder)]
    with log.open("w", encoding="utf8") as file:
        process = subprocess.run(
            [sys.executable, "-m", "study", "one", run.key, *options],
            stdout=file,
            stderr=subprocess.STDOUT,
            env={**os.environ, **ONE_THREAD},
        )
    return process.returncode == 0
