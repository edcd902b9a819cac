"""What embeddings read of what earlier components say of a text."""

from collections.abc import Mapping

from spacy.attrs import intify_attr
from spacy.language import Language
from spacy.training import Example
from thinc.api import Model

from ..edits.annotation import READ_ATTRS
from ..wiring.nodes import list_features
from ..wiring.settings import SETTINGS

# What components say of tokens, and a tokenizer doesn't.
ANNOTATION = [*READ_ATTRS, "HEAD", "SENT_START", "ENT_IOB", "ENT_ID", "ENT_KB_ID"]


def find_annotators(nlp: Language, embeddings: Mapping[str, Model]) -> list[str]:
    """Find the components that annotate what embeddings behind them read.

    Tagging and parsing take more time than tuning does, so none are where nothing reads that.

    nlp (Language): The pipeline.
    embeddings (Mapping[str, Model[List[Doc], List[Floats2d]]]): The embeddings of the components
        that are tuned, by their names.
    RETURNS (List[str]): Their names.
    """
    names = nlp.pipe_names
    reading = [names.index(name) for name, each in embeddings.items() if _reads(each)]
    return [name for name in names[: max(reading, default=0)] if name not in embeddings]


def annotate(nlp: Language, annotators: list[str], examples: list[Example]) -> None:
    """Let components annotate the predicted documents of examples.

    nlp (Language): The pipeline.
    annotators (List[str]): The names of the components.
    examples (List[Example]): The examples, which are modified.
    """
    if annotators:
        skipped = [name for name in nlp.pipe_names if name not in annotators]
        for _ in nlp.pipe((eg.predicted for eg in examples), disable=skipped):
            pass


def _reads(embedding: Model) -> bool:
    """Tell whether an embedding reads annotation: of sentences, or features of tokens."""
    settings = [node.attrs.get(SETTINGS, {}) for node in embedding.walk()]
    if any(each.get("boundaries") == "sentence" for each in settings):
        return True
    return not list_features(embedding).isdisjoint(map(intify_attr, ANNOTATION))
