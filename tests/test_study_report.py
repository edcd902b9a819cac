"""The summary of a study, and the page about it, against values computed by hand."""

import importlib
import math
from copy import deepcopy
from pathlib import Path
from types import SimpleNamespace

import pytest
import srsly

ROOT = Path(__file__).parent.parent
EDITS = {
    "typos": {"@augmenters": "spacy-stablediff.edits.v1", "typo": 0.1},
    "casing": {"@augmenters": "random_casing_v1", "level": 0.1},
}
PLAN = {
    "eval_frequency": 100,
    "pretrained": "en_core_web_sm",
    "data": {
        "films": {"pipe": "textcat", "score": "cats_macro_f", "steps": 800},
        "wnut": {"pipe": "ner", "score": "ents_f", "steps": 600},
    },
    "embeddings": ["scratch"],
    "main": ["baseline", "augmentation", "best"],
    "training_edits": EDITS["typos"],
    "test_edits": EDITS,
    "variants": {
        "baseline": {"seeds": 2},
        "augmentation": {"seeds": 2, "augmenter": EDITS["typos"]},
        "best": {"seeds": 2, "weight": 3.0},
    },
}
# Clean score by data set and variant, of seed 0; seed 1 scores 0.02 more.
CLEAN = {
    ("films", "baseline"): 0.70,
    ("films", "augmentation"): 0.72,
    ("films", "best"): 0.76,
    ("wnut", "baseline"): 0.20,
    ("wnut", "augmentation"): 0.18,
    ("wnut", "best"): 0.21,
}


@pytest.fixture(scope="module")
def scripts():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "scripts")
        return SimpleNamespace(
            summary=importlib.import_module("study_summary"),
            report=importlib.import_module("study_report"),
        )


def make_line(data, variant, seed):
    """A run: typos cost 0.01 of the score, casing 0.03; the best variant moves half as far."""
    score, far = CLEAN[data, variant] + 0.02 * seed, 0.5 if variant == "best" else 1.0
    figures = {
        "p95": 0.8 * far,
        "identity": 0.9,
        "cats_flips": 0.1 * far if data == "films" else None,
        "ents_agreement": 1 - 0.2 * far if data == "wnut" else None,
    }
    part = {
        "clean": {"score": score},
        "typos": {"score": score - 0.01, "displacement": 0.2 * far, **figures},
        "casing": {"score": score - 0.03, "displacement": 0.4 * far, **figures},
    }
    return {
        "data": data,
        "embedding": "scratch",
        "variant": variant,
        "seed": seed,
        "training_seconds": 200.0 if variant == "best" else 100.0 + seed,
        "speed_ratio": 0.98 if variant == "best" else 1.0,
        "versions": {"spacy": f"3.8.{seed}"},
        "machine": "a machine",
        "documents": {"train": 2000, "dev": 200, "test": 200},
        "dev": part,
        "test": part,
    }


def make_lines():
    return [make_line(data, variant, seed) for data, variant in CLEAN for seed in (0, 1)]


@pytest.fixture
def study(scripts):
    return scripts.summary.read_study(PLAN, make_lines())


def judge(scripts, study):
    verdicts = scripts.summary.judge(study)
    return {each.target: each for each in verdicts if each.embedding is None}


def render(scripts, study, **options):
    documents = scripts.report.count_documents(study, Path("nowhere"))
    return scripts.report.render(study, documents, image="study.png", **options)


def test_mean_and_sample_deviation_over_seeds(study):
    cell = study.to_dict()["cells"]["films"]["scratch"]["best"]
    clean, edited = (cell["test"][text]["score"] for text in ("clean", "edited"))
    assert clean == pytest.approx({"mean": 0.77, "std": math.sqrt(2) * 0.01, "n": 2})
    assert edited == pytest.approx({"mean": 0.75, "std": math.sqrt(2) * 0.01, "n": 2})
    assert cell["test"]["edited"]["displacement"]["mean"] == pytest.approx(0.15)
    assert cell["seeds"] == cell["planned"] == 2


def test_figures_against_the_baseline_with_the_same_seed(study):
    cells = {data: study.to_dict()["cells"][data]["scratch"]["best"] for data in PLAN["data"]}
    films, wnut = (cell["against_baseline"] for cell in cells.values())
    assert films["test"]["edited"]["displacement"]["mean"] == pytest.approx(0.5)
    assert films["test"]["casing"]["p95"]["mean"] == pytest.approx(0.5)
    assert films["test"]["edited"]["identity"]["mean"] == 0
    assert films["test"]["edited"]["cats_flips"]["mean"] == pytest.approx(0.5)
    assert films["training_seconds"]["mean"] == pytest.approx((2 + 200 / 101) / 2)
    assert films["speed_ratio"]["mean"] == pytest.approx(0.98)
    assert wnut["test"]["edited"]["ents_agreement"]["mean"] == pytest.approx(0.1)
    assert "cats_flips" not in wnut["test"]["edited"]


def test_gain_is_over_the_better_of_the_others(scripts, study):
    films, wnut = study.get_gains(scripts.summary.CLEAN, ["scratch"])
    assert (films.rival, wnut.rival) == ("augmentation", "baseline")
    assert films.difference == pytest.approx(0.04)
    assert wnut.difference == pytest.approx(0.01)
    assert films.spread == pytest.approx(math.sqrt(2) * 0.01)
    assert (films.is_clear, wnut.is_clear) == (True, False)


def test_deviations_are_pooled_by_their_degrees_of_freedom(scripts):
    stats = [{"mean": 0, "std": 0.3, "n": 3}, {"mean": 0, "std": None, "n": 1}]
    assert scripts.summary.pool_deviations(stats) == pytest.approx(0.3)
    assert scripts.summary.pool_deviations(stats[1:]) is None
    stats[1] = {"mean": 0, "std": 0.6, "n": 2}
    assert scripts.summary.pool_deviations(stats) == pytest.approx(math.sqrt(0.54 / 3))


def test_targets_are_met(scripts, study):
    verdicts = judge(scripts, study)
    values = {name: each.value for name, each in verdicts.items()}
    clear = "Data sets where the edited score gains more than one standard deviation"
    expected = {
        "Clean score, where it gains least": 0.01,
        "Clean score": 0.025,
        "Edited score": 0.025,
        clear: 0.5,
        "Displacement, mean": 0.5,
        "Displacement, 95th percentile": 0.5,
        "Identity": 0,
        "Category flips": 0.5,
        "Words per second": 0.98,
    }
    assert values == pytest.approx(expected)
    assert [name for name, each in verdicts.items() if not each.met] == [clear]
    assert (verdicts["Category flips"].cells, verdicts["Words per second"].cells) == (1, 2)


def test_targets_are_missed(scripts):
    lines = deepcopy(make_lines())
    for line in lines:
        if line["variant"] == "best":
            line["speed_ratio"] = 0.9
            for values in line["test"].values():
                values["score"] -= 0.02
                values |= dict.fromkeys(values.keys() & {"displacement", "p95"}, 0.85)
                values |= dict.fromkeys(values.keys() & {"identity", "cats_flips"}, 0.8)
    verdicts = judge(scripts, scripts.summary.read_study(PLAN, lines))
    assert [name for name, each in verdicts.items() if each.met] == []
    assert verdicts["Clean score, where it gains least"].value == pytest.approx(-0.01)


def test_incomplete_runs(scripts):
    lines = [line for line in make_lines() if (line["data"], line["variant"]) != ("wnut", "best")]
    study = scripts.summary.read_study(PLAN, lines[1:])
    assert study.missing == [
        "films/scratch/baseline/0",
        "wnut/scratch/best/0",
        "wnut/scratch/best/1",
    ]
    assert study.get_stat(scripts.summary.CLEAN, "films", "scratch", "baseline") == {
        "mean": 0.72,
        "std": None,
        "n": 1,
    }
    verdict = judge(scripts, study)["Clean score"]
    assert (verdict.cells, verdict.planned, verdict.met) == (1, 2, True)
    page = render(scripts, study)
    assert "3 of 12 planned runs are [not run](#not-run)" in page
    assert "| best | 2 | wnut/scratch (2) |" in page
    assert "| films | 72.0 | 73.0 ± 1.4 | 77.0 ± 1.4 | **+4.0** |" in page


def test_no_runs_at_all(scripts):
    study = scripts.summary.read_study(PLAN, [])
    assert len(study.missing) == 12
    assert {each.met for each in judge(scripts, study).values()} == {None}
    assert "no data set yet" in render(scripts, study)


def test_runs_that_are_not_planned_do_not_count(scripts, study):
    lines = [*make_lines(), {**make_line("films", "best", 0), "seed": 7}]
    more = scripts.summary.read_study(PLAN, lines)
    assert more.unplanned == 1
    assert more.cells == study.cells


def test_edited_score_needs_every_edit(scripts):
    lines = make_lines()
    del lines[0]["test"]["casing"]
    study = scripts.summary.read_study(PLAN, lines)
    assert study.get_stat(scripts.summary.CLEAN, "films", "scratch", "baseline")["n"] == 2
    assert study.get_stat(scripts.summary.EDITED, "films", "scratch", "baseline")["n"] == 1


def test_page(scripts, study):
    page = render(scripts, study, notes="## Notes\n\nBy hand.")
    assert "`best` scores 2.5 points above the better of `baseline` and `augmentation`" in page
    assert (
        "0.50 times as far as those of `baseline`. 8 of the 9 [targets](#targets) are met." in page
    )
    assert "| films | 71.0 ± 1.4 | 73.0 ± 1.4 | 77.0 ± 1.4 | **+4.0** |" in page
    assert "| best | 0.50 | 0.50 | +0.0 | 0.50 | +10.0 | 4 |" in page
    assert "| films | textcat | macro F of the categories | 800 | 2,000 | 200 | 200 |" in page
    assert "spacy 3.8.0 and 3.8.1." in page
    assert "not run" not in page
    assert page.endswith("\n\n## Notes\n\nBy hand.\n")


def test_command_writes_numbers_page_and_plot(scripts, tmp_path):
    pytest.importorskip("matplotlib")
    plan, runs, numbers, page = (
        tmp_path / name for name in ("plan.yml", "runs.jsonl", "study.json", "study.md")
    )
    srsly.write_yaml(plan, PLAN)
    srsly.write_jsonl(runs, make_lines()[:-1])
    scripts.report.main(plan, runs, numbers, page, notes=tmp_path / "none.md", corpus=tmp_path)
    written = srsly.read_json(numbers)
    assert (written["runs"], written["missing"]) == (11, ["wnut/scratch/best/1"])
    assert written["documents"]["films"]["train"] == 2000
    assert "![" in page.read_text(encoding="utf8")
    assert (tmp_path / "study.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("main", [None, ["baseline"], ["baseline", "other"]])
def test_plan_must_say_what_to_compare(scripts, main):
    with pytest.raises(SystemExit):
        scripts.report.check_main({**PLAN, "main": main or []})
