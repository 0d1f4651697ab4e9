"""A small template in a folder of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from local.template import Template, read_template

if TYPE_CHECKING:
    from pathlib import Path

TEMPLATE = """
Parameters:
  Size: {Type: Number, Default: 3}
  Name: {Type: String}
Globals:
  Function:
    Handler: app.handler
    Timeout: 10
    Environment: {Variables: {BUCKET: !Ref TheBucket}}
    Layers: [!Ref Ours]
Resources:
  TheBucket: {Type: AWS::S3::Bucket}
  TheQueue: {Type: AWS::SQS::Queue}
  Ours: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: ours}}
  Wheels: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: wheels}}
  OneFunction:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: one
      Timeout: 20
      Environment: {Variables: {SIZE: !Ref Size}}
      Layers: [!Ref Wheels]
"""


@pytest.fixture
def template(tmp_path: Path) -> Template:
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    for folder in ("one", "ours", "wheels"):
        (tmp_path / folder).mkdir()
    (tmp_path / "one" / "app.py").touch()
    (tmp_path / "wheels" / "requirements.txt").touch()
    return read_template(tmp_path / "template.yaml", {"Name": "given"})
