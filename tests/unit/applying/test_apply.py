"""A definition that can be used counts as soon as it is applied; two people at once learn of each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import TYPE_CHECKING

import pytest

from preprocessing import DefinitionError
from refrain.applying.apply import MAX_KEPT_CHANGES, AppliedChange, apply_definition, retire_model
from refrain.errors import DefinitionChanged, UnknownModel
from refrain.lake.model_definition import ModelDefinition, definition_digest, find_definition, known_models, text_key
from tests.unit.serving.tiny import Lake

if TYPE_CHECKING:
    from collections.abc import Callable

SHOP = """
task = "regression"
target = "price"
[columns]
price = { type = "number" }
area = { type = "number" }
[[training.candidates]]
name = "ridge"
estimator = "sklearn.linear_model.Ridge"
"""
PATIENT_SHOP = SHOP + "[retraining]\nevery = 'monthly'\n"
WIDE_SHOP = SHOP.replace("[[", 'rooms = { type = "number" }\n[[', 1)
FIRST, PATIENT, WIDE = map(definition_digest, (SHOP, PATIENT_SHOP, WIDE_SHOP))
START = datetime(2026, 11, 30, 12, tzinfo=UTC)


@dataclass
class Ticking:
    """A clock that goes on by a second whenever it is read."""

    now: datetime = START

    def __call__(self) -> datetime:
        """Tell the time."""
        self.now += timedelta(seconds=1)
        return self.now


@dataclass
class Interrupted(Lake):
    """A lake in which something else happens before the call of a number."""

    at: int = -1
    meanwhile: Callable[[], object] = lambda: None
    calls: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Make it a lake."""
        super().__init__()

    def _ask(self, key: str) -> None:
        super()._ask(key)
        self.calls.append(key)
        if len(self.calls) == self.at + 1:
            self.meanwhile()

    def write(self, key: str, data: bytes) -> None:
        """Write an object."""
        self._ask(key)
        super().write(key, data)

    def swap(self, key: str, data: bytes, etag: str) -> bool:
        """Write an object that did not change."""
        self._ask(key)
        return super().swap(key, data, etag)


@pytest.fixture
def lake() -> Lake:
    return Lake()


def current(lake: Lake) -> ModelDefinition:
    return ModelDefinition.read(lake, "shop")


def test_what_was_applied_counts_at_once(lake: Lake) -> None:
    result = apply_definition(lake, "shop", SHOP, "ada", clock=Ticking())

    assert result == AppliedChange("applied", "shop", FIRST, None, "2026-11-30T12:00:01.000Z", "ada")
    assert find_definition(lake, "shop").target == "price"
    assert known_models(lake) == ("shop",)
    assert lake.read(text_key("shop", FIRST)).data == SHOP.encode()


def test_applying_the_same_again_changes_nothing(lake: Lake) -> None:
    apply_definition(lake, "shop", SHOP, "ada")
    before = {key: lake.read(key).data for key in lake.keys("")}

    result = apply_definition(lake, "shop", SHOP, "bob")

    assert (result.outcome, result.by) == ("unchanged", "ada")
    assert {key: lake.read(key).data for key in lake.keys("")} == before


@pytest.mark.parametrize(("text", "reshapes"), [(PATIENT_SHOP, False), (WIDE_SHOP, True)])
def test_a_change_says_whether_rows_get_another_shape(lake: Lake, text: str, reshapes: bool) -> None:
    apply_definition(lake, "shop", SHOP, "ada")

    result = apply_definition(lake, "shop", text, "bob", FIRST)

    assert (result.outcome, result.before, result.reshapes) == ("applied", FIRST, reshapes)
    assert [(change.digest, change.by) for change in current(lake).log] == [
        (FIRST, "ada"),
        (definition_digest(text), "bob"),
    ]


@pytest.mark.parametrize("text", ["", "task =", SHOP.replace("price =", "prize ="), SHOP + "[gate]\nmargin = -1\n"])
@pytest.mark.parametrize("before", [(), (SHOP,)])
def test_a_definition_that_cannot_be_used_is_never_applied(lake: Lake, before: tuple[str, ...], text: str) -> None:
    for earlier in before:
        apply_definition(lake, "shop", earlier, "ada")
    content = {key: lake.read(key).data for key in lake.keys("")}

    with pytest.raises(DefinitionError, match=r"^shop\.toml: "):
        apply_definition(lake, "shop", text, "ada")

    assert {key: lake.read(key).data for key in lake.keys("")} == content


@pytest.mark.parametrize("name", ["", "Shop", "a/b", "..", "shop.json"])
def test_a_model_has_a_name_that_a_folder_of_uploads_can_have(lake: Lake, name: str) -> None:
    with pytest.raises(DefinitionError, match="is no name of a model"):
        apply_definition(lake, name, SHOP, "ada")

    assert lake.keys("") == []


def test_a_retired_model_keeps_its_texts_and_comes_back(lake: Lake) -> None:
    apply_definition(lake, "shop", SHOP, "ada")

    assert retire_model(lake, "shop", "bob", FIRST).outcome == "retired"
    assert known_models(lake) == ()
    with pytest.raises(UnknownModel):
        find_definition(lake, "shop")
    assert lake.exists(text_key("shop", FIRST))
    assert retire_model(lake, "shop", "eve").outcome == "unchanged"
    assert apply_definition(lake, "shop", SHOP, "ada", "").outcome == "applied"
    assert known_models(lake) == ("shop",)
    assert [change.digest for change in current(lake).log] == [FIRST, None, FIRST]


def test_only_a_model_can_be_retired(lake: Lake) -> None:
    with pytest.raises(UnknownModel):
        retire_model(lake, "shop", "ada")


@pytest.mark.parametrize("expected", ["", WIDE])
def test_what_is_expected_has_to_count(lake: Lake, expected: str) -> None:
    apply_definition(lake, "shop", SHOP, "ada")

    sentence = f"expected {expected or 'none'}, but ada applied {FIRST}"
    with pytest.raises(DefinitionChanged, match=sentence):
        apply_definition(lake, "shop", PATIENT_SHOP, "bob", expected)
    with pytest.raises(DefinitionChanged, match=sentence):
        retire_model(lake, "shop", "bob", expected)


def test_a_log_keeps_the_newest_changes(lake: Lake) -> None:
    for number in range(MAX_KEPT_CHANGES + 3):
        apply_definition(lake, "shop", f"{SHOP}# {number}\n", "ada")

    assert len(current(lake).log) == MAX_KEPT_CHANGES
    assert current(lake).log[-1].digest == current(lake).digest


type Person = Callable[[Lake, str], AppliedChange]

PEOPLE: dict[str, Person] = {
    "patient": lambda lake, by: apply_definition(lake, "shop", PATIENT_SHOP, by),
    "wide": lambda lake, by: apply_definition(lake, "shop", WIDE_SHOP, by),
    "retires": lambda lake, by: retire_model(lake, "shop", by),
}


def ask(person: str, lake: Lake, by: str) -> AppliedChange | DefinitionChanged:
    try:
        return PEOPLE[person](lake, by)
    except DefinitionChanged as error:
        return error


@pytest.mark.parametrize("at", range(4))
@pytest.mark.parametrize(
    ("before", "one", "other"),
    [
        (before, one, other)
        for before, one, other in product([(), (SHOP,)], PEOPLE, PEOPLE)
        if before or "retires" not in (one, other)
    ],
)
def test_of_two_people_at_once_one_learns_of_the_other(before: tuple[str, ...], one: str, other: str, at: int) -> None:
    lake = Interrupted()
    for earlier in before:
        apply_definition(lake, "shop", earlier, "ada")
    results: list[AppliedChange | DefinitionChanged] = []
    lake.calls.clear()
    lake.at, lake.meanwhile = at, lambda: results.append(ask(one, lake, "bob"))

    results.append(ask(other, lake, "eve"))

    lake.at = -1
    last = results[-1]
    if isinstance(last, DefinitionChanged):
        assert one != other
        assert (last.expected, last.applied) == (FIRST if before else None, current(lake).digest)
        assert (last.applied or "bob retired it") in str(last)
    else:
        assert last.digest == current(lake).digest
    changes = [result for result in results if isinstance(result, AppliedChange) and result.outcome != "unchanged"]
    logged = [(change.digest, change.by) for change in current(lake).log]
    assert logged == [(FIRST, "ada")] * len(before) + [(change.digest, change.by) for change in changes]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"digest": 1}', b'{"model": "x"}', "foreign", "text"])
def test_an_object_that_something_else_wrote_breaks_its_own_model_until_it_is_applied_again(
    lake: Lake, content: bytes | str
) -> None:
    for model in ("shop", "stall"):
        apply_definition(lake, model, SHOP, "ada")
    if content == "foreign":
        content = lake.read(ModelDefinition.key("stall")).data
    if content == "text":
        content = lake.read(ModelDefinition.key("shop")).data.replace(b"Ridge", b"Lasso")
    lake.write(ModelDefinition.key("shop"), content if isinstance(content, bytes) else content.encode())

    assert known_models(lake) == ("shop", "stall")
    assert find_definition(lake, "stall").target == "price"
    with pytest.raises(DefinitionError, match="apply it again"):
        find_definition(lake, "shop")
    apply_definition(lake, "shop", PATIENT_SHOP, "ada")
    assert find_definition(lake, "shop").target == "price"
