"""The runs of the study on a Ray cluster."""

import os
from pathlib import Path

import pytest

import study
from study.plan import Run
from study.results import read_lines

STUDY = Path(study.__file__).parent

# What is not in its place is the study's own.
REAL = f"import sys\nsys.path.append({str(STUDY.parent)!r})\n__path__.append({str(STUDY)!r})\n"

pytestmark = pytest.mark.real("ray")

# In place of the study: writes a line with who did it, and fails for some seeds.
FAKE = """
import json, os, sys
key = sys.argv[2]
results = sys.argv[sys.argv.index("--results") + 1]
data, embedding, variant, seed = key.split("/")
if seed == "1":
    sys.exit("it failed")
with open(results, "a") as file:
    line = {"data": data, "embedding": embedding, "variant": variant, "seed": int(seed)}
    file.write(json.dumps({**line, "threads": os.environ["OMP_NUM_THREADS"]}) + "\\n")
"""


def test_lines_of_runs_are_appended_and_failed_runs_returned(tmp_path, monkeypatch):
    import ray

    from study.cluster import spread_runs

    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / "__main__.py").write_text(FAKE)
    (tmp_path / "study" / "__init__.py").write_text(REAL)
    monkeypatch.chdir(tmp_path)
    runs = [Run("films", "scratch", "baseline", seed) for seed in range(4)]
    paths = Path("plan.yml"), tmp_path / "runs.jsonl", Path("training")
    started = not ray.is_initialized()
    if started:
        ray.init("local", num_cpus=2, object_store_memory=200_000_000, include_dashboard=False)
    try:
        assert spread_runs(runs, *paths, jobs=2) == [runs[1]]
    finally:
        if started:
            ray.shutdown()
    lines = read_lines(tmp_path / "runs.jsonl")
    assert {Run.from_line(line) for line in lines} == {runs[0], runs[2], runs[3]}
    assert {line["threads"] for line in lines} == {"1"}
    log = tmp_path / "training" / runs[1].key / "log.txt"
    assert log.read_text(encoding="utf8") == "it failed\n"
    assert os.getcwd() == str(tmp_path)
