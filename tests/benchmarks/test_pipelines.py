"""The configs of the pipelines that are timed."""

import spacy

from benchmarks.pipelines import CONFIGS, STABLE, add_diffusion


def test_diffusion_comes_after_the_embedding():
    config = spacy.util.load_config(CONFIGS / "baseline.cfg")
    add_diffusion(config, "heat")
    assert config["nlp"]["pipeline"] == ["tok2vec", "stablediff", "textcat", "ner"]
    model = config["components"]["stablediff"]["model"]
    assert model == {"@architectures": "spacy-stablediff.HeatDiffusion.v1"}


def test_stability_training_comes_after_diffusion():
    config = spacy.util.load_config(CONFIGS / "baseline.cfg")
    add_diffusion(config, STABLE)
    assert config["nlp"]["pipeline"] == ["tok2vec", "stablediff", "stabilizer", "textcat", "ner"]
    stabilizer = config["components"]["stabilizer"]
    assert (stabilizer["weight"], stabilizer["consistency"]) == (3.0, 0.0)
