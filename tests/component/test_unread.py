"""Warnings of a component whose vectors nothing reads, or that was passed by in training."""

import pytest
import spacy

import spacy_stablediff

from ..pipelines import (
    EMBEDDING,
    TEXT,
    UNSEEN,
    add_ner,
    add_textcat,
    chain_pipeline,
    examples_for,
    listener,
    our_warnings,
    set_vectors,
    train,
)


def run(nlp):
    """Predict, several times and in every way."""
    nlp(TEXT)
    list(nlp.pipe(UNSEEN))
    nlp.get_pipe("stablediff").predict([nlp.make_doc("")])


def test_warns_once_where_nothing_comes_after_it():
    nlp = chain_pipeline([])
    (message,) = our_warnings(lambda: (nlp.initialize(), run(nlp), nlp.initialize(), run(nlp)))
    assert message.startswith("[SDW02] Component 'stablediff'")
    assert "spacy.Tok2VecListener.v1" in message


def test_warns_once_naming_later_components_that_embed_for_themselves_and_the_way_out():
    nlp = chain_pipeline([])
    nlp.add_pipe("sentencizer")
    add_textcat(nlp, EMBEDDING, name="mood")
    nlp.add_pipe("ner")
    (message,) = our_warnings(lambda: (train(nlp, steps=2), run(nlp), run(nlp)))
    assert message.startswith("[SDW04] Component 'stablediff'")
    assert "These embed for themselves or listen to a transformer: 'mood', 'ner'." in message
    assert 'spacy_stablediff.attach(nlp, "mood")' in message
    assert "spacy-stablediff.attach.v1" in message and "spacy.Tok2VecListener.v1" in message


def test_warns_once_however_the_pipeline_changes():
    nlp = chain_pipeline([])
    nlp.add_pipe("sentencizer")

    def change():
        train(nlp, steps=0)
        with nlp.select_pipes(disable=["sentencizer"]):
            run(nlp)
        nlp.add_pipe("sentencizer", name="again")
        run(nlp)

    assert len(our_warnings(change)) == 1


def test_warns_again_in_a_pipeline_that_was_loaded(tmp_path):
    nlp = chain_pipeline([])
    nlp.add_pipe("ner")
    our_warnings(lambda: train(nlp, steps=0))
    nlp.to_disk(tmp_path)
    (message,) = our_warnings(lambda: run(spacy.load(tmp_path)))
    assert message.startswith("[SDW04]")


@pytest.mark.parametrize(
    "later",
    [
        {},
        {"before": "stablediff"},  # an owner that comes earlier isn't concerned
    ],
)
def test_owners_are_named_only_if_they_come_later_and_are_not_diffused(later):
    nlp = chain_pipeline([])
    nlp.add_pipe("ner", **later)
    if not later:
        spacy_stablediff.attach(nlp, "ner")
    (message,) = our_warnings(lambda: (train(nlp, steps=0), run(nlp)))
    assert message.startswith("[SDW02]")


def test_disabled_components_are_not_named():
    nlp = chain_pipeline([])
    nlp.add_pipe("senter")
    nlp.add_pipe("ner")
    nlp.disable_pipe("senter")
    (message,) = our_warnings(lambda: (train(nlp, steps=0), run(nlp)))
    assert "transformer: 'ner'." in message


def test_readers_after_another_embedding_do_not_read_what_it_writes():
    nlp = chain_pipeline([])
    nlp.add_pipe("tok2vec", name="other", config={"model": EMBEDDING})
    add_ner(nlp)
    (message,) = our_warnings(lambda: (train(nlp, steps=2), run(nlp)))
    assert message.startswith("[SDW02] Component 'stablediff'")


def test_listeners_of_another_embedding_are_not_taken_for_untrained_readers():
    nlp = chain_pipeline([])
    nlp.add_pipe("tok2vec", name="other", config={"model": EMBEDDING})
    add_ner(nlp, listener("other"))
    messages = our_warnings(lambda: (train(nlp, steps=2, exclude=["stablediff"]), run(nlp)))
    assert [message[:7] for message in messages] == ["[SDW02]"]


def test_static_vectors_leave_nothing_to_read_of_the_diffusion_before():
    nlp = chain_pipeline([])
    set_vectors(nlp)
    nlp.add_pipe("stablediff", name="statics", config={"source": "vectors"})
    add_ner(nlp)
    (message,) = our_warnings(lambda: (train(nlp, steps=2), run(nlp)))
    assert message.startswith("[SDW02] Component 'stablediff'")


def with_listener():
    return chain_pipeline(["ner"])


def with_listener_and_owner():
    nlp = chain_pipeline(["ner"])
    add_textcat(nlp, EMBEDDING)
    return nlp


def with_hooks():
    nlp = chain_pipeline([])
    nlp.remove_pipe("stablediff")
    nlp.add_pipe("stablediff", config={"hooks": True})
    return nlp


def with_another_before_the_listener():
    nlp = chain_pipeline([])
    nlp.add_pipe("stablediff", name="second")
    add_ner(nlp)
    return nlp


@pytest.mark.parametrize(
    "make",
    [with_listener, with_listener_and_owner, with_hooks, with_another_before_the_listener],
)
def test_no_warning_where_something_reads_what_it_writes(make):
    nlp = make()
    assert not our_warnings(lambda: (train(nlp, steps=2), run(nlp)))


def test_no_warning_where_the_reader_is_only_disabled(tmp_path):
    nlp = chain_pipeline(["ner"])
    train(nlp, steps=0)
    nlp.to_disk(tmp_path)
    assert not our_warnings(lambda: run(spacy.load(tmp_path, disable=["ner"])))


def test_warns_of_listeners_that_were_trained_without_it():
    nlp = chain_pipeline(["textcat", "ner"])
    train(nlp, steps=1)
    assert not our_warnings(lambda: run(nlp))
    examples = examples_for(nlp)
    nlp.update(examples, exclude=["stablediff"])
    (message,) = our_warnings(lambda: (run(nlp), run(nlp)))
    assert message.startswith("[SDW03] Component 'stablediff'")
    assert "'textcat' after it" in message and "[training.frozen_components]" in message
