"""README is short, and its example prints what it shows."""

import shutil
import subprocess
import sys

import pytest
import srsly

from .pages import README, ROOT, find_blocks, read


def test_readme_is_read_in_two_minutes():
    assert len(read(README).splitlines()) <= 120


@pytest.mark.parametrize(
    "command",
    [
        'pip install ".[project]" && python -m spacy project run all',
        'pip install ".[dev]" && python -m pytest',
        "python -m spacy stablediff add base.cfg out.cfg",
    ],
)
def test_readme_names_the_commands(command):
    assert f"    {command}\n" in read(README)


@pytest.mark.slow
def test_example_and_figures_are_those_of_the_workflow(tmp_path, monkeypatch, capsys):
    for folder in ("configs", "scripts", "spacy_stablediff"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    (tmp_path / "assets").mkdir()
    for name in ("project.yml", "assets/reviews.jsonl"):
        shutil.copy(ROOT / name, tmp_path / name)
    for command in ("convert", "train-baseline", "train-diffused", "evaluate", "stability"):
        run = [sys.executable, "-m", "spacy", "project", "run", command]
        subprocess.run(run, cwd=tmp_path, check=True, capture_output=True)
    monkeypatch.chdir(tmp_path)
    (example,) = find_blocks(README, "python")
    exec(example.text, {})
    assert capsys.readouterr().out == example.output
    text = " ".join(read(README).split())
    result = srsly.read_json("metrics/stability/stability.json")
    ours, theirs = result["edits"]["typo"], result["baseline"]["edits"]["typo"]
    flips = [f"{100 * it['cats_flips']:.1f} %" for it in (ours, theirs)]
    assert f"typos flip {flips[0]} of the categories in place of {flips[1]}." in text
    moved = [
        f"{result['ratio']['edits'][edit]['displacement']['mean']:.2f}"
        for edit in ("typo", "swap", "drop")
    ]
    assert f"They move vectors {moved[0]} times as far, but" in text
    assert f"swapped words {moved[1]} and dropped words {moved[2]} times." in text
    scores = [it["clean"]["scores"] for it in (result, result["baseline"])]
    cats, ents = ([f"{100 * it[key]:.1f}" for it in scores] for key in ("cats_macro_f", "ents_f"))
    assert f"Categories score {cats[0]} in place of {cats[1]}," in text
    assert f"entities {ents[0]} in place of {ents[1]}." in text
