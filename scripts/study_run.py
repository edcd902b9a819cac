"""Train one pipeline of the study, measure it, and append the result to a file."""

import fcntl
import os
import platform
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Annotated, Any

import spacy
import srsly
import typer
from spacy.cli.train import train
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import registry
from thinc.api import Config

from spacy_stablediff import measure_stability
from spacy_stablediff.known_words import find_layers
from spacy_stablediff.stability.edits import Augmenter

BASE = Path("configs/textcat_ner.cfg")
PASSES = 5
PARTS = ("dev", "test")
PACKAGES = ("spacy", "thinc", "numpy", "scipy", "augmenty")


@registry.augmenters("study.keep.v1")
def make_keep(augmenter: Augmenter) -> Augmenter:
    """Create an augmenter that yields each text as it is, then what another makes of it."""

    def keep(nlp: Language, example: Example) -> Iterator[Example]:
        yield example
        yield from augmenter(nlp, example)

    return keep


def main(
    plan_path: Annotated[Path, typer.Argument(help="The plan of the study", exists=True)],
    key: Annotated[str, typer.Argument(help="The run: data/embedding/variant/seed")],
    folder: Annotated[Path, typer.Argument(help="Where to train")],
    results: Annotated[Path, typer.Argument(help="The .jsonl file to append the result to")],
) -> None:
    """Train and measure one pipeline."""
    plan = srsly.read_yaml(plan_path)
    data, embedding, variant, seed = key.split("/")
    config = make_config(plan, data, embedding, plan["variants"][variant], int(seed))
    folder.mkdir(parents=True, exist_ok=True)
    config.to_disk(folder / "config.cfg")
    start = time.process_time()
    train(folder / "config.cfg", folder)
    seconds = time.process_time() - start
    nlp = spacy.load(folder / "model-best")
    result = {
        "data": data,
        "embedding": embedding,
        "variant": variant,
        "seed": int(seed),
        "training_seconds": seconds,
        "versions": {name: version(name) for name in PACKAGES},
        "machine": describe_machine(),
    }
    for part in PARTS:
        examples = read_examples(nlp, Path("corpus") / data / f"{part}.spacy")
        result.update(measure_speed(nlp, examples))
        edits = {name: resolve(edit) for name, edit in plan["test_edits"].items()}
        stability = measure_stability(nlp, examples, edits)
        result[part] = summarise(stability.to_dict(), plan["data"][data]["score"])
    append(results, result)


def make_config(
    plan: dict[str, Any], data: str, embedding: str, variant: dict[str, Any], seed: int
) -> Config:
    """Change the bundled config to what a run of the plan needs.

    plan (Dict[str, Any]): The plan.
    data (str): The name of the data set.
    embedding (str): "scratch", or "pretrained" to start from the plan's pipeline.
    variant (Dict[str, Any]): What is special about the run.
    seed (int): The seed.
    RETURNS (Config): The training config.
    """
    config = Config().from_disk(BASE, interpolate=False)
    pipe, components = plan["data"][data]["pipe"], config["components"]
    diffusion = variant.get("diffusion")
    pipeline = ["tok2vec", "stablediff", pipe] if diffusion else ["tok2vec", pipe]
    config["nlp"]["pipeline"] = pipeline
    config["components"] = {name: components[name] for name in pipeline}
    config["components"][pipe]["model"]["tok2vec"]["width"] = 96
    if diffusion:
        component = config["components"]["stablediff"]
        component["model"] = diffusion
        component["stability"] = {
            "weight": variant.get("weight", 0.0),
            "consistency": variant.get("consistency", 0.0) if pipe == "textcat" else 0.0,
            "augmenter": plan["training_edits"],
        }
    tok2vec = config["components"]["tok2vec"]
    counts = {"min_count": variant.get("known_words"), "typo_count": variant.get("typo_count")}
    if "known_words" in variant:
        tok2vec["model"].update(counts)
    else:
        tok2vec["model"] = tok2vec["model"]["tok2vec"]
    if embedding == "pretrained":
        name = plan["pretrained"]
        config["components"]["tok2vec"] = {"source": name}
        if "known_words" in variant:
            config["nlp"]["after_pipeline_creation"] = {
                "@callbacks": "spacy-stablediff.know_words.v1",
                "pipes": ["tok2vec"],
                **counts,
            }
        config["initialize"]["before_init"] = {
            "@callbacks": "spacy.copy_from_base_model.v1",
            "tokenizer": name,
            "vocab": name,
        }
    for part in ("train", "dev"):
        config["corpora"][part]["path"] = f"corpus/{data}/{part}.spacy"
    config["corpora"]["train"]["augmenter"] = variant.get("augmenter")
    training = config["training"]
    training.update(max_steps=plan["data"][data]["steps"], eval_frequency=plan["eval_frequency"])
    training["batcher"]["size"] = variant.get("batch_words", training["batcher"]["size"])
    training["score_weights"] = {plan["data"][data]["score"]: 1.0}
    config["system"]["seed"] = seed
    return config


def read_examples(nlp: Language, path: Path) -> list[Example]:
    """Read a corpus as examples whose predicted documents hold only the text."""
    return list(spacy.training.Corpus(path)(nlp))


def measure_speed(nlp: Language, examples: Iterable[Example]) -> dict[str, float]:
    """Words per second of CPU time, and their ratio to those of the bare pipeline.

    The ratio is the median of a few passes over the texts, in each of which both take
    their turn; 1 for a pipeline that has no diffusion.
    """
    docs = [eg.predicted for eg in examples]
    words = sum(map(len, docs))
    plugged = "stablediff" in nlp.pipe_names
    speeds, ratios = [], []
    for _ in range(PASSES):
        speeds.append(words / time_pass(nlp, docs))
        if plugged:
            with make_bare(nlp):
                ratios.append(speeds[-1] * time_pass(nlp, docs) / words)
    return {"words_per_second": median(speeds), "speed_ratio": median(ratios or [1.0])}


@contextmanager
def make_bare(nlp: Language) -> Iterator[None]:
    """Do without what the plugin adds to a pipeline: diffusion, and knowing words."""
    layers = list(find_layers(nlp.get_pipe("tok2vec")))
    known = [layer.attrs["known"] for layer in layers]
    with nlp.select_pipes(disable="stablediff"):
        for layer in layers:
            layer.attrs["known"] = None
        yield
    for layer, words in zip(layers, known, strict=True):
        layer.attrs["known"] = words


def time_pass(nlp: Language, docs: list[Doc]) -> float:
    """Seconds of CPU time that it takes to run documents through a pipeline."""
    copies = [doc.copy() for doc in docs]
    start = time.process_time()
    for _ in nlp.pipe(copies):
        pass
    return time.process_time() - start


def describe_machine() -> str:
    """The processor, as far as the system tells."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf8").splitlines() if info.exists() else []
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    name = names[0] if names else platform.processor()
    return f"{name}, {os.cpu_count()} cores, one thread a run, Python {platform.python_version()}"


def resolve(settings: dict[str, Any]) -> Any:
    """Create an augmenter from its settings."""
    if not settings["@augmenters"].startswith("spacy"):
        import augmenty  # noqa: F401
    return registry.resolve({"augmenter": settings})["augmenter"]


def summarise(stability: dict[str, Any], score: str) -> dict[str, Any]:
    """Keep what the study reports of a measurement."""
    figures = {"clean": {"score": stability["clean"]["scores"][score]}}
    for name, edit in stability["edits"].items():
        figures[name] = {
            "score": edit["scores"][score],
            "displacement": edit["displacement"]["mean"],
            "p95": edit["displacement"]["p95"],
            "identity": edit["identity"],
            "cats_flips": edit["cats_flips"],
            "ents_agreement": edit["ents_agreement"],
        }
    return figures


def append(path: Path, result: dict[str, Any]) -> None:
    """Append a result, while no other process does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(srsly.json_dumps(result) + "\n")


if __name__ == "__main__":
    typer.run(main)
