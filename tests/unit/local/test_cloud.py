"""The project's own template and state machine run on one machine with tiny handlers."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from local.cloud import Cloud
from local.concurrency import NEW_ACCOUNT
from local.errors import NotStarted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PROJECT = Path(__file__).resolve().parents[3]

INGEST = """
import json, os
import boto3

def handler(event, context):
    return {"batchItemFailures": [{"itemIdentifier": m["messageId"]} for m in event["Records"] if not done(m)]}

def done(message):
    uploads = json.loads(message["body"]).get("Records", [])
    return all(keep(upload["s3"], int(message["attributes"]["ApproximateReceiveCount"])) for upload in uploads)

def keep(s3, tries):
    key = s3["object"]["key"]
    if "always" in key or ("once" in key and tries == 1):
        return False
    client = boto3.client("s3")
    for name in (key, "version/" + s3["object"]["versionId"]):
        client.put_object(Bucket=os.environ["REFRAIN_LAKE_BUCKET"], Key=f"receipts/{name}", Body=str(tries).encode())
    return True
"""
FAILED_UPLOADS = """
import json, os
import boto3

def handler(event, context):
    for message in event["Records"]:
        key = json.loads(message["body"])["Records"][0]["s3"]["object"]["key"]
        boto3.client("s3").put_object(Bucket=os.environ["REFRAIN_LAKE_BUCKET"], Key=f"receipts/{key}", Body=b"failed")
    return {"batchItemFailures": [{"itemIdentifier": m["messageId"]} for m in event["Records"]]}
"""
INFERENCE = """
import json, os, time

def handler(event, context):
    if event["path"] == "/broken":
        raise ValueError("the inside")
    if event["path"] == "/killed":
        os.kill(os.getpid(), 9)
    if event["path"] == "/slow":
        while not os.path.exists(event["body"]):
            time.sleep(0.01)
    answer = {"pid": os.getpid(), "path": event["path"], "body": event["body"], "method": event["httpMethod"]}
    return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": json.dumps(answer)}
"""
SNAPSHOT = """
class UnknownModel(Exception):
    pass

def handler(event, context):
    model = event["request"]["model"]
    if model == "nobody":
        raise UnknownModel("no model is named nobody")
    candidates = [{"name": name} for name in ("good", "broken", "other")]
    run = event["started_at"][:10] + "-" + event["execution"]
    parts = [("good", 0), ("good", 1), ("broken", 0)] if model == "searching" else []
    searches = [{"name": name, "part": part} for name, part in parts]
    answer = {"model": model, "run": run, "reason": "manual", "enough": model != "empty"}
    return answer | {"searches": searches, "candidates": candidates}
"""
TRAIN = """
def handler(event, context):
    if event["candidate"] == "broken":
        raise ValueError("cannot be trained")
    return {"candidate": event["candidate"], "version": event["run"] + "-" + event["candidate"]}
"""
EVALUATE = """
def handler(event, context):
    answer = {name: event[name] for name in ("model", "run", "trained")}
    return answer | {"decision": {"promote": event["model"] != "worse"}, "rollout": {"mode": "immediate"}}
"""
MOVE = """
class ChampionChanged(Exception):
    pass

def handler(event, context):
    if event["model"] == "raced" and event["move"] == "promote":
        raise ChampionChanged("another run was faster")
    return event
"""
JUDGE = """
def handler(event, context):
    return {"model": event["model"], "run": event["run"], "pause_seconds": 1, "judgement": {"verdict": "promote"}}
"""
MONITORING = """
import os, time
import boto3

def handler(event, context):
    if "request" in event:
        now, models = event["request"]["now"], ["one", "raises", "hangs", "dies", "two"]
        return {"now": now, "models": models if now < "2001" else ["one"], "begun_here": now > "1980"}
    if event["model"] == "raises":
        raise ValueError("cannot be read")
    if event["model"] == "hangs":
        time.sleep(600)
    if event["model"] == "dies":
        os.kill(os.getpid(), 9)
    key, within = f"monitoring/{event['model']}/{event['now']}", os.environ["REFRAIN_DELIVERY_SECONDS"]
    boto3.client("s3").put_object(Bucket=os.environ["REFRAIN_LAKE_BUCKET"], Key=key, Body=within.encode())
    return {"model": event["model"], "state": "steady", "code": "nothing"}
"""


def small_project(folder: Path) -> Path:
    """Copy the project with tiny handlers and a queue that retries at once; return its template."""
    shutil.copytree(PROJECT / "functions", folder / "functions", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    for name, code in {
        "ingest": INGEST,
        "failed_uploads": FAILED_UPLOADS,
        "inference": INFERENCE,
        "retraining/snapshot": SNAPSHOT,
        "retraining/train": TRAIN,
        "retraining/evaluate": EVALUATE,
        "retraining/move": MOVE,
        "retraining/judge": JUDGE,
        "monitoring": MONITORING,
        "pretraffic": INFERENCE,
    }.items():
        (folder / "functions" / name).mkdir(parents=True, exist_ok=True)
        (folder / "functions" / name / "app.py").write_text(code)
    template = (PROJECT / "template.yaml").read_text()
    template = template.replace(
        "CodeUri: functions/monitoring\n      Timeout: 900", "CodeUri: functions/monitoring\n      Timeout: 3"
    )
    template = template.replace("VisibilityTimeout: 560", "VisibilityTimeout: 1")
    template = template.replace("VisibilityTimeout: 60", "VisibilityTimeout: 1")
    (folder / "template.yaml").write_text(template)
    return folder / "template.yaml"


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    folder = tmp_path_factory.mktemp("project")
    with Cloud(folder=folder / "state", template=small_project(folder)) as started:
        yield started


def ask(cloud: Cloud, path: str, key: str | None = None, body: bytes | None = None) -> tuple[int, Any]:
    request = urllib.request.Request(cloud.stack["api_url"] + path, data=body)
    request.add_header("content-type", "application/json")
    if key is not None:
        request.add_header("x-api-key", key)
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def upload(cloud: Cloud, key: str) -> None:
    cloud.client("s3").put_object(Bucket=cloud.stack["inbox_bucket"], Key=key, Body=b"a,b\n1,2\n")


def receipt(cloud: Cloud, key: str) -> str | None:
    s3, bucket = cloud.client("s3"), cloud.stack["lake_bucket"]
    kept = [one["Key"] for one in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]
    if f"receipts/{key}" not in kept:
        return None
    return str(s3.get_object(Bucket=bucket, Key=f"receipts/{key}")["Body"].read().decode())


def eventually[T](question: Callable[[], T], seconds: float = 10) -> T:
    end = time.monotonic() + seconds
    while not (answer := question()) and time.monotonic() < end:
        time.sleep(0.05)
    return answer


def retrain(
    cloud: Cloud, request: dict[str, object], machine: str = "state_machine_arn"
) -> tuple[dict[str, Any], list[str]]:
    """Run a state machine; return its description and the names of its states."""
    client = cloud.client("stepfunctions")
    arn = client.start_execution(stateMachineArn=cloud.stack[machine], input=json.dumps(request))["executionArn"]
    assert eventually(lambda: client.describe_execution(executionArn=arn)["status"] != "RUNNING", 60)
    history = client.get_execution_history(executionArn=arn, maxResults=1000)["events"]
    entered = [event["stateEnteredEventDetails"]["name"] for event in history if "stateEnteredEventDetails" in event]
    return client.describe_execution(executionArn=arn), entered


def test_the_stack_file_has_everything_that_other_programs_need(cloud: Cloud) -> None:
    assert set(cloud.stack) == {
        "api_url",
        "api_key",
        "aws_endpoint_url",
        "region",
        "inbox_bucket",
        "lake_bucket",
        "state_machine_arn",
        "monitoring_state_machine_arn",
        "history_table",
    }
    assert json.loads((cloud.folder / "stack.json").read_text()) == cloud.stack


def test_an_upload_reaches_ingest_through_the_queue(cloud: Cloud) -> None:
    upload(cloud, "income/fine.csv")

    assert eventually(lambda: receipt(cloud, "income%2Ffine.csv")) == "1"


def test_an_upload_event_names_the_object_version(cloud: Cloud) -> None:
    s3, bucket = cloud.client("s3"), cloud.stack["inbox_bucket"]
    versions = [s3.put_object(Bucket=bucket, Key="versions/a.csv", Body=b"1")["VersionId"] for _ in range(2)]

    assert eventually(lambda: all(receipt(cloud, f"version/{version}") for version in versions))


def test_a_failed_upload_is_tried_again(cloud: Cloud) -> None:
    upload(cloud, "income/once.csv")

    assert eventually(lambda: receipt(cloud, "income%2Fonce.csv")) == "2"


def test_an_upload_that_keeps_failing_gets_a_receipt_and_becomes_a_dead_letter(cloud: Cloud) -> None:
    sqs = cloud.client("sqs")
    dead = sqs.get_queue_url(QueueName="refrain-ingest-dead-letters")["QueueUrl"]

    upload(cloud, "income/always.csv")

    assert eventually(lambda: receipt(cloud, "income%2Falways.csv")) == "failed"
    (letter,) = eventually(lambda: sqs.receive_message(QueueUrl=dead).get("Messages", []), 30)
    assert json.loads(letter["Body"])["Records"][0]["s3"]["object"]["key"] == "income%2Falways.csv"


def test_the_api_requires_the_key(cloud: Cloud) -> None:
    for key in (None, "wrong"):
        status, problem = ask(cloud, "/v1/models", key)
        assert (status, problem["code"]) == (403, "forbidden")
    assert ask(cloud, "/v1/models", key=cloud.stack["api_key"])[0] == 200


@pytest.mark.parametrize("path", ["/v2/health/live", "/v2/health/ready"])
def test_health_needs_no_key(cloud: Cloud, path: str) -> None:
    status, answer = ask(cloud, path)

    assert (status, answer["path"]) == (200, path)


@pytest.mark.parametrize("path", ["/v2/health/live", "/docs", "/v1/models"])
def test_every_method_reaches_the_function_at_every_path(cloud: Cloud, path: str) -> None:
    request = urllib.request.Request(cloud.stack["api_url"] + path, method="HEAD")
    request.add_header("x-api-key", cloud.stack["api_key"])

    with urllib.request.urlopen(request, timeout=10) as response:
        assert response.status == 200


def test_a_path_with_a_verb_reaches_the_function(cloud: Cloud) -> None:
    status, answer = ask(cloud, "/v1/models/income:predict", cloud.stack["api_key"], b'{"instances": []}')

    assert status == 200
    assert (answer["method"], answer["path"]) == ("POST", "/v1/models/income:predict")
    assert answer["body"] == '{"instances": []}'


def test_invalid_bytes_of_a_body_are_replaced(cloud: Cloud) -> None:
    assert ask(cloud, "/v1/models", cloud.stack["api_key"], b"\xff\x00x")[1]["body"] == "\ufffd\x00x"


@pytest.mark.parametrize("megabytes", [7, 11])
def test_a_body_that_is_too_long_does_not_reach_the_function(cloud: Cloud, megabytes: int) -> None:
    status, problem = ask(cloud, "/v1/models", cloud.stack["api_key"], b"x" * megabytes * 1_000_000)

    assert (status, problem["code"]) == (413, "body_too_large")


@pytest.mark.parametrize("path", ["/broken", "/killed"])
def test_a_failing_function_answers_502_without_its_error(cloud: Cloud, path: str) -> None:
    status, problem = ask(cloud, path, cloud.stack["api_key"])

    assert (status, problem["code"]) == (502, "unavailable")


def test_calls_above_the_limit_of_the_account_are_refused_as_on_aws(cloud: Cloud, tmp_path: Path) -> None:
    awslambda, key, release = cloud.client("lambda"), cloud.stack["api_key"], tmp_path / "release"
    refusals: list[dict[str, Any]] = []

    def refused() -> bool:
        try:
            awslambda.invoke(FunctionName="refrain-move-function", Payload=b'{"model": "any", "move": "keep"}')
        except awslambda.exceptions.TooManyRequestsException as error:
            refusals.append(error.response)
        return bool(refusals)

    def hold() -> int:
        while (status := ask(cloud, "/slow", key, str(release).encode())[0]) == 500:  # `refused` took the room
            time.sleep(0.05)
        return status

    with ThreadPoolExecutor(NEW_ACCOUNT + 1) as threads:
        calls = [threads.submit(hold) for _ in range(NEW_ACCOUNT)]
        assert eventually(refused, 30)
        status, problem = ask(cloud, "/v1/models", key)
        run = threads.submit(retrain, cloud, {"model": "better"})
        time.sleep(0.5)
        release.touch()

    assert refusals[0]["Error"]["Message"] == "Rate Exceeded."
    assert refusals[0]["ResponseMetadata"]["HTTPStatusCode"] == 429
    assert (status, problem["code"]) == (500, "unavailable")
    assert {call.result() for call in calls} == {200}
    assert run.result()[0]["status"] == "SUCCEEDED"


def test_a_better_candidate_is_promoted_and_a_failed_one_is_recorded(cloud: Cloud) -> None:
    done, states = retrain(cloud, {"model": "better"})

    assert done["status"] == "SUCCEEDED"
    assert json.loads(done["output"])["move"] == "promote"
    assert [state for state in states if state not in ("Train a candidate", "Note the failure")] == [
        "Which action?",
        "Take a snapshot",
        "Enough to learn from?",
        "Train the candidates",
        "Compare with the champion",
        "To be fitted on all rows?",
        "Better?",
        "Promote",
    ]
    assert states.count("Train a candidate") == 3
    assert states.count("Note the failure") == 1


def test_a_search_comes_before_training_and_a_part_that_fails_stops_nothing(cloud: Cloud) -> None:
    done, states = retrain(cloud, {"model": "searching"})

    assert done["status"] == "SUCCEEDED"
    assert json.loads(done["output"])["move"] == "promote"
    assert states.index("Search the parameters") < states.index("Try parameters") < states.index("Train the candidates")
    assert states.count("Try parameters") == 3
    assert states.count("Go on without this part") == 1
    assert states.count("Train a candidate") == 3


@pytest.mark.parametrize(
    ("model", "last", "output"),
    [
        ("worse", "Keep the champion", {"move": "keep"}),
        ("raced", "Somebody else was faster", {"move": "superseded"}),
        ("empty", "Nothing to learn from", {"enough": False}),
    ],
)
def test_a_run_that_promotes_nothing_succeeds(cloud: Cloud, model: str, last: str, output: dict[str, object]) -> None:
    done, states = retrain(cloud, {"model": model})

    assert done["status"] == "SUCCEEDED"
    assert states[-1] == last
    assert output.items() <= json.loads(done["output"]).items()


def test_a_run_of_an_unknown_model_is_refused_with_the_original_error(cloud: Cloud) -> None:
    done, states = retrain(cloud, {"model": "nobody"})

    assert states[-1] == "Refused"
    assert (done["status"], done["error"]) == ("FAILED", "UnknownModel")
    assert json.loads(done["cause"])["errorMessage"] == "no model is named nobody"


def test_any_other_error_fails_the_run_with_the_original_error(cloud: Cloud) -> None:
    done, states = retrain(cloud, {"reason": "no model in it"})

    assert states[-1] == "Retraining failed"
    assert (done["status"], done["error"]) == ("FAILED", "KeyError")


def test_models_that_raise_hang_or_kill_their_process_cost_the_others_nothing_and_are_named(cloud: Cloud) -> None:
    done, states = retrain(cloud, {"now": "2000-01-01T00:20:00Z"}, "monitoring_state_machine_arn")

    assert ticks(cloud) == ["monitoring/one/2000-01-01T00:20:00Z", "monitoring/two/2000-01-01T00:20:00Z"]
    assert states.count("Monitor a model") == 5
    assert states[-1] == "Some models were not monitored"
    assert (done["status"], done["error"]) == ("FAILED", "ModelsNotMonitored")
    assert json.loads(done["cause"]) == ["raises", "hangs", "dies"]


@pytest.mark.parametrize(
    ("now", "last", "status"),
    [
        ("2001-01-01T00:20:00Z", "Each model was monitored", "SUCCEEDED"),
        ("1970-01-01T00:20:00Z", "Another execution makes this round", "SUCCEEDED"),
        (0, "Monitoring failed", "FAILED"),
    ],
)
def test_a_round_ends_in_words(cloud: Cloud, now: object, last: str, status: str) -> None:
    done, states = retrain(cloud, {"now": now}, "monitoring_state_machine_arn")

    assert (states[-1], done["status"]) == (last, status)
    assert ("Monitor a model" in states) == (last == "Each model was monitored")


def ticks(cloud: Cloud) -> list[str]:
    listing = cloud.client("s3").list_objects_v2(Bucket=cloud.stack["lake_bucket"], Prefix="monitoring/")
    return [item["Key"] for item in listing.get("Contents", [])]


def test_schedules_run_only_with_a_tick_and_functions_know_the_delivery_time(cloud: Cloud, tmp_path: Path) -> None:
    with Cloud(tmp_path / "state", template=small_project(tmp_path), tick=1, stack="refrain-dev") as ticking:
        assert eventually(lambda: len(ticks(ticking)) >= 2)
        lake = ticking.stack["lake_bucket"]
        within = ticking.client("s3").get_object(Bucket=lake, Key=ticks(ticking)[0])["Body"].read()

    assert lake == "refrain-dev-lake-bucket"
    assert within == b"3"
    assert not [tick for tick in ticks(cloud) if tick.rpartition("/")[2] > "2002"]  # those before were by hand


def test_a_second_cloud_in_the_same_folder_is_refused(cloud: Cloud) -> None:
    second = up(cloud.folder)

    assert second.wait(10) == 2
    assert (
        said(second)
        == f"A local cloud is already running in {cloud.folder} (process {cloud.process.pid}); stop it first."
    )
    assert ask(cloud, "/v2/health/live")[0] == 200


def test_a_taken_port_is_reported(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        process = up(tmp_path, "--api-port", str(port))

        assert process.wait(10) == 2
        assert said(process).startswith(f"Port {port} is taken by another program")


def test_a_cloud_that_cannot_start_reports_the_reason(tmp_path: Path) -> None:
    with pytest.raises(NotStarted, match="There is no template at"), Cloud(tmp_path, template=tmp_path / "absent.yaml"):
        pass


def test_an_invalid_definition_is_reported_at_the_start_and_the_others_work(tmp_path: Path) -> None:
    models = tmp_path / "definitions"
    models.mkdir()
    (models / "odd.toml").write_text('task = "nonsense"')

    with Cloud(tmp_path / "state", models=models, template=small_project(tmp_path)) as cloud:
        output = (cloud.folder / "up.log").read_text()

    assert "odd.toml: task: expected one of classification, regression" in output


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_cloud_leaves_no_process_behind(tmp_path: Path, how: signal.Signals) -> None:
    state = tmp_path / "state"
    state.mkdir()
    (state / "stack.json").write_text('{"api_url": "of one that was killed"}')
    with Cloud(state, template=small_project(tmp_path)) as cloud:
        pid = ask(cloud, "/v2/health/live")[1]["pid"]

        os.kill(cloud.process.pid, how)
        status = cloud.process.wait(10)

    assert status == (-how if how == signal.SIGKILL else 0)
    assert eventually(lambda: not running(pid))
    assert (state / "stack.json").exists() == (how == signal.SIGKILL)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_cloud_that_is_stopped_while_it_starts_ends_at_once(tmp_path: Path, how: signal.Signals) -> None:
    process = up(tmp_path)
    assert eventually(lambda: (tmp_path / "lock").exists())

    process.send_signal(how)

    assert process.wait(5) == 0
    assert said(process) == ""
    assert not (tmp_path / "stack.json").exists()


def up(folder: Path, *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "local.up", "--folder", str(folder), *options]
    return subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    with process.stdout as output:
        return output.read().strip()


def running(pid: int) -> bool:
    """Whether a process exists and has not ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
