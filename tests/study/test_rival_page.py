"""The page about rivals at full strength."""

import pytest
import srsly
from typer.testing import CliRunner

from study.plan import read_plan
from study.report import render_rivals
from study.results import read_lines
from study.summary import read_study

from .conftest import STUDY
from .rival_examples import PLAN, make_lines

# Any plan will do, for its page has a table of what it measured.
NO_READERS = read_study({**PLAN, "max_steps": 3000}, [])


def render(lines):
    return render_rivals(read_study(PLAN, lines), NO_READERS, image="rivals.png")


def test_page_is_made_of_plan_and_runs():
    study, readers = (
        read_study(read_plan(STUDY / f"{name}.yml"), read_lines(STUDY / f"{name}.jsonl"))
        for name in ("rivals", "readers")
    )
    page = (STUDY.parent / "docs" / "rivals.md").read_text(encoding="utf8")
    assert render_rivals(study, readers, image="rivals.png") == page


def test_page():
    page = render(make_lines())
    assert (
        "What `stablediff add` makes of a config scores 1.0 points above the strongest of its rivals"
        in page
    )
    assert "3.0 points above with 15 % of letters mistyped" in page
    assert "over 3 of 3 pairs" in page
    assert (
        "| btc | ours | -5.1 to +7.1 | +1.0 | **+3.0** | **+3.0** | **+3.0** | **+3.0** | **+3.0** |"
        in page
    )
    assert (
        "| dutch | ours | -5.1 to +7.1 | +1.0 | **+3.0** | **+3.0** |  | **+3.0** | **+3.0** |"
        in page
    )
    strongest = "baseline 61.0 | augmentation 56.0 | augmentation 49.0"
    assert f"| btc | {strongest} | augmentation 54.0 |" in page
    assert f"| dutch | {strongest} | – |" in page  # noqa: RUF001
    assert "| dutch | nl | ner | F of the entities | misspellings | 2,000 | 200 | 200 |" in page
    assert "Not complete" not in page
    assert "| baseline | 2 | 4 | **+1.0 ± 0.0** | **+4.0 ± 0.0** |" in page
    assert "| ours |" not in page.split("## What each part does")[1].split("\n## ")[0]


def test_page_puts_a_variant_beside_what_it_is_made_of():
    study = read_study({**PLAN, "beside": {"ours": "baseline"}}, make_lines())
    section = (
        render_rivals(study, NO_READERS, image="")
        .split("### baseline, ours, scratch")[1]
        .split("\n### ")[0]
    )
    assert "| btc | 2 | 61.0 / 62.0 |" in section
    assert "| dutch | 2 | 61.0 / 62.0 | 55.0 / 59.0 | 41.0 / 52.0 |  |" in section
    assert "| difference |  | **+1.0 ± 0.0** |" in section


def test_page_shows_the_scores_behind_the_best_checkpoint():
    lines = make_lines()
    for line in lines:
        if line["embedding"] == "scratch" and line["variant"] != "augmentation":
            line["curve"] = [(0, 0.6 - line["seed"]), (200, 0.5 - line["seed"])]
    section = render(lines).split("## How the set-up was chosen")[1].split("## ")[0]
    assert "| ours | 60.0 / 50.0 | 60.0 / 50.0 |" in section
    assert "augmentation" not in section.split("The table has both")[1]


def test_page_says_what_diffusion_alone_adds():
    assert "## Diffusion's own share" not in render(make_lines())
    plan = {**PLAN, "variants": {**PLAN["variants"], "without-documents": {"seeds": 2}}}
    ours = [line for line in make_lines() if line["variant"] == "ours"]
    lines = [{**line, "variant": "without-documents"} for line in ours]
    for line in lines:
        line["dev"] = {**line["dev"], "clean": {"score": line["dev"]["clean"]["score"] - 0.03}}
    study = read_study(plan, make_lines() + lines)
    page = render_rivals(study, NO_READERS, image="")
    section = page.split("## Diffusion's own share")[1].split("\n## ")[0].replace("**", "")
    rest = "+0.0 ± 0.0 | +0.0 ± 0.0 | +0.0 ± 0.0 |"
    assert f"| without-documents | scratch | 2 | 4 | +3.0 ± 0.0 | {rest}" in section
    assert "| without-documents | pretrained | 1 | 1 | +3.0 | +0.0 | +0.0 | +0.0 |" in section


def test_page_has_trials_data_set_by_data_set():
    assert "### Edited copies" not in render(make_lines())
    plan = {**PLAN, "variants": {**PLAN["variants"], "stablediff-anew": {"seeds": 2}}}
    gains = {"btc": 0.03, "dutch": -0.01}
    ours = [line for line in make_lines() if line["variant"] == "ours"]
    lines = [{**line, "variant": "stablediff-anew"} for line in ours]
    for line in lines:
        clean = line["dev"]["clean"]["score"] + gains[line["data"]]
        line["dev"] = {**line["dev"], "clean": {"score": clean}}
    page = render_rivals(read_study(plan, make_lines() + lines), NO_READERS, image="")
    section = page.split("### Edited copies")[1]
    assert "| stablediff-anew | ours | btc | scratch | 2 | +3.0 | +0.0 | +0.0 | +0.0 |" in section
    assert (
        "| stablediff-anew | ours | btc | pretrained | 1 | +3.0 | +0.0 | +0.0 | +0.0 |" in section
    )
    assert "| stablediff-anew | ours | dutch | scratch | 2 | -1.0 | +0.0 | +0.0 | +0.0 |" in section


def test_page_has_what_becomes_of_taggers_and_parsers():
    data = {"tags": {**PLAN["data"]["btc"], "pipe": "tagger", "score": "tag_acc"}}
    plan = {**PLAN, "max_steps": 3000, "embeddings": ["scratch"], "data": data}
    lines = [{**it, "data": "tags"} for it in make_lines() if it["embedding"] == "scratch"]
    readers = read_study(plan, lines)
    page = render_rivals(read_study(PLAN, make_lines()), readers, image="")
    section = page.split("## Taggers, parsers and spans")[1].split("\n## ")[0]
    assert "trained for 3,000 steps" in section and "| tags | 2 | 61.0 / 62.0 |" in section
    assert "## Taggers, parsers and spans" not in render(make_lines())


def test_page_has_data_only_where_the_embedding_has():
    pretrained = render(make_lines()).split("### Gain, pretrained")[1].split("### ")[0]
    assert "| btc | ours |  | +1.0 |" in pretrained and "dutch" not in pretrained


def test_page_says_what_is_missing():
    page = render([line for line in make_lines() if line["variant"] != "ours"])
    assert "`ours` was not run yet" in page
    assert "5 of 20 planned runs are [not run](#not-run)" in page


def test_command_writes_page_and_plot(tmp_path):
    for package in ("augmenty", "matplotlib", "symspellpy"):
        pytest.importorskip(package)
    from study.__main__ import app

    srsly.write_yaml(tmp_path / "plan.yml", PLAN)
    srsly.write_jsonl(tmp_path / "runs.jsonl", make_lines()[1:])
    names = {"plan": "plan.yml", "results": "runs.jsonl", "page": "page.md"}
    options = [f"--{option}={tmp_path / name}" for option, name in names.items()]
    result = CliRunner().invoke(app, ["rivals", *options], catch_exceptions=False)
    assert result.exit_code == 0
    assert "19 runs, 1 missing, 0 not planned" in result.output
    assert "](page.png)" in (tmp_path / "page.md").read_text(encoding="utf8")
    assert (tmp_path / "page.png").read_bytes().startswith(b"\x89PNG")
