"""Reads from the template what each function's role allows, as IAM does.

Only the statements count: this machine has no permission boundaries and no bucket policies.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from local.errors import TemplateError
from local.template import Resolver, Resource, Template


@dataclass(frozen=True)
class Grant:
    """One action (`s3:GetObject`, `s3:Get*`) on one pattern of resources; a `source` limits the events to send."""

    action: str
    resource: str
    source: str = ""

    def covers(self, action: str, resource: str, source: str = "") -> bool:
        """Whether it allows an action on a resource.

        >>> Grant("s3:GetObject", "arn:aws:s3:::lake/curated/*").covers("s3:GetObject", "arn:aws:s3:::lake/curated/a/b")
        True
        """
        return _matches(self.action, action) and _matches(self.resource, resource) and self.source in ("", source)


type Rights = Mapping[str, tuple[Grant, ...]]
"""Grants by the name of the function."""


def read_rights(template: Template, endpoint: str) -> Rights:
    """Read the grants of every function of the template.

    Raises:
        TemplateError: a policy is of a kind that this machine does not understand.
    """
    resolver = Resolver(template, endpoint)
    return {
        function.name: tuple(_grants(template, function, resolver))
        for function in template.of_type("AWS::Serverless::Function")
    }


def _grants(template: Template, function: Resource, resolver: Resolver) -> Iterator[Grant]:
    for policy in function.properties.get("Policies", []):
        for statement in _statements(template, function, resolver.resolve(policy)):
            rule = resolver.resolve(statement)
            source = _source(rule.pop("Condition", None))
            if rule["Effect"] != "Allow" or source is None or set(rule) - {"Sid", "Effect", "Action", "Resource"}:
                raise TemplateError(
                    f"{function.logical_id}: this machine understands only plain statements that allow."
                )
            for action in _as_list(rule["Action"]):
                yield from (Grant(action, resource, source) for resource in _as_list(rule["Resource"]))


def _source(condition: Any) -> str | None:
    """Return the only source of events that a condition allows; "" without a condition, None for any other one."""
    match condition:
        case None:
            return ""
        case {"StringEquals": {"events:source": str(source), **keys}, **operators} if not keys and not operators:
            return source
        case _:
            return None


def _statements(template: Template, function: Resource, policy: Any) -> list[Any]:
    """List the statements of a policy, which is inline or a resource of its own."""
    match policy:
        case None:
            return []
        case {"Statement": list(statements)}:
            return statements
        case str():
            policies = {resource.name: resource for resource in template.of_type("AWS::IAM::ManagedPolicy")}
            if policy in policies:
                managed: list[Any] = policies[policy].properties["PolicyDocument"]["Statement"]
                return managed
    raise TemplateError(f"{function.logical_id}: this machine does not understand the policy {policy!r:.80}.")


def _as_list(value: str | list[str]) -> list[str]:
    return value if isinstance(value, list) else [value]


def _matches(pattern: str, text: str) -> bool:
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, text, re.DOTALL) is not None
