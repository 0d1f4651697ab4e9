"""Creates the resources of the template that hold data or run code.

The others (alarms, log groups, usage plans) have no effect on one machine and are skipped.
"""

import json
import re
from collections.abc import Iterable
from graphlib import TopologicalSorter
from typing import Any

import yaml

from local.aws_server import AwsServer, empty_package
from local.errors import TemplateError
from local.names import ACCOUNT, REGION
from local.processes import Function
from local.template import FIRST_VERSION, Resolver, Resource, Template

_ROLE = f"arn:aws:iam::{ACCOUNT}:role/refrain"


def create_resources(template: Template, server: AwsServer, functions: Iterable[Function]) -> None:
    """Create the queues, topics, tables, buckets, functions and state machines of the template.

    Raises:
        TemplateError: the template needs something that does not exist on this machine.
    """
    resolver = Resolver(template, server.endpoint)
    _create_queues(template, server, resolver)
    _create_topics(template, server)
    _create_event_log(template, server)
    _create_tables(template, server)
    _create_buckets(template, server, resolver)
    _create_functions(server, functions)
    _create_aliases(template, server)
    for resource in template.of_type("AWS::Serverless::StateMachine"):
        _create_state_machine(template, resource, server, resolver)


def _create_queues(template: Template, server: AwsServer, resolver: Resolver) -> None:
    sqs = server.client("sqs")
    queues = {resource.logical_id: resource for resource in template.of_type("AWS::SQS::Queue")}
    # A dead-letter queue has to exist before the queue that names it.
    targets = {name: _dead_letter_queue(resource) for name, resource in queues.items()}
    for resource in (queues[name] for name in TopologicalSorter(targets).static_order()):
        properties = resolver.resolve(_chosen_properties(resource, "VisibilityTimeout", "RedrivePolicy"))
        texts = {
            name: json.dumps(value) if isinstance(value, dict) else str(value) for name, value in properties.items()
        }
        sqs.create_queue(QueueName=resource.name, Attributes=texts)


def _dead_letter_queue(queue: Resource) -> set[str]:
    """Name the queue to which SQS moves the messages that keep failing, if there is one."""
    policy = queue.properties.get("RedrivePolicy")
    return {policy["deadLetterTargetArn"]["Fn::GetAtt"][0]} if policy else set()


def _create_topics(template: Template, server: AwsServer) -> None:
    """Create topics without subscriptions, since this machine sends no mail."""
    for resource in template.of_type("AWS::SNS::Topic"):
        server.client("sns").create_topic(Name=resource.name)


def _create_event_log(template: Template, server: AwsServer) -> None:
    """Create a log group of the stack's events, for people to read."""
    name, events = f"{template.stack}-events", server.client("events")
    server.client("logs").create_log_group(logGroupName=name)
    events.put_rule(Name=name, EventPattern=json.dumps({"source": [f"refrain.{template.stack}"]}))
    events.put_targets(Rule=name, Targets=[{"Id": "log", "Arn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{name}"}])


def _create_tables(template: Template, server: AwsServer) -> None:
    for resource in template.of_type("AWS::DynamoDB::Table"):
        properties = _chosen_properties(resource, "AttributeDefinitions", "KeySchema", "BillingMode")
        server.client("dynamodb").create_table(TableName=resource.name, **properties)


def _chosen_properties(resource: Resource, *names: str) -> dict[str, Any]:
    return {name: resource.properties[name] for name in names if name in resource.properties}


def _create_buckets(template: Template, server: AwsServer, resolver: Resolver) -> None:
    s3 = server.client("s3")
    for resource in template.of_type("AWS::S3::Bucket"):
        name = resource.name
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        if resource.properties.get("VersioningConfiguration", {}).get("Status") == "Enabled":
            s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        notifications = resource.properties.get("NotificationConfiguration", {})
        if set(notifications) - {"QueueConfigurations"}:
            raise TemplateError(f"{resource.logical_id}: this machine can notify only queues of uploads.")
        if notifications:
            configurations = [_notification(queue, resolver) for queue in notifications["QueueConfigurations"]]
            s3.put_bucket_notification_configuration(
                Bucket=name, NotificationConfiguration={"QueueConfigurations": configurations}
            )


def _notification(queue: dict[str, Any], resolver: Resolver) -> dict[str, Any]:
    keys = {"Filter": {"Key": {"FilterRules": queue["Filter"]["S3Key"]["Rules"]}}} if "Filter" in queue else {}
    return {"QueueArn": resolver.resolve(queue["Queue"]), "Events": [queue["Event"]], **keys}


def _create_functions(server: AwsServer, functions: Iterable[Function]) -> None:
    server.client("iam").create_role(RoleName="refrain", AssumeRolePolicyDocument="{}")
    awslambda = server.client("lambda")
    package = empty_package()
    for function in functions:
        awslambda.create_function(
            FunctionName=function.name,
            Runtime="python3.13",
            Role=_ROLE,
            Handler=function.handler,
            Code={"ZipFile": package},
            Timeout=function.timeout,
            MemorySize=function.memory,
            Publish=True,
        )


def _create_aliases(template: Template, server: AwsServer) -> None:
    """Create aliases; on this machine they all run the same code."""
    for resource in template.of_type("AWS::Serverless::Function"):
        alias = resource.properties.get("AutoPublishAlias")
        if alias:
            server.client("lambda").create_alias(FunctionName=resource.name, Name=alias, FunctionVersion=FIRST_VERSION)


def _create_state_machine(template: Template, resource: Resource, server: AwsServer, resolver: Resolver) -> None:
    text = (template.folder / resource.properties["DefinitionUri"]).read_text()
    for name, value in resolver.resolve(resource.properties.get("DefinitionSubstitutions", {})).items():
        text = text.replace(f"${{{name}}}", value)
    unknown = sorted(set(re.findall(r"\$\{(\w+)\}", text)))
    if unknown:
        raise TemplateError(f"{resource.logical_id}: no DefinitionSubstitutions for {', '.join(unknown)}.")
    server.client("stepfunctions").create_state_machine(
        name=resource.name, definition=json.dumps(yaml.safe_load(text)), roleArn=_ROLE
    )
