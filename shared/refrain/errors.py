"""Every error that Refrain raises. The state machine's Retry and Catch use the class names."""

from __future__ import annotations

from http import HTTPStatus


class RefrainError(Exception):
    """Base of all errors of Refrain; its sentence says what to do.

    A caller of the API sees the status, the code, and `public` instead of a sentence that is meant for the logs.
    """

    status = HTTPStatus.INTERNAL_SERVER_ERROR
    code = "internal"
    public: str | None = "something went wrong on this side; the logs have the cause under the request_id"


class InvalidRequest(RefrainError):
    """An input that cannot be used; names the field and what was expected."""


class UnknownModel(RefrainError):
    """No definition has this name."""

    status = HTTPStatus.NOT_FOUND
    code = "unknown_model"
    public = None

    def __init__(self, model: str, models: tuple[str, ...] = ()) -> None:
        super().__init__(f"no model is named {model!r}; the models are {', '.join(models) or 'none'}")


class DefinitionChanged(RefrainError):
    """Somebody else changed the definition of a model meanwhile; `expected` and `applied` are digests, or None."""

    def __init__(self, model: str, expected: str | None, applied: str | None, by: str) -> None:
        self.expected, self.applied = expected, applied
        change = f"{by} applied {applied}" if applied else f"{by} retired it" if by else "none is applied"
        super().__init__(
            f"{model}: the definition changed meanwhile: expected {expected or 'none'}, but {change}; "
            "compare the two, and apply again"
        )


class StorageError(RefrainError):
    """Base of what the store raises about the object with a key."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "lake_unavailable"
    public = "the model store does not answer; try again"
    sentence = "{} cannot be reached: {}"

    def __init__(self, key: str, cause: str = "") -> None:
        super().__init__(self.sentence.format(key, cause))


class NotFound(StorageError):
    """No object has this key."""

    sentence = "there is no object {}"


class Conflict(StorageError):
    """The object changed since it was read."""

    sentence = "{} changed since it was read"


class StorageUnavailable(StorageError):
    """S3 did not answer, or refused, after all retries."""


class ServiceUnavailable(RefrainError):
    """Step Functions, SNS or the source of credentials did not answer, or refused; `call` is what was asked."""

    def __init__(self, call: str, cause: str) -> None:
        super().__init__(f"{call} failed: {cause}")


class UnreadableUpload(RefrainError):
    """A file that no reader can turn into rows; `code` is the reason in one word."""

    def __init__(self, code: str, sentence: str) -> None:
        self.code = code
        super().__init__(sentence)


class CannotDraft(RefrainError):
    """A table that no definition can be drafted for; the sentence says why, and what to do."""


class CannotImport(RefrainError):
    """A model from elsewhere that cannot become a version; the sentence says why, and what to do."""


class TooManyRows(RefrainError):
    """More rows than a step of a run can hold; the sentence says how many, and what to do."""


class CandidateRefused(RefrainError):
    """A candidate that cannot be trained or exported; the sentence says why."""


class InvalidDocument(RefrainError, ValueError):
    """A stored object that does not fit its class; names the field and what was expected."""


class BrokenVersion(RefrainError):
    """A model version whose files are absent or damaged, or do not answer as training did."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "broken_version"
    public = "no version of this model can be served; the logs say why"

    def __init__(self, version: str, sentence: str) -> None:
        super().__init__(f"version {version}: {sentence}")


class RankingTooLong(RefrainError):
    """More lists to rank than a recommender can rank before its caller gives up; `limit` of them it can."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    code = "ranking_too_long"
    public = None

    def __init__(self, instances: int, limit: int) -> None:
        sentence = f"to rank for {instances} instances with these histories would take too long"
        super().__init__(f"{sentence}: send at most {limit} of them at once")


class MetricUndefined(RefrainError):
    """A metric that cannot be computed for these rows."""


class ChampionChanged(RefrainError):
    """The deployment moved while this run was deciding; `withdrawn` is its own version, if that was rolled back."""

    def __init__(self, model: str, expected: str | None, champion: str | None, withdrawn: str | None = None) -> None:
        moved = f"the champion is {champion}, and this run compared with {expected}"
        super().__init__(f"{model}: {f'{withdrawn} was withdrawn meanwhile' if withdrawn else moved}")


class ExecutionsUnderWay(RefrainError):
    """A run that does not end, so that nobody knows what it will still write."""

    def __init__(self, execution: str) -> None:
        super().__init__(
            f"{execution} is still running: answer it if it waits for approval, or stop it and wait 15 minutes for its "
            "function to end; then forget again, which goes on where this ended"
        )


class ForgettingUnderWay(RefrainError):
    """Another request to forget people of this model, which rewrites the same objects."""

    def __init__(self, model: str, by: str, since: str) -> None:
        super().__init__(
            f"{model}: {by} forgets other people since {since}; wait until that is done. Where it broke off, it has to "
            "be repeated, and this request can start two hours after it began"
        )


class OutdatedRollback(RefrainError):
    """A rollback that was asked for before the champion went into service, so not because of it."""

    def __init__(self, model: str, champion: str, since: str, asked_at: str) -> None:
        super().__init__(
            f"{model}: {champion} is in service since {since}, and this rollback was started before, at {asked_at}; "
            "start it again to go back from that version"
        )


class ChallengerChanged(RefrainError):
    """Another version is on trial, or none."""

    def __init__(self, model: str, wanted: str, on_trial: str | None) -> None:
        super().__init__(f"{model}: {on_trial or 'nothing'} is on trial, not {wanted}")
