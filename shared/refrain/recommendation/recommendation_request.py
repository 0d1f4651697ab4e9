"""One instance of a request to a recommender: for which user or history, how many items, and which ones not.

    {"user": "u1", "k": 10}
    {"history": ["s1", "s2"], "k": 10, "exclude": ["s3"], "exclude_seen": false, "within": ["s4", "s5"]}

The ids of users and items go through the preprocessing layer, as those of uploads do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from preprocessing import Problem, objects, prepare

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from preprocessing import RecommenderDefinition

MAX_RECOMMENDED_ITEMS = 100
"""Items in one answer, and in one of the lists that evaluation judges."""

MAX_NAMED_ITEMS = 10_000
"""Items that a request may name in each of its lists."""

DEFAULT_ITEMS = 10
LISTS = ("history", "exclude", "within")
REQUEST_FIELDS = ("user", "k", "exclude_seen", *LISTS)


@dataclass(frozen=True)
class RecommendationRequest:
    """One instance with clean ids. `history` has the newest item last; None stands for the stored one of the user."""

    user: str | None
    history: tuple[str, ...] | None
    k: int
    exclude: tuple[str, ...]
    exclude_seen: bool
    within: tuple[str, ...]


def read_recommendation_requests(
    definition: RecommenderDefinition, instances: Sequence[Mapping[str, Any]]
) -> tuple[list[RecommendationRequest], list[Problem]]:
    """Read instances, and list the values that cannot be used; with any of these the requests cannot be used either."""
    problems = [Problem(row, *flaw) for row, instance in enumerate(instances) for flaw in _shape_problems(instance)]
    if problems:
        return [], problems
    cleaned, problems = _clean_ids(definition, instances)
    requests = [
        RecommendationRequest(
            user=next(iter(ids["user"]), None),
            history=None if instance.get("history") is None else tuple(ids["history"]),
            k=instance.get("k", DEFAULT_ITEMS),
            exclude=tuple(ids["exclude"]),
            exclude_seen=instance.get("exclude_seen", True),
            within=tuple(ids["within"]),
        )
        for instance, ids in zip(instances, cleaned, strict=True)
    ]
    return requests, problems


def _shape_problems(instance: Mapping[str, Any]) -> Iterator[tuple[str, object, str]]:
    """Yield the field, the value and the reason of each problem with the shape of an instance."""
    if instance.get("user") is None and instance.get("history") is None:
        yield "", instance, "expected a user, or a history (which may be empty)"
    k = instance.get("k", DEFAULT_ITEMS)
    if isinstance(k, bool) or not isinstance(k, int) or not 1 <= k <= MAX_RECOMMENDED_ITEMS:
        yield "k", k, f"expected a whole number from 1 to {MAX_RECOMMENDED_ITEMS}"
    if not isinstance(instance.get("exclude_seen", True), bool):
        yield "exclude_seen", instance["exclude_seen"], "expected true or false"
    for field in LISTS:
        items = instance.get(field)
        if items is not None and not isinstance(items, list):
            yield field, items, "expected a list of items"
        elif items is not None and len(items) > MAX_NAMED_ITEMS:
            yield field, items, f"expected at most {MAX_NAMED_ITEMS} items"


def _clean_ids(
    definition: RecommenderDefinition, instances: Sequence[Mapping[str, Any]]
) -> tuple[list[dict[str, list[Any]]], list[Problem]]:
    """Clean the ids of all instances by field, users and items each at once."""
    ids: list[dict[str, list[Any]]] = [{"user": [], **{field: [] for field in LISTS}} for _ in instances]
    problems: list[Problem] = []
    for column, fields in ((definition.roles.user, ("user",)), (definition.roles.item, LISTS)):
        cells = [
            (row, field, value)
            for row, instance in enumerate(instances)
            for field in fields
            if instance.get(field) is not None
            for value in (instance[field] if field in LISTS else [instance[field]])
        ]
        values = objects([value for _, _, value in cells])
        columns, unusable = prepare(definition, {column: values}, len(cells), columns=[column])
        problems += [Problem(*cells[problem.row][:2], problem.value, problem.reason) for problem in unusable]
        for (row, field, _), clean in zip(cells, columns[column].tolist(), strict=True):
            ids[row][field].append(clean)
    return ids, problems
