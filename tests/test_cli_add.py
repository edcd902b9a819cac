"""`python -m spacy stablediff add`: configs it takes, what it writes, what it refuses."""

import re
import subprocess
import sys
from itertools import combinations

import pytest
import spacy
from jinja2 import Template
from spacy.cli._util import app
from spacy.cli.debug_config import debug_config
from spacy.cli.init_config import RECOMMENDATIONS, TEMPLATE_PATH, init_config
from spacy.cli.train import train
from spacy.tokens import Doc, DocBin, Span
from spacy.util import load_config, load_config_from_str, load_model_from_config
from typer.testing import CliRunner

import spacy_stablediff.cli  # noqa: F401
from spacy_stablediff.layers.implicit import ARCHITECTURE as IMPLICIT_LAYER

TRAINABLE = ["tagger", "parser", "ner", "textcat", "textcat_multilabel", "spancat"]
CLASSIFIERS = ["textcat", "textcat_multilabel"]
KNOWN_WORDS = "spacy-stablediff.KnownWordsTok2Vec.v1"
DIFFUSED = "spacy-stablediff.DiffusedTok2Vec.v1"
NO_STATIC_VECTORS = {
    "paths.vectors": None,
    "components.tok2vec.model.tok2vec.embed.include_static_vectors": False,
}
IMPLICIT = {
    "@architectures": IMPLICIT_LAYER,
    "time": 0.5,
    "radius": 2,
    "learn_time": True,
    "learn_confidence": True,
}

STUDIED = {
    "@architectures": "spacy-stablediff.MultiscaleDiffusion.v1",
    "times": [4.0, 32.0, None],
    "learn_confidence": True,
}

NER = """\
[components.ner]
factory = "ner"

[components.ner.model]
@architectures = "spacy.TransitionBasedParser.v2"
state_type = "ner"
extra_state_tokens = false
hidden_width = 16
maxout_pieces = 2
use_upper = true
"""

# As the quickstart widget of spaCy's website writes it, shortened, with comments added.
PARTIAL = (
    """\
# This is an auto-generated partial config.
[paths]
train = null
dev = null

[nlp]
lang = "en"
# ner and textcat are
# what we need.
pipeline = ["ner","textcat"]
batch_size = 1000

# All the components.
[components]

"""
    + NER
    + """\
nO = null

# Its own embedding:
[components.ner.model.tok2vec]
@architectures = "spacy.Tok2Vec.v2"

[components.ner.model.tok2vec.embed]
@architectures = "spacy.MultiHashEmbed.v2"
width = ${components.ner.model.tok2vec.encode.width}
attrs = ["NORM","PREFIX"]
rows = [100,100]
include_static_vectors = false

[components.ner.model.tok2vec.encode]
@architectures = "spacy.MaxoutWindowEncoder.v2"
; wide enough
width = 16
depth = 1
window_size = 1
maxout_pieces = 2

# Then the classifier.
[components.textcat]
factory = "textcat"
"""
)


@pytest.fixture
def run(tmp_path):
    """Run the command on the text of a config: returns exit code, output, path of the result."""

    def run(text, *options, base="base.cfg"):
        (tmp_path / base).write_text(text, encoding="utf8")
        output = tmp_path / "out.cfg"
        command = ["stablediff", "add", str(tmp_path / base), str(output), *options]
        result = CliRunner().invoke(app, command)
        assert result.exception is None or isinstance(result.exception, SystemExit), result
        return result.exit_code, " ".join(result.output.split()), output

    return run


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    nlp = spacy.blank("en")
    docs = [
        Doc(nlp.vocab, words, tags=tags, heads=heads, deps=deps, ents=ents)
        for words, tags, heads, deps, ents in [
            (
                ["Anselmo", "lost", "a", "parcel"],
                ["NNP", "VBD", "DT", "NN"],
                [1, 1, 3, 1],
                ["nsubj", "ROOT", "det", "dobj"],
                ["B-PERSON", "O", "O", "O"],
            ),
            (
                ["never", "again", ",", "Brightmoor"],
                ["RB", "RB", ",", "NNP"],
                [1, 1, 1, 1],
                ["advmod", "ROOT", "punct", "npadvmod"],
                ["O", "O", "O", "B-COMPANY"],
            ),
        ]
    ]
    for doc, positive in zip(docs, [1.0, 0.0], strict=True):
        doc.cats = {"POS": positive, "NEG": 1 - positive}
        doc.spans["sc"] = [Span(doc, ent.start, ent.end, ent.label_) for ent in doc.ents]
    path = tmp_path_factory.mktemp("corpus") / "corpus.spacy"
    DocBin(docs=docs, store_user_data=True).to_disk(path)
    return path


def write_config(pipeline, **options):
    return init_config(pipeline=list(pipeline), **options).to_str(interpolate=False)


def read(path):
    return load_config(path).interpolate()


def check_config(path, corpus):
    paths = {"paths.train": str(corpus), "paths.dev": str(corpus)}
    debug_config(path, overrides=paths)


def train_steps(path, corpus, tmp_path, **overrides):
    """Train two steps with spaCy's own command, and load what it saved."""
    settings = {"paths.train": str(corpus), "paths.dev": str(corpus), **overrides}
    settings |= {"training.max_steps": 2, "training.eval_frequency": 1}
    train(path, tmp_path / "model", overrides=settings)
    return spacy.load(tmp_path / "model" / "model-last")


def diffusions(nlp):
    """What is diffused: the components 'stablediff', and those with a wrapped tok2vec."""
    models = {name: getattr(component, "model", None) for name, component in nlp.components}
    return {name for name, model in models.items() if model and find_layers(model)}


def find_layers(model):
    return [node for node in model.walk() if node.name.endswith("_diffusion")]


def has_learned(nlp, name):
    """Whether training has moved the confidences, which start out the same everywhere."""
    return all(layer.get_param("u").any() for layer in find_layers(nlp.get_pipe(name).model))


# What `spacy init config` writes.


def check_init_config(pipeline, optimize, run, corpus):
    base = write_config(pipeline, optimize=optimize)
    before = load_config_from_str(base).interpolate()
    code, printed, output = run(base)
    if "tok2vec" not in before["nlp"]["pipeline"]:
        assert code == 1 and "[SD053]" in printed and not output.exists()
        return
    assert code == 0
    after = read(output)
    components = after["components"]
    classifies = "tok2vec" in str([components.get(name) for name in CLASSIFIERS])
    consistency = {"consistency": 1.0} if classifies else {}
    assert components.pop("stablediff") == {
        "factory": "stablediff",
        "upstream": "tok2vec",
        "model": STUDIED,
        "stability": {"weight": 0.05, **consistency},
    }
    wrapped = components["tok2vec"]["model"]
    assert wrapped["@architectures"] == KNOWN_WORDS
    assert wrapped["min_count"] == 2 and wrapped["typo_count"] == 5
    components["tok2vec"]["model"] = wrapped["tok2vec"]
    assert after["nlp"]["pipeline"] == ["tok2vec", "stablediff", *pipeline]
    after["nlp"]["pipeline"].remove("stablediff")
    assert after == before
    check_config(output, corpus)


@pytest.mark.parametrize("optimize", ["efficiency", "accuracy"])
@pytest.mark.parametrize("pipeline", [*([name] for name in TRAINABLE), TRAINABLE])
def test_takes_what_init_config_writes(pipeline, optimize, run, corpus):
    check_init_config(pipeline, optimize, run, corpus)


@pytest.mark.slow
@pytest.mark.parametrize("optimize", ["efficiency", "accuracy"])
@pytest.mark.parametrize(
    "pipeline", [names for n in range(2, 6) for names in combinations(TRAINABLE, n)], ids="-".join
)
def test_takes_every_combination(pipeline, optimize, run, corpus):
    check_init_config(pipeline, optimize, run, corpus)


@pytest.mark.parametrize("layer", ["heat", "implicit"])
def test_trains_after_a_shared_tok2vec(layer, run, corpus, tmp_path):
    base = write_config(TRAINABLE)
    _, _, output = run(base, "--layer", layer, "--time", "0.25")
    overrides = {"components.parser.min_action_freq": 1}
    nlp = train_steps(output, corpus, tmp_path, **overrides)
    assert diffusions(nlp) == {"stablediff"}
    model = nlp.get_pipe("stablediff").model
    assert model.name == f"{layer}_diffusion" and model.attrs["time"] == 0.25
    assert nlp("Anselmo lost a parcel").tensor.any()


def test_layer_and_stability_are_options(run, corpus, tmp_path):
    base = write_config(["ner"])
    code, printed, output = run(base, "--layer", "multiscale", "--stability", "2.5")
    assert code == 0 and "trains for stability" in printed
    nlp = train_steps(output, corpus, tmp_path)
    component = nlp.get_pipe("stablediff")
    assert component.model.name == "multiscale_diffusion" and component.stability.weight == 2.5
    code, printed, output = run(base, "--stability", "0")
    assert code == 0 and "for stability" not in printed
    block = read(output)["components"]["stablediff"]
    assert "stability" not in block and block["model"] == IMPLICIT
    code, _, output = run(base, "--time", "0.25")
    block = read(output)["components"]["stablediff"]
    assert block["stability"] == {"weight": 0.05} and block["model"] == {**IMPLICIT, "time": 0.25}


@pytest.mark.parametrize("classifier", CLASSIFIERS)
def test_text_classifiers_are_trained_for_consistent_scores(classifier, run, corpus, tmp_path):
    _, _, output = run(write_config(["ner", classifier], optimize="accuracy"))
    block = read(output)["components"]["stablediff"]
    assert block["stability"] == {"weight": 0.05, "consistency": 1.0}
    nlp = train_steps(output, corpus, tmp_path, **NO_STATIC_VECTORS)
    assert nlp.get_pipe("stablediff").stability.consistency == 1.0
    layers = [node for node in nlp.get_pipe("tok2vec").model.walk() if node.name == "known_words"]
    assert layers and all(layer.attrs["known"] is not None for layer in layers)


SHARED = (
    """\
[nlp]
lang = "en"
pipeline = ["tok2vec","ner"]

[components]

[components.tok2vec]
factory = "tok2vec"

"""
    + NER
    + """\

[components.ner.model.tok2vec]
@architectures = "spacy.Tok2VecListener.v1"
width = 96
"""
)


def test_rare_words_share_a_vector_of_the_default_embedding_too(run):
    _, printed, output = run(SHARED)
    model = read(output)["components"]["tok2vec"]["model"]
    assert model["@architectures"] == KNOWN_WORDS
    assert model["tok2vec"]["@architectures"] == "spacy.HashEmbedCNN.v2"
    assert "Wrote the defaults of [components.tok2vec.model]" in printed
    assert "so that rare words share a vector" in printed


CHARACTERS = """
[components.tok2vec.model]
@architectures = "spacy.Tok2Vec.v2"

[components.tok2vec.model.embed]
@architectures = "spacy.CharacterEmbed.v2"
width = 96
rows = 100
nM = 8
nC = 4
include_static_vectors = false
feature = "LOWER"

[components.tok2vec.model.encode]
@architectures = "spacy.MaxoutWindowEncoder.v2"
width = 96
window_size = 1
maxout_pieces = 2
depth = 1
"""


@pytest.mark.parametrize(
    "addition",
    [
        CHARACTERS,
        '[initialize]\ninit_tok2vec = "weights.bin"\n',
        '[pretraining]\ncomponent = "tok2vec"\n',
        '[training]\nfrozen_components = ["tok2vec"]\n',
    ],
    ids=["embedding of characters", "pretrained weights", "pretraining", "frozen"],
)
def test_embeddings_that_look_up_no_words_or_keep_their_weights_are_not_wrapped(addition, run):
    code, printed, output = run(f"{SHARED}\n{addition}")
    assert code == 0 and "rare words" not in printed
    assert KNOWN_WORDS not in output.read_text(encoding="utf8")


def test_trains_accuracy_config(run, corpus, tmp_path):
    _, _, output = run(write_config(["ner", "textcat"], optimize="accuracy"))
    nlp = train_steps(output, corpus, tmp_path, **NO_STATIC_VECTORS)
    assert diffusions(nlp) == {"stablediff"}


# Embeddings of their own.


def write_owners(names, **options):
    """A full config without a shared tok2vec: components with their default models."""
    nlp = spacy.blank("en")
    for name in names:
        nlp.add_pipe(name)
    config = init_config(pipeline=["ner"], **options)
    config["nlp"]["pipeline"] = list(names)
    config["components"] = nlp.config["components"]
    return config.to_str(interpolate=False)


def test_wraps_and_trains_owners(run, corpus, tmp_path):
    names = ["tagger", "ner", "textcat", "textcat_multilabel", "spancat"]
    base = write_owners(names)
    code, printed, output = run(base, "--layer", "heat")
    before, after = load_config_from_str(base).interpolate(), read(output)
    assert code == 0 and after["nlp"]["pipeline"] == names
    assert after["components"]["tagger"] == before["components"]["tagger"]
    assert "Left 'tagger' as it is" in printed
    for name in names[1:]:
        assert f"Wrapped the tok2vec of '{name}'" in printed
        wrapped = after["components"][name]["model"]["tok2vec"]
        assert wrapped["@architectures"] == DIFFUSED and wrapped["boundaries"] == "doc"
        assert wrapped["diffusion"]["@architectures"] == "spacy-stablediff.HeatDiffusion.v1"
        assert wrapped["tok2vec"] == before["components"][name]["model"]["tok2vec"]
    check_config(output, corpus)
    nlp = train_steps(output, corpus, tmp_path)
    assert diffusions(nlp) == set(names[1:])


def test_pipes_names_other_owners(run, corpus):
    code, _, output = run(write_owners(["tagger", "parser", "ner"]), "--pipes", "tagger,parser")
    assert code == 0
    assert diffusions(load_model_from_config(load_config(output))) == {"tagger", "parser"}


def test_shared_and_own_at_once(run, corpus, tmp_path):
    """As in spaCy's small pipelines: the tagger listens, ner embeds for itself."""
    config = load_config_from_str(write_config(["tagger", "textcat"]))
    config["nlp"]["pipeline"].append("ner")
    config["components"]["ner"] = {"factory": "ner"}
    code, printed, output = run(config.to_str(interpolate=False))
    assert code == 0 and "Left 'textcat' as it is: it has no tok2vec" in printed
    assert read(output)["nlp"]["pipeline"] == ["tok2vec", "stablediff", "tagger", "textcat", "ner"]
    assert diffusions(train_steps(output, corpus, tmp_path)) == {"stablediff", "ner"}


# Partial configs, comments, variables.


def test_partial_config_keeps_comments_and_variables(run, corpus, tmp_path):
    code, printed, output = run(PARTIAL)
    text = output.read_text()
    assert code == 0 and "were lost" not in printed and "init fill-config" in printed
    assert re.findall("(?m)^[#;].*", text) == re.findall("(?m)^[#;].*", PARTIAL)
    assert "# Its own embedding:\n[components.ner.model.tok2vec]\n@arch" in text
    assert "# Then the classifier.\n[components.textcat]\n" in text
    raw = load_config(output)["components"]["ner"]["model"]["tok2vec"]["tok2vec"]
    assert raw["embed"]["width"] == "${components.ner.model.tok2vec.tok2vec.encode.width}"

    filled = tmp_path / "filled.cfg"
    result = CliRunner().invoke(app, ["init", "fill-config", str(output), str(filled)])
    assert result.exit_code == 0
    assert diffusions(train_steps(filled, corpus, tmp_path)) == {"ner", "textcat"}


def test_nothing_else_in_the_text_changes(run):
    _, _, output = run(PARTIAL, "--pipes", "ner")
    without = output.read_text().replace("model.tok2vec.tok2vec", "model.tok2vec")
    start = without.index('[components.ner.model.tok2vec]\n@architectures = "spacy-stablediff')
    end = without.index('[components.ner.model.tok2vec]\n@architectures = "spacy.Tok2Vec')
    assert without[:start] + without[end:] == PARTIAL


def test_variables_follow_what_they_point_to(run):
    """In any notation, from anywhere, for single settings and whole blocks."""
    text = (
        PARTIAL
        + """
[components.textcat.model]
@architectures = "spacy.TextCatReduce.v1"
exclusive_classes = true
use_reduce_first = false
use_reduce_last = false
use_reduce_max = false
use_reduce_mean = true
nO = null
tok2vec = ${components.ner.model.tok2vec}

[training]
seed = ${training:width}
width = ${components.ner.model.tok2vec.encode:width}
depth = ${components.ner.model:tok2vec.encode.depth}
other = ${nlp.batch_size}
"""
    )
    before = load_config_from_str(text).interpolate()
    for pipes in ("ner", "textcat", "ner,textcat"):
        _, printed, output = run(text, "--pipes", pipes)
        raw, after = load_config(output), read(output)
        assert "were lost" not in printed
        assert after["training"] == before["training"]
        assert raw["training"]["other"] == "${nlp.batch_size}"
        for name in ("ner", "textcat"):
            tok2vec = after["components"][name]["model"]["tok2vec"]
            if name in pipes:
                assert tok2vec["@architectures"] == DIFFUSED
                tok2vec = tok2vec["tok2vec"]
            assert tok2vec == before["components"][name]["model"]["tok2vec"]
        nested = "tok2vec.tok2vec" if "ner" in pipes else "tok2vec"
        inner = raw["components"]["textcat"]["model"]["tok2vec"]
        inner = inner["tok2vec"] if "textcat" in pipes else inner
        assert inner == f"${{components.ner.model.{nested}}}"


def test_shared_model_by_variable(run):
    """Both components or none: one block describes both."""
    text = PARTIAL.replace('["ner","textcat"]', '["ner","ner_b"]')
    text += """
[components.ner_b]
factory = "ner"
model = ${components.ner.model}
"""
    code, _, output = run(text)
    assert code == 0
    models = [
        component["model"]
        for component in read(output)["components"].values()
        if "model" in component
    ]
    assert models[0] == models[1] and models[0]["tok2vec"]["@architectures"] == DIFFUSED
    code, printed, _ = run(text, "--pipes", "ner")
    assert code == 1 and "[SD058]" in printed


def test_partial_embedding_is_filled_in(run):
    """What spaCy would fill in from the factory's defaults, it wouldn't once it is wrapped."""
    text = """
[nlp]
lang = "en"
pipeline = ["ner", "textcat"]
[components]
[components.ner]
factory = "ner"
[components.ner.model]
[components.ner.model.tok2vec]
width = 32
[components.textcat]
factory = "textcat"
[components.textcat.model]
@architectures = "spacy.TextCatEnsemble.v2"
"""
    before = load_model_from_config(load_config_from_str(text), auto_fill=True).config
    code, printed, output = run(text)
    assert code == 0 and "Wrote the defaults of [components.ner.model]" in printed
    nlp = load_model_from_config(load_config(output), auto_fill=True)
    for name in ("ner", "textcat"):
        after = nlp.config["components"][name]["model"]
        wrapped, plain = after["tok2vec"], before["components"][name]["model"]["tok2vec"]
        assert wrapped["@architectures"] == DIFFUSED and wrapped["tok2vec"] == plain
        assert {**after, "tok2vec": plain} == before["components"][name]["model"]


INDENTED = "\n".join(f"  {line}".rstrip() for line in PARTIAL.splitlines())
INLINE = re.sub(
    r"(?s)\[components.ner.model.tok2vec\].*?\n\n(?=# Then)",
    'tok2vec = {"@architectures": "spacy.HashEmbedCNN.v2", "width": 16}\n\n',
    PARTIAL,
)


@pytest.mark.parametrize("text", [INDENTED, INLINE], ids=["indented", "inline"])
def test_unusual_layout_loses_comments_and_says_so(text, run):
    code, printed, output = run(text)
    lost = len(re.findall("(?m)^ *[#;]", text))
    assert code == 0 and f"[SDW51] {lost} lines of comments were lost" in printed
    for name in ("ner", "textcat"):
        tok2vec = read(output)["components"][name]["model"]["tok2vec"]
        assert tok2vec["@architectures"] == DIFFUSED != tok2vec["tok2vec"]["@architectures"]


@pytest.mark.parametrize(
    "pipeline",
    [
        'pipeline = ["tok2vec","ner"]',
        'pipeline = [\n  "tok2vec",\n  "ner"\n  ]',
        'pipeline = [\n  # "tok2vec",\n  "tok2vec",\n\n# only\n  "ner"]',
        'pipeline: ["tok2vec", "ner"]',
        "pipeline = ${training.pipeline}",
    ],
)
def test_pipeline_in_any_notation(pipeline, run):
    base = re.sub("pipeline = .*", lambda _: pipeline, write_config(["ner"]), count=1)
    base = base.replace("[training]\n", '[training]\npipeline = ["tok2vec", "ner"]\n')
    code, printed, output = run(base)
    assert code == 0 and "were lost" not in printed
    assert read(output)["nlp"]["pipeline"] == ["tok2vec", "stablediff", "ner"]
    assert load_config(output)["paths"] == load_config_from_str(base)["paths"]


# Which components.


def test_pipes_decides_the_position(run, corpus, tmp_path):
    base = write_config(["tagger", "ner"])
    _, printed, output = run(base, "--pipes", "ner")
    assert read(output)["nlp"]["pipeline"] == ["tok2vec", "tagger", "stablediff", "ner"]
    assert "after 'tagger': it diffuses what 'tok2vec' embeds for ner" in printed
    assert diffusions(train_steps(output, corpus, tmp_path)) == {"stablediff"}
    _, _, output = run(base, "--pipes", "ner, tagger")
    assert read(output)["nlp"]["pipeline"] == ["tok2vec", "stablediff", "tagger", "ner"]


def test_refuses_pipes_that_position_cannot_part(run):
    code, printed, output = run(write_config(["ner", "tagger"]), "--pipes", "ner")
    assert code == 1 and "[SD057]" in printed and "'tagger'" in printed and not output.exists()


def test_pipes_with_only_owners_adds_no_component(run):
    config = load_config_from_str(write_config(["tagger"]))
    config["nlp"]["pipeline"].append("ner")
    config["components"]["ner"] = {"factory": "ner"}
    code, _, output = run(config.to_str(interpolate=False), "--pipes", "ner")
    assert code == 0 and read(output)["nlp"]["pipeline"] == ["tok2vec", "tagger", "ner"]


def test_several_shared_embeddings(run, corpus, tmp_path):
    config = load_config_from_str(write_config(["tagger", "ner"]))
    components = config["components"]
    components["tok2vec_b"] = components["tok2vec"]
    components["ner"]["model"]["tok2vec"]["upstream"] = "tok2vec_b"
    config["nlp"]["pipeline"] = ["tok2vec", "tagger", "tok2vec_b", "ner"]
    code, _, output = run(config.to_str(interpolate=False))
    assert code == 0
    after = read(output)
    order = ["tok2vec", "stablediff", "tagger", "tok2vec_b", "stablediff_tok2vec_b", "ner"]
    assert after["nlp"]["pipeline"] == order
    assert after["components"]["stablediff_tok2vec_b"]["upstream"] == "tok2vec_b"
    assert diffusions(train_steps(output, corpus, tmp_path)) == {order[1], order[4]}


def test_warns_of_frozen_components(run):
    base = write_config(["ner", "tagger"]).replace(
        "frozen_components = []", 'frozen_components = ["ner"]'
    )
    code, printed, _ = run(base)
    assert code == 0 and "[SDW50] ner: " in printed


# Transformers and sourced components.


def test_wraps_transformer_listeners(run):
    """What the quickstart and, with spacy-transformers, `init config --gpu` start from."""
    variables = {
        "lang": "en",
        "components": ["tagger", "ner", "textcat"],
        "optimize": "accuracy",
        "hardware": "gpu",
        "transformer_data": RECOMMENDATIONS["en"]["transformer"],
        "word_vectors": None,
        "has_letters": True,
    }
    base = Template(TEMPLATE_PATH.read_text()).render(variables).strip()
    before = load_config_from_str(base).interpolate()
    code, _, output = run(base)
    after = read(output)
    assert code == 0 and after["nlp"] == before["nlp"]
    assert after["components"]["tagger"] == before["components"]["tagger"]
    for name in ("ner", "textcat"):
        listener = before["components"][name]["model"]["tok2vec"]
        wrapped = {"@architectures": DIFFUSED, "boundaries": "doc", "diffusion": IMPLICIT}
        assert after["components"][name]["model"]["tok2vec"] == {**wrapped, "tok2vec": listener}


@pytest.fixture
def source(tmp_path):
    """A pipeline to source from: the tagger listens, ner embeds for itself."""
    config = load_config_from_str(write_config(["tagger"]))
    nlp = load_model_from_config(config)
    nlp.add_pipe("ner")
    for tag in ("NNP", "VBD", "DT", "NN", "RB", ","):
        nlp.get_pipe("tagger").add_label(tag)
    for label in ("PERSON", "COMPANY"):
        nlp.get_pipe("ner").add_label(label)
    nlp.initialize()
    nlp.to_disk(tmp_path / "source")
    return tmp_path / "source"


def write_sourced(source, **settings):
    config = init_config(pipeline=["tagger", "ner"])
    for name in config["nlp"]["pipeline"]:
        config["components"][name] = {"source": str(source), **settings.get(name, {})}
    return config.to_str(interpolate=False)


def test_sourced_components(source, run, corpus, tmp_path):
    code, printed, output = run(write_sourced(source))
    after = read(output)
    assert code == 0 and "Added the callback spacy-stablediff.attach.v1" in printed
    assert f"Left the model of tok2vec without {KNOWN_WORDS}" in printed
    assert after["nlp"]["pipeline"] == ["tok2vec", "stablediff", "tagger", "ner"]
    assert after["nlp"]["after_pipeline_creation"]["pipes"] == ["ner"]
    check_config(output, corpus)
    nlp = train_steps(output, corpus, tmp_path)
    assert diffusions(nlp) == {"stablediff", "ner"}
    assert has_learned(nlp, "ner")


def test_trains_between_sourced_components(source, run, corpus, tmp_path):
    _, printed, output = run(write_sourced(source), "--pipes", "tagger")
    assert "Added the callback spacy-stablediff.know_words.v1" in printed
    assert read(output)["nlp"]["after_pipeline_creation"]["pipes"] == ["tok2vec"]
    nlp = train_steps(output, corpus, tmp_path)
    assert has_learned(nlp, "stablediff")
    assert nlp.config["components"]["tok2vec"]["model"]["@architectures"] == KNOWN_WORDS


def test_trains_behind_a_frozen_embedding(source, run, corpus, tmp_path, recwarn):
    config = load_config_from_str(write_config(["ner"]))
    config["components"]["ner"]["model"]["tok2vec"]["width"] = 96
    config["components"]["tok2vec"] = {"source": str(source)}
    _, _, output = run(config.to_str(interpolate=False))
    frozen = {"training.frozen_components": ["tok2vec"]}
    annotating = {"training.annotating_components": ["tok2vec"]}
    nlp = train_steps(output, corpus, tmp_path, **frozen, **annotating)
    assert has_learned(nlp, "stablediff")
    assert not [warning for warning in recwarn if "[SD" in str(warning.message)]


def test_sourced_listener_that_is_replaced(source, run, corpus):
    tagger = {"replace_listeners": ["model.tok2vec"]}
    code, _, output = run(write_sourced(source, tagger=tagger), "--pipes", "tagger,ner")
    assert code == 0
    after = read(output)
    assert after["nlp"]["pipeline"] == ["tok2vec", "tagger", "ner"]
    assert after["nlp"]["after_pipeline_creation"]["pipes"] == ["tagger", "ner"]
    assert diffusions(load_model_from_config(load_config(output))) == {"tagger", "ner"}


def test_refuses_sources_it_cannot_handle(source, run):
    code, printed, _ = run(write_sourced(source.with_name("missing")))
    assert code == 1 and "[SD059]" in printed
    code, printed, _ = run(write_sourced(source, ner={"component": "beam"}))
    assert code == 1 and "the component 'beam'" in printed
    callback = '[nlp.after_pipeline_creation]\n@callbacks = "my_callback"\n'
    base = write_sourced(source).replace("after_pipeline_creation = null\n", "")
    code, printed, _ = run(base.replace("[corpora]\n", f"{callback}\n[corpora]\n", 1))
    assert code == 1 and "[SD060]" in printed


# What it refuses.


@pytest.mark.parametrize(
    "text, options, expected",
    [
        (PARTIAL, ["--layer", "wave"], "[SD012]"),
        (PARTIAL, ["--time", "-1"], "[SD001]"),
        (PARTIAL, ["--time", "inf"], "[SD001]"),
        (PARTIAL, ["--time", "nan"], "[SD001]"),
        (PARTIAL, ["--layer", "multiscale", "--time", "1"], "[SD062]"),
        (PARTIAL, ["--stability", "-1"], "[SD024] stablediff add: the setting '--stability'"),
        (write_owners(["ner"]), ["--stability", "1"], "[SD063]"),
        (PARTIAL, ["--pipes", "ner,parser"], "[SD054] The option --pipes names 'parser'"),
        (PARTIAL.replace('"ner"', '"tok2vec"'), [], "[SD051]"),
        (PARTIAL.replace("[nlp]", "[mlp]"), [], "[SD053]"),
        (PARTIAL.replace("model.tok2vec.embed", "model.tok3vec.embed"), [], "[SD051]"),
        (PARTIAL.replace("encode.width}", "encode.wide}"), [], "[SD051]"),
        ("width = 3", [], "[SD051]"),
        ("", [], "[SD053]"),
        (PARTIAL.replace("[nlp]", "[paths]"), [], "[SD051]"),
    ],
)
def test_refuses_with_a_number(text, options, expected, run):
    code, printed, output = run(text, *options)
    assert code == 1 and expected in printed and not output.exists()


def test_refuses_what_it_made_itself(run):
    for base in (PARTIAL, write_config(["ner"])):
        _, _, output = run(base)
        made = output.read_text()
        output.unlink()
        code, printed, output = run(made)
        assert code == 1 and "[SD052]" in printed and not output.exists()


def test_refuses_when_there_is_nothing_to_diffuse(run):
    code, printed, _ = run(write_config(["textcat"]))
    assert code == 1 and "[SD053]" in printed and "(textcat)" in printed
    code, printed, _ = run(write_owners(["tagger"]))
    assert code == 1 and "To diffuse for tagger, use --pipes" in printed
    code, printed, _ = run(write_config(["textcat", "ner"]), "--pipes", "textcat")
    assert code == 1 and "[SD055]" in printed and "Components that have: ner." in printed


def test_refuses_a_listener_without_embedding(run):
    config = load_config_from_str(write_config(["ner"]))
    config["nlp"]["pipeline"] = ["ner", "tok2vec"]
    code, printed, _ = run(config.to_str(interpolate=False))
    assert code == 1 and "[SD056]" in printed


def test_refuses_files_that_are_not_there(run, tmp_path):
    for base, output, expected in (
        ("missing.cfg", "out.cfg", "[SD050]"),
        (".", "out.cfg", "[SD050]"),
        ("base.cfg", ".", "[SD061]"),
    ):
        (tmp_path / "base.cfg").write_text(PARTIAL)
        command = ["stablediff", "add", str(tmp_path / base), str(tmp_path / output)]
        result = CliRunner().invoke(app, command)
        assert result.exit_code == 1 and expected in result.output


def test_refuses_other_encodings(tmp_path):
    (tmp_path / "base.cfg").write_bytes("# \u00e9".encode("latin1"))
    result = CliRunner().invoke(app, ["stablediff", "add", str(tmp_path / "base.cfg")])
    assert result.exit_code == 1 and "[SD051]" in result.output


# As a command.


def test_time_of_zero_is_warned_of(run):
    code, printed, output = run(PARTIAL, "--time", "0")
    assert code == 0 and "[SDW01]" in printed
    assert "time = 0.0" in output.read_text()


def test_standard_input_and_output(tmp_path):
    command = [sys.executable, "-m", "spacy", "stablediff", "add", "-"]
    result = subprocess.run(command, input=PARTIAL, capture_output=True, text=True, check=True)
    config = load_config_from_str(result.stdout).interpolate()
    for name in ("ner", "textcat"):
        assert config["components"][name]["model"]["tok2vec"]["@architectures"] == DIFFUSED
    assert "# Its own embedding:" in result.stdout and not result.stderr


def test_overwrites_in_place_and_makes_directories(tmp_path):
    """As spaCy's own `init fill-config` does."""
    base, output = tmp_path / "base.cfg", tmp_path / "new" / "out.cfg"
    base.write_text(PARTIAL)
    for path in (output, base):
        result = CliRunner().invoke(app, ["stablediff", "add", str(base), str(path)])
        assert result.exit_code == 0
    assert base.read_text() == output.read_text()
