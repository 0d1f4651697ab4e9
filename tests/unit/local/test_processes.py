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

from local.concurrency import Concurrency
from local.credentials import has_expired
from local.errors import TooManyCalls
from local.pool import Pool
from local.processes import Function

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.runtime_api import Answer

HANDLER = """
import json, logging, os, pathlib, subprocess, sys, time

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
        case "hold":
            held = b"x" * (event["megabytes"] * 1024 * 1024)
            time.sleep(event.get("seconds", 0))
        case "start":
            code = f"held = b'x' * ({event['megabytes']} * 1024 * 1024); import time; time.sleep(60)"
            subprocess.run([sys.executable, "-c", code])
        case "write":
            pathlib.Path(os.environ["TMPDIR"], event["name"]).write_text("mine")
    left = context.get_remaining_time_in_millis()
    files = sorted(path.name for path in pathlib.Path(os.environ["TMPDIR"]).iterdir())
    process = {"pid": os.getpid(), "env": dict(os.environ), "path": sys.path, "files": files}
    return process | {"id": context.aws_request_id, "left": left}
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


def request_id(failed: Answer) -> str:
    return str(json.loads(failed.payload)["errorMessage"]).split()[1]


def test_a_process_starts_with_the_files_of_an_earlier_one_and_leaves_its_own_to_the_next(tmp_path: Path) -> None:
    pool = Pool(function(tmp_path), tmp_path)
    first = answer(pool)
    assert first["files"]

    call(pool, do="write", name="of-a-call")
    call(pool, do="die")

    second = answer(pool)
    assert second["pid"] != first["pid"]
    assert set(second["files"]) == {*first["files"], "of-a-call"}
    pool.close()
    assert not Path(first["env"]["TMPDIR"]).exists()


def test_processes_at_the_same_time_have_temporary_files_of_their_own(pool: Pool) -> None:
    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(lambda _: answer(pool, do="sleep", seconds=0.2), range(2)))

    assert len({result["env"]["TMPDIR"] for result in answers}) == 2


def reports(folder: Path) -> list[dict[str, Any]]:
    lines = (folder / "logs" / "tiny.log").read_text().splitlines()
    documents = [json.loads(line) for line in lines if line.startswith("{")]
    return [document["record"] for document in documents if document.get("type") == "platform.report"]


@pytest.mark.parametrize(
    "event",
    [{"do": "hold"}, {"do": "hold", "seconds": 60}, {"do": "start"}],
    ids=["for a moment", "for long", "in a process of its own"],
)
def test_a_process_that_holds_more_than_its_memory_is_killed_and_reported_as_by_lambda(
    tmp_path: Path, event: dict[str, Any]
) -> None:
    pool = Pool(replace(function(tmp_path, timeout=30), memory=128), tmp_path)
    before = answer(pool)["pid"]

    killed = call(pool, megabytes=200, **event)

    failure = json.loads(killed.payload)
    assert (killed.failed, failure["errorType"]) == (True, "Runtime.ExitError")
    assert failure["errorMessage"] == (
        f"RequestId: {request_id(killed)} Error: Runtime exited with error: signal: killed"
    )
    (report,) = reports(tmp_path)
    assert (report["errorType"], report["metrics"]["memorySizeMB"]) == ("Runtime.OutOfMemory", 128)
    assert not running(before)
    assert answer(pool, do="hold", megabytes=50)["pid"] != before
    pool.close()


def test_a_function_has_no_semaphores(tmp_path: Path) -> None:
    code = """
import multiprocessing, multiprocessing.synchronize
import joblib

def handler(event, context):
    jobs = joblib.Parallel(n_jobs=2, prefer="threads")
    assert jobs(joblib.delayed(abs)(number) for number in (-1, -2)) == [1, 2]
    try:
        multiprocessing.Lock()
    except OSError as error:
        return [joblib.effective_n_jobs(2), error.strerror]
"""
    pool = Pool(function(tmp_path, code, timeout=30), tmp_path)

    assert answer(pool) == [1, "Function not implemented"]
    pool.close()


def test_calls_above_the_limit_of_the_account_are_refused_whatever_their_function(tmp_path: Path) -> None:
    concurrency = Concurrency(2)
    pools = [Pool(function(tmp_path), tmp_path / str(number), concurrency) for number in range(3)]
    for pool in pools:
        answer(pool)

    with ThreadPoolExecutor(2) as threads:
        running_calls = [threads.submit(answer, pool, do="sleep", seconds=1) for pool in pools[:2]]
        time.sleep(0.5)
        with pytest.raises(TooManyCalls, match="Rate Exceeded"):
            call(pools[2])
        for running_call in running_calls:
            running_call.result()

    assert answer(pools[2])
    for pool in pools:
        pool.close()


def test_a_function_with_snap_start_gets_credentials_from_an_endpoint_only(tmp_path: Path) -> None:
    code = """
import os
import boto3

def handler(event, context):
    keys = [name for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY") if name in os.environ]
    credentials = boto3.Session().get_credentials()
    frozen = credentials.get_frozen_credentials()
    return [keys, credentials.method, frozen.access_key, frozen.token]
"""
    pool = Pool(replace(function(tmp_path, code, timeout=30), snap_start=True), tmp_path)

    keys, method, key, token = answer(pool)

    assert (keys, method, key) == ([], "container-role", "refrain-tiny-function")
    assert not has_expired(token)
    pool.close()


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
        "errorMessage": f"RequestId: {request_id(died)} Error: Runtime exited with error: exit status 7",
    }
    assert answer(pool)["pid"] != before


def test_a_call_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    pool = Pool(function(tmp_path, timeout=1), tmp_path)
    before = answer(pool)["pid"]
    started = time.monotonic()

    late = call(pool, do="sleep", seconds=30)

    assert time.monotonic() - started < 5
    assert json.loads(late.payload) == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": f"RequestId: {request_id(late)} Error: Task timed out after 1.00 seconds",
    }
    assert [report["errorType"] for report in reports(tmp_path)] == ["Sandbox.Timedout"]
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

    output = (tmp_path / "logs" / "tiny.log").read_text()
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
