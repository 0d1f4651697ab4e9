"""Each state of an account that would stop a deployment is found, with its cure, and a healthy account passes.

moto is the account where it knows a call. botocore's stubs answer for the rest.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws
from moto.cloudformation.models import cloudformation_backends

from cli.app import main
from local.preflight import examination
from local.preflight.findings import Account, Plan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from local.preflight.findings import Finding

REGION, ACCOUNT = "eu-west-1", "123456789012"
ROLE = "arn:aws:iam::123456789012:role/other-ApiLogsRole-1"
ADDRESS = "people@example.org"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:refrain-NotificationTopic-1"
TEMPLATE = json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}})
USERS = [f"logs.{REGION}.amazonaws.com", "s3.amazonaws.com", "cloudwatch.amazonaws.com"]


@dataclass
class World:
    """An account in moto; `answers` replace the calls that moto does not know."""

    plan: Plan
    answers: dict[tuple[str, str], Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        client: Any = boto3.client(service, region_name=REGION)  # type: ignore[call-overload]
        answers = {call: answer for (name, call), answer in self.answers.items() if name == service}
        if answers:
            stub = Stubber(client)
            for call, answer in answers.items():
                if isinstance(answer, str):
                    stub.add_client_error(call, answer, f"{answer} is not allowed")
                else:
                    stub.add_response(call, answer)
            stub.activate()
        return client

    def plan_with(self, **parameters: str) -> None:
        self.plan = replace(self.plan, parameters={**self.plan.parameters, **parameters})

    def limit(self, *, total: int = 1000, unreserved: int = 1000, used: int = 0) -> None:
        limits = {"ConcurrentExecutions": total, "UnreservedConcurrentExecutions": unreserved}
        self.answers["lambda", "get_account_settings"] = {
            "AccountLimit": {"TotalCodeSize": 80_000_000_000, **limits},
            "AccountUsage": {"TotalCodeSize": used},
        }
        self.answers["lambda", "list_functions"] = {"Functions": []}

    def stack(self, state: str) -> None:
        boto3.client("cloudformation", region_name=REGION).create_stack(StackName="refrain", TemplateBody=TEMPLATE)
        (stack,) = cloudformation_backends[ACCOUNT][REGION].stacks.values()
        stack.status = state

    def key(self, users: list[str], *, enabled: bool = True) -> None:
        kms = boto3.client("kms", region_name=REGION)
        statement = {"Effect": "Allow", "Principal": {"Service": users}, "Action": "kms:*", "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        arn = kms.create_key(Policy=policy)["KeyMetadata"]["Arn"]
        if not enabled:
            kms.disable_key(KeyId=arn.rpartition("/")[2])
        self.plan_with(KmsKeyArn=arn)

    def findings(self) -> dict[str, Finding]:
        """The worst finding of each check."""
        order = ["ok", "unknown", "warning", "stops"]
        findings = sorted(
            examination.examine(Account(self.client), self.plan), key=lambda one: order.index(one.verdict)
        )
        return {finding.check: finding for finding in findings}


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        world = World(examination.read_plan("default", [f"NotificationEmail={ADDRESS}"], REGION))
        world.limit()
        world.answers["apigateway", "get_account"] = {"throttleSettings": {"rateLimit": 10000.0}}
        yield world


def test_a_healthy_account_passes(world: World) -> None:
    assert {finding.verdict for finding in world.findings().values()} == {"ok"}


def bucket(world: World) -> None:
    options: Any = {"LocationConstraint": REGION}
    boto3.client("s3", region_name=REGION).create_bucket(
        Bucket="refrain-lakebucket-1x", CreateBucketConfiguration=options
    )


def log_group(world: World) -> None:
    boto3.client("logs", region_name=REGION).create_log_group(logGroupName="/aws/vendedlogs/states/refrain-retraining")


def pending(world: World) -> None:
    world.stack("UPDATE_COMPLETE")
    pending = {"Endpoint": ADDRESS, "SubscriptionArn": "PendingConfirmation", "Protocol": "email"}
    world.answers["sns", "list_subscriptions_by_topic"] = {"Subscriptions": [pending]}


def other_region(world: World, region: str) -> None:
    world.plan = replace(world.plan, region=region)


def renamed(world: World, name: str) -> None:
    world.plan = replace(world.plan, stack=name)


def log_role(world: World, role: str | None, choice: str) -> None:
    world.answers["apigateway", "get_account"] = {"cloudwatchRoleArn": role} if role else {}
    world.plan_with(ApiLogRole=choice)


def new_account(world: World, **parameters: str) -> None:
    world.limit(total=10, unreserved=10)
    world.plan_with(**parameters)


STATES: dict[str, tuple[Callable[[World], None], str, str, str]] = {
    "a name that is too long": (lambda world: renamed(world, "r" * 50), "name", "stops", "at most 49"),
    "a name with a dot": (lambda world: renamed(world, "re.frain"), "name", "stops", "hyphens"),
    "China": (lambda world: other_region(world, "cn-north-1"), "region", "stops", "outside China"),
    "an unknown region": (lambda world: other_region(world, "eu-west-9"), "region", "warning", "another region"),
    "a failed first deployment": (lambda world: world.stack("ROLLBACK_COMPLETE"), "stack", "stops", "delete-stack"),
    "an update under way": (lambda world: world.stack("UPDATE_IN_PROGRESS"), "stack", "stops", "Wait"),
    "a failed rollback": (lambda world: world.stack("UPDATE_ROLLBACK_FAILED"), "stack", "stops", "continue-update"),
    "a bucket of an earlier stack": (bucket, "left over", "warning", "Empty and delete"),
    "a log group of an earlier stack": (log_group, "left over", "stops", "delete-log-group"),
    "a new account": (new_account, "concurrency", "warning", "Concurrent executions"),
    "a reservation": (lambda world: new_account(world, MaxConcurrency="5"), "concurrency", "stops", "MaxConcurrency=0"),
    "more memory": (lambda world: new_account(world, TrainingMemory="5307"), "memory", "stops", "TrainingMemory=3008"),
    "memory, old account": (lambda world: world.plan_with(TrainingMemory="5307"), "memory", "warning", "Support"),
    "no room for code": (lambda world: world.limit(used=79_000_000_000), "code storage", "stops", "Delete old"),
    "a log role": (lambda world: log_role(world, ROLE, "set"), "log role", "warning", "ApiLogRole=keep"),
    "no log role": (lambda world: log_role(world, None, "keep"), "log role", "stops", "ApiLogRole=set"),
    "a low rate": (
        lambda world: world.plan_with(RequestsPerSecond="20000"),
        "rate",
        "warning",
        "RequestsPerSecond=10000",
    ),
    "a key for nobody": (lambda world: world.key([]), "key", "stops", "policy"),
    "a disabled key": (lambda world: world.key(USERS, enabled=False), "key", "stops", "enable-key"),
    "a key elsewhere": (
        lambda world: world.plan_with(KmsKeyArn="arn:aws:kms:us-east-1:1:key/1"),
        "key",
        "stops",
        "this region",
    ),
    "no address": (
        lambda world: world.plan_with(NotificationEmail=""),
        "notifications",
        "warning",
        "NotificationEmail=",
    ),
    "an unconfirmed address": (pending, "notifications", "warning", "link"),
}


@pytest.mark.parametrize("state", STATES)
def test_what_would_stop_or_hurt_a_deployment_is_found_with_its_cure(world: World, state: str) -> None:
    make, check, verdict, cure = STATES[state]
    make(world)

    finding = world.findings()[check]

    assert (finding.verdict, cure in finding.cure) == (verdict, True), finding


def test_a_stack_in_service_has_left_nothing_over(world: World) -> None:
    world.stack("UPDATE_COMPLETE")

    findings = world.findings()

    assert (findings["stack"].verdict, findings["left over"].verdict) == ("ok", "ok")


def test_a_key_that_the_services_may_use_passes(world: World) -> None:
    world.key(USERS)

    assert world.findings()["key"].verdict == "ok"


def test_a_function_with_that_memory_shows_that_the_account_allows_it(world: World) -> None:
    world.plan_with(TrainingMemory="5307")
    functions = [{"FunctionName": "other", "MemorySize": 10240}]
    world.answers["lambda", "list_functions"] = {"Functions": functions}

    assert world.findings()["memory"].verdict == "ok"


@pytest.mark.parametrize("error", ["ExpiredToken", "InvalidClientTokenId"])
def test_without_valid_credentials_nothing_else_is_asked(world: World, error: str) -> None:
    world.answers["sts", "get_caller_identity"] = error

    (finding,) = world.findings().values()

    assert (finding.check, finding.verdict) == ("credentials", "stops")
    assert "aws sso login" in finding.cure


def test_without_a_region_nothing_else_is_asked(world: World) -> None:
    world.plan = replace(world.plan, region="")

    (finding,) = world.findings().values()

    assert "AWS_DEFAULT_REGION" in finding.cure


def test_a_check_that_is_not_allowed_is_unknown_and_the_rest_goes_on(world: World) -> None:
    world.answers["lambda", "get_account_settings"] = "AccessDenied"

    findings = world.findings()

    assert findings["lambda"].verdict == "unknown"
    assert findings["notifications"].verdict == "ok"


@pytest.mark.parametrize(("length", "code"), [(7, 0), (60, 1)])
def test_the_doctor_says_by_exit_code_and_json_whether_something_stops_the_deployment(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], length: int, code: int
) -> None:
    monkeypatch.setattr(examination, "read_plan", lambda *_: replace(world.plan, stack="r" * length))
    monkeypatch.setattr(examination, "shell_account", lambda: (Account(world.client), REGION))

    assert main(["doctor", "--json"]) == code
    findings = json.loads(capsys.readouterr().out)
    assert {finding["check"] for finding in findings} >= {"credentials", "name", "stack"}

    assert main(["doctor"]) == code
    assert ("stops" in capsys.readouterr().out) == bool(code)
