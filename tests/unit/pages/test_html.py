"""No text of a document becomes markup, whichever place of it the text stands in."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from refrain.errors import InvalidDocument
from refrain.lake.list_worth import ListWorth, TakenShare
from refrain.lake.stakes import Stakes
from refrain.pages.monitoring_page import render_monitoring_report
from refrain.pages.run_page import render_run
from tests.contract.test_lake_objects import REPORT, TRIAL
from tests.unit.pages import examples
from tests.unit.pages.test_run_page import NO_FIGURES, Page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from refrain.lake.document import Document
    from refrain.lake.evaluation import Evaluation

HOSTILE = """" o='x'<b>&lt;</style>"""
"""An attribute, an element, an entity and an end; short, so that drawings show all of it."""
LOOKED_UP = {"metric", "keys of metrics", "keys of quantiles"}
"""Names that a page looks up, so that none but the product's own can stand there."""


def recommendation() -> Evaluation:
    """Return a run of a recommender."""
    run = examples.binary()
    candidates = [
        replace(
            summary,
            metrics={"ndcg@10": 0.2},
            beyond_accuracy={"coverage": 0.3},
            curves=None,
            importance=[],
            logged=LOGGED,
        )
        for summary in run.candidates
    ]
    data = replace(run.data, classes=None, users=40, items=50)
    run = replace(run, task="recommendation", metric="ndcg@10", champion=None, candidates=candidates, data=data)
    return replace(run, stakes=Stakes(0.1, 0.01, 40), users=40)


BEYOND = {"coverage": 0.3}
LOGGED = ListWorth(900, 1.0, 800.0, TakenShare(0.03, 0.02, 0.04), doubly_robust=TakenShare(0.035, 0.025, 0.045))

DOCUMENTS: dict[str, tuple[Callable[[], Document], Callable[[Any], str]]] = {
    "classification": (
        lambda: replace(
            examples.binary(changes={"forest": {"parity": examples.BROKEN}, "logistic": NO_FIGURES}), trial=TRIAL
        ),
        render_run,
    ),
    "regression": (examples.regression, render_run),
    "recommendation": (recommendation, render_run),
    "monitoring": (lambda: replace(REPORT, hits=None), render_monitoring_report),
    "monitoring of a recommender": (lambda: replace(REPORT, quality=None), render_monitoring_report),
}


def places(value: object, field: str = "") -> Iterator[str]:
    """Name the fields of a document that hold text, and the mappings whose keys are text."""
    if isinstance(value, dict):
        yield f"keys of {field}"
        for key, item in value.items():
            yield from places(item, key)
    elif isinstance(value, list):
        for item in value:
            yield from places(item, field)
    elif isinstance(value, str):
        yield field


def with_hostile(value: Any, place: str, field: str = "") -> Any:
    """Put the text into a place, wherever in the document it occurs."""
    if isinstance(value, dict):
        keys = [f"{HOSTILE}{index}" if place == f"keys of {field}" else key for index, key in enumerate(value)]
        items = [with_hostile(item, place, key) for key, item in value.items()]
        return dict(zip(keys, items, strict=True))
    if isinstance(value, list):
        return [with_hostile(item, place, field) for item in value]
    return HOSTILE if isinstance(value, str) and place == field else value


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_no_text_of_a_document_becomes_markup(kind: str) -> None:
    make, render = DOCUMENTS[kind]
    document = make()
    content = json.loads(json.dumps(document.to_json()))
    plain = {(tag, name) for tag, attributes in Page(render(document)).elements for name in (*attributes, "")}

    readable = set()
    for place in sorted({*places(content)} - LOOKED_UP):
        try:
            hostile = type(document).from_json(with_hostile(content, place))
        except InvalidDocument:
            continue
        page = Page(render(hostile))
        assert {(tag, name) for tag, attributes in page.elements for name in (*attributes, "")} <= plain, place
        if HOSTILE in page.text:
            readable.add(place)
    assert readable >= {"feature", "model", "name", "reason", "version"} & {*places(content)}


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_each_column_has_a_name_and_what_scrolls_is_reached_by_the_keyboard(kind: str) -> None:
    make, render = DOCUMENTS[kind]
    html = render(make())

    assert not re.search(r"<th[^>]*></th>", html)
    for tag in re.findall(r"<div[^>]*\bscroll\b[^>]*>", html):
        assert 'tabindex="0"' in tag
        assert 'role="region"' in tag
        assert re.search(r'aria-label="[^"]+"', tag)
