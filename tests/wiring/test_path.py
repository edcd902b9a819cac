"""Where vectors come from in a pipeline, and who reads them."""

import pytest
import spacy

from spacy_stablediff.wiring.path import find_path, find_path_to, list_readers

from ..pipelines import EMBEDDING, add_ner, set_vectors


def make(*names):
    """A pipeline of components by their names, which begin with the factories."""
    nlp = spacy.blank("en")
    set_vectors(nlp)
    for name in names:
        if name.startswith("tok2vec"):
            nlp.add_pipe("tok2vec", name=name, config={"model": EMBEDDING})
        elif name.startswith("static"):
            nlp.add_pipe("stablediff", name=name, config={"source": "vectors"})
        elif name.startswith("diffuse"):
            upstream = nlp.component_names[-1]
            nlp.add_pipe("stablediff", name=name, config={"upstream": upstream})
        elif name.startswith("ner"):
            add_ner(nlp, name=name)
        else:
            nlp.add_pipe(name)
    return nlp


def names_of(path):
    """The names on a path, None for static vectors."""
    embedding = path.embedding and path.embedding.name
    return embedding, [diffuser.name for diffuser in path.diffusers]


# Paths.


@pytest.mark.parametrize(
    "pipeline, end, expected",
    [
        (["tok2vec", "diffuse"], "diffuse", ("tok2vec", ["diffuse"])),
        (["tok2vec", "diffuse", "diffuse_b"], "diffuse", ("tok2vec", ["diffuse"])),
        (["tok2vec", "diffuse", "diffuse_b"], "diffuse_b", ("tok2vec", ["diffuse", "diffuse_b"])),
        (["static"], "static", (None, ["static"])),
        (["static", "diffuse"], "diffuse", (None, ["static", "diffuse"])),
        (["tok2vec", "static"], "static", (None, ["static"])),
        (
            ["tok2vec", "diffuse", "tok2vec_b", "diffuse_b"],
            "diffuse_b",
            ("tok2vec_b", ["diffuse_b"]),
        ),
    ],
)
def test_a_path_leads_from_an_embedding_through_diffusers(pipeline, end, expected):
    nlp = make(*pipeline)
    assert names_of(find_path(nlp, nlp.get_pipe(end))) == expected


def test_a_diffuser_between_an_upstream_and_the_end_is_on_the_way_whatever_they_name():
    nlp = make("tok2vec", "diffuse")
    nlp.add_pipe("stablediff", name="second", config={"upstream": "tok2vec"})
    assert names_of(find_path(nlp, nlp.get_pipe("second"))) == ("tok2vec", ["diffuse", "second"])


def test_disabled_diffusers_are_not_on_the_way():
    nlp = make("tok2vec", "diffuse", "diffuse_b")
    nlp.disable_pipe("diffuse")
    assert names_of(find_path(nlp, nlp.get_pipe("diffuse_b"))) == ("tok2vec", ["diffuse_b"])


@pytest.mark.parametrize("upstream, code", [("nobody", "SD003"), ("later", "SD004")])
def test_a_path_without_an_embedding_is_refused(upstream, code):
    nlp = make("tok2vec")
    nlp.add_pipe("stablediff", config={"upstream": upstream})
    nlp.add_pipe("tok2vec", name="later")
    with pytest.raises(ValueError, match=code):
        find_path(nlp, nlp.get_pipe("stablediff"))


@pytest.mark.parametrize(
    "pipeline, expected",
    [
        (["stabilizer"], None),
        (["sentencizer", "stabilizer", "tok2vec"], None),
        (["tok2vec", "stabilizer"], ("tok2vec", [])),
        (["tok2vec", "stabilizer", "tok2vec_b", "diffuse"], ("tok2vec", [])),
        (["tok2vec", "diffuse", "stabilizer"], ("tok2vec", ["diffuse"])),
        (["tok2vec", "diffuse", "sentencizer", "stabilizer"], ("tok2vec", ["diffuse"])),
        (["tok2vec", "diffuse", "tok2vec_b", "stabilizer"], ("tok2vec_b", [])),
        (["tok2vec", "static", "stabilizer"], (None, ["static"])),
    ],
)
def test_a_path_to_a_place_ends_with_the_last_component_before_it_that_gives_vectors(
    pipeline, expected
):
    nlp = make(*pipeline)
    path = find_path_to(nlp, "stabilizer")
    assert (path and names_of(path)) == expected


def test_a_path_to_a_place_leaves_out_what_is_disabled():
    nlp = make("tok2vec", "diffuse", "ner")
    nlp.disable_pipe("diffuse")
    assert names_of(find_path_to(nlp, "ner")) == ("tok2vec", [])
    nlp.disable_pipe("tok2vec")
    assert find_path_to(nlp, "ner") is None


# Readers.


def test_readers_are_all_that_come_later_up_to_the_next_that_embeds():
    nlp = make("tok2vec", "ner", "diffuse", "ner_b", "diffuse_b", "ner_c", "tok2vec_b", "ner_d")
    later = ["diffuse", "ner_b", "diffuse_b", "ner_c"]
    for start in range(4):
        name = ["ner", *later][start]
        assert [reader for reader, _ in list_readers(nlp, name)] == later[start:]
    assert [reader for reader, _ in list_readers(nlp, "tok2vec_b")] == ["ner_d"]


def test_static_vectors_end_what_is_read_and_disabled_embeddings_do_not():
    assert not list_readers(make("tok2vec", "static", "ner"), "tok2vec")
    nlp = make("tok2vec", "tok2vec_b", "ner")
    nlp.disable_pipe("tok2vec_b")
    assert [reader for reader, _ in list_readers(nlp, "tok2vec")] == ["tok2vec_b", "ner"]
