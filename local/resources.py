"""Makes the resources of the template that hold data or run code.

The others (rights, alarms, log groups, usage plans) have no part on one machine and are passed over.
"""

import json
import re
from collections.abc import Iterable
from typing import Any

import yaml

from local.aws_server import AwsServer, empty_package
from local.errors import TemplateError
from local.names import ACCOUNT, REGION, local_name
from local.processes import Function
from local.template import FIRST_VERSION, Resolver, Resource, Template, resource_attributes

_ROLE = f"arn:aws:iam::{ACCOUNT}:role/refrain"


def create_resources(template: Template, machine: AwsServer, functions: Iterable[Function]) -> None:
    """Make queues, topics, buckets, functions and state machines as the template describes them.

    Raises:
        TemplateError: the template needs something that has no counterpart on this machine.
    """
    resolver = Resolver(template, machine.endpoint)
    _make_queues(template, machine, resolver)
    _make_topics(template, machine)
    _make_tables(template, machine)
    _make_buckets(template, machine, resolver)
    _make_functions(machine, functions)
    _make_aliases(template, machine)
    for resource in template.of_type("AWS::Serverless::StateMachine"):
        _make_state_machine(template, resource, machine, resolver)


def _make_queues(template: Template, machine: AwsServer, resolver: Resolver) -> None:
    sqs = machine.client("sqs")
    queues = list(template.of_type("AWS::SQS::Queue"))
    # A queue that is pointed at has to be there first.
    for resource in sorted(queues, key=lambda queue: "RedrivePolicy" in queue.properties):
        said = resolver.resolve(
            {k: v for k, v in resource.properties.items() if k in ("VisibilityTimeout", "RedrivePolicy")}
        )
        text = {key: value if isinstance(value, str | int) else json.dumps(value) for key, value in said.items()}
        sqs.create_queue(
            QueueName=local_name(resource.logical_id), Attributes={key: str(value) for key, value in text.items()}
        )


def _make_topics(template: Template, machine: AwsServer) -> None:
    """Subscriptions are left out: nobody gets mail from this machine."""
    for resource in template.of_type("AWS::SNS::Topic"):
        machine.client("sns").create_topic(Name=local_name(resource.logical_id))


def _make_tables(template: Template, machine: AwsServer) -> None:
    for resource in template.of_type("AWS::DynamoDB::Table"):
        wanted = ("AttributeDefinitions", "KeySchema", "BillingMode")
        said = {name: resource.properties[name] for name in wanted if name in resource.properties}
        machine.client("dynamodb").create_table(TableName=local_name(resource.logical_id), **said)


def _make_buckets(template: Template, machine: AwsServer, resolver: Resolver) -> None:
    s3 = machine.client("s3")
    for resource in template.of_type("AWS::S3::Bucket"):
        name = local_name(resource.logical_id)
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        if resource.properties.get("VersioningConfiguration", {}).get("Status") == "Enabled":
            s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        told = resource.properties.get("NotificationConfiguration", {})
        if set(told) - {"QueueConfigurations"}:
            raise TemplateError(f"{resource.logical_id}: only queues can be told of uploads on this machine.")
        if told:
            configurations = [_notification(one, resolver) for one in told["QueueConfigurations"]]
            s3.put_bucket_notification_configuration(
                Bucket=name, NotificationConfiguration={"QueueConfigurations": configurations}
            )


def _notification(told: dict[str, Any], resolver: Resolver) -> dict[str, Any]:
    return {"QueueArn": resolver.resolve(told["Queue"]), "Events": [told["Event"]]}


def _make_functions(machine: AwsServer, functions: Iterable[Function]) -> None:
    machine.client("iam").create_role(RoleName="refrain", AssumeRolePolicyDocument="{}")
    awslambda = machine.client("lambda")
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


def _make_aliases(template: Template, machine: AwsServer) -> None:
    """Whatever it is called by, there is one code of a function on this machine."""
    for resource in template.of_type("AWS::Serverless::Function"):
        alias = resource.properties.get("AutoPublishAlias")
        if alias:
            machine.client("lambda").create_alias(
                FunctionName=local_name(resource.logical_id), Name=alias, FunctionVersion=FIRST_VERSION
            )


def _make_state_machine(template: Template, resource: Resource, machine: AwsServer, resolver: Resolver) -> None:
    text = (template.folder / resource.properties["DefinitionUri"]).read_text()
    for name, value in resolver.resolve(resource.properties.get("DefinitionSubstitutions", {})).items():
        text = text.replace(f"${{{name}}}", value)
    unknown = sorted(set(re.findall(r"\$\{(\w+)\}", text)))
    if unknown:
        raise TemplateError(f"{resource.logical_id}: no DefinitionSubstitutions for {', '.join(unknown)}.")
    machine.client("stepfunctions").create_state_machine(
        name=local_name(resource.logical_id), definition=json.dumps(yaml.safe_load(text)), roleArn=_ROLE
    )


def arn_of(template: Template, kind: str, endpoint: str) -> str:
    """The ARN of the only resource of a type."""
    (resource,) = template.of_type(kind)
    return resource_attributes(resource, endpoint)["Arn"]
