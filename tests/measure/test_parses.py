"""Scores of parses are spaCy's own, but right where heads are missing."""

import numpy
import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.language import Language
from spacy.pipeline.dep_parser import parser_score
from spacy.tokens import Doc
from spacy.training import Example

from spacy_stablediff import measure_stability
from spacy_stablediff.edits.augmenter import Edits
from spacy_stablediff.measure.bootstrap import REPLICATES
from spacy_stablediff.measure.parses import LABELLED, UNLABELLED, ParseTally

NLP = spacy.blank("en")
WORDS = ["She", "saw", "the", "old", "boats", "."]
HEADS = [1, 1, 4, 4, 1, 1]
DEPS = ["nsubj", "ROOT", "det", "amod", "dobj", "punct"]


def parsed(heads=HEADS, deps=DEPS, words=WORDS):
    return Doc(NLP.vocab, words=words, heads=list(heads), deps=list(deps))


def tally_up(examples):
    tally = ParseTally()
    for example in examples:
        tally.add(example, numpy.ones(REPLICATES))
    return {key: ratio.value for key, ratio in tally.ratios.items()}


# The second word is the root, and each other one hangs on any.
PARSES = st.builds(
    parsed,
    heads=st.lists(st.sampled_from([1, 4]), min_size=6, max_size=6).map(
        lambda heads: [heads[0], 1, *heads[2:4], 1, heads[5]]
    ),
    deps=st.lists(st.sampled_from(["nsubj", "det", "punct"]), min_size=6, max_size=6).map(
        lambda deps: [deps[0], "ROOT", *deps[2:]]
    ),
)


@given(pairs=st.lists(st.tuples(PARSES, PARSES), min_size=1, max_size=4))
def test_where_no_head_is_missing_scores_are_those_of_spacy(pairs):
    examples = [Example(predicted, gold) for predicted, gold in pairs]
    expected = parser_score(examples)
    values = tally_up(examples)
    assert values == pytest.approx({key: expected[key] for key in (UNLABELLED, LABELLED)})


def test_other_tokens_are_scored_as_spacy_does():
    predicted = parsed([1, 1, 3, 5, 5, 1, 1], [*DEPS[:4], "amod", *DEPS[4:]],
                       ["She", "saw", "the", "o", "ld", "boats", "."])  # fmt: skip
    examples = [Example(predicted, parsed())]
    expected = parser_score(examples)
    assert 0 < expected[LABELLED] < 1
    assert tally_up(examples)[LABELLED] == pytest.approx(expected[LABELLED])


def without_a_word(doc, word):
    """A copy without a word, whose dependents have no head."""
    copies = (
        copy for seed in range(200) for copy in Edits(0.0, 0.0, 0.2, seed)(NLP, Example(doc, doc))
    )
    left = set(WORDS) - {word}
    return next(it.reference for it in copies if {t.text for t in it.reference} == left)


def test_a_missing_head_is_missing_in_its_own_text_alone():
    gold = [without_a_word(parsed(), "boats"), parsed()]
    perfect = [Example(doc.copy(), doc) for doc in gold]
    assert tally_up(perfect) == {UNLABELLED: 1.0, LABELLED: 1.0}
    # Should this fail, spaCy has mended its scorer.
    assert parser_score(perfect)[LABELLED] < 1


@Language.factory("test_knows_heads", assigns=["token.dep", "token.head"])
class KnowsHeads:
    """Parses as the gold parse does; where it has dropped a head, any will do."""

    def __init__(self, nlp, name):
        pass

    def __call__(self, doc):
        places = {token.text: token.i for token in doc}
        for token in doc:
            own = WORDS.index(token.text)
            token.head = doc[places.get(WORDS[HEADS[own]], token.i)]
            token.dep_ = DEPS[own]
        doc.tensor = numpy.asarray([[len(token), token.i] for token in doc], dtype="float32")
        return doc

    def score(self, examples):
        return parser_score(examples)


def test_stability_reports_the_right_scores():
    nlp = spacy.blank("en")
    nlp.add_pipe("test_knows_heads")
    examples = [Example(nlp.make_doc(parsed().text), parsed()) for _ in range(20)]
    result = measure_stability(nlp, examples, {"drop": Edits(0.0, 0.0, 0.2, 3)}).to_dict()
    clean, dropped = result["clean"]["scores"], result["edits"]["drop"]["scores"]
    assert clean[LABELLED] == dropped[LABELLED] == 1.0
    assert clean["dep_las_per_type"] and dropped["dep_las_per_type"] is None
