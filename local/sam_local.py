"""`python -m local.sam_local`: the stock `sam local start-api`, in Docker, on the built packages and the local cloud.

With `--events` it sends every sample event by `sam local invoke` instead, and those of the state machine to the local
cloud. Where Docker cannot do that it points to `make up`, which serves the same API; `--check` finds out beforehand.
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
from local.errors import LocalError, NoContainers, PortTaken
from local.port_forwarder import PortForwarder
from local.sample_events import RECEIVERS, Send, prepare_stack, send_all
from local.template import Resolver, read_template
from local.web_server import is_free

PROJECT = Path(__file__).resolve().parent.parent
BUILT = PROJECT / ".aws-sam" / "build" / "template.yaml"
IMAGE = "public.ecr.aws/lambda/python:3.13-x86_64"
"""SAM builds its containers on this image, and fetches it when it is missing."""

HOST = "host.docker.internal"


WITHOUT_DOCKER = "`make up` serves the same API without Docker."


def missing_docker() -> str:
    """Say why SAM's own local cloud cannot run here; empty when it can."""
    try:
        info = subprocess.run(["docker", "info"], capture_output=True, check=False)
    except FileNotFoundError:
        info = None
    if info is None or info.returncode:
        return f"`sam local` needs Docker, which is not running here; {WITHOUT_DOCKER}"
    return ""


def has_image() -> bool:
    """Whether SAM's image is on this machine."""
    return not subprocess.run(["docker", "image", "inspect", IMAGE], capture_output=True, check=False).returncode


def write_template(endpoint: str) -> Path:
    """Write a copy of the built template whose functions use the local cloud at `endpoint`."""
    document = yaml_parse(BUILT.read_text())
    resolver = Resolver(read_template(BUILT), endpoint)
    for owner in (
        document["Globals"]["Function"],
        *(body.get("Properties", {}) for body in document["Resources"].values()),
    ):
        if variables := owner.get("Environment", {}).get("Variables"):
            owner["Environment"]["Variables"] = resolver.resolve(variables)
    document["Globals"]["Function"]["Environment"]["Variables"]["AWS_ENDPOINT_URL"] = endpoint
    path = BUILT.with_name("local.yaml")
    path.write_text(yaml_dump(document))
    return path


@contextmanager
def reachable_endpoint(cloud: Cloud) -> Iterator[str]:
    """Yield the local cloud's address for containers; on Linux a forwarder carries it to the loopback.

    Raises `NoContainers`.
    """
    port = int(cloud.stack["aws_endpoint_url"].rpartition(":")[2])
    if sys.platform != "linux":
        yield f"http://{HOST}:{port}"
        return
    with forward_from(host_address(), port):
        yield f"http://{HOST}:{port}"


def forward_from(address: str, port: int) -> PortForwarder:
    """Forward a port of the address that containers know as their host. Raises `NoContainers` where it is elsewhere."""
    try:
        return PortForwarder(address, port)
    except OSError as error:
        raise NoContainers(
            f"Docker's containers know this machine as {address}, which is not one of its addresses. The engine runs in"
            " another network (rootless Docker, Docker Desktop or WSL2), so containers cannot reach the local cloud. "
            f"Choose an engine of this machine (`docker context use default`); or {WITHOUT_DOCKER}"
        ) from error


def host_address() -> str:
    """Ask Docker which address its containers know as their host. Raises `NoContainers`."""
    inspect = ["docker", "network", "inspect", "bridge", "--format", "{{json (index .IPAM.Config 0)}}"]
    answer = subprocess.run(inspect, capture_output=True, text=True, check=False)
    try:
        return gateway_address(json.loads(answer.stdout))
    except (ValueError, KeyError) as error:
        raise NoContainers(f"Docker has no network named bridge for containers; {WITHOUT_DOCKER}") from error


def gateway_address(network: dict[str, str]) -> str:
    """Return the address that containers know as their host.

    After its first start an engine does not report it; it is then the first address of the network.
    """
    return network.get("Gateway") or str(ip_network(network["Subnet"])[1])


def sam_command(name: str, template: Path, *options: str) -> list[str]:
    """Return a command of `sam local`; it fetches no image that is here, so that it works without a network."""
    host = ["--add-host", f"{HOST}:host-gateway"] if sys.platform == "linux" else []
    image = ["--skip-pull-image"] if has_image() else []
    return [sys.executable, "-m", "samcli", "local", name, "--template", str(template), *host, *image, *options]


def shell_environment(cloud: Cloud) -> dict[str, str]:
    """Return the shell's variables with the local cloud's user."""
    return {
        **os.environ,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": cloud.stack["region"],
        "SAM_CLI_TELEMETRY": "0",
    }


def sam_invoke(cloud: Cloud, template: Path) -> Send:
    """Make a sender that calls `sam local invoke`."""

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
            api.send_signal(signal.SIGINT)  # SAM stops its containers


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until Ctrl-C or SIGTERM, or send the events; return 1 when one failed, 2 where nothing can start."""
    parser = argparse.ArgumentParser(prog="python -m local.sam_local", description="SAM's own local API, in Docker.")
    parser.add_argument("--events", action="store_true", help="send every sample event by `sam local invoke`")
    parser.add_argument("--port", type=int, default=3000, help="port of the API")
    parser.add_argument("--check", action="store_true", help="only find out whether it can start")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        check_machine(None if options.events else options.port)
        return 0 if options.check else _run(options)
    except LocalError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 0


def check_machine(port: int | None) -> None:
    """Find what would stop it, before anything is built. Raises `NoContainers` and `PortTaken`."""
    if sentence := missing_docker():
        raise NoContainers(sentence)
    if sys.platform == "linux":
        with forward_from(host_address(), 0):
            pass
    if port is not None and not is_free(port):
        raise PortTaken(port)


def _run(options: argparse.Namespace) -> int:
    with Cloud(template=BUILT) as cloud, reachable_endpoint(cloud) as endpoint:
        prepare_stack(cloud)
        template = write_template(endpoint)
        if not options.events:
            return _serve(cloud, template, options.port)
        failed = send_all(cloud, sam_invoke(cloud, template))
    for name, message in failed.items():
        print(f"{name}: {message}")
    print(f"{len(RECEIVERS) - len(failed)} of {len(RECEIVERS)} events passed")
    return int(bool(failed))


def _serve(cloud: Cloud, template: Path, port: int) -> int:
    print(f"The API starts at http://127.0.0.1:{port}; it serves the local cloud of .local/stack.json.", flush=True)
    with sam_api(cloud, template, port) as api:
        return api.wait()


if __name__ == "__main__":
    sys.exit(main())
