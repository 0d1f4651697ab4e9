"""What Refrain raises. The class names are the words of the state machine's Retry and Catch.

RefrainError
├── InvalidRequest       an input of a function or of the state machine that cannot be used
├── UnknownModel         no definition has this name
├── StorageError
│   ├── NotFound         no object has this key
│   ├── Conflict         the object changed since it was read
│   └── StorageUnavailable   S3 did not answer, or refused, after all retries
├── ServiceUnavailable   Step Functions or SNS did not answer, or refused
├── RoundIncomplete      monitoring could not look at some of the models
├── UnreadableUpload     a file that no reader can make rows of
├── CandidateRefused     a candidate that cannot be trained or exported
├── InvalidDocument      a stored object that is not what its class says
├── BrokenVersion        a model version whose files are absent, damaged, or answer otherwise than they should
├── MetricUndefined      a metric that these rows cannot give (one class only)
├── ChampionChanged      the deployment moved while this run was deciding
└── ChallengerChanged    another version is on trial, or none any more
"""

from __future__ import annotations


class RefrainError(Exception):
    """Base of all errors of Refrain; one sentence that says what to do."""


class InvalidRequest(RefrainError):
    """An input that cannot be used; names the field and what was expected."""


class UnknownModel(RefrainError):
    """No definition has this name."""

    def __init__(self, model: str, known: tuple[str, ...] = ()) -> None:
        self.model = model
        super().__init__(f"no model is named {model!r}; known are {', '.join(known) or 'none'}")


class StorageError(RefrainError):
    """Base of what the store raises; `key` is the object."""

    def __init__(self, key: str, sentence: str) -> None:
        self.key = key
        super().__init__(sentence)


class NotFound(StorageError):
    """No object has this key."""

    def __init__(self, key: str) -> None:
        super().__init__(key, f"there is no object {key}")


class Conflict(StorageError):
    """The object changed since it was read."""

    def __init__(self, key: str) -> None:
        super().__init__(key, f"{key} changed since it was read")


class StorageUnavailable(StorageError):
    """S3 did not answer, or refused, after all retries."""

    def __init__(self, key: str, cause: str) -> None:
        super().__init__(key, f"{key} cannot be reached: {cause}")


class ServiceUnavailable(RefrainError):
    """Step Functions or SNS did not answer, or refused; `call` is what was asked."""

    def __init__(self, call: str, cause: str) -> None:
        self.call = call
        super().__init__(f"{call} failed: {cause}")


class RoundIncomplete(RefrainError):
    """Monitoring could not look at some of the models; `failed` says why, by model."""

    def __init__(self, failed: dict[str, str]) -> None:
        self.failed = failed
        super().__init__("; ".join(f"{model}: {sentence}" for model, sentence in failed.items()))


class UnreadableUpload(RefrainError):
    """A file that no reader can make rows of; `code` is one word for it."""

    def __init__(self, code: str, sentence: str) -> None:
        self.code = code
        super().__init__(sentence)


class CandidateRefused(RefrainError):
    """A candidate that cannot be trained or exported; the sentence says why."""


class InvalidDocument(RefrainError, ValueError):
    """A stored object that is not what its class says; names the field and what was expected."""


class BrokenVersion(RefrainError):
    """A model version whose files are absent, damaged, or answer otherwise than they should."""

    def __init__(self, version: str, sentence: str) -> None:
        self.version = version
        super().__init__(f"version {version}: {sentence}")


class MetricUndefined(RefrainError):
    """A metric that these rows cannot give."""


class ChampionChanged(RefrainError):
    """The deployment moved while this run was deciding; `withdrawn` is its own version, if that was."""

    def __init__(self, model: str, expected: str | None, found: str | None, withdrawn: str | None = None) -> None:
        self.model = model
        moved = f"the champion is {found}, and this run compared with {expected}"
        super().__init__(f"{model}: {f'{withdrawn} was withdrawn meanwhile' if withdrawn else moved}")


class ChallengerChanged(RefrainError):
    """Another version is on trial, or none any more."""

    def __init__(self, model: str, wanted: str, found: str | None) -> None:
        self.model = model
        super().__init__(f"{model}: {found or 'nothing'} is on trial, and not {wanted}")
