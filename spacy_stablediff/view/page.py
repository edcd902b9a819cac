"""What the report and the kernel view share: templates, and how tokens are shown."""

import math
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

# A control character is shown as its picture, a line break as a return key.
VISIBLE = {code: 0x2400 + code for code in range(0x20)} | {0x0A: "↵", 0x7F: "␡"}


def fill_template(name: str, **context: Any) -> str:
    """Fill in a template of this package, with every text escaped.

    name (str): The template's file name.
    **context (Any): Its variables.
    RETURNS (str): HTML.
    """
    return ENVIRONMENT.get_template(name).render(**context)


def show_token(text: str) -> str:
    """Return a token's text with control characters made visible.

    text (str): The text.
    RETURNS (str): Text of the same length, without control characters.
    """
    return text.translate(VISIBLE)


def format_share(share: float) -> str:
    """Format a share from 0 to 1 in per cent: 0.174 as "17%", 0.004 as "<1%"."""
    return "<1%" if 0 < share < 0.005 else f"{share:.0%}"


def shade(share: float) -> float:
    """Return the opacity that a share from 0 to 1 is drawn with.

    The square root keeps small shares visible; at most 0.75, so that dark text on
    white and light text on black both stay readable.
    """
    return round(0.75 * math.sqrt(min(max(share, 0.0), 1.0)), 2)


ENVIRONMENT = Environment(
    loader=PackageLoader("spacy_stablediff.view"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=StrictUndefined,
)
ENVIRONMENT.filters |= {"token": show_token, "share": format_share, "shade": shade}
