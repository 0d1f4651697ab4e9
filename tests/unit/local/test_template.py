"""References of the template are resolved to resources on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from local.errors import TemplateError
from local.template import Resolver, read_template

if TYPE_CHECKING:
    from pathlib import Path

    from local.template import Template

ENDPOINT = "http://127.0.0.1:5000"


@pytest.mark.parametrize(
    ("value", "resolved"),
    [
        ({"Ref": "TheBucket"}, "refrain-the-bucket"),
        ({"Ref": "TheQueue"}, f"{ENDPOINT}/123456789012/refrain-the-queue"),
        ({"Ref": "Size"}, "3"),
        ({"Ref": "Name"}, "given"),
        ({"Ref": "AWS::Region"}, "eu-west-1"),
        ({"Fn::GetAtt": ["TheQueue", "Arn"]}, "arn:aws:sqs:eu-west-1:123456789012:refrain-the-queue"),
        ({"Fn::Sub": "${TheBucket.Arn}/x/${Size}/${!literal}"}, "arn:aws:s3:::refrain-the-bucket/x/3/${!literal}"),
        ({"Fn::Join": ["-", ["a", {"Ref": "Size"}]]}, "a-3"),
        ({"a": [{"Ref": "Size"}], "b": 1}, {"a": ["3"], "b": 1}),
    ],
)
def test_intrinsic_functions_are_replaced_by_their_values(template: Template, value: object, resolved: object) -> None:
    assert Resolver(template, ENDPOINT).resolve(value) == resolved


@pytest.mark.parametrize("value", [{"Ref": "Nobody"}, {"Fn::GetAtt": ["TheBucket", "DomainName"]}])
def test_a_reference_without_a_counterpart_is_named(template: Template, value: object) -> None:
    with pytest.raises(TemplateError, match=r"Nobody|TheBucket\.DomainName"):
        Resolver(template, ENDPOINT).resolve(value)


def test_a_missing_template_is_named(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match=r"no template at .*absent\.yaml"):
        read_template(tmp_path / "absent.yaml")


def test_a_parameter_without_a_value_is_named(template: Template) -> None:
    with pytest.raises(TemplateError, match="without a value: Name"):
        read_template(template.path)
