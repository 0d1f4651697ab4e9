"""A stack on AWS behind the interface of the local cloud, so that the same tests run on both."""

import os
from itertools import batched
from pathlib import Path
from typing import Any

import boto3

from local.errors import LocalError
from local.stack_client import StackClient
from refrain.lake.model_definition import ModelDefinition

OUTPUT_NAMES = {
    "api_url": "ApiUrl",
    "inbox_bucket": "InboxBucket",
    "lake_bucket": "LakeBucket",
    "history_table": "HistoryTable",
    "state_machine_arn": "StateMachineArn",
    "monitoring_state_machine_arn": "MonitoringStateMachineArn",
}


class UnusableStack(LocalError):
    """The stack cannot be used; the message says why."""


class DeployedStack:
    """A stack by its name, in the account and region of the shell (or at `AWS_ENDPOINT_URL`).

    Raises:
        UnusableStack: the stack does not exist.
    """

    delivery_seconds = 900.0
    """Firehose gathers lines for five minutes; the first ones of a stack take longer."""

    def __init__(self, name: str) -> None:
        outputs = self._outputs(name)
        self.stack: dict[str, str] = {name: outputs[output] for name, output in OUTPUT_NAMES.items()}
        if "ApiKeyId" in outputs:  # else requests are signed
            key = self.client("apigateway").get_api_key(apiKey=outputs["ApiKeyId"], includeValue=True)["value"]
            self.stack["api_key"] = key

    def client(self, service: str) -> Any:
        """Make a boto3 client with the settings of the shell."""
        make: Any = boto3.client
        return make(service)

    def credentials(self) -> dict[str, str]:
        """Return the variables with which the product's own code has the credentials of this shell."""
        session = boto3.Session()
        keys = session.get_credentials()
        if keys is None:
            raise UnusableStack("There are no credentials for AWS: log in (aws sso login, aws configure).")
        frozen = keys.get_frozen_credentials()
        variables = {
            "AWS_ENDPOINT_URL": os.environ.get("AWS_ENDPOINT_URL"),
            "AWS_REGION": session.region_name,
            "AWS_ACCESS_KEY_ID": frozen.access_key,
            "AWS_SECRET_ACCESS_KEY": frozen.secret_key,
            "AWS_SESSION_TOKEN": frozen.token,
        }
        return {name: value for name, value in variables.items() if value}

    def _outputs(self, name: str) -> dict[str, str]:
        cloudformation = self.client("cloudformation")
        try:
            (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
        except cloudformation.exceptions.ClientError as error:
            raise UnusableStack(f"There is no stack {name} here: {error}") from error
        return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


class SelfCleaningClient(StackClient):
    """A client that deletes everything that it uploaded, and all that came of it.

    It refuses models that already have uploads in the stack, since it would delete data of other people.
    """

    def __init__(self, cloud: DeployedStack) -> None:
        super().__init__(cloud)
        self._models: set[str] = set()

    def apply(self, definition: Path) -> None:
        """Let a definition of a model that nobody else uses count."""
        model = definition.stem
        if model not in self._models and self._versions(self.stack["lake_bucket"], ModelDefinition.key(model)):
            raise UnusableStack(f"The stack has a model {model} already; run these tests on a stack of their own.")
        self._models.add(model)
        super().apply(definition)

    def upload(self, key: str, content: bytes) -> None:
        """Put a file of a model that nobody else uses into the inbox."""
        model = key.partition("/")[0]
        if model not in self._models and self._versions(self.stack["lake_bucket"], f"receipts/{model}/"):
            raise UnusableStack(f"The stack has uploads of {model} already; run these tests on a stack of their own.")
        self._models.add(model)
        super().upload(key, content)

    def delete_everything(self) -> None:
        """Delete the uploads and all that came of them, in every version."""
        inbox, lake = self.stack["inbox_bucket"], self.stack["lake_bucket"]
        folders = sorted({key.partition("/")[0] for key, _ in self._versions(lake, "")})
        for model in sorted(self._models):
            self._delete(inbox, f"{model}/")
            for folder in folders:
                self._delete(lake, f"{folder}/{model}/")
            self._delete(lake, f"deployments/{model}.json")
            self._delete(lake, ModelDefinition.key(model))

    def _versions(self, bucket: str, prefix: str) -> list[tuple[str, str]]:
        """List the object versions below a prefix, delete markers included."""
        pages = self._s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix)
        return [
            (version["Key"], version["VersionId"])
            for page in pages
            for version in (*page.get("Versions", []), *page.get("DeleteMarkers", []))
        ]

    def _delete(self, bucket: str, prefix: str) -> None:
        for batch in batched(self._versions(bucket, prefix), 1000, strict=False):
            objects = [{"Key": key, "VersionId": version} for key, version in batch]
            self._s3.delete_objects(Bucket=bucket, Delete={"Objects": objects})
