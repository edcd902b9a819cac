"""How fast a pipeline is, beside the same pipeline without what the plugin adds."""

import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import spacy
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Corpus

from spacy_stablediff.wiring.nodes import replace_node, walk_nodes
from spacy_stablediff.words.lazy import GRAPH, find_holders

ROUNDS = 5

# The layers that know words.
KNOWING = ("known_words", "word_graph", "word_graph_bow")


def load_bare(path: Path) -> Language:
    """Load a pipeline without what the plugin adds: its components, and knowing words."""
    nlp = spacy.load(path, exclude=["stablediff", "stabilizer"])
    for _, component in nlp.pipeline:
        for node in [node for node in walk_nodes(component) if node.name in KNOWING]:
            replace_node(component, node, node.layers[0])
    return nlp


def measure_speed(nlp: Language, bare: Language | None, corpus: Path) -> dict[str, float]:
    """Measure words per second of CPU time, and their ratio to those of the bare pipeline.

    nlp (Language): The pipeline.
    bare (Optional[Language]): The bare one, or None if the pipeline is that itself.
    corpus (Path): The .spacy file with the texts.
    RETURNS (Dict[str, float]): Both, where each new word is met for the first time, and the ratio
        where all were met before, and what they are made of is remembered: medians of a few
        rounds, in which both pipelines take their turn. Ratios are 1 without a bare pipeline.
    """
    docs = read_docs(nlp, corpus)
    bare_docs = read_docs(bare, corpus) if bare else []
    words, rounds = sum(map(len, docs)), []
    for _ in range(ROUNDS):
        forget_words(nlp)
        first = time_pass(nlp, docs)
        rest = (time_pass(nlp, docs), time_pass(bare, bare_docs)) if bare else (first, first)
        rounds.append((first, *rest))
    return {
        "words_per_second": median(words / first for first, _, _ in rounds),
        "speed_ratio": median(other / first for first, _, other in rounds),
        "speed_ratio_again": median(other / again for _, again, other in rounds),
    }


def forget_words(nlp: Language) -> None:
    """Let a pipeline forget the words that it met."""
    for _, component in nlp.pipeline:
        for layer in find_holders(component):
            layer.attrs[GRAPH].forget()


def read_docs(nlp: Language, corpus: Path) -> list[Doc]:
    """Read the documents of a corpus, without its annotation."""
    return [example.predicted for example in Corpus(corpus)(nlp)]


def time_pass(nlp: Language, docs: Sequence[Doc]) -> float:
    """Return the seconds of CPU time that it takes to run documents through a pipeline."""
    copies = [doc.copy() for doc in docs]
    start = time.process_time()
    for _ in nlp.pipe(copies):
        pass
    return time.process_time() - start
