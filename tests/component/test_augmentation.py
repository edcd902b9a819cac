"""The component `augmentation`: what those after it are trained on."""

import copy

import numpy
import pytest
import spacy
from numpy.testing import assert_allclose
from spacy.training import Example

from spacy_stablediff.component.augmentation import Augmentation
from spacy_stablediff.edits.original import is_edited
from spacy_stablediff.recommended import AUGMENTATION
from spacy_stablediff.words.known import find_words
from spacy_stablediff.words.layer import ARCHITECTURE as WORD_GRAPH

from ..pipelines import (
    EMBEDDING,
    TEXTS,
    UNSEEN,
    add_ner,
    add_textcat,
    examples_for,
    parameters_of,
    predictions,
    train,
)


@spacy.registry.augmenters("test_shout.v1")
def make_shout():
    """Put a text into capitals, with its annotation: the same edit each time."""

    def shout(nlp, example):
        ents = [(ent.start_char, ent.end_char, ent.label_) for ent in example.reference.ents]
        gold = {"entities": ents, "cats": example.reference.cats}
        yield Example.from_dict(nlp.make_doc(example.text.upper()), gold)

    return shout


SHOUT = {"@augmenters": "test_shout.v1"}
MISSPELL = {"@augmenters": "spacy-stablediff.edits.v1", "typo": 1.0, "swap": 0.0, "drop": 0.0}
REORDER = {"@augmenters": "spacy-stablediff.edits.v1", "typo": 0.0, "swap": 0.2, "drop": 0.2}


class Watcher:
    """A component that notes the texts that it is trained on."""

    def __init__(self):
        self.batches = []

    def __call__(self, doc):
        return doc

    def update(self, examples, **_):
        self.batches.append([eg.predicted.text for eg in examples])


@spacy.Language.factory("test_watcher")
def make_watcher(nlp, name):
    return Watcher()


def shared_pipeline(augmentation=None):
    """An embedding with two listeners, behind an augmentation where its settings are given."""
    nlp = spacy.blank("en")
    if augmentation is not None:
        nlp.add_pipe("augmentation", config=augmentation)
    nlp.add_pipe("tok2vec", config={"model": EMBEDDING})
    add_ner(nlp)
    add_textcat(nlp)
    return nlp


def watched_pipeline(augmenter, share=1.0):
    """A pipeline that learns nothing, whose examples are edited, and what notes them."""
    nlp = spacy.blank("en")
    nlp.add_pipe("augmentation", config={"share": share}).augmenter = augmenter
    return nlp, nlp.add_pipe("test_watcher")


def texts_of(examples):
    return [eg.predicted.text for eg in examples]


def assert_trained_alike(nlp, other):
    for name in ("tok2vec", "ner", "textcat"):
        for own, its in zip(parameters_of(nlp, name), parameters_of(other, name), strict=True):
            assert_allclose(own, its, atol=1e-6)


def test_trains_all_after_it_as_on_a_corpus_of_edited_texts():
    nlp, plain = shared_pipeline({"augmenter": SHOUT, "share": 1.0}), shared_pipeline()
    train(nlp)
    train(plain, texts=[(text.upper(), ents, positive) for text, ents, positive in TEXTS])
    assert_trained_alike(nlp, plain)


def test_changes_no_examples_but_those_that_are_trained_on():
    nlp, watcher = watched_pipeline(make_shout())
    examples = examples_for(nlp)
    before = texts_of(examples)
    nlp.update(examples, sgd=False)
    assert watcher.batches == [[text.upper() for text in before]]
    assert texts_of(examples) == before


def test_edits_a_share_of_the_texts():
    nlp, watcher = watched_pipeline(make_shout(), share=0.25)
    examples = examples_for(nlp)
    for _ in range(100):
        nlp.update(examples, sgd=False)
    texts = [text for batch in watcher.batches for text in batch]
    assert sum(map(str.isupper, texts)) == pytest.approx(len(texts) / 4, rel=0.25)


def test_edits_a_text_in_another_way_each_time():
    nlp = spacy.blank("en")
    nlp.add_pipe("augmentation", config={"share": 1.0})
    watcher = nlp.add_pipe("test_watcher")
    text = ("one two three four five six seven eight nine ten " * 3, [], 1)
    for _ in range(5):
        nlp.update(examples_for(nlp, [text]), sgd=False)
    assert len({texts for (texts,) in watcher.batches}) == 5


def test_keeps_what_an_augmenter_yields_and_a_text_of_which_it_makes_nothing():
    def twice_or_not(nlp, example):
        if len(example.reference) > 2:
            yield from [example, example]

    nlp, watcher = watched_pipeline(twice_or_not)
    nlp.update(examples_for(nlp, [("never ever again", [], 0), ("ok", [], 1)]), sgd=False)
    assert watcher.batches == [["never ever again", "never ever again", "ok"]]


@pytest.mark.parametrize("augmenter", [SHOUT, MISSPELL], ids=["foreign", "ours"])
def test_no_text_counts_as_edited_that_is_as_it_was(augmenter):
    nlp = spacy.blank("en")
    augmentation = nlp.add_pipe("augmentation", config={"augmenter": augmenter, "share": 1.0})
    batch = examples_for(nlp, [("GOOD MORNING", [], 0), ("good morning", [], 1)])
    clean = list(batch)
    augmentation.update(batch)
    assert not any(is_edited(eg.predicted) for eg in clean)
    assert is_edited(batch[1].predicted)


def test_no_text_counts_as_edited_that_an_augmenter_yields_as_it_is():
    def leave(nlp, example):
        yield example

    nlp = spacy.blank("en")
    augmentation = nlp.add_pipe("augmentation", config={"share": 1.0})
    augmentation.augmenter = leave
    batch = examples_for(nlp)
    augmentation.update(batch)
    assert not any(is_edited(eg.predicted) for eg in batch)


@pytest.mark.parametrize("augmenter", [SHOUT, MISSPELL], ids=["foreign", "ours"])
def test_words_are_counted_as_the_texts_have_them_that_were_edited(augmenter):
    nlp = spacy.blank("en")
    nlp.add_pipe("augmentation", config={"augmenter": augmenter, "share": 1.0})
    words = {"@architectures": WORD_GRAPH, "tok2vec": EMBEDDING, "min_count": 1}
    nlp.add_pipe("tok2vec", config={"model": words})
    add_textcat(nlp)
    train(nlp, steps=3)
    (counted,) = find_words(nlp.get_pipe("tok2vec"))
    expected = {token.text for text, _, _ in TEXTS for token in nlp.make_doc(text)}
    assert counted.texts and set(counted.texts.values()) <= expected


def test_learns_from_the_gold_annotation_of_edited_texts():
    """Entities stay where they are in the text, and are never dropped or torn apart."""
    nlp = shared_pipeline({"augmenter": REORDER, "share": 1.0})
    losses = train(nlp, steps=200)
    assert losses[-1]["ner"] < losses[0]["ner"] / 10
    docs = [nlp(eg.text) for eg in examples_for(nlp)]
    gold = [[(ent.text, ent.label_) for ent in eg.reference.ents] for eg in examples_for(nlp)]
    assert [[(ent.text, ent.label_) for ent in doc.ents] for doc in docs] == gold


def test_predicts_as_without_it(tmp_path):
    nlp = shared_pipeline(AUGMENTATION)
    train(nlp)
    expected = predictions(nlp)
    nlp.to_disk(tmp_path)
    assert predictions(spacy.load(tmp_path)) == expected
    assert predictions(spacy.load(tmp_path, exclude=["augmentation"])) == expected
    assert [doc.to_bytes() for doc in nlp.pipe(UNSEEN, n_process=2)] == expected


def test_copies_of_a_pipeline_are_trained_alike():
    nlp = shared_pipeline({"augmenter": SHOUT, "share": 1.0})
    copied, made = copy.deepcopy(nlp), type(nlp).from_config(nlp.config)
    for other in (nlp, copied, made):
        train(other)
    assert_trained_alike(nlp, copied)
    assert_trained_alike(nlp, made)


def test_batches_may_be_empty_and_so_may_texts():
    nlp = shared_pipeline({**AUGMENTATION, "share": 1.0})
    train(nlp, steps=1)
    nlp.update([], sgd=False)
    nlp.update(examples_for(nlp, [("", [], 0), ("   ", [], 1), ("😀", [], 1)]), sgd=False)


@pytest.mark.parametrize("value", [0, -0.1, 1.1, "half", True, None])
def test_refuses_bad_shares(value):
    with pytest.raises(ValueError, match=r"\[SD077\] Component 'noisy'.*'share'"):
        Augmentation("noisy", augmenter=make_shout(), share=value)


def test_refuses_to_stand_behind_another_component():
    nlp = shared_pipeline()
    nlp.add_pipe("augmentation")
    with pytest.raises(ValueError, match=r"\[SD080\] Component 'augmentation'.*'tok2vec'"):
        nlp.initialize(lambda: examples_for(nlp))


def test_refuses_to_be_trained_behind_another_component():
    """Also where none was initialized, or the other was disabled then, as `spacy train` does."""
    nlp = shared_pipeline()
    nlp.add_pipe("augmentation")
    with nlp.select_pipes(disable=["tok2vec"]), pytest.raises(ValueError, match="SD080"):
        nlp.initialize(lambda: examples_for(nlp))
    with pytest.raises(ValueError, match="SD080"):
        nlp.get_pipe("augmentation").update(examples_for(nlp))


def test_a_component_that_is_disabled_may_stand_before_it():
    nlp = shared_pipeline()
    nlp.add_pipe("augmentation")
    watcher = nlp.add_pipe("test_watcher")
    with nlp.select_pipes(enable=["augmentation", "test_watcher"]):
        nlp.update(examples_for(nlp), sgd=False)
    assert len(watcher.batches) == 1


def test_needs_its_pipeline():
    noisy = Augmentation("noisy", augmenter=make_shout(), share=0.5)
    examples = examples_for(spacy.blank("en"))
    with pytest.raises(ValueError, match=r"\[SD026\].*'noisy'"):
        noisy.update(examples)
    with pytest.raises(ValueError, match=r"\[SD011\].*'noisy'"):
        noisy.initialize(lambda: examples)


def test_draws_with_numpys_seed():
    nlp, watcher = watched_pipeline(make_shout(), share=0.5)
    for _ in range(2):
        numpy.random.seed(1)
        nlp.update(examples_for(nlp), sgd=False)
    assert watcher.batches[0] == watcher.batches[1]
