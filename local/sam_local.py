"""`python -m local.sam_local`: the stock `sam local start-api`, in Docker, on the built packages and the local cloud.

With `--events` every sample event is sent by `sam local invoke` instead, and inputs of the state machine to it. Where
there is no Docker it says so, and that `make up` serves the same without.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from samcli.yamlhelper import yaml_dump, yaml_parse

from local.cloud import Cloud
from local.port_forwarder import PortForwarder
from local.sample_events import RECEIVERS, Send, prepare_stack, send_all
from local.template import Resolver, read_template

PROJECT = Path(__file__).resolve().parent.parent
BUILT = PROJECT / ".aws-sam" / "build" / "template.yaml"
IMAGE = "public.ecr.aws/lambda/python:3.13-x86_64"
"""SAM builds its containers on this one, and fetches it when it is not here."""

HOST = "host.docker.internal"


def missing_docker() -> str:
    """Say what keeps SAM's own local cloud from running here; empty where nothing does."""
    try:
        found = subprocess.run(["docker", "info"], capture_output=True, check=False)
    except FileNotFoundError:
        found = None
    if found is None or found.returncode:
        return "Docker is not running here, and `sam local` needs it: `make up` serves the same API without."
    return ""


def has_image() -> bool:
    """Tell whether SAM's image was fetched."""
    return not subprocess.run(["docker", "image", "inspect", IMAGE], capture_output=True, check=False).returncode


def write_template(endpoint: str) -> Path:
    """Write the built template again, its functions told of the local cloud at `endpoint` and of its names."""
    document = yaml_parse(BUILT.read_text())
    resolver = Resolver(read_template(BUILT), endpoint)
    for owner in (
        document["Globals"]["Function"],
        *(body.get("Properties", {}) for body in document["Resources"].values()),
    ):
        if variables := owner.get("Environment", {}).get("Variables"):
            owner["Environment"]["Variables"] = resolver.resolve(variables)
    document["Globals"]["Function"]["Environment"]["Variables"]["AWS_ENDPOINT_URL"] = endpoint
    written = BUILT.with_name("local.yaml")
    written.write_text(yaml_dump(document))
    return written


@contextmanager
def reachable_endpoint(cloud: Cloud) -> Iterator[str]:
    """The local cloud's address as containers reach it; on Linux by a bridge to the loopback that it listens on."""
    port = int(cloud.stack["aws_endpoint_url"].rpartition(":")[2])
    if sys.platform != "linux":
        yield f"http://{HOST}:{port}"
        return
    asked = ["docker", "network", "inspect", "bridge", "--format", "{{json (index .IPAM.Config 0)}}"]
    said = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    with PortForwarder(gateway_address(json.loads(said)), port):
        yield f"http://{HOST}:{port}"


def gateway_address(network: dict[str, str]) -> str:
    """Name the address that containers know as their host, of what Docker says of its network.

    An engine that was started for the first time does not say it; it then took the first of the network's addresses.
    """
    return network.get("Gateway") or str(ip_network(network["Subnet"])[1])


def sam_command(what: str, template: Path, *more: str) -> list[str]:
    """The stock command; it asks no registry for an image that is here, so that it works without a network."""
    host = ["--add-host", f"{HOST}:host-gateway"] if sys.platform == "linux" else []
    here = ["--skip-pull-image"] if has_image() else []
    return [sys.executable, "-m", "samcli", "local", what, "--template", str(template), *host, *here, *more]


def shell_environment(cloud: Cloud) -> dict[str, str]:
    """The shell's, with the local cloud's user."""
    return {
        **os.environ,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": cloud.stack["region"],
        "SAM_CLI_TELEMETRY": "0",
    }


def sam_invoke(cloud: Cloud, template: Path) -> Send:
    """Send by `sam local invoke`."""

    def send(function: str, event: dict[str, Any]) -> str:
        done = subprocess.run(
            sam_command("invoke", template, function, "--event", "-"),
            input=json.dumps(event),
            env=shell_environment(cloud),
            capture_output=True,
            text=True,
            check=False,
        )
        return "" if done.returncode == 0 and '"errorType"' not in done.stdout else done.stdout + done.stderr

    return send


@contextmanager
def sam_api(cloud: Cloud, template: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Serve the API by `sam local start-api` while the block runs."""
    started = sam_command("start-api", template, "--port", str(port), "--warm-containers", "LAZY")
    with subprocess.Popen(started, env=shell_environment(cloud)) as api:
        try:
            yield api
        finally:
            api.send_signal(signal.SIGINT)  # at which SAM stops its containers


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until Ctrl-C, or send the events; 1 when one of them went wrong."""
    parser = argparse.ArgumentParser(prog="python -m local.sam_local", description="SAM's own local API, in Docker.")
    parser.add_argument("--events", action="store_true", help="send every sample event by `sam local invoke`")
    parser.add_argument("--port", type=int, default=3000, help="port of the API")
    options = parser.parse_args(arguments)
    if sentence := missing_docker():
        print(sentence)
        return 0
    with Cloud(template=BUILT) as cloud, reachable_endpoint(cloud) as endpoint:
        prepare_stack(cloud)
        template = write_template(endpoint)
        if not options.events:
            return _serve(cloud, template, options.port)
        failed = send_all(cloud, sam_invoke(cloud, template))
    for name, said in failed.items():
        print(f"{name}: {said}")
    print(f"{len(RECEIVERS) - len(failed)} of {len(RECEIVERS)} events passed")
    return int(bool(failed))


def _serve(cloud: Cloud, template: Path, port: int) -> int:
    print(
        f"The API will be at http://127.0.0.1:{port}, for what the local cloud of .local/stack.json holds.", flush=True
    )
    with sam_api(cloud, template, port) as api:
        try:
            return api.wait()
        except KeyboardInterrupt:  # which SAM was sent as well
            api.wait()
            return 0


if __name__ == "__main__":
    sys.exit(main())
