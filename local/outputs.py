"""Has CloudFormation and API Gateway on this machine tell of the stack what they tell of a deployed one.

So the commands of the documentation, and whatever finds its way by a stack's outputs, work here too.
"""

import json
from collections.abc import Mapping

from local.aws_server import AwsServer
from local.deployed_stack import OUTPUT_NAMES

STACK = "refrain"


def publish_outputs(machine: AwsServer, stack: Mapping[str, str]) -> None:
    """Make a stack that has nothing but outputs, and the API key that one of them names."""
    made = machine.client("apigateway").create_api_key(name=STACK, value=stack["api_key"], enabled=True)
    outputs = {theirs: stack[ours] for ours, theirs in OUTPUT_NAMES.items()} | {"ApiKeyId": made["id"]}
    template = {
        "Resources": {"Nothing": {"Type": "AWS::CloudFormation::WaitConditionHandle"}},
        "Outputs": {name: {"Value": value} for name, value in outputs.items()},
    }
    machine.client("cloudformation").create_stack(StackName=STACK, TemplateBody=json.dumps(template))
