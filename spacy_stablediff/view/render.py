"""Show, in the manner of displaCy, what a diffused vector is made of."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from unicodedata import east_asian_width

from spacy.language import Language
from spacy.tokens import Doc
from spacy.util import is_in_jupyter, minify_html

from ..checks import is_whole
from ..errors import Errors
from ..layers.mixture import Mixture
from ..words.explain import explain_words
from .kernel import compute_mixtures
from .page import fill_template, show_token

# What each style takes, with its defaults.
OPTIONS: dict[str, dict[str, Any]] = {
    "kernel": {"max_tokens": 80, "channel": None},
    "band": {"max_tokens": 500, "channel": None, "radius": 3},
    "words": {"max_tokens": 500},
}
MIN_SHARE = 0.005  # smaller shares are left out of the drawing
MAX_LABEL = 16  # characters of a token that the heat map shows
CHARACTER = 7.5  # pixels
SLANT = math.radians(60)  # of the labels above the columns


def render(
    doc: Doc | str,
    nlp: Language,
    *,
    component: str | None = None,
    style: str = "kernel",
    page: bool = False,
    minify: bool = False,
    jupyter: bool | None = None,
    options: dict[str, Any] | None = None,
) -> str | None:
    """Show what the diffused vector of each token is made of: tokens, or forms of words.

    Each row of the diffusion kernel sums to 1: it gives the shares of all tokens
    in the row's vector. With a learned confidence, its value is shown beside. A layer of
    several scales gets a picture for each. The
    components before the diffusion run again, on a copy of the document, which
    itself stays as it is.

    doc (Union[Doc, str]): The document, processed or not, or a text.
    nlp (Language): The pipeline that diffuses.
    component (Optional[str]): The component whose diffusion to show: a `stablediff`,
        or one whose embedding is diffused. By default the first, and for "words" all.
    style (str): "kernel" for a heat map of all pairs of tokens, "band" for a line
        for each token with the tokens around it, which suits longer documents; "words"
        for the words that are diffused over the graph of words, as `explain_words` tells.
    page (bool): Whether to return a full HTML page.
    minify (bool): Whether to take the indentation out of the HTML.
    jupyter (Optional[bool]): Whether to display the HTML in a notebook instead of
        returning it. By default found out.
    options (Optional[Dict[str, Any]]): "max_tokens", the longest document to draw
        (80 for "kernel", 500 for the others); "channel", the channel to show where
        each has its own time (default None: the mean over them); and for "band"
        "radius", how many tokens to show on either side, at least 1 (default 3).
    RETURNS (Optional[str]): HTML, or None if displayed in a notebook.
    RAISES (ValueError): SD070, SD150 to SD157, where there is nothing to show, the document
        is too long, or a setting isn't known; and what the component raises for
        vectors that it can't diffuse.
    """
    settings = _check_options(style, options or {})
    doc = nlp.make_doc(doc) if isinstance(doc, str) else doc
    if len(doc) > settings["max_tokens"]:
        raise ValueError(_too_long(style, len(doc), settings["max_tokens"]))
    if style == "words":
        context = view_words(doc, nlp, component)
    else:
        context = _view_mixtures(doc, nlp, component, style, settings)
    html = fill_template(f"{style}.html.jinja", page=page, **context)
    html = minify_html(html) if minify else html.strip()
    if jupyter or (jupyter is None and is_in_jupyter()):
        _display(html)
        return None
    return html


def view_words(doc: Doc, nlp: Language, component: str | None) -> dict[str, Any]:
    """Lay out the words that are diffused over the graph of words, by component."""
    words = explain_words(nlp, doc, component=component)
    names = dict.fromkeys(word.component for word in words)
    return {
        "components": [(name, [each for each in words if each.component == name]) for name in names]
    }


def _view_mixtures(
    doc: Doc, nlp: Language, component: str | None, style: str, settings: dict[str, Any]
) -> dict[str, Any]:
    """Lay out which tokens each diffused vector is made of."""
    name, mixtures = compute_mixtures(doc, nlp, component=component, channel=settings["channel"])
    tokens = [token.text for token in doc]
    pictures = [(mixture, STYLES[style](tokens, mixture, settings)) for mixture in mixtures]
    return {"component": name, "tokens": tokens, "pictures": pictures}


@dataclass
class HeatMap:
    """Where the heat map is drawn, in pixels, its cells, and each row's largest shares."""

    cell: int
    left: int
    top: int
    right: int
    numbers: bool
    labels: list[str]
    cells: list[dict[str, Any]] = field(default_factory=list)
    sources: list[list[tuple[int, float]]] = field(default_factory=list)


def view_kernel(tokens: list[str], mixture: Mixture, settings: dict[str, Any]) -> HeatMap:
    """Lay out the heat map of all pairs of tokens."""
    n = len(tokens)
    cell = 34 if n <= 16 else 24 if n <= 40 else 16
    labels = [_shorten(show_token(token)) for token in tokens]
    longest = CHARACTER * max(map(_count_columns, labels), default=0)
    view = HeatMap(
        cell=cell,
        left=math.ceil(longest) + 10,
        top=math.ceil(max(longest, 70) * math.sin(SLANT)) + 14,
        right=math.ceil(longest * math.cos(SLANT)) + 90,
        numbers=cell > 16,
        labels=labels,
    )
    for i, row in enumerate(mixture.weights.tolist()):
        visible = [(j, share) for j, share in enumerate(row) if share >= MIN_SHARE]
        view.cells += [{"row": i, "column": j, "share": share} for j, share in visible]
        view.sources.append(sorted(visible, key=lambda source: -source[1])[:5])
    return view


@dataclass
class BandRow:
    """A token, and each token around it with its share, or None outside the document."""

    token: str
    around: list[tuple[str, float] | None]
    beyond: float


def view_band(tokens: list[str], mixture: Mixture, settings: dict[str, Any]) -> list[BandRow]:
    """Lay out a line for each token, with the shares of the tokens around it."""
    radius, rows = settings["radius"], []
    for i, row in enumerate(mixture.weights.tolist()):
        around = [
            (tokens[j], row[j]) if 0 <= j < len(tokens) else None
            for j in range(i - radius, i + radius + 1)
        ]
        beyond = max(0.0, 1 - sum(near[1] for near in around if near is not None))
        rows.append(BandRow(tokens[i], around, beyond))
    return rows


STYLES: dict[str, Callable] = {"kernel": view_kernel, "band": view_band}


def _check_options(style: str, options: dict[str, Any]) -> dict[str, Any]:
    """Return the options of a style, those not given at their defaults."""
    if style not in OPTIONS:
        raise ValueError(Errors.SD154.format(style=style))
    for option in options:
        if option not in OPTIONS[style]:
            known = ", ".join(OPTIONS[style])
            raise ValueError(Errors.SD156.format(option=option, style=style, opts=known))
    settings = {**OPTIONS[style], **options}
    for option in ("max_tokens", "radius"):
        value = settings.get(option, 1)
        if not is_whole(value, least=1):
            raise ValueError(Errors.SD157.format(option=option, value=value))
    return settings


def _too_long(style: str, length: int, limit: int) -> str:
    limits = ", ".join(f"'{name}' {OPTIONS[name]['max_tokens']}" for name in OPTIONS)
    return Errors.SD155.format(style=style, length=length, limit=limit, opts=limits)


def _shorten(label: str) -> str:
    return label if len(label) <= MAX_LABEL else label[: MAX_LABEL - 1] + "…"


def _count_columns(text: str) -> int:
    """Width of a text in columns of a terminal: East Asian characters take two."""
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def _display(html: str) -> None:
    from IPython.display import HTML, display

    # The class keeps MathJax from reading dollar signs as formulas.
    display(HTML(f'<div class="tex2jax_ignore">{html}</div>'))
