"""Brings captured lines from the functions' logs to the lake, where a log subscription and Firehose do it in the cloud.

What is brought, and where to, is what the template says: the subscription's log group and pattern, the stream's prefix.
"""

import gzip
import json
import re
import threading
import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from local.errors import TemplateError
from local.names import local_name
from local.template import Template

PAUSE_SECONDS = 0.5
"""Seconds between two looks at the logs, each of which delivers what is new."""

DELIVERY_SECONDS = 3
"""Seconds within which a line is delivered, also on a busy machine."""

_PATTERN = re.compile(r"\{ \$\.(\w+) = (\d+) \}")
_HOUR = "!{timestamp:yyyy/MM/dd/HH}"
_KEY = re.compile(r"!\{partitionKeyFromQuery:(\w+)\}")


@dataclass(frozen=True)
class Subscription:
    """Which lines of which functions (by their names here) go where.

    `field` and `value` choose the lines, `partition` is the field of a line that takes its place in `prefix`.
    """

    functions: tuple[str, ...]
    field: str
    value: int
    bucket: str
    prefix: str
    partition: str

    def wants(self, line: bytes) -> dict[str, Any] | None:
        """Read a line of a log as JSON if it is one of the chosen ones."""
        if not line.startswith(b"{"):
            return None
        try:
            document = json.loads(line)
        except ValueError:
            return None
        return document if isinstance(document, dict) and document.get(self.field) == self.value else None

    def key(self, partition: str, moment: datetime) -> str:
        """Name an object of lines, delivered at a moment (UTC)."""
        folder = _KEY.sub(partition, self.prefix).replace(_HOUR, f"{moment:%Y/%m/%d/%H}")
        return f"{folder}{moment:%Y%m%dT%H%M%S%f}-{uuid.uuid4().hex[:8]}.jsonl.gz"


def read_subscriptions(template: Template) -> list[Subscription]:
    """Every log subscription of the template that ends in a bucket.

    Raises:
        TemplateError: it does what this machine cannot do.
    """
    return [
        _subscription(template, resource.logical_id, resource.properties)
        for resource in template.of_type("AWS::Logs::SubscriptionFilter")
    ]


class LogDelivery:
    """Follows logs, and delivers until it is stopped; then once more, so that nothing is left behind."""

    def __init__(
        self, s3: Any, logs: Mapping[str, Path], wanted: Sequence[Subscription], pause: float = PAUSE_SECONDS
    ) -> None:
        self._s3 = s3
        self._pause = pause
        self._stopping = threading.Event()
        self._follow = [(one, [Tail(logs[name]) for name in one.functions]) for one in wanted]
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Deliver what was logged so far, and no more. The functions are to be stopped before."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(self._pause):
            self._deliver()
        self._deliver()

    def _deliver(self) -> None:
        for subscription, tails in self._follow:
            batches: dict[str, list[bytes]] = defaultdict(list)
            for tail in tails:
                for line in tail.new_lines():
                    document = subscription.wants(line)
                    if document is not None:
                        batches[str(document[subscription.partition])].append(line)
            for partition, lines in batches.items():
                self._s3.put_object(
                    Bucket=subscription.bucket,
                    Key=subscription.key(partition, datetime.now(UTC)),
                    Body=gzip.compress(b"\n".join(lines) + b"\n", 3),
                )


class Tail:
    """The end of a log file: what is written from now on."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._place = path.stat().st_size if path.exists() else 0
        self._rest = b""

    def new_lines(self) -> list[bytes]:
        """Read the lines that were finished since the last time."""
        if not self._path.exists():
            return []
        with self._path.open("rb") as file:
            file.seek(self._place)
            data = file.read()
        self._place += len(data)
        *lines, self._rest = (self._rest + data).split(b"\n")
        return lines


def _subscription(template: Template, name: str, said: Mapping[str, Any]) -> Subscription:
    pattern = _PATTERN.fullmatch(str(said["FilterPattern"]))
    if not pattern:
        raise TemplateError(f"{name}: only patterns such as {{ $.capture = 1 }} are understood on this machine.")
    stream = template.resources[said["DestinationArn"]["Fn::GetAtt"][0]]
    target = stream.properties.get("ExtendedS3DestinationConfiguration")
    partition = target and _KEY.search(target.get("Prefix", ""))
    if not target or not partition:
        raise TemplateError(f"{name}: only streams to a bucket, partitioned by a field, can be made on this machine.")
    group = said["LogGroupName"]["Ref"]
    return Subscription(
        functions=tuple(
            local_name(function.logical_id)
            for function in template.of_type("AWS::Serverless::Function")
            if function.properties.get("LoggingConfig", {}).get("LogGroup") == {"Ref": group}
        ),
        field=pattern[1],
        value=int(pattern[2]),
        bucket=local_name(target["BucketARN"]["Fn::GetAtt"][0]),
        prefix=target["Prefix"],
        partition=partition[1],
    )
