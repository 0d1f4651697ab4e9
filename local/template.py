"""Reads the real SAM template and resolves its references to resources on this machine.

It reads the SAM form as people write it. The few resources that hold data or run code can be created from it directly,
while moto has no model for half of the transformed form.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from samcli.yamlhelper import yaml_parse

from local.errors import TemplateError
from local.names import ACCOUNT, REGION, STACK, local_name

FIRST_VERSION = "1"
"""The version of a new function."""


@dataclass(frozen=True)
class Resource:
    """A resource of the template with unresolved properties, and its name on this machine."""

    logical_id: str
    type: str
    properties: Mapping[str, Any]
    name: str


@dataclass(frozen=True)
class Template:
    """A template, with the values of its parameters and the name of its stack."""

    path: Path
    resources: Mapping[str, Resource]
    parameters: Mapping[str, str]
    conditions: Mapping[str, Any] = field(default_factory=dict)
    stack: str = STACK
    function_globals: Mapping[str, Any] = field(default_factory=dict)
    api_globals: Mapping[str, Any] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """The folder to which the template's paths are relative."""
        return self.path.parent

    def of_type(self, kind: str) -> Iterator[Resource]:
        """Yield the resources of one type in the template's order."""
        return (resource for resource in self.resources.values() if resource.type == kind)

    def layers_of(self, function: Resource) -> list[str]:
        """List the logical ids of a function's layers: those of all functions, then its own."""
        return [
            layer["Ref"] for layer in (*self.function_globals.get("Layers", []), *function.properties.get("Layers", []))
        ]

    def memory_of(self, function: Resource) -> int:
        """Return the memory of a function in MB, from its parameter where it has one."""
        return int(self._chosen({"MemorySize": 128, **self.function_globals, **function.properties}["MemorySize"]))

    def has_snap_start(self, function: Resource) -> bool:
        """Whether a function starts from a snapshot of its memory."""
        return self._chosen(function.properties.get("SnapStart", {}).get("ApplyOn", "None")) == "PublishedVersions"

    def _chosen(self, value: Any) -> str:
        return self.parameters[value["Ref"]] if isinstance(value, dict) else str(value)


def read_template(path: Path, parameters: Mapping[str, str] | None = None, stack: str = STACK) -> Template:
    """Read a template; `parameters` override its defaults.

    Raises:
        TemplateError: the file is missing, or a parameter has neither a default nor a value.
    """
    if not path.is_file():
        raise TemplateError(f"There is no template at {path}.")
    document = yaml_parse(path.read_text())
    values = {
        name: str(about["Default"]) for name, about in document.get("Parameters", {}).items() if "Default" in about
    }
    values |= parameters or {}
    missing = sorted(set(document.get("Parameters", {})) - set(values))
    if missing:
        raise TemplateError(f"Parameters of {path.name} without a value: {', '.join(missing)}.")
    resources = {
        name: Resource(name, body["Type"], body.get("Properties", {}), local_name(name, stack))
        for name, body in document["Resources"].items()
    }
    shared = document.get("Globals", {})
    return Template(
        path.resolve(),
        resources,
        values,
        document.get("Conditions", {}),
        stack,
        shared.get("Function", {}),
        shared.get("Api", {}),
    )


def resource_attributes(resource: Resource, endpoint: str) -> dict[str, str]:
    """Return the values of `Ref` (the empty name) and `GetAtt` for a resource of the local cloud at `endpoint`."""
    name = resource.name
    match resource.type:
        case "AWS::S3::Bucket":
            return {"": name, "Arn": f"arn:aws:s3:::{name}"}
        case "AWS::SQS::Queue":
            arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
            return {"": f"{endpoint}/{ACCOUNT}/{name}", "Arn": arn, "QueueName": name}
        case "AWS::Serverless::Function":
            return {"": name, "Arn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"}
        case "AWS::DynamoDB::Table":
            return {"": name, "Arn": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{name}"}
        case "AWS::SNS::Topic":
            arn = f"arn:aws:sns:{REGION}:{ACCOUNT}:{name}"
            return {"": arn, "TopicArn": arn, "TopicName": name}
        case "AWS::Serverless::StateMachine":
            arn = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{name}"
            return {"": arn, "Arn": arn, "Name": name}
        case _:
            return {"": name}


class Resolver:
    """Replaces intrinsic functions by their values."""

    def __init__(self, template: Template, endpoint: str) -> None:
        self._values: dict[tuple[str, str], str] = {
            ("AWS::Region", ""): REGION,
            ("AWS::AccountId", ""): ACCOUNT,
            ("AWS::Partition", ""): "aws",
            ("AWS::URLSuffix", ""): "amazonaws.com",
            ("AWS::StackName", ""): template.stack,
        }
        self._conditions = template.conditions
        self._values |= {(name, ""): value for name, value in template.parameters.items()}
        for resource in template.resources.values():
            for attribute, value in resource_attributes(resource, endpoint).items():
                self._values[resource.logical_id, attribute] = value
            alias = resource.properties.get("AutoPublishAlias")
            if alias:  # SAM's own names for the alias and the version
                arn = self._values[resource.logical_id, "Arn"]
                self._values[f"{resource.logical_id}.Alias", ""] = f"{arn}:{alias}"
                self._values[f"{resource.logical_id}.Version", ""] = f"{arn}:{FIRST_VERSION}"

    def resolve(self, value: Any) -> Any:
        """Replace every `Ref`, `GetAtt`, `Sub`, `Join` and `If` in a value; `AWS::NoValue` becomes None.

        Raises:
            TemplateError: a reference is not in the template, or has no counterpart on this machine.
        """
        match value:
            case {"Ref": "AWS::NoValue"}:
                return None
            case {"Fn::If": [str(name), chosen, otherwise]}:
                return self.resolve(chosen if self._holds(self._conditions[name]) else otherwise)
            case {"Ref": str(name), **rest} if not rest:
                return self._value(name, "")
            case {"Fn::GetAtt": [str(name), str(attribute)], **rest} if not rest:
                return self._value(name, attribute)
            case {"Fn::Sub": str(text), **rest} if not rest:
                return re.sub(r"\$\{([^!][^}]*)\}", lambda match: self._reference(match[1]), text)
            case {"Fn::Join": [str(separator), list(parts)], **rest} if not rest:
                return separator.join(str(self.resolve(part)) for part in parts)
            case dict():
                return {key: self.resolve(inner) for key, inner in value.items()}
            case list():
                return [self.resolve(inner) for inner in value]
            case _:
                return value

    def _holds(self, condition: Any) -> bool:
        match condition:
            case {"Fn::Not": [inner]}:
                return not self._holds(inner)
            case {"Fn::Equals": [one, other]}:
                return str(self.resolve(one)) == str(self.resolve(other))
        raise TemplateError(f"This machine does not understand the condition {condition!r:.80}.")

    def _reference(self, name: str) -> str:
        logical_id, _, attribute = name.partition(".")
        return self._value(logical_id, attribute)

    def _value(self, name: str, attribute: str) -> str:
        if (name, attribute) not in self._values:
            wanted = f"{name}.{attribute}" if attribute else name
            raise TemplateError(f"The template refers to {wanted}, which has no counterpart on this machine.")
        return self._values[name, attribute]
