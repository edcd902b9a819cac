"""What an edited document records of the text that it was made from."""

from itertools import pairwise

import spacy
from spacy.tokens import Doc, DocBin

from spacy_stablediff.edits.original import read_original, record_original, restore

NLP = spacy.blank("en")


def make_copy(*texts):
    """The last of some texts, each edited into the next."""
    docs = [NLP.make_doc(text) for text in texts]
    for clean, edited in pairwise(docs):
        record_original(clean, edited)
    return docs[-1]


def read(doc):
    return [(token.text, token.norm_) for token in doc]


def test_a_document_that_was_not_edited_is_its_own_original():
    doc = NLP.make_doc("can't go")
    assert restore(doc) is doc
    assert read_original(doc).tolist() == doc.to_array(["ORTH", "NORM"]).tolist()


def test_the_first_of_several_edits_counts():
    original = restore(make_copy("I can't go", "I cna't go", "I cna't og"))
    assert read(original) == read(NLP.make_doc("I can't go")) and ("ca", "can") in read(original)


def test_copies_and_serialization_keep_it():
    doc = make_copy("one two", "oen two")
    loaded = next(DocBin(docs=[doc], store_user_data=True).get_docs(NLP.vocab))
    for copy in (doc.copy(), Doc(NLP.vocab).from_bytes(doc.to_bytes()), loaded):
        assert read(restore(copy)) == [("one", "one"), ("two", "two")]


def test_a_document_from_elsewhere_is_taken_as_it_is():
    doc = make_copy("one unheardof", "one word")
    elsewhere = Doc(spacy.blank("en").vocab).from_bytes(doc.to_bytes())
    assert restore(elsewhere) is elsewhere


def test_an_original_without_tokens():
    assert not len(restore(make_copy("", "word")))
