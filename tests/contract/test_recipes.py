"""The recipes beside the template: rights that exist and suffice, and a workflow that tests before it deploys."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cfnlint
import pytest
import yaml
from samcli.yamlhelper import yaml_parse

from local.transform import transform_template

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = Path(__file__).resolve().parents[2]
RECIPES = PROJECT / "docs" / "recipes"
KNOWN = json.loads((Path(cfnlint.__file__).parent / "data" / "AdditionalSpecs" / "Policies.json").read_text())
ROLES = ["Uploader", "Caller", "Modeller", "Forgetter", "Operator", "Deployer"]
PAGES = [PROJECT / "docs" / f"{name}.md" for name in ("operations", "labels", "recommendation", "api")]


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def recipe(name: str) -> dict[str, Any]:
    resources: dict[str, Any] = yaml_parse((RECIPES / name).read_text())["Resources"]
    return resources


POLICIES = recipe("policies.yaml")


def statements(role: str) -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = POLICIES[role]["Properties"]["PolicyDocument"]["Statement"]
    return rules


def actions(role: str) -> list[str]:
    return [action for rule in statements(role) for action in as_list(rule["Action"])]


def allows(role: str, action: str) -> bool:
    return any(fnmatchcase(action.lower(), pattern.lower()) for pattern in actions(role))


def test_each_role_of_the_page_on_security_has_a_policy() -> None:
    page = (PROJECT / "SECURITY.md").read_text()

    assert list(POLICIES) == ROLES
    for role in ROLES:
        assert re.search(rf"^\| (a|an) {role.lower()}\b", page, re.MULTILINE)


@pytest.mark.parametrize("role", ROLES)
def test_a_policy_names_actions_that_exist(role: str) -> None:
    for action in actions(role):
        service, _, name = action.lower().partition(":")
        assert service in KNOWN, action
        assert name == "*" or name in KNOWN[service]["Actions"], action


@pytest.mark.parametrize("role", ROLES)
def test_what_changes_something_is_bound_to_the_stack(role: str) -> None:
    """Only reading, and the services whose names CloudFormation chooses, have no resource; the latter a region."""
    for rule in statements(role):
        if as_list(rule["Resource"]) == ["*"] and "Condition" not in rule:
            verbs = {action.partition(":")[2] for action in as_list(rule["Action"])}
            assert all(re.match("Describe|Get|List|BatchGet|Validate", verb) for verb in verbs), rule
        assert not {"iam:*", "*"} & set(as_list(rule["Action"]))


def commands() -> Iterator[str]:
    """The actions of the AWS commands that the pages show to operators."""
    for page in PAGES:
        for service, command in re.findall(r"\baws ([a-z0-9]+) ([a-z0-9-]+)", page.read_text()):
            name = "".join(word.capitalize() for word in command.split("-"))
            if service == "s3":
                yield {"cp": "s3:GetObject", "ls": "s3:ListBucket"}.get(command, f"s3:{name}")
            elif service == "apigateway":
                yield "apigateway:GET"
            else:
                yield f"{ {'stepfunctions': 'states'}.get(service, service) }:{name}".replace(" ", "")


def test_an_operator_may_do_what_the_pages_say() -> None:
    assert [action for action in sorted(set(commands())) if not allows("Operator", action)] == []


def services() -> dict[str, str]:
    """The services of the resources that CloudFormation makes, by an example."""
    prefixes = {"cloudwatch": "cloudwatch", "kinesisfirehose": "firehose", "stepfunctions": "states"}
    found = {}
    for resource in transform_template(PROJECT / "template.yaml")["Resources"].values():
        service = resource["Type"].split("::")[1].lower()
        found[prefixes.get(service, service)] = resource["Type"]
    return found


def test_a_deployer_may_make_every_kind_of_resource_of_the_template() -> None:
    allowed = {action.partition(":")[0] for action in actions("Deployer")}

    assert {service: kind for service, kind in services().items() if service not in allowed} == {}


def test_a_deployer_may_ask_what_preflight_asks() -> None:
    text = "".join(path.read_text() for path in (PROJECT / "local" / "preflight").glob("*.py"))
    calls = re.findall(r'client\("([\w-]+)"\)\s*\.(?:get_paginator\(")?(\w+)', text)
    calls += re.findall(r'_pages\(account, "([\w-]+)", "(\w+)"', text)
    special = {("apigateway", "get_account"): "apigateway:GET", ("s3", "list_buckets"): "s3:ListAllMyBuckets"}
    asked = {special.get(call, f"{call[0]}:{call[1].replace('_', '')}") for call in calls}

    assert len(asked) > 8
    assert [action for action in sorted(asked) if not allows("Deployer", action)] == []


def test_only_jobs_of_one_environment_of_one_repository_take_the_role_of_github() -> None:
    (trust,) = recipe("github.yaml")["Role"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]

    assert trust["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert trust["Condition"] == {
        "StringEquals": {
            "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
            "token.actions.githubusercontent.com:sub": {"Fn::Sub": "repo:${Repository}:environment:${Environment}"},
        }
    }


WORKFLOW: dict[Any, Any] = yaml.safe_load((PROJECT / "docs" / "ci" / "deploy.yml").read_text())
JOBS: dict[str, Any] = WORKFLOW["jobs"]


def test_prod_comes_after_the_tests_of_dev() -> None:
    runs = {name: [step["run"] for step in job["steps"] if "run" in step] for name, job in JOBS.items()}

    assert {name: job.get("needs") for name, job in JOBS.items()} == {"test": None, "dev": "test", "prod": "dev"}
    assert runs["test"] == ["make test", "make validate"]
    assert runs["dev"][-1] == "make test-deployed STACK=refrain-dev"
    targets = re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE)
    used = {target for commands in runs.values() for run in commands for target in re.findall(r"^make ([a-z-]+)", run)}
    assert used <= set(targets)


def test_a_job_has_no_more_rights_than_it_needs() -> None:
    assert WORKFLOW["permissions"] == {"contents": "read"}
    for name, job in JOBS.items():
        deploys = name != "test"
        assert (job.get("permissions") == {"contents": "read", "id-token": "write"}) == deploys
        assert job.get("environment") == (name if deploys else None)
        assert all(re.fullmatch(r"[\w-]+/[\w-]+@v\d+", step["uses"]) for step in job["steps"] if "uses" in step)
    assert "secrets." not in (PROJECT / "docs" / "ci" / "deploy.yml").read_text()


def test_functions_in_a_vpc_may_use_its_network(tmp_path: Path) -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", (PROJECT / "docs" / "recipes.md").read_text(), re.DOTALL)
    added = re.search(r"    VpcConfig:\n(?:      .*\n)+", block)
    assert added
    runtime = "    Runtime: python3.13\n"
    text = (PROJECT / "template.yaml").read_text()
    (tmp_path / "template.yaml").write_text(text.replace(runtime, runtime + added[0], 1))
    (tmp_path / "functions").symlink_to(PROJECT / "functions")

    resources = transform_template(tmp_path / "template.yaml")["Resources"].values()

    functions = [resource for resource in resources if resource["Type"] == "AWS::Lambda::Function"]
    assert all(function["Properties"]["VpcConfig"]["SubnetIds"] for function in functions)
    roles = [json.dumps(resource) for resource in resources if resource["Type"] == "AWS::IAM::Role"]
    assert sum("AWSLambdaVPCAccessExecutionRole" in role for role in roles) == len(functions)
