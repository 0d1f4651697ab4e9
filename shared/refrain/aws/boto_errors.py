"""Asking AWS by boto3: what goes wrong there is one error of ours, and nothing of botocore."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from refrain.errors import ServiceUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def aws_errors(call: str) -> Iterator[None]:
    """Raise `ServiceUnavailable`, naming the call, for whatever botocore raises within."""
    from botocore.exceptions import BotoCoreError, ClientError  # late: where predictions are made it is seldom needed

    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise ServiceUnavailable(call, str(error)) from error
