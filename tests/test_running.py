"""Running a pipeline as spaCy's users do: processes, threads, files, commands, odd texts."""

import copy
import gc
import json
import multiprocessing
import pickle
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy
import pytest
import spacy
from numpy.testing import assert_allclose
from spacy.cli import app
from spacy.language import Language
from spacy.tokens import Doc, DocBin
from thinc.api import Adam, fix_random_seed
from typer.testing import CliRunner

import spacy_stablediff

from .pipelines import (
    EMBEDDING,
    HEAT,
    IMPLICIT,
    WIDTH,
    add_ner,
    add_textcat,
    chain_pipeline,
    examples_for,
    train,
)
from .references import dense_default

unread = pytest.mark.filterwarnings("ignore:.*SDW0[24]")
TEXTS = [
    "Brightmoor sent the wrong Lumo X2 to Porto, says Anselmo.",
    "",
    "x",
    "sooo goood 😀😀 thx!!",
    "   ",
    "Je n'ai rien reçu, c'est dommage.",
    "这个产品很好",
]


def make_chain():
    """Components that share a diffused embedding."""
    nlp = chain_pipeline(["textcat", "ner"])
    train(nlp)
    return nlp


def make_attached():
    """Components that embed for themselves, each with diffusion attached."""
    nlp = spacy.blank("en")
    add_textcat(nlp, EMBEDDING)
    add_ner(nlp, EMBEDDING)
    for name, diffusion in [("textcat", HEAT), ("ner", IMPLICIT)]:
        spacy_stablediff.attach(nlp, name, diffusion=diffusion)
    train(nlp)
    return nlp


def reloaded(nlp):
    """The pipeline without what training left in it: spaCy's listeners hold callbacks."""
    return spacy.blank(nlp.lang).from_config(nlp.config).from_bytes(nlp.to_bytes())


@pytest.fixture(scope="module", params=[make_chain, make_attached], ids=["chain", "attached"])
def nlp(request):
    """A trained pipeline as it comes from disk, which tests leave as it is."""
    return reloaded(request.param())


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
    many = nlp.pipe(TEXTS, n_process=2, batch_size=2)
    assert_close(many, nlp.pipe(TEXTS))


@unread
@pytest.mark.filterwarnings("ignore:.*W109")
def test_hooks_stay_behind_in_the_process_that_set_them():
    nlp = chain_pipeline([])
    nlp.remove_pipe("stablediff")
    nlp.add_pipe("stablediff", config={"hooks": True})
    train(nlp, steps=0)
    with pytest.warns(UserWarning, match="W109"):
        nlp(TEXTS[0]).to_bytes()
    for doc, other in zip(nlp.pipe(TEXTS, n_process=2), nlp.pipe(TEXTS), strict=True):
        assert not doc.user_hooks and other.user_hooks
        assert_allclose(doc.tensor, other.tensor, atol=1e-5)


def test_documents_come_with_their_context(nlp):
    pairs = [(text, {"id": i}) for i, text in enumerate(TEXTS)]
    docs, contexts = zip(*nlp.pipe(pairs, as_tuples=True), strict=True)
    assert_same(docs, nlp.pipe(TEXTS))
    assert list(contexts) == [context for _, context in pairs]


def test_memory_zones_do_not_change_predictions(nlp):
    expected = list(nlp.pipe(TEXTS))
    for _ in range(2):
        with nlp.memory_zone():
            assert_same(nlp.pipe(TEXTS), expected)
            novel = nlp("Qwxzy and Zyxwq never met")
            assert novel[0].text == "Qwxzy"
    assert_same(nlp.pipe(TEXTS), expected)


@unread
def test_memory_zones_and_static_vectors():
    nlp = spacy.blank("en")
    nlp.vocab.set_vector("sent", numpy.ones(WIDTH, dtype="float32"))
    nlp.add_pipe("stablediff", config={"source": "vectors"})
    expected = [doc.tensor for doc in nlp.pipe(TEXTS)]
    with nlp.memory_zone():
        for doc, tensor in zip(nlp.pipe(TEXTS), expected, strict=True):
            assert numpy.array_equal(doc.tensor, tensor)


# Documents that have been through a pipeline.


def test_documents_passed_again_get_the_same_predictions(nlp):
    docs = list(nlp.pipe(TEXTS))
    tensors = [doc.tensor.copy() for doc in docs]
    for doc, tensor in zip(nlp.pipe(docs), tensors, strict=True):
        assert numpy.array_equal(doc.tensor, tensor)
    assert_same(docs, nlp.pipe(TEXTS))


def test_documents_of_another_pipeline_get_the_same_predictions(nlp):
    other = spacy.blank("en", vocab=nlp.vocab)
    other.add_pipe("tok2vec", config={"model": {**EMBEDDING, "width": 7}})
    other.initialize()
    docs = list(other.pipe(TEXTS))
    assert docs[0].tensor.shape[1] == 7
    if "tok2vec" in nlp.pipe_names:
        assert_same(nlp.pipe(docs), nlp.pipe(TEXTS))
    else:
        assert [doc.cats for doc in nlp.pipe(docs)] == [doc.cats for doc in nlp.pipe(TEXTS)]


def test_the_component_alone_diffuses_once_more():
    nlp = make_chain()
    doc = nlp(TEXTS[0])
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
    nlp = make_chain()
    plain = nlp(TEXTS[0])
    nlp.add_pipe("test_merge", after="stablediff")
    doc = nlp(TEXTS[0])
    assert len(doc) == len(plain) - 2
    assert numpy.array_equal(doc.tensor, plain.tensor[2:])
    (twice,) = nlp.get_pipe("stablediff").model.predict([doc.tensor])
    assert numpy.array_equal(nlp.get_pipe("stablediff")(doc).tensor, twice)


def test_documents_merged_between_embedding_and_diffusion_are_diffused():
    nlp = chain_pipeline(["ner"])
    train(nlp, steps=0)
    merged = merge_first_three(nlp.get_pipe("tok2vec")(nlp.make_doc(TEXTS[0])))
    expected = dense_default(merged.tensor)
    nlp.add_pipe("test_merge", before="stablediff")
    assert_allclose(nlp(TEXTS[0]).tensor, expected, atol=1e-5)


def test_documents_split_after_embedding_must_be_embedded_again():
    """spaCy 3.8 gives a document that is split a row too many."""
    nlp = make_chain()
    doc = split_first(nlp(TEXTS[0]))
    with pytest.raises(ValueError, match=r"\[SD006\] Component 'stablediff'.*after the last"):
        nlp.get_pipe("stablediff")(doc)
    assert nlp(doc).tensor.shape == (len(doc), WIDTH)


def test_merged_entities_and_a_second_pass(nlp):
    nlp = copy.deepcopy(nlp)
    nlp.add_pipe("merge_entities")
    docs = list(nlp.pipe(TEXTS))
    assert [doc.text for doc in nlp.pipe(docs)] == TEXTS


# Documents in files.


def test_tensors_survive_in_serialized_documents(tmp_path):
    nlp = make_chain()
    for i, doc in enumerate(nlp.pipe(TEXTS)):
        doc.to_disk(tmp_path / str(i))
        for loaded in (
            Doc(nlp.vocab).from_bytes(doc.to_bytes()),
            Doc(nlp.vocab).from_disk(tmp_path / str(i)),
            pickle.loads(pickle.dumps(doc)),
        ):
            assert numpy.array_equal(loaded.tensor, doc.tensor)


def test_doc_bins_leave_tensors_out_and_the_pipeline_makes_them_again(nlp):
    docs = list(nlp.pipe(TEXTS))
    data = DocBin(docs=docs, store_user_data=True).to_bytes()
    loaded = list(DocBin().from_bytes(data).get_docs(nlp.vocab))
    assert not any(doc.tensor.size for doc in loaded)
    assert_close(nlp.pipe(loaded), docs)


def test_documents_from_a_doc_bin_need_the_embedding_again():
    nlp = make_chain()
    data = DocBin(docs=[nlp(TEXTS[0])]).to_bytes()
    (doc,) = DocBin().from_bytes(data).get_docs(nlp.vocab)
    with pytest.raises(ValueError, match=r"\[SD005\] Component 'stablediff'"):
        nlp.get_pipe("stablediff")(doc)


# Commands.


def invoke(*args):
    result = CliRunner().invoke(app, [str(arg) for arg in args])
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture(scope="module")
def folder(nlp, tmp_path_factory):
    """A folder with the pipeline, a corpus, plain texts and a config for training."""
    folder = tmp_path_factory.mktemp("commands")
    nlp.to_disk(folder / "model")
    docs = [eg.reference for eg in examples_for(nlp)]
    DocBin(docs=docs, store_user_data=True).to_disk(folder / "gold.spacy")
    (folder / "texts.jsonl").write_text("\n".join(json.dumps({"text": t}) for t in TEXTS))
    write_config(nlp, folder)
    return folder


def write_config(nlp, folder):
    """Write a config for `spacy train`, and enough of a corpus for `spacy debug data`."""
    docs = [eg.reference for eg in examples_for(nlp)] * 20
    DocBin(docs=docs, store_user_data=True).to_disk(folder / "corpus.spacy")
    config = nlp.config.copy()
    config["paths"].update(train=str(folder / "corpus.spacy"), dev=str(folder / "corpus.spacy"))
    config["training"].update(max_steps=2, eval_frequency=1)
    config.to_disk(folder / "config.cfg")


def test_spacy_apply(nlp, folder):
    invoke("apply", folder / "model", folder / "texts.jsonl", folder / "out.spacy", "-F", "-b", 9)
    docs = DocBin().from_disk(folder / "out.spacy").get_docs(nlp.vocab)
    for doc, other in zip(docs, nlp.pipe(TEXTS), strict=True):
        assert [e.text for e in doc.ents] == [e.text for e in other.ents]
        assert doc.cats == pytest.approx(other.cats, abs=1e-4)


@pytest.mark.parametrize("command", [["evaluate"], ["benchmark", "accuracy"]])
def test_spacy_evaluate(nlp, folder, command):
    arguments = [folder / "model", folder / "gold.spacy", "--output", folder / "scores.json"]
    invoke(*command, *arguments)
    scores = json.loads((folder / "scores.json").read_text())
    expected = nlp.evaluate(examples_for(nlp))
    assert scores["ents_f"] == pytest.approx(expected["ents_f"])
    assert scores["cats_score"] == pytest.approx(expected["cats_score"])


def test_spacy_benchmark_speed(folder):
    arguments = [folder / "model", folder / "gold.spacy", "--batches", 30, "--warmup", 1]
    output = invoke("benchmark", "speed", *arguments)
    assert "words/s" in output


def test_spacy_debug_data(folder):
    output = invoke("debug", "data", folder / "config.cfg", "--no-format")
    assert "Pipeline can be initialized with data" in output
    assert "Text Classification" in output and "Named Entity Recognition" in output


def test_spacy_debug_config(folder):
    assert "Config is valid" in invoke("debug", "config", folder / "config.cfg")
    invoke("init", "fill-config", folder / "config.cfg", folder / "filled.cfg")
    assert "Config is valid" in invoke("debug", "config", folder / "filled.cfg")


def test_spacy_debug_model(nlp, folder):
    for name in set(nlp.pipe_names) - {"stablediff"}:
        output = invoke("debug", "model", folder / "config.cfg", name)
        assert "model looks good" in output


def test_spacy_debug_model_feeds_documents_to_the_diffusion_which_says_so(tmp_path):
    write_config(chain_pipeline(["ner"]), tmp_path)
    arguments = ["debug", "model", str(tmp_path / "config.cfg"), "stablediff"]
    with pytest.raises(ValueError, match=r"\[SD029\] Layer 'implicit_diffusion'.*type Doc"):
        CliRunner().invoke(app, arguments, catch_exceptions=False)


@pytest.mark.parametrize("diffusion", [HEAT, IMPLICIT], ids=["heat", "implicit"])
def test_a_diffusion_in_the_place_of_an_embedding_is_refused(diffusion):
    nlp = spacy.blank("en")
    add_ner(nlp, diffusion)
    with pytest.raises(ValueError, match=r"\[SD029\].*spacy-stablediff.DiffusedTok2Vec.v1"):
        nlp.initialize(lambda: examples_for(nlp))


def test_spacy_info(nlp, folder):
    output = invoke("info", folder / "model")
    assert str(nlp.pipe_names) in output


def test_spacy_find_function():
    for registry, name in [
        ("architectures", "spacy-stablediff.HeatDiffusion.v1"),
        ("architectures", "spacy-stablediff.ImplicitDiffusion.v1"),
        ("architectures", "spacy-stablediff.DiffusedTok2Vec.v1"),
        ("callbacks", "spacy-stablediff.attach.v1"),
    ]:
        assert "spacy_stablediff" in invoke("find-function", name, "--registry", registry)


def test_spacy_train(folder):
    invoke("train", folder / "config.cfg", "--output", folder / "trained")
    loaded = spacy.load(folder / "trained" / "model-last")
    assert [doc.text for doc in loaded.pipe(TEXTS)] == TEXTS


def test_analyze_pipes_shows_what_it_requires_and_assigns():
    nlp = chain_pipeline(["ner"])
    analysis = nlp.analyze_pipes()
    assert analysis["summary"]["stablediff"]["requires"] == ["doc.tensor"]
    assert analysis["summary"]["stablediff"]["assigns"] == ["doc.tensor"]
    assert analysis["problems"]["stablediff"] == []
    assert analysis["attrs"]["doc.tensor"]["assigns"] == ["tok2vec", "stablediff"]
    nlp.remove_pipe("tok2vec")
    assert nlp.analyze_pipes()["problems"]["stablediff"] == ["doc.tensor"]


# Copies.


def by_pickle(nlp):
    return pickle.loads(pickle.dumps(nlp))


@pytest.mark.parametrize("copied", [by_pickle, copy.deepcopy], ids=["pickle", "deepcopy"])
def test_copies_predict_the_same_and_learn_on_their_own(nlp, copied):
    expected = list(nlp.pipe(TEXTS))
    other = copied(nlp)
    assert_same(other.pipe(TEXTS), expected)
    before = nlp.to_bytes()
    other.update(examples_for(other), sgd=Adam(0.01))
    other.update(examples_for(other), sgd=Adam(0.01))
    assert other.to_bytes() != before == nlp.to_bytes()
    assert_same(nlp.pipe(TEXTS), expected)
    assert other("Brightmoor paid").cats != nlp("Brightmoor paid").cats


@pytest.mark.parametrize("copied", [by_pickle, copy.deepcopy], ids=["pickle", "deepcopy"])
def test_copies_train_as_the_original_does(copied):
    nlp = reloaded(make_chain())
    other = copied(nlp)
    for pipeline in (nlp, other):
        fix_random_seed(0)
        optimizer = Adam(0.01)
        for _ in range(3):
            pipeline.update(examples_for(pipeline), sgd=optimizer)
    assert_close(other.pipe(TEXTS), nlp.pipe(TEXTS))


def test_the_component_alone_is_pickled():
    nlp = reloaded(make_chain())
    component = nlp.get_pipe("stablediff")
    data = pickle.dumps(component)
    assert len(data) < len(nlp.to_bytes(exclude=["vocab"])) / 4 + len(pickle.dumps(nlp.vocab))
    docs = list(nlp.pipe(TEXTS, disable=["stablediff", "textcat", "ner"]))
    for a, b in zip(pickle.loads(data).predict(docs), component.predict(docs), strict=True):
        assert numpy.array_equal(a, b)


def test_a_pipeline_is_freed_when_it_is_no_longer_used():
    nlp = make_chain()
    component, pipeline = nlp.get_pipe("stablediff"), weakref.ref(nlp)
    del nlp
    gc.collect()
    assert pipeline() is None
    assert component.get_pipeline() is None


# Threads.


def test_two_pipelines_in_two_threads():
    pipelines = [make_chain(), make_attached()]
    expected = [list(nlp.pipe(TEXTS)) for nlp in pipelines]
    with ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(lambda nlp=nlp: list(nlp.pipe(TEXTS))) for nlp in pipelines * 10]
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
    assert_same(spacy.load(tmp_path).pipe(TEXTS), nlp.pipe(TEXTS))
    assert [doc.text for doc in nlp.pipe(TEXTS)] == TEXTS


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
    alone, among = nlp(text), list(nlp.pipe([TEXTS[0], text, TEXTS[3]]))[1]
    assert alone.text == among.text == text
    assert numpy.isfinite(alone.tensor).all()
    assert_allclose(alone.tensor, among.tensor, atol=1e-5)
    assert numpy.isfinite(list(alone.cats.values())).all()


@pytest.mark.parametrize("texts", [[], [""], ["", "", ""], ["", "x", ""]])
def test_batches_of_nothing(nlp, texts):
    assert [doc.text for doc in nlp.pipe(texts)] == texts
    nlp.update([], sgd=False)


@pytest.mark.parametrize("diffusion", [HEAT, IMPLICIT], ids=["heat", "implicit"])
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
