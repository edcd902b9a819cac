"""A config while it is edited: its text, with comments and variables, and its content."""

import configparser
import re
from copy import deepcopy
from typing import Any

from spacy.util import dot_to_object, load_config_from_str, set_dot_to_object
from thinc.api import Config, ConfigValidationError


class Draft:
    """A config that is edited in its text, so that comments and variables stay.

    Every edit is made twice: in the text, where it does nothing if the text isn't
    laid out as expected, and in `config`, which is what the text must say after all
    edits, without variables. `is_consistent` has spaCy read the text and compares.
    """

    def __init__(self, text: str):
        """Start from the text of a config that spaCy can read."""
        self.text = text
        # Twice, since a block that a variable inserts in two places is one dict at first.
        self.config: Config = load_config_from_str(text).interpolate().interpolate()

    def is_consistent(self) -> bool:
        """Tell whether the text says what the edits were to make it say."""
        # Both are written and read again: older versions of srsly read 0.3 as another number.
        try:
            return load_config_from_str(self.text).interpolate() == self.config.interpolate()
        except (configparser.Error, ConfigValidationError):
            return False

    def insert(self, path: str, block: dict[str, Any], *, after: str) -> None:
        """Insert a block, in place of a setting of that name if there is one.

        path (str): Where, in dot notation.
        block (Dict[str, Any]): The block's content.
        after (str): The block after whose last line to insert it.
        """
        set_dot_to_object(self.config, path, deepcopy(block))
        self._take_setting(path)
        self._insert_text(_to_text(path, block), after=after)

    def nest(self, path: str, block: dict[str, Any], *, key: str) -> None:
        """Move a block one level down, variables that point into it included.

        path (str): Where the block stands, in dot notation.
        block (Dict[str, Any]): What is to stand there, with the moved block in it.
        key (str): The name of the moved block within that one.
        """
        set_dot_to_object(self.config, path, deepcopy(block))
        around = {name: value for name, value in block.items() if name != key}
        if re.search(_header(path), self.text):
            variable = re.escape(path).replace(r"\.", "[.:]")
            moved = rf"(?m)(^\[|\$\{{){variable}(?=[.:\]}}])"
            self.text = re.sub(moved, rf"\g<1>{path}.{key}", self.text)
            start = re.search(_header(f"{path}.{key}"), self.text).start()  # type: ignore[union-attr]
            text = _to_text(path, around)
            self.text = f"{self.text[:start]}{text}\n\n{self.text[start:]}"
        elif (value := self._take_setting(path)) is not None:
            text = _to_text(path, {key: value, **around})
            self._insert_text(text, after=path.rpartition(".")[0])

    def fill(self, path: str, defaults: dict[str, Any]) -> None:
        """Add the settings that a block leaves out, unless it names another function.

        path (str): Where the block stands, in dot notation.
        defaults (Dict[str, Any]): All its settings.
        """
        present = dot_to_object(self.config, path)
        if any(key[0] == "@" and present.get(key, name) != name for key, name in defaults.items()):
            return
        for key, value in defaults.items():
            if key in present and isinstance(value, dict):
                self.fill(f"{path}.{key}", value)
            elif key not in present and isinstance(value, dict):
                self.insert(f"{path}.{key}", value, after=path)
            elif key not in present:
                self.set(f"{path}.{key}", value)

    def set(self, path: str, value: Any) -> None:
        """Set a setting that isn't a block, whether or not it is there already."""
        set_dot_to_object(self.config, path, value)
        section, _, key = path.rpartition(".")
        line = _to_text(section, {key: value}).partition("\n")[2]
        found = self._find_setting(path)
        if found:
            self.text = f"{self.text[: found.start()]}{line}\n{self.text[found.end() :]}"
        elif block := re.search(_block(section), self.text):
            before, behind = self.text[: block.end()], self.text[block.end() :]
            self.text = f"{before.rstrip()}\n{line}\n{behind}"

    def add_to_list(self, path: str, item: str, *, after: str = "", before: str = "") -> None:
        """Add an item to a list of names, after or before another one.

        path (str): Where the list stands, in dot notation.
        item (str): The name.
        after (str): The name after which to add it; or
        before (str): the name before which to add it.
        """
        names = dot_to_object(self.config, path)
        position = names.index(after) + 1 if after else names.index(before)
        names = [*names[:position], item, *names[position:]]
        found = self._find_setting(path)
        listed = re.compile(rf'(?m)^(?![ \t]*[#;]).*("{re.escape(after or before)}")')
        place = found and listed.search(self.text, found.start(), found.end())
        if place:
            set_dot_to_object(self.config, path, names)
            start, end = place.span(1)
            added = f'{place[1]}, "{item}"' if after else f'"{item}", {place[1]}'
            self.text = f"{self.text[:start]}{added}{self.text[end:]}"
        else:
            self.set(path, names)

    def _find_setting(self, path: str) -> re.Match | None:
        """Find a setting that isn't a block in the text; group 1 is its value as written."""
        section, _, key = path.rpartition(".")
        # More lines of a value are indented, with empty lines and comments in between.
        more = r"(?:\n[ \t]*(?:[#;].*)?)*\n[ \t]+[^\s#;].*"
        setting = re.compile(rf"(?m)^{re.escape(key)}[ \t]*[=:][ \t]*(.*(?:{more})*)\n?")
        block = re.search(_block(section), self.text)
        return setting.search(self.text, block.start(), block.end()) if block else None

    def _take_setting(self, path: str) -> str | None:
        """Cut a setting that isn't a block out of the text, and return its value as written."""
        found = self._find_setting(path)
        if found is None:
            return None
        self.text = self.text[: found.start()] + self.text[found.end() :]
        return found[1]

    def _insert_text(self, text: str, *, after: str) -> None:
        blocks = list(re.finditer(_block(after, or_within=True), self.text))
        if blocks:
            before, behind = self.text[: blocks[-1].end()], self.text[blocks[-1].end() :]
            self.text = f"{before.rstrip()}\n\n{text}\n\n{behind.lstrip()}"


def _header(path: str) -> str:
    return rf"(?m)^\[{re.escape(path)}\].*"


def _block(path: str, *, or_within: bool = False) -> str:
    """Pattern of a block: its header, and lines up to the next header and its comments."""
    within = r"(?:\.[^\]]+)?" if or_within else ""
    return rf"(?m)^\[{re.escape(path)}{within}\].*(?:\n(?!(?:[#;].*\n)*\[).*)*"


def _to_text(path: str, block: dict[str, Any]) -> str:
    """Write a block, and those within it, as spaCy writes them."""
    text = Config({"block": block}).to_str(interpolate=False)
    return re.sub(r"(?m)^\[block(?=[.\]])", lambda _: f"[{path}", text)
