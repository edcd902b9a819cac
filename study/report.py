"""The pages about the study, and about its rivals at full strength."""

from typing import Any

from thinc.api import Config

from .base import BASE
from .config import RECOMMENDED, recommend
from .page import fill_page
from .plan import Plan
from .rival_tables import (
    tabulate_beside,
    tabulate_choices,
    tabulate_curves,
    tabulate_differences,
    tabulate_gains,
    tabulate_noise,
    tabulate_rival_data,
    tabulate_strongest,
    tabulate_trials,
)
from .rival_targets import RIVAL_TARGETS
from .summary import Study
from .tables import (
    tabulate_by_edit,
    tabulate_costs,
    tabulate_data,
    tabulate_edits,
    tabulate_main,
    tabulate_missing,
    tabulate_settings,
    tabulate_stability,
    tabulate_targets,
    tabulate_variants,
)
from .targets import judge
from .wording import show_item

# What both templates call.
FUNCTIONS = (
    tabulate_main,
    tabulate_stability,
    tabulate_by_edit,
    tabulate_gains,
    tabulate_strongest,
    tabulate_variants,
    tabulate_differences,
    tabulate_choices,
    tabulate_trials,
    tabulate_beside,
    show_item,
)


def render_study(study: Study, *, image: str, notes: str) -> str:
    """Write up a study.

    study (Study): The study.
    image (str): The plot's file, as seen from the page.
    notes (str): Markdown to end the page with.
    RETURNS (str): The page, as Markdown.
    """
    verdicts = judge(study)
    context = {
        "plan": study.plan,
        "study": study,
        "image": image,
        "notes": notes.strip(),
        "overall": {each.target.title: each for each in verdicts if each.embedding is None},
        "batcher": Config().from_disk(BASE)["training"]["batcher"],
        "recommended": list_recommended(study.plan),
        "targets": tabulate_targets(study, verdicts),
        "costs": tabulate_costs(study),
        "data": tabulate_data(study.plan),
        "edits": tabulate_edits(study.plan),
        "settings": tabulate_settings(study.plan),
        "missing": tabulate_missing(study),
    }
    return fill_page("study.md.jinja", context, FUNCTIONS)


def render_rivals(study: Study, readers: Study, *, image: str) -> str:
    """Write up the comparison with rivals at full strength.

    study (Study): The study, of the plan of the rivals.
    readers (Study): That of the plan of other components that read a shared embedding.
    image (str): The plot's file, as seen from the page.
    RETURNS (str): The page, as Markdown.
    """
    verdicts = judge(study, RIVAL_TARGETS)
    context = {
        "plan": study.plan,
        "study": study,
        "readers": readers,
        "image": image,
        "overall": {each.target.title: each for each in verdicts if each.embedding is None},
        "recommended": list_recommended(study.plan),
        "targets": tabulate_targets(study, verdicts),
        "costs": tabulate_costs(study),
        "curves": tabulate_curves(study),
        "data": tabulate_rival_data(study.plan),
        "edits": tabulate_noise(study.plan),
        "settings": tabulate_settings(study.plan),
        "missing": tabulate_missing(study),
    }
    return fill_page("rivals.md.jinja", context, FUNCTIONS)


def list_recommended(plan: Plan) -> dict[str, Any]:
    """List the recommended settings of the parts that variants of a plan have, by what they are of."""
    variants = plan["variants"].values()
    pipes = dict.fromkeys(data["pipe"] for data in plan["data"].values())
    listed: dict[str, Any] = {}
    for name in [name for name in RECOMMENDED if any(name in each for each in variants)]:
        blocks = {f"{name} for {pipe}": recommend(plan, pipe)[name] for pipe in pipes}
        first = next(iter(blocks.values()))
        listed |= {name: first} if all(each == first for each in blocks.values()) else blocks
    return listed
