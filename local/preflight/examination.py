"""Makes all checks of an account and a region: what would stop a deployment, and the cure of each."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError, NoRegionError

from local.preflight.account_checks import check_api_gateway, check_key, check_lambda, check_region
from local.preflight.findings import Account, Check, Finding, Plan
from local.preflight.stack_checks import check_leftovers, check_name, check_notifications, check_state
from local.template import read_template

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PROJECT = Path(__file__).resolve().parents[2]
CHECKS: tuple[Check, ...] = (
    check_name,
    check_region,
    check_state,
    check_leftovers,
    check_lambda,
    check_api_gateway,
    check_key,
    check_notifications,
)


def check_credentials(account: Account, plan: Plan) -> Finding:
    """Ask AWS who is asking, without which no other check can be made."""
    cure = (
        "Log in (aws sso login, aws configure), and choose a region that the account has enabled (AWS_DEFAULT_REGION)."
    )
    try:
        if not plan.region:
            raise NoRegionError
        identity = account.client("sts").get_caller_identity()
    except (BotoCoreError, ClientError) as error:
        return Finding("credentials", "stops", f"AWS does not accept the credentials: {error}", cure)
    return Finding("credentials", "ok", f"You are {identity['Arn']}.")


def examine(account: Account, plan: Plan) -> Iterator[Finding]:
    """Make all checks; one that fails is a finding, and does not keep the others from being made."""
    credentials = check_credentials(account, plan)
    yield credentials
    if credentials.verdict != "ok":
        return
    for check in CHECKS:
        try:
            yield from check(account, plan)
        except (BotoCoreError, ClientError) as error:
            cure = "Ask with more rights (docs/recipes/policies.yaml), or check it by hand."
            yield Finding(check.__name__.removeprefix("check_").replace("_", " "), "unknown", str(error), cure)


def read_plan(environment: str, parameters: Sequence[str], region: str | None) -> Plan:
    """Read the stack of an environment of samconfig.toml; `parameters` (NAME=VALUE) override its own."""
    configuration = tomllib.loads((PROJECT / "samconfig.toml").read_text())[environment]
    deploy = configuration.get("deploy", {}).get("parameters", {})
    overrides = dict(pair.split("=", 1) for pair in [*deploy.get("parameter_overrides", []), *parameters])
    template = read_template(PROJECT / "template.yaml", overrides)
    return Plan(configuration["global"]["parameters"]["stack_name"], region or "", template.parameters)


def shell_account() -> tuple[Account, str | None]:
    """Return the account of this shell, and its region."""
    session: Any = boto3.Session()
    return Account(session.client), session.region_name
