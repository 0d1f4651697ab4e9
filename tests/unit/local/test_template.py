"""What the template refers to is resolved to what is made on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from local.errors import TemplateError
from local.functions import FunctionHost, gather_definitions, read_functions
from local.template import Resolver, Template, read_template
from local.up import PROJECT

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
    Environment: {Variables: {BUCKET: !Ref TheBucket, REFRAIN_MODELS_DIR: /opt/models}}
    Layers: [!Ref Ours]
Resources:
  TheBucket: {Type: AWS::S3::Bucket}
  TheQueue: {Type: AWS::SQS::Queue}
  Ours: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: ours}}
  Models: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: models}}
  Wheels: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: wheels}}
  OneFunction:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: one
      Timeout: 20
      Environment: {Variables: {SIZE: !Ref Size}}
      Layers: [!Ref Wheels]
"""
ENDPOINT = "http://127.0.0.1:5000"


@pytest.fixture
def template(tmp_path: Path) -> Template:
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    for folder in ("one", "ours", "models", "wheels"):
        (tmp_path / folder).mkdir()
    (tmp_path / "one" / "app.py").touch()
    (tmp_path / "models" / "income.toml").write_text("ours")
    (tmp_path / "wheels" / "requirements.txt").touch()
    return read_template(tmp_path / "template.yaml", {"Name": "given"})


@pytest.mark.parametrize(
    ("value", "resolved"),
    [
        ({"Ref": "TheBucket"}, "refrain-the-bucket"),
        ({"Ref": "TheQueue"}, f"{ENDPOINT}/123456789012/refrain-the-queue"),
        ({"Ref": "Size"}, "3"),
        ({"Ref": "Name"}, "given"),
        ({"Ref": "AWS::Region"}, "eu-west-1"),
        ({"Fn::GetAtt": ["TheQueue", "Arn"]}, "arn:aws:sqs:eu-west-1:123456789012:refrain-the-queue"),
        ({"Fn::Sub": "${TheBucket.Arn}/x/${Size}/${!literal}"}, "arn:aws:s3:::refrain-the-bucket/x/3/${!literal}"),
        ({"Fn::Join": ["-", ["a", {"Ref": "Size"}]]}, "a-3"),
        ({"a": [{"Ref": "Size"}], "b": 1}, {"a": ["3"], "b": 1}),
    ],
)
def test_intrinsic_functions_are_replaced_by_what_they_stand_for(
    template: Template, value: object, resolved: object
) -> None:
    assert Resolver(template, ENDPOINT).resolve(value) == resolved


@pytest.mark.parametrize("value", [{"Ref": "Nobody"}, {"Fn::GetAtt": ["TheBucket", "DomainName"]}])
def test_what_has_no_counterpart_is_named(template: Template, value: object) -> None:
    with pytest.raises(TemplateError, match=r"Nobody|TheBucket\.DomainName"):
        Resolver(template, ENDPOINT).resolve(value)


def test_a_template_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match=r"no template at .*absent\.yaml"):
        read_template(tmp_path / "absent.yaml")


def test_a_parameter_without_a_value_is_named(template: Template) -> None:
    with pytest.raises(TemplateError, match="without a value: Name"):
        read_template(template.path)


def test_a_function_is_what_globals_and_its_own_properties_say(template: Template, tmp_path: Path) -> None:
    place = FunctionHost(ENDPOINT, tmp_path / "gathered", tmp_path / "runtime")

    (function,) = read_functions(template, place)

    assert (function.name, function.timeout) == ("refrain-one-function", 20)
    assert function.path == (tmp_path / "one", tmp_path / "ours")
    assert function.environment["BUCKET"] == "refrain-the-bucket"
    assert function.environment["SIZE"] == "3"
    assert function.environment["REFRAIN_MODELS_DIR"] == str(tmp_path / "gathered")
    assert function.environment["AWS_ENDPOINT_URL"] == ENDPOINT


def test_a_built_function_has_its_layers_and_nothing_of_this_environment(template: Template, tmp_path: Path) -> None:
    (tmp_path / "ours" / "python").mkdir()

    (function,) = read_functions(template, FunctionHost(ENDPOINT, tmp_path, tmp_path / "runtime"))

    assert function.python[-1] == "-S"
    assert function.path == (
        tmp_path / "one",
        tmp_path / "ours" / "python",
        tmp_path / "wheels" / "python",
        tmp_path / "runtime",
    )
    assert (tmp_path / "runtime" / "awslambdaric" / "bootstrap.py").is_file()


def test_a_handler_that_is_not_there_is_told_of(template: Template, tmp_path: Path) -> None:
    (tmp_path / "one" / "app.py").unlink()

    with pytest.raises(TemplateError, match=r"OneFunction cannot run: its handler should be in one/app\.py"):
        read_functions(template, FunctionHost(ENDPOINT, tmp_path, tmp_path / "runtime"))


def test_given_definitions_are_added_to_the_templates_or_replace_them(template: Template, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "income.toml").write_text("mine")
    (mine / "other.toml").write_text("mine")

    gathered = gather_definitions(template, mine, tmp_path / "gathered")

    assert {path.name: path.read_text() for path in gathered.iterdir()} == {"income.toml": "mine", "other.toml": "mine"}
    assert (tmp_path / "models" / "income.toml").read_text() == "ours"


def test_functions_that_nobody_waits_for_stand_back_for_the_one_that_answers(tmp_path: Path) -> None:
    place = FunctionHost(ENDPOINT, tmp_path, tmp_path / "runtime")

    first = [each.name for each in read_functions(read_template(PROJECT / "template.yaml"), place) if not each.nice]

    assert first == ["refrain-inference-function"]
