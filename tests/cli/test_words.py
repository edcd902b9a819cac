"""The command `python -m spacy stablediff words`."""

import pytest
import spacy
from spacy.cli._util import app
from typer.testing import CliRunner

from ..words.test_layer import OFTEN, trained_on


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("model")
    trained_on(OFTEN).to_disk(path)
    return path


def run(*args):
    result = CliRunner().invoke(app, ["stablediff", "words", *map(str, args)])
    return result.exit_code, result.output


def test_prints_what_each_diffused_word_is_made_of(model):
    code, output = run(model, "I am hapyp")
    assert code == 0
    (line,) = [line for line in output.splitlines() if line.startswith("hapyp")]
    assert "tok2vec" in line and "happy" in line and "%" in line


def test_says_that_no_word_is_diffused(model):
    assert "All words are embedded as they are." in run(model, "I am happy")[1]


def test_refuses_a_missing_pipeline_and_one_without_a_graph_of_words(tmp_path):
    assert run(tmp_path / "missing", "text")[0] == 1
    spacy.blank("en").to_disk(tmp_path / "blank")
    code, output = run(tmp_path / "blank", "text")
    assert code == 1 and "[SD070]" in output
