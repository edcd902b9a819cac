"""Letting a vocab forget the misspelt words of edited texts."""

from contextlib import contextmanager

import pytest
import spacy

from spacy_stablediff.edits.forgetting import forget_new_words


class LeakyVocab:
    """A vocab whose zone stays open where an exception goes through it, as in releases of spaCy."""

    in_memory_zone = False

    @contextmanager
    def memory_zone(self):
        self.in_memory_zone = True
        yield
        self.in_memory_zone = False


def test_words_that_are_met_meanwhile_are_forgotten():
    nlp = spacy.blank("en")
    nlp.make_doc("before")
    with forget_new_words(nlp.vocab):
        nlp.make_doc("meanwhile")
        with forget_new_words(nlp.vocab):
            nlp.make_doc("within")
        assert "within" in nlp.vocab.strings
    kept = [word in nlp.vocab.strings for word in ("before", "meanwhile", "within")]
    assert kept == [True, False, False]


@pytest.mark.parametrize("vocab", [spacy.blank("en").vocab, LeakyVocab()], ids=["ours", "leaky"])
def test_an_error_leaves_no_zone_open(vocab):
    with pytest.raises(KeyError), forget_new_words(vocab):
        assert vocab.in_memory_zone
        raise KeyError
    assert not vocab.in_memory_zone
