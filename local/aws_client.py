"""boto3 clients for the local cloud."""

from typing import Any

import boto3
from botocore.config import Config

from local.names import REGION


def aws_client(service: str, endpoint: str) -> Any:
    """Make a boto3 client that no profile or variable of the shell can send to the real AWS."""
    make: Any = boto3.client
    return make(
        service,
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id="local",
        aws_secret_access_key="local",
        config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 2}),
    )
