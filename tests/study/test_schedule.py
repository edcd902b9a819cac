"""Doing the runs that are still to do."""

import subprocess
from pathlib import Path

from study import schedule
from study.plan import Run
from study.results import append_line, read_lines

from .examples import PLAN, make_lines


def test_runs_with_a_line_are_not_missing():
    missing = schedule.list_missing(PLAN, make_lines()[2:])
    assert [run.key for run in missing] == ["films/scratch/baseline/0", "films/scratch/baseline/1"]
    assert schedule.list_missing(PLAN, [], only="wnut/.*/1") == [
        Run("wnut", "scratch", name, 1) for name in PLAN["variants"]
    ]


def test_lines_are_appended(tmp_path):
    path = tmp_path / "new" / "runs.jsonl"
    assert read_lines(path) == []
    lines = [{"data": "films", "seed": 0, "test": {"clean": {"score": 0.5}}}, {"data": "wnut"}]
    for line in lines:
        append_line(path, line)
    assert read_lines(path) == lines


def test_each_run_has_a_process_of_its_own(tmp_path, monkeypatch):
    def run_process(command, *, stdout, env, **_):
        assert command[1:4] == ["-m", "study", "one"]
        assert env["OMP_NUM_THREADS"] == "1"
        stdout.write(command[4])
        return subprocess.CompletedProcess(command, returncode=command[4].endswith("1"))

    monkeypatch.setattr(subprocess, "run", run_process)
    runs = [Run("films", "scratch", "baseline", seed) for seed in range(3)]
    paths = Path("plan.yml"), Path("runs.jsonl"), tmp_path
    assert schedule.do_runs(runs, *paths, jobs=2) == [runs[1]]
    for run in runs:
        assert (tmp_path / run.key / "log.txt").read_text(encoding="utf8") == run.key
