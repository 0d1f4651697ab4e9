"""Temporary credentials of functions, as Lambda's endpoint for them gives them to a function with SnapStart.

Such a function outlives its variables: its memory is kept, and restored long after keys in it would have expired.
https://docs.aws.amazon.com/lambda/latest/dg/snapstart.html
"""

import time
from datetime import UTC, datetime

LIFETIME_SECONDS = 20.0
"""Hours on AWS. Short, so that a function that keeps credentials beyond their time fails here."""

_PREFIX = "until-"


def temporary_credentials(function: str) -> dict[str, str]:
    """Make credentials of a function; the guard finds the role by the key, and the end by the token."""
    end = time.time() + LIFETIME_SECONDS
    return {
        "AccessKeyId": function,
        "SecretAccessKey": "local",
        "Token": f"{_PREFIX}{end}",
        "Expiration": f"{datetime.fromtimestamp(end, UTC):%Y-%m-%dT%H:%M:%SZ}",
    }


def has_expired(token: str) -> bool:
    """Whether a session token is one of `temporary_credentials` whose time is over."""
    return token.startswith(_PREFIX) and float(token.removeprefix(_PREFIX)) < time.time()
