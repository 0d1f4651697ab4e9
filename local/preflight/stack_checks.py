"""Checks of the stack: its name, its state, what an earlier one left, and who hears of alarms."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from local.preflight.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.preflight.findings import Account, Plan

MAX_NAME_LENGTH = 64 - len("CodeDeployHook_")
"""The function that checks new code has this prefix, which CodeDeploy's role demands, and at most 64 characters."""

_CURES = {
    "ROLLBACK_COMPLETE": "Delete it (aws cloudformation delete-stack), then deploy again.",
    "ROLLBACK_FAILED": "Delete it (aws cloudformation delete-stack), then deploy again.",
    "DELETE_FAILED": "Delete it again; its events name the resource that could not be deleted.",
    "UPDATE_ROLLBACK_FAILED": "Finish it (aws cloudformation continue-update-rollback), then deploy again.",
}


def check_name(_account: Account, plan: Plan) -> Iterator[Finding]:
    """The name fits all names that are made of it."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]*", plan.stack):
        cure = "Take letters, digits and hyphens, and begin with a letter."
        yield Finding("name", "stops", f"{plan.stack} is not a name for a stack.", cure)
    elif len(plan.stack) > MAX_NAME_LENGTH:
        cure = f"Take at most {MAX_NAME_LENGTH} characters."
        yield Finding("name", "stops", f"{plan.stack} is too long for the name of the deployment hook.", cure)
    else:
        yield Finding("name", "ok", f"{plan.stack} fits.")


def check_state(account: Account, plan: Plan) -> Iterator[Finding]:
    """The stack is absent, or in a state that can be updated."""
    state = _state(account, plan.stack)
    if state.endswith("_IN_PROGRESS") and state != "REVIEW_IN_PROGRESS":
        yield Finding("stack", "stops", f"The stack is in {state}.", "Wait until it has ended.")
    elif state in _CURES:
        yield Finding("stack", "stops", f"The stack is in {state}.", _CURES[state])
    else:
        yield Finding("stack", "ok", f"The stack is in {state}, and can be updated." if state else "There is none yet.")


def _state(account: Account, stack: str) -> str:
    """Return the state of a stack; "" when there is none."""
    try:
        (description,) = account.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    except ClientError as error:
        if "does not exist" in str(error):
            return ""
        raise
    return str(description["StackStatus"])


def check_leftovers(account: Account, plan: Plan) -> Iterator[Finding]:
    """What an earlier stack of this name has left; CloudFormation makes new ones beside it, but for fixed names."""
    owned = _resources(account, plan.stack)
    group = f"/aws/vendedlogs/states/{plan.stack}-retraining"
    groups = account.client("logs").describe_log_groups(logGroupNamePrefix=group)["logGroups"]
    if any(item["logGroupName"] == group for item in groups) and group not in owned:
        cure = f"Delete it: aws logs delete-log-group --log-group-name {group}"
        yield Finding("left over", "stops", f"The log group {group} exists already.", cure)
    leftovers = [name for name in _retained(account, plan.stack) if name not in owned]
    if leftovers:
        cure = "Empty and delete them if nobody needs their data. The new stack does not use them."
        yield Finding("left over", "warning", f"An earlier stack has left {', '.join(leftovers)}.", cure)
    elif group in owned or not groups:
        yield Finding("left over", "ok", "Nothing is left of an earlier stack.")


def _retained(account: Account, stack: str) -> Iterator[str]:
    """Name the buckets, tables and roles that CloudFormation has made for a stack of this name and never deletes."""
    buckets = account.client("s3").list_buckets()["Buckets"]
    yield from (item["Name"] for item in buckets if re.match(rf"{stack.lower()}-(inbox|lake)bucket-", item["Name"]))
    tables = _pages(account, "dynamodb", "list_tables", "TableNames")
    yield from (name for name in tables if name.startswith(f"{stack}-HistoryTable-"))
    roles = _pages(account, "iam", "list_roles", "Roles")
    yield from (role["RoleName"] for role in roles if role["RoleName"].startswith(f"{stack}-ApiLogsRole-"))


def _resources(account: Account, stack: str) -> set[str]:
    """Return the physical ids of the stack's resources; none when there is no stack."""
    if not _state(account, stack):
        return set()
    summaries = _pages(account, "cloudformation", "list_stack_resources", "StackResourceSummaries", StackName=stack)
    return {str(item.get("PhysicalResourceId")) for item in summaries}


def check_notifications(account: Account, plan: Plan) -> Iterator[Finding]:
    """Somebody hears of alarms: an address is set, and its owner has confirmed it."""
    address = plan.parameters["NotificationEmail"]
    if not address:
        cure = "Deploy with NotificationEmail=<address>, or subscribe to the topic yourself."
        yield Finding("notifications", "warning", "No e-mail address is set, so no alarm reaches anybody.", cure)
        return
    topics = [name for name in _resources(account, plan.stack) if re.fullmatch(r"arn:[^:]+:sns:[^:]+:\d+:[^:]+", name)]
    request = ("sns", "list_subscriptions_by_topic", "Subscriptions")
    subscriptions = [item for topic in topics for item in _pages(account, *request, TopicArn=topic)]
    if (address, "PendingConfirmation") in {(item["Endpoint"], item["SubscriptionArn"]) for item in subscriptions}:
        cure = "Its owner follows the link in the mail with the subject AWS Notification - Subscription Confirmation."
        yield Finding("notifications", "warning", f"{address} has not confirmed that it wants mail.", cure)
    else:
        yield Finding("notifications", "ok", f"Alarms go to {address}.")


def _pages(account: Account, service: str, call: str, items: str, **request: Any) -> Iterator[Any]:
    for page in account.client(service).get_paginator(call).paginate(**request):
        yield from page[items]
