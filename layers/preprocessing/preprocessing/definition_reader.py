"""From a TOML file (or a mapping) to a checked `Definition`.

Whatever is unknown or impossible is refused with the file, the key and what was expected.
"""

from __future__ import annotations

import json
import tomllib
from datetime import date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from preprocessing.data_section import (
    check_key,
    check_rename,
    check_target,
    read_columns,
    read_derived,
    read_roles,
    read_source,
)
from preprocessing.definition import Definition, RecommenderDefinition, Task
from preprocessing.errors import DefinitionError
from preprocessing.rules_section import (
    METRICS,
    NAME,
    metric_of,
    read_gate,
    read_monitoring,
    read_retraining,
    read_rollout,
    read_training,
)
from preprocessing.tables import Table

if TYPE_CHECKING:
    from collections.abc import Mapping


def load_definitions(folder: Path | str) -> dict[str, Definition]:
    """Load every `*.toml` of a folder, by model name."""
    return {path.stem: load_definition(path) for path in sorted(Path(folder).glob("*.toml"))}


def load_definition(path: Path | str) -> Definition:
    """Load one definition; the file's name is the model's name."""
    path = Path(path)
    where = path.name
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise DefinitionError(where, "", f"cannot be read: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise DefinitionError(where, "", f"not valid TOML: {error}") from error
    return parse_definition(path.stem, document, where)


def parse_definition(model: str, document: Mapping[str, object], where: str) -> Definition:
    """Check a definition given as a mapping (from TOML, or from a version's manifest)."""
    if not NAME.fullmatch(model):
        raise DefinitionError(where, "", f"the model name {model!r} must match {NAME.pattern}")
    document = _plain(document)
    top = Table(where, "", document)
    task = cast("Task", top.choice("task", tuple(METRICS)))
    target, key, event_time = top.text("target"), top.texts("key"), top.text("time")
    aside = {target, event_time, *key}
    source = read_source(top.table("source"))
    columns = read_columns(top.table("columns"), aside, source.missing, task)
    roles = None
    if task == "recommendation":
        roles, named = read_roles(top, columns)
        event_time = event_time or named
    check_target(top, columns, task, target)
    check_key(top, columns, key, event_time)
    check_rename(top, source, columns)
    derived = read_derived(top.table("derived"), columns, target)
    features = {*(column.name for column in columns.values() if column.feature), *(each.name for each in derived)}
    parts: dict[str, Any] = {
        "model": model,
        "task": task,
        "target": target,
        "key": key,
        "time": event_time,
        "source": source,
        "columns": columns,
        "derived": derived,
        "training": read_training(top.table("training"), task, event_time),
        "gate": read_gate(top.table("gate"), metric_of(document)),
        "rollout": read_rollout(top.table("rollout"), top.table("monitoring"), task),
        "retraining": read_retraining(top.table("retraining")),
        "monitoring": read_monitoring(top.table("monitoring"), features),
        "document": document,
    }
    definition = RecommenderDefinition(**parts, roles=roles) if roles else Definition(**parts)
    top.close()
    if not definition.features and not roles:
        raise top.fail("columns", "expected at least one feature besides target, key and time")
    if derived and roles:
        raise top.fail("derived", "a recommendation has no features: expected none")
    return definition


def _plain(document: Mapping[str, object]) -> dict[str, object]:
    """Turn what TOML can hold into what JSON can hold (times become ISO 8601 text)."""

    def text(value: object) -> str:
        if isinstance(value, date | datetime | time):
            return value.isoformat()
        raise TypeError(f"not a value of TOML or JSON: {value!r}")

    return cast("dict[str, object]", json.loads(json.dumps(document, default=text)))
