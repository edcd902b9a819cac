"""Who embeds for itself, and by what function."""

from spacy_stablediff.wiring.embeddings import embeds_for_itself, find_embedding

from ..pipelines import (
    EMBEDDING,
    IMPLICIT,
    add_ner,
    add_textcat,
    chain_pipeline,
    diffused_tok2vec,
)


def test_tells_who_embeds_for_itself():
    nlp = chain_pipeline(["ner"])
    add_textcat(nlp, EMBEDDING, name="owner")
    add_textcat(nlp, diffused_tok2vec(IMPLICIT), name="diffused")
    nlp.add_pipe("sentencizer")
    embedding = [name for name, component in nlp.components if embeds_for_itself(component)]
    assert embedding == ["owner", "diffused"]


def test_finds_the_function_that_embeds():
    nlp = chain_pipeline(["ner", "textcat"])
    add_ner(nlp, EMBEDDING, name="owner")
    nlp.add_pipe("sentencizer")
    found = [name for name, component in nlp.components if find_embedding(component)]
    assert found == ["tok2vec", "stablediff", "ner", "textcat", "owner"]
