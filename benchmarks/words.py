"""What the graph of words costs: looking up misspelt words, and words per second of a pipeline."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import spacy
from rapidfuzz.distance import OSA
from rapidfuzz.process import cdist
from spacy.language import Language
from spacy.training import Example
from thinc.api import fix_random_seed

from spacy_stablediff.edits.augmenter import Edits
from spacy_stablediff.edits.table import read_table
from spacy_stablediff.recommended import DIFFUSION, WORDS
from spacy_stablediff.words.layer import ARCHITECTURE, find_layers
from spacy_stablediff.words.neighbours import SpellingIndex, is_word

from .pipelines import CONFIGS, make_examples
from .text import Films
from .timing import Contestant, compare, measure_seconds

# How often a word is misspelt in the second of the texts.
MISSPELT = 0.2

TIMES = {"without": 0.0, "graph of words": WORDS["time"]}


def measure_search(table: Path, share: float) -> list[tuple[str, float, float]]:
    """Measure how long it takes to find the neighbours of misspelt words, by different means.

    table (Path): A table of misspellings: those are looked up among the words that are meant.
    share (float): What share of the misspellings the slower means look up; their times are
        scaled up to all.
    RETURNS (List[Tuple[str, float, float]]): Means, with seconds to index and to look up all.
    """
    misspellings = read_table(table, owner="benchmarks")
    known = [word for word in misspellings if is_word(word)]
    new = [wrong for each in misspellings.values() for wrong in each if is_word(wrong)]
    few = new[:: round(1 / share)]
    means = [
        ("index of left-out letters", _make_ours, new),
        ("symspellpy", _make_symspell, few),
        ("rapidfuzz, all pairs", _make_pairs, few),
    ]
    return [(name, *_measure_look_up(make, known, words, len(new))) for name, make, words in means]


def _measure_look_up(
    make: Callable[[list[str]], Callable], known: list[str], words: list[str], number: int
) -> tuple[float, float]:
    """Seconds to index words, and to look up so many, measured on some."""
    start = time.perf_counter()
    look_up = make(known)
    made = time.perf_counter() - start
    return made, measure_seconds(lambda: look_up(words)) * number / len(words)


def measure_prediction(films: Films, rounds: int) -> dict[str, list[dict[str, Any]]]:
    """Compare prediction with the graph of words and without, on clean and on misspelt text.

    films (Films): The text, on which the words are counted: on the first half of it.
    rounds (int): Rounds of each comparison.
    RETURNS (Dict[str, List[Dict[str, Any]]]): The comparisons, by text.
    """
    pipelines = {name: _make_pipeline(films, each) for name, each in TIMES.items()}
    typos = Edits(typo=MISSPELT, swap=0.0, drop=0.0)
    examples = [Example(films.nlp.make_doc(doc.text), doc) for doc in films.docs]
    texts = {
        "clean": [doc.text for doc in films.docs],
        "misspelt": [eg.predicted.text for each in examples for eg in typos(films.nlp, each)],
    }
    return {
        kind: compare(
            [Contestant(name, _make_pipe(nlp, each)) for name, nlp in pipelines.items()], rounds
        )
        for kind, each in texts.items()
    }


def _make_pipeline(films: Films, diffusion_time: float) -> Language:
    """A pipeline of random weights that has counted the words of half of the text."""
    config = spacy.util.load_config(CONFIGS / "baseline.cfg")
    model = config["components"]["tok2vec"]["model"]
    wrapped = {"@architectures": ARCHITECTURE, **WORDS, "time": diffusion_time, "tok2vec": model}
    config["components"]["tok2vec"]["model"] = wrapped
    for name in ("textcat", "ner"):
        config["components"][name]["model"]["tok2vec"]["width"] = model["width"]
    config["components"]["stablediff"] = {"factory": "stablediff", "model": DIFFUSION}
    config["nlp"]["pipeline"] = ["tok2vec", "stablediff", "textcat", "ner"]
    nlp = spacy.util.load_model_from_config(config, auto_fill=True)
    fix_random_seed(0)
    examples = make_examples(nlp, films)
    nlp.initialize(lambda: examples)
    nlp.update(examples[: len(examples) // 2], sgd=None)
    return nlp


def _make_pipe(nlp: Language, texts: list[str]) -> Callable[[], Any]:
    """Predict as if each word was met for the first time."""

    (layer,) = find_layers(nlp.get_pipe("tok2vec"))

    def run() -> None:
        layer.attrs["graph"].forget()
        list(nlp.pipe(texts))

    return run


def _make_ours(known: list[str]) -> Callable[[list[str]], Any]:
    return SpellingIndex(known).find


def _make_pairs(known: list[str]) -> Callable[[list[str]], Any]:
    return lambda words: cdist(words, known, scorer=OSA.distance, score_cutoff=2, dtype="uint8")


def _make_symspell(known: list[str]) -> Callable[[list[str]], Any]:
    from symspellpy import SymSpell, Verbosity

    index = SymSpell(max_dictionary_edit_distance=2)
    for word in known:
        index.create_dictionary_entry(word, 1)
    return lambda words: [index.lookup(word, Verbosity.ALL, 2) for word in words]
