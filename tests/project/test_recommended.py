"""Every copy of the recommended set-up says what `recommended.py` says."""

import inspect
import re

import pytest
import spacy
from spacy.cli.init_config import fill_config
from spacy.language import Language
from spacy.util import load_config, load_config_from_str

from benchmarks.pipelines import STABLE
from benchmarks.pipelines import add_diffusion as add_diffusion_to_benchmark
from spacy_stablediff import attach, know_words
from spacy_stablediff.component.attach import make_attach_callback
from spacy_stablediff.component.know import make_know_words_callback
from spacy_stablediff.edits.augmenter import Edits
from spacy_stablediff.recommended import (
    CLASSIFIER_STABILIZER,
    DIFFUSION,
    EDITS,
    OPTIMIZER,
    STABILIZER,
    WORDS,
)
from spacy_stablediff.setup.add import add_diffusion
from spacy_stablediff.setup.layers import describe_layer
from spacy_stablediff.words.layer import WordGraphTok2Vec
from study.config import make_config
from study.plan import Run, read_plan

from .pages import README, REFERENCE, ROOT, USAGE, find_blocks, read

CONFIGS = ROOT / "configs"
WORD_GRAPH = "spacy-stablediff.WordGraphTok2Vec.v1"
KNOW_WORDS = "spacy-stablediff.know_words.v1"


def agrees(block, recommended):
    """Whether a block has all recommended settings; it may have others besides."""
    if not isinstance(recommended, dict):
        return block == recommended
    return all(key in block and agrees(block[key], recommended[key]) for key in recommended)


def walk(block):
    """A block, and all blocks in it."""
    if isinstance(block, dict):
        yield block
        for value in block.values():
            yield from walk(value)


def find_diffusions(config):
    return [it for it in walk(config) if it.get("@architectures") == DIFFUSION["@architectures"]]


def get_defaults(function):
    parameters = inspect.signature(function).parameters.values()
    return {it.name: it.default for it in parameters}


# Python


def test_the_component_stabilizer():
    nlp = spacy.blank("en")
    nlp.add_pipe("stabilizer")
    assert agrees(nlp.get_pipe_config("stabilizer"), STABILIZER)
    assert agrees(Language.get_factory_meta("stabilizer").default_config, STABILIZER)


@pytest.mark.parametrize("function", [WordGraphTok2Vec, make_know_words_callback])
def test_known_words(function):
    assert agrees(get_defaults(function), WORDS)


def test_know_words():
    nlp = spacy.blank("en")
    nlp.add_pipe("tok2vec")
    know_words(nlp)
    assert agrees(nlp.get_pipe_config("tok2vec")["model"], WORDS)


def test_edits():
    assert agrees(get_defaults(Edits), {key: EDITS[key] for key in ("typo", "swap", "drop")})
    assert STABILIZER["augmenter"] == EDITS


def test_attach():
    assert get_defaults(attach)["diffusion"] == DIFFUSION
    nlp = spacy.blank("en")
    nlp.add_pipe("ner")
    make_attach_callback(["ner"])(nlp)
    assert find_diffusions(nlp.get_pipe_config("ner")) == [DIFFUSION]


def test_stablediff_add():
    assert describe_layer(None, None)[0] == DIFFUSION


# Configs


def test_the_bundled_config():
    config = load_config(CONFIGS / "textcat_ner.cfg")
    components = config["components"]
    assert components["stablediff"]["model"] == DIFFUSION
    assert agrees(components["stabilizer"], STABILIZER)
    assert agrees(components["tok2vec"]["model"], {"@architectures": WORD_GRAPH, **WORDS})
    assert agrees(config["training"]["optimizer"], OPTIMIZER)


@pytest.mark.parametrize("name", ["own_tok2vec", "transformer"])
def test_configs_for_other_embeddings(name):
    components = load_config(CONFIGS / f"{name}.cfg")["components"]
    blocks = [components[pipe]["model"]["tok2vec"]["diffusion"] for pipe in ("textcat", "ner")]
    assert blocks == [DIFFUSION, DIFFUSION]


def test_the_bundled_config_is_what_stablediff_add_makes_of_the_baseline(tmp_path):
    path = CONFIGS / "baseline.cfg"
    base, filled = tmp_path / "base.cfg", tmp_path / "filled.cfg"
    addition = add_diffusion(path.read_text(encoding="utf8"), path=path)
    base.write_text(f"{addition.text}\n", encoding="utf8")
    fill_config(filled, base, silent=True)
    assert filled.read_bytes() == (CONFIGS / "textcat_ner.cfg").read_bytes()


# The study, and the benchmarks


def test_the_main_variant_of_the_comparison_with_rivals(tmp_path):
    """It is trained by the config that `stablediff add` makes of what it is compared with."""
    plan = read_plan(ROOT / "study" / "rivals.yml")
    baseline, best = (
        make_config(plan, Run("tweets", "scratch", variant, 0))
        for variant in (plan["main"][0], plan["main"][-1])
    )
    path = tmp_path / "base.cfg"
    baseline.to_disk(path)
    added = add_diffusion(path.read_text(encoding="utf8"), path=path)
    expected = load_config_from_str(added.text).interpolate()
    expected["components"]["stablediff"].pop("upstream")
    assert best.interpolate() == expected
    assert best["components"]["stabilizer"]["supervision"] == 1.0
    assert plan["training_edits"] == EDITS


def test_what_the_comparison_has_instead_for_text_classifiers_on_a_trained_embedding(tmp_path):
    nlp = spacy.blank("en")
    nlp.add_pipe("tok2vec")
    nlp.initialize()
    nlp.to_disk(tmp_path / "trained")
    plan = read_plan(ROOT / "study" / "rivals.yml")
    plan["pretrained"] = str(tmp_path / "trained")
    instead = plan["instead"]["pretrained"]["textcat"]
    baseline, made = (
        make_config(plan, Run("tweets", "pretrained", variant, 0))
        for variant in (plan["main"][0], instead)
    )
    path = tmp_path / "base.cfg"
    baseline.to_disk(path)
    added = add_diffusion(path.read_text(encoding="utf8"), path=path)
    assert made.interpolate() == load_config_from_str(added.text).interpolate()


def test_the_losses_that_the_benchmarks_time():
    """Their weights are their own: they cost the same whatever they are."""
    config = load_config(CONFIGS / "baseline.cfg")
    add_diffusion_to_benchmark(config, STABLE)
    settings = {key: STABILIZER[key] for key in ("contrast", "augmenter")}
    assert agrees(config["components"]["stabilizer"], settings)


# The documentation


def read_configs(folder):
    for number, block in enumerate(
        it for page in (README, USAGE, REFERENCE) for it in find_blocks(page, "ini")
    ):
        path = folder / f"{number}.cfg"
        path.write_text(block.text, encoding="utf8")
        yield load_config(path)


def test_configs_that_the_documentation_shows(tmp_path):
    diffusions, stabilizers, words = [], [], []
    for config in read_configs(tmp_path):
        diffusions += find_diffusions(config)
        settings = (
            CLASSIFIER_STABILIZER if "textcat" in config.get("components", {}) else STABILIZER
        )
        found = [it for it in walk(config) if it.get("factory") == "stabilizer"]
        stabilizers += [agrees(block, settings) for block in found]
        words += [it for it in walk(config) if it.get("@architectures") == WORD_GRAPH]
    assert len(diffusions) >= 2 and all(block == DIFFUSION for block in diffusions)
    assert len(stabilizers) >= 2 and all(stabilizers)
    assert words and all(agrees(block, WORDS) for block in words)


@pytest.mark.parametrize(
    ("heading", "settings"),
    [
        (
            "## Component `stabilizer`",
            {key: STABILIZER[key] for key in ("weight", "contrast", "consistency", "share")},
        ),
        (f"### `{WORD_GRAPH}`", WORDS),
    ],
)
def test_defaults_that_the_reference_names(heading, settings):
    section = read(REFERENCE).split(f"{heading}\n")[1].split("\n## ")[0].split("\n### ")[0]
    rows = dict(re.findall(r"^\| `(\w+)` \|[^|]*\| `([^`|]*)` \|", section, flags=re.M))
    assert {key: float(rows[key]) for key in settings} == settings


def test_signatures_that_the_reference_names():
    words = ", ".join(f"{key}=None" for key in WORDS)
    rates = ", ".join(f"`{key} = {EDITS[key]}`" for key in ("typo", "swap", "drop"))
    assert f'know_words(nlp, name="tok2vec", {words}, keep=None, pairs=None, ' in read(REFERENCE)
    assert ", ".join(f"`{key} = {value}`" for key, value in WORDS.items()) in read(REFERENCE)
    assert rates in read(REFERENCE)
