"""The page stability.html: what it says, and that it says it safely and to everyone."""

import re
import subprocess
from html import unescape
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import numpy
import pytest

from spacy_stablediff.measure.bootstrap import REPLICATES
from spacy_stablediff.measure.result import (
    Displacement,
    EditStability,
    SampleView,
    Stability,
    TokenView,
)
from spacy_stablediff.view.charts import find_ticks
from spacy_stablediff.view.figures import name_pipelines, read_figures
from spacy_stablediff.view.report import make_pane, render_report
from spacy_stablediff.view.verdict import judge

HOSTILE = "<script>alert(1)</script>"


def make_edit(mean=0.25, p95=0.75, identity=0.95, flips=0.08, agreement=0.9, scores=None):
    displacement = Displacement(raw=10 * mean, mean=mean, p95=p95, edited=0.6, unedited=0.1)
    return EditStability(displacement, identity, flips, agreement, scores)


def make_sample(clean="Anselmo left", edited="Anslemo left", ent="PERSON", cats=("POS", "NEG")):
    def view(text):
        first, *rest = text.split()
        changed = TokenView(first, " ", ent, 0.812, edited=True)
        return [changed, *(TokenView(token, " ", "", 0.2, edited=False) for token in rest)]

    return SampleView("typo", view(clean), view(edited), *cats)


def make_stability(model="training/diffused/model-best", *, scores=None, samples=(), **figures):
    edits = {"typo": make_edit(**figures), "swap": make_edit(**figures)}
    return Stability(model, 1200, 34567, scores, edits, list(samples))


BASELINE = "training/baseline/model-best"


def verdict(result, baseline=None):
    """The verdict on measurements, with the pipelines called A and B."""
    return judge(read_figures(result, "A"), baseline and read_figures(baseline, "B"))


# The verdict, in each situation.


def test_names_the_steadier_pipeline_and_by_how_much():
    assert verdict(make_stability(mean=0.20), make_stability(mean=0.25)) == (
        "'A' is the steadier of the two: edits move its token vectors 20% less than those of 'B' "
        "(0.200 against 0.250 of the distance between random tokens), at no cost that was "
        "measured."
    )


def test_says_so_when_the_baseline_is_steadier():
    text = verdict(make_stability(mean=0.30), make_stability(mean=0.15))
    assert text.startswith("'B' is the steadier") and "50% less than those of 'A'" in text


def test_says_so_when_they_move_equally_far():
    text = verdict(make_stability(mean=0.250), make_stability(mean=0.251))
    assert "equally far, by 0.250 and 0.251 of" in text
    assert text.endswith("and nothing else sets them apart.")


def test_names_what_sets_pipelines_apart_that_move_equally_far():
    text = verdict(make_stability(flips=0.1), make_stability(p95=0.8, identity=0.9))
    assert "'A' with more category flips (10.0% against 8.0%), 'B' with a longer tail" in text
    assert "blur" not in text


@pytest.mark.parametrize(
    ("worse", "cost"),
    [
        ({"p95": 0.8}, "a longer tail (0.800 against 0.750 at the 95th percentile)"),
        ({"identity": 0.93}, "harder to tell apart (identity 93.0% against 95.0%)."),
        ({"identity": 0.7}, "(identity 70.0% against 95.0%), so that part of the gain may be blur"),
        ({"flips": 0.1}, "more category flips (10.0% against 8.0%)"),
        ({"agreement": 0.8}, "less entity agreement (80.0% against 90.0%)"),
        ({"scores": {"ents_f": 0.8}}, "a lower entity F on clean text (80.0% against 81.0%)"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_names_what_the_steadier_pipeline_pays(worse, cost):
    baseline = make_stability(scores={"ents_f": 0.81})
    text = verdict(make_stability(**{"mean": 0.2, "scores": {"ents_f": 0.81}, **worse}), baseline)
    assert "at the cost of" in text and cost in text


def test_counts_several_costs_in_one_sentence():
    text = verdict(make_stability(mean=0.2, identity=0.9, flips=0.2), make_stability())
    assert "at the cost of more category flips" in text and " and tokens that are harder" in text


def test_a_difference_within_half_a_point_is_no_cost():
    assert "at no cost" in verdict(make_stability(mean=0.2, identity=0.946), make_stability())


def test_without_a_baseline_claims_nothing():
    text = verdict(make_stability())
    assert "by 0.250 of the distance between random tokens" in text
    assert "only a comparison with a baseline can tell" in text


def resampled(value, deviation, seed):
    return numpy.random.default_rng(seed).normal(value, deviation, REPLICATES)


def uncertain(mean, deviation, seed, **figures):
    """A measurement of which the mean displacement is known give or take a deviation."""
    stability = make_stability(mean=mean, **figures)
    for edit in stability.edits.values():
        edit.replicates["mean"] = resampled(mean, deviation, seed)
    return stability


def test_says_what_the_documents_can_not_tell_and_how_many_could():
    text = verdict(uncertain(0.20, 0.1, 0), uncertain(0.25, 0.1, 1))
    assert text.startswith("1,200 documents can't tell which of the two is the steadier")
    needed = int(re.search(r"about ([\d,]+) documents would", text)[1].replace(",", ""))
    width = 1.96 * 0.1 * 2**0.5
    assert needed == pytest.approx(1200 * (width / 0.05) ** 2, rel=0.3)
    assert "steadier of the two: edits" in verdict(
        uncertain(0.2, 0.01, 0), uncertain(0.25, 0.01, 1)
    )


def test_says_which_costs_the_documents_can_not_tell():
    pair = [uncertain(0.2, 0.001, 0, flips=0.12), uncertain(0.25, 0.001, 1, flips=0.08)]
    for seed, stability in enumerate(pair):
        for edit in stability.edits.values():
            edit.replicates["cats_flips"] = resampled(edit.cats_flips, 0.05, seed)
    text = verdict(*pair)
    assert "but 1,200 documents can't tell whether it costs more category flips" in text
    assert "at the cost" not in text and "at no cost" not in text


def test_of_scores_that_are_not_resampled_nothing_is_known_for_sure():
    """As of that of categories which don't exclude each other."""
    scores = {"cats_score": 0.5, "ents_f": 0.8}
    pair = [uncertain(0.2, 0.001, 0), uncertain(0.25, 0.001, 1)]
    for seed, stability in enumerate(pair):
        stability.scores = {**scores, "cats_score": 0.5 + seed / 4}
        stability.replicates["ents_f"] = resampled(0.8, 0.001, seed)
    text = verdict(*pair)
    assert "can't tell whether it costs a lower category score on clean text (50.0%" in text


def test_what_is_the_same_is_no_cost_that_may_be():
    pair = [uncertain(0.2, 0.001, 0), uncertain(0.25, 0.001, 1)]
    for stability in pair:
        for edit in stability.edits.values():
            edit.replicates["ents_agreement"] = numpy.full(REPLICATES, numpy.nan)
    assert verdict(*pair).endswith("at no cost that was measured.")


def test_too_few_texts_are_no_pipeline_without_vectors():
    stability = make_stability()
    stability.place = "doc.tensor"
    for edit in stability.edits.values():
        edit.displacement = Displacement(*[None] * 5)
    assert "too few or too much alike" in verdict(stability)
    stability.place = "none"
    assert "'A' has no token vectors that edits could move" in verdict(stability)


def test_with_nothing_but_displacement():
    bare = {"identity": None, "flips": None, "agreement": None}
    text = verdict(make_stability(mean=0.2, **bare), make_stability(**bare))
    assert text.endswith("at no cost that was measured.")
    assert "an identity of n/a" in verdict(make_stability(**bare))


@pytest.mark.parametrize(
    ("models", "names"),
    [
        (["out/diffused/model-best"], ["diffused/model-best"]),
        (["out/diffused/model-best", "out/plain/model-best"], ["diffused", "plain"]),
        (["en_mine", "en_core_web_sm"], ["en_mine", "en_core_web_sm"]),
        (["out/model-best", "out/model-best"], ["out/model-best", "out/model-best (baseline)"]),
        (["out/a", "out"], ["out/a", "out"]),
        (["."], [Path.cwd().name]),
    ],
)
def test_pipelines_are_named_by_what_tells_them_apart(models, names):
    assert name_pipelines(*models) == names


# The figures on the page are those that were measured.


class Page(HTMLParser):
    """The text of each table's rows, of each SVG, and all tags with their attributes."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.rows, self.charts = [], [], []
        self.inside = None
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag == "tr":
            self.inside = []
            self.rows.append(self.inside)
        elif tag == "svg":
            self.inside = []
            self.charts.append((dict(attrs)["aria-label"], self.inside))

    def handle_endtag(self, tag):
        if tag in ("tr", "svg"):
            self.inside = None

    def handle_data(self, data):
        if self.inside is not None and data.strip():
            self.inside.append(data.strip())


@pytest.fixture(scope="module")
def pair():
    scores = {
        "ents_f": 0.9,
        "cats_score": 0.8,
        "speed": 1000.0,
        "ents_per_type": {},
        "tag_acc": None,
    }
    edited = {"ents_f": 0.85, "cats_score": 0.75}
    result = make_stability(
        scores=scores, samples=[make_sample(), make_sample("Bo sat", "Bo sta", "", ("POS", "POS"))]
    )
    result.edits["typo"] = make_edit(mean=0.1234, p95=0.5, flips=0.031, scores=edited)
    baseline = make_stability(BASELINE, scores=scores, samples=[make_sample(cats=("POS", "POS"))])
    return result, baseline


@pytest.fixture(scope="module")
def html(pair):
    return render_report(*pair)


def test_tables_hold_every_figure_of_both_pipelines_and_their_ratio(html):
    rows = Page(html).rows
    assert rows[0] == ["Figure", "diffused", "baseline", "Ratio"]
    assert rows[1:9] == [
        ["Category flips", "3.1%", "8.0%", "0.39"],
        ["Entity agreement", "90.0%", "90.0%", "1.00"],
        ["Mean displacement", "0.123", "0.250", "0.49"],
        ["95th percentile", "0.500", "0.750", "0.67"],
        ["Edited tokens", "0.600", "0.600", "1.00"],
        ["Other tokens", "0.100", "0.100", "1.00"],
        ["Mean distance, not relative", "1.234", "2.500", "0.49"],
        ["Identity", "95.0%", "95.0%", "1.00"],
    ]
    assert ["clean text", "90.0%", "90.0%", "1.00"] in rows
    assert ["typo", "85.0%", "n/a", "n/a"] in rows


def test_charts_show_the_same_and_say_it_in_words(html):
    charts = Page(html).charts
    label, texts = charts[3]
    assert label.startswith(
        "Displacement, less is better: Mean displacement 0.123 against 0.250; 95th"
    )
    assert texts[-12:] == [
        *("Mean displacement", "0.123", "0.250"),
        *("95th percentile", "0.500", "0.750"),
        *("Edited tokens", "0.600", "0.600"),
        *("Other tokens", "0.100", "0.100"),
    ]
    assert [label.split(",")[0] for label, _ in charts[:3]] == [
        "Category flips",
        "Entity agreement",
        "Identity",
    ]


def test_bars_of_all_edits_share_a_scale(html):
    charts = re.findall(r"<h4>Displacement.*?</svg>", html, flags=re.DOTALL)
    widths = [re.findall(r'<rect class="p0".*?width="([\d.]+)%"', chart) for chart in charts]
    assert float(widths[0][0]) == pytest.approx(float(widths[1][0]) * 0.1234 / 0.25, abs=0.01)


def test_tiles_say_better_or_worse(html):
    tiles = re.findall(r'<dd class="(\w+)">(.*?) <small>(.*?)</small>', html)
    assert tiles[0] == ("better", "better than", "8.0%")
    assert ("equal", "as good as", "95.0%") in tiles


def test_scores_are_those_that_sum_up_a_component(html):
    assert "Entity F" in html and "Category score" in html
    assert "speed" not in html and "Tag accuracy" not in html


def test_what_a_pipeline_does_not_have_is_left_out():
    stability = make_stability(flips=None, agreement=None)
    stability.edits["drop"] = EditStability(
        Displacement(1, 0.2, 0.3, None, 0.2), 0.9, None, None, None
    )
    html = render_report(stability)
    assert "Category flips" not in html and "Entity agreement" not in html
    assert "Scores" not in html and "Samples" not in html and "Ratio" not in html
    assert ["Edited tokens", "n/a"] in Page(html).rows


def test_nothing_measured_at_all():
    nothing = EditStability(Displacement(None, None, None, None, None), None, None, None, None)
    page = render_report(Stability("en_mine", 1, 1, None, {"drop": nothing}))
    assert "there is nothing to tell" in page


@pytest.mark.parametrize(
    ("limit", "ticks"),
    [
        (1.0, [0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (0.55, [0, 0.1, 0.2, 0.3, 0.4, 0.5]),
        (0.027, [0, 0.005, 0.01, 0.015, 0.02, 0.025]),
        (37, [0, 10, 20, 30]),
    ],
)
def test_ticks_are_round_numbers(limit, ticks):
    assert find_ticks(limit) == ticks


# Samples.


def test_samples_of_both_pipelines_stand_side_by_side(html):
    first, second = re.findall(r"<article.*?</article>", html, flags=re.DOTALL)
    assert first.count("<dl") == 2 and second.count("<dl") == 1
    assert re.findall(r'badge( flip)?">(.*?)<', first) == [(" flip", "POS → NEG"), ("", "POS")]


def test_tokens_are_shaded_and_marked(html):
    assert '<span class="d8 c" title="0.81">Anslemo</span>' in html
    assert '<span class="d2" title="0.20">left</span>' in html
    assert (
        '<span class="e"><span class="d8 c" title="0.81">Anselmo</span><b>PERSON</b></span>' in html
    )


def test_changed_predictions_stand_out():
    sample = make_sample(cats=(None, None))
    sample.edited[0].ent = "ORG"
    html = render_report(make_stability(samples=[sample]))
    assert 'class="card hit"' in html
    assert re.findall(r'badge flip">(.*?)<', html)[1:] == ["1 PERSON lost", "1 ORG gained"]


def test_neighbouring_entities_of_one_label_are_two():
    def view(second):
        return [TokenView("Paris", " ", "GPE", 0.1, False, begins=True), second]

    clean = view(TokenView("Berlin", "", "GPE", 0.1, False, begins=True))
    edited = view(TokenView("Berlim", "", "", 0.2, True))
    pane = make_pane(0, SampleView("typo", clean, edited, None, None))
    assert pane.ents == ["1 GPE lost"]
    assert [label for label, _ in pane.lines[0].runs] == ["GPE", "GPE"]


def test_tokens_without_a_counterpart_are_marked():
    sample = make_sample()
    sample.clean[1].displacement = None
    assert '<span class="x">left</span>' in render_report(make_stability(samples=[sample]))


def test_text_is_kept_exactly():
    tokens = [
        TokenView("ca", "", "", 0.1, False),
        TokenView("n't", " ", "", 0.1, False),
        TokenView("X2", "", "PRODUCT", 0.1, False),
        TokenView("!", "", "", 0.1, False),
        TokenView("\n", "", "", 0.1, False),
    ]
    html = render_report(make_stability(samples=[SampleView("typo", tokens, tokens, None, None)]))
    line = re.search(r'<dd dir="auto">(.*?)</dd>', html, flags=re.DOTALL)[1]
    assert re.sub(r"<b>.*?</b>|<.*?>", "", unescape(line)) == "can't X2!↵"


# Safety, and readers of every kind.


def test_everything_is_escaped():
    sample = make_sample(HOSTILE, f"{HOSTILE}&", HOSTILE, (HOSTILE, f"'\"{HOSTILE}"))
    result = make_stability(HOSTILE, samples=[sample])
    result.edits = {f'"{HOSTILE}': make_edit()}
    html = render_report(result, make_stability(f"{HOSTILE}/b"))
    assert "<script" not in html and "alert(1)" in html
    assert {tag for tag, _ in Page(html).tags}.isdisjoint({"script", "iframe", "img", "object"})


def test_self_contained(html):
    """No script, nothing loaded, not even a link."""
    page = Page(html)
    assert {tag for tag, _ in page.tags}.isdisjoint(
        {"script", "link", "img", "iframe", "a", "base"}
    )
    for _, attributes in page.tags:
        assert not {"src", "href", "srcset", "onclick", "onload"} & attributes.keys()
    assert "url(" not in html and "@import" not in html and "://" not in html


def test_small(html):
    assert len(html) < 30_000


def test_write_report(tmp_path, pair):
    path = tmp_path / "stability.html"
    path.write_text(render_report(*pair), encoding="utf8")
    assert path.read_text(encoding="utf8") == render_report(*pair)


def test_made_for_phones_dark_mode_and_screen_readers(html):
    page = Page(html)
    assert ("html", {"lang": "en"}) in page.tags
    assert any(attrs.get("name") == "viewport" for tag, attrs in page.tags if tag == "meta")
    assert "prefers-color-scheme: dark" in html and "color-scheme: light dark" in html
    assert all(label for label, _ in page.charts)
    assert all(attrs.get("scope") for tag, attrs in page.tags if tag == "th")
    headings = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert headings[0] == 1 and all(b <= a + 1 for a, b in pairwise(headings))


def read_palettes(html):
    """The light and the dark palette: RGB triples by name."""
    light, dark = re.findall(r":root \{(.*?)\}", html)[:2]
    palettes = []
    for css in (light, light + dark):
        found = re.findall(r"--(\w+): (?:#(\w+)|(\d+) (\d+) (\d+))", css)
        palettes.append(
            {name: to_rgb(code) if code else tuple(map(int, rgb)) for name, code, *rgb in found}
        )
    return palettes


def to_rgb(code):
    code = "".join(2 * digit for digit in code) if len(code) == 3 else code
    return tuple(int(code[i : i + 2], 16) for i in (0, 2, 4))


def contrast(first, second):
    """Contrast of two colours, by the Web Content Accessibility Guidelines."""

    def luminance(rgb):
        parts = [c / 255 for c in rgb]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted([luminance(first), luminance(second)])
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
def test_contrast(html, mode):
    colours = read_palettes(html)[mode]
    for text in ("ink", "soft", "good", "bad", "ent"):
        for ground in ("page", "card"):
            assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground)
    for bar in ("p0", "p1"):
        assert contrast(colours[bar], colours["card"]) >= 3, bar
    opacity = float(re.search(r"\.d10 \{ background: rgb\(var\(--heat\)/([\d.]+)\)", html)[1])
    darkest = [
        opacity * a + (1 - opacity) * b
        for a, b in zip(colours["heat"], colours["card"], strict=True)
    ]
    assert contrast(colours["ink"], darkest) >= 4.5


@pytest.mark.real("chromium")
@pytest.mark.parametrize("width", [360, 1280])
def test_fits_the_screen(html, tmp_path, width):
    """In a real browser, nothing sticks out to the right."""
    frame = tmp_path / "frame.html"
    source = html.replace("&", "&amp;").replace('"', "&quot;")
    script = "this.title = this.contentDocument.documentElement.scrollWidth"
    frame.write_text(
        f'<iframe srcdoc="{source}" style="border:0;width:{width}px" onload="{script}"></iframe>',
        encoding="utf8",
    )
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    command += ["--disable-background-networking", f"--user-data-dir={tmp_path / 'profile'}"]
    dom = subprocess.run(
        [*command, "--dump-dom", frame.as_uri()], capture_output=True, text=True, timeout=120
    ).stdout
    assert re.search(r'title="(\d+)"', dom[dom.rindex("onload=") :])[1] == str(width)
