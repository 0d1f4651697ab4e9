"""docs/command.md has every command, option and exit code."""

from __future__ import annotations

import re
from typing import Any

from cli.app import COMMANDS, command_name, make_app
from cli.exit_codes import EXIT_CODES
from tests.contract.test_docs import PAGE, code, codes, table

APP = make_app(described=True)
NAMES = [command_name(path) for paths in COMMANDS.values() for path in paths]


def options(app: Any) -> set[str]:
    """The options of a command, besides those that all have."""
    names = {name for argument in app.assemble_argument_collection() for name in argument.names}
    return {name for name in names if name.startswith("--")} - {"--stack", "--json"}


def test_every_command_has_a_row_with_its_help_and_its_options() -> None:
    rows = {code(row["command"]).split()[1]: row for row in table(PAGE["command"], "command")}

    assert list(rows) == NAMES
    for name, row in rows.items():
        assert row["what it does"] == APP[name].help.strip().partition("\n")[0]
        assert set(codes(row["options"])) == options(APP[name])


def test_every_exit_code_has_a_row() -> None:
    rows = {int(row["exit code"]): row["means"] for row in table(PAGE["command"], "exit code")}

    assert rows == {number: re.sub(r"\s+", " ", means) for number, means in EXIT_CODES.items()}
