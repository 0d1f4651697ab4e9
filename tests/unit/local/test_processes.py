"""Functions run as Lambda runs them: in processes of their own, under the real runtime interface client."""

from __future__ import annotations

import json
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from local.processes import Function, Pool

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.runtime_api import Answer

HANDLER = """
import json, logging, os, sys, time

class OurOwnError(Exception):
    pass

def handler(event, context):
    match event.get("do"):
        case "raise":
            raise OurOwnError("said so")
        case "die":
            os._exit(7)
        case "sleep":
            time.sleep(event["seconds"])
        case "log":
            print("printed")
            logging.getLogger("refrain").info("an event", extra={"model": "income"})
        case "flood":
            return "x" * 7_000_000
    left = context.get_remaining_time_in_millis()
    return {"pid": os.getpid(), "env": dict(os.environ), "id": context.aws_request_id, "left": left, "path": sys.path}
"""


@pytest.fixture
def pool(tmp_path: Path) -> Iterator[Pool]:
    pool = Pool(function(tmp_path), tmp_path, max_processes=2)
    yield pool
    pool.close()


def function(folder: Path, code: str = HANDLER, timeout: int = 5) -> Function:
    (folder / "app.py").write_text(code)
    return Function(
        name="refrain-tiny-function",
        arn="arn:aws:lambda:eu-west-1:123456789012:function:refrain-tiny-function",
        handler="app.handler",
        folder=folder,
        path=(folder,),
        timeout=timeout,
        memory=512,
        environment={"REFRAIN_LAKE_BUCKET": "lake"},
    )


def call(pool: Pool, **event: object) -> Answer:
    return pool.call(json.dumps(event).encode())


def answer(pool: Pool, **event: object) -> Any:
    return json.loads(call(pool, **event).payload)


def test_the_temporary_files_of_a_process_are_deleted(tmp_path: Path) -> None:
    pool = Pool(function(tmp_path), tmp_path)
    scratch = Path(answer(pool)["env"]["TMPDIR"])
    assert scratch.is_dir()

    pool.close()

    assert not scratch.exists()


@pytest.mark.parametrize("nice", [0, 5])
def test_a_process_has_the_priority_of_its_function(tmp_path: Path, nice: int) -> None:
    pool = Pool(replace(function(tmp_path), nice=nice), tmp_path)

    assert os.getpriority(os.PRIO_PROCESS, answer(pool)["pid"]) == min(os.nice(0) + nice, 19)
    pool.close()


def test_an_idle_process_takes_the_next_call(pool: Pool) -> None:
    first, second = answer(pool), answer(pool)

    assert first["pid"] == second["pid"]
    assert first["id"] != second["id"]
    assert 3_000 < second["left"] <= 5_000


def test_concurrent_calls_get_processes_of_their_own_up_to_the_limit(pool: Pool) -> None:
    with ThreadPoolExecutor(5) as threads:
        answers = list(threads.map(lambda _: answer(pool, do="sleep", seconds=0.2), range(5)))

    assert len({result["pid"] for result in answers}) == 2


def test_a_function_sees_the_variables_of_the_template_but_not_of_the_shell(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_SHELL", "1")

    environment = answer(pool)["env"]

    assert environment["REFRAIN_LAKE_BUCKET"] == "lake"
    assert environment["AWS_LAMBDA_FUNCTION_NAME"] == "refrain-tiny-function"
    assert "SECRET_OF_THE_SHELL" not in environment


def test_a_function_cannot_import_the_project_around_it(pool: Pool) -> None:
    project = str(Path(__file__).resolve().parents[3])

    assert project not in answer(pool)["path"]
    assert f"{project}/local" not in answer(pool)["path"]


def test_an_error_keeps_its_class_name_and_message(pool: Pool) -> None:
    failed = call(pool, do="raise")

    assert failed.failed
    assert json.loads(failed.payload)["errorType"] == "OurOwnError"
    assert json.loads(failed.payload)["errorMessage"] == "said so"


def test_after_a_process_died_the_next_call_gets_a_new_one(pool: Pool) -> None:
    before = answer(pool)["pid"]

    died = call(pool, do="die")

    assert died.failed
    assert json.loads(died.payload) == {
        "errorType": "Runtime.ExitError",
        "errorMessage": "Error: Runtime exited with exit status 7",
    }
    assert answer(pool)["pid"] != before


def test_a_call_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    pool = Pool(function(tmp_path, timeout=1), tmp_path)
    before = answer(pool)["pid"]
    started = time.monotonic()

    late = call(pool, do="sleep", seconds=30)

    assert time.monotonic() - started < 5
    assert json.loads(late.payload)["errorType"] == "Sandbox.Timedout"
    assert not running(before)
    assert answer(pool)["pid"] != before
    pool.close()


@pytest.mark.parametrize(
    ("code", "error_type"),
    [("import nothing_of_this_name", "Runtime.ImportModuleError"), ("other = 1", "Runtime.HandlerNotFound")],
)
def test_a_handler_that_cannot_be_loaded_reports_the_reason(tmp_path: Path, code: str, error_type: str) -> None:
    pool = Pool(function(tmp_path, code), tmp_path)

    assert answer(pool)["errorType"] == error_type
    pool.close()


def test_an_answer_longer_than_lambda_allows_is_an_error(pool: Pool) -> None:
    assert answer(pool, do="flood")["errorType"] == "Function.ResponseSizeTooLarge"


def test_the_output_of_a_function_is_in_its_log(pool: Pool, tmp_path: Path) -> None:
    call(pool, do="log")

    output = (tmp_path / "tiny.log").read_text()
    assert "printed" in output
    event = json.loads(next(line for line in output.splitlines() if "an event" in line))
    assert event["model"] == "income"


def test_closing_a_pool_ends_running_calls(tmp_path: Path) -> None:
    pool = Pool(function(tmp_path, timeout=60), tmp_path)
    pid = answer(pool)["pid"]
    answers: list[Answer] = []
    caller = threading.Thread(target=lambda: answers.append(call(pool, do="sleep", seconds=60)))
    caller.start()
    time.sleep(0.2)

    pool.close()
    caller.join(5)

    assert answers[0].failed
    assert not running(pid)


def running(pid: int) -> bool:
    """Whether a process exists and has not ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
