"""Causes in words and on the page: what came first, how sure that is, and how a figure reads."""

from __future__ import annotations

from dataclasses import replace

import pytest

from refrain.lake.quality_causes import FeaturePart, QualityCauses, RisePart
from refrain.lake.segments import SegmentFigure, SegmentFigures
from refrain.pages.cause_words import cause_sentence
from refrain.pages.monitoring_page import render_monitoring_report
from tests.contract.test_lake_objects import REPORT
from tests.unit.pages.test_run_page import Page

MUCH, LITTLE = RisePart(0.09, 0.08, 0.1), RisePart(0.01, -0.01, 0.03)
WHERE = SegmentFigure("city = Rome", 0.3, 0.1, 0.4, 0.27, 0.2, 0.34)
CAUSES = QualityCauses("Brier score", 0.1, 2000, RisePart(0.1, 0.08, 0.12), MUCH, LITTLE)


@pytest.mark.parametrize(
    ("causes", "words"),
    [
        (replace(CAUSES, features=(FeaturePart("age", MUCH),)), "90 % of it (80 % to 100 %) with changed inputs: age"),
        (
            replace(CAUSES, features=(FeaturePart("age", MUCH), FeaturePart("height", LITTLE))),
            "with changed inputs, above all age (90 % of it (80 % to 100 %))",
        ),
        (
            replace(CAUSES, inputs=LITTLE, meaning=MUCH),
            "90 % of it (80 % to 100 %) with the same inputs, which mean something else now, in no feature more than",
        ),
        (replace(CAUSES, inputs=LITTLE, meaning=MUCH, by_meaning="age"), "which mean something else now, by age"),
        (
            replace(CAUSES, inputs=LITTLE, meaning=MUCH, by_meaning="city", where=WHERE),
            "above all where city = Rome (Brier score 0.2700 higher, 30 % of the rows)",
        ),
    ],
)
def test_the_sentence_names_what_came_first_and_how_sure_that_is(causes: QualityCauses, words: str) -> None:
    assert words in cause_sentence(causes)
    assert cause_sentence(causes).startswith("the Brier score rose by 0.1000 (0.0800 to 0.1200), ")


def test_the_page_has_the_sentence_the_parts_and_the_worst_segments() -> None:
    assert REPORT.quality is not None
    segments = SegmentFigures("share of wrong labels", 2000, 57, (replace(WHERE, more=0.09),))
    causes = replace(CAUSES, features=(FeaturePart("age", MUCH),), by_meaning="city")
    page = Page(
        render_monitoring_report(replace(REPORT, quality=replace(REPORT.quality, causes=causes, segments=segments)))
    )

    assert {"Why it got worse", "inputs: age", "meaning: city", "city = Rome"} <= set(page.texts)
    assert "city = Rome: 9 points more error, 30 % of the rows." in page.text
    assert {"Segments whose inputs changed otherwise than the rest", "city = Oslo"} <= set(page.texts)


def test_the_page_says_how_many_features_were_not_looked_at() -> None:
    assert REPORT.quality is not None
    causes = replace(CAUSES, features=(FeaturePart("age", MUCH),), left_out=700)
    page = Page(render_monitoring_report(replace(REPORT, quality=replace(REPORT.quality, causes=causes))))

    assert "It was not looked for among the 700 features that the model relies on least." in page.text


def test_where_no_segment_is_worse_the_page_says_so() -> None:
    assert REPORT.quality is not None
    quality = replace(REPORT.quality, causes=None, segments=SegmentFigures("MAE", 2000, 57))
    page = Page(render_monitoring_report(replace(REPORT, quality=quality)))

    assert "In none of 57 segments on 2,000 labelled rows did it surely get worse than in the rest." in page.text
