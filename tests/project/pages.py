"""The pages of the documentation, and the blocks of code in them."""

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
README, USAGE, REFERENCE, MATHEMATICS, DISTRIBUTED = (
    ROOT / name
    for name in (
        "README.md",
        "docs/usage.md",
        "docs/reference.md",
        "docs/mathematics.md",
        "docs/distributed.md",
    )
)
# Those that are written by hand.
PAGES = [README, USAGE, REFERENCE, MATHEMATICS, DISTRIBUTED, ROOT / "CHANGELOG.md"]


class Block(NamedTuple):
    """A block of code: its page, the language it is marked with, its text and its output.

    The output is that of the block without a language that follows at once, "" without one.
    """

    page: Path
    language: str
    text: str
    output: str

    def __str__(self):
        return f"{self.page.name}: {next(filter(None, self.text.splitlines()))}"


def read(page):
    return page.read_text(encoding="utf8")


def find_blocks(page, language):
    pattern = r"^```(\w+)\n(.*?)^```$(?:\n\n```\n(.*?)^```$)?"
    found = re.findall(pattern, read(page), flags=re.M | re.S)
    blocks = [Block(page, *(parts)) for parts in found]
    return [block for block in blocks if block.language == language]


def find_paragraphs(page):
    """Paragraphs and items of lists, each as one line, without code, tables and headings."""
    text = re.sub(r"^```.*?^```$", "", read(page), flags=re.M | re.S)
    for part in re.split(r"\n\s*\n|\n(?=\s*(?:[-*]|\d+\.) )", text):
        if not part.startswith(("|", "#", "    ")):
            yield " ".join(part.split())
