"""Examples that are kept on disk."""

import numpy
import spacy
from spacy.tokens import Doc, Span
from spacy.training import Example

from spacy_stablediff.measure.store import ExampleStore


def test_stored_examples_are_as_they_were():
    nlp = spacy.blank("en")
    store, examples = ExampleStore(nlp.vocab, in_memory=1), []
    for words in (["one"], ["one", "two", "three"], ["one", "two"]):
        doc = Doc(nlp.vocab, words=words)
        doc.cats, doc.user_data["number"] = {"A": len(words) / 10}, {"a set", len(words)}
        reference = Doc(nlp.vocab, words=words, heads=[0] * len(words), deps=["x"] * len(words))
        reference.from_array(["DEP"], numpy.zeros(len(words), dtype="uint64"))
        examples.append(Example(doc, reference))
        store.append(examples[-1])
    assert len(store) == 3
    for _ in range(2):
        for found, eg in zip(store, examples, strict=True):
            assert found.predicted.vocab is found.reference.vocab is nlp.vocab
            assert found.predicted.user_data == eg.predicted.user_data
            assert found.predicted.cats == eg.predicted.cats
            # spaCy derives sentence boundaries from heads, of which some may be missing.
            assert [len(sent) for sent in found.reference.sents] == [len(eg.reference)]
            assert not found.reference.has_annotation("DEP")


def test_spans_that_components_keep_are_left_out():
    """They can't be pickled, and belong to a document that is gone."""
    nlp = spacy.blank("en")
    store, doc = ExampleStore(nlp.vocab, in_memory=0), nlp.make_doc("one two")
    doc.user_data.update(first=doc[:1], words=[doc[0]], number=2)
    store.append(Example(doc, nlp.make_doc(doc.text)))
    (found,) = store
    assert found.predicted.user_data == {"number": 2} and len(doc.user_data) == 3


def test_references_of_another_vocab_are_kept_without_it():
    nlp, other = spacy.blank("en"), spacy.blank("en")
    store = ExampleStore(nlp.vocab, in_memory=0)
    reference = Doc(
        other.vocab, words=["Marta", "strange"], tags=["NAME", "ODD"], ents=["B-WHO", "O"]
    )
    reference.spans["sc"] = [Span(reference, 0, 2, label="BOTH")]
    reference.cats = {"GOOD": 1.0}
    store.append(Example(Doc(nlp.vocab, words=["Marta", "strange"]), reference))
    assert len(store.to_bytes()) < 5000
    (found,) = store
    assert found.reference.vocab is nlp.vocab and found.reference.cats == reference.cats
    assert found.reference.to_json() == reference.to_json()
