"""The measurements of what `spacy pretrain` brings."""

import pytest
from spacy.language import DEFAULT_CONFIG_PRETRAIN_PATH
from spacy.util import load_config

pytest.importorskip("augmenty")

from study.config import make_config
from study.plan import Run
from study.pretraining import add_raw_texts, pretrain_once


def test_the_embedding_is_pretrained_as_spacy_does_it(pretraining):
    config = make_config(pretraining, Run("tweets", "raw", "stablediff", 0))
    defaults = load_config(DEFAULT_CONFIG_PRETRAIN_PATH)["pretraining"]
    settings = add_raw_texts(config, pretraining, count_words=True)["pretraining"]
    assert settings.pop("objective")["objective"] == defaults.pop("objective")
    changed = {name for name, value in settings.items() if value != defaults[name]}
    assert changed == {"max_epochs", "n_save_epoch"}


def test_weights_are_pretrained_once(pretraining, tmp_path):
    (tmp_path / "raw.jsonl").write_text('{"text": "Two parcels arrived, and nobody asked"}')
    plan = {**pretraining, "raw": {"texts": str(tmp_path / "raw.jsonl"), "epochs": 1}}
    config = add_raw_texts(
        make_config(plan, Run("tweets", "raw", "stablediff", 0)), plan, count_words=True
    )
    (tmp_path / "weights.begun").mkdir()
    effort = pretrain_once(config, tmp_path / "weights")
    assert effort["words"] == 7 and (tmp_path / "weights" / "model-last.bin").exists()
    assert pretrain_once(config, tmp_path / "weights") == effort
