"""What can go wrong when the local cloud is asked for: each a sentence for the person who asked."""


class LocalError(Exception):
    """The local cloud cannot do what was asked."""


class TemplateError(LocalError):
    """The template says something that this machine cannot make."""


class PortTaken(LocalError):
    """Another program listens on the port that was asked for."""

    def __init__(self, port: int) -> None:
        super().__init__(f"Port {port} is taken by another program: choose another one, or none to get a free one.")
        self.port = port


class AlreadyRunning(LocalError):
    """A local cloud runs in this folder."""

    def __init__(self, folder: str, process: str) -> None:
        super().__init__(f"A local cloud is already running in {folder} (process {process}): stop it first.")
        self.folder = folder
        self.process = process


class NotStarted(LocalError):
    """The local cloud ended before it answered, or did not answer in time."""
