"""The rights of a function are what the statements of its role allow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from local.errors import TemplateError
from local.rights import Grant, read_rights
from local.template import Resource, Template, read_template

PROJECT = Path(__file__).parents[3]
ENDPOINT = "http://127.0.0.1:1"
LAKE = "arn:aws:s3:::refrain-lake-bucket"


def test_rights_come_from_inline_statements_and_managed_policies() -> None:
    allowed = read_rights(read_template(PROJECT / "template.yaml"), ENDPOINT)

    assert Grant("s3:ListBucket", LAKE) in allowed["refrain-train-function"]
    assert Grant("s3:GetObject", f"{LAKE}/snapshots/*") in allowed["refrain-train-function"]
    assert not any(
        grant.covers("s3:PutObject", f"{LAKE}/versions/x") for grant in allowed["refrain-inference-function"]
    )


def test_a_stack_sends_events_under_its_own_name_only() -> None:
    allowed = read_rights(read_template(PROJECT / "template.yaml"), ENDPOINT)
    bus = "arn:aws:events:eu-west-1:123456789012:event-bus/default"

    for source, covered in {"refrain.refrain": True, "refrain.other": False, "": False}.items():
        senders = {
            name for name, rights in allowed.items() if any(g.covers("events:PutEvents", bus, source) for g in rights)
        }
        every = {"refrain-ingest-function", "refrain-move-function", "refrain-monitoring-function"}
        assert senders == (every if covered else set())


CONDITION = {"StringEquals": {"s3:prefix": "a"}}


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        ("AmazonS3FullAccess", "does not understand the policy"),
        ({"S3ReadPolicy": {"BucketName": "x"}}, "does not understand the policy"),
        ({"Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]}, "only plain statements that allow"),
        (
            {"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": CONDITION}]},
            "only plain statements that allow",
        ),
    ],
)
def test_an_unknown_kind_of_policy_is_refused(policy: Any, words: str) -> None:
    function = Resource("Reader", "AWS::Serverless::Function", {"Policies": [policy]}, "refrain-reader")

    with pytest.raises(TemplateError, match=words):
        read_rights(Template(Path("template.yaml"), {"Reader": function}, {}), ENDPOINT)
