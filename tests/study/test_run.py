"""What a run measures of the pipeline that it trained."""

import pytest
import spacy
import srsly
from spacy.tokens import Doc, DocBin
from spacy.training import Example
from spacy.util import load_model_from_config

pytest.importorskip("augmenty")
pytest.importorskip("codespell_lib")
pytest.importorskip("symspellpy")

from study import run as study_run
from study.config import make_config
from study.plan import Run

EDITS = {"light", "misspellings", "lower case"}


@pytest.fixture
def plan(rivals):
    edits = {name: rivals["test_edits"][name] for name in EDITS}
    return {**rivals, "test_edits": edits}


@pytest.fixture
def measure(plan, tmp_path, monkeypatch):
    """Measure a run whose pipeline was but initialized."""
    vocab = spacy.blank("en").vocab
    docs = [Doc(vocab, words=["A", "wierd", text]) for text in ("calendar", "day")]
    for doc, label in zip(docs, ("POSITIVE", "NEGATIVE"), strict=True):
        doc.cats = {name: float(name == label) for name in ("POSITIVE", "NEGATIVE")}
    (tmp_path / "corpus" / "tweets").mkdir(parents=True)
    for part in study_run.PARTS:
        DocBin(docs=docs).to_disk(tmp_path / "corpus" / "tweets" / f"{part}.spacy")

    def train_pipeline(plan, run, folder):
        nlp = load_model_from_config(make_config(plan, run), auto_fill=True)
        nlp.initialize(lambda: [Example(nlp.make_doc(doc.text), doc) for doc in docs])
        folder.mkdir()
        nlp.to_disk(folder / "model-best")
        srsly.write_jsonl(folder / study_run.LOG, [{"step": 200, "score": 0.5, "losses": {}}])
        return 12.5

    monkeypatch.setattr(study_run, "train_pipeline", train_pipeline)
    monkeypatch.chdir(tmp_path)
    return lambda variant: study_run.make_run(
        plan, Run("tweets", "scratch", variant, 1), tmp_path / variant
    )


def test_a_run_measures_both_parts_under_every_edit(measure):
    line = measure("baseline")
    assert Run.from_line(line).key == "tweets/scratch/baseline/1"
    assert (line["training_seconds"], line["speed_ratio"]) == (12.5, 1.0)
    assert line["curve"] == [(200, 0.5)]
    assert {"codespell", "symspellpy"} <= line["versions"].keys()
    for part in study_run.PARTS:
        assert line[part].keys() == {"clean", *EDITS}
        assert line[part]["lower case"].keys() >= {"score", "displacement", "cats_flips"}
        assert line[part]["lower case"]["displacement"] > 0


def test_a_bag_of_words_has_scores_and_flips_only(measure):
    line = measure("bag-of-words")
    light = line["test"]["light"]
    assert {name for name, value in light.items() if value is not None} == {"score", "cats_flips"}


def test_a_corrector_stands_in_front_of_what_is_measured(measure):
    plain, corrected = measure("baseline"), measure("corrector-2")
    moved = [it["test"]["misspellings"]["displacement"] for it in (plain, corrected)]
    assert moved[1] < moved[0]
    assert corrected["speed_ratio"] != 1.0
