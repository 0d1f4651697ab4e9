"""The template as CloudFormation gets it: SAM's transform done, and the state machine's definition in its place."""

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

logging.getLogger("samtranslator").setLevel(logging.CRITICAL)  # it tells of features of AWS's own that are off

_UPLOADED = "s3://bucket/package"
_PACKAGES = {
    "AWS::Serverless::Function": "CodeUri",
    "AWS::Serverless::LayerVersion": "ContentUri",
}


def transform_template(
    path: Path, parameters: Mapping[str, str] | None = None, packages: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Transform a template offline, as if its packages had been uploaded (`packages` says where to, by logical id)."""
    os.environ.setdefault("AWS_DEFAULT_REGION", REGION)  # the transform asks which partition it is for
    document: dict[str, Any] = copy.deepcopy(yaml_parse(path.read_text()))
    machines: dict[str, Any] = {}
    for name, resource in document["Resources"].items():
        said = resource.get("Properties", {})
        if resource["Type"] in _PACKAGES:
            said[_PACKAGES[resource["Type"]]] = (packages or {}).get(name, _UPLOADED)
        if resource["Type"] == "AWS::Serverless::StateMachine":
            machines[name] = yaml.safe_load((path.parent / said["DefinitionUri"]).read_text())
            said["DefinitionUri"] = _UPLOADED
    made: dict[str, Any] = transform(
        document, dict(parameters or {}), ManagedPolicyLoader(None), passthrough_metadata=True
    )
    for name, definition in machines.items():
        said = made["Resources"][name]["Properties"]
        del said["DefinitionS3Location"]
        said["Definition"] = definition
    return made | {"Transform": "AWS::LanguageExtensions"}  # which CloudFormation does, and this does not
