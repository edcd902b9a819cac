"""README is short, and its example prints what it shows."""

import os
import shutil
import subprocess
import sys

import pytest
import srsly

from study.plan import read_plan
from study.results import read_lines
from study.summary import read_study

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


# What README's table calls the data sets: the plan, its name for them and the embedding, what
# `spacy init config` writes for each, and what `stablediff add` makes of it.
EMBEDDED, COUNTED = ("baseline", "stablediff"), ("bag-of-words", "stablediff-bag")
COMPARED = {
    "entities, Broad Twitter Corpus": ("rivals", "btc", "scratch", *EMBEDDED),
    "entities, the same, without @ among them": ("rivals", "btc-names", "scratch", *EMBEDDED),
    "entities, WNUT 2017": ("rivals", "wnut", "scratch", *EMBEDDED),
    "entities, WNUT 2017, with static vectors": ("rivals", "wnut", "vectors", *EMBEDDED),
    "entities, Dutch newspapers, as OCR read them": ("rivals", "dutch", "scratch", *EMBEDDED),
    "spans by `spancat`, WNUT 2017": ("readers", "spans-wnut", "scratch", *EMBEDDED),
    "sentiment, tweets": ("rivals", "tweets", "scratch", *COUNTED),
    "sentiment, product reviews": ("rivals", "products", "scratch", *COUNTED),
    "sentiment, film reviews": ("rivals", "films", "scratch", *COUNTED),
    "sentiment, newspaper editorials": ("rivals", "editorials", "scratch", *COUNTED),
    "tags, film reviews": ("readers", "tags", "scratch", *EMBEDDED),
    "parses, film reviews": ("readers", "parses", "scratch", *EMBEDDED),
}
TEXTS = ("clean", "light", "letters 15 %", "lower case", "upper case")


@pytest.mark.parametrize("title", COMPARED)
def test_scores_are_those_of_the_study(title):
    plan, data, embedding, *variants = COMPARED[title]
    path = ROOT / "study" / plan
    study = read_study(read_plan(path.with_suffix(".yml")), read_lines(path.with_suffix(".jsonl")))
    cells = [
        [study.get_stat(("test", text, "score"), data, embedding, name) for name in variants]
        for text in TEXTS
    ]
    assert f"| {title} | {' | '.join(map(show_pair, cells))} |" in read(README)


def show_pair(stats):
    """Two scores, the higher one in bold, and the second where they are the same."""
    before, after = (f"{100 * stat.mean:.1f}" for stat in stats)
    is_lower = float(after) < float(before)
    return f"**{before}**, {after}" if is_lower else f"{before}, **{after}**"


@pytest.mark.slow
def test_example_and_figures_are_those_of_the_workflow(tmp_path, monkeypatch, capsys):
    for folder in ("configs", "scripts", "spacy_stablediff"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    (tmp_path / "assets").mkdir()
    for name in ("project.yml", "assets/reviews.jsonl"):
        shutil.copy(ROOT / name, tmp_path / name)
    for command in ("convert", "train-baseline", "train-diffused", "evaluate", "stability"):
        run = [sys.executable, "-m", "spacy", "project", "run", command]
        # More threads add numbers up in another order, and training ends elsewhere.
        threads = {**os.environ, "OMP_NUM_THREADS": "1"}
        subprocess.run(run, cwd=tmp_path, check=True, capture_output=True, env=threads)
    monkeypatch.chdir(tmp_path)
    (example,) = find_blocks(README, "python")
    exec(example.text, {})
    assert capsys.readouterr().out == example.output
    text = " ".join(read(README).split())
    result = srsly.read_json("metrics/stability/stability.json")
    moved = [
        f"{result['ratio']['edits'][edit]['displacement']['mean']:.2f}"
        for edit in ("typo", "swap", "drop")
    ]
    sentence = "Typos move vectors {} times as far, swapped words {}, dropped words {}."
    assert sentence.format(*moved) in text
    for title, key in [("entities", "ents_f"), ("categories", "cats_macro_f")]:
        scores = [list_scores(each, key) for each in (result["baseline"], result)]
        cells = " | ".join(
            f"{100 * theirs:.1f}, **{100 * ours:.1f}**"
            for theirs, ours in zip(*scores, strict=True)
        )
        assert f"| {title}: spaCy, **diffused** | {cells} |" in text


def list_scores(result, key):
    """Scores on clean text, with 15 % of letters mistyped, in small letters and in capitals."""
    rates = {"letters mistyped": 0.15, "lower case": 1.0, "upper case": 1.0}
    points = [
        next(point for point in result["curves"][curve] if point["rate"] == rate)
        for curve, rate in rates.items()
    ]
    return [each["scores"][key] for each in (result["clean"], *points)]
