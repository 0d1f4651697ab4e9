"""The addresses of a running local cloud, and clients of its services."""

from typing import Any

from local.names import REGION


class LocalStack:
    """A local cloud that runs, by the content of its `stack.json`."""

    delivery_seconds = 5.0
    """Captured lines reach the lake within this time."""

    def __init__(self, stack: dict[str, str]) -> None:
        self.stack = stack

    def client(self, service: str) -> Any:
        """Make a boto3 client for one of its services."""
        from local.aws_client import aws_client

        return aws_client(service, self.stack["aws_endpoint_url"])

    def credentials(self) -> dict[str, str]:
        """Return the variables with which the product's own code reaches its services, and nothing else on AWS."""
        return {
            "AWS_ENDPOINT_URL": self.stack["aws_endpoint_url"],
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
        }
