"""The template fits the tree, the state machine fits the code, and both keep to the rules of the house."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from samcli.yamlhelper import yaml_parse

from local.template import Resource, read_template
from local.transform import transform_template
from refrain.deployment import moves

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = Path(__file__).resolve().parents[2]
TEMPLATE = read_template(PROJECT / "template.yaml")
FUNCTIONS = list(TEMPLATE.of_type("AWS::Serverless::Function"))
LAYERS = list(TEMPLATE.of_type("AWS::Serverless::LayerVersion"))
ALARMS = list(TEMPLATE.of_type("AWS::CloudWatch::Alarm"))
BUCKETS = list(TEMPLATE.of_type("AWS::S3::Bucket"))
MACHINE_FILE = PROJECT / "functions" / "retraining" / "retraining.asl.yaml"
MACHINE: dict[str, Any] = yaml.safe_load(MACHINE_FILE.read_text())
SUBSTITUTION = re.compile(r"\$\{(\w+)Arn\}")
TRANSIENT = {
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
}


def named(resource: Resource) -> str:
    return resource.logical_id


def states(machine: dict[str, Any] = MACHINE) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every state, those inside a Map too."""
    for name, state in machine["States"].items():
        yield name, state
        if "ItemProcessor" in state:
            yield from states(state["ItemProcessor"])


TASKS = {name: state for name, state in states() if state["Type"] == "Task"}


def timeout(function: Resource) -> int:
    return int(function.properties["Timeout"])


def code() -> str:
    """All that runs in functions."""
    folders = ("functions", "shared", "layers/preprocessing")
    return "\n".join(path.read_text() for folder in folders for path in sorted((PROJECT / folder).rglob("*.py")))


def statements() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every statement of a policy that gives somebody a right, with the name of the resource that it is written at."""
    for resource in TEMPLATE.resources.values():
        for policy in resource.properties.get("Policies", []):
            said = policy.get("PolicyDocument", policy).get("Statement", []) if isinstance(policy, dict) else []
            yield from ((resource.logical_id, statement) for statement in said)


@pytest.mark.parametrize("function", FUNCTIONS, ids=named)
def test_a_function_has_the_handler_that_the_template_names(function: Resource) -> None:
    module, _, name = TEMPLATE.function_globals["Handler"].rpartition(".")
    app = PROJECT / function.properties["CodeUri"] / f"{module}.py"

    assert re.search(rf"^def {name}\(", app.read_text(), re.MULTILINE)


def test_every_folder_with_a_handler_is_a_function_of_the_template() -> None:
    folders = {str(app.parent.relative_to(PROJECT)) for app in (PROJECT / "functions").rglob("app.py")}

    assert folders == {function.properties["CodeUri"] for function in FUNCTIONS}


@pytest.mark.parametrize("layer", LAYERS, ids=named)
def test_a_layer_can_be_built(layer: Resource) -> None:
    makefile = PROJECT / layer.properties["ContentUri"] / "Makefile"

    assert f"build-{layer.logical_id}:" in makefile.read_text()


@pytest.mark.parametrize("function", FUNCTIONS, ids=named)
def test_a_function_has_our_three_layers_and_one_of_wheels(function: Resource) -> None:
    layers = TEMPLATE.layers_of(function)

    assert layers[:3] == ["PreprocessingLayer", "ModelsLayer", "SharedLayer"]
    assert [layer for layer in layers[3:] if layer.endswith("Wheels")] == layers[3:]
    # The check before traffic asks others to compute.
    assert len(layers) == (3 if function.logical_id == "PreTrafficFunction" else 4)


def test_the_variables_that_the_code_reads_are_those_that_the_template_sets() -> None:
    said = [TEMPLATE.function_globals, *(function.properties for function in FUNCTIONS)]
    variables = {name for one in said for name in one.get("Environment", {}).get("Variables", {})}
    declared = {name for name in variables if name.startswith("REFRAIN_")}

    assert set(re.findall(r"""["'](REFRAIN_[A-Z_]+)["']""", code())) == declared


def test_a_message_stays_hidden_for_six_times_as_long_as_the_function_may_take() -> None:
    queue = TEMPLATE.resources["IngestQueue"].properties
    ingest = TEMPLATE.resources["IngestFunction"]

    assert queue["VisibilityTimeout"] >= 6 * timeout(ingest)
    assert queue["RedrivePolicy"]["maxReceiveCount"] == 5
    assert ingest.properties["Events"]["Uploads"]["Properties"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_each_hour_the_monitor_looks_under_the_time_of_the_tick() -> None:
    (event,) = TEMPLATE.resources["MonitoringFunction"].properties["Events"].values()

    assert event["Type"] == "ScheduleV2"
    assert event["Properties"]["ScheduleExpression"] == "cron(20 * * * ? *)"
    assert json.loads(event["Properties"]["Input"]) == {"now": "<aws.scheduler.scheduled-time>"}


def test_dead_letters_are_kept_as_long_as_can_be_and_raise_an_alarm() -> None:
    alarm = TEMPLATE.resources["IngestDeadLettersAlarm"]

    assert TEMPLATE.resources["IngestDeadLetters"].properties["MessageRetentionPeriod"] == 1_209_600
    assert alarm.properties["Dimensions"][0]["Value"] == {"Fn::GetAtt": ["IngestDeadLetters", "QueueName"]}


@pytest.mark.parametrize("bucket", BUCKETS, ids=named)
def test_a_bucket_is_private_encrypted_versioned_and_only_spoken_to_over_tls(bucket: Resource) -> None:
    said = bucket.properties

    assert set(said["PublicAccessBlockConfiguration"].values()) == {True}
    assert said["BucketEncryption"]
    assert said["VersioningConfiguration"] == {"Status": "Enabled"}
    policy = TEMPLATE.resources[f"{bucket.logical_id}Policy"].properties
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Action"]) == ("Deny", "s3:*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


KEPT = {
    "AWS::S3::Bucket": "KMSMasterKeyID",
    "AWS::SQS::Queue": "KmsMasterKeyId",
    "AWS::Logs::LogGroup": "KmsKeyId",
    "AWS::SNS::Topic": "KmsMasterKeyId",
    "AWS::DynamoDB::Table": "KMSMasterKeyId",
}


@pytest.mark.parametrize("kind", KEPT)
def test_whatever_keeps_something_is_encrypted_by_a_key_of_one_s_own_where_there_is_one(kind: str) -> None:
    for resource in TEMPLATE.of_type(kind):
        said = json.dumps(resource.properties)

        assert f'"{KEPT[kind]}": ' in said, resource.logical_id
        assert '"Fn::If": ["HasKmsKey", ' in said
        assert '{"Ref": "KmsKeyArn"}' in said


def test_with_a_key_of_one_s_own_every_role_that_reads_or_writes_may_use_it() -> None:
    roles = {role["Ref"] for role in TEMPLATE.resources["UseTheKey"].properties["Roles"]}

    assert roles == {f"{function.logical_id}Role" for function in FUNCTIONS} | {
        "CaptureStreamRole",
        "MonitoringFunctionEachHourRole",
    }


def test_what_people_sent_is_not_kept_for_ever() -> None:
    rules = TEMPLATE.resources["LakeBucket"].properties["LifecycleConfiguration"]["Rules"]
    days = {rule["Prefix"]: rule["ExpirationInDays"] for rule in rules if "Prefix" in rule}

    assert days == {
        "captured/": {"Ref": "CapturedDays"},
        "rejected/": {"Ref": "RejectedDays"},
        "undelivered/": {"Ref": "RejectedDays"},
    }


def test_nothing_has_a_fixed_name() -> None:
    fixed = re.compile(
        r"(Bucket|Queue|Function|Role|Table|StateMachine|LogGroup|Layer|Alarm|Policy|Api|Group)?Name$|^Name$"
    )
    found = {
        f"{resource.logical_id}.{key}"
        for resource in TEMPLATE.resources.values()
        for key, value in resource.properties.items()
        if fixed.match(key) and isinstance(value, str) and key != "StageName"
    }

    assert found == set()


def test_rights_in_s3_are_given_by_prefix() -> None:
    given = [
        (who, action, resource)
        for who, statement in statements()
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
        for resource in (statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]])
        if action.startswith("s3:")
    ]

    about_the_bucket = {"s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"}
    asking = [(who, action, resource) for who, action, resource in given if action in about_the_bucket]
    assert {(who, resource["Fn::GetAtt"][0]) for who, _, resource in asking} == {
        ("CaptureStreamRole", "LakeBucket"),
        ("IngestFunction", "InboxBucket"),
    }
    for who, action, resource in given:
        if action in about_the_bucket:
            continue
        assert action in ("s3:GetObject", "s3:GetObjectVersion", "s3:PutObject", "s3:AbortMultipartUpload"), who
        own_inbox = who == "IngestFunction" and action.startswith("s3:Get")
        assert re.fullmatch(r"\$\{LakeBucket\.Arn\}/[a-z]+/.*\*", resource["Fn::Sub"]) or own_inbox, who


def test_labels_and_captured_lines_are_written_by_those_who_have_them_and_read_by_those_who_learn() -> None:
    def may(action: str, prefix: str) -> set[str]:
        wanted = {"Fn::Sub": f"${{LakeBucket.Arn}}/{prefix}/*"}
        return {
            who
            for who, statement in statements()
            if action in (statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]])
            and wanted
            in (statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]])
        }

    assert may("s3:PutObject", "labels") == {"InferenceFunction", "IngestFunction"}
    assert may("s3:PutObject", "captured") == {"CaptureStreamRole"}
    assert "SnapshotFunction" in may("s3:GetObject", "labels") & may("s3:GetObject", "captured")
    assert "InferenceFunction" not in may("s3:GetObject", "labels")


def test_captured_lines_are_unpacked_told_apart_by_model_and_written_a_line_each() -> None:
    target = TEMPLATE.resources["CaptureStream"].properties["ExtendedS3DestinationConfiguration"]
    steps = [
        (step["Type"], step["Parameters"][0]["ParameterValue"])
        for step in target["ProcessingConfiguration"]["Processors"]
    ]

    assert steps == [
        ("Decompression", "GZIP"),
        ("CloudWatchLogProcessing", "true"),
        ("RecordDeAggregation", "JSON"),
        ("MetadataExtraction", "{model: .model}"),
        ("AppendDelimiterToRecord", r"\n"),
    ]
    assert target["DynamicPartitioningConfiguration"]["Enabled"] is True
    assert target["BufferingHints"]["SizeInMBs"] >= 64


def test_every_other_right_names_what_it_is_for() -> None:
    unbounded = {who for who, statement in statements() if statement["Resource"] == "*"}

    assert unbounded == {"RetrainingStateMachine"}


def test_no_right_is_to_whatever_a_service_can_do() -> None:
    actions = {
        (who, action)
        for who, statement in statements()
        for action in (statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]])
    }

    assert {(who, action) for who, action in actions if "*" in action} == set()


@pytest.mark.parametrize("function", FUNCTIONS, ids=named)
def test_what_a_function_cannot_do_is_not_lost(function: Resource) -> None:
    """It waits in a dead-letter queue, or somebody who waits for the answer is told and does something about it."""
    in_a_queue = {"IngestFunction": "IngestQueue", "MonitoringFunction": "MonitoringDeadLetters"}
    told = {"InferenceFunction", "PreTrafficFunction"}
    caught = {found[1] for task in TASKS.values() if (found := SUBSTITUTION.search(task["Parameters"]["FunctionName"]))}

    name = function.logical_id
    if name == "IngestFunction":
        assert TEMPLATE.resources[in_a_queue[name]].properties["RedrivePolicy"]
    elif name == "MonitoringFunction":
        target = {"Fn::GetAtt": [in_a_queue[name], "Arn"]}
        assert function.properties["DeadLetterQueue"] == {"Type": "SQS", "TargetArn": target}
        assert function.properties["Events"]["EachHour"]["Properties"]["DeadLetterConfig"] == {"Arn": target}
    else:
        assert name in told | caught


def test_a_dead_letter_raises_an_alarm() -> None:
    queues = {name for name in TEMPLATE.resources if name.endswith("DeadLetters")}
    watched = {
        alarm.properties["Dimensions"][0]["Value"]["Fn::GetAtt"][0]
        for alarm in ALARMS
        if alarm.properties.get("MetricName") == "ApproximateNumberOfMessagesVisible"
    }

    assert queues == watched == {"IngestDeadLetters", "MonitoringDeadLetters"}


@pytest.mark.parametrize("alarm", ALARMS, ids=named)
def test_an_alarm_is_heard_and_says_what_it_means(alarm: Resource) -> None:
    assert alarm.properties["AlarmActions"] == [{"Ref": "NotificationTopic"}]
    assert len(alarm.properties["AlarmDescription"]) > 30
    assert alarm.properties["TreatMissingData"] == "notBreaching"


def test_every_request_can_be_followed_from_function_to_function() -> None:
    assert TEMPLATE.function_globals["Tracing"] == "Active"
    assert all("Tracing" not in function.properties for function in FUNCTIONS)
    assert TEMPLATE.resources["RetrainingStateMachine"].properties["Tracing"] == {"Enabled": True}
    assert TEMPLATE.resources["Api"].properties["TracingEnabled"] is True


def test_what_could_run_away_is_bounded() -> None:
    uploads = TEMPLATE.resources["IngestFunction"].properties["Events"]["Uploads"]["Properties"]
    settings = TEMPLATE.resources["Api"].properties["MethodSettings"][0]

    assert uploads["ScalingConfig"] == {"MaximumConcurrency": 10}
    assert MACHINE["States"]["Train the candidates"]["MaxConcurrency"] == 10
    assert settings["ThrottlingRateLimit"] == {"Ref": "RequestsPerSecond"}
    assert TEMPLATE.resources["InferenceFunction"].properties["ReservedConcurrentExecutions"]
    assert TEMPLATE.resources["UsagePlan"].properties["Quota"]["Limit"] == {"Ref": "RequestsPerDay"}


def test_inference_gives_up_before_those_who_wait_for_it() -> None:
    api_gateway = 29

    assert timeout(TEMPLATE.resources["InferenceFunction"]) < api_gateway
    # The check asks twice: the new code and, when it refuses something, the code in service.
    assert 2 * timeout(TEMPLATE.resources["InferenceFunction"]) < timeout(TEMPLATE.resources["PreTrafficFunction"])


def test_no_body_and_no_header_of_a_request_is_logged() -> None:
    api = TEMPLATE.resources["Api"].properties
    logged = api["AccessLogSetting"]["Format"]["Fn::ToJsonString"].values()

    assert api["MethodSettings"][0]["DataTraceEnabled"] is False
    assert all(re.fullmatch(r"\$context\.[A-Za-z.]+", each) for each in logged)
    assert not any("body" in each.lower() or "header" in each.lower() for each in logged)


def test_callers_move_to_new_code_by_a_check_and_back_on_an_alarm() -> None:
    inference = TEMPLATE.resources["InferenceFunction"].properties
    moves = inference["DeploymentPreference"]

    assert (inference["AutoPublishAlias"], inference["AutoPublishAliasAllProperties"]) == ("live", True)
    assert moves["Hooks"] == {"PreTraffic": {"Ref": "PreTrafficFunction"}}
    assert {alarm["Ref"] for alarm in moves["Alarms"]} == {
        "ApiFailsAlarm",
        "InferenceFailsAlarm",
        "VersionRefusedAlarm",
    }
    integrations = TEMPLATE.resources["Api"].properties["DefinitionBody"]["paths"].values()
    for methods in integrations:
        uri = methods["x-amazon-apigateway-any-method"]["x-amazon-apigateway-integration"]["uri"]["Fn::Sub"]
        assert "${InferenceFunction.Arn}:live/" in uri


@pytest.mark.parametrize("layer", LAYERS, ids=named)
def test_another_layer_is_another_version_of_inference(layer: Resource) -> None:
    assert layer.properties["PublishLambdaVersion"] is True


def test_a_layer_alone_makes_a_version_that_is_checked() -> None:
    def version(content: str) -> str:
        """The logical id of the version, which is another one when it is to be another version."""
        found = transform_template(PROJECT / "template.yaml", packages={"PreprocessingLayer": f"s3://bucket/{content}"})
        (name,) = (
            name
            for name, resource in found["Resources"].items()
            if resource["Type"] == "AWS::Lambda::Version" and name.startswith("InferenceFunction")
        )
        return str(name)

    names = [version(content) for content in ("one", "one", "another")]
    assert names[0] == names[1] != names[2]


@pytest.mark.parametrize("kind", ["AWS::S3::Bucket", "AWS::DynamoDB::Table"])
def test_what_is_kept_stays_when_the_stack_goes_or_is_replaced(kind: str) -> None:
    kept = [
        resource
        for resource in transform_template(PROJECT / "template.yaml")["Resources"].values()
        if resource["Type"] == kind
    ]

    assert kept
    assert {(each["DeletionPolicy"], each["UpdateReplacePolicy"]) for each in kept} == {("Retain", "Retain")}


def test_nothing_that_is_secret_is_told_in_an_output_or_a_variable() -> None:
    document = yaml_parse((PROJECT / "template.yaml").read_text())
    told = json.dumps([document["Outputs"], document["Globals"]["Function"]["Environment"]]).lower()

    assert not re.search(r"secret|password|token|\bvalue\b.*getatt.*apikey", told)
    assert document["Outputs"]["ApiKeyId"]["Value"] == {"Ref": "ApiKey"}  # its id, not the key


def test_all_but_health_and_the_page_to_try_it_from_asks_who_it_is() -> None:
    paths = TEMPLATE.resources["Api"].properties["DefinitionBody"]["paths"]
    asked = {path: method["x-amazon-apigateway-any-method"]["security"] for path, method in paths.items()}

    assert asked.pop("/{proxy+}") == {"Fn::If": ["UsesApiKey", [{"api_key": []}], [{"sigv4": []}]]}
    assert asked == {"/v2/health/live": [], "/v2/health/ready": [], "/docs": []}


def test_training_s_threads_do_not_spin_where_cores_are_shared() -> None:
    train = TEMPLATE.resources["TrainFunction"].properties

    assert train["Environment"]["Variables"] == {"OMP_WAIT_POLICY": "PASSIVE"}


def test_no_thread_spins_while_inference_starts() -> None:
    inference = TEMPLATE.resources["InferenceFunction"].properties

    assert inference["Environment"]["Variables"]["OPENBLAS_NUM_THREADS"] == "1"


def test_versions_that_come_and_go_share_one_heap() -> None:
    inference = TEMPLATE.resources["InferenceFunction"].properties

    assert inference["Environment"]["Variables"]["MALLOC_ARENA_MAX"] == "1"


def test_logs_are_not_kept_for_ever() -> None:
    groups = {group.logical_id for group in TEMPLATE.of_type("AWS::Logs::LogGroup")}

    assert {function.properties["LoggingConfig"]["LogGroup"]["Ref"] for function in FUNCTIONS} <= groups
    assert all(TEMPLATE.resources[group].properties["RetentionInDays"] for group in groups)


@pytest.mark.parametrize("name", TASKS)
def test_a_task_gives_up_only_after_the_function_would_have(name: str) -> None:
    substitution = SUBSTITUTION.search(TASKS[name]["Parameters"]["FunctionName"])

    assert substitution
    assert TASKS[name]["TimeoutSeconds"] > timeout(TEMPLATE.resources[substitution[1]])


def test_all_tasks_have_one_retry_policy() -> None:
    """It stands in each state, since CloudFormation reads the file without YAML's anchors, so this holds them equal."""
    assert len({json.dumps(task["Retry"], sort_keys=True) for task in TASKS.values()}) == 1


@pytest.mark.parametrize("name", TASKS)
def test_a_task_tries_again_only_what_passes_by_itself_and_catches_all_else(name: str) -> None:
    assert {error for retry in TASKS[name]["Retry"] for error in retry["ErrorEquals"]} == TRANSIENT
    assert TASKS[name]["Catch"][-1]["ErrorEquals"] == ["States.ALL"]


def leads_to(state: dict[str, Any]) -> set[str]:
    """The states that may come next."""
    ways = [state, *state.get("Choices", []), *state.get("Catch", [])]
    return {way["Next"] for way in ways if "Next" in way} | ({state["Default"]} if "Default" in state else set())


def test_every_state_is_led_to_and_every_way_leads_to_a_state() -> None:
    led_to = {MACHINE["StartAt"]}.union(*(leads_to(state) for state in MACHINE["States"].values()))

    assert led_to == set(MACHINE["States"])


def test_the_errors_that_the_state_machine_catches_are_classes_of_ours() -> None:
    from refrain import errors

    caught = {error for task in TASKS.values() for catch in task["Catch"] for error in catch["ErrorEquals"]}

    ours = {"InvalidRequest", "UnknownModel", "BrokenVersion", "ChampionChanged", "ChallengerChanged"}
    assert caught - {"States.ALL"} == ours
    for error in caught - {"States.ALL"}:
        assert issubclass(getattr(errors, error), errors.RefrainError)


def test_the_state_machine_is_given_every_function_that_it_names() -> None:
    machine = TEMPLATE.resources["RetrainingStateMachine"].properties

    assert set(machine["DefinitionSubstitutions"]) == set(re.findall(r"\$\{(\w+)\}", MACHINE_FILE.read_text()))
    assert PROJECT / machine["DefinitionUri"] == MACHINE_FILE


DASHBOARD: list[dict[str, Any]] = TEMPLATE.resources["Dashboard"].properties["DashboardBody"]["Fn::ToJsonString"][
    "widgets"
]


def test_the_dashboard_tells_the_loop_in_its_order_without_holes() -> None:
    titles = [widget["properties"]["markdown"] for widget in DASHBOARD if widget["type"] == "text"]
    rows = [(widget["y"], widget["x"]) for widget in DASHBOARD]

    assert [title.split()[2] for title in titles] == ["Upload", "Retraining", "Inference", "Capture", "Monitoring"]
    assert rows == sorted(rows)
    for y in {y for y, _ in rows}:
        assert sum(widget["width"] for widget in DASHBOARD if widget["y"] == y) == 24


def test_every_alarm_is_on_the_dashboard() -> None:
    shown = {arn["Fn::GetAtt"][0] for arn in DASHBOARD[0]["properties"]["alarms"]}

    assert shown == {alarm.logical_id for alarm in ALARMS}


def test_every_metric_of_ours_that_is_shown_or_watched_is_one_that_the_code_counts() -> None:
    shown = {
        metric[1]
        for widget in DASHBOARD
        for metric in widget["properties"].get("metrics", [])
        if metric[0] == "Refrain"
    }
    watched = {alarm.properties["MetricName"] for alarm in ALARMS if alarm.properties.get("Namespace") == "Refrain"}
    outcomes = {"Promoted", "Kept", "Dismissed", "Superseded"}  # named after the outcome itself
    counted = set(re.findall(r'["\']([A-Z][a-zA-Z]+)["\']', code()))

    assert shown | watched <= counted | outcomes
    assert outcomes == {outcome.capitalize() for outcome in moves.MOVE_RESULTS.values()}
