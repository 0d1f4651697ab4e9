"""What people see: predictions, receipts, states of a run, problems, and the difference of two definitions."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from cli.answers import ask_api, problem_sentence
from cli.diff import definition_changes
from cli.exit_codes import CommandError, RefusedCommand
from cli.output import add_rows, make_table
from cli.predictions import prediction_text
from cli.receipts import print_receipts, print_rejected_rows
from cli.run_states import follow_states
from cli.runs import await_outcome, print_outcome

if TYPE_CHECKING:
    from collections.abc import Iterator


def console() -> Console:
    return Console(file=io.StringIO(), width=200)


def written(screen: Console) -> str:
    assert isinstance(screen.file, io.StringIO)
    return screen.file.getvalue()


@pytest.mark.parametrize(
    ("prediction", "text"),
    [
        ({"value": 41.23456}, "[bold]41.23[/]"),
        ({"value": 41.2, "interval": [35.9, 46.5]}, "[bold]41.2[/]  (35.9 to 46.5)"),
        ({"value": 1.0, "interval": None, "withheld": "too_few_rows"}, "[bold]1[/]"),
        ({"label": "no", "probabilities": {"no": 0.9, "yes": 0.1}}, "[bold]no[/] (90 %)"),
        ({"label": "no", "probabilities": {"no": 0.5}, "set": ["no", "yes"]}, "[bold]no[/] (50 %)  (one of no, yes)"),
        ({"value": 1.0, "unfamiliar": ["fee"]}, "[bold]1[/]  [yellow]unfamiliar: fee[/]"),
        ({"value": 1.0, "unfamiliar": list("abcdefg")}, "[bold]1[/]  [yellow]unfamiliar: a, b, c, d, e and 2 more[/]"),
        ({"value": 1.0, "version": "v2"}, "[bold]1[/]  [yellow]answered by: v2[/]"),
        ({"items": [{"id": "s9", "score": 0.4}, {"id": "s1", "score": 0.1}]}, "s9, s1"),
    ],
)
def test_a_prediction_is_one_line(prediction: dict[str, Any], text: str) -> None:
    assert prediction_text(prediction) == text


def test_receipts_say_what_was_kept_and_why_the_rest_was_not() -> None:
    kept = {"rows_read": 1200, "rows_kept": 1199, "rows_rejected": 1, "seconds": 0.5, "format": "csv"}
    screen = console()

    print_receipts(
        screen,
        [
            {"status": "kept", "source": {"key": "income/a.csv"}, **kept},
            {"status": "refused", "source": {"key": "income/b.csv"}, "reason": "the file is [empty]"},
            {"status": "duplicate", "source": {"key": "income/c.csv"}, "reason": None, "of": "f00"},
        ],
    )
    print_rejected_rows(screen, [{"line": 7, "column": "fee", "value": "[a lot]", "reason": "expected a number"}] * 10)

    lines = written(screen)
    for words in ("1,200", "1,199", "the file is [empty]", "f00", "'[a lot]'", "expected a number", "and 2 more"):
        assert words in lines


def state(name: str, kind: str) -> dict[str, Any]:
    return {"type": f"TaskState{kind}", f"state{kind}EventDetails": {"name": name}}


def test_states_are_listed_in_the_order_in_which_they_were_entered() -> None:
    first = [state("Take a snapshot", "Entered")]
    second = [*first, state("Take a snapshot", "Exited"), *[state("Train a candidate", "Entered")] * 2]
    screen = console()

    names = follow_states(screen, [first, [*second, {"type": "ExecutionSucceeded"}]])

    assert names == ["Take a snapshot", "Train a candidate"]
    assert "Train a candidate  0 of 2" in written(screen)


class Ended:
    """A client whose run has ended."""

    def __init__(self, **run: str) -> None:
        self.run = run

    def states(self, *_: object) -> Iterator[list[dict[str, Any]]]:
        yield [state("Take a snapshot", "Entered")]

    def describe(self, _: str) -> dict[str, str]:
        return self.run


@pytest.mark.parametrize(
    ("error", "kind"), [("UnknownModel", RefusedCommand), ("StorageUnavailable", CommandError), ("", CommandError)]
)
def test_a_run_that_failed_says_why_without_the_json_around_it(error: str, kind: type[CommandError]) -> None:
    client: Any = Ended(status="FAILED", error=error, cause='{"errorMessage": "no model", "errorType": "x"}')

    with pytest.raises(kind, match="The run failed: no model") as failed:
        await_outcome(client, "arn")
    assert type(failed.value) is kind


@pytest.mark.parametrize(
    ("outcome", "sentence"),
    [
        ({"outcome": "kept", "reason": "no candidate is better"}, "kept: no candidate is better"),
        (
            {"outcome": "nothing_to_learn", "reason": "manual", "why": "nothing is new"},
            "nothing_to_learn: nothing is new",
        ),
    ],
)
def test_the_result_of_a_run_is_a_sentence(outcome: dict[str, Any], sentence: str) -> None:
    screen = console()

    print_outcome(screen, outcome)

    assert written(screen).strip() == sentence


PROBLEM = {"instance": 2, "column": "fee", "value": "a lot", "reason": "expected a number"}


@pytest.mark.parametrize(
    ("problem", "sentence"),
    [
        ({"detail": "no model"}, "no model"),
        ({"message": "Forbidden"}, "Forbidden"),
        ({}, "status 502"),
        ({"detail": "no", "problems": [PROBLEM]}, "no (fee of 2: expected a number, got 'a lot')"),
        (
            {"detail": "no", "problems": [{"index": 0, "field": "label", "value": 1, "reason": "expected no"}]},
            "no (label of 0: expected no, got 1)",
        ),
    ],
)
def test_a_problem_document_is_one_sentence(problem: dict[str, Any], sentence: str) -> None:
    assert problem_sentence(502, problem) == sentence


@pytest.mark.parametrize(("status", "kind"), [(422, RefusedCommand), (403, RefusedCommand), (503, CommandError)])
def test_an_answer_that_is_an_error_ends_the_command(status: int, kind: type[CommandError]) -> None:
    class Api:
        def ask(self, *_: object) -> tuple[int, dict[str, Any]]:
            return status, {"detail": "no"}

    client: Any = Api()

    with pytest.raises(kind) as refused:
        ask_api(client, "/v1/models")
    assert type(refused.value) is kind


def test_changed_lines_of_a_definition_come_with_the_keys_that_lead_to_them() -> None:
    class Version:
        def __init__(self, **definition: Any) -> None:
            self.definition = definition

    candidate = {"name": "ridge", "parameters": {"alpha": 1}}
    first: Any = Version(target="price", training={"candidates": [candidate]})
    second: Any = Version(target="price", training={"candidates": [{**candidate, "parameters": {"alpha": 2}}]})

    assert definition_changes(first, first) == []
    assert definition_changes(first, second) == [
        "-training.candidates[ridge].parameters.alpha = 1",
        "+training.candidates[ridge].parameters.alpha = 2",
    ]


def test_a_table_keeps_brackets_and_leaves_absent_values_out() -> None:
    screen = console()

    screen.print(add_rows(make_table("name", "value", right=("value",)), [["[x]", None], ["y", 0.123456]]))

    assert "[x]" in written(screen)
    assert "0.1235" in written(screen)
    assert "None" not in written(screen)
