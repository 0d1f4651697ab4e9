"""`python -m local.state_tests`: have Step Functions test each state of the state machines, with mocked results.

The cases are made from the state machines: each rule of a choice, each result, each retry and each caught error.
https://docs.aws.amazon.com/step-functions/latest/dg/test-state-isolation.html
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import yaml

from local.names import ACCOUNT, REGION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

MACHINES = tuple(sorted((Path(__file__).resolve().parents[1] / "functions").rglob("*.asl.yaml")))
UNFORESEEN = "SomethingUnforeseen"
INPUT: Mapping[str, Any] = {
    "model": "m",
    "run": "r",
    "reason": "test",
    "enough": False,
    "searches": [],
    "candidates": [{"name": "a"}],
    "candidate": "a",
    "trained": [],
    "decision": {"promote": False},
    "refit": {"wanted": False, "candidate": "a", "proved": False},
    "fitted": {"version": "v"},
    "version": "v",
    "proved": False,
    "rollout": {"mode": "shadow", "approval": False, "approval_seconds": 60},
    "pause_seconds": 1,
    "judgement": {"verdict": "dismiss"},
    "now": "2026-11-30T00:00:00Z",
    "models": ["m"],
    "begun_here": False,
    "monitored": {"failed": []},
    "answer": {"approved": True},
    "waits": False,
    "token": "t",
    "result": {"outcome": "approved"},
    "error": {"Error": "E", "Cause": "c"},
    "Error": "E",
    "Cause": "c",
}
"""What any state finds in its input; every rule of a choice is false for it."""

CONTEXT = {
    "Execution": {"Input": {"model": "m"}, "Name": "e", "StartTime": "2026-11-30T00:00:00.000Z"},
    "Task": {"Token": "t"},
    "State": {"EnteredTime": "2026-11-30T00:00:00.000Z"},
    "Map": {"Item": {"Value": {"name": "a"}}},
}


@dataclass(frozen=True)
class Case:
    """One test of one state: what is sent besides the definition, and what Step Functions should answer."""

    state: str
    why: str
    status: str
    next_state: str | None = None
    request: Mapping[str, Any] = field(default_factory=dict)
    input: Mapping[str, Any] = field(default_factory=lambda: INPUT)


class UnknownState(Exception):
    """A state is of a kind that no case can be made for."""


def read_machine(path: Path) -> dict[str, Any]:
    """Read a definition, with stand-ins for what the template fills in."""
    function = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:stand-in"
    text = re.sub(r"\$\{\w+Arn\}", function, path.read_text())
    machine: dict[str, Any] = yaml.safe_load(re.sub(r"\$\{\w+\}", "1", text))
    return machine


def make_cases(machine: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], Case]]:
    """Yield every case of every state with the definition that has the state; those inside a Map have its own."""
    makers: dict[str, Callable[[str, Mapping[str, Any]], Iterator[Case]]]
    makers = {"Choice": _choices, "Task": _results, "Map": _results, "Fail": partial(_passing, status="FAILED")}
    makers |= dict.fromkeys(("Pass", "Wait", "Succeed"), partial(_passing, status="SUCCEEDED"))
    for name, state in machine["States"].items():
        if state["Type"] not in makers:
            raise UnknownState(f"{name}: no case can be made for a state of the type {state['Type']}")
        yield from ((machine, case) for case in makers[state["Type"]](name, state))
        if "ItemProcessor" in state:
            yield from make_cases({key: state["ItemProcessor"][key] for key in ("StartAt", "States")})


def _passing(name: str, state: Mapping[str, Any], status: str) -> Iterator[Case]:
    yield Case(name, "is entered", status, state.get("Next"))


def _choices(name: str, state: Mapping[str, Any]) -> Iterator[Case]:
    yield Case(name, "no rule holds", "SUCCEEDED", state["Default"])
    for rule in state["Choices"]:
        document = json.loads(json.dumps(INPUT))
        for part in rule.get("And", [rule]):
            _make_true(document, part)
        yield Case(name, f"leads to {rule['Next']}", "SUCCEEDED", rule["Next"], input=document)


def _make_true(document: dict[str, Any], rule: Mapping[str, Any]) -> None:
    """Change a document so that a rule holds."""
    *parents, last = rule["Variable"].removeprefix("$.").split(".")
    for name in parents:
        document = document[name]
    (operator,) = set(rule) - {"Variable", "Next"}
    if operator not in ("BooleanEquals", "StringEquals", "IsPresent"):
        raise UnknownState(f"no case can be made for the rule {operator}")
    item = last.removesuffix("[0]")
    if operator != "IsPresent" or item not in document:
        document[item] = rule[operator] if item == last else [rule[operator]]


def _results(name: str, state: Mapping[str, Any]) -> Iterator[Case]:
    """Yield a success, then each error that is retried, and each that is caught when all tries are over."""
    result = [] if state["Type"] == "Map" else {"StatusCode": 200, "Payload": INPUT}
    yield Case(name, "succeeds", "SUCCEEDED", state.get("Next"), {"mock": {"result": json.dumps(result)}})
    retried = {error: retry["MaxAttempts"] for retry in state.get("Retry", []) for error in retry["ErrorEquals"]}
    for error in retried:
        yield Case(name, f"retries {error}", "RETRIABLE", None, _failing(error, 0))
    caught: set[str] = set()
    for catch in state.get("Catch", []):
        for error in (UNFORESEEN, *retried) if catch["ErrorEquals"] == ["States.ALL"] else catch["ErrorEquals"]:
            if error not in caught:
                request = _failing(error, retried.get(error, 0))
                yield Case(name, f"catches {error}", "CAUGHT_ERROR", catch["Next"], request)
            caught.add(error)


def _failing(error: str, tries: int) -> dict[str, Any]:
    mock = {"errorOutput": {"error": error, "cause": "c"}}
    return {"mock": mock, "stateConfiguration": {"retrierRetryCount": tries}}


def check_case(client: Any, machine: Mapping[str, Any], case: Case) -> str:
    """Ask Step Functions; return how its answer differs from the expected one, "" when it does not."""
    mock = case.request.get("mock")
    answer = client.test_state(
        definition=json.dumps(machine),
        stateName=case.state,
        input=json.dumps(case.input),
        context=json.dumps(CONTEXT),
        inspectionLevel="INFO",
        **{**case.request, **({"mock": {**mock, "fieldValidationMode": "NONE"}} if mock else {})},
    )
    status, next_state = answer["status"], answer.get("nextState")
    if (status, next_state) == (case.status, case.next_state):
        return ""
    expected = f"expected {case.status} and {case.next_state or 'no next state'}"
    return f"{expected}, got {status} and {next_state or 'no next state'}: {answer.get('cause', '')}"


def main(client: Any = None) -> int:
    """Print a line for each case; return 1 when a state does something else than it should."""
    client = client or boto3.client("stepfunctions")
    failed = 0
    for machine, case in chain.from_iterable(make_cases(read_machine(path)) for path in MACHINES):
        difference = check_case(client, machine, case)
        failed += bool(difference)
        print(f"{'FAILED' if difference else 'ok':<7}{case.state:<36}{case.why}")
        if difference:
            print(f"{'':<7}{difference}")
    print(f"{failed} states do not do what they should." if failed else "All states do what they should.")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
