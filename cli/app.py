"""The table of commands. A command's module is imported when it is called, and its docstring is its help."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from cyclopts import App, CycloptsError, Group

from cli.exit_codes import INTERRUPTED, USAGE, exit_code_of, sentence_of

if TYPE_CHECKING:
    from collections.abc import Sequence

HELP = "Serverless MLOps for scikit-learn models on AWS: upload, retrain, predict, watch."
HELP_FLAGS = ("--help", "-h")
COMPLETION_FLAG = "--install-completion"

COMMANDS: dict[str, tuple[str, ...]] = {
    "Start": ("cli.try_model:try_", "cli.doctor:doctor"),
    "Definitions": ("cli.init:init", "cli.check:check", "cli.schema:schema", "cli.apply:apply", "cli.retire:retire"),
    "Data and predictions": ("cli.upload:upload", "cli.predict:predict", "cli.label:label", "cli.forget:forget"),
    "Runs and deployments": (
        "cli.retrain:retrain",
        "cli.watch:watch",
        "cli.status:status",
        "cli.history:history",
        "cli.promote:promote",
        "cli.promote:dismiss",
        "cli.rollback:rollback",
    ),
    "Versions": ("cli.diff:diff", "cli.import_model:import_", "cli.copy:copy", "cli.export:export"),
}
"""The functions of the commands under the headings of the help, in its order."""


def command_name(path: str) -> str:
    """Return the name of a command; a final underscore keeps its function apart from a keyword of Python.

    >>> command_name("cli.try_model:try_")
    'try'
    """
    return path.rpartition(":")[2].rstrip("_")


def make_app(*, described: bool = False) -> App:
    """Make the command. To be `described`, all modules are imported; else only the called one."""
    app = App(
        name="refrain",
        help=HELP,
        help_flags=HELP_FLAGS,
        help_format="plaintext",
        version_flags=(),
        suppress_keyboard_interrupt=False,
    )
    for order, (heading, paths) in enumerate(COMMANDS.items()):
        group = Group(heading, sort_key=order)
        for index, path in enumerate(paths):
            app.command(_load(path) if described else path, name=command_name(path), group=group, sort_key=index)
    if described:
        app.register_install_completion_command(name=COMPLETION_FLAG)
    return app


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code. Each error becomes one sentence on standard error."""
    arguments = sys.argv[1:] if arguments is None else arguments
    app = make_app(described=not arguments or arguments[0] in (*HELP_FLAGS, COMPLETION_FLAG))
    try:
        code = app(arguments, result_action="return_value", exit_on_error=False, print_error=False)
    except CycloptsError as error:
        return _complain(str(error), USAGE)
    except KeyboardInterrupt:
        return _complain("Interrupted. What was started on the stack goes on there.", INTERRUPTED)
    except Exception as error:
        expected = exit_code_of(error)
        if expected is None:
            raise
        return _complain(sentence_of(error), expected)
    return code if isinstance(code, int) else 0


def _load(path: str) -> Any:
    module, _, function = path.partition(":")
    return getattr(import_module(module), function)


def _complain(sentence: str, code: int) -> int:
    print(f"refrain: {sentence}", file=sys.stderr)
    return code
