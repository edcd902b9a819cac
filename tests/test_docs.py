"""The documentation covers what there is."""

import re
from importlib.metadata import distribution
from pathlib import Path

import pytest
import spacy

ROOT = Path(__file__).parent.parent
REFERENCE = (ROOT / "docs" / "reference.md").read_text(encoding="utf8")
CODES = re.findall(
    r"^    (SDW?\d+) =", (ROOT / "spacy_stablediff" / "errors.py").read_text(), flags=re.M
)


def documented_codes():
    """Codes named one by one, and those in between where it says "SD050 to SD061"."""
    codes = set(re.findall(r"SDW?\d+", REFERENCE))
    for first, last in re.findall(r"SD(\d+) to SD(\d+)", REFERENCE):
        codes |= {f"SD{number:03}" for number in range(int(first), int(last) + 1)}
    return codes


def test_no_two_messages_share_a_code():
    assert len(CODES) == len(set(CODES))


def test_reference_covers_every_code():
    assert set(CODES) <= documented_codes()


def test_reference_covers_every_registered_name():
    names = [entry.name for entry in distribution("spacy-stablediff").entry_points]
    assert len(names) >= 8
    assert [name for name in names if name not in REFERENCE] == []


def test_reference_covers_every_setting_of_the_component():
    nlp = spacy.blank("en")
    nlp.add_pipe("stablediff")
    config = nlp.get_pipe_config("stablediff")
    assert [key for key in config if f"`{key}" not in REFERENCE and key != "factory"] == []


@pytest.mark.parametrize("path", sorted([*ROOT.glob("docs/*.md"), ROOT / "README.md"]))
def test_links_lead_somewhere(path):
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf8"), flags=re.S)
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        if not target.startswith("http"):
            assert (path.parent / target).exists(), target


def test_every_test_that_the_documentation_names_exists():
    named = re.findall(r"test_\w+", (ROOT / "docs" / "situations.md").read_text(encoding="utf8"))
    files = {path.stem: path.read_text(encoding="utf8") for path in ROOT.glob("tests/test_*.py")}
    source = "".join(files.values())
    assert [name for name in named if name not in files and f"def {name}(" not in source] == []
