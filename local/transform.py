"""Transforms the template offline to what CloudFormation gets, with the state machine's definition inside."""

import copy
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from samcli.yamlhelper import yaml_parse
from samtranslator.translator.managed_policy_translator import ManagedPolicyLoader
from samtranslator.translator.transform import transform

from local.names import REGION

logging.getLogger("samtranslator").setLevel(logging.CRITICAL)  # it warns about features that are off

_UPLOADED = "s3://bucket/package"
_PACKAGES = {"AWS::Serverless::Function": "CodeUri", "AWS::Serverless::LayerVersion": "ContentUri"}


def transform_template(
    path: Path, parameters: Mapping[str, str] | None = None, packages: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Transform a template as if its packages were uploaded; `packages` maps logical ids to their addresses."""
    os.environ.setdefault("AWS_DEFAULT_REGION", REGION)  # the transform derives the partition from it
    document: dict[str, Any] = copy.deepcopy(yaml_parse(path.read_text()))
    machines: dict[str, Any] = {}
    for name, resource in document["Resources"].items():
        properties = resource.get("Properties", {})
        if resource["Type"] in _PACKAGES:
            properties[_PACKAGES[resource["Type"]]] = (packages or {}).get(name, _UPLOADED)
        if resource["Type"] == "AWS::Serverless::StateMachine":
            machines[name] = yaml.safe_load((path.parent / properties["DefinitionUri"]).read_text())
            properties["DefinitionUri"] = _UPLOADED
    transformed: dict[str, Any] = transform(
        document, dict(parameters or {}), ManagedPolicyLoader(None), passthrough_metadata=True
    )
    for name, definition in machines.items():
        properties = transformed["Resources"][name]["Properties"]
        del properties["DefinitionS3Location"]
        properties["Definition"] = definition
    return transformed | {"Transform": "AWS::LanguageExtensions"}  # left to CloudFormation
