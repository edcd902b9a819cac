"""The edits of the study."""

import pytest
import spacy
from spacy.tokens import DocBin
from spacy.training import Corpus, Example

pytest.importorskip("augmenty")

from spacy_stablediff.edits.augmenter import Edits
from study import edits as study_edits
from study.edits import make_codespell, make_keep, make_shuffled, make_test_edits


def test_texts_stay_beside_their_edits():
    nlp = spacy.blank("en")
    example, other = (Example.from_dict(nlp(text), {}) for text in ("a text", "a test"))
    keep = make_keep(lambda nlp, example: iter([other]))
    assert list(keep(nlp, example)) == [example, other]


def test_a_shuffled_corpus_is_edited_anew_each_time(tmp_path):
    nlp = spacy.blank("en")
    texts = [f"text number {number}" for number in range(20)]
    DocBin(docs=[nlp.make_doc(text) for text in texts]).to_disk(tmp_path / "train.spacy")
    corpus = make_shuffled(Corpus(tmp_path / "train.spacy", augmenter=Edits(typo=0.5, seed=0)))
    first, second = ([eg.text for eg in corpus(nlp)] for _ in range(2))
    assert len(first) == len(second) == len(texts)
    assert first != second and sorted(first) != sorted(second)
    corpus = make_shuffled(Corpus(tmp_path / "train.spacy"))
    assert sorted(eg.text for eg in corpus(nlp)) == sorted(texts)


def test_edits_of_the_plan_can_be_made(plan):
    edits = make_test_edits(plan, "wnut")
    assert edits.keys() == plan["test_edits"].keys()
    assert all(map(callable, edits.values()))


@pytest.mark.real("codespell")
def test_edits_of_the_rivals_can_be_made(rivals):
    for data in rivals["data"]:
        assert all(map(callable, make_test_edits(rivals, data).values()))
    assert "misspellings" not in make_test_edits(rivals, "dutch")


@pytest.mark.real("codespell")
def test_words_are_misspelt_as_codespell_knows_it():
    nlp = spacy.blank("en")
    doc = nlp.make_doc("Their weird calendar")
    (misspelt,) = make_codespell(rate=1.0, seed=0)(nlp, Example(doc, doc))
    assert len(misspelt.predicted) == 3
    assert all(a.text != b.text for a, b in zip(doc, misspelt.predicted, strict=True))


def test_without_codespell_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setattr(study_edits, "find_codespell_table", lambda: None)
    with pytest.raises(ValueError, match="pip install codespell"):
        make_codespell(rate=1.0, seed=0)
