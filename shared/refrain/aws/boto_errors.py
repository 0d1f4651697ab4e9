"""Turn every error of boto3 into one of ours."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from refrain.errors import ServiceUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def aws_errors(call: str) -> Iterator[None]:
    """Raise `ServiceUnavailable`, naming the call, for whatever botocore raises within."""
    from botocore.exceptions import BotoCoreError, ClientError  # here, since a prediction seldom needs it

    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise ServiceUnavailable(call, str(error)) from error
