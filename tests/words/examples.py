"""What several tests of words share."""

import numpy

from spacy_stablediff.words.errors import Spellings, cost_errors


def cost_error(form, word, distance):
    """What it costs that a word is spelt in a form."""
    spellings = Spellings.read([form]), Spellings.read([word])
    (cost,) = cost_errors(*spellings, numpy.asarray([distance]))
    return cost
