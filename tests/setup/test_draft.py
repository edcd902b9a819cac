"""What `stablediff add` leaves of a config's text: its comments, variables and layout."""

import re

import pytest
from spacy.cli._util import app
from spacy.util import load_config, load_config_from_str, load_model_from_config
from typer.testing import CliRunner

from ..configs import (
    DIFFUSED,
    PARTIAL,
    diffusions,
    read,
    train_steps,
    write_config,
)


def test_partial_config_keeps_comments_and_variables(add, corpus, tmp_path):
    code, printed, output = add(PARTIAL)
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


def test_nothing_else_in_the_text_changes(add):
    _, _, output = add(PARTIAL, "--pipes", "ner")
    without = output.read_text().replace("model.tok2vec.tok2vec", "model.tok2vec")
    start = without.index('[components.ner.model.tok2vec]\n@architectures = "spacy-stablediff')
    end = without.index('[components.ner.model.tok2vec]\n@architectures = "spacy.Tok2Vec')
    assert without[:start] + without[end:] == PARTIAL


def test_variables_follow_what_they_point_to(add):
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
        _, printed, output = add(text, "--pipes", pipes)
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


def test_shared_model_by_variable(add):
    """Both components or none: one block describes both."""
    text = PARTIAL.replace('["ner","textcat"]', '["ner","ner_b"]')
    text += """
[components.ner_b]
factory = "ner"
model = ${components.ner.model}
"""
    code, _, output = add(text)
    assert code == 0
    models = [
        component["model"]
        for component in read(output)["components"].values()
        if "model" in component
    ]
    assert models[0] == models[1] and models[0]["tok2vec"]["@architectures"] == DIFFUSED
    code, printed, _ = add(text, "--pipes", "ner")
    assert code == 1 and "[SD058]" in printed


def test_partial_embedding_is_filled_in(add):
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
    code, printed, output = add(text)
    assert code == 0 and "Wrote the defaults of [components.ner.model]" in printed
    nlp = load_model_from_config(load_config(output), auto_fill=True)
    for name in ("ner", "textcat"):
        after = nlp.config["components"][name]["model"]
        wrapped, plain = after["tok2vec"], before["components"][name]["model"]["tok2vec"]
        assert wrapped["@architectures"] == DIFFUSED and wrapped["tok2vec"] == plain
        unwrapped = {**after, "tok2vec": plain}
        if name == "textcat":
            unwrapped["linear_model"] = after["linear_model"]["bow"]
        assert unwrapped == before["components"][name]["model"]


INDENTED = "\n".join(f"  {line}".rstrip() for line in PARTIAL.splitlines())
INLINE = re.sub(
    r"(?s)\[components.ner.model.tok2vec\].*?\n\n(?=# Then)",
    'tok2vec = {"@architectures": "spacy.HashEmbedCNN.v2", "width": 16}\n\n',
    PARTIAL,
)


@pytest.mark.parametrize("text", [INDENTED, INLINE], ids=["indented", "inline"])
def test_unusual_layout_loses_comments_and_says_so(text, add):
    code, printed, output = add(text)
    lost = len(re.findall("(?m)^ *[#;]", text))
    assert code == 0 and f"[SDW51] {lost} lines of comments were lost" in printed
    for name in ("ner", "textcat"):
        tok2vec = read(output)["components"][name]["model"]["tok2vec"]
        assert tok2vec["@architectures"] == DIFFUSED != tok2vec["tok2vec"]["@architectures"]


def test_settings_may_be_indented(add):
    text = re.sub(r"(?m)^(?=[\w@])", "  ", write_config(["tagger"]))
    code, _, output = add(text)
    assert code == 0
    assert read(output)["nlp"]["pipeline"] == ["tok2vec", "stablediff", "stabilizer", "tagger"]


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
def test_pipeline_in_any_notation(pipeline, add):
    base = re.sub("pipeline = .*", lambda _: pipeline, write_config(["ner"]), count=1)
    base = base.replace("[training]\n", '[training]\npipeline = ["tok2vec", "ner"]\n')
    code, printed, output = add(base)
    assert code == 0 and "were lost" not in printed
    assert read(output)["nlp"]["pipeline"] == ["tok2vec", "stablediff", "stabilizer", "ner"]
    assert load_config(output)["paths"] == load_config_from_str(base)["paths"]
