"""What CloudFormation gets after both transforms: names, orders, versions, metrics, and a new account's quotas.

The template as people write it shows none of these, since SAM derives resources, names and hashes from it.
"""

from __future__ import annotations

import json
import re
from functools import cache
from graphlib import TopologicalSorter
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import pytest

from local.template import read_template
from local.transform import transform_template
from local.validate import TEMPLATE, WITH_EVERYTHING

if TYPE_CHECKING:
    from collections.abc import Iterator

type Resources = dict[str, dict[str, Any]]

OTHER_VALUES: dict[str, str | int] = WITH_EVERYTHING | {
    "AllowedOrigins": "https://app.example.org",
    "VpcEndpointId": "vpce-0123456789abcdef0",
    "AuthMode": "IAM",
    "RequestsPerSecond": 7,
    "RequestBurst": 8,
    "RequestsPerDay": 9,
    "IngestMemory": 1024,
    "SnapshotMemory": 1024,
    "TrainingMemory": 1024,
    "EvaluationMemory": 1024,
    "MonitoringMemory": 1024,
    "InferenceMemory": 1024,
    "IngestConcurrency": 3,
    "TrainingConcurrency": 3,
    "MonitoringConcurrency": 3,
    "RefreshSeconds": 6,
    "SlowMilliseconds": 7,
    "TrafficShift": "AllAtOnce",
    "RollBackOnAlarms": "no",
    "SnapStart": "PublishedVersions",
    "ApiLogRole": "keep",
    "LogRetentionDays": 7,
    "CapturedDays": 8,
    "RejectedDays": 9,
}
MAX_NEW_ACCOUNT_MEMORY = 3008
MAX_NEW_ACCOUNT_CONCURRENCY = 10
LEFT_TO_CALLERS = 3
UNVERSIONED = {"ReservedConcurrentExecutions", "Tags"}
"""What a function has and its versions have not, so Lambda publishes no version when it changes."""


@cache
def _transformed(parameters: tuple[tuple[str, str | int], ...]) -> Resources:
    resources: Resources = transform_template(TEMPLATE, dict(parameters))["Resources"]
    return resources


def transformed(**parameters: str | int) -> Resources:
    return _transformed(tuple(sorted(parameters.items())))


def of_type(resources: Resources, kind: str) -> Resources:
    return {name: resource for name, resource in resources.items() if resource["Type"] == kind}


def references(value: object) -> set[str]:
    """Everything that a value refers to: resources, parameters, and what AWS alone knows."""
    text = json.dumps(value)
    names = re.findall(r'"Ref": "([\w:]+)"', text) + re.findall(r'"Fn::GetAtt": \["(\w+)"', text)
    return {*names, *re.findall(r"\$\{([\w:]+)", text)}


def graph(resources: Resources) -> dict[str, set[str]]:
    """The resources that each resource waits for."""
    return {
        name: {
            *references({part: resource.get(part) for part in ("Properties", "UpdatePolicy")}),
            *([resource.get("DependsOn", [])] if isinstance(resource.get("DependsOn"), str) else []),
            *(resource.get("DependsOn", []) if isinstance(resource.get("DependsOn"), list) else []),
        }
        & resources.keys()
        for name, resource in resources.items()
    }


def waits_for(resources: Resources, name: str) -> set[str]:
    """The resources that exist before a resource is created."""
    edges, reached, left = graph(resources), set[str](), [name]
    while left:
        new = edges[left.pop()] - reached
        reached |= new
        left += new
    return reached


def alarm_metrics(alarm: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The metrics of an alarm."""
    if "MetricName" in alarm:
        yield alarm
    yield from (entry["MetricStat"]["Metric"] for entry in alarm.get("Metrics", []) if "MetricStat" in entry)


EVERYTHING = transformed(**WITH_EVERYTHING)
ALARMS = {name: alarm["Properties"] for name, alarm in of_type(EVERYTHING, "AWS::CloudWatch::Alarm").items()}
FUNCTIONS = of_type(EVERYTHING, "AWS::Lambda::Function")


def test_every_parameter_has_another_value_to_try() -> None:
    assert OTHER_VALUES.keys() == read_template(TEMPLATE).parameters.keys()


@pytest.mark.parametrize(("origins", "allowed"), [("https://app.example.org", "'*'"), ("", None)])
def test_pages_may_read_what_api_gateway_answers_by_itself_where_origins_are_allowed(
    origins: str, allowed: str | None
) -> None:
    body = transformed(AllowedOrigins=origins)["Api"]["Properties"]["Body"]
    header = "gatewayresponse.header.Access-Control-Allow-Origin"
    responses = body["x-amazon-apigateway-gateway-responses"].values()

    assert {response["responseParameters"].get(header) for response in responses} == {allowed}


def test_the_api_is_open_to_the_internet_unless_an_endpoint_is_named() -> None:
    api = transformed()["Api"]["Properties"]

    assert api["EndpointConfiguration"]["Types"] == ["REGIONAL"]
    assert "x-amazon-apigateway-policy" not in api["Body"]


@pytest.mark.parametrize(("mode", "allowed"), [("KEY", 1), ("IAM", 3)])
def test_a_private_api_answers_its_endpoint_alone_and_no_caller_without_rights(mode: str, allowed: int) -> None:
    endpoint = "vpce-0123456789abcdef0"
    api = transformed(VpcEndpointId=endpoint, AuthMode=mode)["Api"]["Properties"]

    configuration = api["EndpointConfiguration"]
    assert (configuration["Types"], configuration["VpcEndpointIds"]) == (["PRIVATE"], [endpoint])
    refused, accepted = api["Body"]["x-amazon-apigateway-policy"]["Statement"]
    assert refused["Condition"] == {"StringNotEquals": {"aws:SourceVpce": endpoint}}
    resources = accepted["Resource"] if isinstance(accepted["Resource"], list) else [accepted["Resource"]]
    assert len(resources) == allowed
    assert ("execute-api:/*" in resources) == (mode == "KEY")


def test_every_name_is_within_the_stack() -> None:
    """A name has the stack's name, or belongs to a resource of the stack. Other stacks of the account have others."""
    names = {
        resource: {
            key: value
            for key, value in content.get("Properties", {}).items()
            if re.search("(?<!Metric)Name$|^RestApiId$", key)
        }
        for resource, content in EVERYTHING.items()
    }
    own = EVERYTHING.keys() | {"AWS::StackName"}

    assert sum(map(bool, names.values())) > 20
    assert {resource: values for resource, values in names.items() if values and not references(values) & own} == {}


@pytest.mark.parametrize("parameters", [WITH_EVERYTHING, WITH_EVERYTHING | {"ApiLogRole": "keep"}], ids=["set", "keep"])
def test_resources_can_be_created_one_after_the_other(parameters: dict[str, str | int]) -> None:
    TopologicalSorter(graph(transformed(**parameters))).prepare()


def test_api_gateway_has_an_api_before_its_log_role_and_the_role_before_the_stage() -> None:
    assert "Api" in waits_for(EVERYTHING, "ApiLogAccount")
    assert "ApiLogAccount" in waits_for(EVERYTHING, "ApiliveStage")
    kept = transformed(ApiLogRole="keep")
    assert kept["ApiLogAccount"]["Condition"] == "SetsApiLogRole"
    assert "ApiLogAccount" not in waits_for(kept, "ApiliveStage")


def test_who_reads_or_writes_may_use_the_key_from_the_start() -> None:
    for name in (*FUNCTIONS, "CaptureStream"):
        assert "UseTheKey" in waits_for(EVERYTHING, name), name
    assert EVERYTHING["ScheduleMayUseTheKey"]["Properties"]["RoleName"] == {"Ref": "MonitoringStateMachineEachHourRole"}


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_watches_its_own_stack(name: str) -> None:
    for metric in alarm_metrics(ALARMS[name]):
        is_of_aws = str(metric["Namespace"]).startswith("AWS/")
        own = metric["Dimensions"] if is_of_aws else metric["Namespace"]
        assert references(own) & (EVERYTHING.keys() | {"AWS::StackName"}), metric


def test_the_dashboard_shows_its_own_stack() -> None:
    widgets = EVERYTHING["Dashboard"]["Properties"]["DashboardBody"]["Fn::ToJsonString"]["widgets"]
    metrics = [metric for widget in widgets for metric in widget["properties"].get("metrics", [])]

    assert metrics
    for metric in metrics:
        assert references(metric) & (EVERYTHING.keys() | {"AWS::StackName"}), metric


def test_the_code_counts_in_the_namespace_that_the_alarms_watch() -> None:
    namespace = {"Fn::Sub": "Refrain/${AWS::StackName}"}

    assert ALARMS["DriftedAlarm"]["Namespace"] == namespace
    for function in FUNCTIONS.values():
        assert function["Properties"]["Environment"]["Variables"]["REFRAIN_METRIC_NAMESPACE"] == namespace


def inference(resources: Resources) -> tuple[str, dict[str, Any]]:
    """The logical id of the version of inference, and what such a version has of the function."""
    (version,) = (name for name in of_type(resources, "AWS::Lambda::Version") if name.startswith("Inference"))
    properties = resources["InferenceFunction"]["Properties"]
    return version, {key: value for key, value in properties.items() if key not in UNVERSIONED}


@pytest.mark.parametrize("parameter", OTHER_VALUES)
def test_a_parameter_makes_a_new_version_if_and_only_if_lambda_publishes_one(parameter: str) -> None:
    """A new id without a change fails the update; a change without a new id leaves the version as it was."""
    id_before, before = inference(transformed())
    id_after, after = inference(transformed(**{parameter: OTHER_VALUES[parameter]}))

    assert (id_before != id_after) == (before != after)


def test_a_change_of_what_versions_have_makes_a_new_version() -> None:
    id_before, _ = inference(transformed())

    for parameter in ("InferenceMemory", "KmsKeyArn", "MaxConcurrency", "RefreshSeconds", "SnapStart"):
        assert inference(transformed(**{parameter: OTHER_VALUES[parameter]}))[0] != id_before, parameter


def test_a_parameter_in_globals_stands_at_inference_too() -> None:
    """Parameters are not filled in there, so a change of them would not make a new version."""
    template = read_template(TEMPLATE)
    named = {key for key, value in template.function_globals.items() if references(value) & template.parameters.keys()}

    assert named == {"KmsKeyArn"} <= template.resources["InferenceFunction"].properties.keys()


def test_a_version_is_deleted_when_the_next_one_has_replaced_it() -> None:
    assert EVERYTHING[inference(EVERYTHING)[0]]["DeletionPolicy"] == "Delete"


def test_a_deployment_is_rolled_back_for_failures_of_the_new_version_alone() -> None:
    version, _ = inference(EVERYTHING)
    group = EVERYTHING["InferenceFunctionDeploymentGroup"]["Properties"]["AlarmConfiguration"]

    for alarm in (ALARMS[entry["Name"]["Ref"]] for entry in group["Alarms"]):
        # With the version in its name it is another alarm, which begins anew.
        assert version in references(alarm["AlarmName"])
        assert all(version in references(metric["Dimensions"]) for metric in alarm_metrics(alarm))


def test_no_failure_rolls_a_deployment_back_on_the_day_of_an_incident() -> None:
    assert ALARMS["NewCodeFailsAlarm"]["Threshold"] == 0
    assert transformed(RollBackOnAlarms="no")["NewCodeFailsAlarm"]["Properties"]["Threshold"] == 1_000_000_000


def test_a_new_account_has_the_memory_and_the_concurrency_of_the_defaults() -> None:
    defaults = transformed()
    functions = of_type(defaults, "AWS::Lambda::Function").values()
    sources = of_type(defaults, "AWS::Lambda::EventSourceMapping").values()
    machine = defaults["RetrainingStateMachine"]["Properties"]["Definition"]["States"]
    monitoring = 1
    background = (
        sum(source["Properties"]["ScalingConfig"]["MaximumConcurrency"] for source in sources)
        + machine["Train the candidates"]["MaxConcurrency"]
        + monitoring
    )

    assert max(function["Properties"]["MemorySize"] for function in functions) <= MAX_NEW_ACCOUNT_MEMORY
    assert not any("ReservedConcurrentExecutions" in function["Properties"] for function in functions)
    assert background <= MAX_NEW_ACCOUNT_CONCURRENCY - LEFT_TO_CALLERS


def test_a_first_deployment_that_fails_leaves_no_data_behind() -> None:
    stores = of_type(EVERYTHING, "AWS::S3::Bucket") | of_type(EVERYTHING, "AWS::DynamoDB::Table")

    assert {(store["DeletionPolicy"], store["UpdateReplacePolicy"]) for store in stores.values()} == {
        ("RetainExceptOnCreate", "Retain")
    }


@pytest.mark.parametrize("name", ALARMS)
def test_a_sum_of_metrics_counts_a_silent_one_as_zero(name: str) -> None:
    metrics = list(alarm_metrics(ALARMS[name]))
    expressions = [entry["Expression"] for entry in ALARMS[name].get("Metrics", []) if "Expression" in entry]

    assert len(metrics) <= 10  # all that CloudWatch allows
    if len(metrics) > 1:
        assert expressions == ["SUM(FILL(METRICS(), 0))"]


def test_throttles_of_every_function_raise_an_alarm() -> None:
    watched = {
        name
        for alarm in ALARMS.values()
        for metric in alarm_metrics(alarm)
        if metric["MetricName"] == "Throttles"
        for name in references(metric["Dimensions"])
    }

    assert watched == FUNCTIONS.keys()


def test_the_log_of_the_state_machine_needs_no_room_in_the_policy_of_the_account() -> None:
    (destination,) = EVERYTHING["RetrainingStateMachine"]["Properties"]["LoggingConfiguration"]["Destinations"]
    (group,) = references(destination)

    assert EVERYTHING[group]["Properties"]["LogGroupName"] == {
        "Fn::Sub": "/aws/vendedlogs/states/${AWS::StackName}-retraining"
    }


def test_what_api_gateway_answers_by_itself_is_a_problem_document() -> None:
    responses = EVERYTHING["Api"]["Properties"]["Body"]["x-amazon-apigateway-gateway-responses"]

    assert {"DEFAULT_4XX", "DEFAULT_5XX"} < responses.keys()
    for kind, response in responses.items():
        document = json.loads(response["responseTemplates"]["application/json"])
        status = HTTPStatus(document.get("status", 400 if kind == "DEFAULT_4XX" else 500))
        assert response["responseParameters"]["gatewayresponse.header.Content-Type"] == "'application/problem+json'"
        assert ("status" in document) == (not kind.startswith("DEFAULT_")), kind
        assert document["title"] == status.phrase
        assert ("request_id" in document) == (status >= 500)
        assert document.keys() - {"status", "request_id"} == {"type", "title", "code", "detail"}


def test_the_codes_of_api_gateway_are_documented() -> None:
    responses = EVERYTHING["Api"]["Properties"]["Body"]["x-amazon-apigateway-gateway-responses"]
    documents = [json.loads(response["responseTemplates"]["application/json"]) for response in responses.values()]
    rows = re.findall(r"^\| (\w+) \| `(\w+)` \|", (TEMPLATE.parent / "docs" / "api.md").read_text(), re.MULTILINE)

    several = {"refused": "4xx", "unavailable": "5xx"}
    codes = {(str(document.get("status", several.get(document["code"]))), document["code"]) for document in documents}
    assert codes <= set(rows)


def test_a_changed_api_always_reaches_the_stage() -> None:
    api = read_template(TEMPLATE).resources["Api"].properties

    assert api["AlwaysDeploy"] is True
    assert api["MethodSettings"][0]["MetricsEnabled"] is False  # nothing reads them
