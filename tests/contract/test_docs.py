"""The docs match the code: they have every key, route, code and state, every example works, and the prose is plain."""

from __future__ import annotations

import ast
import copy
import dataclasses
import html
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import pytest
import yaml

from local.template import read_template
from preprocessing import Candidate, Definition, DefinitionError, parse_definition
from preprocessing.derive import MAKERS
from refrain.deployment.moves import MOVE_RESULTS
from refrain.lake import monitoring_report
from refrain.lake.deployment_log import Event
from refrain.lake.evaluation import DecisionCode
from refrain.lake.method_checks import METHOD_CHECKS
from refrain.lake.trial_outcome import TrialCode
from refrain.serving.http import routes
from refrain.serving.http.problems import problem_codes
from refrain.statistics.metrics import METRICS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PROJECT = Path(__file__).resolve().parents[2]
PAGES = [PROJECT / "README.md", *sorted((PROJECT / "docs").glob("*.md"))]
PAGE = {page.stem: page.read_text(encoding="utf-8") for page in PAGES}
DEFINITIONS, API, OPERATIONS = PAGE["definitions"], PAGE["api"], PAGE["operations"]

MODEL = "cancellations"


def heading(page: str, title: str) -> str:
    """The text below a heading, up to the next one of any level."""
    match = re.search(rf"^#+ {re.escape(title)}\n(.*?)(?=^#|\Z)", page, re.DOTALL | re.MULTILINE)
    assert match, f"there is no heading {title}"
    return match[1]


def tables(text: str) -> Iterator[list[dict[str, str]]]:
    """The Markdown tables of a text, as rows by the names of their columns."""
    for block in re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE):
        lines = [re.split(r"(?<!\\)\|", line.strip())[1:-1] for line in block.splitlines()]
        names, _, *rows = ([cell.strip() for cell in line] for line in lines)
        yield [dict(zip(names, row, strict=True)) for row in rows]


def table(text: str, first: str) -> list[dict[str, str]]:
    """The one table whose first column has this name."""
    (only,) = (rows for rows in tables(text) if next(iter(rows[0])) == first)
    return only


def codes(cell: str) -> list[str]:
    """The code spans of a cell, as CommonMark reads them."""
    return [span.removeprefix(" ").removesuffix(" ") for _, span in re.findall(r"(`+)(.+?)\1(?!`)", cell)]


def code(cell: str) -> str:
    (only,) = codes(cell)
    return only


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page, re.DOTALL | re.MULTILINE)


EXAMPLE: dict[str, Any] = tomllib.loads(blocks(DEFINITIONS, "toml")[0])


def with_changes(changes: Mapping[str, Any], into: Mapping[str, Any] = EXAMPLE) -> dict[str, Any]:
    """The example with changed keys; tables are merged."""
    changed = copy.deepcopy(dict(into))
    for key, value in changes.items():
        inner = changed.get(key)
        changed[key] = with_changes(value, inner) if isinstance(value, dict) and isinstance(inner, dict) else value
    return changed


def section_keys(section: str) -> set[str]:
    """The keys of a table, from the loader's error about an unknown key."""
    changes: Any = {"surely-unknown": 1}
    for name in reversed(section.split(".") if section else []):
        changes = {name: changes}
    with pytest.raises(DefinitionError) as refused:
        parse_definition(MODEL, with_changes(changes), "example.toml")
    assert refused.value.key == f"{section}.surely-unknown".removeprefix(".")
    _, _, keys = refused.value.expected.partition("the keys here are ")
    return set(keys.split(", "))


def column_keys(kind: str) -> set[str]:
    """The keys of a column of one type, from the loader's error about an unknown key."""
    added = with_changes({"columns": {"added": {"type": kind, "surely-unknown": 1}}})
    with pytest.raises(DefinitionError) as refused:
        parse_definition(MODEL, added, "example.toml")
    assert refused.value.key == "columns.added.surely-unknown"
    return set(refused.value.expected.partition("the keys here are ")[2].split(", "))


def choices(document: Mapping[str, Any]) -> list[str]:
    """The values that the loader expects in the place of `surely-unknown`."""
    with pytest.raises(DefinitionError, match="got 'surely-unknown'") as refused:
        parse_definition(MODEL, document, "example.toml")
    return refused.value.expected.removeprefix("expected one of ").partition(", got ")[0].split(", ")


PLACES = {
    "The model": "",
    "`[source]`": "source",
    "`[derived]`": "derived.membership",
    "`[training]`": "training",
    "`[gate]`": "gate",
    "`[rollout]`": "rollout",
    "`[retraining]`": "retraining",
    "`[monitoring]`": "monitoring",
    "`[checks]`": "checks",
    "`[recommendation]`": "recommendation",
}


def defaults() -> Iterator[Any]:
    """Every default that the page states as a value, with its table."""
    for title, section in [*PLACES.items(), ("`[columns]`", "columns"), ("Candidates", "candidates")]:
        for row in table(heading(DEFINITIONS, title), "key"):
            if row["default"].startswith("`") and len(codes(row["default"])) == 1:
                key = code(row["key"])
                yield pytest.param(section, key, code(row["default"]), row.get("of type", ""), id=f"{title} {key}")


def behaviour(definition: Definition) -> dict[str, Any]:
    """A definition without the document that it was read from."""
    fields = (field.name for field in dataclasses.fields(definition))
    return {name: getattr(definition, name) for name in fields if name != "document"}


@pytest.mark.parametrize(("title", "section"), PLACES.items(), ids=PLACES)
def test_exactly_the_keys_of_a_definition_have_a_row(title: str, section: str) -> None:
    documented = [code(row["key"]) for row in table(heading(DEFINITIONS, title), "key")]

    assert sorted(documented) == sorted(section_keys(section))


@pytest.mark.parametrize("kind", choices(with_changes({"columns": {"added": {"type": "surely-unknown"}}})))
def test_every_key_of_a_column_has_a_row_that_names_its_types(kind: str) -> None:
    rows = table(heading(DEFINITIONS, "`[columns]`"), "key")

    assert {code(row["key"]) for row in rows if row["of type"] == "all" or kind in row["of type"]} == column_keys(kind)


def test_every_key_of_a_candidate_has_a_row() -> None:
    documented = {code(row["key"]) for row in table(heading(DEFINITIONS, "Candidates"), "key") if codes(row["key"])}

    assert documented == {field.name for field in dataclasses.fields(Candidate)} - {"parameters"}


@pytest.mark.parametrize(("section", "key", "default", "kinds"), list(defaults()))
def test_the_documented_default_is_what_an_absent_key_means(section: str, key: str, default: str, kinds: str) -> None:
    value = tomllib.loads(f"value = {default}")["value"]
    least: dict[str, Any] = tomllib.loads(blocks(DEFINITIONS, "toml")[1])
    if section == "columns":
        kind = "category" if "category" in kinds else "time" if "time" in kinds else "number"
        least["columns"]["added"] = {"type": kind}
    explicit = copy.deepcopy(least)
    if section == "columns":
        explicit["columns"]["added"][key] = value
    elif section == "candidates":
        explicit["training"]["candidates"][0][key] = value
    else:
        explicit = with_changes({section: {key: value}} if section else {key: value}, least)

    assert explicit != least
    assert behaviour(parse_definition(MODEL, explicit, "explicit")) == behaviour(
        parse_definition(MODEL, least, "least")
    )


def test_every_derived_column_has_a_row_with_its_sources() -> None:
    documented = {code(row["maker"]): tuple(row["from"].split(", ")) for row in table(DEFINITIONS, "maker")}

    assert documented == {name: maker.kinds for name, maker in MAKERS.items()}


@pytest.mark.parametrize(("task", "example"), [("classification", 0), ("regression", 1)])
def test_every_metric_has_a_row_and_the_default_is_named(task: str, example: int) -> None:
    document = tomllib.loads(blocks(DEFINITIONS, "toml")[example])
    rows = [row for row in table(DEFINITIONS, "metric") if row["task"] == task]
    expected = choices(with_changes({"training": {"metric": "surely-unknown"}}, document))

    assert [metric for row in rows for metric in codes(row["metric"])] == expected
    assert {metric: METRICS[metric].greater_is_better for metric in expected} == {
        metric: row["better"] == "greater" for row in rows for metric in codes(row["metric"])
    }
    del document["training"]["candidates"][1:]
    document["training"].pop("metric", None)
    default = parse_definition(MODEL, document, "example.toml").training.metric
    assert [code(row["metric"]) for row in rows if "The default" in "".join(row.values())] == [default]


def test_every_recipe_has_a_row() -> None:
    candidate = {"name": "x", "estimator": "sklearn.linear_model.Ridge", "features": "surely-unknown"}
    expected = choices(with_changes({"training": {"candidates": [candidate]}}))

    assert [code(row["recipe"]) for row in table(DEFINITIONS, "recipe")] == expected


@pytest.mark.parametrize("page", [page for page in PAGE if blocks(PAGE[page], "toml")])
def test_every_definition_in_the_docs_can_be_loaded(page: str) -> None:
    for block in blocks(PAGE[page], "toml"):
        parse_definition(MODEL, tomllib.loads(block), f"{page}.md")


MISTAKES = [
    ('task = "ranking"', "task: expected one of classification, regression, recommendation, got 'ranking'"),
    ('task = "recommendation"', 'columns: expected one with role = "user", since the task is recommendation'),
    ('task = "regression"', "columns.cancelled.type: expected number, since the task is regression"),
    ('time = "plan"', "time: expected a column of type time, got 'plan'"),
    (
        'colour = "blue"',
        "colour: unknown key; the keys here are checks, columns, decision, derived, gate, key, monitoring, "
        "recommendation, retraining, rollout, serving, source, target, task, time, training",
    ),
    ('source.delimiter = ";;"', "source.delimiter: expected one character, got ';;'"),
    ('source.encoding = "utf-88"', "source.encoding: expected a text encoding, got 'utf-88'"),
    (
        'source.rename.Plan = "plans"',
        "source.rename.Plan: expected one of the columns customer, month, joined, plan, fee, hours, "
        "autopay, agent, cancelled, got 'plans'",
    ),
    ('columns.fee.type = "int"', "columns.fee.type: expected one of number, category, time, boolean, text, got 'int'"),
    ("columns.fee.min = 501", "columns.fee.max: expected at least min"),
    (
        'columns.agent.allowed = ["NA"]',
        "columns.agent.allowed: 'NA' means missing: expected another text, or the key `missing`",
    ),
    ('columns.cancelled.role = "feature"', "columns.cancelled.role: the target cannot be a feature of itself"),
    (
        'columns._row.type = "number"',
        "columns._row: expected a name that is not empty and does not begin with _, which is reserved",
    ),
    (
        'derived.late.make = "quarter"',
        "derived.late.make: expected one of days, hour, weekday, month, day_of_year, days_between, "
        "log1p, ratio, difference, product, bins, or features.<file> with a function of your own, got 'quarter'",
    ),
    (
        'derived.late = { make = "hour", from = "plan" }',
        "derived.late.from: expected a column of type time other than the target, got 'plan'",
    ),
    (
        'training.window = "2 years"',
        "training.window: expected a length such as 12h, 365d or 8w, of at most a century, got '2 years'",
    ),
    ("training.holdout = 20", "training.holdout: expected a number from 0.01 to 0.9, got 20"),
    ("training.candidates = []", "training.candidates: expected at least one candidate"),
    (
        'training.candidates = [{ name = "x", estimator = "catboost.CatBoostClassifier" }]',
        "training.candidates[0].estimator: expected the dotted name of an estimator of scikit-learn, LightGBM or "
        "XGBoost, got 'catboost.CatBoostClassifier'",
    ),
    ('rollout.mode = "blue-green"', "rollout.mode: expected one of immediate, shadow, canary, got 'blue-green'"),
    (
        'checks.ignore = ["leak"]',
        "checks.ignore: expected a list of names of method checks, each as `check` or `check:column`, got ['leak']",
    ),
    (
        'checks.ignore = ["copies:agnet"]',
        "checks.ignore: expected a column of this model after the colon, got 'copies:agnet'",
    ),
    (
        'retraining.every = "yearly"',
        "retraining.every: expected one of hourly, daily, weekly, monthly, never, got 'yearly'",
    ),
]
"""Mistakes that the page does not list, and their errors."""


@pytest.mark.parametrize(
    ("mistake", "error"),
    [*((code(row["in the file"]), code(row["the error"])) for row in table(DEFINITIONS, "in the file")), *MISTAKES],
)
def test_a_mistake_is_refused_in_the_words_of_the_docs(mistake: str, error: str) -> None:
    with pytest.raises(DefinitionError) as refused:
        parse_definition(MODEL, with_changes(tomllib.loads(mistake)), f"{MODEL}.toml")

    assert str(refused.value) == f"{MODEL}.toml: {error}"


def test_exactly_the_routes_of_the_api_have_a_row() -> None:
    documented = [code(row["route"]) for row in table(API, "route")]

    patterns = [(method, pattern.pattern) for method, pattern, _ in routes.ROUTES]
    routes_of_code = [f"{method} {re.sub(r'\(\?P<(\w+)>[^)]*\)', r'{\1}', pattern)}" for method, pattern in patterns]
    assert sorted(documented) == sorted(path.replace("\\", "") for path in routes_of_code)


def test_the_docs_and_the_template_open_the_same_routes() -> None:
    paths = read_template(PROJECT / "template.yaml").resources["Api"].properties["DefinitionBody"]["paths"]
    without = {path for path, methods in paths.items() if all(method["security"] == [] for method in methods.values())}

    assert {code(row["route"]).split()[1] for row in table(API, "route") if row["key"] == "no"} == without


def test_every_problem_code_has_a_row_with_its_status() -> None:
    documented = [(int(row["status"]), code(row["code"])) for row in table(API, "status")]

    assert sorted(documented) == sorted((status.value, name) for name, status in problem_codes().items())


@pytest.mark.parametrize(
    ("path", "state_column", "end_column"),
    [
        ("retraining/retraining.asl.yaml", "state", "it ends"),
        ("monitoring/monitoring.asl.yaml", "state of a round", "a round ends"),
    ],
)
def test_every_state_of_the_machines_has_a_row(path: str, state_column: str, end_column: str) -> None:
    states = yaml.safe_load((PROJECT / "functions" / path).read_text())["States"]
    inner = {name for state in states.values() if "ItemProcessor" in state for name in state["ItemProcessor"]["States"]}
    ends = {name for name, state in states.items() if state.get("End") or state["Type"] in ("Succeed", "Fail")}

    assert {row[end_column] for row in table(OPERATIONS, end_column)} == ends
    passed = {name for name, state in states.items() if state["Type"] not in ("Succeed", "Fail")}
    assert {row[state_column] for row in table(OPERATIONS, state_column)} == passed | inner


def test_every_outcome_and_every_decision_is_explained() -> None:
    ends = " ".join(row["and means"] for row in table(OPERATIONS, "it ends"))

    assert set(MOVE_RESULTS.values()) <= set(codes(ends))
    assert {code(row["decision"]) for row in table(OPERATIONS, "decision")} == set(get_args(DecisionCode))


def test_every_reason_to_end_a_trial_has_a_row() -> None:
    consequences = " ".join(row["consequence"] for row in table(DEFINITIONS, "when judged"))

    assert set(codes(consequences)) == set(get_args(TrialCode)) - {"gathering", "superseded", "unjudged"}


def test_every_state_and_decision_of_a_monitoring_report_has_a_row() -> None:
    states = {code(row["a report says"]) for row in table(OPERATIONS, "a report says")}
    decided = [
        name for row in table(OPERATIONS, "decision of the round") for name in codes(row["decision of the round"])
    ]

    assert states == set(get_args(monitoring_report.DriftState.__value__))
    assert sorted(decided) == sorted(get_args(monitoring_report.RetrainingCode.__value__))


def test_every_method_check_has_a_row_with_its_code_and_severity() -> None:
    rows = table(PAGE["method-checks"], "code")

    assert {code(row["check"]): (code(row["code"]), row[""]) for row in rows} == METHOD_CHECKS


def test_every_move_of_the_history_has_a_row() -> None:
    assert {code(row["event"]) for row in table(API, "event")} == set(get_args(Event))


def test_every_reason_to_refuse_an_upload_has_a_row() -> None:
    """The codes, read from the code that raises them."""
    raised = set()
    for path in sorted((PROJECT / "shared/refrain/ingest").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "UnreadableUpload":
                assert isinstance(node.args[0], ast.Constant), f"{path.name}:{node.lineno} names no code"
                raised.add(node.args[0].value)
            if isinstance(node, ast.keyword) and node.arg == "code" and isinstance(node.value, ast.Constant):
                raised.add(node.value.value)

    assert {code(row["code"]) for row in table(OPERATIONS, "code")} == raised


def test_every_parameter_output_and_alarm_of_the_template_has_a_row() -> None:
    text = (PROJECT / "template.yaml").read_text()
    sections = dict(re.findall(r"^(\w+):\n(.*?)(?=^\w|\Z)", text, re.DOTALL | re.MULTILINE))
    named = {name: set(re.findall(r"^  (\w+):$", sections[name], re.MULTILINE)) for name in ("Parameters", "Outputs")}
    alarms = {alarm.logical_id for alarm in read_template(PROJECT / "template.yaml").of_type("AWS::CloudWatch::Alarm")}

    assert {code(row["parameter"]) for row in table(OPERATIONS, "parameter")} == named["Parameters"]
    assert {code(row["output"]) for row in table(OPERATIONS, "output")} == named["Outputs"]
    assert {code(row["alarm"]) for row in table(OPERATIONS, "alarm")} == alarms


def logged(path: Path) -> Iterator[str]:
    """The messages that a module logs. Of a conditional message, both."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("logger."):
            logged_value = node.args[0]
            alternatives = (logged_value.body, logged_value.orelse) if isinstance(logged_value, ast.IfExp) else ()
            for message in alternatives or (logged_value,):
                assert isinstance(message, ast.Constant), f"{path.name}:{node.lineno} logs more than a phrase"
                yield str(message.value)


def test_every_log_message_has_a_row() -> None:
    paths = [path for folder in ("shared", "functions") for path in (PROJECT / folder).rglob("*.py")]

    documented = {message for row in table(OPERATIONS, "message") for message in codes(row["message"])}
    assert documented == {message for path in paths for message in logged(path)}


def links() -> Iterator[Any]:
    for page in PAGES:
        text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            if "://" not in target:
                yield pytest.param(page, target, id=f"{page.name} {target}")


@pytest.mark.parametrize(("page", "target"), list(links()))
def test_every_link_leads_somewhere(page: Path, target: str) -> None:
    path, _, anchor = target.partition("#")
    linked = page.parent / path if path else page

    assert linked.exists()
    if anchor:
        titles = re.findall(r"^#+ (.*)$", linked.read_text(encoding="utf-8"), re.MULTILINE)
        anchors = {re.sub(r"[^\w\- ]", "", html.unescape(title).lower()).replace(" ", "-") for title in titles}
        assert anchor in anchors


@pytest.mark.parametrize("page", PAGE)
def test_every_make_target_in_the_docs_exists(page: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))
    spans = [*codes(PAGE[page].replace("```", "")), *re.findall(r"^\$ (.*)$", PAGE[page], re.MULTILINE)]
    named = {target for span in spans for target in re.findall(r"^make ([a-z-]+)", span)}

    assert named <= targets


def sentences(page: str) -> Iterator[str]:
    """The sentences of a page, without headings, tables and code; a code span counts as one word."""
    text = re.sub(r"^\s*```.*?^\s*```", "", page, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"^(#|\||<|!\[).*$", "", text, flags=re.MULTILINE)
    text = re.sub(r"`[^`]*`", "Code", text)
    for paragraph in re.split(r"\n\s*\n|\n(?=\s*(?:[-*]|\d+\.)\s)", text):
        words = " ".join(paragraph.split()).removeprefix("- ")
        yield from filter(None, re.split(r"(?<=[.?!:])[\")*\]]*\s+(?=[\"(*\[A-Z0-9])", words))


MAX_SENTENCE_WORDS = 30
MAX_LINE_WIDTH = 120
MAX_README_LINES = 220


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_nine_sentences_in_ten_are_short(page: Path) -> None:
    lengths = sorted(len(sentence.split()) for sentence in sentences(page.read_text()))

    assert lengths[int(0.9 * (len(lengths) - 1))] <= MAX_SENTENCE_WORDS


@pytest.mark.parametrize("page", [page for page in PAGES if page.stem != "benchmarks"], ids=lambda page: page.stem)
def test_all_pages_have_one_line_width(page: Path) -> None:
    """Tables and code cannot be wrapped, and the page of benchmarks is generated."""
    text = re.sub(r"^\s*```.*?^\s*```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)

    wide = [line for line in text.splitlines() if len(line) > MAX_LINE_WIDTH and not line.startswith(("|", "!["))]
    assert wide == []


def test_the_readme_is_short_and_comes_soon_to_your_own_model() -> None:
    lines = PAGE["README"].splitlines()

    assert len(lines) <= MAX_README_LINES
    assert lines.index("## Your own model") < 90
    assert len(table(PAGE["README"], "term")) == 10
