"""Pipelines whose figures can be worked out, and texts for them."""

from collections import Counter

import numpy
import spacy
from spacy.language import Language
from spacy.training import Example

from ..pipelines import TEXTS

LONG_TEXTS = [f"{a[0]} {b[0]} {a[0]}" for a in TEXTS for b in TEXTS]


def tensor_pipeline(name, embed):
    """A pipeline whose doc.tensor is what a function of the document says."""

    def component(doc):
        doc.tensor = numpy.asarray(embed(doc), dtype="float32").reshape(len(doc), -1)
        return doc

    Language.component(f"test_{name}", func=component)
    nlp = spacy.blank("en")
    nlp.add_pipe(f"test_{name}")
    return nlp


def letters(scale):
    """An embedding by spelling: words that differ in a letter are near each other."""

    def embed(doc):
        counts = [Counter(token.lower_) for token in doc]
        return [[scale * c[chr(97 + k)] for k in range(26)] for c in counts]

    return embed


def lower_case(nlp, example):
    doc = nlp.make_doc(example.text.lower())
    yield Example(doc, doc.copy())
