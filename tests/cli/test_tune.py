"""The command `stablediff tune`."""

import json

import pytest
import spacy
from spacy.cli._util import app
from typer.testing import CliRunner

import spacy_stablediff.cli  # noqa: F401

from ..pipelines import examples_for, predictions


def run(*args):
    result = CliRunner().invoke(app, ["stablediff", "tune", *map(str, args)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result
    return result.exit_code, " ".join(result.output.split())


@pytest.fixture
def texts(tmp_path):
    path = tmp_path / "texts.txt"
    lines = [eg.text for eg in examples_for(spacy.blank("en"))] * 2
    path.write_text("\n".join(lines), encoding="utf8")
    return path


def test_it_saves_a_pipeline_and_says_what_came_of_it(base, texts, tmp_path):
    output = tmp_path / "steady"
    code, printed = run(base, texts, output, "--pipes", "ner", "--epochs", "1")
    assert code == 0
    for said in ("Tuned ner on", "clean", "lower case", "capitals", "Saved the tuned pipeline"):
        assert said in printed
    nlp, before = spacy.load(output), spacy.load(base)
    assert len(predictions(nlp)) == len(predictions(before))
    report = json.loads((output / "stability" / "stability.json").read_text())
    assert set(report["edits"]) >= {"typo", "letters mistyped", "lower case", "capitals"}
    assert report["baseline"]["model"] == str(base) and report["model"] == str(output)
    assert (output / "stability" / "stability.html").exists()
    tuning = json.loads((output / "stability" / "tuning.json").read_text())
    assert tuning["components"] == ["ner"] and set(tuning["after"]) == set(tuning["before"])


@pytest.mark.parametrize(
    "options, number", [(["--pipes", "nobody"], "SD194"), (["--keep", "2"], "SD195")]
)
def test_it_says_what_is_wrong(base, texts, tmp_path, options, number):
    code, printed = run(base, texts, tmp_path / "steady", *options)
    assert code == 1 and f"[{number}]" in printed
    assert not (tmp_path / "steady").exists()


@pytest.mark.parametrize("folder", ["", "within"])
def test_it_refuses_a_file_as_output(base, texts, folder):
    code, printed = run(base, texts, texts / folder)
    assert code == 1 and "[SD196]" in printed
