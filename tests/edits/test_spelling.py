"""How a word is written, and which clean character each of its characters stands for."""

from hypothesis import given
from hypothesis import strategies as st

from spacy_stablediff.edits.spelling import Spelling, keep, map_characters, replace


def test_a_word_as_it_is():
    assert keep("has") == Spelling("has", [0, 1, 2])


def test_what_is_written_stands_for_what_was_replaced_one_by_one():
    assert replace(keep("modern"), 4, 6, "m") == Spelling("modem", [0, 1, 2, 3, 4])
    assert replace(keep("modem"), 4, 5, "rn") == Spelling("modern", [0, 1, 2, 3, 4, 4])
    assert replace(keep("the"), 0, 2, "ht") == Spelling("hte", [0, 1, 2])
    assert replace(keep("the"), 1, 2, "") == Spelling("te", [0, 2])


def test_what_is_inserted_stands_for_the_character_before():
    assert replace(keep("so"), 2, 2, "oo") == Spelling("sooo", [0, 1, 1, 1])
    assert replace(keep("so"), 0, 0, "s") == Spelling("sso", [0, 0, 1])


def test_characters_become_none_or_several():
    assert map_characters(keep("Maß"), ["M", "", "SS"]) == Spelling("MSS", [0, 2, 2])


@given(st.text(min_size=1), st.data())
def test_a_character_stands_for_one_of_the_word_and_in_its_order(word, data):
    spelling = keep(word)
    for _ in range(3):
        start = data.draw(st.integers(0, len(spelling.text)))
        end = data.draw(st.integers(start, len(spelling.text)))
        text = data.draw(st.text())
        if spelling.text[:start] + text + spelling.text[end:]:
            spelling = replace(spelling, start, end, text)
        assert len(spelling.origins) == len(spelling.text)
        assert spelling.origins == sorted(spelling.origins)
        assert set(spelling.origins) <= set(range(len(word)))
