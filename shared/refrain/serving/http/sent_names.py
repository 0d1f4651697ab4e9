"""The names in a request: those that only look unlike a column are read as it, and those of no column are told."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

from preprocessing import Problem, join_times, rows_to_lists, similar_names, tidy_text
from refrain.serving.http.refusals import InvalidInstances, UnknownColumns, shorten_text
from refrain.serving.http.requests import list_ignored

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from preprocessing import Definition


def tidy_instances(
    definition: Definition, instances: Sequence[Mapping[str, Any]], unknown: Collection[str], *, strict: bool
) -> tuple[list[dict[str, Any]], list[str]]:
    """Rename what was sent by untidy names; return also the names of no column, as an answer lists them.

    `unknown` are the names that are no column letter by letter. Raises `UnknownColumns` where `strict` forbids them,
    and `InvalidInstances` where one column was sent under two names.
    """
    columns = columns_of(definition, unknown)
    tidied = [{columns.get(name, name): value for name, value in instance.items()} for instance in instances]
    problems = [
        Problem(row, "", None, "the same column is sent under two names")
        for row, (instance, original) in enumerate(zip(tidied, instances, strict=True))
        if len(instance) < len(original)
    ]
    if problems:
        raise InvalidInstances(problems)
    sent = set[str]().union(*tidied)
    return tidied, ignored_names(definition, sent, strict=strict)


def join_instances(definition: Definition, instances: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Add to each instance the times whose parts it holds."""
    times = join_times(definition, rows_to_lists(instances, list(definition.raw_names)), len(instances))
    return [
        instance
        | {name: times[name][row] for name, parts in definition.parts.items() if not instance.keys().isdisjoint(parts)}
        for row, instance in enumerate(instances)
    ]


def columns_of(definition: Definition, unknown: Collection[str]) -> dict[str, str]:
    """Map untidy names to the columns, or the parts of times, that they mean."""
    return {name: column for name in unknown if (column := tidy_text(name)) in definition.raw_names}


def ignored_names(definition: Definition, sent: Collection[str], *, strict: bool) -> list[str]:
    """List the names that are no column, with the absent column that each may mean."""
    unknown = [name for name in sent if name not in definition.raw_names]
    inputs = chain(definition.inputs, *definition.parts.values())
    similar = similar_names([name for name in inputs if name not in sent], unknown)
    ignored = list_ignored(
        f"{shorten_text(name)} (did you mean {similar[name]}?)" if name in similar else name for name in unknown
    )
    if strict and ignored:
        raise UnknownColumns(ignored)
    return ignored
