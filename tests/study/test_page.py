"""The page about the study."""

import pytest
import srsly
from typer.testing import CliRunner

from study.report import render_study
from study.results import read_lines
from study.summary import read_study

from .conftest import STUDY
from .examples import PLAN, make_lines


def render(study, notes=""):
    return render_study(study, image="study.png", notes=notes)


def test_page_is_made_of_plan_runs_and_notes(plan):
    study = read_study(plan, read_lines(STUDY / "runs.jsonl"))
    notes = (STUDY / "notes.md").read_text(encoding="utf8")
    page = (STUDY.parent / "docs" / "study.md").read_text(encoding="utf8")
    assert render(study, notes) == page


def test_page(study):
    page = render(study, "## Notes\n\nBy hand.\n")
    assert "`best` scores 2.5 points above the better of `baseline` and `augmentation`" in page
    assert (
        "0.50 times as far as those of `baseline`. 8 of the 9 [targets](#targets) are met." in page
    )
    assert "| Clean score | ≥ 1 points | +2.50 points, met | +2.50 points, met |" in page
    assert "| films | 71.0 ± 1.4 | 73.0 ± 1.4 | 77.0 ± 1.4 | **+4.0** |" in page
    assert "| best | 0.50 | 0.50 | +0.0 | 0.50 | +10.0 | 4 |" in page
    assert "| films | textcat | macro F of the categories | 800 | 2,000 | 200 | 200 |" in page
    assert "| best | words (time: 0.0); stabilizer: recommended |" in page
    assert "spacy 3.8.0 and 3.8.1." in page
    assert "not run" not in page
    assert page.endswith("\n\n## Notes\n\nBy hand.\n")


def test_page_says_what_is_missing():
    lines = [line for line in make_lines() if (line["data"], line["variant"]) != ("wnut", "best")]
    page = render(read_study(PLAN, lines[1:]))
    assert "3 of 12 planned runs are [not run](#not-run)" in page
    assert "| best | 2 | wnut/scratch (2) |" in page
    assert "| films | 72.0 | 73.0 ± 1.4 | 77.0 ± 1.4 | **+4.0** |" in page


def test_page_without_runs():
    assert "no data set yet" in render(read_study(PLAN, []))


def test_command_writes_page_and_plot(tmp_path):
    for package in ("augmenty", "matplotlib", "symspellpy"):
        pytest.importorskip(package)
    from study.__main__ import app

    srsly.write_yaml(tmp_path / "plan.yml", PLAN)
    srsly.write_jsonl(tmp_path / "runs.jsonl", make_lines()[:-1])
    (tmp_path / "notes.md").write_text("## Notes", encoding="utf8")
    names = {"plan": "plan.yml", "results": "runs.jsonl", "notes": "notes.md", "page": "page.md"}
    options = [f"--{option}={tmp_path / name}" for option, name in names.items()]
    result = CliRunner().invoke(app, ["report", *options], catch_exceptions=False)
    assert result.exit_code == 0
    assert "11 runs, 1 missing, 0 not planned" in result.output
    assert "![" in (tmp_path / "page.md").read_text(encoding="utf8")
    assert (tmp_path / "page.png").read_bytes().startswith(b"\x89PNG")
