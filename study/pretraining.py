"""Measuring what `spacy pretrain` brings: training from pretrained weights and from random ones."""

import shutil
import time
from pathlib import Path

import spacy
import srsly
from spacy.language import DEFAULT_CONFIG_PRETRAIN_PATH
from spacy.training.pretrain import pretrain
from spacy.util import load_config
from thinc.api import Config

from reporting.machine import describe_machine
from spacy_stablediff.words.pretraining import ARCHITECTURE

from .config import make_config
from .plan import Plan, Run
from .results import Line
from .run import MACHINE, measure_part, train_config

# What a pipeline starts from: pretrained weights, with words that were counted or without.
RAW, UNCOUNTED = "raw", "uncounted"
WEIGHTS, EFFORT = "model-last.bin", "effort.json"


def compare_start(plan: Plan, run: Run, folder: Path) -> Line:
    """Train the pipeline of a run, from pretrained weights if it is to, and measure it.

    plan (Plan): The plan, with what "raw" texts there are and for how many epochs.
    run (Run): One of its runs.
    folder (Path): Where all of its runs are trained.
    RETURNS (Line): The figures of the test part.
    """
    config, effort = make_config(plan, run), None
    if run.embedding in (RAW, UNCOUNTED):
        weights = folder / "weights" / run.embedding / run.variant / str(run.seed)
        config = add_raw_texts(config, plan, count_words=run.embedding == RAW)
        effort = pretrain_once(config, weights)
        config["initialize"]["init_tok2vec"] = str(weights / WEIGHTS)
    seconds = train_config(config, folder / run.key)
    nlp = spacy.load(folder / run.key / "model-best")
    return {
        **run._asdict(),
        "pretraining": effort,
        "training_seconds": seconds,
        "test": measure_part(nlp, plan, run.data, "test"),
        "machine": MACHINE.format(**describe_machine()),
    }


def add_raw_texts(config: Config, plan: Plan, *, count_words: bool) -> Config:
    """Return a config with the pretraining of its shared embedding, spaCy's as it is.

    config (Config): The config.
    plan (Plan): The plan.
    count_words (bool): Whether pretraining counts words.
    RETURNS (Config): A new config.
    """
    config = load_config(DEFAULT_CONFIG_PRETRAIN_PATH).merge(config)
    pretraining, raw = config["pretraining"], plan["raw"]
    pretraining["objective"] = {
        "@architectures": ARCHITECTURE,
        "count_words": count_words,
        "objective": pretraining["objective"],
    }
    pretraining.update(max_epochs=raw["epochs"], n_save_epoch=raw["epochs"])
    config["paths"]["raw_text"] = raw["texts"]
    return config


def pretrain_once(config: Config, folder: Path) -> Line:
    """Pretrain the embedding of a config, unless that was done.

    config (Config): The config.
    folder (Path): Where the weights are.
    RETURNS (Line): The seconds of CPU time that it took, and how many words it read.
    """
    if not folder.exists():
        begun = folder.with_name(f"{folder.name}.begun")
        shutil.rmtree(begun, ignore_errors=True)
        begun.mkdir(parents=True)
        start = time.process_time()
        pretrain(config.interpolate(), begun, silent=False)
        words = max(line["nr_word"] for line in srsly.read_jsonl(begun / "log.jsonl"))
        srsly.write_json(
            begun / EFFORT, {"seconds": time.process_time() - start, "words": int(words)}
        )
        begun.rename(folder)
    effort: Line = srsly.read_json(folder / EFFORT)
    return effort
