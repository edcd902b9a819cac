"""The runs of the study spread over a Ray cluster, each a task of one CPU."""

import os
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import ray
from tqdm import tqdm

from spacy_stablediff.distributed.cluster import connect

from .plan import Run
from .results import Line, append_line, read_lines
from .schedule import do_run


def spread_runs(
    runs: Sequence[Run],
    plan: Path,
    results: Path,
    folder: Path,
    *,
    jobs: int,
    address: str | None = None,
) -> list[Run]:
    """Do each run on some machine of a cluster, and append its line here as it comes.

    All machines must find this folder, with the plan and the corpora, under the same path.

    runs (Sequence[Run]): The runs.
    plan (Path): The .yml file of their plan.
    results (Path): The .jsonl file to append a line to for each.
    folder (Path): Where they train, and log what they do.
    jobs (int): How many to do at a time, where Ray is started on this machine alone.
    address (Optional[str]): The address of the cluster.
    RETURNS (List[Run]): The runs that failed.
    """
    failed = []
    with connect(address, jobs):
        # A machine that is lost is no failure of the run.
        task = ray.remote(num_cpus=1, max_retries=3)(make_line)
        where = Path.cwd()
        waiting = {task.remote(run, where, plan, folder): run for run in runs}
        with tqdm(total=len(runs)) as bar:
            while waiting:
                (done,), _ = ray.wait(list(waiting))
                run, line = waiting.pop(done), ray.get(done)
                if line is None:
                    failed.append(run)
                else:
                    append_line(results, line)
                bar.update()
    return failed


def make_line(run: Run, where: Path, plan: Path, folder: Path) -> Line | None:
    """Do a run on the machine that it was sent to.

    run (Run): The run.
    where (Path): The working directory.
    plan (Path): The .yml file of its plan.
    folder (Path): Where it trains.
    RETURNS (Optional[Line]): What was measured, None if it failed.
    """
    os.chdir(where)
    with TemporaryDirectory() as temporary:
        results = Path(temporary) / "line.jsonl"
        succeeded = do_run(run, plan, results, folder)
        return read_lines(results)[0] if succeeded else None
