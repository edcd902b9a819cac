"""The bundled configs, and a training run on the bundled corpus by spaCy's own command."""

import importlib
from pathlib import Path

import pytest
import spacy
from spacy.cli.debug_config import debug_config
from spacy.cli.init_config import fill_config
from spacy.cli.train import train
from spacy.training import Corpus

from spacy_stablediff.recommended import OPTIMIZER

ROOT = Path(__file__).parents[2]
CONFIGS = sorted((ROOT / "configs").glob("*.cfg"))
NEEDS = {"transformer": pytest.mark.real("spacy_transformers")}

every_config = pytest.mark.parametrize(
    "config",
    [pytest.param(path, id=path.stem, marks=NEEDS.get(path.stem, ())) for path in CONFIGS],
)


@pytest.fixture(scope="module")
def reviews(tmp_path_factory):
    """The bundled reviews as train.spacy, dev.spacy and test.spacy."""
    folder = tmp_path_factory.mktemp("corpus")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "scripts")
        convert_reviews = importlib.import_module("convert_reviews")
        convert_reviews.main(ROOT / "assets" / "reviews.jsonl", folder)
    return folder


def overrides(reviews, **settings):
    paths = {"paths.train": str(reviews / "train.spacy"), "paths.dev": str(reviews / "dev.spacy")}
    return {**paths, **settings}


def test_four_configs_are_bundled():
    bundled = {"textcat_ner", "baseline", "own_tok2vec", "transformer"}
    assert {path.stem for path in CONFIGS} == bundled


@every_config
def test_config_passes_debug_config(config, reviews):
    debug_config(config, overrides=overrides(reviews))


@every_config
def test_config_is_complete(config, tmp_path):
    fill_config(tmp_path / "filled.cfg", config)
    assert (tmp_path / "filled.cfg").read_text() == config.read_text()


def test_baseline_differs_by_two_components_known_words_and_averages_alone():
    with_diffusion, without = (
        spacy.util.load_config(ROOT / "configs" / name, interpolate=True)
        for name in ("textcat_ner.cfg", "baseline.cfg")
    )
    for name in ("stablediff", "stabilizer"):
        with_diffusion["nlp"]["pipeline"].remove(name)
        del with_diffusion["components"][name]
    tok2vec = with_diffusion["components"]["tok2vec"]
    tok2vec["model"] = tok2vec["model"]["tok2vec"]
    assert not without["training"]["optimizer"]["use_averages"]
    without["training"]["optimizer"].update(OPTIMIZER)
    assert with_diffusion == without


@pytest.mark.parametrize("config", ["textcat_ner", "own_tok2vec"])
def test_training_on_the_bundled_corpus_beats_chance_by_far(config, reviews, tmp_path):
    settings = overrides(reviews, **{"training.max_steps": 150, "training.eval_frequency": 50})
    train(ROOT / "configs" / f"{config}.cfg", tmp_path, overrides=settings)
    nlp = spacy.load(tmp_path / "model-best")
    scores = nlp.evaluate(list(Corpus(reviews / "test.spacy")(nlp)))
    assert scores["cats_macro_f"] > 0.45  # chance is 0.33
    assert scores["ents_f"] > 0.3  # chance is near 0
