"""Reading the plan, and listing its runs."""

import pytest
import srsly

from spacy_stablediff.recommended import EDITS
from study.plan import Run, check_plan, list_data, list_edits, list_runs, read_plan

from .examples import PLAN, make_line
from .rival_examples import PLAN as RIVALS


def test_runs_are_listed_seed_by_seed():
    keys = [run.key for run in list_runs(PLAN)]
    assert keys[:3] == [
        "films/scratch/baseline/0",
        "wnut/scratch/baseline/0",
        "films/scratch/augmentation/0",
    ]
    assert [int(key[-1]) for key in keys] == [0] * 6 + [1] * 6


def test_variants_may_have_their_own_data_and_embeddings():
    variants = {"one": {"data": ["wnut"]}, "other": {"embeddings": ["pretrained"]}}
    assert [run.key for run in list_runs({**PLAN, "variants": variants})] == [
        "wnut/scratch/one/0",
        "films/pretrained/other/0",
        "wnut/pretrained/other/0",
    ]


def test_main_variants_come_first_and_embeddings_of_few_seeds_last():
    keys = [run.key for run in list_runs(RIVALS)]
    main = [key for key in keys if "another-weight" not in key]
    assert keys[: len(main)] == main
    assert [key for key in main if "pretrained" in key] == main[-3:]
    assert main[-3:] == [f"btc/pretrained/{name}/0" for name in RIVALS["main"]]


def test_data_may_do_without_an_embedding_and_an_edit():
    assert list_data(RIVALS, "scratch") == ["btc", "dutch"]
    assert list_data(RIVALS, "pretrained") == ["btc"]
    assert list_edits(RIVALS, "btc") == list(RIVALS["test_edits"])
    assert list_edits(RIVALS, "dutch") == [*("light", "letters 15 %", "lower case", "upper case")]


def test_a_run_is_named_by_its_key():
    run = Run("films", "scratch", "best", 1)
    assert Run.from_key(run.key) == run == Run.from_line(make_line("films", "best", 1))


@pytest.mark.parametrize("main", [[], ["baseline"], ["baseline", "other"]])
def test_plan_must_say_what_to_compare(main, tmp_path):
    srsly.write_yaml(tmp_path / "plan.yml", {**PLAN, "main": main})
    with pytest.raises(ValueError, match="'main'"):
        read_plan(tmp_path / "plan.yml")


def test_settings_must_be_known():
    variants = {**PLAN["variants"], "other": {"weight": 0.1, "seeds": 3}}
    with pytest.raises(ValueError, match="'other' has unknown settings: weight"):
        check_plan({**PLAN, "variants": variants})


@pytest.mark.parametrize(
    ("name", "variant"), [("plan", "augmentation"), ("rivals", "stablediff-augmentation")]
)
def test_augmentation_makes_the_recommended_edits(name, variant, request):
    plan = request.getfixturevalue(name)
    assert plan["training_edits"] == EDITS
    assert plan["variants"][variant]["augmenter"]["augmenter"] == EDITS
