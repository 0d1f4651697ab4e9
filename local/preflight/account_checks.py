"""Checks of the account and the region: its limits, its settings, and the key."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3

from local.preflight.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.preflight.findings import Account, Plan

SERVICES = (
    *("apigateway", "cloudformation", "cloudwatch", "codedeploy", "dynamodb", "events", "firehose", "kms", "lambda"),
    *("logs", "s3", "scheduler", "sns", "sqs", "stepfunctions", "wafv2", "xray"),
)
"""What the template makes resources of, or calls."""

NEW_ACCOUNT_MEMORY = 3008
FULL_CONCURRENCY = 1000
"""What an account has that is no longer new."""

MIN_UNRESERVED = 100
"""Lambda refuses a reservation that leaves less for all other functions."""

CODE_BYTES = 2_000_000_000
"""What some deployments store: functions and layers, with the versions before."""

KEY_USERS = ("logs.{region}.amazonaws.com", "s3.amazonaws.com", "cloudwatch.amazonaws.com")


def check_region(_account: Account, plan: Plan) -> Iterator[Finding]:
    """The region has every service, and S3 under the address that the code asks."""
    session = boto3.Session()
    partition = session.get_partition_for_region(plan.region)
    missing = [name for name in SERVICES if plan.region not in session.get_available_regions(name, partition)]
    if partition == "aws-cn":
        cure = "Choose a region outside China."
        yield Finding("region", "stops", f"{plan.region} has S3 under another domain than the code asks.", cure)
    elif missing:
        cure = "Choose another region, if AWS's list of regional services says the same."
        yield Finding("region", "warning", f"{plan.region} is not known to have {', '.join(missing)}.", cure)
    else:
        yield Finding("region", "ok", f"{plan.region} has every service.")


def check_lambda(account: Account, plan: Plan) -> Iterator[Finding]:
    """Concurrency, memory and code storage."""
    settings = account.client("lambda").get_account_settings()
    limits, usage = settings["AccountLimit"], settings["AccountUsage"]
    yield _concurrency(limits, int(plan.parameters["MaxConcurrency"]))
    yield _memory(account, limits["ConcurrentExecutions"], plan)
    free = limits["TotalCodeSize"] - usage["TotalCodeSize"]
    if free < CODE_BYTES:
        cure = "Delete old versions of functions and layers, or ask for more (Service Quotas, AWS Lambda, storage)."
        yield Finding("code storage", "stops", f"Lambda has {free / 1e9:.1f} GB left for code.", cure)
    else:
        yield Finding("code storage", "ok", f"Lambda has {free / 1e9:.0f} GB left for code.")


def _concurrency(limits: dict[str, Any], reserved: int) -> Finding:
    total, unreserved = limits["ConcurrentExecutions"], limits["UnreservedConcurrentExecutions"]
    ask = "Ask for more (Service Quotas, AWS Lambda, Concurrent executions)"
    if reserved and unreserved - reserved < MIN_UNRESERVED:
        left = f"MaxConcurrency={reserved} leaves {unreserved - reserved} calls at once. Lambda keeps {MIN_UNRESERVED}."
        return Finding("concurrency", "stops", left, f"{ask}, or deploy with MaxConcurrency=0.")
    if total < FULL_CONCURRENCY:
        return Finding(
            "concurrency", "warning", f"All functions share {total} calls at once.", f"{ask} before traffic."
        )
    return Finding("concurrency", "ok", f"{unreserved:,} calls at once are free.")


def _memory(account: Account, concurrency: int, plan: Plan) -> Finding:
    """No call of AWS tells the memory limit, but a function above it, and a concurrency of old accounts, are signs."""
    sizes = {name: int(value) for name, value in plan.parameters.items() if name.endswith("Memory")}
    largest, wanted = max(sizes.items(), key=lambda size: size[1])
    if wanted <= NEW_ACCOUNT_MEMORY:
        return Finding("memory", "ok", f"No function has more than {wanted:,} MB, which any account allows.")
    pages = account.client("lambda").get_paginator("list_functions").paginate()
    if any(function["MemorySize"] >= wanted for page in pages for function in page["Functions"]):
        return Finding("memory", "ok", f"Another function has {wanted:,} MB or more already.")
    cure = f"Deploy with {largest}={NEW_ACCOUNT_MEMORY}, or ask AWS Support for more memory first."
    sentence = f"{largest}={wanted} is more than the {NEW_ACCOUNT_MEMORY:,} MB that a new account has."
    return Finding("memory", "stops" if concurrency < FULL_CONCURRENCY else "warning", sentence, cure)


def check_api_gateway(account: Account, plan: Plan) -> Iterator[Finding]:
    """The role for logs, of which an account has one per region, and the account's rate."""
    settings = account.client("apigateway").get_account()
    role, choice = settings.get("cloudwatchRoleArn", ""), plan.parameters["ApiLogRole"]
    if choice == "set" and role and f"/{plan.stack}-" not in role:
        cure = "Deploy with ApiLogRole=keep."
        yield Finding("log role", "warning", f"API Gateway has the role {role}, which would be replaced.", cure)
    elif choice == "keep" and not role:
        yield Finding("log role", "stops", "API Gateway has no role for logs.", "Deploy with ApiLogRole=set.")
    else:
        yield Finding(
            "log role", "ok", "API Gateway has a role for logs." if role else "The stack sets a role for logs."
        )
    rate, wanted = settings.get("throttleSettings", {}).get("rateLimit"), float(plan.parameters["RequestsPerSecond"])
    if rate is not None and rate < wanted:
        cure = f"Deploy with RequestsPerSecond={rate:.0f}, or ask for more (Service Quotas, API Gateway)."
        yield Finding("rate", "warning", f"The account allows {rate:.0f} requests a second, not {wanted:.0f}.", cure)


def check_key(account: Account, plan: Plan) -> Iterator[Finding]:
    """The KMS key is in this region, enabled, and lets the services use it."""
    arn = plan.parameters["KmsKeyArn"]
    if not arn:
        return
    if f":{plan.region}:" not in arn:
        yield Finding("key", "stops", f"{arn} is not in {plan.region}.", "Choose a key of this region.")
        return
    kms = account.client("kms")
    state = kms.describe_key(KeyId=arn)["KeyMetadata"]["KeyState"]
    if state != "Enabled":
        yield Finding("key", "stops", f"The key is {state}.", "Enable it (aws kms enable-key), or choose another one.")
    policy = json.loads(kms.get_key_policy(KeyId=arn, PolicyName="default")["Policy"])
    allowed = json.dumps([entry["Principal"] for entry in policy["Statement"] if entry["Effect"] == "Allow"])
    users = [user.format(region=plan.region) for user in KEY_USERS]
    missing = [user for user in users if f'"{user}"' not in allowed]
    if missing:
        cure = "Add a statement for each to the key's policy (docs/operations.md, Your own KMS key)."
        yield Finding("key", "stops", f"The key's policy does not name {', '.join(missing)}.", cure)
    elif state == "Enabled":
        yield Finding("key", "ok", "The key is enabled, and its policy names the services.")
