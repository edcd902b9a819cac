"""The parts of a model that a config describes."""

import spacy

from spacy_stablediff.wiring.nodes import match_nodes

from ..pipelines import EMBEDDING, IMPLICIT, add_ner, diffused_nodes, diffused_tok2vec, listener


def test_matches_the_part_of_a_model_that_a_block_describes():
    nlp = spacy.blank("en")
    ner = add_ner(nlp, diffused_tok2vec(IMPLICIT))
    (diffused,) = diffused_nodes(nlp, "ner")
    assert match_nodes(ner, [diffused_tok2vec(IMPLICIT)]) == [diffused]
    assert match_nodes(ner, [EMBEDDING]) == [diffused.get_ref("tok2vec")]
    assert match_nodes(ner, []) == []


def test_matches_each_part_once_and_nothing_where_no_part_is_left():
    ner = add_ner(spacy.blank("en"), EMBEDDING)
    first, second = match_nodes(ner, [EMBEDDING, EMBEDDING])
    assert first is not None and second is None
    assert match_nodes(ner, [{**EMBEDDING, "depth": 5}, listener()]) == [None, None]
