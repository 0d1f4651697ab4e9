"""Reads a TOML file (or a mapping) into a checked `Definition`.

Unknown keys and impossible values are refused, naming the file, the key and what was expected.
"""

from __future__ import annotations

import json
import re
import tomllib
from datetime import date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from preprocessing.column_names import tidy_document
from preprocessing.column_section import read_columns
from preprocessing.data_section import check_names, check_parts, check_target, read_derived, read_roles
from preprocessing.decision_section import read_decision
from preprocessing.definition import Definition, RecommenderDefinition, UploadFormat
from preprocessing.errors import DefinitionError
from preprocessing.model_name import MODEL_NAME, suggest_model_name
from preprocessing.model_rules import Checks, Monitoring, Retraining
from preprocessing.rules_section import (
    CHECKS,
    MAX_SEGMENT_COLUMNS,
    MONITORING,
    RETRAINING,
    read_gate,
    read_recommending,
    read_rollout,
    read_serving,
)
from preprocessing.source_section import SOURCE
from preprocessing.tables import TEXT, TEXTS, Table, choice
from preprocessing.training_section import METRICS, read_training

if TYPE_CHECKING:
    from collections.abc import Mapping

_UNQUOTED = re.compile(r"""[^"'#\[\]]*[^\w.'"-][^"'#\[\]]*""", re.ASCII)
KEYS = {"task": choice(tuple(METRICS)), "target": TEXT, "key": TEXTS, "time": TEXT}
RULES = ("training", "decision", "gate", "rollout", "serving", "retraining", "monitoring", "checks", "recommendation")
SECTIONS = ("source", "columns", "derived", *RULES)


def load_definition(path: Path | str) -> Definition:
    """Load one definition from a file, whose name is the model's name."""
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise DefinitionError(path.name, "", f"cannot be read: {(error.strerror or str(error)).lower()}") from error
    except UnicodeDecodeError as error:
        raise DefinitionError(path.name, "", f"cannot be read as UTF-8: {error.reason}") from error
    return read_definition(path.stem, text, path.name)


def read_definition(model: str, text: str, where: str) -> Definition:
    """Read the definition of a model from TOML; errors name it by `where`."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DefinitionError(where, "", _explain_toml(text, error)) from error
    return parse_definition(model, document, where)


def parse_definition(model: str, document: Mapping[str, object], where: str) -> Definition:
    """Check a definition in the form of a mapping (from TOML, or from a version's manifest)."""
    if not MODEL_NAME.fullmatch(model):
        rule = "at most 48 lower-case letters, digits and hyphens, the first one a letter"
        raise DefinitionError(where, "", f"{model!r} is no name of a model ({rule}): use {suggest_model_name(model)!r}")
    document = tidy_document(_to_json_values(document), where)
    top = Table(where, "", document)
    values = top.read(KEYS, SECTIONS)
    task, target, key, event_time = values.values()
    source = UploadFormat(**top.table("source").read(SOURCE))
    if not top.content.get("columns"):
        raise top.fail("columns", 'expected a table with a line for each column, such as age = { type = "number" }')
    columns = read_columns(top.table("columns"), {target, event_time, *key}, key, source, task)
    roles = None
    if task == "recommendation":
        roles, time_column = read_roles(top.table("columns"), columns)
        event_time = values["time"] = event_time or time_column
    check_target(top, columns, task, target)
    check_parts(top, columns, target)
    check_names(top, columns, key, event_time, source)
    training = read_training(top.table("training"), task, event_time)
    monitoring = Monitoring(**top.table("monitoring").read(MONITORING))
    parts: dict[str, Any] = {
        **values,
        "model": model,
        "source": source,
        "columns": columns,
        "derived": read_derived(top.table("derived"), columns, target),
        "training": training,
        "decision": read_decision(top.table("decision"), task, training.metric),
        "gate": read_gate(top.table("gate"), training.metric),
        "rollout": read_rollout(top.table("rollout"), task, monitoring.capture),
        "serving": read_serving(top.table("serving"), task),
        "retraining": Retraining(**top.table("retraining").read(RETRAINING)),
        "monitoring": monitoring,
        "checks": Checks(**top.table("checks").read(CHECKS)),
        "document": document,
    }
    recommending = read_recommending(top, task, monitoring.capture)
    recommender = roles and RecommenderDefinition(**parts, roles=roles, recommending=recommending)
    definition = recommender or Definition(**parts)
    _check_features(top, definition)
    _check_metric(top, definition)
    return definition


def _explain_toml(text: str, error: tomllib.TOMLDecodeError) -> str:
    """Say what is not TOML; the name of a column that has to be quoted is shown as it has to be written."""
    number = int(match[1]) if (match := re.search(r"at line (\d+)", str(error))) else 0
    name, equals, _ = text.splitlines()[number - 1].partition("=") if number else ("", "", "")
    if equals and _UNQUOTED.fullmatch(name.strip()):
        return f'not valid TOML: line {number}: a name with such signs has to be quoted: "{name.strip()}" ='
    return f"not valid TOML: {error}"


def _check_features(top: Table, definition: Definition) -> None:
    """Refuse a model without features, a recommender with any, a group that rows may lack, unknown names to ignore."""
    if isinstance(definition, RecommenderDefinition):
        if definition.derived:
            raise top.fail("derived", "a recommender has no features: expected none")
    elif not definition.features:
        raise top.fail("columns", "expected at least one feature besides target, key and time")
    group = definition.training.group
    if group and group not in definition.required - {definition.target}:
        raise top.fail("training.group", f"expected a column with `required = true`, not the target, got {group!r}")
    _check_weight(top, definition)
    for name in definition.monitoring.ignore:
        if name not in definition.features:
            raise top.fail("monitoring.ignore", f"expected features of this model, got {name!r}")
    _check_segments(top, definition)
    for entry in definition.checks.ignore:
        column = entry.partition(":")[2]
        if column and column not in {*definition.columns, *definition.features}:
            raise top.fail("checks.ignore", f"expected a column of this model after the colon, got {entry!r}")


def _check_weight(top: Table, definition: Definition) -> None:
    """Refuse weights that may be negative, and those that a caller would have to send."""
    name = definition.training.weight
    if not name:
        return
    column = definition.columns.get(name)
    if column is None or column.kind != "number" or name in {definition.target, *definition.inputs}:
        raise top.fail("training.weight", f'expected a number column with role = "ignore", got {name!r}')
    if column.least is None or column.least < 0:
        raise top.fail(f"columns.{name}.min", "expected a number of at least 0, since the column weighs rows")


def _check_segments(top: Table, definition: Definition) -> None:
    """Refuse segments by what is no feature, or by a time, whose values never come again."""
    segments = definition.monitoring.segments
    times = {name for name, column in definition.columns.items() if column.kind == "time"}
    if len(segments) > MAX_SEGMENT_COLUMNS or len({*segments}) < len(segments):
        raise top.fail("monitoring.segments", f"expected at most {MAX_SEGMENT_COLUMNS} features, no one twice")
    for name in segments:
        if name not in definition.features or name in times:
            raise top.fail("monitoring.segments", f"expected features of this model that are no times, got {name!r}")


def _check_metric(top: Table, definition: Definition) -> None:
    """Refuse shares of a target that may be 0."""
    if definition.training.metric == "mape":
        target = definition.columns[definition.target]
        if not (target.least or 0) > 0 and not (target.most or 0) < 0:
            raise top.fail(f"columns.{target.name}.min", "expected a number above 0, since mape divides by the target")


def _to_json_values(document: Mapping[str, object]) -> dict[str, object]:
    """Convert the values of TOML to values of JSON (times become ISO 8601 text)."""

    def text(value: object) -> str:
        if isinstance(value, date | datetime | time):
            return value.isoformat()
        raise TypeError(f"not a value of TOML or JSON: {value!r}")

    return cast("dict[str, object]", json.loads(json.dumps(document, default=text)))
