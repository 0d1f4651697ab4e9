"""The sample events pass on the packages, and by the stock `sam local` where Docker and its image exist."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

import pytest
from samcli.yamlhelper import yaml_parse

from local import sam_local, sample_events
from local.cloud import Cloud
from local.demo.uploads import tumour_uploads
from local.names import local_name
from local.port_forwarder import PortForwarder
from local.stack_client import StackClient

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def cloud(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """A local cloud with the packages."""
    with Cloud(folder=tmp_path_factory.mktemp("cloud"), template=built) as cloud:
        yield cloud


@pytest.fixture
def docker() -> None:
    """Skip without Docker and SAM's image, which a test does not fetch."""
    if sentence := sam_local.missing_docker():
        pytest.skip(sentence)
    if not sam_local.has_image():
        pytest.skip(f"the image {sam_local.IMAGE} is missing; `make sam-local` fetches it")


def test_every_sample_event_has_a_receiver() -> None:
    assert {path.stem for path in (sample_events.PROJECT / "events").iterdir()} == set(sample_events.RECEIVERS)


def for_this_stack(cloud: Cloud, event: dict[str, Any]) -> dict[str, Any]:
    """Change an event to the stack's own inbox, whose events name versions, and upload its files."""
    contents = sample_events.sample_uploads()
    for record in event.get("Records", []):
        body = json.loads(record["body"])
        for upload in body["Records"]:
            bucket, key = cloud.stack["inbox_bucket"], unquote_plus(upload["s3"]["object"]["key"])
            put = cloud.client("s3").put_object(Bucket=bucket, Key=key, Body=contents[key])
            upload["s3"]["bucket"]["name"], upload["s3"]["object"]["versionId"] = bucket, put["VersionId"]
        record["body"] = json.dumps(body)
    return event


def test_the_sample_events_pass_on_the_packages(cloud: Cloud) -> None:
    sample_events.prepare_stack(cloud)

    def send(function: str, event: dict[str, Any]) -> str:
        payload = json.dumps(for_this_stack(cloud, event)).encode()
        answer = cloud.client("lambda").invoke(FunctionName=local_name(function), Payload=payload)
        content: str = answer["Payload"].read().decode()
        return content if answer.get("FunctionError") or json.loads(content).get("statusCode", 200) >= 300 else ""

    assert sample_events.send_all(cloud, send) == {}


def test_the_sample_events_pass_by_the_stock_sam_local_invoke(docker: None, built: Path, tmp_path: Path) -> None:
    with Cloud(folder=tmp_path / "cloud", template=built) as cloud, sam_local.reachable_endpoint(cloud) as endpoint:
        sample_events.prepare_stack(cloud)
        template = sam_local.write_template(endpoint)
        assert sample_events.send_all(cloud, sam_local.sam_invoke(cloud, template)) == {}


def wait_for(port: int) -> None:
    """Wait until a server listens on a port."""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.2)
    pytest.fail(f"no server listens on port {port}")


def test_the_stock_start_api_answers_with_the_champion(docker: None, built: Path, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (
        Cloud(folder=tmp_path / "cloud", template=built) as cloud,
        sam_local.reachable_endpoint(cloud) as endpoint,
        sam_local.sam_api(cloud, sam_local.write_template(endpoint), port),
    ):
        client = StackClient(cloud)
        for key, content in tumour_uploads().first:
            client.upload(key, content)
            client.receipt(key)
        execution = client.retrain("tumours")
        *_, _ = client.states(execution)
        champion = client.outcome(execution)["champion"]
        golden = json.loads(client.lake(f"versions/tumours/{champion}/golden.json"))
        client.stack = {**client.stack, "api_url": f"http://127.0.0.1:{port}"}
        wait_for(port)

        status, answer, _ = client.predict("tumours", golden["rows"])
        assert (status, answer["model_version"], len(answer["predictions"])) == (200, champion, len(golden["rows"]))
        assert client.predict("tumour", [])[0] == 404


@pytest.mark.parametrize(
    ("network", "host"),
    [({"Subnet": "172.17.0.0/16", "Gateway": "172.17.0.9"}, "172.17.0.9"), ({"Subnet": "10.20.0.0/24"}, "10.20.0.1")],
)
def test_the_host_address_comes_from_the_docker_network(network: dict[str, str], host: str) -> None:
    assert sam_local.gateway_address(network) == host


def test_the_stock_command_gets_the_packages_and_the_local_cloud(cloud: Cloud) -> None:
    template = sam_local.write_template("http://there:1")

    lint = str(Path(sys.executable).with_name("cfn-lint"))
    command = [lint, "--ignore-checks", "W", "--", str(template)]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout
    assert template.parent == sam_local.BUILT.parent
    document = yaml_parse(template.read_text())
    assert document["Globals"]["Function"]["Environment"]["Variables"]["AWS_ENDPOINT_URL"] == "http://there:1"
    before_traffic = document["Resources"]["PreTrafficFunction"]["Properties"]["Environment"]["Variables"]
    assert before_traffic["REFRAIN_NEW_VERSION_ARN"].endswith(f"function:{local_name('InferenceFunction')}:1")


def test_containers_reach_the_local_cloud_through_a_forwarder(cloud: Cloud) -> None:
    port = int(cloud.stack["api_url"].rpartition(":")[2])
    with (
        PortForwarder("127.0.0.1", 0, ("127.0.0.1", port)) as forwarder,
        urllib.request.urlopen(f"http://127.0.0.1:{forwarder.port}/v2/health/live") as answer,
    ):
        assert json.load(answer) == {"live": True}
