"""Run what is still missing of a study, a few runs at a time."""

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import srsly
import typer
from tqdm import tqdm
from wasabi import msg

RUN = Path(__file__).with_name("study_run.py")


def main(
    plan_path: Annotated[Path, typer.Argument(help="The plan of the study", exists=True)],
    results: Annotated[Path, typer.Argument(help="The .jsonl file with a line for each run")],
    folder: Annotated[Path, typer.Argument(help="Where to train")],
    jobs: Annotated[int, typer.Option(help="How many runs at a time")] = 2,
    only: Annotated[str, typer.Option(help="Regular expression that runs must match")] = "",
) -> None:
    """Run each run of the plan that has no line in the results yet."""
    plan = srsly.read_yaml(plan_path)
    done = {run_key(line) for line in srsly.read_jsonl(results)} if results.exists() else set()
    missing = [key for key in list_runs(plan) if key not in done and re.search(only, key)]
    msg.info(f"{len(done)} runs are done, {len(missing)} to do")
    run = partial(run_one, plan_path, results, folder)
    with ThreadPoolExecutor(jobs) as pool:
        failed = [key for key in tqdm(pool.map(run, missing), total=len(missing)) if key]
    if failed:
        msg.fail(f"These runs failed, see their logs in {folder}", ", ".join(failed), exits=1)


def list_runs(plan: dict[str, Any]) -> list[str]:
    """All runs of a plan, as data/embedding/variant/seed, first seeds first."""
    runs = [
        (seed, data, embedding, name)
        for name, variant in plan["variants"].items()
        for seed in range(variant.get("seeds", 1))
        for data in variant.get("data", plan["data"])
        for embedding in variant.get("embeddings", plan["embeddings"])
    ]
    order = list(plan["variants"])
    runs.sort(key=lambda run: (run[0], order.index(run[3])))
    return [f"{data}/{embedding}/{name}/{seed}" for seed, data, embedding, name in runs]


def run_key(line: dict[str, Any]) -> str:
    """The key of the run that a line of the results is about."""
    return f"{line['data']}/{line['embedding']}/{line['variant']}/{line['seed']}"


def run_one(plan_path: Path, results: Path, folder: Path, key: str) -> str | None:
    """Run one run in a process of its own; its key if that failed."""
    place = folder / key
    place.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, str(RUN), str(plan_path), key, str(place), str(results)]
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    with (place / "log.txt").open("w", encoding="utf8") as log:
        env = {**os.environ, **threads}
        process = subprocess.run(command, stdout=log, stderr=subprocess.STDOUT, env=env)
    return key if process.returncode else None


if __name__ == "__main__":
    typer.run(main)
