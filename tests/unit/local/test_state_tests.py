"""Every state of the state machines has cases, and an answer of Step Functions that differs is told."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.stub import Stubber

from local.state_tests import MACHINES, UNFORESEEN, UnknownState, main, make_cases, read_machine

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

READ = [read_machine(path) for path in MACHINES]
CASES_OF = [pair for machine in READ for pair in make_cases(machine)]
CASES = [case for _, case in CASES_OF]


def states(machine: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, state in machine["States"].items():
        yield name, state
        yield from states(state.get("ItemProcessor", {"States": {}}))


STATES = {name: state for machine in READ for name, state in states(machine)}


def test_the_names_of_states_are_unique_so_that_a_line_names_one() -> None:
    assert len(STATES) == sum(1 for machine in READ for _ in states(machine))


@pytest.mark.parametrize("name", STATES)
def test_every_way_out_of_every_state_is_tested(name: str) -> None:
    state = STATES[name]
    cases = [case for case in CASES if case.state == name]
    ways = [state, *state.get("Choices", []), *state.get("Catch", [])]
    nexts = {way["Next"] for way in ways if "Next" in way} | ({state["Default"]} if "Default" in state else set())

    assert {case.next_state for case in cases} - {None} == nexts
    retried = {error for retry in state.get("Retry", []) for error in retry["ErrorEquals"]}
    assert {case.why.removeprefix("retries ") for case in cases if case.status == "RETRIABLE"} == retried
    caught = {error for catch in state.get("Catch", []) for error in catch["ErrorEquals"]}
    expected = {UNFORESEEN if error == "States.ALL" else error for error in caught}
    assert expected <= {case.why.removeprefix("catches ") for case in cases if case.status == "CAUGHT_ERROR"}


def answer(status: str, next_state: str | None) -> dict[str, str]:
    return {"status": status, **({"nextState": next_state} if next_state else {})}


def client(wrong: int | None = None) -> tuple[Any, Stubber]:
    """Step Functions that answers as expected, but to the case of this number."""
    stepfunctions: Any = boto3.client(
        "stepfunctions", region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    stub = Stubber(stepfunctions)
    for number, case in enumerate(CASES):
        status, next_state = ("FAILED", None) if number == wrong else (case.status, case.next_state)
        stub.add_response("test_state", answer(status, next_state))
    stub.activate()
    return stepfunctions, stub


def test_each_case_is_asked_and_has_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    stepfunctions, stub = client()

    assert main(stepfunctions) == 0

    stub.assert_no_pending_responses()
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["ok"] * len(CASES) + ["All"]


def test_a_state_that_does_something_else_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    number = next(number for number, case in enumerate(CASES) if case.status == "CAUGHT_ERROR")

    assert main(client(wrong=number)[0]) == 1

    text = capsys.readouterr().out
    assert f"expected CAUGHT_ERROR and {CASES[number].next_state}, got FAILED and no next state" in text


def test_what_no_case_can_be_made_for_is_not_skipped() -> None:
    with pytest.raises(UnknownState, match="Both: no case can be made for a state of the type Parallel"):
        list(make_cases({"States": {"Both": {"Type": "Parallel"}}}))
    rule = {"Variable": "$.run", "StringMatches": "r*", "Next": "End"}
    with pytest.raises(UnknownState, match="the rule StringMatches"):
        list(make_cases({"States": {"Choose": {"Type": "Choice", "Default": "End", "Choices": [rule]}}}))


def test_every_input_is_json_that_the_states_can_read() -> None:
    for machine, case in CASES_OF:
        assert case.state in machine["States"]
        assert json.loads(json.dumps(case.input))["run"] == "r"
