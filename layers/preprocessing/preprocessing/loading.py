"""From a TOML file (or a mapping) to a checked `Definition`.

Whatever is unknown or impossible is refused with the file, the key and what was expected.
"""

from __future__ import annotations

import json
import re
import tomllib
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

from preprocessing.decode import MISSING_MARKS
from preprocessing.definition import (
    Candidate,
    Column,
    Definition,
    Derived,
    Gate,
    Kind,
    Retraining,
    Source,
    Task,
    Training,
)
from preprocessing.derive import MAKERS
from preprocessing.errors import DefinitionError
from preprocessing.tables import Table

if TYPE_CHECKING:
    from collections.abc import Mapping

MODEL_NAME = re.compile(r"[a-z][a-z0-9-]{0,47}")
METRICS = {
    "classification": ("roc_auc", "log_loss", "accuracy", "f1"),
    "regression": ("rmse", "mae", "r2"),
}
SMALLER_IS_BETTER = frozenset({"log_loss", "rmse", "mae"})
RECIPES = ("auto", "codes", "imputed", "onehot")
_KINDS = ("number", "category", "time", "boolean")
_WINDOW = re.compile(r"(\d+)([hdw])")
_SECONDS = {"h": 3600, "d": 86400, "w": 604800}


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
    if not MODEL_NAME.fullmatch(model):
        raise DefinitionError(where, "", f"the model name {model!r} must match {MODEL_NAME.pattern}")
    document = _plain(document)
    top = Table(where, "", document)
    task = cast("Task", top.choice("task", tuple(METRICS)))
    target, key, event_time = top.text("target"), top.texts("key"), top.text("time")
    aside = {target, event_time, *key}
    source = _source(top.table("source"))
    columns = _columns(top.table("columns"), aside, source.missing)
    _check_roles(top, columns, task, target, key, event_time)
    _check_rename(top, source, columns)
    definition = Definition(
        model=model,
        task=task,
        target=target,
        key=key,
        time=event_time,
        source=source,
        columns=columns,
        derived=_derived(top.table("derived"), columns, target),
        training=_training(top.table("training"), task, event_time),
        gate=_gate(top.table("gate"), _metric(document)),
        rollout=_rollout(top.table("rollout")),
        retraining=_retraining(top.table("retraining")),
        capture=_capture(top.table("monitoring")),
        document=document,
    )
    top.close()
    if not definition.features:
        raise top.fail("columns", "expected at least one feature besides target, key and time")
    return definition


def _source(table: Table) -> Source:
    source = Source(
        header=table.texts("header"),
        delimiter=table.text("delimiter"),
        encoding=table.text("encoding"),
        decimal=table.choice("decimal", (".", ","), "."),
        missing=table.texts("missing"),
        rename=table.mapping("rename"),
    )
    if len(source.delimiter) > 1:
        raise table.fail("delimiter", f"expected one character, got {source.delimiter!r}")
    if len(set(source.header)) < len(source.header):
        raise table.fail("header", "expected every name once")
    if source.encoding:
        try:
            "".encode(source.encoding)
        except LookupError as error:
            raise table.fail("encoding", f"expected a text encoding, got {source.encoding!r}") from error
    table.close()
    return source


def _columns(table: Table, aside: set[str], missing: tuple[str, ...]) -> dict[str, Column]:
    for name in table.names():
        if not name.strip() or name.startswith("_"):
            raise table.fail(name, "expected a name that is not empty and does not begin with _ (those are ours)")
    return {name: _column(name, table.table(name), name not in aside, missing) for name in table.names()}


def _column(name: str, table: Table, feature: bool, missing: tuple[str, ...]) -> Column:
    kind = cast("Kind", table.choice("type", _KINDS))
    role = table.choice("role", ("feature", "ignore"), "feature" if feature else "ignore")
    least, most = (_bound(table, key, kind) for key in ("min", "max"))
    if least is not None and most is not None and least > most:
        raise table.fail("max", "expected at least min")
    text_only = kind == "category"
    column = Column(
        name=name,
        kind=kind,
        feature=role == "feature",
        required=table.boolean("required"),
        missing=frozenset(mark.strip().casefold() for mark in (*missing, *_marks(table))),
        least=least,
        most=most,
        allowed=table.texts("allowed") if text_only else (),
        lower=table.boolean("lower") if text_only else False,
        replace=table.mapping("replace") if text_only else {},
        format=table.text("format") if kind == "time" else "",
    )
    table.close()
    _check_texts(table, column)
    return column


def _check_texts(table: Table, column: Column) -> None:
    """Refuse rules whose result would change when it is cleaned again, as a kept row is that is sent to the API."""
    for key, texts in (("replace", column.replace.values()), ("allowed", column.allowed)):
        for text in texts:
            settled = " ".join(text.split())
            if column.lower:
                settled = settled.lower()
            if settled != text or column.replace.get(text, text) != text:
                raise table.fail(
                    key, f"{text!r} would not stay as it is: expected {column.replace.get(text, settled)!r}"
                )
            if text.casefold() in MISSING_MARKS | column.missing:
                raise table.fail(key, f"{text!r} means missing: expected another text, or the key `missing`")


def _marks(table: Table) -> tuple[str, ...]:
    """Missing marks of one column; numbers may be written as numbers."""
    value = table.value("missing")
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(mark, str | int | float) for mark in value):
        raise table.fail("missing", f"expected a list of strings or numbers, got {value!r}")
    return tuple(str(mark) for mark in value)


def _bound(table: Table, key: str, kind: Kind) -> float | None:
    if kind == "number":
        return table.number(key)
    if kind != "time":
        return None
    text = table.text(key)
    try:
        moment = datetime.fromisoformat(text) if text else None
    except ValueError as error:
        raise table.fail(key, f"expected an ISO 8601 time, got {text!r}") from error
    if moment is None:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _check_roles(
    top: Table, columns: Mapping[str, Column], task: Task, target: str, key: tuple[str, ...], event_time: str
) -> None:
    known = f"expected one of the columns {', '.join(columns)}"
    if target not in columns:
        raise top.fail("target", f"{known}, got {target!r}")
    if columns[target].feature:
        raise top.fail(f"columns.{target}.role", "the target cannot be a feature of itself")
    if task == "regression" and columns[target].kind != "number":
        raise top.fail(f"columns.{target}.type", "expected number, since the task is regression")
    if task == "classification" and columns[target].kind == "time":
        raise top.fail(f"columns.{target}.type", "expected category, boolean or number for a class")
    for name in key:
        if name not in columns:
            raise top.fail("key", f"{known}, got {name!r}")
    if event_time and (event_time not in columns or columns[event_time].kind != "time"):
        raise top.fail("time", f"expected a column of type time, got {event_time!r}")


def _check_rename(top: Table, source: Source, columns: Mapping[str, Column]) -> None:
    for name, to in source.rename.items():
        if to not in columns:
            raise top.fail(f"source.rename.{name}", f"expected one of the columns {', '.join(columns)}, got {to!r}")
    named = {source.rename.get(name, name) for name in source.header}
    if source.header and not named & set(columns):
        raise top.fail("source.header", "expected at least one name of a column")


def _derived(table: Table, columns: Mapping[str, Column], target: str) -> tuple[Derived, ...]:
    made = []
    for name in table.names():
        entry = table.table(name)
        maker = MAKERS[entry.choice("make", tuple(MAKERS))]
        value = entry.value("from")
        sources = (value,) if isinstance(value, str) else entry.texts("from")
        if len(sources) != len(maker.kinds):
            raise entry.fail("from", f"expected {len(maker.kinds)} column(s), got {len(sources)}")
        for source, kind in zip(sources, maker.kinds, strict=True):
            if source not in columns or columns[source].kind != kind or source == target:
                raise entry.fail("from", f"expected a column of type {kind} other than the target, got {source!r}")
        if name in columns:
            raise table.fail(name, "a column has this name already")
        entry.close()
        made.append(Derived(name=name, make=entry.text("make"), sources=sources))
    return tuple(made)


def _metric(document: Mapping[str, object]) -> str:
    training = document.get("training")
    metric = training.get("metric") if isinstance(training, dict) else None
    return metric if isinstance(metric, str) else METRICS[cast("str", document["task"])][0]


def _training(table: Table, task: Task, event_time: str) -> Training:
    split = table.choice("split", ("time", "upload", "hash"), "time" if event_time else "hash")
    if split == "time" and not event_time:
        raise table.fail("split", "time needs the key `time` to name a column")
    window = table.text("window")
    match = _WINDOW.fullmatch(window)
    if window and not match:
        raise table.fail("window", f"expected a length such as 12h, 365d or 8w, got {window!r}")
    candidates = tuple(_candidate(entry) for entry in table.tables("candidates"))
    if not candidates:
        raise table.fail("candidates", "expected at least one candidate")
    names = [candidate.name for candidate in candidates]
    if len(set(names)) < len(names):
        raise table.fail("candidates", "expected every candidate's name once")
    training = Training(
        window=float(match[1]) * _SECONDS[match[2]] if match else None,
        holdout=table.number("holdout", 0.2, 0.01, 0.9) or 0.2,
        split=cast("Literal['time', 'upload', 'hash']", split),
        metric=table.choice("metric", METRICS[task], METRICS[task][0]),
        min_rows=table.whole("min_rows", 100, 10),
        candidates=candidates,
    )
    table.close()
    return training


def _candidate(table: Table) -> Candidate:
    name, estimator = table.text("name"), table.text("estimator")
    if not MODEL_NAME.fullmatch(name):
        raise table.fail("name", f"expected a name matching {MODEL_NAME.pattern}, got {name!r}")
    if not re.fullmatch(r"sklearn(\.\w+)+", estimator):
        raise table.fail("estimator", f"expected the dotted name of a scikit-learn estimator, got {estimator!r}")
    features = table.choice("features", RECIPES, "auto")
    return Candidate(name=name, estimator=estimator, features=features, parameters=table.rest())


def _gate(table: Table, metric: str) -> Gate:
    wrong, right = ("min_metric", "max_metric") if metric in SMALLER_IS_BETTER else ("max_metric", "min_metric")
    if table.value(wrong) is not None:
        raise table.fail(wrong, f"expected {right}, since the metric is {metric}")
    gate = Gate(
        min_metric=table.number("min_metric"),
        max_metric=table.number("max_metric"),
        confidence=table.number("confidence", 0.95, 0.5, 0.9999) or 0.95,
        max_latency_ms=table.number("max_latency_ms", None, 0.001),
    )
    table.close()
    return gate


def _rollout(table: Table) -> str:
    mode = table.choice("mode", ("immediate",), "immediate")
    table.close()
    return mode


def _retraining(table: Table) -> Retraining:
    retraining = Retraining(
        every=table.choice("every", ("hourly", "daily", "weekly", "monthly", "never"), "never"),
        new_rows=table.whole("new_rows", 0),
        on_drift=table.boolean("on_drift"),
    )
    table.close()
    return retraining


def _capture(table: Table) -> float:
    share = table.number("capture", 1.0, 0.0, 1.0)
    table.close()
    return 1.0 if share is None else share


def _plain(document: Mapping[str, object]) -> dict[str, object]:
    """Turn what TOML can hold into what JSON can hold (times become ISO 8601 text)."""

    def text(value: object) -> str:
        if isinstance(value, date | datetime | time):
            return value.isoformat()
        raise TypeError(f"not a value of TOML or JSON: {value!r}")

    return cast("dict[str, object]", json.loads(json.dumps(document, default=text)))
