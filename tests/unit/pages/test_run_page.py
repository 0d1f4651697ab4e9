"""The report says what happened, shows all of it, loads nothing, and lets no data become markup."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any, cast

import pytest

from preprocessing import Gate
from refrain.lake.evaluation import Evaluation, ModelSummary
from refrain.lake.footprint import Footprint
from refrain.lake.method_checks import Finding, MethodChecks
from refrain.lake.snapshot import SplitSummary, UploadSummary
from refrain.pages.run_intervals import ANSWERS
from refrain.pages.run_page import render_run
from tests.unit.pages import examples

EMPTY = {"meta", "br", "line", "rect", "circle", "path"}
NO_FIGURES = {
    "error": "MemoryError: too many rows",
    "value": None,
    "interval": None,
    "gain": None,
    "gain_interval": None,
    "chance": None,
    "answer": None,
    "seen_gain": None,
    "rows_needed": None,
    "latency_ms": None,
    "bytes": None,
    "parity": None,
    "golden": None,
    "footprint": None,
}


class Page(HTMLParser):
    """What a browser would find in a page: its text, elements and attributes; refuses unbalanced elements."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.texts.append(data)

    @property
    def text(self) -> str:
        return "\n".join(self.texts)

    def headings(self) -> list[str]:
        return [attrs["id"] or "" for tag, attrs in self.elements if tag == "h2"]


def all_refused() -> Evaluation:
    gate = Gate(min_metric=0.99, max_metric=None, confidence=0.95, max_latency_ms=0.13)
    return examples.binary(gate=gate, changes={"forest": {"parity": examples.BROKEN}, "logistic": NO_FIGURES})


def nothing_trained() -> Evaluation:
    failures = dict.fromkeys(("logistic", "boosting", "forest"), NO_FIGURES)
    run = examples.binary(champion=None, changes=failures)
    return replace(run, candidates=[ModelSummary(each.figures, each.estimator) for each in run.candidates])


RUNS = {
    "binary": examples.binary,
    "first": lambda: examples.binary(champion=None),
    "multiclass": examples.multiclass,
    "many classes": lambda: examples.multiclass(classes=20, champion=None),
    "regression": examples.regression,
    "first regression": lambda: examples.regression(champion=None),
    "all refused": all_refused,
    "nothing trained": nothing_trained,
    "champion failed": lambda: examples.binary(changes={"champion": NO_FIGURES}),
}


@pytest.fixture(scope="module", params=RUNS.keys())
def run(request: pytest.FixtureRequest) -> Evaluation:
    made: Any = RUNS[request.param]
    return cast(Evaluation, made())


def test_the_evaluation_is_plain_json_and_its_report_is_the_same_when_read_back(run: Evaluation) -> None:
    travelled = Evaluation.from_json(json.loads(json.dumps(run.to_json(), allow_nan=False)))
    assert travelled == run
    assert render_run(travelled) == render_run(run)


def test_the_table_says_what_each_version_holds_and_takes_to_load() -> None:
    changes = {"forest": NO_FIGURES | {"footprint": Footprint(2_900_000_000, 2_900_000_000, 0.0)}}
    gate = Gate(min_metric=None, max_metric=None, confidence=0.95, max_latency_ms=None, max_memory_mb=500)

    text = Page(render_run(examples.binary(changes=changes, gate=gate))).text

    assert "104 MB held\nafter 1.1 s" in text
    assert "> 2,766 MB held" in text
    assert "fits into inference beside the champion, in 500 MB" in text


def test_the_report_is_one_file_that_loads_nothing(run: Evaluation) -> None:
    html = render_run(run)
    page = Page(html)
    assert not {tag for tag, _ in page.elements} & {"script", "link", "img", "iframe", "object", "base", "form"}
    assert not [attrs for _, attrs in page.elements if {"src", "href", "srcset", "data", "xlink:href"} & set(attrs)]
    assert not re.search(r"https?://|url\(|@import|\bon\w+=", html)
    assert len(html) < 150_000


def test_the_decision_is_the_sentence_on_top_and_each_reason_is_given(run: Evaluation) -> None:
    page = Page(render_run(run))
    decision = run.decision
    assert decision.reason in page.texts
    assert page.texts.index(decision.reason) < page.texts.index("The data")
    for verdict in decision.verdicts:
        if verdict.code != "promoted":
            assert verdict.reason in page.text


def test_the_answer_of_each_candidate_is_in_words_and_agrees_with_its_interval(run: Evaluation) -> None:
    text = Page(render_run(run)).text
    for candidate in run.candidates:
        figures = candidate.figures
        if figures.answer is not None and figures.gain_interval is not None:
            low, high = figures.gain_interval
            margin = run.stakes.margin or 0.0
            assert {"better": low >= 0, "no_worse": low > -margin, "worse": high <= 0}.get(figures.answer, low <= 0)
            assert ANSWERS[figures.answer] in text
            assert "is seen with a probability of 80 %" in text
            assert ("No worse means by at most" in text) is (run.champion is not None)


def test_rows_that_count_as_fewer_say_so() -> None:
    run = examples.binary()

    text = Page(render_run(replace(run, stakes=replace(run.stakes, units=70)))).text

    assert "They count as 70 independent ones" in text
    assert "They count as" not in Page(render_run(run)).text


def test_every_section_with_content_is_shown(run: Evaluation) -> None:
    headings = Page(render_run(run)).headings()
    answered = any(each.curves for each in (run.champion, *run.candidates) if each)
    assert [key for key in ("comparison", "quality", "importance", "data") if key in headings] == (
        ["comparison", "quality", "importance", "data"] if answered else ["comparison", "data"]
    )


def test_drawings_have_titles_and_tables_have_headers(run: Evaluation) -> None:
    html = render_run(run)
    page = Page(html)
    ids = [attrs["id"] for _, attrs in page.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    for tag, attrs in page.elements:
        if tag == "svg":
            assert attrs["role"] == "img"
            assert all(each in ids for each in (attrs["aria-labelledby"] or "").split())
        if tag == "th":
            assert attrs.get("scope") in ("col", "row")
    assert html.count("<table") == html.count("<thead")
    assert not re.search(r"\bnan\b|\binf\b|\bNone\b(?! of)", page.text)


def test_no_coordinate_is_out_of_the_drawing(run: Evaluation) -> None:
    width = 0.0
    for tag, attrs in Page(render_run(run)).elements:
        if tag == "svg":
            width = float((attrs["viewbox"] or "").split()[2])
        for key in ("x", "x1", "x2", "cx"):
            if key in attrs and tag in ("line", "circle", "rect", "text"):
                assert -1 <= float(attrs[key] or 0) <= width


def test_a_superseded_run_says_that_nothing_was_promoted() -> None:
    page = Page(render_run(examples.binary(outcome="superseded")))
    assert "! Superseded" in page.texts
    assert "nothing was promoted" in page.text


@pytest.mark.parametrize(
    ("make", "badge"),
    [
        (examples.binary, "↑ Promoted"),
        (examples.multiclass, "= Champion kept"),
        (nothing_trained, "∅ Nothing in service yet"),
    ],
)
def test_the_badge_is_the_outcome(make: Any, badge: str) -> None:
    assert badge in Page(render_run(make())).texts


def test_long_names_are_cut_in_drawings_and_whole_in_tables() -> None:
    long = "gradient-boosting-with-monotonic-constraints-and-early-stopping"
    html = render_run(examples.binary(names=(long, "boosting", "forest")))
    assert long in Page(html).texts
    assert "…" in html


def test_of_forty_features_twenty_are_drawn_and_the_rest_are_counted() -> None:
    page = Page(render_run(examples.binary(columns=40, rows=500)))
    assert "20 further features" in page.text


def test_findings_are_shown_with_their_codes_and_warnings_stand_on_top() -> None:
    findings = [
        Finding.of("leaking_column", "<b>age</b> alone tells it.", "<b>age</b>"),
        Finding.of("constant_column", "currency has one value.", "currency"),
    ]
    checks = MethodChecks(findings, ["useless_features", "copies:id"], "boosting")

    page = Page(render_run(replace(examples.binary(), checks=checks)))

    assert "checks" in page.headings()
    assert "Method checks warn of leaking_column: the figures may be better than the model." in page.texts
    assert {"warning", "hint", "REF-101 leaking_column", "REF-104 constant_column"} <= set(page.texts)
    assert "The definition ignores useless_features and copies:id." in page.text


def test_a_run_without_findings_says_so_and_a_recommender_has_no_checks() -> None:
    clean = replace(examples.binary(), checks=MethodChecks([], [], None))

    assert "19 checks of the rows and the split, with no finding. They stop nothing." in Page(render_run(clean)).text
    assert "checks" not in Page(render_run(replace(clean, checks=None))).headings()


def test_many_uploads_are_summed_up() -> None:
    run = examples.binary(rows=300)
    uploads = [UploadSummary("income/a.csv", "", 10, 1)] * 50
    page = Page(render_run(replace(run, data=replace(run.data, uploads=uploads))))
    assert "30 more uploads" in page.texts
    assert "300" in page.texts


def test_a_sample_says_how_many_rows_it_leaves_out_and_how_it_was_drawn() -> None:
    run = examples.binary(rows=300)
    for users, drawn in ((None, "The rows were drawn evenly"), (70, "The users, with all their rows, were drawn")):
        text = Page(render_run(replace(run, data=replace(run.data, left_out=3500, users=users)))).text
        assert "They are a sample of 5,000 rows: 3,500 were left out, since training holds no more." in text
        assert drawn in text
    assert "a sample of" not in Page(render_run(run)).text


def test_a_split_by_hash_without_a_window_is_described() -> None:
    run = examples.binary(rows=300)
    data = replace(run.data, split=SplitSummary("hash", "", None), merged_duplicates=0)
    text = Page(render_run(replace(run, data=data))).text
    assert "There is no window; rows are split by a hash of the row." in text
    assert "gave way" not in text
