"""How noisy each text is: which share of its words is misspelt.

A new word that is spelt nearly like a frequent one is a name in one text and an error in another.
What tells is how many others there are. By expectation maximization (Dempster, Laird and Rubin,
Maximum likelihood from incomplete data via the EM algorithm, JRSS B 39, 1977): the share gives the
chance that each word is misspelt, the chances give the share.
"""

import math

import numpy

from ..types import Array

# Which share of words is misspelt where nothing else is known, and as of how many words' weight.
SHARE = 0.05
PRIOR = 5.0

STEPS = 3


def estimate_noise(odds: Array, places: Array, sizes: Array) -> Array:
    """Estimate how noisy texts are.

    odds (Floats1d): The odds that each new word is misspelt, in a text of the usual noise; 0 or
        more.
    places (Ints1d): In which text each is.
    sizes (Ints1d): How many words each text has.
    RETURNS (Floats1d): For each text the logarithm of what it multiplies these odds by.
    """
    usual = math.log(SHARE / (1 - SHARE))
    noise = numpy.zeros(len(sizes))
    for _ in range(STEPS):
        raised = odds * numpy.exp(noise[places])
        errors = numpy.bincount(places, raised / (1 + raised), len(sizes))
        shares = (errors + PRIOR * SHARE) / (sizes + PRIOR)
        noise = numpy.log(shares / (1 - shares)) - usual
    return noise
