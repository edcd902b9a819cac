"""Trained pipelines of both kinds."""

import spacy

import spacy_stablediff

from ..pipelines import EMBEDDING, HEAT, IMPLICIT, add_ner, add_textcat, chain_pipeline, train


def trained_chain():
    """Components that share a diffused embedding."""
    nlp = chain_pipeline(["textcat", "ner"])
    train(nlp)
    return nlp


def trained_stabilized():
    """The same, trained for stability."""
    nlp = chain_pipeline(["textcat", "ner"])
    nlp.add_pipe("stabilizer", after="stablediff")
    train(nlp)
    return nlp


def trained_attached():
    """Components that embed for themselves, each with diffusion attached."""
    nlp = spacy.blank("en")
    add_textcat(nlp, EMBEDDING)
    add_ner(nlp, EMBEDDING)
    for name, diffusion in [("textcat", HEAT), ("ner", IMPLICIT)]:
        spacy_stablediff.attach(nlp, name, diffusion=diffusion)
    train(nlp)
    return nlp


def reloaded(nlp):
    """The pipeline without what training left in it: spaCy's listeners hold callbacks."""
    return spacy.blank(nlp.lang).from_config(nlp.config).from_bytes(nlp.to_bytes())
