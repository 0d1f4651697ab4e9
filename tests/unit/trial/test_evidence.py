"""From captured rows and labels to the facts of a trial."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from preprocessing import parse_definition
from refrain.lake.capture.predictions import Captured, CapturedRow
from refrain.lake.deployment import Challenger
from refrain.lake.expectation import Expectation, expect
from refrain.lake.label import Label
from refrain.trial.evidence import TrialSetting, gather_facts
from tests.unit.serving import tiny

if TYPE_CHECKING:
    from refrain.arrays import Floats

KEYED = tiny.FLATS | {"key": ["flat"], "columns": tiny.FLATS["columns"] | {"flat": {"type": "category"}}}
SAME = np.array([[0.8, 0.2], [0.4, 0.6]])


def trial(
    mode: str = "shadow",
    *,
    document: dict[str, Any] = tiny.PEOPLE,
    classes: tuple[str, ...] = ("<=50K", ">50K"),
    expectation: Expectation | None = None,
    metric: str = "",
) -> TrialSetting:
    training = document["training"] | ({"metric": metric} if metric else {})
    definition = parse_definition("model", document | {"training": training}, "model.toml")
    challenger = Challenger("v2", "2026-11-23T12:00:00Z", "roc_auc", 0.9, mode, 0.1, "9999")
    return TrialSetting(definition, "v1", challenger, classes, expectation or expect(["<=50K", ">50K"], SAME, SAME))


def row(number: int, answer: Any, *, request: int | None = None, place: int = 0, **others: Any) -> CapturedRow:
    given: dict[str, Any] = {
        "instance": {"age": number},
        "version": "v1",
        "classes": ("<=50K", ">50K"),
        "milliseconds": 0.5,
    }
    time = np.datetime64("2026-11-23T12:00", "us") + np.timedelta64(number, "s")
    name = f"{number if request is None else request:021x}-{place:03d}"
    return CapturedRow(id=name, time=time, answer=answer, **given | others)


def shadow(number: int, answer: Any, of_challenger: Any, **others: Any) -> CapturedRow:
    return row(number, answer, shadow_version="v2", shadow=of_challenger, shadow_milliseconds=0.7, **others)


def label(value: object, second: int = 0) -> Label:
    return Label(value, np.datetime64("2026-11-23T13:00", "us") + np.timedelta64(second, "s"))


def figures(values: Floats) -> list[float]:
    return [round(each, 6) for each in values.tolist()]


def test_in_shadow_both_answers_to_a_row_are_compared() -> None:
    rows = [shadow(1, (0.9, 0.1), (0.7, 0.3)), shadow(2, (0.2, 0.8), (0.6, 0.4)), row(3, (0.5, 0.5))]

    found = gather_facts(trial(), Captured(rows), {}, 3.0)

    assert figures(found.distances) == [0.2, 0.4]
    assert (found.rows, float(found.failed.sum()), found.disagreeing) == (2, 0.0, 0.5)
    assert found.milliseconds.tolist() == [0.7, 0.7]


def test_rows_of_another_challenger_do_not_count() -> None:
    rows = [row(1, (0.9, 0.1), shadow_version="v0", shadow=(0.1, 0.9), shadow_milliseconds=1.0)]

    assert gather_facts(trial(), Captured(rows), {}, 3.0).rows == 0


def test_a_row_that_the_challenger_could_not_answer_has_failed() -> None:
    rows = [shadow(1, (0.9, 0.1), ()), shadow(2, (0.9, 0.1), (0.9, 0.1))]

    found = gather_facts(trial(), Captured(rows), {}, 3.0)

    assert found.failed.tolist() == [1, 0]
    assert len(found.distances) == 1


def test_answers_are_brought_to_one_order_of_classes() -> None:
    three = ["a", "b", "c"]
    expected = expect(three, np.full((2, 3), 1 / 3), np.full((2, 3), 1 / 3))
    rows = [shadow(1, (0.3, 0.7), (0.5, 0.3, 0.2), classes=("a", "b"))]

    found = gather_facts(trial(classes=("b", "a", "c"), expectation=expected), Captured(rows), {}, 3.0)

    assert figures(found.distances) == [0.2]  # a .3/.3, b .7/.5, c 0/.2


def test_rows_count_in_the_order_of_time_in_whatever_order_they_are_read() -> None:
    rows = [shadow(number, (0.9, 0.1), () if number > 1 else (0.8, 0.2)) for number in (3, 1, 2)]

    assert gather_facts(trial(), Captured(rows), {}, 3.0).failed.tolist() == [0, 1, 1]


def test_a_repeated_row_counts_once_except_as_a_failure() -> None:
    rows = [shadow(number, (0.9, 0.1), (0.7, 0.3), instance={"age": 40}) for number in range(50)]

    found = gather_facts(trial(), Captured(rows), {}, 3.0)

    assert (len(found.distances), found.rows) == (1, 50)


def test_rows_of_one_request_share_its_time() -> None:
    rows = [shadow(place, (0.9, 0.1), (0.7, 0.3), request=7, place=place) for place in (0, 3, 9)]

    found = gather_facts(trial(), Captured(rows), {}, 3.0)

    assert len(set(found.requests.tolist())) == 1
    assert figures(found.milliseconds) == [0.07]  # the last captured place tells that there were ten


@pytest.mark.parametrize(("metric", "losses"), [("roc_auc", [0.08, -0.48]), ("accuracy", [0.0, -1.0])])
def test_in_shadow_losses_are_paired(metric: str, losses: list[float]) -> None:
    rows = [shadow(1, (0.9, 0.1), (0.7, 0.3)), shadow(2, (0.8, 0.2), (0.4, 0.6)), shadow(3, (0.8, 0.2), (0.4, 0.6))]
    labels = {rows[0].id: label("<=50K", 2), rows[1].id: label(">50K", 1), "unknown": label(">50K")}

    found = gather_facts(trial(metric=metric), Captured(rows), labels, 3.0)

    assert figures(found.losses) == losses[::-1]  # in the order in which the labels came


def test_labels_that_the_definition_refuses_do_not_count() -> None:
    document = tiny.PEOPLE | {"columns": tiny.PEOPLE["columns"] | {"income": {"type": "category", "allowed": [">50K"]}}}
    rows = [shadow(1, (0.9, 0.1), (0.7, 0.3))]

    found = gather_facts(trial(document=document), Captured(rows), {rows[0].id: label("lots")}, 3.0)

    assert len(found.losses) == 0


def test_an_unknown_class_is_a_loss_for_both() -> None:
    rows = [shadow(1, (0.9, 0.1), (0.7, 0.3))]

    found = gather_facts(trial(), Captured(rows), {rows[0].id: label("secret")}, 3.0)

    assert figures(found.losses) == [-0.12]


def test_a_canary_is_judged_by_its_own_rows_and_its_fallbacks_are_failures() -> None:
    rows = [
        row(1, (0.9, 0.1)),
        row(2, (0.9, 0.1), version="v2", milliseconds=2.0),
        row(3, (0.9, 0.1), fallback=True),
        row(4, (0.9, 0.1), version="v0", fallback=True),
    ]

    found = gather_facts(trial("canary"), Captured(rows), {}, 3.0)

    assert found.failed.tolist() == [0, 1]
    assert found.milliseconds.tolist() == [2.0]


def test_a_canarys_answers_are_paired_with_the_champions_between_them() -> None:
    answers = [("v1", 0.2), ("v1", 0.4), ("v2", 0.9), ("v2", 0.7), ("v1", 0.3)]
    rows = [row(number, (1 - p, p), version=version) for number, (version, p) in enumerate(answers)]
    expected = expect(["<=50K", ">50K"], SAME, SAME + np.array([-0.1, 0.1]))

    found = gather_facts(trial("canary", expectation=expected), Captured(rows), {}, 3.0)

    assert set(found.shifts) == {"mean of >50K", "spread of >50K"}
    assert figures(found.shifts["mean of >50K"]) == [0.5, 0.3]  # 0.6 and 0.4, of which 0.1 was to be expected


def test_a_canarys_entity_counts_once() -> None:
    flats = expect([], np.array([[0.0], [100.0]]), np.array([[0.0], [100.0]]))
    instances = [{"flat": f"f{number % 4}", "area": number} for number in range(40)]
    rows = [
        row(number, (50.0,), version=("v1", "v2")[number % 2], classes=None, instance=instance)
        for number, instance in enumerate(instances)
    ]

    found = gather_facts(trial("canary", document=KEYED, expectation=flats, classes=()), Captured(rows), {}, 3.0)

    assert found.rows == 20
    assert len(found.shifts["mean of value"]) == 2


def test_values_of_a_regression_are_scaled_by_the_champions_answers() -> None:
    answers = np.linspace(0, 100, 101)[:, np.newaxis]
    flats = expect([], answers, answers + 2)
    rows = [shadow(1, (50.0,), (75.0,), classes=None), shadow(2, (50.0,), (1e9,), classes=None)]
    labels = {rows[0].id: label(60)}

    found = gather_facts(trial(document=tiny.FLATS, expectation=flats, classes=()), Captured(rows), labels, 3.0)

    assert found.distances == pytest.approx([0.255, 0.5], abs=0.01)
    assert found.losses == pytest.approx([0.051], abs=0.001)
    assert found.expected_distance == pytest.approx(0.02, abs=0.001)


def test_expectations_survive_being_written() -> None:
    found = expect(["a", "b"], SAME, SAME[::-1])

    assert Expectation.from_json(found.to_json()) == found
