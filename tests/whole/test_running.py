"""Running a pipeline as spaCy's users do: processes, threads, files, copies, odd texts."""

import copy
import gc
import multiprocessing
import pickle
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy
import pytest
import spacy
from numpy.testing import assert_allclose
from spacy.language import Language
from spacy.tokens import Doc, DocBin
from thinc.api import Adam, fix_random_seed

from ..pipelines import (
    EMBEDDING,
    UNSEEN,
    WIDTH,
    add_ner,
    both_layers,
    chain_pipeline,
    examples_for,
    train,
    unread,
)
from ..references import dense_default
from .examples import reloaded, trained_attached, trained_chain, trained_stabilized


def assert_same(docs, others):
    """Bit for bit: the same vectors and the same annotation."""
    for doc, other in zip(docs, others, strict=True):
        assert numpy.array_equal(doc.tensor, other.tensor)
        assert doc.to_json() == other.to_json()


def assert_close(docs, others):
    """The same annotation, with floating point numbers from other sizes of batches."""
    for doc, other in zip(docs, others, strict=True):
        assert_allclose(doc.tensor, other.tensor, atol=1e-5)
        assert doc.cats == pytest.approx(other.cats, abs=1e-4)
        assert doc.to_json()["ents"] == other.to_json()["ents"]


# nlp.pipe.


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_processes_predict_what_one_process_does(nlp, method, monkeypatch):
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"no {method} on this platform")
    context = multiprocessing.get_context(method)
    for name in ("Process", "Queue", "Pipe"):
        monkeypatch.setattr(multiprocessing, name, getattr(context, name))
    many = nlp.pipe(UNSEEN, n_process=2, batch_size=2)
    assert_close(many, nlp.pipe(UNSEEN))


@unread
@pytest.mark.filterwarnings("ignore:.*W109")
def test_hooks_stay_behind_in_the_process_that_set_them():
    nlp = chain_pipeline([])
    nlp.remove_pipe("stablediff")
    nlp.add_pipe("stablediff", config={"hooks": True})
    train(nlp, steps=0)
    with pytest.warns(UserWarning, match="W109"):
        nlp(UNSEEN[0]).to_bytes()
    for doc, other in zip(nlp.pipe(UNSEEN, n_process=2), nlp.pipe(UNSEEN), strict=True):
        assert not doc.user_hooks and other.user_hooks
        assert_allclose(doc.tensor, other.tensor, atol=1e-5)


def test_documents_come_with_their_context(nlp):
    pairs = [(text, {"id": i}) for i, text in enumerate(UNSEEN)]
    docs, contexts = zip(*nlp.pipe(pairs, as_tuples=True), strict=True)
    assert_same(docs, nlp.pipe(UNSEEN))
    assert list(contexts) == [context for _, context in pairs]


def test_memory_zones_do_not_change_predictions(nlp):
    expected = list(nlp.pipe(UNSEEN))
    for _ in range(2):
        with nlp.memory_zone():
            assert_same(nlp.pipe(UNSEEN), expected)
            novel = nlp("Qwxzy and Zyxwq never met")
            assert novel[0].text == "Qwxzy"
    assert_same(nlp.pipe(UNSEEN), expected)


@unread
def test_memory_zones_and_static_vectors():
    nlp = spacy.blank("en")
    nlp.vocab.set_vector("sent", numpy.ones(WIDTH, dtype="float32"))
    nlp.add_pipe("stablediff", config={"source": "vectors"})
    expected = [doc.tensor for doc in nlp.pipe(UNSEEN)]
    with nlp.memory_zone():
        for doc, tensor in zip(nlp.pipe(UNSEEN), expected, strict=True):
            assert numpy.array_equal(doc.tensor, tensor)


# Documents that have been through a pipeline.


def test_documents_passed_again_get_the_same_predictions(nlp):
    docs = list(nlp.pipe(UNSEEN))
    tensors = [doc.tensor.copy() for doc in docs]
    for doc, tensor in zip(nlp.pipe(docs), tensors, strict=True):
        assert numpy.array_equal(doc.tensor, tensor)
    assert_same(docs, nlp.pipe(UNSEEN))


def test_documents_of_another_pipeline_get_the_same_predictions(nlp):
    other = spacy.blank("en", vocab=nlp.vocab)
    other.add_pipe("tok2vec", config={"model": {**EMBEDDING, "width": 7}})
    other.initialize()
    docs = list(other.pipe(UNSEEN))
    assert docs[0].tensor.shape[1] == 7
    if "tok2vec" in nlp.pipe_names:
        assert_same(nlp.pipe(docs), nlp.pipe(UNSEEN))
    else:
        assert [doc.cats for doc in nlp.pipe(docs)] == [doc.cats for doc in nlp.pipe(UNSEEN)]


def test_the_component_alone_diffuses_once_more():
    nlp = trained_chain()
    doc = nlp(UNSEEN[0])
    (twice,) = nlp.get_pipe("stablediff").model.predict([doc.tensor])
    assert numpy.array_equal(nlp.get_pipe("stablediff")(doc).tensor, twice)


def merge_first_three(doc):
    with doc.retokenize() as retokenizer:
        retokenizer.merge(doc[0:3])
    return doc


def split_first(doc):
    with doc.retokenize() as retokenizer:
        retokenizer.split(doc[0], ["Bright", "moor"], heads=[(doc[0], 1), (doc[0], 1)])
    return doc


Language.component("test_merge", func=merge_first_three)


def test_documents_merged_after_diffusion_keep_a_row_for_each_token():
    nlp = trained_chain()
    plain = nlp(UNSEEN[0])
    nlp.add_pipe("test_merge", after="stablediff")
    doc = nlp(UNSEEN[0])
    assert len(doc) == len(plain) - 2
    assert numpy.array_equal(doc.tensor, plain.tensor[2:])
    (twice,) = nlp.get_pipe("stablediff").model.predict([doc.tensor])
    assert numpy.array_equal(nlp.get_pipe("stablediff")(doc).tensor, twice)


def test_documents_merged_between_embedding_and_diffusion_are_diffused():
    nlp = chain_pipeline(["ner"])
    train(nlp, steps=0)
    merged = merge_first_three(nlp.get_pipe("tok2vec")(nlp.make_doc(UNSEEN[0])))
    expected = dense_default(merged.tensor)
    nlp.add_pipe("test_merge", before="stablediff")
    assert_allclose(nlp(UNSEEN[0]).tensor, expected, atol=1e-5)


def test_documents_split_after_embedding_must_be_embedded_again():
    """spaCy 3.8 gives a document that is split a row too many."""
    nlp = trained_chain()
    doc = split_first(nlp(UNSEEN[0]))
    with pytest.raises(ValueError, match=r"\[SD006\] Component 'stablediff'.*after the last"):
        nlp.get_pipe("stablediff")(doc)
    assert nlp(doc).tensor.shape == (len(doc), WIDTH)


def test_merged_entities_and_a_second_pass(nlp):
    nlp = copy.deepcopy(nlp)
    nlp.add_pipe("merge_entities")
    docs = list(nlp.pipe(UNSEEN))
    assert [doc.text for doc in nlp.pipe(docs)] == UNSEEN


# Documents in files.


def test_tensors_survive_in_serialized_documents(tmp_path):
    nlp = trained_chain()
    for i, doc in enumerate(nlp.pipe(UNSEEN)):
        doc.to_disk(tmp_path / str(i))
        for loaded in (
            Doc(nlp.vocab).from_bytes(doc.to_bytes()),
            Doc(nlp.vocab).from_disk(tmp_path / str(i)),
            pickle.loads(pickle.dumps(doc)),
        ):
            assert numpy.array_equal(loaded.tensor, doc.tensor)


def test_doc_bins_leave_tensors_out_and_the_pipeline_makes_them_again(nlp):
    docs = list(nlp.pipe(UNSEEN))
    data = DocBin(docs=docs, store_user_data=True).to_bytes()
    loaded = list(DocBin().from_bytes(data).get_docs(nlp.vocab))
    assert not any(doc.tensor.size for doc in loaded)
    assert_close(nlp.pipe(loaded), docs)


def test_documents_from_a_doc_bin_need_the_embedding_again():
    nlp = trained_chain()
    data = DocBin(docs=[nlp(UNSEEN[0])]).to_bytes()
    (doc,) = DocBin().from_bytes(data).get_docs(nlp.vocab)
    with pytest.raises(ValueError, match=r"\[SD005\] Component 'stablediff'"):
        nlp.get_pipe("stablediff")(doc)


# Copies.


def by_pickle(nlp):
    return pickle.loads(pickle.dumps(nlp))


@pytest.mark.parametrize("copied", [by_pickle, copy.deepcopy], ids=["pickle", "deepcopy"])
def test_copies_predict_the_same_and_learn_on_their_own(nlp, copied):
    expected = list(nlp.pipe(UNSEEN))
    other = copied(nlp)
    assert_same(other.pipe(UNSEEN), expected)
    before = nlp.to_bytes()
    exclude = ["stabilizer"] if copied is by_pickle else []  # as the test of pickles below says
    other.update(examples_for(other), sgd=Adam(0.01), exclude=exclude)
    other.update(examples_for(other), sgd=Adam(0.01), exclude=exclude)
    assert other.to_bytes() != before == nlp.to_bytes()
    assert_same(nlp.pipe(UNSEEN), expected)
    assert other("Brightmoor paid").cats != nlp("Brightmoor paid").cats


@pytest.mark.parametrize("copied", [by_pickle, copy.deepcopy], ids=["pickle", "deepcopy"])
def test_copies_train_as_the_original_does(copied):
    nlp = reloaded(trained_chain())
    other = copied(nlp)
    for pipeline in (nlp, other):
        fix_random_seed(0)
        optimizer = Adam(0.01)
        for _ in range(3):
            pipeline.update(examples_for(pipeline), sgd=optimizer)
    assert_close(other.pipe(UNSEEN), nlp.pipe(UNSEEN))


def test_pickles_train_for_stability_once_they_are_loaded_anew():
    other = by_pickle(reloaded(trained_stabilized()))
    with pytest.raises(ValueError, match=r"\[SD026\] Component 'stabilizer'.*spacy.load\(\)"):
        other.update(examples_for(other))
    again = reloaded(other)
    assert again.update(examples_for(again))["stabilizer"] > 0


def test_the_component_alone_is_pickled():
    nlp = reloaded(trained_chain())
    component = nlp.get_pipe("stablediff")
    data = pickle.dumps(component)
    assert len(data) < len(nlp.to_bytes(exclude=["vocab"])) / 4 + len(pickle.dumps(nlp.vocab))
    docs = list(nlp.pipe(UNSEEN, disable=["stablediff", "textcat", "ner"]))
    for a, b in zip(pickle.loads(data).predict(docs), component.predict(docs), strict=True):
        assert numpy.array_equal(a, b)


def test_a_pipeline_is_freed_when_it_is_no_longer_used():
    nlp = trained_chain()
    component, pipeline = nlp.get_pipe("stablediff"), weakref.ref(nlp)
    del nlp
    gc.collect()
    assert pipeline() is None
    assert component.get_pipeline() is None


# Threads.


def test_two_pipelines_in_two_threads():
    pipelines = [trained_chain(), trained_attached()]
    expected = [list(nlp.pipe(UNSEEN)) for nlp in pipelines]
    with ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(lambda nlp=nlp: list(nlp.pipe(UNSEEN))) for nlp in pipelines * 10]
    for i, job in enumerate(jobs):
        assert_same(job.result(), expected[i % 2])


def test_two_pipelines_trained_in_two_threads():
    nlp = chain_pipeline(["textcat"])
    train(nlp)

    def learn(pipeline):
        optimizer = Adam(0.01)
        for _ in range(5):
            pipeline.update(examples_for(pipeline), sgd=optimizer)
        return pipeline("Brightmoor paid").tensor

    expected = learn(reloaded(nlp))
    with ThreadPoolExecutor(2) as pool:
        for tensor in pool.map(learn, [reloaded(nlp), reloaded(nlp)]):
            assert_allclose(tensor, expected, atol=1e-5)
    assert numpy.abs(expected - nlp("Brightmoor paid").tensor).max() > 0.01


# Texts.


@pytest.mark.parametrize("lang", ["en", "fr", "de", "zh", "ar", "xx"])
def test_other_languages(lang, tmp_path):
    nlp = spacy.blank(lang)
    nlp.add_pipe("tok2vec", config={"model": EMBEDDING})
    nlp.add_pipe("stablediff")
    add_ner(nlp)
    train(nlp)
    nlp.to_disk(tmp_path)
    assert_same(spacy.load(tmp_path).pipe(UNSEEN), nlp.pipe(UNSEEN))
    assert [doc.text for doc in nlp.pipe(UNSEEN)] == UNSEEN


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\n\n\t",
        "😀",
        "👩‍👩‍👧‍👦 🇵🇹 ❤️",
        "e\u0301a\u0308\u200b\u200dz",
        "שלום عالم",
        "\x00\ufeff\U0010ffff",
        "!" * 300,
        "word" * 500,
    ],
)
def test_odd_texts(nlp, text):
    alone, among = nlp(text), list(nlp.pipe([UNSEEN[0], text, UNSEEN[4]]))[1]
    assert alone.text == among.text == text
    assert numpy.isfinite(alone.tensor).all()
    assert_allclose(alone.tensor, among.tensor, atol=1e-5)
    assert numpy.isfinite(list(alone.cats.values())).all()


@pytest.mark.parametrize("texts", [[], [""], ["", "", ""], ["", "x", ""]])
def test_batches_of_nothing(nlp, texts):
    assert [doc.text for doc in nlp.pipe(texts)] == texts
    nlp.update([], sgd=False)


@both_layers
def test_a_document_of_fifty_thousand_tokens(diffusion):
    nlp = chain_pipeline(["textcat"], diffusion)
    train(nlp)
    text = " ".join(["Brightmoor", "never", "paid", "Anselmo", "."] * 10_000)
    doc = nlp(text)
    assert doc.tensor.shape == (50_000, WIDTH)
    plain = nlp.get_pipe("tok2vec").predict([doc])[0]
    assert (doc.tensor.max(axis=0) <= plain.max(axis=0) + 1e-4).all()
    assert (doc.tensor.min(axis=0) >= plain.min(axis=0) - 1e-4).all()
    beginning = nlp(text[:6000]).tensor
    assert_allclose(doc.tensor[:500], beginning[:500], atol=1e-4)
