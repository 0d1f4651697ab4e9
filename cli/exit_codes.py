"""The exit codes of the command, and the sentence of each error that a person can do something about."""

from __future__ import annotations

DONE, FAILED, USAGE, REFUSED, UNCHANGED, NO_STACK, INTERRUPTED = 0, 1, 2, 3, 4, 5, 130

EXIT_CODES = {
    DONE: "done",
    FAILED: "failed: the stack, a run or a file did not do its part",
    USAGE: "usage: an unknown command or option, or an argument that cannot be read",
    REFUSED: "refused: an upload, a request, a definition or a move was not accepted; the sentence says why",
    UNCHANGED: "unchanged: the run went well and nothing went into service, or there was nothing new to learn",
    NO_STACK: "no stack: none runs here, or it does not answer",
    INTERRUPTED: "interrupted by Ctrl-C; what was started on a stack goes on there",
}


REFUSALS = frozenset(
    {
        *("InvalidRequest", "UnknownModel", "UnreadableUpload", "DefinitionError", "DefinitionChanged", "CannotDraft"),
        *("CannotImport", "TooManyRows", "BrokenVersion", "ChampionChanged", "OutdatedRollback", "ForgettingUnderWay"),
    }
)
"""Names of the errors, of a story here or of a run there, with which something is not accepted."""


class CommandError(Exception):
    """A command cannot do its work; the message is one sentence that says what to do."""

    exit_code = FAILED


class UsageError(CommandError):
    """The arguments do not fit together."""

    exit_code = USAGE


class RefusedCommand(CommandError):
    """The stack does not accept what was sent."""

    exit_code = REFUSED


class NoStack(CommandError):
    """No stack to work on."""

    exit_code = NO_STACK


def exit_code_of(error: Exception) -> int | None:
    """Return the exit code of an expected error, None for a fault of ours, which keeps its traceback."""
    if isinstance(error, CommandError):
        return error.exit_code
    names = _names_of(error)
    if {"URLError", "ConnectionError"} & names:
        return NO_STACK
    if type(error).__module__.partition(".")[0] in ("botocore", "boto3"):
        return NO_STACK if "Connect" in type(error).__name__ else FAILED
    if names & REFUSALS:
        return REFUSED
    return FAILED if names & {"RefrainError", "PreprocessingError", "LocalError", "OSError"} else None


def sentence_of(error: Exception) -> str:
    """Write an error as a sentence; the system's begins with a number and has the file's name at its end."""
    if "URLError" in _names_of(error):
        return f"The stack does not answer ({getattr(error, 'reason', error)}); is it running?"
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename} cannot be read: {(error.strerror or type(error).__name__).lower()}"
    return " ".join(str(error).split())


def _names_of(error: Exception) -> set[str]:
    """Name the classes of an error: to import them for `refrain --help` would take a tenth of its time."""
    return {kind.__name__ for kind in type(error).__mro__}
