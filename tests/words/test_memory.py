"""The links of forms, each found once, and joined for a batch."""

import numpy
import pytest
import spacy
from spacy.tokens import Doc

from spacy_stablediff.words import memory as constants
from spacy_stablediff.words.memory import LINK, LinkMemory

from .test_graph import graph_of

STRINGS = spacy.blank("en").vocab.strings
COUNTS = {"happy": 50, "Happy": 3, "nappy": 2}


def find(memory, *words, **settings):
    """The rows of words in texts that have case, unless said otherwise."""
    ids = [STRINGS.add(word) for word in words]
    return memory.find(ids, STRINGS, **{"has_case": True, **settings})


def read(row):
    return numpy.frombuffer(row.links, LINK)


@pytest.mark.parametrize("has_case", [True, False])
def test_a_row_is_what_the_graph_says(has_case):
    graph = graph_of(COUNTS)
    words = ["hapyp", "happy", "Napy", "Unheard"]
    rows = find(LinkMemory(graph), *words, has_case=has_case)
    for links, row in zip(graph.link(words, has_case=has_case), rows, strict=True):
        array, texts = read(row), dict(row.texts)
        assert [texts[form] for form in array["form"].tolist()] == list(links.forms)
        assert numpy.exp(array["weight"]) == pytest.approx(links.weights)
        assert array["is_error"].sum() == links.errors
        assert not array["is_error"][: len(array) - links.errors].any()
        assert array["is_capital"].tolist() == [text.istitle() for text in links.forms]
        assert row.odds == links.odds


def test_each_form_is_found_once(monkeypatch):
    memory, asked = LinkMemory(graph_of(COUNTS)), []
    link = memory.graph.link
    monkeypatch.setattr(
        memory.graph, "link", lambda words, **how: asked.append(list(words)) or link(words, **how)
    )
    first = find(memory, "hapyp", "Napy")
    assert find(memory, "Napy", "hapy", "hapyp")[::2] == first[::-1]
    assert asked == [["hapyp", "Napy"], ["hapy"]]


def test_a_form_has_other_links_where_its_case_tells_nothing():
    memory = LinkMemory(graph_of(COUNTS))
    (with_case,), (without,) = find(memory, "HAPPY"), find(memory, "HAPPY", has_case=False)
    assert "HAPPY" in dict(with_case.texts).values()
    assert "HAPPY" not in dict(without.texts).values()


def test_what_is_forgotten_is_found_again():
    memory = LinkMemory(graph_of(COUNTS))
    before = find(memory, "hapyp")
    memory.forget()
    assert find(memory, "hapyp") == before


def test_forms_are_remembered_when_their_strings_are_freed():
    nlp = spacy.blank("en")
    memory = LinkMemory(graph_of(COUNTS))
    with nlp.memory_zone():
        doc = Doc(nlp.vocab, words=["hapyp"])
        forms = [doc[0].orth]
        before = memory.find(forms, nlp.vocab.strings, has_case=True)
    assert memory.find(forms, nlp.vocab.strings, has_case=True) == before


def test_new_words_for_ever_take_no_more_memory(monkeypatch):
    monkeypatch.setattr(constants, "KEPT", 100)
    memory = LinkMemory(graph_of(COUNTS))
    for start in range(0, 1000, 50):
        find(memory, *[f"word{i}" for i in range(start, start + 50)])
        assert sum(map(len, memory._rows.values())) <= 150
