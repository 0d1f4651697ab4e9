"""Names of the account, the region and the resources on this machine."""

import re

ACCOUNT = "123456789012"  # the account that moto gives to any credentials
REGION = "eu-west-1"


def local_name(logical_id: str) -> str:
    """Return the name on this machine of the resource `logical_id`.

    >>> local_name("IngestQueue")
    'refrain-ingest-queue'
    """
    return "refrain-" + re.sub(r"(?<!^)(?=[A-Z])", "-", logical_id).lower()
