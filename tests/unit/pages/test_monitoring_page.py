"""A monitoring report's page says what the report says, loads nothing, and lets no data become markup."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from refrain.lake.monitoring_report import MonitoringReport
from refrain.pages.monitoring_page import render_monitoring_report
from tests.contract.test_lake_objects import REPORT
from tests.unit.monitoring.conftest import DOCUMENT
from tests.unit.monitoring.test_monitor import days
from tests.unit.monitoring.world import BEGINNING, World
from tests.unit.pages.test_run_page import Page
from tests.unit.serving.tiny import Lake

if TYPE_CHECKING:
    from tests.unit.monitoring.conftest import Shop


@pytest.fixture
def drifted(shop: Shop) -> MonitoringReport:
    days(shop, 0, 2)
    ids = shop.day(2, older=8.0)
    shop.world.label(ids, [place % 3 > 0 for place in range(len(ids))], BEGINNING + timedelta(days=2, hours=23))
    shop.world.monitor(shop.evening(2))
    return days(shop, 3, 4, older=8.0, city="Atlantis")[0]


def test_the_page_says_what_changed_since_when_how_much_it_matters_and_what_was_decided(
    drifted: MonitoringReport,
) -> None:
    page = Page(render_monitoring_report(drifted))

    assert drifted.headline in page.texts
    assert "≠ Drifted" in page.texts
    assert page.headings() == ["decision", "changed", "time", "quality", "causes", "new"]
    assert "03 Nov 2026, 00:00 UTC" in page.texts
    assert {"age", "80 %", "Atlantis"} <= set(page.texts)


def test_the_page_is_one_file_that_loads_nothing(drifted: MonitoringReport) -> None:
    html = render_monitoring_report(drifted)
    page = Page(html)
    assert not {tag for tag, _ in page.elements} & {"script", "link", "img", "iframe", "object", "base", "form"}
    assert not re.search(r"https?://|url\(|@import|\bon\w+=", html)
    assert len(html) < 150_000
    assert not re.search(r"\bnan\b|\binf\b|\bNone\b", page.text)


def test_drawings_have_titles_and_ids_are_unique(drifted: MonitoringReport) -> None:
    page = Page(render_monitoring_report(drifted))
    ids = [attrs["id"] for _, attrs in page.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    for tag, attrs in page.elements:
        if tag == "svg":
            assert all(each in ids for each in (attrs["aria-labelledby"] or "").split())


def test_no_coordinate_is_out_of_the_drawing(drifted: MonitoringReport) -> None:
    width = 0.0
    for tag, attrs in Page(render_monitoring_report(drifted)).elements:
        if tag == "svg":
            width = float((attrs["viewbox"] or "").split()[2])
        for key in ("x", "x1", "x2", "cx"):
            if key in attrs and tag in ("line", "circle", "rect", "text"):
                assert -1 <= float(attrs[key] or 0) <= width


def test_the_page_is_the_same_when_the_report_is_read_back(drifted: MonitoringReport) -> None:
    read = MonitoringReport.from_json(json.loads(json.dumps(drifted.to_json())))
    assert render_monitoring_report(read) == render_monitoring_report(drifted)


def test_without_a_version_the_page_says_so() -> None:
    report = World.of(Lake(), "shop", DOCUMENT).monitor(BEGINNING)
    page = Page(render_monitoring_report(report))
    assert report.headline in page.texts
    assert page.headings() == ["decision"]


def test_windows_of_one_day_are_marked_by_their_times() -> None:
    past = replace(REPORT.history[0], since="2026-11-29T10:00:00Z", until="2026-11-29T11:00:00Z")
    later = replace(past, since="2026-11-29T11:00:00Z", until="2026-11-29T12:00:00Z")

    page = Page(render_monitoring_report(replace(REPORT, history=(past, later))))

    assert {"29 Nov 2026, 11:00 UTC", "12:00 UTC"} <= set(page.texts)
