"""Functions are read from the template as this machine runs them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from local.errors import TemplateError
from local.functions import FunctionHost, read_functions
from local.template import Template, read_template
from local.up import PROJECT

if TYPE_CHECKING:
    from pathlib import Path

ENDPOINT = "http://127.0.0.1:5000"


def test_a_function_combines_globals_and_its_own_properties(template: Template, tmp_path: Path) -> None:
    host = FunctionHost(ENDPOINT, tmp_path / "runtime")

    (function,) = read_functions(template, host)

    assert (function.name, function.timeout) == ("refrain-one-function", 20)
    assert function.path == (tmp_path / "one", tmp_path / "ours")
    assert function.environment["BUCKET"] == "refrain-the-bucket"
    assert function.environment["SIZE"] == "3"
    assert function.environment["AWS_ENDPOINT_URL"] == ENDPOINT


def test_a_built_function_has_only_its_layers_and_the_runtime(template: Template, tmp_path: Path) -> None:
    (tmp_path / "ours" / "python").mkdir()

    (function,) = read_functions(template, FunctionHost(ENDPOINT, tmp_path / "runtime"))

    assert function.python[-1] == "-S"
    assert function.path == (
        tmp_path / "one",
        tmp_path / "ours" / "python",
        tmp_path / "wheels" / "python",
        tmp_path / "runtime",
    )
    assert (tmp_path / "runtime" / "awslambdaric" / "bootstrap.py").is_file()


def test_a_missing_handler_is_reported(template: Template, tmp_path: Path) -> None:
    (tmp_path / "one" / "app.py").unlink()

    with pytest.raises(TemplateError, match=r"OneFunction cannot run: its handler should be in one/app\.py"):
        read_functions(template, FunctionHost(ENDPOINT, tmp_path / "runtime"))


def test_only_the_function_that_answers_callers_has_full_priority(tmp_path: Path) -> None:
    host = FunctionHost(ENDPOINT, tmp_path / "runtime")

    first = [
        function.name
        for function in read_functions(read_template(PROJECT / "template.yaml"), host)
        if not function.nice
    ]

    assert first == ["refrain-inference-function"]
