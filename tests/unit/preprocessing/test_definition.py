"""A definition says what is wrong with it: the file, the key and what was expected."""

import copy
from pathlib import Path
from typing import Any

import pytest

from preprocessing import DefinitionError, Rollout, load_definition, parse_definition
from tests.unit.preprocessing.conftest import document

MISTAKES: list[tuple[str, str, Any, str]] = [
    (
        "an unknown task",
        "task",
        "ranking",
        "task: expected one of classification, regression, recommendation, got 'ranking'",
    ),
    ("no task", "task", None, "task: expected one of classification, regression, recommendation, got nothing"),
    ("an unknown top-level key", "tasks", "x", "tasks: unknown key; the keys here are checks, columns"),
    ("a target that is no column", "target", "price", "target: expected one of the columns label, amount"),
    ("a key that is no column", "key", ["id"], "key: expected one of the columns"),
    ("a key that is no list", "key", "id", "key: expected a list of strings, got 'id'"),
    ("a time of another type", "time", "amount", "time: expected a column of type time, got 'amount'"),
    ("an unknown column type", "columns.amount.type", "float", "columns.amount.type: expected one of number, category"),
    ("an unknown column key", "columns.amount.minimum", 3, "columns.amount.minimum: unknown key"),
    ("a bound that is no number", "columns.amount.min", "3", "columns.amount.min: expected a number, got '3'"),
    ("bounds the wrong way round", "columns.amount.max", -1, "columns.amount.max: expected at least min"),
    ("a rule of another type", "columns.amount.lower", True, "columns.amount.lower: unknown key"),
    ("a time bound that is no time", "columns.joined.min", "soon", "columns.joined.min: expected an ISO 8601 time"),
    ("a role that is none", "columns.amount.role", "input", "columns.amount.role: expected one of feature, ignore"),
    ("the target as a feature", "columns.label.role", "feature", "the target cannot be a feature of itself"),
    ("a column that is no table", "columns.amount", "number", "columns.amount: expected a table, got 'number'"),
    ("marks of the wrong shape", "columns.amount.missing", "?", "columns.amount.missing: expected a list of strings"),
    ("an empty name", "columns. ", {"type": "number"}, "columns: expected a name that is not empty"),
    ("a name of ours", "columns._row", {"type": "number"}, "columns._row: expected a name that is not empty"),
    ("a chain", "columns.colour.replace", {"a": "b", "b": "c"}, "'b' would not stay as it is: expected 'c'"),
    ("spaces", "columns.colour.allowed", ["dark  red"], "'dark  red' would not stay as it is: expected 'dark red'"),
    ("a mark", "columns.colour.replace", {"-": ""}, "'' means missing: expected another text, or the key `missing`"),
    ("no text encoding", "source.encoding", "hex", "source.encoding: expected a text encoding, got 'hex'"),
    ("a long delimiter", "source.delimiter", "||", "source.delimiter: expected one character, got '||'"),
    ("an unknown encoding", "source.encoding", "klingon", "source.encoding: expected a text encoding, got 'klingon'"),
    ("an unknown decimal", "source.decimal", "'", "source.decimal: expected one of ., ,"),
    (
        "a header with a name twice",
        "source.header",
        ["a", "a"],
        "source.header: expected a list of different names, got",
    ),
    ("a header of strangers", "source.header", ["a", "b"], "source.header: expected at least one name of a column"),
    ("a rename to nowhere", "source.rename", {"Amount": "sum"}, "source.rename.Amount: expected one of the columns"),
    ("an unknown maker", "derived.x", {"from": "joined", "make": "century"}, "derived.x.make: expected one of days"),
    ("a maker of another type", "derived.x", {"from": "amount", "make": "hour"}, "expected a column of type time"),
    (
        "too few sources",
        "derived.x",
        {"from": "amount", "make": "ratio"},
        "derived.x.from: expected 2 column(s), got 1",
    ),
    ("a feature named as a column", "derived.amount", {"from": "joined", "make": "hour"}, "has this name already"),
    ("no candidates", "training.candidates", [], "training.candidates: expected at least one candidate"),
    ("an estimator of elsewhere", "training.candidates.0.estimator", "os.system", "[0].estimator: expected the dotted"),
    ("a recipe that is none", "training.candidates.0.features", "raw", "[0].features: expected one of auto, codes"),
    ("an infinite parameter", "training.candidates.0.C", [1.0, float("inf")], "[0].C: expected finite numbers, got"),
    ("a metric of another task", "training.metric", "rmse", "training.metric: expected one of roc_auc, log_loss"),
    ("a positive class that is no text", "training.positive", True, "training.positive: expected a string, got True"),
    ("costs without a price", "decision.cost", {"a": {"b": "much"}}, "decision.cost: expected costs of at least 0 by"),
    ("a cost that nobody named", "training.metric", "cost", "decision.cost: expected what wrong decisions cost"),
    ("a calibration that is none", "training.candidates.0.calibrate", "beta", "calibrate: expected one of isotonic"),
    ("a weight that is a feature", "training.weight", "amount", 'expected a number column with role = "ignore", got'),
    ("a weight of a stranger", "training.weight", "shop", 'expected a number column with role = "ignore", got'),
    ("a holdout that leaves nothing", "training.holdout", 1.0, "training.holdout: expected a number from 0.01 to 0.9"),
    ("a window without a unit", "training.window", "90", "training.window: expected a length such as 12h, 365d"),
    (
        "a split by a time that is not there",
        "training.split",
        "time",
        "training.split: expected the key `time` to name a column",
    ),
    (
        "a group that rows may lack",
        "training.group",
        "colour",
        "training.group: expected a column with `required = true`",
    ),
    ("a group of a stranger", "training.group", "shop", "training.group: expected a column with `required = true`"),
    ("a group by target", "training.group", "label", "expected a column with `required = true`, not the target, got"),
    ("a candidate named champion", "training.candidates.0.name", "champion", "expected another name than champion"),
    ("a ceiling where a floor is meant", "gate.max_metric", 0.9, "gate.max_metric: expected min_metric"),
    ("a confidence over one", "gate.confidence", 95, "gate.confidence: expected a number from 0.5 to 0.9999, got 95"),
    ("an unknown rollout", "rollout.mode", "blue-green", "rollout.mode: expected one of immediate, shadow, canary"),
    ("a canary for all", "rollout.share", 1.0, "rollout.share: expected a number from 0.001 to 0.5, got 1.0"),
    ("a trial without rows", "rollout.least_rows", 0, "rollout.least_rows: expected a whole number of at least 1"),
    ("no labels", "rollout.without_labels", "try", "rollout.without_labels: expected one of keep, promote"),
    ("no label needed", "rollout.least_labels", 0, "rollout.least_labels: expected a whole number of at least 1"),
    ("a trial without time", "rollout.most_minutes", 0, "rollout.most_minutes: expected a number from 0.05 to 43200"),
    ("an unknown rhythm", "retraining.every", "fortnightly", "retraining.every: expected one of hourly, daily"),
    ("a number of rows below zero", "retraining.new_rows", -1, "retraining.new_rows: expected a whole number"),
    ("a window of millennia", "training.window", "999999w", "or 8w, of at most a century, got '999999w'"),
    ("a cooldown without a unit", "retraining.cooldown", "6", "retraining.cooldown: expected a length such as 12h"),
    ("a brake at once", "retraining.max_failed_runs", 0, "expected a whole number from 1 to 20, got 0"),
    ("an age of nothing", "retraining.max_age", "0d", "retraining.max_age: expected a length such as 12h"),
    ("an endless window", "monitoring.window", "ever", "monitoring.window: expected a length such as 12h"),
    ("more than all", "monitoring.alarm", [4, 3], "monitoring.alarm: expected two whole numbers, k of m"),
    ("no pair", "monitoring.alarm", [True, 3], "monitoring.alarm: expected two whole numbers, k of m"),
    (
        "a shift of nothing",
        "monitoring.least_shift",
        0,
        "monitoring.least_shift: expected a number of at least 0.001, got 0",
    ),
    ("a stranger as a segment", "monitoring.segments", ["label"], "monitoring.segments: expected features of this"),
    (
        "a segment twice",
        "monitoring.segments",
        ["amount", "amount"],
        "monitoring.segments: expected at most 8 features",
    ),
    ("a stranger to ignore", "monitoring.ignore", ["label"], "monitoring.ignore: expected features of this model"),
    ("a share over one", "monitoring.capture", 2, "monitoring.capture: expected a number from 0 to 1, got 2"),
]


def changed(place: str, value: Any) -> dict[str, Any]:
    """A valid document with one place replaced (None: removed)."""
    content = copy.deepcopy(document())
    *path, last = place.split(".")
    at: Any = content
    for step in path:
        at = at[int(step)] if isinstance(at, list) else at.setdefault(step, {})
    if value is None:
        del at[last]
    else:
        at[last] = value
    return content


@pytest.mark.parametrize(("what", "place", "value", "message"), MISTAKES, ids=[mistake[0] for mistake in MISTAKES])
def test_a_mistake_is_refused_with_file_key_and_expectation(what: str, place: str, value: Any, message: str) -> None:
    with pytest.raises(DefinitionError) as refused:
        parse_definition("shop", changed(place, value), "shop.toml")

    assert str(refused.value).startswith("shop.toml: ")
    assert message in str(refused.value)


def test_a_trial_without_capture_is_refused() -> None:
    content = document(rollout={"mode": "canary"}, monitoring={"capture": 0})

    with pytest.raises(DefinitionError, match=r"rollout.mode: expected immediate, since monitoring.capture is 0"):
        parse_definition("shop", content, "shop.toml")


def test_a_trial_has_default_terms() -> None:
    definition = parse_definition("shop", document(rollout={"mode": "canary", "share": 0.25}), "shop.toml")

    assert definition.rollout == Rollout("canary", 0.25, 200, 100, "keep", least_minutes=60, most_minutes=4320)
    assert parse_definition("shop", document(), "shop.toml").rollout.mode == "immediate"


@pytest.mark.parametrize(("longest", "least"), [(30, 3), (600, 60), (43200, 60)])
def test_a_trial_takes_at_least_a_tenth_of_its_longest_time_and_an_hour_where_that_is_less(
    longest: float, least: float
) -> None:
    content = document(rollout={"mode": "canary", "most_minutes": longest})

    assert parse_definition("shop", content, "shop.toml").rollout.least_minutes == least


def test_a_trial_that_takes_at_least_longer_than_at_most_is_refused() -> None:
    content = document(rollout={"mode": "canary", "most_minutes": 30, "least_minutes": 31})

    with pytest.raises(DefinitionError, match=r"rollout.least_minutes: expected at most most_minutes, 30"):
        parse_definition("shop", content, "shop.toml")


def test_identity_columns_are_no_features_by_default() -> None:
    content = document(key=["colour"], time="joined", derived={"hour": {"from": "joined", "make": "hour"}})

    definition = parse_definition("shop", content, "shop.toml")

    assert definition.features == ("amount", "member", "hour")
    assert definition.inputs == ("amount", "member", "joined")
    assert definition.required == {"label", "colour", "joined"}
    assert definition.training.split == "time"


def test_a_weight_is_at_least_0_and_every_row_has_one() -> None:
    weighed = changed("columns.shop", {"type": "number", "role": "ignore", "min": -1})
    weighed["training"]["weight"] = "shop"
    with pytest.raises(DefinitionError, match=r"columns.shop.min: expected a number of at least 0"):
        parse_definition("m", weighed, "m.toml")

    weighed["columns"]["shop"]["min"] = 0
    assert "shop" in parse_definition("m", weighed, "m.toml").required


def test_what_was_learned_is_told_by_the_group_else_the_key_else_all_but_the_target() -> None:
    grouped = changed("columns.colour.required", True) | {"key": ["amount"]}
    grouped["training"]["group"] = "colour"

    identities = [
        parse_definition("shop", content, "shop.toml").identity
        for content in (document(), document(key=["amount"]), grouped)
    ]

    features = tuple(name for name in document()["columns"] if name != document()["target"])
    assert identities == [features, ("amount",), ("colour",)]


def test_the_fingerprint_follows_the_data_and_not_the_training() -> None:
    plain = parse_definition("shop", document(), "shop.toml").fingerprint

    assert parse_definition("shop", changed("training.holdout", 0.5), "shop.toml").fingerprint == plain
    assert parse_definition("shop", changed("columns.amount.max", 5), "shop.toml").fingerprint != plain


def test_a_definition_read_again_from_its_document_is_the_same() -> None:
    once = parse_definition("shop", document(), "shop.toml")

    assert parse_definition("shop", once.document, "manifest.json") == once


@pytest.mark.parametrize(
    ("name", "suggested"),
    [("My Shop", "my-shop"), ("Titanic", "titanic"), ("titanic_v2", "titanic-v2"), ("2", "model")],
)
def test_a_name_that_no_model_can_have_is_refused_with_one_that_it_can(name: str, suggested: str) -> None:
    with pytest.raises(DefinitionError, match=f"{name!r} is no name of a model .*: use {suggested!r}"):
        parse_definition(name, document(), f"{name}.toml")


@pytest.mark.parametrize("name", ["Monthly fee", "fee (CHF)", "größe", "a/b", "100 %"])
def test_a_name_that_has_to_be_quoted_is_shown_quoted(tmp_path: Path, name: str) -> None:
    path = tmp_path / "shop.toml"
    path.write_text(f'task = "regression"\n[columns]\n{name} = {{ type = "number" }}\n', encoding="utf-8")

    with pytest.raises(DefinitionError) as refusal:
        load_definition(path)

    assert f'line 3: a name with such signs has to be quoted: "{name}" =' in str(refusal.value)


def test_a_definition_without_target_or_columns_says_what_to_write() -> None:
    for key, sentence in (
        ("target", "target: name the column to predict, one of label"),
        ("columns", "a line for each"),
    ):
        incomplete = {name: value for name, value in document().items() if name != key}
        with pytest.raises(DefinitionError, match=sentence):
            parse_definition("shop", incomplete, "shop.toml")


def test_a_regression_needs_a_number() -> None:
    with pytest.raises(DefinitionError, match=r"columns.label.type: expected number"):
        parse_definition("shop", changed("task", "regression") | {"training": {}}, "shop.toml")


def test_files_are_loaded_by_name(tmp_path: Path) -> None:
    (tmp_path / "shop.toml").write_text(
        'task = "regression"\ntarget = "price"\n[columns]\nprice = { type = "number" }\nsince = { type = "time", '
        'min = 2020-01-01 }\n[[training.candidates]]\nname = "ridge"\nestimator = "sklearn.linear_model.Ridge"\n'
        "alpha = 2"
    )

    definition = load_definition(tmp_path / "shop.toml")

    assert definition.columns["since"].least == 1577836800
    assert dict(definition.training.candidates[0].parameters) == {"alpha": 2}
    assert definition.training.metric == "rmse"


@pytest.mark.parametrize(("content", "message"), [(b"task =", "not valid TOML"), (b"\xff\xfe", "cannot be read")])
def test_a_file_that_is_not_toml_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "shop.toml").write_bytes(content)

    with pytest.raises(DefinitionError, match=rf"shop.toml: {message}"):
        load_definition(tmp_path / "shop.toml")


@pytest.mark.parametrize(
    ("written", "seconds"), [("20s", 20.0), ("30m", 1800.0), ("12h", 43200.0), ("365d", 31536000.0), ("8w", 4838400.0)]
)
def test_a_length_is_written_in_seconds_to_weeks(written: str, seconds: float) -> None:
    definition = parse_definition("shop", document() | {"monitoring": {"window": written}}, "shop.toml")

    assert definition.monitoring.window == seconds


def test_an_empty_length_is_no_pause_no_bound_or_the_default() -> None:
    rules = {"retraining": {"cooldown": "", "max_age": ""}, "monitoring": {"window": "", "quality": ""}}
    definition = parse_definition("shop", document(**rules), "shop.toml")

    assert definition.retraining.cooldown == 0
    assert definition.retraining.max_age is None
    assert (definition.monitoring.window, definition.monitoring.quality) == (86_400, 7 * 86_400)
