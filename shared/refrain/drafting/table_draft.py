"""Drafts a definition from a sample of a table: what each column is, what is predicted from what, and how.

Each choice has a reason, which stands beside it in the file. The rules are those that a careful person follows; where
they can only guess, the reason says what to look at.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from preprocessing import is_missing, objects, parse_definition, prepare
from preprocessing.derive import MAKERS
from refrain.classes import class_labels, class_numbers
from refrain.drafting.column_facts import copies_of_target, parts_of_target, same_columns
from refrain.drafting.column_guess import TEXT_MARKS, decimal_sign, guess_column, is_usual_mark
from refrain.drafting.interaction_roles import guess_roles
from refrain.drafting.row_roles import RowRoles, assign_roles
from refrain.drafting.target_guess import as_target, guess_target
from refrain.drafting.training_draft import draft_gate, draft_training
from refrain.errors import CannotDraft
from refrain.words import listed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from preprocessing import Array, Definition
    from preprocessing.definition import Task
    from refrain.drafting.column_guess import ColumnGuess

MAX_NAMED_COLUMNS = 5
MIN_SHARED_MARKS = 3
"""Columns from which a text that means missing is named once, for all."""

_PROBE = "refrain probe"
_CANDIDATE = {"name": "probe", "estimator": "sklearn.tree.DecisionTreeClassifier"}


@dataclass(frozen=True)
class SampledTable:
    """A sample of a file: columns as they are written, the share of its rows, and its source with reasons."""

    columns: Mapping[str, Sequence[object]]
    share: float = 1.0
    source: Mapping[str, Any] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """The rows of the whole file, about."""
        return round(len(next(iter(self.columns.values()))) / self.share)


@dataclass(frozen=True)
class TableDraft:
    """A definition that was drafted. `reasons` say why, by the dotted path of a key."""

    model: str
    task: Task
    target: str
    columns: Sequence[ColumnGuess]
    source: Mapping[str, Any]
    roles: RowRoles
    training: Mapping[str, Any]
    gate: Mapping[str, Any]
    reasons: Mapping[str, str]

    @property
    def document(self) -> dict[str, Any]:
        """The definition as a mapping, in the order in which a person writes it."""
        kept = {guess.name: guess.settings for guess in self.columns if not guess.left_out}
        renamed = {name: column for name, column in self.source.get("rename", {}).items() if column in kept}
        source = {name: value for name, value in {**self.source, "rename": renamed}.items() if value}
        sections: dict[str, Any] = {
            "task": self.task,
            "target": self.target,
            "key": list(self.roles.key),
            "time": self.roles.time,
            "source": source,
            "columns": kept,
            "derived": dict(self.roles.derived),
            "training": dict(self.training),
            "gate": dict(self.gate),
            "retraining": {"every": "weekly", "on_drift": True},
        }
        return {name: value for name, value in sections.items() if value}

    @property
    def definition(self) -> Definition:
        """The definition, checked by the loader."""
        return parse_definition(self.model, self.document, f"{self.model}.toml")


def draft_table(
    table: SampledTable,
    model: str,
    target: str = "",
    types: Mapping[str, ColumnGuess] = MappingProxyType({}),
    incomplete: frozenset[str] = frozenset(),
) -> TableDraft:
    """Draft a definition. Raises `CannotDraft`.

    `types` are columns that the whole file shows to be otherwise, and `incomplete` those that name no row.
    """
    decimal = table.source.get("decimal") or decimal_sign(table.columns.values())
    table = replace(table, source={**table.source, **({"decimal": decimal} if decimal != "." else {})})
    guesses = {**_guess_columns(table, decimal), **types}
    if target and target not in guesses:
        raise CannotDraft(f"the file has no column {target!r}; its columns are {listed(list(guesses))}")
    typed = type_columns(guesses, table)
    roles = {} if target else guess_roles(guesses, typed)
    if roles:
        return _draft_recommender(model, roles, guesses, table)
    target, why = (target, "your choice") if target else guess_target(list(guesses.values()), typed, model)
    if not target:
        raise CannotDraft("no column of the file can be predicted: name one with --target")
    if guesses[target].type == "time" or target not in typed:
        reason = guesses[target].left_out or "it holds times"
        raise CannotDraft(f"{target} cannot be predicted, since {reason}: name another column with --target")
    return _draft_prediction(model, (target, why), guesses, typed, table, incomplete)


def _guess_columns(table: SampledTable, decimal: str) -> dict[str, ColumnGuess]:
    """Guess each column; where numbers have `NA` for missing, no code of two letters is `NA`."""
    guesses = {name: guess_column(name, values, decimal, na_is_missing=True) for name, values in table.columns.items()}
    codes = {name for name, guess in guesses.items() if guess.type == "category" and "NA" in table.columns[name]}
    if any(is_usual_mark(value) and value for name in {*guesses} - codes for value in table.columns[name]):
        return guesses
    return guesses | {name: guess_column(name, table.columns[name], decimal, na_is_missing=False) for name in codes}


def type_columns(guesses: Mapping[str, ColumnGuess], table: SampledTable) -> dict[str, Array]:
    """Read the sample as ingest would; a value that cannot be used is missing."""
    columns = {name: guess.settings for name, guess in guesses.items() if not guess.left_out}
    document = {
        "task": "classification",
        "target": _PROBE,
        "source": {name: value for name, value in table.source.items() if name == "decimal"},
        "columns": {**columns, _PROBE: {"type": "category"}, f"{_PROBE} feature": {"type": "number"}},
        "training": {"candidates": [_CANDIDATE]},
    }
    raw = {name: objects(list(table.columns[name])) for name in columns}
    rows = len(next(iter(table.columns.values())))
    typed, _ = prepare(parse_definition("probe", document, "the probe"), raw, rows, columns=list(columns))
    return dict(typed)


def _draft_prediction(
    model: str,
    target: tuple[str, str],
    guesses: Mapping[str, ColumnGuess],
    typed: Mapping[str, Array],
    table: SampledTable,
    incomplete: frozenset[str],
) -> TableDraft:
    name, why = target
    rows = ~is_missing(typed[name])
    if len(set(typed[name][rows].tolist())) < 2:
        raise CannotDraft(f"{name} has a single value, so there is nothing to predict: name another with --target")
    column, task, why_task = as_target(guesses[name], typed[name])
    features = {other: guess for other, guess in guesses.items() if other != name}
    roles, features = assign_roles(features, typed, table.share, incomplete)
    present = {other: values[rows] for other, values in typed.items()}
    features = _without_copies(features, present, column, task, roles)
    roles = _without_known(
        roles, {other: present[other] for other in features if _is_feature(features[other], roles)}, present
    )
    if not roles.derived and not any(_is_feature(guess, roles) for guess in features.values()):
        reasons = [f"{other}: {guess.left_out}" for other, guess in features.items() if guess.left_out]
        reasons = reasons[:MAX_NAMED_COLUMNS]
        raise CannotDraft(f"no column is left to predict {name} from ({'; '.join(reasons)})")
    labels = class_labels(column.column, typed[name][rows]).tolist() if task == "classification" else []
    training, reasons_of_training = draft_training(task, table.rows, labels, roles.group)
    gate, reasons_of_gate = draft_gate(table.rows)
    columns = [replace(column, reason="the target") if other == name else features[other] for other in guesses]
    source, columns = share_marks(table.source, columns)
    return TableDraft(
        model=model,
        task=task,
        target=name,
        columns=columns,
        source=source,
        roles=roles,
        training=training,
        gate=gate,
        reasons={
            **_of_source(table),
            "target": why,
            "task": why_task,
            **roles.reasons,
            **reasons_of_training,
            **reasons_of_gate,
        },
    )


def share_marks(source: Mapping[str, Any], columns: Sequence[ColumnGuess]) -> tuple[dict[str, Any], list[ColumnGuess]]:
    """Name the texts that mean missing in several columns once, for all."""
    marks = Counter(mark for guess in columns for mark in guess.keys.get("missing", ()) if isinstance(mark, str))
    common = [mark for mark, times in marks.items() if times >= MIN_SHARED_MARKS and mark.casefold() in TEXT_MARKS]
    if not common:
        return dict(source), list(columns)
    columns = [replace(guess, keys=_without_missing(guess.keys, common)) for guess in columns]
    return {**source, "missing": sorted(common)}, columns


def _without_missing(keys: Mapping[str, Any], common: Sequence[str]) -> dict[str, Any]:
    own = [mark for mark in keys.get("missing", ()) if mark not in common]
    return {name: own if name == "missing" else value for name, value in keys.items() if name != "missing" or own}


def _is_feature(guess: ColumnGuess, roles: RowRoles) -> bool:
    return not guess.left_out and guess.keys.get("role") != "ignore" and guess.name not in (*roles.key, roles.time)


def _without_copies(
    columns: Mapping[str, ColumnGuess], typed: Mapping[str, Array], target: ColumnGuess, task: Task, roles: RowRoles
) -> dict[str, ColumnGuess]:
    """Leave out what says the same as the target, or as another column."""
    judged = dict(columns)
    features = {name: typed[name] for name, guess in columns.items() if _is_feature(guess, roles)}
    truth: Any = typed[target.name]
    classes: list[str] = []
    if task == "classification":
        labels = class_labels(target.column, truth)
        classes = sorted(set(labels.tolist()))
        truth = class_numbers(labels, classes)
    else:
        for name, reason in parts_of_target(features, truth).items():
            judged[name] = judged[name].leave_out(reason)
    for name, is_same in copies_of_target(features, typed[target.name], np.asarray(truth), len(classes)):
        reason = f"{'it tells' if is_same else 'look: it tells'} the target nearly perfectly"
        judged[name] = judged[name].leave_out(reason) if is_same else replace(judged[name], reason=reason)
    left = {name: values for name, values in features.items() if not judged[name].left_out}
    for name, first in same_columns(left).items():
        judged[name] = judged[name].leave_out(f"it says the same as {first}")
    return judged


def _of_source(table: SampledTable) -> dict[str, str]:
    return {f"source.{name}": reason for name, reason in table.reasons.items()}


def _without_known(roles: RowRoles, features: Mapping[str, Array], typed: Mapping[str, Array]) -> RowRoles:
    """Drop derived features that a column holds already, such as a month."""
    computed = {
        name: MAKERS[how["make"]].make(*(typed[source] for source in _sources(how)))
        for name, how in roles.derived.items()
    }
    same = same_columns({**features, **computed})
    return replace(roles, derived={name: how for name, how in roles.derived.items() if name not in same})


def _sources(derived: Mapping[str, Any]) -> list[str]:
    sources = derived["from"]
    return [sources] if isinstance(sources, str) else list(sources)


def _draft_recommender(
    model: str, roles: Mapping[str, str], guesses: Mapping[str, ColumnGuess], table: SampledTable
) -> TableDraft:
    role_of = {name: role for role, name in roles.items()}
    columns = []
    for name, guess in guesses.items():
        role = role_of.get(name, "")
        if role in ("user", "item"):
            is_number = guess.type == "number"
            guess = replace(guess, type="category", keys={"whole": True} if is_number else guess.keys, left_out="")
        if role:
            columns.append(replace(guess, keys={**guess.keys, "role": role}))
        else:
            columns.append(guess.leave_out("a recommender learns from who chose what"))
    training, reasons = draft_training("recommendation", table.rows, [], "")
    gate, reasons_of_gate = draft_gate(table.rows)
    reasons |= {
        **_of_source(table),
        "task": "rows say who chose what; for another task, name a --target",
        **reasons_of_gate,
    }
    return TableDraft(model, "recommendation", "", columns, table.source, RowRoles(), training, gate, reasons)
