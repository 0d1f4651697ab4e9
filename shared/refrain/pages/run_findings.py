"""The report's section on the method checks: what they found, with what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refrain.lake.method_checks import METHOD_CHECKS
from refrain.pages.html import Html, badge, element, section
from refrain.words import counted, listed

if TYPE_CHECKING:
    from refrain.lake.method_checks import Finding, MethodChecks

BADGES = {"warning": "tiny superseded", "hint": "tiny"}


def checks_section(checks: MethodChecks | None) -> Html | None:
    """Show the findings, or that there are none; a recommender has no method checks."""
    if checks is None:
        return None
    checked = "the rows and the split" if checks.model is None else f"the rows, the split and {checks.model}"
    ignored = f" The definition ignores {listed(checks.ignored)}." if checks.ignored else ""
    number = counted(len(checks.findings), "finding") if checks.findings else "no finding"
    note = f"{counted(len(METHOD_CHECKS), 'check')} of {checked}, with {number}. They stop nothing.{ignored}"
    items = element("ul", *map(_item, checks.findings), class_="plain") if checks.findings else None
    return section("checks", "Method checks", note, items)


def _item(item: Finding) -> Html:
    name = element("small", f"{item.code} {item.check}", class_="soft")
    return element("li", badge(item.severity, BADGES[item.severity]), " ", item.sentence, " ", name)


def warning_sentences(checks: MethodChecks | None) -> list[str]:
    """Name the warnings in one sentence for the top of the report, if there are any."""
    names = checks.warned if checks else []
    return [f"Method checks warn of {listed(names)}: the figures may be better than the model."] if names else []
