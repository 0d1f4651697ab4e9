"""boto3 clients for the local cloud."""

import os
from functools import cache
from typing import Any

import boto3
import botocore.session
from botocore.config import Config

from local.names import REGION

_NO_FILE: Any = (None, None, os.devnull, None)
_NO_PROFILE: Any = (None, None, None, None)


def aws_client(service: str, endpoint: str) -> Any:
    """Make a boto3 client that no profile or variable of the shell can send to the real AWS."""
    make: Any = _session().client
    return make(
        service,
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id="local",
        aws_secret_access_key="local",
        config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 2}),
    )


@cache
def _session() -> boto3.Session:
    """Return a session without the files and the profile of this shell, one for all clients."""
    variables = {"profile": _NO_PROFILE, "config_file": _NO_FILE, "credentials_file": _NO_FILE}
    return boto3.Session(botocore_session=botocore.session.Session(variables))
