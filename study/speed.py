"""How fast a pipeline is, beside the same pipeline without what the plugin adds."""

import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import spacy
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Corpus

from spacy_stablediff.wiring.model import replace_node, walk_nodes

PASSES = 5

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
    RETURNS (Dict[str, float]): Both, as medians of a few passes over the texts, in each of
        which both pipelines take their turn. The ratio is 1 without a bare pipeline.
    """
    contestants = [(each, read_docs(each, corpus)) for each in (nlp, bare) if each]
    words = sum(map(len, contestants[0][1]))
    rounds = [[time_pass(*each) for each in contestants] for _ in range(PASSES)]
    return {
        "words_per_second": median(words / seconds[0] for seconds in rounds),
        "speed_ratio": median(seconds[-1] / seconds[0] for seconds in rounds),
    }


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
