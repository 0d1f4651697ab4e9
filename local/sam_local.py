"""`python -m local.sam_local`: the stock `sam local start-api`, in Docker, on the built packages and the local cloud.

With `--events` every sample event is sent by `sam local invoke` instead. Where there is no Docker it says so, and that
`make up` serves the same without.
"""

import argparse
import gzip
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from samcli.yamlhelper import yaml_dump, yaml_parse

from local.bridge import Bridge
from local.cloud import Cloud
from local.demo.story import tumours

PROJECT = Path(__file__).resolve().parent.parent
BUILT = PROJECT / ".aws-sam" / "build" / "template.yaml"
IMAGE = "public.ecr.aws/lambda/python:3.13"
HOST = "host.docker.internal"
INBOX = "inbox"
"""The bucket that the sample events name."""

SENT_TO = {
    "1-upload": "IngestFunction",
    "1-uploads-several": "IngestFunction",
    "3-snapshot": "SnapshotFunction",
    "4-train": "TrainFunction",
    "5-evaluate": "EvaluateFunction",
    "5b-promote": "PromoteFunction",
    "6-predict": "InferenceFunction",
    "6b-infer": "InferenceFunction",
    "6c-models": "InferenceFunction",
    "6d-model": "InferenceFunction",
    "6e-ready": "InferenceFunction",
    "6f-label": "InferenceFunction",
    "5-monitoring": "MonitoringFunction",
    "7-judge": "JudgeFunction",
    "7b-dismiss": "PromoteFunction",
    "7c-take-back": "PromoteFunction",
    "9-pretraffic": "PreTrafficFunction",
}
"""The events that a function takes in a new world, in an order in which each finds what it needs."""

NEEDS_ANOTHER_WORLD = {
    "2-retraining": "an input of the state machine",
    "2-rollback": "an input of the state machine",
    "5c-challenge": "a run that found a better candidate than the champion",
    "8-roll-back": "a champion before the one in service",
}

type Send = Callable[[str, dict[str, Any]], str]
"""Sends a function (by its logical id) an event; the sentence that says what went wrong, empty where nothing did."""


def missing() -> str:
    """Say what keeps SAM's own local cloud from running here; empty where nothing does."""
    try:
        found = subprocess.run(["docker", "info"], capture_output=True, check=False)
    except FileNotFoundError:
        found = None
    if found is None or found.returncode:
        return "Docker is not running here, and `sam local` needs it: `make up` serves the same API without."
    return ""


def seed(cloud: Cloud) -> None:
    """Make a bucket of the events' name, with what they say was uploaded."""
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket=INBOX, CreateBucketConfiguration={"LocationConstraint": cloud.stack["region"]})
    for key, content in uploads().items():
        s3.put_object(Bucket=INBOX, Key=key, Body=content)


def uploads() -> dict[str, bytes]:
    """What the events say was uploaded, by its key."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    (_, first), (_, second), *_ = tumours().first
    rows = [json.loads(line) for line in gzip.decompress(second).splitlines()]
    lines = [",".join(rows[0]), *(",".join(map(str, row.values())) for row in rows)]
    table = io.BytesIO()
    pq.write_table(pa.table({"customerID": ["a", "b"], "tenure": [1, 2], "Churn": ["No", "Yes"]}), table)
    return {
        "tumours/first.csv": first,
        "tumours/2026 spring/ein Überblick + mehr.csv.gz": gzip.compress("\n".join(lines).encode()),
        "churn/customers.parquet": table.getvalue(),
    }


def send_all(send: Send) -> dict[str, str]:
    """Send every event in its order; what went wrong, by the event's name."""
    said = {
        name: send(function, json.loads((PROJECT / "events" / f"{name}.json").read_text()))
        for name, function in SENT_TO.items()
    }
    return {name: sentence for name, sentence in said.items() if sentence}


def write_template(cloud: Cloud, endpoint: str) -> Path:
    """Write the built template again, with the local cloud's address and names in the functions' environment."""
    document = yaml_parse(BUILT.read_text())
    variables = document["Globals"]["Function"]["Environment"]["Variables"]
    variables |= {"AWS_ENDPOINT_URL": endpoint, "REFRAIN_LAKE_BUCKET": cloud.stack["lake_bucket"]}
    for resource in document["Resources"].values():
        own = resource.get("Properties", {}).get("Environment", {}).get("Variables", {})
        if "REFRAIN_STATE_MACHINE_ARN" in own:
            own["REFRAIN_STATE_MACHINE_ARN"] = cloud.stack["state_machine_arn"]
    written = BUILT.with_name("local.yaml")
    written.write_text(yaml_dump(document))
    return written


@contextmanager
def reachable(cloud: Cloud) -> Iterator[str]:
    """The local cloud's address as containers reach it; on Linux by a bridge to the loopback that it listens on."""
    port = int(cloud.stack["aws_endpoint_url"].rpartition(":")[2])
    if sys.platform != "linux":
        yield f"http://{HOST}:{port}"
        return
    asked = ["docker", "network", "inspect", "bridge", "--format", "{{(index .IPAM.Config 0).Gateway}}"]
    gateway = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    with Bridge(gateway, port):
        yield f"http://{HOST}:{port}"


def command(what: str, template: Path, *more: str) -> list[str]:
    """The stock command."""
    host = ["--add-host", f"{HOST}:host-gateway"] if sys.platform == "linux" else []
    return [sys.executable, "-m", "samcli", "local", what, "--template", str(template), *host, *more]


def environment(cloud: Cloud) -> dict[str, str]:
    """The shell's, with the local cloud's user."""
    return {
        **os.environ,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": cloud.stack["region"],
        "SAM_CLI_TELEMETRY": "0",
    }


def invoking(cloud: Cloud, template: Path) -> Send:
    """Send by `sam local invoke`."""

    def send(function: str, event: dict[str, Any]) -> str:
        done = subprocess.run(
            command("invoke", template, function, "--event", "-"),
            input=json.dumps(event),
            env=environment(cloud),
            capture_output=True,
            text=True,
            check=False,
        )
        return "" if done.returncode == 0 and '"errorType"' not in done.stdout else done.stdout + done.stderr

    return send


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until Ctrl-C, or send the events; 1 when one of them went wrong."""
    parser = argparse.ArgumentParser(prog="python -m local.sam_local", description="SAM's own local API, in Docker.")
    parser.add_argument("--events", action="store_true", help="send every sample event by `sam local invoke`")
    parser.add_argument("--port", type=int, default=3000, help="port of the API")
    options = parser.parse_args(arguments)
    if sentence := missing():
        print(sentence)
        return 0
    with Cloud(template=BUILT) as cloud, reachable(cloud) as endpoint:
        seed(cloud)
        template = write_template(cloud, endpoint)
        if not options.events:
            more = ("--port", str(options.port), "--warm-containers", "LAZY")
            return subprocess.run(command("start-api", template, *more), env=environment(cloud), check=False).returncode
        failed = send_all(invoking(cloud, template))
    for name, said in failed.items():
        print(f"{name}: {said}")
    print(f"{len(SENT_TO) - len(failed)} of {len(SENT_TO)} events passed `sam local invoke`")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
