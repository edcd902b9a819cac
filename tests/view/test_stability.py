"""A measurement in Python: it shows itself, and writes its page."""

import json

import pytest
import spacy

from spacy_stablediff import measure_stability
from spacy_stablediff.edits.augmenter import Edits
from spacy_stablediff.measure.defaults import default_edits

from ..pipelines import EMBEDDING, add_textcat, examples_for, train


@pytest.fixture(scope="module")
def report():
    """A pipeline that mends typos beside one that doesn't."""
    pipelines = []
    for time in (1e6, 0.0):
        nlp = spacy.blank("en")
        words = {"@architectures": "spacy-stablediff.WordGraphTok2Vec.v1", "min_count": 1}
        model = {**words, "time": time, "tok2vec": EMBEDDING}
        nlp.add_pipe("tok2vec", config={"model": model})
        add_textcat(nlp)
        train(nlp)
        pipelines.append(nlp)
    # Six short texts have hardly a typo at the default rate.
    edits = {**default_edits(), "many typos": Edits(typo=0.5, swap=0.0, drop=0.0)}
    mending, other = pipelines
    return measure_stability(mending, examples_for(mending), edits, baseline=other)


def test_writes_figures_and_page(report, tmp_path):
    report.to_disk(tmp_path / "new")
    figures = json.loads((tmp_path / "new" / "stability.json").read_text())
    assert figures.keys() >= {"edits", "baseline", "ratio"}
    assert (tmp_path / "new" / "stability.html").read_text(encoding="utf8") == report.to_html()


def test_page_says_what_the_result_says(report):
    html = report.to_html()
    assert report.verdict.replace("'", "&#39;") in html
    assert "Vectors read at: doc.tensor." in html and "Seed 0" in html
    assert "spacy-stablediff.edits.v1, typo 0.1, swap 0.0, drop 0.0" in html


def test_shows_which_words_were_read_as_others(report):
    assert report.mended and not report.baseline.mended
    for word, meant, count in report.mended:
        assert word != meant and count >= 1
        assert f"{word} → {meant}" in report.to_html()


def test_shows_itself_in_a_notebook_in_a_frame(report):
    html = report._repr_html_()
    assert html.startswith("<iframe srcdoc=") and "<h1>" not in html


def test_shows_flips_by_label_and_the_displacements_of_tokens(report):
    html = report.to_html()
    assert "Category flips by label" in html and '<th scope="row">POS</th>' in html
    assert "Tokens by displacement" in html
    histogram = report.edits["typo"].histogram
    assert sum(histogram.shares) == pytest.approx(1)
    assert histogram.edges[0] == 0
