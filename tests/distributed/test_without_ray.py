"""The package without Ray, which most people don't have."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

import spacy_stablediff

WITHOUT = "import sys; sys.modules['ray'] = None; "


def run(code, folder=None):
    args = [sys.executable, "-c", code]
    return subprocess.run(args, capture_output=True, text=True, cwd=folder)


@pytest.mark.parametrize("name", ["annotate", "measure"])
def test_without_ray_the_error_says_what_to_install(name):
    process = run(f"{WITHOUT}from spacy_stablediff.distributed import {name}")
    assert process.returncode == 1
    assert "ImportError: [SD170]" in process.stderr
    assert 'pip install "spacy-stablediff[ray]"' in process.stderr


@pytest.mark.skipif(find_spec("ray") is not None, reason="Ray is found before the folder")
def test_a_folder_of_that_name_is_not_ray(tmp_path):
    (tmp_path / "ray").mkdir()
    assert "[SD170]" in run("import spacy_stablediff.distributed", tmp_path).stderr


@pytest.mark.parametrize(
    "command",
    [["annotate", "model", "input", "output"], ["stability", "model", ".", "--workers", "2"]],
)
def test_without_ray_the_commands_print_that_line(command, tmp_path):
    (tmp_path / "data.txt").write_text("ok")
    command = [str(tmp_path / "data.txt") if part == "." else part for part in command]
    process = run(
        f"{WITHOUT}sys.argv = ['spacy', 'stablediff', *{command}]; "
        "from spacy.cli._util import setup_cli; setup_cli()"
    )
    assert process.returncode == 1
    assert process.stdout.strip().startswith("[SD170]")


def test_nothing_else_imports_ray():
    folder = Path(spacy_stablediff.__file__).parent
    files = [path.relative_to(folder.parent) for path in folder.rglob("*.py")]
    names = [
        ".".join(path.with_suffix("").parts) for path in files if "distributed" not in path.parts
    ]
    assert len(names) > 50
    process = run(
        f"import sys, importlib\nfor name in {names}: importlib.import_module(name)\n"
        "assert not {'ray', 'pyarrow'} & set(sys.modules)"
    )
    assert process.returncode == 0, process.stderr
