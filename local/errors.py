"""Errors of the local cloud; each message is a sentence for the person who started it."""

from pathlib import Path


class LocalError(Exception):
    """The local cloud cannot do what it was asked to do."""


class TemplateError(LocalError):
    """The template has something that this machine cannot run."""


class PortTaken(LocalError):
    """Another program listens on the port."""

    def __init__(self, port: int) -> None:
        super().__init__(
            f"Port {port} is taken by another program; choose another one, or leave it out to get a free one."
        )
        self.port = port


class NoContainers(LocalError):
    """Containers cannot run here, or cannot reach this machine; the sentence says what to do."""


class AlreadyRunning(LocalError):
    """Another local cloud runs in this folder."""

    def __init__(self, folder: str, process: str) -> None:
        super().__init__(f"A local cloud is already running in {folder} (process {process}); stop it first.")
        self.folder = folder
        self.process = process


class NoDefinitions(LocalError):
    """The folder of definitions to apply does not exist."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"The folder of definitions {folder} does not exist.")


class NotStarted(LocalError):
    """The local cloud ended before it answered, or did not answer in time."""


class StackFailed(LocalError):
    """A stack did not do what its client waited for."""


class TooManyCalls(LocalError):
    """As many calls run as the account may have at once."""

    def __init__(self) -> None:
        super().__init__("Rate Exceeded.")
