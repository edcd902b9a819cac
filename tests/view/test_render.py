"""What `spacy_stablediff.render` shows: the kernel of Y = K X for one document."""

import re
import subprocess
import sys

import numpy
import pytest
import spacy
from numpy.testing import assert_allclose
from spacy.tokens import Doc

import spacy_stablediff
from spacy_stablediff import explain_words, recommended, render
from spacy_stablediff.layers.cased_tok2vec import cased_config, find_cased
from spacy_stablediff.view import render as render_module
from spacy_stablediff.view.kernel import compute_mixtures

from ..pipelines import (
    EMBEDDING,
    HEAT,
    IMPLICIT,
    add_ner,
    chain_pipeline,
    diffused_nodes,
    diffused_tok2vec,
    set_vectors,
    train,
)
from ..words.test_layer import OFTEN, trained_on

TEXT = "Brightmoor sent the wrong Lumo X2 to Porto, says Anselmo."
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(scope="module", params=[HEAT, IMPLICIT], ids=["heat", "implicit"])
def nlp(request):
    return trained_pipeline(request.param)


@pytest.fixture(scope="module")
def implicit_nlp():
    return trained_pipeline(IMPLICIT)


def trained_pipeline(diffusion):
    """A pipeline whose diffusion has parameters as training might leave them."""
    nlp = chain_pipeline(["textcat"], diffusion)
    train(nlp, steps=0)
    layer = nlp.get_pipe("stablediff").model
    rng = numpy.random.default_rng(0)
    for name in layer.param_names:
        shape = layer.get_param(name).shape
        layer.set_param(name, rng.normal(size=shape).astype("float32"))
    return nlp


# The kernel is that of the layer itself, for the document's own vectors.


def mix(doc, nlp, **kwargs):
    """The one mixture of a layer that has one scale."""
    _, (mixture,) = compute_mixtures(doc, nlp, **kwargs)
    return mixture


def test_kernel_times_vectors_gives_what_the_pipeline_computes(nlp):
    doc = nlp(TEXT)
    plain = nlp(TEXT, disable=["stablediff"]).tensor
    for channel in range(plain.shape[1]):
        mixture = mix(doc, nlp, channel=channel)
        assert_allclose(mixture.weights @ plain[:, channel], doc.tensor[:, channel], atol=1e-5)


def test_a_processed_document_gives_the_same_as_a_fresh_one_and_stays_as_it_is(nlp):
    doc = nlp(TEXT)
    before = doc.tensor.copy()
    processed = mix(doc, nlp)
    fresh = mix(nlp.make_doc(TEXT), nlp)
    assert_allclose(processed.weights, fresh.weights)
    assert_allclose(doc.tensor, before)


def test_confidence_only_where_it_is_learned(implicit_nlp):
    doc = implicit_nlp.make_doc(TEXT)
    confidence = mix(doc, implicit_nlp).confidence
    assert confidence.shape == (len(doc),) and (confidence > 0).all()
    fixed = trained_pipeline({**IMPLICIT, "learn_confidence": False})
    assert mix(doc, fixed).confidence is None


def test_component_that_embeds_for_itself():
    nlp = spacy.blank("en")
    add_ner(nlp, diffused_tok2vec(IMPLICIT))
    train(nlp, steps=1)
    name, (mixture,) = compute_mixtures(nlp.make_doc(TEXT), nlp)
    (embedding,) = diffused_nodes(nlp, "ner")
    plain = embedding.get_ref("tok2vec").predict([nlp.make_doc(TEXT)])[0]
    assert name == "ner"
    assert_allclose(mixture.weights @ plain, embedding.predict([nlp.make_doc(TEXT)])[0], atol=1e-5)


@pytest.mark.parametrize("text", ["Brightmoor sent it", "brightmoor sent it", "BRIGHTMOOR SENT IT"])
def test_a_text_in_a_single_case_is_mixed_by_the_diffusion_that_it_goes_through(text):
    nlp = spacy.blank("en")
    add_ner(nlp, cased_config(diffused_tok2vec(IMPLICIT)))
    train(nlp, steps=0)
    mixed, single = (node.get_ref("diffusion") for node in diffused_nodes(nlp, "ner"))
    single.set_param("time", mixed.get_param("time") + 3)
    (cased,) = find_cased(nlp.get_pipe("ner"))
    branch = cased.layers[text != "Brightmoor sent it"]
    doc = nlp.make_doc(text.lower() if text.isupper() else text)
    plain, expected = branch.get_ref("tok2vec").predict([doc])[0], branch.predict([doc])[0]
    assert_allclose(mix(nlp.make_doc(text), nlp).weights @ plain, expected, atol=1e-5)


def test_an_embedding_with_static_vectors_mixes_no_tokens_too():
    nlp = spacy.blank("en")
    set_vectors(nlp)
    embedding = {**EMBEDDING, "pretrained_vectors": True}
    add_ner(nlp, diffused_tok2vec(IMPLICIT, embedding))
    train(nlp, steps=0)
    assert mix(nlp.make_doc(""), nlp).weights.shape == (0, 0)


def test_works_before_initialize_too():
    nlp = spacy.blank("en")
    nlp.add_pipe("tok2vec").model.initialize()
    nlp.add_pipe("stablediff")
    assert_allclose(mix(nlp.make_doc(TEXT), nlp).weights.sum(axis=1), 1)


# The drawing.


def shares_of_cells(html):
    """(token, share, source) of each cell of the heat map, as its tooltip says."""
    return re.findall(r"<title>(\S+): (\S+)% from (\S+)</title>", html)


def test_figures_in_the_heat_map_are_those_of_the_kernel(implicit_nlp):
    html = spacy_stablediff.render(TEXT, implicit_nlp)
    tokens = [token.text for token in implicit_nlp.make_doc(TEXT)]
    weights = mix(implicit_nlp.make_doc(TEXT), implicit_nlp).weights
    visible = numpy.argwhere(weights >= 0.005)
    expected = [(tokens[i], f"{100 * weights[i, j]:.0f}", tokens[j]) for i, j in visible]
    assert shares_of_cells(html) == expected
    for confidence in mix(implicit_nlp.make_doc(TEXT), implicit_nlp).confidence:
        assert f">{confidence:.2f}<" in html


@pytest.mark.parametrize("style", ["kernel", "band"])
def test_a_layer_of_several_scales_gets_a_picture_for_each(style):
    nlp = trained_pipeline(recommended.DIFFUSION)
    doc = nlp.make_doc(TEXT)
    html = spacy_stablediff.render(doc, nlp, style=style)
    _, mixtures = compute_mixtures(doc, nlp)
    times = recommended.DIFFUSION["times"]
    assert len(mixtures) == len(times) == len(re.findall(r"scale \d of 3", html))
    for mixture in mixtures:
        assert_allclose(mixture.weights.sum(axis=1), 1)
        assert html.count(mixture.method) == 1


def test_band_shows_each_token_between_its_neighbours(implicit_nlp):
    html = spacy_stablediff.render(TEXT, implicit_nlp, style="band", options={"radius": 1})
    rows = re.findall(r"<tr><th scope=\"row\">(.*?)</th>(.*?)</tr>", html)
    tokens = [token.text for token in implicit_nlp.make_doc(TEXT)]
    around = [re.findall(r"[\d.]\)\">(.*?)<small>", cells) for _, cells in rows]
    assert [token for token, _ in rows] == tokens
    assert around[0] == tokens[:2] and around[3] == tokens[2:5] and around[-1] == tokens[-2:]


@pytest.mark.parametrize("style", ["kernel", "band"])
def test_tokens_are_escaped(implicit_nlp, style):
    doc = Doc(implicit_nlp.vocab, words=[HOSTILE, '"', "&", "a\nb", "\x00"])
    html = spacy_stablediff.render(doc, implicit_nlp, style=style, page=True)
    assert "<script" not in html
    assert "&lt;script&gt;" in html and "&amp;" in html and "a↵b" in html and "\x00" not in html


@pytest.mark.parametrize("style", ["kernel", "band"])
@pytest.mark.parametrize("text", ["", "x", "   ", "这个产品很好 😀 שלום"])
def test_any_document_can_be_drawn(nlp, style, text):
    html = spacy_stablediff.render(text, nlp, style=style)
    assert html.startswith("<figure") and html.endswith("</figure>")
    assert ("has no tokens" in html) is (text == "")


def test_page_and_minify(implicit_nlp):
    page = spacy_stablediff.render(TEXT, implicit_nlp, page=True)
    assert page.startswith("<!DOCTYPE html>") and page.endswith("</html>")
    assert "prefers-color-scheme: dark" in page and "://" not in page
    minified = spacy_stablediff.render(TEXT, implicit_nlp, page=True, minify=True)
    assert "\n" not in minified and shares_of_cells(minified) == shares_of_cells(page)


def test_displays_in_a_notebook_and_returns_elsewhere(implicit_nlp, monkeypatch):
    displayed = []
    monkeypatch.setattr(render_module, "_display", displayed.append)
    assert spacy_stablediff.render(TEXT, implicit_nlp, jupyter=True) is None
    assert displayed == [spacy_stablediff.render(TEXT, implicit_nlp, jupyter=False)]


# What can't be shown is refused, with the way out.


def code(number):
    return pytest.raises(ValueError, match=rf"\[{number}\]")


def test_refused(implicit_nlp):
    render = spacy_stablediff.render
    with code("SD150"):
        render(TEXT, spacy.blank("en"))
    with code("SD151"):
        render(TEXT, implicit_nlp, component="textcat")
    for channel in (-1, 99, 0.5, True):
        for nlp in (trained_pipeline(HEAT), implicit_nlp):
            with code("SD153"):
                render(TEXT, nlp, options={"channel": channel})
    with code("SD154"):
        render(TEXT, implicit_nlp, style="dep")
    with code("SD156"):
        render(TEXT, implicit_nlp, options={"radius": 3})
    with code("SD157"):
        render(TEXT, implicit_nlp, style="band", options={"radius": 0})


def test_layer_of_another_kind_is_refused(implicit_nlp, monkeypatch):
    monkeypatch.delitem(implicit_nlp.get_pipe("stablediff").model.attrs, "mix")
    with code("SD152"):
        spacy_stablediff.render(TEXT, implicit_nlp)


def test_long_documents_are_refused_unless_allowed(implicit_nlp):
    doc = implicit_nlp.make_doc("so " * 90)
    with pytest.raises(ValueError, match=r"\[SD155\].*90 tokens.*doc\[:80\]\.as_doc\(\)"):
        spacy_stablediff.render(doc, implicit_nlp)
    assert spacy_stablediff.render(doc[:80].as_doc(), implicit_nlp)
    assert spacy_stablediff.render(doc, implicit_nlp, style="band")
    assert spacy_stablediff.render(doc, implicit_nlp, options={"max_tokens": 90})


def test_missing_vectors_are_the_components_error(implicit_nlp):
    with implicit_nlp.select_pipes(disable=["tok2vec"]), code("SD005"):
        spacy_stablediff.render(implicit_nlp(TEXT, disable=["stablediff"]), implicit_nlp)


def test_importing_the_package_loads_nothing_that_only_drawing_needs():
    code = "import sys, spacy_stablediff; print('jinja2' in sys.modules, 'spacy' in sys.modules)"
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert output.stdout.split() == ["False", "False"]
    with pytest.raises(AttributeError):
        spacy_stablediff.nothing  # noqa: B018


# Words that are diffused over the graph of words.


@pytest.fixture(scope="module")
def word_graph_nlp():
    return trained_on(OFTEN)


def test_draws_the_words_that_are_diffused(word_graph_nlp):
    text = "I am hapyp, says Anselmo"
    html = render(text, word_graph_nlp, style="words")
    (word,) = explain_words(word_graph_nlp, text)
    assert html.count('<th scope="row">') == 1
    for form, share in word.sources:
        assert f"{form}<small>{share:.0%}</small>" in html
    assert "<title>Words that are diffused</title>" in render(
        text, word_graph_nlp, style="words", page=True
    )


def test_says_that_no_word_is_diffused(word_graph_nlp):
    assert "All words are embedded as they are." in render("Ok 7", word_graph_nlp, style="words")


def test_words_of_a_document_are_escaped(word_graph_nlp):
    doc = Doc(word_graph_nlp.vocab, words=[HOSTILE.upper(), "hapyp", HOSTILE])
    assert HOSTILE not in render(doc, word_graph_nlp, style="words")


def test_refuses_to_draw_words_without_a_graph(nlp):
    with pytest.raises(ValueError, match=r"\[SD070\]"):
        render(TEXT, nlp, style="words")
