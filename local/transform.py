"""Transforms the template offline to what CloudFormation gets, with the state machine's definition inside."""

import copy
import logging
import os
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from samcli.lib.cfn_language_extensions.api import process_template
from samcli.lib.cfn_language_extensions.models import PseudoParameterValues
from samcli.yamlhelper import yaml_parse
from samtranslator.translator.managed_policy_translator import ManagedPolicyLoader
from samtranslator.translator.transform import transform

from local.names import ACCOUNT, REGION

logging.getLogger("samtranslator").setLevel(logging.CRITICAL)  # it warns about features that are off

_UPLOADED = "s3://bucket/package"
_PACKAGES = {"AWS::Serverless::Function": "CodeUri", "AWS::Serverless::LayerVersion": "ContentUri"}
_HIDDEN = "Refrain::ToJsonString"
_REFERENCE = re.compile(r"\$\{")


def transform_template(
    path: Path, parameters: Mapping[str, str | int] | None = None, packages: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Transform a template as if its packages were uploaded; `packages` maps logical ids to their addresses.

    As on AWS, parameters are filled in first (AWS::LanguageExtensions), so they count where SAM hashes a resource.
    """
    os.environ.setdefault("AWS_DEFAULT_REGION", REGION)  # the transform derives the partition from it
    document = _fill_in(_read(path), parameters or {})
    machines: dict[str, Any] = {}
    for name, resource in document["Resources"].items():
        properties = resource.get("Properties", {})
        if resource["Type"] in _PACKAGES:
            properties[_PACKAGES[resource["Type"]]] = (packages or {}).get(name, _UPLOADED)
        if resource["Type"] == "AWS::Serverless::StateMachine":
            machines[name] = _read_machine(path.parent / properties["DefinitionUri"], properties)
            properties["DefinitionUri"] = _UPLOADED
    transformed: dict[str, Any] = transform(
        document, dict(parameters or {}), ManagedPolicyLoader(None), passthrough_metadata=True
    )
    for name, definition in machines.items():
        properties = transformed["Resources"][name]["Properties"]
        del properties["DefinitionS3Location"]
        properties["Definition"] = definition
    return transformed | {"Transform": "AWS::LanguageExtensions"}  # left to CloudFormation


@cache
def _parse(text: str) -> dict[str, Any]:
    document: dict[str, Any] = yaml_parse(text)
    return document


def _read(path: Path) -> dict[str, Any]:
    return copy.deepcopy(_parse(path.read_text()))


def _fill_in(document: dict[str, Any], parameters: Mapping[str, str | int]) -> dict[str, Any]:
    """Fill in the parameters; what is known on AWS only stays, such as the stack's name and the ARNs of resources."""
    hidden = _each_value(document, _hide_json)
    filled: dict[str, Any] = process_template(hidden, dict(parameters), PseudoParameterValues(REGION, ACCOUNT))
    return filled | {part: _each_value(filled.get(part, {}), _restore) for part in ("Resources", "Outputs")}


def _each_value(value: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(value, dict):
        return change({key: _each_value(inner, change) for key, inner in value.items()})
    if isinstance(value, list):
        return [_each_value(inner, change) for inner in value]
    return change(value)


def _hide_json(value: Any) -> Any:
    """Keep `Fn::ToJsonString` from the pass, which would write references into the text, where nothing finds them."""
    return {_HIDDEN: value["Fn::ToJsonString"]} if isinstance(value, dict) and "Fn::ToJsonString" in value else value


def _restore(value: Any) -> Any:
    """Undo `_hide_json`, and mend the texts of `Fn::Sub`: the pass leaves them bare when it cannot fill in all."""
    if isinstance(value, dict) and _HIDDEN in value:
        return {"Fn::ToJsonString": value[_HIDDEN]}
    return {"Fn::Sub": value} if isinstance(value, str) and _REFERENCE.search(value) else value


def _read_machine(path: Path, properties: Mapping[str, Any]) -> Any:
    """Read a state machine's definition, with what is not an ARN filled in."""
    text = path.read_text()
    for name, value in properties["DefinitionSubstitutions"].items():
        if not isinstance(value, dict):
            text = text.replace(f"${{{name}}}", str(value))
    return yaml.safe_load(text)
