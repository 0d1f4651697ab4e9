"""The template fits the tree, the state machines fit the code, and both follow the rules of the project."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from samcli.yamlhelper import yaml_parse

from local.template import Resource, read_template
from local.transform import transform_template
from refrain import errors, settings
from refrain.deployment import moves
from refrain.ingest.deadline import FINISHING_SECONDS
from refrain.ingest.failed_upload import MAX_TRIES, RETRY_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = Path(__file__).resolve().parents[2]
TEMPLATE = read_template(PROJECT / "template.yaml")
FUNCTIONS = list(TEMPLATE.of_type("AWS::Serverless::Function"))
LAYERS = list(TEMPLATE.of_type("AWS::Serverless::LayerVersion"))
ALARMS = list(TEMPLATE.of_type("AWS::CloudWatch::Alarm"))
BUCKETS = list(TEMPLATE.of_type("AWS::S3::Bucket"))
MACHINES: dict[str, dict[str, Any]] = {
    machine.logical_id: yaml.safe_load((PROJECT / machine.properties["DefinitionUri"]).read_text())
    for machine in TEMPLATE.of_type("AWS::Serverless::StateMachine")
}
SUBSTITUTION = re.compile(r"\$\{(\w+)Arn\}")
RETRIES = [
    # What throttles is over in minutes, not seconds.
    (["Lambda.TooManyRequestsException"], 10, 60),
    # What passes by itself.
    (
        [
            "Lambda.ServiceException",
            "Lambda.AWSLambdaException",
            "Lambda.SdkClientException",
            "Lambda.ClientExecutionTimeoutException",
            "StorageUnavailable",
            "Conflict",
        ],
        4,
        None,
    ),
    # A process that was killed once may have run out of memory, and would do so each time.
    (["Runtime.ExitError", "Sandbox.Timedout", "Lambda.Unknown"], 1, None),
]
"""The retry policy of all tasks: errors, tries, and the longest pause in seconds."""
OWN_RETRIES = {"Ask for approval": ["ServiceUnavailable"]}
"""What else a task tries again: people have to be told."""


def named(resource: Resource) -> str:
    return resource.logical_id


def states(machine: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every state, those inside a Map too."""
    for name, state in machine["States"].items():
        yield name, state
        if "ItemProcessor" in state:
            yield from states(state["ItemProcessor"])


TASKS_OF = {
    owner: {name: state for name, state in states(machine) if "FunctionName" in state.get("Parameters", {})}
    for owner, machine in MACHINES.items()
}
TASKS = {name: state for tasks in TASKS_OF.values() for name, state in tasks.items()}


def functions_of(machine: str) -> set[str]:
    """The functions that a state machine calls."""
    matches = (SUBSTITUTION.search(task["Parameters"]["FunctionName"]) for task in TASKS_OF[machine].values())
    return {match[1] for match in matches if match}


def timeout(function: Resource) -> int:
    return int(function.properties["Timeout"])


def code() -> str:
    """The text of all code that runs in functions."""
    folders = ("functions", "shared", "layers/preprocessing")
    return "\n".join(path.read_text() for folder in folders for path in sorted((PROJECT / folder).rglob("*.py")))


def statements() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every statement of a policy, with the name of the resource that has it."""
    for resource in TEMPLATE.resources.values():
        for policy in resource.properties.get("Policies", []):
            policies = policy.get("PolicyDocument", policy).get("Statement", []) if isinstance(policy, dict) else []
            yield from ((resource.logical_id, statement) for statement in policies)


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
def test_a_function_has_our_two_layers_and_one_layer_of_wheels(function: Resource) -> None:
    layers = TEMPLATE.layers_of(function)

    assert layers[:2] == ["PreprocessingLayer", "SharedLayer"]
    assert [layer for layer in layers[2:] if layer.endswith("Wheels")] == layers[2:]
    # The check before traffic lets inference compute.
    assert len(layers) == (2 if function.logical_id == "PreTrafficFunction" else 3)


def test_the_code_reads_exactly_the_variables_that_the_template_sets() -> None:
    owners = [TEMPLATE.function_globals, *(function.properties for function in FUNCTIONS)]
    variables = {name for owner in owners for name in owner.get("Environment", {}).get("Variables", {})}
    declared = {name for name in variables if name.startswith("REFRAIN_")}

    assert set(re.findall(r"""["'](REFRAIN_[A-Z_]+)["']""", code())) == declared


@pytest.mark.parametrize("function", FUNCTIONS, ids=named)
def test_the_template_gives_each_function_the_variables_of_its_settings(function: Resource) -> None:
    text = (PROJECT / function.properties["CodeUri"] / "app.py").read_text()
    # Inference reads its own where its registry is made.
    (name,) = set(re.findall(r"read_settings\((\w+)\)", text)) or {"InferenceSettings"}
    needed = {settings.VARIABLES[field.name][0] for field in dataclasses.fields(getattr(settings, name))}
    environments = (one.get("Environment", {}) for one in (TEMPLATE.function_globals, function.properties))

    assert needed <= {name for one in environments for name in one.get("Variables", {})}


def test_exactly_the_functions_that_send_events_have_the_right_and_the_source() -> None:
    source = {"Fn::Sub": "refrain.${AWS::StackName}"}
    senders = {
        function.logical_id: function.properties["Environment"]["Variables"]["REFRAIN_EVENT_SOURCE"]
        for function in FUNCTIONS
        if {"Ref": "SendEvents"} in function.properties["Policies"]
    }
    stories = {path.parent.name for path in (PROJECT / "shared").rglob("*.py") if "send_event(" in path.read_text()}

    assert senders == dict.fromkeys(["IngestFunction", "MoveFunction", "MonitoringFunction"], source)
    assert stories == {"aws", "ingest", "deployment", "monitoring"}
    (right,) = TEMPLATE.resources["SendEvents"].properties["PolicyDocument"]["Statement"]
    assert right["Condition"] == {"StringEquals": {"events:source": source}}


def uploads_of(function: str) -> dict[str, Any]:
    """The only queue that calls a function, and how."""
    (event,) = TEMPLATE.resources[function].properties["Events"].values()
    assert event["Type"] == "SQS"
    properties: dict[str, Any] = event["Properties"]
    return properties


def queue(name: str) -> tuple[int, int, str]:
    """How long a queue hides a message, how often it gives it out, and to which queue it moves it then."""
    properties = TEMPLATE.resources[name].properties
    policy = properties["RedrivePolicy"]
    return properties["VisibilityTimeout"], policy["maxReceiveCount"], policy["deadLetterTargetArn"]["Fn::GetAtt"][0]


def test_no_upload_waits_for_another_one_in_its_batch() -> None:
    for function in ("IngestFunction", "FailedUploadsFunction"):
        assert uploads_of(function)["BatchSize"] == 1
        assert uploads_of(function)["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_an_upload_that_ingest_cannot_answer_gets_a_receipt_within_twenty_minutes() -> None:
    hidden, tries, unanswered = queue("IngestQueue")
    answering = TEMPLATE.resources["FailedUploadsFunction"]

    assert tries == MAX_TRIES
    assert hidden * tries + timeout(answering) <= 20 * 60
    assert uploads_of("FailedUploadsFunction")["Queue"] == {"Fn::GetAtt": [unanswered, "Arn"]}
    assert queue(unanswered)[2] == "IngestDeadLetters"


def test_a_message_stays_hidden_while_its_function_runs_and_hardly_longer() -> None:
    for name, function in {"IngestQueue": "IngestFunction", "UnansweredUploads": "FailedUploadsFunction"}.items():
        assert 0 <= queue(name)[0] - timeout(TEMPLATE.resources[function]) <= 30


def test_ingest_may_let_a_message_come_again_soon() -> None:
    (right,) = [statement for _, statement in statements() if statement["Action"] == "sqs:ChangeMessageVisibility"]

    assert right["Resource"] == {"Fn::GetAtt": ["IngestQueue", "Arn"]}
    assert RETRY_SECONDS <= 90


def test_ingest_has_time_to_finish_what_it_has_read() -> None:
    assert timeout(TEMPLATE.resources["IngestFunction"]) / 2 > FINISHING_SECONDS


def test_monitoring_runs_every_hour_with_the_scheduled_time() -> None:
    (event,) = TEMPLATE.resources["MonitoringStateMachine"].properties["Events"].values()

    assert event["Type"] == "ScheduleV2"
    assert event["Properties"]["ScheduleExpression"] == "cron(20 * * * ? *)"
    assert json.loads(event["Properties"]["Input"]) == {"now": "<aws.scheduler.scheduled-time>"}
    assert event["Properties"]["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": ["MonitoringDeadLetters", "Arn"]}}


def test_dead_letters_are_kept_for_two_weeks_and_raise_an_alarm() -> None:
    alarm = TEMPLATE.resources["IngestDeadLettersAlarm"]

    assert TEMPLATE.resources["IngestDeadLetters"].properties["MessageRetentionPeriod"] == 1_209_600
    assert alarm.properties["Dimensions"][0]["Value"] == {"Fn::GetAtt": ["IngestDeadLetters", "QueueName"]}


@pytest.mark.parametrize("bucket", BUCKETS, ids=named)
def test_a_bucket_is_private_encrypted_versioned_and_reached_over_tls_only(bucket: Resource) -> None:
    properties = bucket.properties

    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert properties["BucketEncryption"]
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    policy = TEMPLATE.resources[f"{bucket.logical_id}Policy"].properties
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Action"]) == ("Deny", "s3:*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


KEY_PROPERTIES = {
    "AWS::S3::Bucket": "KMSMasterKeyID",
    "AWS::SQS::Queue": "KmsMasterKeyId",
    "AWS::Logs::LogGroup": "KmsKeyId",
    "AWS::SNS::Topic": "KmsMasterKeyId",
    "AWS::DynamoDB::Table": "KMSMasterKeyId",
}


@pytest.mark.parametrize("kind", KEY_PROPERTIES)
def test_all_storage_is_encrypted_with_the_configured_kms_key(kind: str) -> None:
    for resource in TEMPLATE.of_type(kind):
        text = json.dumps(resource.properties)

        assert f'"{KEY_PROPERTIES[kind]}": ' in text, resource.logical_id
        assert '"Fn::If": ["HasKmsKey", ' in text
        assert '{"Ref": "KmsKeyArn"}' in text


def test_captured_rejected_and_undelivered_data_expires() -> None:
    rules = TEMPLATE.resources["LakeBucket"].properties["LifecycleConfiguration"]["Rules"]
    days = {rule["Prefix"]: rule["ExpirationInDays"] for rule in rules if "Prefix" in rule}

    assert days == {
        "captured/": {"Ref": "CapturedDays"},
        "hours/": {"Ref": "CapturedDays"},
        "rounds/": 90,
        "rejected/": {"Ref": "RejectedDays"},
        "undelivered/": {"Ref": "RejectedDays"},
    }


def test_rights_in_s3_are_granted_by_prefix() -> None:
    rights = [
        (owner, action, resource)
        for owner, statement in statements()
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
        for resource in (statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]])
        if action.startswith("s3:")
    ]

    about_the_bucket = {"s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"}
    bucket_rights = [(owner, action, resource) for owner, action, resource in rights if action in about_the_bucket]
    assert {(owner, resource["Fn::GetAtt"][0]) for owner, _, resource in bucket_rights} == {
        ("CaptureStreamRole", "LakeBucket"),
        ("IngestFunction", "InboxBucket"),
    }
    for owner, action, resource in rights:
        if action in about_the_bucket:
            continue
        assert action in ("s3:GetObject", "s3:GetObjectVersion", "s3:PutObject", "s3:AbortMultipartUpload"), owner
        own_inbox = owner == "IngestFunction" and action.startswith("s3:Get")
        assert re.fullmatch(r"\$\{LakeBucket\.Arn\}/[a-z]+/.*(\*|\.json|\.npz)", resource["Fn::Sub"]) or own_inbox, (
            owner
        )


def test_only_their_sources_write_labels_and_captured_records() -> None:
    def may(action: str, prefix: str) -> set[str]:
        wanted = {"Fn::Sub": f"${{LakeBucket.Arn}}/{prefix}/*"}
        return {
            owner
            for owner, statement in statements()
            if action in (statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]])
            and wanted
            in (statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]])
        }

    assert may("s3:PutObject", "labels") == {"InferenceFunction", "IngestFunction"}
    assert may("s3:PutObject", "captured") == {"CaptureStreamRole"}
    assert "SnapshotFunction" in may("s3:GetObject", "labels") & may("s3:GetObject", "captured")
    assert "InferenceFunction" not in may("s3:GetObject", "labels")


def test_captured_records_are_unpacked_and_written_line_by_line_for_each_model() -> None:
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


def test_every_other_right_names_its_resource() -> None:
    unbounded = {owner for owner, statement in statements() if statement["Resource"] == "*"}

    assert unbounded == set(MACHINES)


def test_no_right_has_a_wildcard_action() -> None:
    actions = {
        (owner, action)
        for owner, statement in statements()
        for action in (statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]])
    }

    assert {(owner, action) for owner, action in actions if "*" in action} == set()


@pytest.mark.parametrize("function", FUNCTIONS, ids=named)
def test_no_failure_of_a_function_is_lost(function: Resource) -> None:
    """It waits in a dead-letter queue, or the caller waits for the answer and handles the error."""
    in_a_queue = {"IngestFunction": "IngestQueue", "FailedUploadsFunction": "UnansweredUploads"}
    awaited = {"InferenceFunction", "PreTrafficFunction"}

    name = function.logical_id
    if name in in_a_queue:
        assert TEMPLATE.resources[in_a_queue[name]].properties["RedrivePolicy"]
    else:
        assert name in awaited.union(*(functions_of(machine) for machine in MACHINES))


def test_what_waits_for_an_operator_raises_an_alarm() -> None:
    queues = {name for name in TEMPLATE.resources if name.endswith(("DeadLetters", "UndeliveredRecords"))}
    watched = {
        alarm.properties["Dimensions"][0]["Value"]["Fn::GetAtt"][0]
        for alarm in ALARMS
        if alarm.properties.get("MetricName") == "ApproximateNumberOfMessagesVisible"
    }

    assert queues == watched == {"IngestDeadLetters", "MonitoringDeadLetters", "UndeliveredRecords"}


def test_every_object_that_was_not_delivered_is_announced() -> None:
    target = TEMPLATE.resources["CaptureStream"].properties["ExtendedS3DestinationConfiguration"]
    (configuration,) = TEMPLATE.resources["LakeBucket"].properties["NotificationConfiguration"]["QueueConfigurations"]
    (rule,) = configuration["Filter"]["S3Key"]["Rules"]

    assert configuration["Queue"] == {"Fn::GetAtt": ["UndeliveredRecords", "Arn"]}
    assert rule["Name"] == "prefix"
    assert target["ErrorOutputPrefix"].startswith(rule["Value"])


@pytest.mark.parametrize("alarm", ALARMS, ids=named)
def test_an_alarm_notifies_somebody_and_says_what_it_means(alarm: Resource) -> None:
    assert alarm.properties["AlarmActions"] == [{"Ref": "NotificationTopic"}]
    assert len(alarm.properties["AlarmDescription"]) > 30
    assert alarm.properties["TreatMissingData"] == "notBreaching"


def test_every_request_is_traced_through_all_functions() -> None:
    assert TEMPLATE.function_globals["Tracing"] == "Active"
    assert all("Tracing" not in function.properties for function in FUNCTIONS)
    for machine in MACHINES:
        assert TEMPLATE.resources[machine].properties["Tracing"] == {"Enabled": True}
    assert TEMPLATE.resources["Api"].properties["TracingEnabled"] is True


def test_everything_that_could_run_away_has_a_limit() -> None:
    uploads = TEMPLATE.resources["IngestFunction"].properties["Events"]["Uploads"]["Properties"]
    settings = TEMPLATE.resources["Api"].properties["MethodSettings"][0]

    assert uploads["ScalingConfig"] == {"MaximumConcurrency": {"Ref": "IngestConcurrency"}}
    maps = {name: state for machine in MACHINES.values() for name, state in states(machine) if state["Type"] == "Map"}
    assert {name: state["MaxConcurrency"] for name, state in maps.items()} == {
        "Search the parameters": "${TrainingConcurrency}",
        "Train the candidates": "${TrainingConcurrency}",
        "Monitor each model": "${MonitoringConcurrency}",
    }
    assert settings["ThrottlingRateLimit"] == {"Ref": "RequestsPerSecond"}
    assert TEMPLATE.resources["InferenceFunction"].properties["ReservedConcurrentExecutions"]
    assert TEMPLATE.resources["UsagePlan"].properties["Quota"]["Limit"] == {"Ref": "RequestsPerDay"}


def test_a_rollback_proves_a_version_in_the_memory_of_inference() -> None:
    assert TEMPLATE.resources["MoveFunction"].properties["MemorySize"] == {"Ref": "InferenceMemory"}


def test_inference_times_out_before_its_callers() -> None:
    api_gateway = 29

    assert timeout(TEMPLATE.resources["InferenceFunction"]) < api_gateway
    # The check asks twice: the new code and, when it refuses something, the code in service.
    assert 2 * timeout(TEMPLATE.resources["InferenceFunction"]) < timeout(TEMPLATE.resources["PreTrafficFunction"])


def test_neither_the_body_nor_the_headers_of_a_request_are_logged() -> None:
    api = TEMPLATE.resources["Api"].properties
    logged = api["AccessLogSetting"]["Format"]["Fn::ToJsonString"].values()

    assert api["MethodSettings"][0]["DataTraceEnabled"] is False
    assert all(re.fullmatch(r"\$context\.[A-Za-z.]+", field) for field in logged)
    assert not any("body" in field.lower() or "header" in field.lower() for field in logged)


def test_requests_shift_to_new_code_after_a_check_and_back_on_an_alarm() -> None:
    inference = TEMPLATE.resources["InferenceFunction"].properties
    moves = inference["DeploymentPreference"]

    assert (inference["AutoPublishAlias"], inference["AutoPublishAliasAllProperties"]) == ("live", True)
    assert moves["Hooks"] == {"PreTraffic": {"Ref": "PreTrafficFunction"}}
    assert moves["Alarms"] == [{"Ref": "NewCodeFailsAlarm"}]
    integrations = TEMPLATE.resources["Api"].properties["DefinitionBody"]["paths"].values()
    for operation in (operation for methods in integrations for operation in methods.values()):
        assert "${InferenceFunction.Arn}:live/" in operation["x-amazon-apigateway-integration"]["uri"]["Fn::Sub"]


@pytest.mark.parametrize("layer", LAYERS, ids=named)
def test_a_changed_layer_is_published_as_a_new_version(layer: Resource) -> None:
    assert layer.properties["PublishLambdaVersion"] is True


def test_a_changed_layer_alone_makes_a_new_version_of_inference() -> None:
    def version(content: str) -> str:
        """The logical id of the version, which changes when a new version is to be made."""
        template = transform_template(
            PROJECT / "template.yaml", packages={"PreprocessingLayer": f"s3://bucket/{content}"}
        )
        (name,) = (
            name
            for name, resource in template["Resources"].items()
            if resource["Type"] == "AWS::Lambda::Version" and name.startswith("InferenceFunction")
        )
        return str(name)

    names = [version(content) for content in ("one", "one", "another")]
    assert names[0] == names[1] != names[2]


def test_no_output_and_no_variable_holds_a_secret() -> None:
    document = yaml_parse((PROJECT / "template.yaml").read_text())
    public = json.dumps([document["Outputs"], document["Globals"]["Function"]["Environment"]]).lower()

    assert not re.search(r"secret|password|token|\bvalue\b.*getatt.*apikey", public)
    assert document["Outputs"]["ApiKeyId"]["Value"] == {"Ref": "ApiKey"}  # its id, not the key


def test_all_paths_but_health_and_the_docs_page_require_authentication() -> None:
    paths = TEMPLATE.resources["Api"].properties["DefinitionBody"]["paths"]
    security = {path: method["x-amazon-apigateway-any-method"]["security"] for path, method in paths.items()}

    assert security.pop("/{proxy+}") == {"Fn::If": ["UsesApiKey", [{"api_key": []}], [{"sigv4": []}]]}
    assert security == {"/v2/health/live": [], "/v2/health/ready": [], "/docs": []}
    # A browser asks without a key whether a page may send a request with one.
    assert paths["/{proxy+}"]["options"]["security"] == []


def test_training_threads_do_not_spin_while_they_wait() -> None:
    train = TEMPLATE.resources["TrainFunction"].properties

    assert train["Environment"]["Variables"] == {"OMP_WAIT_POLICY": "PASSIVE"}


def test_inference_starts_with_one_thread() -> None:
    inference = TEMPLATE.resources["InferenceFunction"].properties

    assert inference["Environment"]["Variables"]["OPENBLAS_NUM_THREADS"] == "1"


def test_inference_keeps_all_versions_in_one_heap() -> None:
    inference = TEMPLATE.resources["InferenceFunction"].properties

    assert inference["Environment"]["Variables"]["MALLOC_ARENA_MAX"] == "1"


def test_logs_expire() -> None:
    groups = {group.logical_id for group in TEMPLATE.of_type("AWS::Logs::LogGroup")}

    assert {function.properties["LoggingConfig"]["LogGroup"]["Ref"] for function in FUNCTIONS} <= groups
    assert all(TEMPLATE.resources[group].properties["RetentionInDays"] for group in groups)


@pytest.mark.parametrize("name", TASKS)
def test_a_task_times_out_after_its_function(name: str) -> None:
    substitution = SUBSTITUTION.search(TASKS[name]["Parameters"]["FunctionName"])

    assert substitution
    if "TimeoutSecondsPath" not in TASKS[name]:  # people take longer
        assert TASKS[name]["TimeoutSeconds"] > timeout(TEMPLATE.resources[substitution[1]])


@pytest.mark.parametrize("name", TASKS)
def test_a_task_has_the_one_retry_policy_and_catches_all_errors(name: str) -> None:
    """It stands in each state, since CloudFormation reads the file without YAML's anchors."""
    retries = TASKS[name]["Retry"]

    common = [[error for error in one["ErrorEquals"] if error not in OWN_RETRIES.get(name, ())] for one in retries]
    bounds = [(one["MaxAttempts"], one.get("MaxDelaySeconds")) for one in retries]
    assert [(errors, *bound) for errors, bound in zip(common, bounds, strict=True)] == RETRIES
    assert TASKS[name]["Catch"][-1]["ErrorEquals"] == ["States.ALL"]


def test_a_retry_names_errors_that_the_code_raises() -> None:
    ours = {error for errors, *_ in RETRIES for error in errors if "." not in error}

    assert all(issubclass(getattr(errors, error), errors.RefrainError) for error in ours)


def next_states(state: dict[str, Any]) -> set[str]:
    """The possible next states."""
    ways = [state, *state.get("Choices", []), *state.get("Catch", [])]
    return {way["Next"] for way in ways if "Next" in way} | ({state["Default"]} if "Default" in state else set())


@pytest.mark.parametrize("name", MACHINES)
def test_every_state_can_be_reached_and_every_transition_leads_to_a_state(name: str) -> None:
    machines = [
        MACHINES[name],
        *(state["ItemProcessor"] for _, state in states(MACHINES[name]) if "ItemProcessor" in state),
    ]
    for machine in machines:
        led_to = {machine["StartAt"]}.union(*(next_states(state) for state in machine["States"].values()))

        assert led_to == set(machine["States"])


def test_the_state_machines_catch_errors_of_ours_only() -> None:
    caught = {error for task in TASKS.values() for catch in task["Catch"] for error in catch["ErrorEquals"]}

    inputs = {"InvalidRequest", "UnknownModel", "TooManyRows", "BrokenVersion"}
    ours = inputs | {"ChampionChanged", "ChallengerChanged", "OutdatedRollback"}
    assert caught - {"States.ALL", "States.Timeout"} == ours
    for error in ours:
        assert issubclass(getattr(errors, error), errors.RefrainError)


@pytest.mark.parametrize("name", MACHINES)
def test_the_template_substitutes_what_a_state_machine_needs_and_lets_it_call_its_functions_only(name: str) -> None:
    machine = TEMPLATE.resources[name].properties
    text = (PROJECT / machine["DefinitionUri"]).read_text()

    assert set(machine["DefinitionSubstitutions"]) == set(re.findall(r"\$\{(\w+)\}", text))
    allowed = {
        policy["LambdaInvokePolicy"]["FunctionName"]["Ref"]
        for policy in machine["Policies"]
        if "LambdaInvokePolicy" in policy
    }
    assert allowed == functions_of(name)
    assert len(machine["Policies"]) == len(allowed) + 1  # its log


OUR_NAMESPACE = {"Fn::Sub": "Refrain/${AWS::StackName}"}
DASHBOARD: list[dict[str, Any]] = TEMPLATE.resources["Dashboard"].properties["DashboardBody"]["Fn::ToJsonString"][
    "widgets"
]


def test_the_dashboard_shows_the_loop_in_order_and_without_gaps() -> None:
    titles = [widget["properties"]["markdown"] for widget in DASHBOARD if widget["type"] == "text"]
    rows = [(widget["y"], widget["x"]) for widget in DASHBOARD]

    sections = ["Upload", "Retraining", "Inference", "Capture", "Monitoring", "One"]
    assert [title.split()[2] for title in titles] == sections
    assert rows == sorted(rows)
    for y in {y for y, _ in rows}:
        assert sum(widget["width"] for widget in DASHBOARD if widget["y"] == y) == 24


def test_one_model_of_the_dashboard_is_chosen_from_those_with_uploads() -> None:
    (variable,) = TEMPLATE.resources["Dashboard"].properties["DashboardBody"]["Fn::ToJsonString"]["variables"]
    of_models = [
        metric for widget in DASHBOARD for metric in widget["properties"].get("metrics", []) if "model" in metric
    ]

    assert (variable["property"], variable["populateFrom"]) == ("model", "model")
    assert variable["search"] == {"Fn::Sub": '{Refrain/${AWS::StackName},model} MetricName="RowsKept"'}
    assert len(of_models) > 10
    assert all(metric[0] == OUR_NAMESPACE and metric[2:] == ["model", "-"] for metric in of_models)


ALARMED_BY = {
    "IngestFunction": "IngestDeadLettersAlarm",
    "FailedUploadsFunction": "FailedUploadsFailAlarm",
    "SnapshotFunction": "RunFailedAlarm",
    "TrainFunction": "CandidatesFailedAlarm",
    "EvaluateFunction": "RunFailedAlarm",
    "MoveFunction": "RunFailedAlarm",
    "JudgeFunction": "RunFailedAlarm",
    "MonitoringFunction": "MonitoringFailedAlarm",
    "InferenceFunction": "InferenceFailsAlarm",
    "PreTrafficFunction": "PreTrafficFailsAlarm",
}
"""The alarm that a function's last failure raises, after its retries."""


def test_every_function_has_an_alarm_that_its_failure_raises() -> None:
    assert set(ALARMED_BY) == {function.logical_id for function in FUNCTIONS}
    assert set(ALARMED_BY.values()) <= {alarm.logical_id for alarm in ALARMS}


def test_every_alarm_is_on_the_dashboard() -> None:
    shown = {arn["Fn::GetAtt"][0] for arn in DASHBOARD[0]["properties"]["alarms"]}

    assert shown == {alarm.logical_id for alarm in ALARMS}


def test_every_metric_that_is_shown_or_watched_is_counted_by_the_code() -> None:
    shown = {
        metric[1]
        for widget in DASHBOARD
        for metric in widget["properties"].get("metrics", [])
        if metric[0] == OUR_NAMESPACE
    }
    entries = [entry for alarm in ALARMS for entry in alarm.properties.get("Metrics", []) if "MetricStat" in entry]
    metrics = [*(alarm.properties for alarm in ALARMS), *(entry["MetricStat"]["Metric"] for entry in entries)]
    watched = {metric["MetricName"] for metric in metrics if metric.get("Namespace") == OUR_NAMESPACE}
    assert {"Drifted", "RequestFailed", "RowsKept"} <= shown | watched
    outcomes = {"Promoted", "Refreshed", "Kept", "Dismissed", "Superseded"}  # named after the outcome itself
    counted = set(re.findall(r'["\']([A-Z][a-zA-Z]+)["\']', code()))

    assert shown | watched <= counted | outcomes
    assert outcomes == {outcome.capitalize() for outcome in moves.MOVE_RESULTS.values()}
