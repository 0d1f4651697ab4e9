"""The sample events pass on the packages; by the stock `sam local` too, where Docker and its image are."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

import pytest

from local import sam_local
from local.bridge import Bridge
from local.cloud import Cloud
from local.names import local_name

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def cloud(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """A new world on the packages."""
    with Cloud(folder=tmp_path_factory.mktemp("cloud"), template=built) as cloud:
        yield cloud


@pytest.fixture
def docker() -> None:
    """Docker and SAM's image, which nobody fetches for a test."""
    if sentence := sam_local.missing():
        pytest.skip(sentence)
    found = subprocess.run(["docker", "image", "inspect", sam_local.IMAGE], capture_output=True, check=False)
    if found.returncode:
        pytest.skip(f"the image {sam_local.IMAGE} is not here: `make sam-local` fetches it")


def test_every_event_is_one_that_is_sent_or_needs_another_world() -> None:
    names = {path.stem for path in (sam_local.PROJECT / "events").iterdir()}

    assert names == {*sam_local.SENT_TO, *sam_local.NEEDS_ANOTHER_WORLD}


def of_this_world(cloud: Cloud, event: dict[str, Any]) -> dict[str, Any]:
    """The same event of the stack's own inbox, whose events name versions."""
    for record in event.get("Records", []):
        body = json.loads(record["body"])
        for told in body["Records"]:
            told["s3"]["bucket"]["name"] = cloud.stack["inbox_bucket"]
            key = unquote_plus(told["s3"]["object"]["key"])
            found = cloud.client("s3").head_object(Bucket=cloud.stack["inbox_bucket"], Key=key)
            told["s3"]["object"]["versionId"] = found["VersionId"]
        record["body"] = json.dumps(body)
    return event


def test_the_sample_events_pass_on_the_packages(cloud: Cloud) -> None:
    for key, content in sam_local.uploads().items():
        cloud.client("s3").put_object(Bucket=cloud.stack["inbox_bucket"], Key=key, Body=content)

    def send(function: str, event: dict[str, Any]) -> str:
        payload = json.dumps(of_this_world(cloud, event)).encode()
        answer = cloud.client("lambda").invoke(FunctionName=local_name(function), Payload=payload)
        said: str = answer["Payload"].read().decode()
        return said if answer.get("FunctionError") or json.loads(said).get("statusCode", 200) >= 300 else ""

    assert sam_local.send_all(send) == {}


def test_the_sample_events_pass_the_stock_sam_local_invoke(docker: None, built: Path, tmp_path: Path) -> None:
    with Cloud(folder=tmp_path / "cloud", template=built) as cloud, sam_local.reachable(cloud) as endpoint:
        sam_local.seed(cloud)
        template = sam_local.write_template(cloud, endpoint)
        assert sam_local.send_all(sam_local.invoking(cloud, template)) == {}


def test_the_stock_command_is_given_the_packages_and_the_local_cloud(cloud: Cloud) -> None:
    template = sam_local.write_template(cloud, "http://there:1")

    lint = str(Path(sys.executable).with_name("cfn-lint"))
    command = [lint, "--ignore-checks", "W", "--", str(template)]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout
    assert template.parent == sam_local.BUILT.parent
    assert "AWS_ENDPOINT_URL: http://there:1" in template.read_text()


def test_containers_reach_the_local_cloud_by_a_bridge(cloud: Cloud) -> None:
    port = int(cloud.stack["api_url"].rpartition(":")[2])
    with (
        Bridge("127.0.0.1", 0, ("127.0.0.1", port)) as bridge,
        urllib.request.urlopen(f"http://127.0.0.1:{bridge.port}/v2/health/live") as answer,
    ):
        assert json.load(answer) == {"live": True}
