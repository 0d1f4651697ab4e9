"""Names of the account, the region and the resources on this machine."""

import re

ACCOUNT = "123456789012"  # the account that moto gives to any credentials
REGION = "eu-west-1"


STACK = "refrain"
"""The name of the stack, unless another one is chosen."""


def local_name(logical_id: str, stack: str = STACK) -> str:
    """Return the name on this machine of the resource `logical_id`.

    >>> local_name("IngestQueue"), local_name("IngestQueue", "refrain-dev")
    ('refrain-ingest-queue', 'refrain-dev-ingest-queue')
    """
    return f"{stack}-" + re.sub(r"(?<!^)(?=[A-Z])", "-", logical_id).lower()
