"""A pipeline to source components from."""

import pytest
from spacy.util import load_config_from_str, load_model_from_config

from ..configs import write_config


@pytest.fixture
def source(tmp_path):
    """A pipeline to source from: the tagger listens, ner embeds for itself."""
    config = load_config_from_str(write_config(["tagger"]))
    nlp = load_model_from_config(config)
    nlp.add_pipe("ner")
    for tag in ("NNP", "VBD", "DT", "NN", "RB", ","):
        nlp.get_pipe("tagger").add_label(tag)
    for label in ("PERSON", "COMPANY"):
        nlp.get_pipe("ner").add_label(label)
    nlp.initialize()
    nlp.to_disk(tmp_path / "source")
    return tmp_path / "source"
