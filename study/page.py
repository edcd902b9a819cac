"""Filling in the templates of the pages that the studies write."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from .wording import show_apart, show_function, show_names

ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=StrictUndefined,
)
ENVIRONMENT.filters |= {"names": show_names, "apart": show_apart, "function": show_function}


def fill_page(
    template: str, context: Mapping[str, Any], functions: Iterable[Callable[..., str]] = ()
) -> str:
    """Fill in the template of a page.

    template (str): The name of its file.
    context (Mapping[str, Any]): What it shows.
    functions (Iterable[Callable[..., str]]): What it calls, by their names.
    RETURNS (str): The page, as Markdown.
    """
    called = {function.__name__: function for function in functions}
    page = ENVIRONMENT.get_template(template).render({**context, **called})
    return page.strip() + "\n"
