"""The command `python -m spacy stablediff add`: its options, its files, what it refuses."""

import subprocess
import sys
from pathlib import Path

import pytest
from spacy.cli._util import app
from spacy.util import load_config_from_str
from typer.testing import CliRunner

from spacy_stablediff import recommended
from spacy_stablediff.cli.add import add as add_to
from spacy_stablediff.layers.implicit import ARCHITECTURE as IMPLICIT_LAYER
from spacy_stablediff.wiring.settings import SETTINGS

from ..configs import (
    DIFFUSED,
    PARTIAL,
    WORD_GRAPH,
    read,
    train_steps,
    write_config,
    write_owners,
)

IMPLICIT = {
    "@architectures": IMPLICIT_LAYER,
    "time": 0.5,
    "radius": 2,
    "learn_time": True,
    "learn_confidence": True,
}


# Options.


def test_the_layer_is_an_option(add, corpus, tmp_path):
    base = write_config(["ner"])
    _, _, output = add(base, "--layer", "multiscale")
    assert read(output)["components"]["stablediff"]["model"] == recommended.DIFFUSION
    _, _, output = add(base, "--time", "0.25")
    assert read(output)["components"]["stablediff"]["model"] == {**IMPLICIT, "time": 0.25}
    _, _, output = add(base, "--layer", "heat", "--time", "0.25")
    nlp = train_steps(output, corpus, tmp_path)
    layer = nlp.get_pipe("stablediff").model
    assert layer.name == "heat_diffusion" and layer.attrs[SETTINGS]["time"] == 0.25


def test_the_weight_of_stability_training_is_an_option(add, corpus, tmp_path):
    code, printed, output = add(write_config(["ner"]), "--stability", "2.5")
    assert code == 0 and "it trains for stability" in printed
    nlp = train_steps(output, corpus, tmp_path)
    stabilizer = nlp.get_pipe("stabilizer")
    assert stabilizer.weight == 2.5 and stabilizer.consistency == 0.0


def test_stability_of_0_leaves_out_what_only_serves_it(add):
    code, printed, output = add(write_config(["ner", "tagger"]), "--stability", "0")
    after = read(output)
    assert code == 0 and "for stability" not in printed
    assert after["nlp"]["pipeline"] == ["tok2vec", "stablediff", "ner", "tagger"]
    assert "stabilizer" not in after["components"]
    assert after["components"]["stablediff"]["model"] == recommended.DIFFUSION
    assert WORD_GRAPH not in output.read_text(encoding="utf8")


# What it refuses.


@pytest.mark.parametrize(
    "text, options, expected",
    [
        (PARTIAL, ["--time", "-1"], "[SD001]"),
        (PARTIAL, ["--time", "inf"], "[SD001]"),
        (PARTIAL, ["--time", "nan"], "[SD001]"),
        (PARTIAL, ["--layer", "multiscale", "--time", "1"], "[SD062]"),
        (PARTIAL, ["--stability", "-1"], "[SD024] stablediff add: the setting '--stability'"),
        (PARTIAL, ["--pipes", "ner,parser"], "[SD054] The option --pipes names 'parser'"),
        (PARTIAL.replace('"ner"', '"tok2vec"'), [], "[SD051]"),
        (PARTIAL.replace("[nlp]", "[mlp]"), [], "[SD053]"),
        (PARTIAL.replace("model.tok2vec.embed", "model.tok3vec.embed"), [], "[SD051]"),
        (PARTIAL.replace("encode.width}", "encode.wide}"), [], "[SD051]"),
        ("width = 3", [], "[SD051]"),
        ("[nlp]\npipeline = null", [], "[SD053]"),
        ('[nlp]\npipeline = ["ner"]\n\n[components]\nner = 3', [], "[SD051]"),
        ('[nlp]\npipeline = "ner"', [], "[SD051]"),
        (f'{PARTIAL}\n[training]\nfrozen_components = "ner"', [], "[training] frozen_components"),
        (f'{PARTIAL}\n[training]\nannotating_components = "ner"', [], "[SD051]"),
        ("", [], "[SD053]"),
        (PARTIAL.replace("[nlp]", "[paths]"), [], "[SD051]"),
    ],
)
def test_refuses_with_a_number(text, options, expected, add):
    code, printed, output = add(text, *options)
    assert code == 1 and expected in printed and not output.exists()


def test_says_so_before_anything_else_where_the_config_cannot_be_read_or_written(tmp_path):
    base = tmp_path / "base.cfg"
    base.write_text(PARTIAL)
    for paths, expected in [
        (
            (tmp_path, tmp_path / "out.cfg"),
            f"[SD050] Can't find the config file '{tmp_path}': there is a directory",
        ),
        ((base, base / "out.cfg"), f"[SD061] Can't write the config to '{base}/out.cfg'"),
    ]:
        result = CliRunner().invoke(app, ["stablediff", "add", *map(str, paths)])
        assert result.exit_code == 1
        assert " ".join(result.output.split()).startswith(" ".join(expected.split()))


def test_a_layer_that_there_is_not_is_an_error_of_usage(add):
    code, printed, output = add(PARTIAL, "--layer", "wave")
    assert code == 2 and "'wave' is not one of 'heat', 'implicit', 'multiscale'" in printed
    assert not output.exists()


def test_refuses_what_it_made_itself(add):
    for base in (PARTIAL, write_config(["ner"])):
        _, _, output = add(base)
        made = output.read_text()
        output.unlink()
        code, printed, output = add(made)
        assert code == 1 and "[SD052]" in printed and not output.exists()


def test_refuses_when_there_is_nothing_to_diffuse(add):
    code, printed, _ = add(write_owners(["tagger"]))
    assert code == 1 and "[SD053]" in printed and "(tagger)" in printed
    assert "To diffuse for tagger, use --pipes" in printed
    base = write_config(["ner"]).replace('"ner"]', '"ner","ruler"]')
    code, printed, _ = add(
        f'{base}\n[components.ruler]\nfactory = "entity_ruler"\n', "--pipes", "ruler"
    )
    assert code == 1 and "[SD055]" in printed and "Components that have: ner." in printed


def test_refuses_a_listener_without_embedding(add):
    config = load_config_from_str(write_config(["ner"]))
    config["nlp"]["pipeline"] = ["ner", "tok2vec"]
    code, printed, _ = add(config.to_str(interpolate=False))
    assert code == 1 and "[SD056]" in printed


def test_refuses_files_that_are_not_there(add, tmp_path):
    for base, output, expected in (
        ("missing.cfg", "out.cfg", "[SD050]"),
        (".", "out.cfg", "[SD050]"),
        ("base.cfg", ".", "[SD061]"),
        ("base.cfg", "base.cfg/out.cfg", "[SD061]"),
    ):
        (tmp_path / "base.cfg").write_text(PARTIAL)
        command = ["stablediff", "add", str(tmp_path / base), str(tmp_path / output)]
        result = CliRunner().invoke(app, command)
        assert result.exit_code == 1 and expected in result.output


@pytest.mark.parametrize("where", ["null", "3", '"{folder}"', '"no_such_package"'])
def test_refuses_a_source_that_is_no_pipeline(where, add, tmp_path):
    component = f"[components.ner]\nsource = {where.format(folder=tmp_path)}\n"
    code, printed, _ = add(f'[nlp]\nlang = "en"\npipeline = ["ner"]\n[components]\n{component}')
    assert code == 1 and "[SD059]" in printed


def test_refuses_other_encodings(tmp_path):
    (tmp_path / "base.cfg").write_bytes("# \u00e9".encode("latin1"))
    result = CliRunner().invoke(app, ["stablediff", "add", str(tmp_path / "base.cfg")])
    assert result.exit_code == 1 and "[SD051]" in result.output


# As a command.


def test_time_of_zero_is_warned_of(add):
    code, printed, output = add(PARTIAL, "--time", "0")
    assert code == 0 and "[SDW01]" in printed
    assert "time = 0.0" in output.read_text()


def test_standard_input_and_output(tmp_path):
    command = [sys.executable, "-m", "spacy", "stablediff", "add", "-"]
    result = subprocess.run(command, input=PARTIAL, capture_output=True, text=True, check=True)
    config = load_config_from_str(result.stdout).interpolate()
    for name in ("ner", "textcat"):
        assert config["components"][name]["model"]["tok2vec"]["@architectures"] == DIFFUSED
    assert "# Its own embedding:" in result.stdout and not result.stderr


def test_warnings_go_to_stderr_where_the_config_goes_to_stdout(source, tmp_path, capfd):
    (tmp_path / "base.cfg").write_text(f"""[nlp]
lang = "en"
pipeline = ["ner"]
[components]
[components.ner]
source = "{source.as_posix()}"
""")
    add_to(tmp_path / "base.cfg", Path("-"), layer="heat")
    printed, warned = capfd.readouterr()
    assert "SDW52" in warned and "SDW52" not in printed
    assert load_config_from_str(printed)["nlp"]["pipeline"] == ["ner"]


def test_sources_components_of_pipelines_with_code_of_their_own(source, tmp_path):
    """Which isn't needed to read what they embed; factories of the config itself need it."""
    file = source / "config.cfg"
    file.write_text(file.read_text().replace('factory = "tagger"', 'factory = "of_theirs"'))
    (tmp_path / "code.py").write_text("""
from spacy.language import Language
from spacy.pipeline.ner import make_ner
tok2vec = {"@architectures": "spacy.HashEmbedCNN.v2", "width": 16, "depth": 1, "embed_size": 9,
           "window_size": 1, "maxout_pieces": 1, "subword_features": False, "pretrained_vectors": None}
model = {"@architectures": "spacy.TransitionBasedParser.v2", "state_type": "ner", "tok2vec": tok2vec,
         "extra_state_tokens": False, "hidden_width": 8, "maxout_pieces": 1, "use_upper": True}
Language.factory("of_ours", default_config={"model": model})(lambda nlp, name, model: None)
""")
    (tmp_path / "base.cfg").write_text(f"""[nlp]
lang = "en"
pipeline = ["ner", "ours"]
[components]
[components.ner]
source = "{source.as_posix()}"
[components.ours]
factory = "of_ours"
""")
    command = ["stablediff", "add", str(tmp_path / "base.cfg"), str(tmp_path / "out.cfg")]
    assert CliRunner().invoke(app, command).exit_code == 0
    assert CliRunner().invoke(app, [*command, "--pipes", "ours"]).exit_code == 1
    code = ["--code", str(tmp_path / "code.py")]
    assert CliRunner().invoke(app, [*command, "--pipes", "ours", *code]).exit_code == 0
    assert "ours.model.tok2vec.diffusion" in (tmp_path / "out.cfg").read_text()


def test_a_mark_of_utf_8_is_no_part_of_the_config(tmp_path):
    for encoding in ("utf8", "utf-8-sig"):
        (tmp_path / "base.cfg").write_text(PARTIAL, encoding=encoding)
        command = ["stablediff", "add", str(tmp_path / "base.cfg"), str(tmp_path / encoding)]
        assert CliRunner().invoke(app, command).exit_code == 0
    assert (tmp_path / "utf8").read_bytes() == (tmp_path / "utf-8-sig").read_bytes()


def test_overwrites_in_place_and_makes_directories(tmp_path):
    """As spaCy's own `init fill-config` does."""
    base, output = tmp_path / "base.cfg", tmp_path / "new" / "out.cfg"
    base.write_text(PARTIAL)
    for path in (output, base):
        result = CliRunner().invoke(app, ["stablediff", "add", str(base), str(path)])
        assert result.exit_code == 0
    assert base.read_text() == output.read_text()
