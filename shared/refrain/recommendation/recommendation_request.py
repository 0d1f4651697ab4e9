"""What a caller asks a recommender, checked at the door: for whom, how many, and what not.

    {"user": "u1", "k": 10}
    {"history": ["s1", "s2"], "k": 10, "exclude": ["s3"], "exclude_seen": false, "within": ["s4", "s5"]}

The ids of users and items go through the preprocessing layer, as those of uploads do.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from preprocessing import Problem, objects, prepare
from refrain.recommendation.limits import MAX_RECOMMENDED_ITEMS, MOST_NAMED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from preprocessing import Definition

DEFAULT_ITEMS = 10
LISTS = ("history", "exclude", "within")
FIELDS = ("user", "k", "exclude_seen", *LISTS)


@dataclass(frozen=True)
class RecommendationRequest:
    """One instance. A `history` that is None is that of the user, to be looked up; items are clean ids.

    `history` is in the order of the interactions, the newest last.
    """

    user: str | None
    history: tuple[str, ...] | None
    k: int
    exclude: tuple[str, ...]
    exclude_seen: bool
    within: tuple[str, ...]

    def with_history(self, history: Sequence[str]) -> RecommendationRequest:
        """The same, with the history that was looked up."""
        return replace(self, history=tuple(history))


def read_recommendation_requests(
    definition: Definition, instances: Sequence[Mapping[str, Any]]
) -> tuple[list[RecommendationRequest], list[Problem]]:
    """Read instances; list the values that cannot be used (then the asks are of no use)."""
    problems = [
        Problem(row, field, value, reason)
        for row, instance in enumerate(instances)
        for field, value, reason in _wrong(instance)
    ]
    if problems:
        return [], problems
    ids = _ids(definition, instances, problems)
    return [_ask(instance, found) for instance, found in zip(instances, ids, strict=True)], problems


def _wrong(instance: Mapping[str, Any]) -> Iterator[tuple[str, object, str]]:
    """Yield what is wrong with the shape of an instance."""
    if instance.get("user") is None and instance.get("history") is None:
        yield "", instance, "expected a user, or a history (which may be empty)"
    k = instance.get("k", DEFAULT_ITEMS)
    if isinstance(k, bool) or not isinstance(k, int) or not 1 <= k <= MAX_RECOMMENDED_ITEMS:
        yield "k", k, f"expected a whole number from 1 to {MAX_RECOMMENDED_ITEMS}"
    if not isinstance(instance.get("exclude_seen", True), bool):
        yield "exclude_seen", instance["exclude_seen"], "expected true or false"
    for name in LISTS:
        given = instance.get(name)
        if given is not None and not isinstance(given, list):
            yield name, given, "expected a list of items"
        elif given is not None and len(given) > MOST_NAMED:
            yield name, given, f"expected at most {MOST_NAMED} items"


def _ids(
    definition: Definition, instances: Sequence[Mapping[str, Any]], problems: list[Problem]
) -> list[dict[str, Any]]:
    """Clean all ids of all instances, each kind at once; add those that cannot be used to the problems."""
    assert definition.roles is not None, "only a recommender is asked so"
    found: list[dict[str, Any]] = [{} for _ in instances]
    for role, names in ((definition.roles.user, ("user",)), (definition.roles.item, LISTS)):
        given = [
            (row, name, value)
            for row, instance in enumerate(instances)
            for name in names
            for value in _values(name, instance.get(name))
        ]
        values = objects([value for _, _, value in given])
        columns, wrong = prepare(definition, {role: values}, len(given), columns=[role])
        problems += [Problem(given[each.row][0], given[each.row][1], each.value, each.reason) for each in wrong]
        for (row, name, _), clean in zip(given, columns[role].tolist(), strict=True):
            found[row].setdefault(name, []).append(clean)
    return found


def _values(name: str, given: Any) -> list[object]:
    """The ids of a field: a user is one, all others are lists."""
    if given is None:
        return []
    return list(given) if name in LISTS else [given]


def _ask(instance: Mapping[str, Any], ids: Mapping[str, Any]) -> RecommendationRequest:
    history = None if instance.get("history") is None else tuple(ids.get("history", ()))
    return RecommendationRequest(
        user=next(iter(ids.get("user", ())), None),
        history=history,
        k=instance.get("k", DEFAULT_ITEMS),
        exclude=tuple(ids.get("exclude", ())),
        exclude_seen=instance.get("exclude_seen", True),
        within=tuple(ids.get("within", ())),
    )
