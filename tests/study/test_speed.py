"""Speed, beside that of the same pipeline without what the plugin adds."""

import itertools

import pytest
import spacy
from spacy.tokens import Doc, DocBin
from spacy.training import Example
from spacy.util import load_model_from_config

from spacy_stablediff.words.graph import WordGraph
from spacy_stablediff.words.known import find_words
from study import speed
from study.config import make_config
from study.plan import Run

from .examples import PLAN

VARIANT = {"words": "recommended", "diffusion": "recommended"}


@pytest.fixture
def folder(tmp_path):
    """A pipeline with diffusion that knows its words, and a corpus beside it."""
    plan = {**PLAN, "variants": {"best": VARIANT}}
    config = make_config(plan, Run("films", "scratch", "best", 0))
    nlp = load_model_from_config(config, auto_fill=True)
    doc = Doc(nlp.vocab, words=["Some", "words", "."])
    example = Example.from_dict(doc, {"cats": {"good": 1.0, "bad": 0.0}})
    nlp.initialize(lambda: [example] * 10)
    nlp.to_disk(tmp_path / "model")
    DocBin(docs=[doc] * 20).to_disk(tmp_path / "test.spacy")
    return tmp_path


def test_bare_pipeline_has_nothing_of_the_plugin(folder):
    bare = speed.load_bare(folder / "model")
    names = [node.name for node in bare.get_pipe("tok2vec").model.walk()]
    assert bare.pipe_names == ["tok2vec", "textcat"]
    assert "extract_features" in names
    assert "known_words" not in names
    assert bare("Some words.").cats.keys() == {"good", "bad"}


def test_bare_pipeline_has_a_bag_of_words_that_knows_none(tmp_path):
    nlp = spacy.blank("en")
    bow = {
        "@architectures": "spacy.TextCatBOW.v3",
        "exclusive_classes": True,
        "ngram_size": 1,
        "no_output_layer": False,
    }
    model = {"@architectures": "spacy-stablediff.WordGraphBOW.v1", "bow": bow}
    nlp.add_pipe("textcat", config={"model": model})
    example = Example.from_dict(nlp.make_doc("Words."), {"cats": {"good": 1.0, "bad": 0.0}})
    nlp.initialize(lambda: [example])
    nlp.to_disk(tmp_path)
    bare = speed.load_bare(tmp_path)
    assert not any(find_words(bare.get_pipe("textcat")))
    assert bare("Wrods.").cats.keys() == {"good", "bad"}


def test_speed_is_relative_to_the_bare_pipeline(folder, monkeypatch):
    passes = itertools.cycle([3.0, 1.5, 1.0])
    monkeypatch.setattr(speed, "time_pass", lambda nlp, docs: next(passes))
    nlp, bare = spacy.load(folder / "model"), speed.load_bare(folder / "model")
    measured = speed.measure_speed(nlp, bare, folder / "test.spacy")
    expected = {"words_per_second": 60 / 3, "speed_ratio": 1 / 3, "speed_ratio_again": 2 / 3}
    assert measured == pytest.approx(expected)


def test_words_are_met_for_the_first_time_in_each_round(folder, monkeypatch):
    nlp, asked = spacy.load(folder / "model"), []
    for words in find_words(nlp.get_pipe("tok2vec")):
        words.count([nlp.make_doc("Some others")])
    link = WordGraph.link
    monkeypatch.setattr(
        WordGraph, "link", lambda *args, **opts: asked.append(args[1]) or link(*args, **opts)
    )
    speed.measure_speed(nlp, speed.load_bare(folder / "model"), folder / "test.spacy")
    assert [len(forms) for forms in asked if len(forms)] == [2] * speed.ROUNDS


def test_speed_of_a_bare_pipeline_is_its_own(folder):
    bare = speed.load_bare(folder / "model")
    measured = speed.measure_speed(bare, None, folder / "test.spacy")
    assert measured["words_per_second"] > 0
    assert measured["speed_ratio"] == 1
