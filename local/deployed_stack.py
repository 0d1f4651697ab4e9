"""A stack on AWS, seen as the local cloud is: the same tests run on either, by the stack's outputs."""

from typing import Any

import boto3

from local.errors import LocalError
from local.stack_client import StackClient

OUTPUT_NAMES = {
    "api_url": "ApiUrl",
    "inbox_bucket": "InboxBucket",
    "lake_bucket": "LakeBucket",
    "state_machine_arn": "StateMachineArn",
}


class UnusableStack(LocalError):
    """The stack cannot be tested, and why."""


class DeployedStack:
    """A stack by its name, in the account and region of the shell (or at `AWS_ENDPOINT_URL`).

    Raises:
        NotUsable: there is no such stack, or it has no API key.
    """

    delivery_seconds = 900.0
    """Firehose gathers lines for five minutes, and the first ones of a stack take longer."""

    def __init__(self, name: str) -> None:
        outputs = self._outputs(name)
        if "ApiKeyId" not in outputs:
            raise UnusableStack(f"The stack {name} asks for signed requests: these tests need AuthMode=KEY.")
        key = self.client("apigateway").get_api_key(apiKey=outputs["ApiKeyId"], includeValue=True)["value"]
        self.stack: dict[str, str] = {ours: outputs[theirs] for ours, theirs in OUTPUT_NAMES.items()} | {"api_key": key}

    def client(self, service: str) -> Any:
        """A boto3 client as the shell is set up."""
        make: Any = boto3.client
        return make(service)

    def _outputs(self, name: str) -> dict[str, str]:
        cloudformation = self.client("cloudformation")
        try:
            (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
        except cloudformation.exceptions.ClientError as error:
            raise UnusableStack(f"There is no stack {name} here: {error}") from error
        return {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", [])}


class SelfCleaningClient(StackClient):
    """What a user does with a deployed stack, taken back afterwards.

    Models that have anything in the lake are left alone: what is deleted afterwards must be ours.
    """

    def __init__(self, cloud: DeployedStack) -> None:
        super().__init__(cloud)
        self._models: set[str] = set()

    def upload(self, key: str, content: bytes) -> None:
        """Put a file into the inbox, of a model that nobody else uses."""
        model = key.partition("/")[0]
        if model not in self._models and self._kept(self.stack["lake_bucket"], f"receipts/{model}/"):
            raise UnusableStack(f"The stack has uploads of {model}: run these tests on a stack of their own.")
        self._models.add(model)
        super().upload(key, content)

    def leave(self) -> None:
        """Delete all that was uploaded and all that came of it, every version of it."""
        inbox, lake = self.stack["inbox_bucket"], self.stack["lake_bucket"]
        folders = sorted({key.partition("/")[0] for key, _ in self._kept(lake, "")})
        for model in sorted(self._models):
            self._delete(inbox, f"{model}/")
            for folder in folders:
                self._delete(lake, f"{folder}/{model}/")
            self._delete(lake, f"deployments/{model}.json")

    def _kept(self, bucket: str, prefix: str) -> list[tuple[str, str]]:
        """Every version below a prefix, markers of deletions too."""
        pages = self._s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix)
        return [
            (each["Key"], each["VersionId"])
            for page in pages
            for each in (*page.get("Versions", []), *page.get("DeleteMarkers", []))
        ]

    def _delete(self, bucket: str, prefix: str) -> None:
        kept = self._kept(bucket, prefix)
        for start in range(0, len(kept), 1000):
            some = [{"Key": key, "VersionId": version} for key, version in kept[start : start + 1000]]
            self._s3.delete_objects(Bucket=bucket, Delete={"Objects": some})
