"""The graph of words: what a form is diffused from, and with what weights."""

import math

import numpy
import pytest
import spacy
from hypothesis import assume, given
from hypothesis import strategies as st
from spacy.strings import get_string_id
from spacy.tokens import Doc
from spacy.vocab import Vocab

from spacy_stablediff.words import candidates
from spacy_stablediff.words import graph as constants
from spacy_stablediff.words.counting import Words, find_case
from spacy_stablediff.words.graph import WordGraph
from spacy_stablediff.words.letters import LetterModel
from spacy_stablediff.words.neighbours import SHORT, is_word

from .examples import cost_error
from .test_neighbours import count_errors

VOCAB = spacy.blank("en").vocab
WORDS = st.text("abcA", min_size=3, max_size=8)


def graph_of(counts, borrowed=(), **settings):
    """The graph of forms that were seen so often, and of those of an earlier training."""
    words = Words(1)
    words.take_for_known(map(get_string_id, borrowed))
    if counts:
        forms = [form for form, count in counts.items() for _ in range(count)]
        words.count([Doc(VOCAB, words=forms)])
    return WordGraph(words, Vocab(strings=borrowed), **settings)


def sources(graph, form, has_case=True):
    """The forms that one is diffused from, with weights that sum to 1."""
    (links,) = graph.link([form], has_case=has_case)
    total = sum(links.weights)
    weights = dict(zip(links.forms, links.weights, strict=True))
    return {text: pytest.approx(weight / total) for text, weight in weights.items()}


def confidence(counts, form):
    """How often a new word would be spelt so, or what a form of a seen word has."""
    totals = {}
    for other, count in counts.items():
        totals[other.lower()] = totals.get(other.lower(), 0) + count
    if form.lower() in totals:
        return constants.CASE_CONFIDENCE
    new = sum(count == 1 for count in totals.values())
    (score,) = LetterModel(list(totals)).score([form.lower()])
    factor = constants.NAME if form[0].isupper() else 1.0
    return factor * ((new + 1) * math.exp(score)) ** constants.POWER


# What a word is.


@pytest.mark.parametrize(
    "seen, form",
    [
        ("Straße", "STRASSE"),
        ("Fuß", "FUSS"),
        ("Straße", "STRA\N{LATIN CAPITAL LETTER SHARP S}E"),
        ("İstanbul", "istanbul"),
        ("istanbul", "İSTANBUL"),
        ("café", "cafe\N{COMBINING ACUTE ACCENT}"),
        ("l'", "l\N{RIGHT SINGLE QUOTATION MARK}"),
        ("ΟΔΟΣ", "οδος"),
    ],
)
@pytest.mark.parametrize("has_case", [True, False])
def test_forms_of_a_word_are_found_however_unicode_writes_them(seen, form, has_case):
    (links,) = graph_of({seen: 9}).link([form], has_case=has_case)
    assert seen in links.forms and links.errors == 0


def test_errors_are_found_in_words_with_joiners():
    seen, form = ("می\N{ZERO WIDTH NON-JOINER}خواهم", "می\N{ZERO WIDTH NON-JOINER}خوهم")
    (links,) = graph_of({seen: 9}).link([form], has_case=True)
    assert links.forms == (form, seen) and links.errors == 1


@pytest.mark.parametrize("word", ["Straße", "l\N{RIGHT SINGLE QUOTATION MARK}", "ΟΔΟΣ"])
def test_words_of_the_user_are_found_so_too(word):
    graph = graph_of({word: 9, "way": 9}, pairs={word: "way"})
    assert set(map(get_string_id, (word, word.lower()))) <= set(graph.paired.tolist())
    assert graph_of({"way": 9}, keep=[word]).link([word.upper()], has_case=True)[0].forms == ()


# The closed form.


@given(
    st.dictionaries(WORDS, st.integers(1, 50), min_size=1),
    st.text("abc", min_size=3, max_size=8),
    st.floats(0.01, 10),
    st.integers(0, 2**32 - 1),
)
def test_closed_form_is_the_solution_on_the_whole_graph(counts, form, time, seed):
    """(C + tL) Y = C X with the seen forms held fixed, solved densely in float64."""
    assume(form not in counts)
    nodes = [*counts, form]
    X = dict(zip(nodes, numpy.random.default_rng(seed).normal(size=(len(nodes), 3)), strict=True))
    is_seen = any(form == other.lower() for other in counts)
    W = numpy.zeros((len(nodes), len(nodes)))
    for i, other in enumerate(counts):
        errors = count_errors(form, other.lower())
        most = 1 if min(len(form), len(other)) < SHORT else 2
        words = is_word(form) and is_word(other.lower())
        if errors == 0 or (not is_seen and words and errors <= most):
            differs = not is_seen and find_case(other) != find_case(form)
            cost = cost_error(form, other.lower(), errors) if errors else 0.0
            factor = constants.OTHER_CASE if differs else 1.0
            W[i, -1] = W[-1, i] = counts[other] * math.exp(-cost) * factor
    L = numpy.diag(W.sum(axis=1)) - W
    fixed, c = len(counts), confidence(counts, form)
    boundary = numpy.array([X[node] for node in counts])
    # The row of the form at hand: (c + t L_ww) y = c x - t L_wv x_v.
    expected = numpy.linalg.solve(
        numpy.array([[c + time * L[-1, -1]]]),
        (c * X[form] - time * L[-1, :fixed] @ boundary)[None],
    )[0]
    with pytest.MonkeyPatch.context() as patch:
        for module in (candidates, constants):
            patch.setattr(module, "MOST", len(nodes))
        mixed = sources(graph_of(counts, time=time), form) or {form: pytest.approx(1.0)}
    y = sum(weight.expected * X[text] for text, weight in mixed.items())
    assert y == pytest.approx(expected)


@given(st.dictionaries(WORDS, st.integers(1, 50), max_size=20), WORDS, st.booleans())
def test_weights_are_a_mean_of_a_few_forms(counts, form, has_case):
    """So a constant field stays as it is, and no value leaves the range of the forms'."""
    (links,) = graph_of(counts).link([form], has_case=has_case)
    assert len(links.forms) == len(set(links.forms)) == len(links.weights)
    assert links.errors <= constants.MOST and all(weight > 0 for weight in links.weights)
    assert {text for text in links.forms if text.lower() != form.lower()} <= set(counts)


def test_the_longer_the_time_the_less_counts_the_form_itself():
    shares = [
        sources(graph_of({"happy": 50}, time=time), "hapyp")["hapyp"].expected
        for time in (0.1, 1.0, 10.0)
    ]
    assert shares == sorted(shares, reverse=True)


# Words that are spelt nearly alike.


def test_more_frequent_and_nearer_words_weigh_more():
    made_of = sources(graph_of({"battle": 9, "kettle": 3, "battles": 9}), "bettle")
    weights = [made_of[word].expected for word in ("battle", "kettle", "battles")]
    assert weights[0] == pytest.approx(3 * weights[1])  # both at a distance of 1
    assert weights[1] > weights[2]  # at a distance of 2


def test_the_likelier_error_weighs_more():
    made_of = sources(graph_of({"later": 9, "latter": 9}), "latteer")
    assert made_of["latter"].expected > 0.9  # with a letter doubled, not with two


def test_distance_is_a_setting():
    assert "happily" in sources(graph_of({"happily": 9}), "hapilyy")
    assert sources(graph_of({"happily": 9}, distance=1), "hapilyy") == {}


@pytest.mark.parametrize("form", ["hp", "hpp", "Brightmoor", "HAP", "12345", "www.hapy.com"])
def test_words_that_are_spelt_like_none_stay_as_they_are(form):
    assert sources(graph_of({"happy": 50, "hat": 9}), form) == {}


def test_words_of_three_letters_have_neighbours():
    assert sources(graph_of({"the": 300, "tea": 1}), "teh")["the"].expected > 0.9


def test_a_name_is_mended_by_other_names_rather_than_by_words():
    graph = graph_of({"Dover": 30, "cover": 30})
    assert sources(graph, "Wover")["Dover"].expected > 0.6
    assert sources(graph, "wover")["cover"].expected > 0.9


def test_a_form_is_trusted_that_is_spelt_as_words_are():
    counts = {"banana": 9, "bandana": 1, "canal": 1, "ananas": 1}
    shares = [sources(graph_of(counts), form)[form].expected for form in ("canana", "xanana")]
    assert shares[0] > shares[1]


def test_new_words_are_trusted_where_many_are_new():
    few, many = {"tears": 9, "bears": 9}, {"tears": 9, "bears": 9, "years": 1, "fears": 1}
    shares = [sources(graph_of(each), "rears")["rears"].expected for each in (few, many)]
    assert shares[0] < shares[1]


def test_words_of_an_earlier_training_are_what_others_are_diffused_from():
    borrowed = ["natural", "Natural", "ral", "xxxx"]  # the last two are an end and a shape
    graph = graph_of({"happy": 50}, borrowed)
    assert {"natural", "Natural"} >= set(sources(graph, "natral")) - {"natral"} != set()
    for form in ("raal", "xxxxy", "NATURAL"):
        assert sources(graph, form) == {}


@pytest.mark.parametrize("form", ["hapyp,", "self-hapy", "hapy's", "hapy)."])
def test_punctuation_may_be_part_of_a_word(form):
    counts = {"happy,": 9, "self-happy": 9, "happy's": 9, "happy).": 9}
    assert set(sources(graph_of(counts), form)) & set(counts)


# Case.


def test_a_form_that_differs_in_case_is_made_of_those_seen():
    graph = graph_of({"London": 30, "LONDON": 10})
    for form in ("london", "lOndon"):
        made_of = sources(graph, form)
        assert made_of["London"].expected == pytest.approx(3 * made_of["LONDON"].expected)


def test_a_capital_is_meant_but_shouting_and_acronyms_are_not_confused():
    graph = graph_of({"apple": 50, "it": 50})
    assert sources(graph, "Apple")["Apple"].expected > 0.6
    assert sources(graph, "APPLE")["apple"].expected > 0.9
    assert sources(graph, "IT") == {}


def test_without_case_a_seen_word_is_made_of_its_forms_by_their_counts():
    graph = graph_of({"Apple": 3, "apple": 1, "sea": 5})
    for form in ("apple", "APPLE"):
        assert sources(graph, form, has_case=False) == {"Apple": 0.75, "apple": 0.25}
    assert sources(graph, "sea", has_case=False) == {}
    assert sources(graph, "SEA", has_case=False) == {"sea": 1.0}


def test_without_case_a_new_word_may_be_a_name():
    graph = graph_of({"London": 1, "Porto": 1, "sea": 1})
    share, factor = graph.odds.new_capitals, constants.NAME
    total = factor * share + 1 - share
    assert sources(graph, "jenkins", has_case=False) == {
        "Jenkins": factor * share / total,
        "jenkins": (1 - share) / total,
    }
    assert sources(graph, "abc5", has_case=False) == {}


def test_without_case_a_known_word_is_read_as_none_but_its_forms():
    graph = graph_of({"happy": 50, "London": 1, "sea": 1})
    (links,) = graph.link(["HAPPI"], has_case=False, knows={"Happi", "happi"}.intersection)
    assert set(links.forms) == {"Happi", "happi"}
    (links,) = graph.link(["nappy"], has_case=False, knows={"nappy"}.intersection)
    assert links.forms == ()


def test_scripts_without_case_have_typos_alone():
    graph = graph_of({"नमस्ते": 50})
    assert "नमस्ते" in sources(graph, "नमसते")
    assert sources(graph, "नमस्ते", has_case=False) == {}


def test_scripts_without_letters_have_no_typos():
    """南京 is another city than 北京."""
    graph = graph_of({"北京": 50, "ありがとう": 9, "감사합니다": 9, "happy": 9})
    for form in ("南京", "ありがとお", "감사합니까"):
        assert sources(graph, form) == {}
    assert "happy" in sources(graph, "hapyp")


# What the user says.


def test_kept_words_stay_as_they_are():
    graph = graph_of({"happy": 50, "London": 9}, keep=["Hapyp", "london"])
    for form in ("hapyp", "london"):
        assert sources(graph, form) == sources(graph, form, has_case=False) == {}


def test_pairs_say_what_is_meant():
    graph = graph_of({"support": 3, "Support": 1}, pairs={"Supp": "support", "asap": "at once"})
    assert sources(graph, "supp") == {"support": 0.75, "Support": 0.25}
    assert sources(graph, "asap") == {"at once": 1.0}


def test_what_is_meant_with_a_capital_is_the_very_form():
    graph = graph_of({"us": 12, "US": 1}, pairs={"USA": "US", "u.s.a.": "Us"})
    for form in ("USA", "usa"):
        assert sources(graph, form) == sources(graph, form, has_case=False) == {"US": 1.0}
    assert sources(graph, "u.s.a.") == {"us": 12 / 13, "US": 1 / 13}


def test_words_of_pairs_are_known_in_every_case_that_training_saw():
    graph = graph_of({"support": 3, "sUPP": 1}, pairs={"Supp": "support"})
    ids = [get_string_id(form) for form in ("supp", "Supp", "SUPP", "sUPP")]
    assert set(graph.paired.tolist()) == set(ids)


def test_no_words():
    assert sources(graph_of({}), "hapyp") == sources(graph_of({}), "hapyp", has_case=False) == {}
    assert graph_of({}).link([], has_case=True) == []
