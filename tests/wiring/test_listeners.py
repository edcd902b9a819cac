"""By what number listeners know a batch."""

import spacy
from spacy.pipeline.tok2vec import Tok2VecListener

from spacy_stablediff.wiring.listeners import get_batch_id


def test_batches_have_the_numbers_by_which_listeners_know_them():
    nlp = spacy.blank("en")
    for texts in ([], [""], ["One text.", "", "😀 two  texts " * 200]):
        docs = [nlp.make_doc(text) for text in texts]
        assert get_batch_id(docs) == Tok2VecListener.get_batch_id(docs)
