"""Random pipelines out of all the parts: they train, and survive saving and loading bit for bit.

A few examples in the normal run, 200 with `pytest -m slow tests/whole/test_fuzz.py`.
"""

import tempfile
import warnings
from dataclasses import dataclass

import numpy
import pytest
import spacy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from spacy.pipeline.tok2vec import Tok2VecListener
from thinc.api import Adam, fix_random_seed

import spacy_stablediff

from ..pipelines import (
    EMBEDDERS,
    EMBEDDING,
    HEAT,
    IMPLICIT,
    MULTISCALE,
    WIDTH,
    annotated_examples,
    initialize,
    knowing_bag,
    listener,
)

TEXTS = ["Brightmoor paid Anselmo. Nobody else came!", "", "x", "ok 😀 thanks", "  "]
WIRINGS = [
    "listener",  # reads the shared vectors
    "diffused listener",  # diffuses them once more for itself
    "own",  # embeds for itself, without diffusion
    "described",  # embeds for itself, with diffusion in its config
    "attached",  # gets it by attach, before it is trained
    "late",  # gets it by attach, after it was trained
]
times = st.sampled_from([0.05, 0.5, 3.0])
boundaries = st.sampled_from(["doc", "doc", "sentence"])
scales = st.lists(st.sampled_from([0.5, 8.0, None]), min_size=1, max_size=2)
layers = st.one_of(
    st.builds(lambda t, f: {**HEAT, "time": t, "learn_time": f}, times, st.booleans()),
    st.builds(
        lambda t, r, f, c: {
            **IMPLICIT,
            "time": t,
            "radius": r,
            "learn_time": f,
            "learn_confidence": c,
        },
        times,
        st.integers(1, 3),
        st.booleans(),
        st.booleans(),
    ),
    st.builds(
        lambda t, c: {**MULTISCALE, "times": t, "learn_confidence": c}, scales, st.booleans()
    ),
)


@dataclass
class Part:
    """A component: a shared embedding, a diffusion, a stabilizer, or what reads them."""

    kind: str
    layer: dict
    boundaries: str
    wiring: str = "listener"  # of a reader, see WIRINGS
    wildcard: bool = False  # of a listener: upstream = "*"
    diffused: bool = False  # of an embedding
    knows: bool = False  # of an embedding or a classifier: which words it was trained on
    source: str = "tensor"  # of a diffusion
    hooks: bool = False


embeddings = st.builds(
    Part,
    st.just("tok2vec"),
    layers,
    boundaries,
    diffused=st.sampled_from([False, False, True]),
    knows=st.booleans(),
)
stabilizers = st.builds(Part, st.just("stabilizer"), layers, boundaries)
diffusions = st.builds(
    Part,
    st.just("stablediff"),
    layers,
    boundaries,
    source=st.sampled_from(["tensor", "tensor", "vectors"]),
    hooks=st.booleans(),
)
readers = st.builds(
    Part,
    st.sampled_from(EMBEDDERS),
    layers,
    boundaries,
    wiring=st.sampled_from(WIRINGS),
    wildcard=st.booleans(),
    knows=st.booleans(),
)
pipelines = st.lists(
    st.one_of(embeddings, diffusions, stabilizers, readers, readers), min_size=1, max_size=6
)


def diffused(part, tok2vec=EMBEDDING):
    architecture = "spacy-stablediff.DiffusedTok2Vec.v1"
    return {
        "@architectures": architecture,
        "tok2vec": tok2vec,
        "diffusion": part.layer,
        "boundaries": part.boundaries,
    }


def knowing(tok2vec):
    return {"@architectures": "spacy-stablediff.WordGraphTok2Vec.v1", "tok2vec": tok2vec}


BAG = knowing_bag(length=1024)


def build(parts):
    """Add the parts, each with a name of its own; return also who is to be attached late."""
    nlp = spacy.blank("en")
    for word in ("paid", "ok", "parcel", "never"):
        nlp.vocab.set_vector(word, numpy.full(WIDTH, len(word), dtype="float32"))
    nlp.add_pipe("sentencizer")
    writer, embedding, late = None, None, []
    # Edited texts have no sentence boundaries, so that a stabilizer can't train there.
    stops_at_sentences = any(part.boundaries == "sentence" for part in parts)
    for i, part in enumerate(parts):
        name = f"{part.kind}_{i}"
        if part.kind == "tok2vec":
            embedding_config = knowing(EMBEDDING) if part.knows else EMBEDDING
            model = diffused(part, embedding_config) if part.diffused else embedding_config
            nlp.add_pipe("tok2vec", name=name, config={"model": model})
            writer = embedding = name
        elif part.kind == "stablediff":
            source = part.source if writer else "vectors"
            config = {"source": source, "boundaries": part.boundaries, "hooks": part.hooks}
            config.update(model=part.layer, upstream=writer or "nobody")
            nlp.add_pipe("stablediff", name=name, config=config)
            writer = name
        elif part.kind == "stabilizer":
            if writer and not stops_at_sentences:
                nlp.add_pipe("stabilizer", name=name, config={"weight": 0.5, "consistency": 0.5})
        else:
            wiring = part.wiring if writer or "listener" not in part.wiring else "own"
            reader = listener("*" if part.wildcard or not embedding else embedding)
            tok2vec = {
                "listener": reader,
                "diffused listener": diffused(part, reader),
                "described": diffused(part),
            }
            config = {"model": {"tok2vec": tok2vec.get(wiring, EMBEDDING)}}
            if part.kind == "textcat" and part.knows:
                config["model"]["linear_model"] = BAG
            nlp.add_pipe(part.kind, name=name, config=config)
            if wiring == "attached":
                attach(nlp, name, part)
            if wiring == "late":
                late.append((name, part))
    return nlp, late


def attach(nlp, name, part):
    spacy_stablediff.attach(nlp, name, diffusion=part.layer, boundaries=part.boundaries)


def update(nlp, steps=2, drop=0.0):
    fix_random_seed(0)
    optimizer = Adam(0.01)
    for _ in range(steps):
        examples = annotated_examples(nlp)
        losses = nlp.update(examples, sgd=optimizer, drop=drop, annotates=["sentencizer"])
        assert all(numpy.isfinite(loss) for loss in losses.values())


def find_listener(nlp, name):
    model = getattr(nlp.get_pipe(name), "model", None)
    nodes = [] if model is None else model.walk()
    return next((node for node in nodes if isinstance(node, Tok2VecListener)), None)


def check_listeners(nlp, frozen=(), annotates=()):
    """Each listener gives in training what it will read in prediction."""
    given, annotates = {}, ["sentencizer", *annotates]
    for name in nlp.pipe_names:
        node = find_listener(nlp, name)
        if node is not None:
            node._func = recorder(node._func, given.setdefault(name, []))
    nlp.update(annotated_examples(nlp), sgd=False, exclude=frozen, annotates=annotates)
    for name, outputs in given.items():
        find_listener(nlp, name)._func = find_listener(nlp, name)._func.forward
        with nlp.select_pipes(enable=nlp.pipe_names[: nlp.pipe_names.index(name)]):
            docs = [nlp(eg.text) for eg in annotated_examples(nlp)]
        # A stabilizer before it may have had it score the texts that have an edited copy.
        for vectors, doc in zip(outputs[-1], docs, strict=True):
            assert_allclose(vectors, doc.tensor, atol=1e-4)


def recorder(forward, outputs):
    def record(model, docs, is_train):
        result = forward(model, docs, is_train)
        outputs.append(result[0])
        return result

    record.forward = forward
    return record


def output(nlp):
    return [(doc.tensor.tobytes(), doc.to_bytes(exclude=["user_hooks"])) for doc in nlp.pipe(TEXTS)]


def check_saved(nlp):
    """The pipeline that is loaded gives the same output, bit for bit."""
    expected = output(nlp)
    with tempfile.TemporaryDirectory() as folder:
        nlp.to_disk(folder)
        loaded = spacy.load(folder)
    assert output(loaded) == expected
    again = spacy.blank("en").from_config(nlp.config).from_bytes(loaded.to_bytes())
    assert output(again) == expected
    assert again.config.to_str() == nlp.config.to_str()
    return loaded


def of_kind(nlp, *kinds):
    return [name for name in nlp.pipe_names if name.split("_")[0] in kinds]


def own_vectors(nlp, name):
    """What a reader's model starts from, whoever embeds."""
    with nlp.select_pipes(enable=nlp.pipe_names[: nlp.pipe_names.index(name)]):
        docs = [nlp(eg.text) for eg in annotated_examples(nlp)]
    return numpy.vstack(nlp.get_pipe(name).model.get_ref("tok2vec").predict(docs))


def replace_listeners(nlp):
    """Give each listener an embedding of its own: it gets the vectors that it got before."""
    writer = None
    for name in nlp.pipe_names:
        if name in of_kind(nlp, "tok2vec", "stablediff"):
            writer = name
        elif find_listener(nlp, name) is not None:
            block = nlp.config["components"][name]["model"]["tok2vec"]
            if block["@architectures"] == listener()["@architectures"]:
                replace(nlp, writer, name)


def replace(nlp, writer, name):
    component = nlp.get_pipe(writer)
    while getattr(component, "source", None) == "tensor":
        component = nlp.get_pipe(component.upstream)
    if getattr(component, "source", None) == "vectors":
        with pytest.raises(ValueError, match="SD022"):
            nlp.replace_listeners(writer, name, ["model.tok2vec"])
        return
    before = own_vectors(nlp, name)
    nlp.replace_listeners(writer, name, ["model.tok2vec"])
    assert find_listener(nlp, name) is None
    if not (by_sentence(nlp, name) and boundaries_change(nlp, writer, name)):
        assert_allclose(own_vectors(nlp, name), before, atol=1e-4)


def by_sentence(nlp, name):
    return "'boundaries': 'sentence'" in str(nlp.config["components"][name])


def boundaries_change(nlp, writer, name):
    """Tell whether a component between two others sets sentence boundaries anew."""
    start, end = (nlp.pipe_names.index(x) for x in (writer, name))
    return set(of_kind(nlp, "parser", "senter")) & set(nlp.pipe_names[start:end])


def check(parts, drop, all_annotate):
    """Build, train, save, load; freeze; attach and detach; train again; replace listeners."""
    nlp, late = build(parts)
    initialize(nlp)
    update(nlp, drop=drop)
    check_listeners(nlp)
    frozen = of_kind(nlp := check_saved(nlp), "tok2vec")
    annotates = of_kind(nlp, "tok2vec", "stablediff") if all_annotate else frozen
    for _ in range(2):
        check_listeners(nlp, frozen, annotates)
    nlp = check_saved(nlp)
    for name, part in late:
        before = output(nlp)
        attach(nlp, name, part)
        spacy_stablediff.detach(nlp, name)
        assert output(nlp) == before
        attach(nlp, name, part)
    update(nlp, drop=drop)
    check_saved(nlp)
    for name in of_kind(nlp, *EMBEDDERS):
        if "DiffusedTok2Vec" in str(nlp.config["components"][name]):
            spacy_stablediff.detach(nlp, name)
    update(nlp, steps=1)
    nlp = check_saved(nlp)
    replace_listeners(nlp)
    check_saved(nlp)


def quietly(function, *args):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*(SDW0|W109|W1)")
        function(*args)


WORK = {"deadline": None, "suppress_health_check": list(HealthCheck)}


@settings(max_examples=6, derandomize=True, database=None, **WORK)
@given(parts=pipelines, drop=st.sampled_from([0.0, 0.2]), all_annotate=st.booleans())
def test_random_pipelines(parts, drop, all_annotate):
    quietly(check, parts, drop, all_annotate)


@pytest.mark.slow
@settings(max_examples=200, **WORK)
@given(parts=pipelines, drop=st.sampled_from([0.0, 0.2]), all_annotate=st.booleans())
def test_many_random_pipelines(parts, drop, all_annotate):
    quietly(check, parts, drop, all_annotate)
