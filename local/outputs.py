"""Publishes the outputs of the local stack as CloudFormation and API Gateway do for a deployed one.

So the commands in the documentation work here too.
"""

import json
from collections.abc import Mapping

from local.aws_server import AwsServer
from local.deployed_stack import OUTPUT_NAMES


def publish_outputs(machine: AwsServer, name: str, stack: Mapping[str, str]) -> None:
    """Create a stack that has only outputs, and the API key that one of them names."""
    key = machine.client("apigateway").create_api_key(name=name, value=stack["api_key"], enabled=True)
    outputs = {output: stack[address] for address, output in OUTPUT_NAMES.items()} | {"ApiKeyId": key["id"]}
    template = {
        "Resources": {"Nothing": {"Type": "AWS::CloudFormation::WaitConditionHandle"}},
        "Outputs": {output: {"Value": value} for output, value in outputs.items()},
    }
    machine.client("cloudformation").create_stack(StackName=name, TemplateBody=json.dumps(template))
