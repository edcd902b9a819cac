"""The command `python -m spacy stablediff stability`."""

import json
import re
import subprocess
import sys

import pytest
import spacy
from spacy.cli._util import app
from spacy.tokens import DocBin
from spacy.util import registry
from typer.testing import CliRunner

from spacy_stablediff import measure_stability
from spacy_stablediff.cli.stability import read_edits, stability

from ..pipelines import EMBEDDING, TEXTS, add_ner, chain_pipeline, examples_for, train
from ..references import flatten_figures

FIGURES = {"displacement", "identity", "cats_flips", "ents_agreement", "scores"}

EDITS = """
[edits]

[edits.typo]
@augmenters = "spacy-stablediff.edits.v1"
typo = {rate}
swap = 0
drop = 0

[edits.lower]
@augmenters = "spacy.lower_case.v1"
level = 1
"""


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Two pipelines, data of each kind, and configs with edits."""
    path = tmp_path_factory.mktemp("files")
    for name, steps in [("model", 8), ("baseline", 4)]:
        nlp = chain_pipeline(["textcat", "ner"])
        train(nlp, steps=steps)
        nlp.to_disk(path / name)
    bin_ = DocBin(docs=[eg.reference for eg in examples_for(nlp)])
    (path / "corpus" / "more").mkdir(parents=True)
    bin_.to_disk(path / "data.spacy")
    bin_.to_disk(path / "corpus" / "more" / "data.spacy")
    DocBin().to_disk(path / "empty.spacy")
    (path / "data.txt").write_text("\n".join(text for text, _, _ in TEXTS), encoding="utf8")
    (path / "latin1.txt").write_bytes("Müller\n".encode("latin1"))
    (path / "broken.spacy").write_text("no docs")
    (path / "data.csv").write_text("a,b")
    (path / "none").mkdir()
    (path / "edits.cfg").write_text(EDITS.format(rate=0.5))
    (path / "rate.cfg").write_text(EDITS.format(rate=1.5))
    (path / "unknown.cfg").write_text(EDITS.format(rate=0).replace("edits.v1", "nothing.v1"))
    (path / "wrong.cfg").write_text(EDITS.format(rate=0).replace("level", "levels"))
    (path / "value.cfg").write_text("[edits]\ntypo = 0.1\n")
    (path / "other.cfg").write_text("[training]\nseed = 0\n")
    (path / "garbage.cfg").write_text("edits = 3")
    (path / "latin1.cfg").write_bytes("# Tippfehler, für die Übung\n[edits]\n".encode("latin1"))
    spacy.blank("en").to_disk(path / "blank")
    return path


def run(*args):
    result = CliRunner().invoke(app, ["stablediff", "stability", *map(str, args)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def test_spacy_finds_the_command():
    assert "stablediff" in registry.cli.get_all()
    code, output = run("--help")
    assert code == 0
    options = ["--baseline", "--edits", "--component", "--limit", "--seed", "--output", "DATA"]
    assert all(option in output for option in options)


def test_prints_the_figures_of_each_edit(files):
    code, output = run(files / "model", files / "data.spacy")
    assert code == 0
    assert f"{len(TEXTS)} documents" in output
    assert re.search(r"clean +typo +swap +drop", output)
    for row in ("Mean", "95th percentile", "Edited tokens", "Identity", "Category flips"):
        assert re.search(rf"{row}.* +\d", output)


def test_writes_json_with_the_documented_keys_and_a_page(files, tmp_path):
    output = tmp_path / "new" / "directory"
    code, _ = run(files / "model", files / "data.spacy", "--output", output)
    assert code == 0
    figures = json.loads((output / "stability.json").read_text())
    assert figures.keys() >= {"model", "documents", "tokens", "clean", "edits", "provenance"}
    assert figures["provenance"]["data"] == str(files / "data.spacy")
    assert figures["model"] == str(files / "model")
    assert figures["edits"].keys() == {"typo", "swap", "drop"}
    assert all(edit.keys() == FIGURES for edit in figures["edits"].values())
    assert figures["clean"]["scores"].keys() >= {"cats_score", "ents_f"}
    nlp = spacy.load(files / "model")
    expected = measure_stability(nlp, examples_for(nlp), name=str(files / "model")).to_dict()
    for key in ("clean", "edits"):
        same = pytest.approx(flatten_figures(expected[key]), abs=1e-9)
        assert flatten_figures(figures[key]) == same
    assert "<html" in (output / "stability.html").read_text(encoding="utf8")


def test_compares_with_a_baseline(files, tmp_path):
    args = [files / "model", files / "data.spacy", "--baseline", files / "baseline"]
    code, output = run(*args, "-o", tmp_path)
    assert code == 0
    assert re.search(r"typo +model +baseline +ratio", output)
    figures = json.loads((tmp_path / "stability.json").read_text())
    assert figures.keys() >= {"model", "edits", "baseline", "ratio"}
    assert figures["baseline"]["model"] == str(files / "baseline")
    ours, theirs, ratio = (
        part["edits"]["typo"]["displacement"]["mean"]
        for part in (figures, figures["baseline"], figures["ratio"])
    )
    assert ratio == pytest.approx(ours / theirs)


@pytest.mark.parametrize("data", ["data.spacy", "corpus", "data.txt"])
def test_reads_spacy_files_directories_and_texts(files, data):
    result = stability(str(files / "model"), files / data)
    assert result.documents == len(TEXTS) and result.baseline is None
    assert (result.scores is None) == (data == "data.txt")
    assert result.edits["typo"].cats_flips is not None


def test_edits_from_a_config(files):
    edits = read_edits(files / "edits.cfg")
    assert edits.keys() == {"typo", "lower"} and edits["typo"].rates["typo"] == 0.5
    result = stability(str(files / "model"), files / "data.txt", edits_path=files / "edits.cfg")
    assert result.edits.keys() == {"typo", "lower"}
    lowered = [t.text for s in result.samples if s.edit == "lower" for t in s.edited]
    assert lowered and all(text == text.lower() for text in lowered)


def test_limit_seed_and_component(files):
    model, data = str(files / "model"), files / "data.spacy"
    assert stability(model, data, limit=2).documents == 2
    first, same, other = (stability(model, data, seed=seed) for seed in (1, 1, 2))
    assert first.to_dict() == same.to_dict() != other.to_dict()
    plain = stability(model, data, component="tok2vec")
    assert plain.edits["typo"].displacement != stability(model, data).edits["typo"].displacement


def test_code_with_more_augmenters_can_be_imported(files, tmp_path):
    code = tmp_path / "code.py"
    code.write_text(
        "from spacy import registry\n"
        "from spacy.training.augment import dont_augment\n"
        "registry.augmenters('test_code.v1', func=lambda: dont_augment)\n"
    )
    config = tmp_path / "edits.cfg"
    config.write_text("[edits]\n\n[edits.mine]\n@augmenters = 'test_code.v1'\n".replace("'", '"'))
    exit_code, output = run(files / "model", files / "data.txt", "-e", config, "-c", code)
    assert exit_code == 0 and "mine" in output


# Bad input: a line that says what to put right, exit code 1, and no traceback.


@pytest.mark.parametrize(
    "code, args",
    [
        ("E050", ["nobody", "data.spacy"]),
        ("E050", ["model", "data.spacy", "--baseline", "nobody"]),
        ("SD113", ["model", "missing.spacy"]),
        ("SD114", ["model", "data.csv"]),
        ("SD114", ["model", "none"]),
        ("E1014", ["model", "broken.spacy"]),
        ("SD115", ["model", "latin1.txt"]),
        ("SD109", ["model", "empty.spacy"]),
        ("SD105", ["blank", "data.spacy"]),
        ("SD103", ["model", "data.spacy", "--component", "nobody"]),
        ("SD108", ["model", "data.spacy", "--limit", "-1"]),
        ("SD108", ["model", "data.spacy", "--seed", "-1", "--edits", "edits.cfg"]),
        ("SD102", ["model", "data.spacy", "--seed", "-1"]),
        ("SD116", ["model", "data.spacy", "--output", "data.txt"]),
        ("SD116", ["model", "data.spacy", "--output", "/dev/null/report"]),
        ("E053", ["model", "data.spacy", "--edits", "missing.cfg"]),
        ("E893", ["model", "data.spacy", "--edits", "unknown.cfg"]),
        ("SD100", ["model", "data.spacy", "--edits", "rate.cfg"]),
        ("SD112", ["model", "data.spacy", "--edits", "wrong.cfg"]),
        ("SD112", ["model", "data.spacy", "--edits", "garbage.cfg"]),
        ("SD112", ["model", "data.spacy", "--edits", "latin1.cfg"]),
        ("SD111", ["model", "data.spacy", "--edits", "value.cfg"]),
        ("SD111", ["model", "data.spacy", "--edits", "other.cfg"]),
    ],
)
def test_bad_input_is_a_numbered_line_and_exit_code_1(files, code, args):
    given = [str(files / arg) if (files / arg).exists() else arg for arg in args]
    exit_code, output = run(*given)
    assert exit_code == 1
    assert output.strip().startswith(f"[{code}] ") and len(output.strip().splitlines()) == 1


def test_a_pipeline_in_which_several_components_embed_must_be_told_which(files, tmp_path):
    nlp = spacy.blank("en")
    add_ner(nlp, EMBEDDING, "first")
    add_ner(nlp, EMBEDDING, "second")
    train(nlp, steps=1)
    nlp.to_disk(tmp_path)
    exit_code, output = run(tmp_path, files / "data.spacy")
    assert exit_code == 1 and "SD105" in output and "first, second" in output
    assert run(tmp_path, files / "data.spacy", "--component", "second")[0] == 0


def test_other_errors_are_not_hidden(files, monkeypatch):
    def fail(*args, **kwargs):
        raise ValueError("A fault of the program")

    monkeypatch.setattr("spacy_stablediff.cli.stability.measure_stability", fail)
    with pytest.raises(ValueError, match="A fault of the program"):
        run(files / "model", files / "data.spacy")


def test_runs_as_a_command_of_spacy(files):
    command = [sys.executable, "-m", "spacy", "stablediff", "stability"]
    done = subprocess.run(
        [*command, str(files / "model"), str(files / "missing.spacy")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "[SD113]" in done.stdout and "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize("option", ["--quick", "--edits"])
def test_a_table_of_misspellings_needs_a_curve(option, files):
    value = [files / "edits.cfg"] if option == "--edits" else []
    args = files / "model", files / "data.spacy", "--misspellings", files / "table.txt"
    code, output = run(*args, option, *value)
    assert code == 1 and f"[SD128] The option --misspellings makes a curve, but {option}" in output


@pytest.mark.parametrize("option", [("--workers", 2), ("--address", "auto")])
def test_workers_do_not_use_a_gpu(option, files):
    exit_code, output = run(files / "model", files / "data.spacy", "--gpu-id", 0, *option)
    assert (
        exit_code == 1
        and f"[SD130] The option --gpu-id is for this process alone, and {option[0]}" in output
    )


def test_a_gpu_that_is_not_there_is_one_line(files, monkeypatch):
    def fail(*args, **kwargs):
        raise ValueError("Cannot use GPU, CuPy is not installed")

    monkeypatch.setattr("spacy_stablediff.cli._util.setup_gpu", fail)
    exit_code, output = run(files / "model", files / "data.spacy", "--gpu-id", 0)
    assert exit_code == 1 and "[SD131] The option --gpu-id asks for GPU 0" in output
    assert "CuPy is not installed" in output


def test_limits_for_continuous_integration(files):
    """--fail-above ends with an error where a figure exceeds its limit under some edit."""
    args = files / "model", files / "data.spacy", "--fail-above"
    assert run(*args, "displacement=9", "--fail-above", "ents_disagreement=1")[0] == 0
    exit_code, output = run(*args, "displacement=1e-4", "--fail-above", "cats_flips=1.")
    assert exit_code == 1 and "[SD119]" in output
    assert "displacement" in output and "'typo' (limit 0.0001)" in output
    for limit in ("displacement", "noise=1", "displacement=much", "p95=-1"):
        exit_code, output = run(*args, limit)
        assert exit_code == 1 and "[SD118]" in output


def test_a_limit_on_what_was_not_measured_is_an_error(tmp_path):
    nlp = spacy.blank("en")
    bow = {
        "@architectures": "spacy.TextCatBOW.v3",
        "exclusive_classes": True,
        "ngram_size": 1,
        "no_output_layer": False,
    }
    textcat = nlp.add_pipe("textcat", config={"model": bow})
    for label in ("GOOD", "BAD"):
        textcat.add_label(label)
    nlp.initialize()
    nlp.to_disk(tmp_path / "model")
    (tmp_path / "data.txt").write_text("It counts words, and has no vectors.", encoding="utf8")
    args = tmp_path / "model", tmp_path / "data.txt", "--quick", "--fail-above"
    assert run(*args, "cats_flips=1")[0] == 0
    exit_code, output = run(*args, "displacement=0.5")
    assert exit_code == 1 and "[SD127]" in output and "limit on displacement" in output


def test_curves_unless_a_first_look_is_enough_or_edits_are_named(files):
    args = str(files / "model"), files / "data.spacy"
    (files / "table.txt").write_text("teh->the\nfrmo->from\n", encoding="utf8")
    curves = stability(*args, misspellings=files / "table.txt").curves
    assert [len(points) for points in curves.values()] == [5, 4, 4, 1, 1, 1, 1]
    assert stability(*args, quick=True).curves == {}
    assert stability(*args, edits_path=files / "edits.cfg").curves == {}
    assert run(*args, "--quick")[0] == 0


@pytest.mark.parametrize("limit, documents", [(None, 2), (0, len(TEXTS)), (3, 3)])
def test_a_first_look_ends_early_unless_it_is_told_not_to(limit, documents, files, monkeypatch):
    monkeypatch.setattr("spacy_stablediff.cli.stability.QUICK_LIMIT", 2)
    result = stability(str(files / "model"), files / "data.spacy", quick=True, limit=limit)
    assert result.documents == documents


def test_of_two_limits_of_a_figure_the_lower_one_counts(files):
    limits = [["displacement=0.0", "displacement=5"], ["displacement=5", "displacement=0.0"]]
    for fail_above in limits:
        with pytest.raises(ValueError, match=r"\[SD119\].*limit 0\)"):
            stability(str(files / "model"), files / "data.spacy", quick=True, fail_above=fail_above)
