"""A function of one's own keeps the contract of the layer, or no definition may use it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from preprocessing import DefinitionError, own_functions, parse_definition
from preprocessing.function_contract import check_functions
from tests.unit.preprocessing.conftest import document

if TYPE_CHECKING:
    from pathlib import Path

    from preprocessing import Definition

GOOD = "import numpy as np\ndef tried(amount, joined, colour, member, log):\n"
CALLS = "import numpy as np\ncalls = []\n"
BROKEN = {
    "imports pandas": "import numpy as np\nimport pandas as pd\ndef tried(*columns):\n return columns[0]",
    "no function tried": "def other(*columns):\n return columns[0]",
    "cannot be run: SyntaxError": "def tried(",
    "fails with TypeError: too many": "def tried(amount):\n return amount",
    "fails with ZeroDivisionError": "def tried(*columns):\n return 1 / 0",
    "returns no numpy array": "def tried(*columns):\n return columns[0].tolist()",
    "float32 or float64": "def tried(*columns):\n return columns[0] > 0",
    r"of shape \(63,\)": "def tried(*columns):\n return columns[0][1:]",
    "changes its inputs": "def tried(*columns):\n columns[0][:] = 0\n return columns[0]",
    "when it is called again": CALLS
    + "def tried(*columns):\n calls.append(0)\n return np.full(len(columns[0]), float(len(calls)))",
    "order of the rows": "import numpy as np\ndef tried(*columns):\n return np.nancumsum(columns[0])",
    "of a row alone": "import numpy as np\ndef tried(*columns):\n return columns[0] - np.nanmedian(columns[0])",
    "for one row": "def tried(*columns):\n return columns[0] + 0 * sum(range(300_000))",
    "for 10,000 rows": "import numpy as np\ndef tried(*columns):\n"
    " return np.array([sum(range(2000)) * 0 + number for number in columns[0]])",
}


def define(folder: Path, source: str, monkeypatch: pytest.MonkeyPatch) -> Definition:
    (folder / "tried.py").write_text(source, encoding="utf-8")
    monkeypatch.setattr(own_functions, "FOLDER", folder)
    tried = {"make": "features.tried", "from": ["amount", "joined", "colour", "member", "log"]}
    derived: dict[str, Any] = {"tried": tried, "log": {"make": "log1p", "from": "amount"}}
    return parse_definition("shop", document(derived=derived), "shop.toml")


def test_a_function_that_keeps_the_contract_may_be_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check_functions(define(tmp_path, GOOD + "    return np.where(colour == 'a', log, amount)", monkeypatch))


@pytest.mark.parametrize("problem", BROKEN)
def test_a_function_that_breaks_a_promise_is_refused_with_its_name(
    problem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(DefinitionError, match=f"shop.toml: derived.tried.make: .*{problem}"):
        check_functions(define(tmp_path, BROKEN[problem], monkeypatch))


def test_the_functions_of_this_project_keep_the_contract() -> None:
    columns = {**document()["columns"], "to_amount": {"type": "number", "min": -90, "max": 90}}
    distance = {"make": "features.distance", "from": ["amount", "amount", "to_amount", "amount"]}

    check_functions(parse_definition("shop", document(columns=columns, derived={"far": distance}), "shop.toml"))


def test_a_function_without_a_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    definition = define(tmp_path, "", monkeypatch)
    monkeypatch.setattr(own_functions, "FOLDER", tmp_path / "empty")

    with pytest.raises(DefinitionError, match=r"there is no file features/tried\.py in the preprocessing layer"):
        check_functions(definition)
