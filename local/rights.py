"""What each function's role allows, read from the template as IAM reads it.

What is allowed is all that a statement says; there is nothing else on this machine (no boundary, no bucket policy) that
could allow more or forbid some of it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from local.errors import TemplateError
from local.names import local_name
from local.template import Resolver, Resource, Template


@dataclass(frozen=True)
class Grant:
    """One action (`s3:GetObject`, `s3:Get*`) on one pattern of resources."""

    action: str
    resource: str

    def covers(self, action: str, resource: str) -> bool:
        """Whether it allows an action on a resource.

        >>> Grant("s3:GetObject", "arn:aws:s3:::lake/curated/*").covers("s3:GetObject", "arn:aws:s3:::lake/curated/a/b")
        True
        """
        return _matches(self.action, action) and _matches(self.resource, resource)


type Rights = Mapping[str, tuple[Grant, ...]]
"""By the name of the function."""


def read_rights(template: Template, endpoint: str) -> Rights:
    """What every function of the template may do.

    Raises:
        TemplateError: a policy is of a kind that is not understood here, so that nobody knows what it allows.
    """
    resolver = Resolver(template, endpoint)
    return {
        local_name(function.logical_id): tuple(_grants(template, function, resolver))
        for function in template.of_type("AWS::Serverless::Function")
    }


def _grants(template: Template, function: Resource, resolver: Resolver) -> Iterator[Grant]:
    for policy in function.properties.get("Policies", []):
        for statement in _statements(template, function, resolver.resolve(policy)):
            said = resolver.resolve(statement)
            if said["Effect"] != "Allow" or set(said) - {"Sid", "Effect", "Action", "Resource"}:
                raise TemplateError(f"{function.logical_id}: only plain statements that allow are understood here.")
            for action in _several(said["Action"]):
                yield from (Grant(action, resource) for resource in _several(said["Resource"]))


def _statements(template: Template, function: Resource, policy: Any) -> list[Any]:
    """The statements of a policy that is written at the function, or is a resource of its own."""
    match policy:
        case None:
            return []
        case {"Statement": list(statements)}:
            return statements
        case str():
            named = {local_name(each.logical_id): each for each in template.of_type("AWS::IAM::ManagedPolicy")}
            if policy in named:
                written: list[Any] = named[policy].properties["PolicyDocument"]["Statement"]
                return written
    raise TemplateError(f"{function.logical_id}: the policy {policy!r:.80} is not understood on this machine.")


def _several(said: str | list[str]) -> list[str]:
    return said if isinstance(said, list) else [said]


def _matches(pattern: str, text: str) -> bool:
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, text, re.DOTALL) is not None
