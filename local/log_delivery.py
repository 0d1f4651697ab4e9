"""Delivers captured lines from the functions' logs to the lake, as a log subscription and Firehose do on AWS.

The template says which lines go where: by the subscription's log group and pattern, and by the stream's prefix.
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
from local.template import Template

PAUSE_SECONDS = 0.5
"""Seconds between two deliveries."""

DELIVERY_SECONDS = 3
"""Seconds after which every line has been delivered, even on a busy machine."""

_PATTERN = re.compile(r"\{ \$\.(\w+) = (\d+) \}")
_HOUR = "!{timestamp:yyyy/MM/dd/HH}"
_KEY = re.compile(r"!\{partitionKeyFromQuery:(\w+)\}")


@dataclass(frozen=True)
class Subscription:
    """Chooses lines from the logs of functions, and says where they go.

    A line is chosen when its `field` has this `value`. `partition` names the field that is filled into `prefix`.
    """

    functions: tuple[str, ...]
    field: str
    value: int
    bucket: str
    prefix: str
    partition: str

    def select(self, line: bytes) -> dict[str, Any] | None:
        """Parse a line of a log if it is chosen."""
        if not line.startswith(b"{"):
            return None
        try:
            document = json.loads(line)
        except ValueError:
            return None
        return document if isinstance(document, dict) and document.get(self.field) == self.value else None

    def key(self, partition: str, time: datetime) -> str:
        """Name an object of lines that are delivered at a time (UTC)."""
        folder = _KEY.sub(partition, self.prefix).replace(_HOUR, f"{time:%Y/%m/%d/%H}")
        return f"{folder}{time:%Y%m%dT%H%M%S%f}-{uuid.uuid4().hex[:8]}.jsonl.gz"


def read_subscriptions(template: Template) -> list[Subscription]:
    """Read the template's log subscriptions.

    Raises:
        TemplateError: a subscription needs something that this machine cannot do.
    """
    return [
        _subscription(template, resource.logical_id, resource.properties)
        for resource in template.of_type("AWS::Logs::SubscriptionFilter")
    ]


class LogDelivery:
    """Follows logs and delivers their lines until it is stopped, and then the rest."""

    def __init__(
        self, s3: Any, logs: Mapping[str, Path], subscriptions: Sequence[Subscription], pause: float = PAUSE_SECONDS
    ) -> None:
        self._s3 = s3
        self._pause = pause
        self._stopping = threading.Event()
        self._tails = [
            (subscription, [Tail(logs[name]) for name in subscription.functions]) for subscription in subscriptions
        ]
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Deliver the rest and end. Stop the functions first."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(self._pause):
            self._deliver()
        self._deliver()

    def _deliver(self) -> None:
        for subscription, tails in self._tails:
            batches: dict[str, list[bytes]] = defaultdict(list)
            for tail in tails:
                for line in tail.new_lines():
                    document = subscription.select(line)
                    if document is not None:
                        batches[str(document[subscription.partition])].append(line)
            for partition, lines in batches.items():
                self._s3.put_object(
                    Bucket=subscription.bucket,
                    Key=subscription.key(partition, datetime.now(UTC)),
                    Body=gzip.compress(b"\n".join(lines) + b"\n", 3),
                )


class Tail:
    """The lines that are added to a log file from now on."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = path.stat().st_size if path.exists() else 0
        self._rest = b""

    def new_lines(self) -> list[bytes]:
        """Read the lines that were completed since the last call."""
        if not self._path.exists():
            return []
        with self._path.open("rb") as file:
            file.seek(self._offset)
            data = file.read()
        self._offset += len(data)
        *lines, self._rest = (self._rest + data).split(b"\n")
        return lines


def _subscription(template: Template, name: str, properties: Mapping[str, Any]) -> Subscription:
    pattern = _PATTERN.fullmatch(str(properties["FilterPattern"]))
    if not pattern:
        raise TemplateError(f"{name}: this machine understands only patterns such as {{ $.capture = 1 }}.")
    stream = template.resources[properties["DestinationArn"]["Fn::GetAtt"][0]]
    target = stream.properties.get("ExtendedS3DestinationConfiguration")
    partition = target and _KEY.search(target.get("Prefix", ""))
    if not target or not partition:
        raise TemplateError(f"{name}: this machine supports only streams to a bucket that are partitioned by a field.")
    group = properties["LogGroupName"]["Ref"]
    return Subscription(
        functions=tuple(
            function.name
            for function in template.of_type("AWS::Serverless::Function")
            if function.properties.get("LoggingConfig", {}).get("LogGroup") == {"Ref": group}
        ),
        field=pattern[1],
        value=int(pattern[2]),
        bucket=template.resources[target["BucketARN"]["Fn::GetAtt"][0]].name,
        prefix=target["Prefix"],
        partition=partition[1],
    )
