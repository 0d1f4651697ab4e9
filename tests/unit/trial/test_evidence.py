"""From captured rows and labels to the facts of a trial."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from preprocessing import parse_definition
from refrain.lake.capture.predictions import Captured, CapturedRow
from refrain.lake.expectation import Expectation
from refrain.lake.label import Label
from refrain.statistics.metrics import METRICS
from refrain.trial.evidence import TrialSetting, gather_facts
from tests.unit.serving import tiny

if TYPE_CHECKING:
    from collections.abc import Sequence

    from refrain.trial.labelled_gain import LabelledGain

KEYED = tiny.PEOPLE | {"key": ["person"], "columns": tiny.PEOPLE["columns"] | {"person": {"type": "category"}}}
CLASSES = ("<=50K", ">50K")
EXPECTED = Expectation(
    [*CLASSES], ">50K", 0.0, 1.0, distance=0.02, spread=0.4, margin=0.01, deviation=0.1, step=0.5, block=1
)
VALUES = Expectation([], None, 0.0, 100.0, distance=0.02, spread=0.25, margin=1.0, deviation=10.0, step=10.0, block=1)


def trial(
    document: dict[str, Any] = tiny.PEOPLE, expectation: Expectation = EXPECTED, metric: str = "accuracy"
) -> TrialSetting:
    definition = parse_definition("model", document, "model.toml")
    return TrialSetting(definition, METRICS[metric], "v1", "v2", expectation)


def row(
    number: int, champion: Any, challenger: Any, *, request: int | None = None, place: int = 0, **others: Any
) -> CapturedRow:
    """A row whose caller heard the champion."""
    values: dict[str, Any] = {
        "instance": {"age": number},
        "version": "v1",
        "classes": CLASSES,
        "milliseconds": 0.5,
        "other_version": "v2",
        "other_classes": CLASSES,
        "other_milliseconds": 0.7,
    }
    time = np.datetime64("2026-11-23T12:00", "us") + np.timedelta64(number, "s")
    name = f"{number if request is None else request:021x}-{place:03d}"
    return CapturedRow(id=name, time=time, answer=champion, other=challenger, **values | others)


def heard_by_caller(captured: CapturedRow) -> CapturedRow:
    """The same row of a canary, whose caller heard the challenger."""
    return replace(
        captured,
        version=captured.other_version,
        answer=captured.other,
        classes=captured.other_classes,
        milliseconds=captured.other_milliseconds,
        other_version=captured.version,
        other=captured.answer,
        other_classes=captured.classes,
        other_milliseconds=captured.milliseconds,
    )


def label(value: object, second: int = 0) -> Label:
    return Label(value, np.datetime64("2026-11-23T13:00", "us") + np.timedelta64(second, "s"))


def figures(values: Any) -> list[float]:
    return [round(each, 6) for each in values.tolist()]


def gain_of(rows: Sequence[CapturedRow], labels: Sequence[object], setting: TrialSetting | None = None) -> LabelledGain:
    found = gather_facts(
        setting or trial(), Captured(rows), {one.id: label(value) for one, value in zip(rows, labels, strict=True)}, 3.0
    )
    assert found.gain
    return found.gain


def test_both_answers_to_a_row_are_compared() -> None:
    rows = [
        row(1, (0.9, 0.1), (0.7, 0.3)),
        row(2, (0.2, 0.8), (0.6, 0.4)),
        row(3, (0.5, 0.5), (), other_version="", other_classes=None),
    ]

    found = gather_facts(trial(), Captured(rows), {}, 3.0)

    assert figures(found.distances) == [0.2, 0.4]
    assert (found.rows, float(found.failed.sum()), found.disagreeing) == (2, 0.0, 0.5)
    assert found.milliseconds.tolist() == [0.7, 0.7]
    assert round(found.tolerated_distance, 6) == 0.14


def test_it_makes_no_difference_which_of_the_two_the_callers_of_a_canary_heard() -> None:
    random = np.random.default_rng(1)
    shadow = []
    for number in range(60):
        one, other = random.random(2)
        answer = () if number % 7 == 0 else (1 - other, other)
        shadow.append(row(number, (1 - one, one), answer, request=number // 3, place=number % 3))
    canary = [heard_by_caller(each) if each.other and index % 4 == 0 else each for index, each in enumerate(shadow)]
    labels = {each.id: label(CLASSES[index % 2]) for index, each in enumerate(shadow)}

    in_shadow, as_canary = (
        gather_facts(trial(metric="roc_auc"), Captured(rows), labels, 3.0) for rows in (shadow, canary)
    )

    assert repr(in_shadow) == repr(as_canary)
    assert in_shadow.gain and in_shadow.gain.rows == 51


@pytest.mark.parametrize("versions", [("v1", "v0"), ("v0", "v2"), ("v2", "v0"), ("v1", "")])
def test_rows_of_other_versions_do_not_count(versions: tuple[str, str]) -> None:
    rows = [row(1, (0.9, 0.1), (0.1, 0.9), version=versions[0], other_version=versions[1])]

    assert gather_facts(trial(), Captured(rows), {rows[0].id: label("<=50K")}, 3.0).rows == 0


def test_a_row_that_the_challenger_could_not_answer_has_failed() -> None:
    rows = [row(1, (0.9, 0.1), ()), row(2, (0.9, 0.1), (0.9, 0.1))]

    found = gather_facts(trial(), Captured(rows), {rows[0].id: label("<=50K")}, 3.0)

    assert found.failed.tolist() == [1, 0]
    assert (len(found.distances), found.labelled) == (1, 0)


def test_answers_are_brought_to_one_order_of_classes() -> None:
    expected = replace(EXPECTED, classes=["a", "b", "c"])
    rows = [row(1, (0.3, 0.7), (0.5, 0.3, 0.2), classes=("a", "b"), other_classes=("b", "a", "c"))]

    found = gather_facts(trial(expectation=expected), Captured(rows), {}, 3.0)

    assert figures(found.distances) == [0.2]  # a .3/.3, b .7/.5, c 0/.2


def test_rows_count_in_the_order_of_time_in_whatever_order_they_are_read() -> None:
    rows = [row(number, (0.9, 0.1), () if number > 1 else (0.8, 0.2)) for number in (3, 1, 2)]

    assert gather_facts(trial(), Captured(rows), {}, 3.0).failed.tolist() == [0, 1, 1]


def test_a_repeated_row_has_one_distance() -> None:
    rows = [row(number, (0.9, 0.1), (0.7, 0.3), instance={"age": 40}) for number in range(50)]

    found = gather_facts(trial(), Captured(rows), {}, 3.0)

    assert (len(found.distances), found.rows) == (1, 50)


def test_rows_of_one_request_share_its_time() -> None:
    rows = [row(place, (0.9, 0.1), (0.7, 0.3), request=7, place=place) for place in (0, 3, 9)]

    found = gather_facts(trial(), Captured(rows), {}, 3.0)

    assert len(set(found.requests.tolist())) == 1
    assert figures(found.milliseconds) == [0.07]  # the last captured place tells that there were ten


@pytest.mark.parametrize(("metric", "gain"), [("accuracy", 2 / 3), ("log_loss", 0.565), ("roc_auc", 0.0)])
def test_the_gain_is_that_of_the_definitions_metric(metric: str, gain: float) -> None:
    rows = [row(1, (0.9, 0.1), (0.7, 0.3)), row(2, (0.8, 0.2), (0.4, 0.6)), row(3, (0.7, 0.3), (0.3, 0.7))]

    found = gain_of(rows, ["<=50K", ">50K", ">50K"], trial(metric=metric))

    assert found.gain == pytest.approx(gain, abs=1e-3)
    assert (found.title, found.rows, found.margin) == (METRICS[metric].title, 3, 0.01)


def test_labels_may_come_in_any_order_and_late() -> None:
    random = np.random.default_rng(2)
    rows = [row(number, (1 - p, p), (p, 1 - p)) for number, p in enumerate(random.random(40))]
    pairs = [(one.id, label(CLASSES[int(random.random() < 0.4)], int(random.integers(9999)))) for one in rows]

    results = [gather_facts(trial(), Captured(rows), dict(order), 3.0).gain for order in (pairs, pairs[::-1])]

    assert results[0] == results[1]


def test_labels_that_the_definition_refuses_do_not_count() -> None:
    document = tiny.PEOPLE | {"columns": tiny.PEOPLE["columns"] | {"income": {"type": "category", "allowed": [">50K"]}}}
    rows = [row(1, (0.9, 0.1), (0.7, 0.3)), row(2, (0.9, 0.1), (0.7, 0.3))]
    labels = {rows[0].id: label("lots"), rows[1].id: label(">50K"), "unknown": label(">50K")}

    assert gather_facts(trial(document), Captured(rows), labels, 3.0).labelled == 1


def test_a_class_that_neither_knows_tells_nothing() -> None:
    rows = [row(1, (0.9, 0.1), (0.7, 0.3)), row(2, (0.9, 0.1), (0.3, 0.7))]

    found = gain_of(rows, ["secret", ">50K"])

    assert (found.rows, found.gain) == (1, 1.0)


def test_labels_of_one_class_give_no_area_under_the_curve() -> None:
    rows = [row(number, (0.9, 0.1), (0.7, 0.3)) for number in range(3)]
    labels = {each.id: label(">50K") for each in rows}

    found = gather_facts(trial(metric="roc_auc"), Captured(rows), labels, 3.0)

    assert (found.labelled, found.gain) == (3, None)


def test_values_of_a_regression_are_compared_in_their_unit_and_their_distance_by_their_range() -> None:
    rows = [
        row(1, (50.0,), (75.0,), classes=None, other_classes=None),
        row(2, (50.0,), (1e9,), classes=None, other_classes=None),
    ]
    setting = trial(tiny.FLATS, VALUES, "mae")

    found = gather_facts(setting, Captured(rows), {rows[0].id: label(60)}, 3.0)

    assert figures(found.distances) == [0.25, 0.5]
    assert found.gain and found.gain.gain == -5


def test_rows_of_one_request_and_of_one_entity_depend_on_each_other() -> None:
    random = np.random.default_rng(4)
    wrong, right = (0.9, 0.1), (0.1, 0.9)
    picks = np.repeat(random.random(40) < 0.5, 5)  # the better one differs from request to request

    def rows_of(request: Any, person: Any) -> list[CapturedRow]:
        return [
            row(
                number,
                wrong if pick else right,
                right if pick else wrong,
                request=request(number),
                place=number % 5,
                instance={"age": 40} | person(number),
            )
            for number, pick in enumerate(picks)
        ]

    truth = [CLASSES[1]] * 150 + [CLASSES[0]] * 50
    alone = gain_of(rows_of(lambda n: n, lambda _: {}), truth)
    by_request = gain_of(rows_of(lambda n: n // 5, lambda _: {}), truth)
    by_person = gain_of(rows_of(lambda n: n, lambda n: {"person": f"p{n // 5}"}), truth, trial(KEYED))
    without_key = gain_of(rows_of(lambda n: n, lambda _: {}), truth, trial(KEYED))

    assert without_key == alone
    assert by_request.error == by_person.error > 1.5 * np.sqrt(0.75 / 200)
    assert by_person.units <= 40
