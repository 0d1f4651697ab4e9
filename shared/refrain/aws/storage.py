"""The part of S3 that the functions need: reads, create-only and compare-and-swap writes, streams.

obstore (Rust's object_store) loads in a fiftieth of a second, boto3 in half a second. It retries by itself.
"""

from __future__ import annotations

import json
import os
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from errno import ENOSPC
from functools import cache
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from obstore.exceptions import AlreadyExistsError, BaseError, NotFoundError, NotModifiedError, PreconditionError
from obstore.store import S3Store

from refrain.errors import Conflict, NotFound, StorageUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from obstore.store import ClientConfig, RetryConfig, S3CredentialProvider

CHUNK = 8 * 1024 * 1024
LINES = 256 * 1024
"""Bytes that are read at once where lines are parsed: as objects they take many times as much."""


@dataclass(frozen=True)
class Patience:
    """How long to wait for an answer and for a connection, and how often and how long to retry.

    obstore does not try again what S3 answers with 409 or RequestTimeout; `pauses` (seconds) are those before each of
    our own tries.
    """

    answer: timedelta
    connect: timedelta
    retries: int
    retries_end: timedelta
    pauses: tuple[float, ...]


PATIENT = Patience(timedelta(seconds=60), timedelta(seconds=3), 5, timedelta(seconds=30), (0, 0.2, 0.5, 1, 2, 4))
HURRIED = Patience(timedelta(seconds=5), timedelta(seconds=1), 2, timedelta(seconds=5), (0, 0.1, 0.3))


@dataclass(frozen=True)
class Object:
    """An object's content and its ETag."""

    data: bytes
    etag: str

    def json(self) -> Any:
        """Parse the content as JSON."""
        return json.loads(self.data)


@dataclass(frozen=True)
class Downloaded:
    """The facts of an object that was streamed to a file."""

    size: int
    etag: str
    last_modified: datetime


class Store:
    """One bucket. Raises `NotFound`, `Conflict` and `StorageUnavailable`, and no error of obstore."""

    _patience = PATIENT

    def __init__(self, bucket: str, *, hurried: bool = False) -> None:
        self.bucket = bucket
        self._patience = HURRIED if hurried else PATIENT
        self._store = _connect(bucket, self._patience)

    def read(self, key: str) -> Object:
        """Read a whole object."""
        with _mapped(key):
            answer = self._store.get(key)
            return Object(bytes(answer.bytes()), answer.meta["e_tag"] or "")

    def read_start(self, key: str, size: int) -> bytes:
        """Read so many bytes of an object from its start, or all where it has no more."""
        with _mapped(key):
            return bytes(self._store.get_range(key, start=0, length=size))

    def read_chunks(self, key: str) -> Iterator[bytes]:
        """Read an object chunk by chunk, as they are asked for."""
        with _mapped(key):
            for chunk in self._store.get(key).stream(min_chunk_size=LINES):
                view = memoryview(chunk)
                yield from (bytes(view[start : start + LINES]) for start in range(0, len(view), LINES))

    def read_if_changed(self, key: str, etag: str) -> Object | None:
        """Read a whole object, or return None when it still has this ETag."""
        with _mapped(key):
            try:
                answer = self._store.get(key, options={"if_none_match": etag})
                return Object(bytes(answer.bytes()), answer.meta["e_tag"] or "")
            except NotModifiedError:
                return None

    def read_json(self, key: str) -> Any:
        """Read an object and parse it as JSON."""
        return self.read(key).json()

    def exists(self, key: str) -> bool:
        """Tell whether there is an object."""
        with _mapped(key):
            try:
                self._store.head(key)
            except (NotFoundError, FileNotFoundError):
                return False
            return True

    def keys(self, prefix: str) -> list[str]:
        """List the keys below a prefix that ends with a slash, sorted."""
        with _mapped(prefix):
            return sorted(meta["path"] for page in self._store.list(prefix) for meta in page)

    def keys_directly_below(self, prefix: str) -> list[str]:
        """List the keys below a prefix that ends with a slash, without those of folders in it, sorted."""
        with _mapped(prefix):
            return sorted(meta["path"] for meta in self._store.list_with_delimiter(prefix)["objects"])

    def write(self, key: str, data: bytes) -> None:
        """Write an object, and replace the one that is there."""
        self._put(key, data)

    def write_json(self, key: str, content: object) -> None:
        """Write an object as JSON."""
        self.write(key, to_json(content))

    def write_new(self, key: str, data: bytes) -> bool:
        """Write an object unless there is one, and tell whether the object there has this content.

        "There is one" may be the answer to a retry of our own write, and S3 also refuses while another write to the key
        is under way. obstore raises one error for both, so the object is read back, and written again if it is absent.
        """
        for pause in self._patience.pauses:
            time.sleep(pause)
            try:
                self._put(key, data, mode="create")
            except Conflict:
                with suppress(NotFound):
                    return self.read(key).data == data
            else:
                return True
        raise StorageUnavailable(key, "S3 refused each try, since other writes to it were under way")

    def replace(self, key: str, data: bytes, etag: str) -> None:
        """Replace an object that still has this ETag; raises `Conflict` when it has another.

        "It has another" may be the answer to a retry of our own write, so the object is read back.
        """
        try:
            self._put(key, data, mode={"e_tag": etag})
        except Conflict:
            if self.read(key).data != data:
                raise

    def swap(self, key: str, data: bytes, etag: str) -> bool:
        """Write an object that still has this ETag, or "" for none yet; tell whether it has this content now."""
        if not etag:
            return self.write_new(key, data)
        try:
            self.replace(key, data, etag)
        except Conflict:
            return False
        return True

    def download(self, key: str, file: IO[bytes], version: str = "") -> Downloaded:
        """Stream an object, or a former version of it, to a file, in constant memory.

        Raises `OSError` where the disk is full.
        """
        with _mapped(key):
            answer = self._store.get(key, options={"version": version} if version else None)
            for chunk in answer.stream(min_chunk_size=CHUNK):
                file.write(memoryview(chunk))
            file.flush()
            meta = answer.meta
        return Downloaded(meta["size"], meta["e_tag"] or "", meta["last_modified"])

    def upload(self, file: Path | IO[bytes], key: str) -> None:
        """Stream a file to an object, in constant memory (in parts when it is large)."""
        self._put(key, file, chunk_size=CHUNK, max_concurrency=2)

    def _put(self, key: str, content: bytes | Path | IO[bytes], **options: Any) -> None:
        """Write, and try again where S3 gave up waiting for the content."""
        with _mapped(key):
            for pause in self._patience.pauses:
                time.sleep(pause)
                if not isinstance(content, bytes | Path):
                    content.seek(0)
                try:
                    self._store.put(key, content, **options)
                except BaseError as error:
                    if "<Code>RequestTimeout</Code>" not in str(error):
                        raise
                else:
                    return
        raise StorageUnavailable(key, "RequestTimeout")


@cache
def open_store(bucket: str, *, hurried: bool = False) -> Store:
    """Open a bucket, once in a process. With `hurried` it gives up early, because a caller waits."""
    return Store(bucket, hurried=hurried)


def to_json(content: object) -> bytes:
    """Return JSON as the lake keeps it: readable, and the same for the same content."""
    text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)
    return text.encode(errors="backslashreplace")  # a surrogate without its partner becomes its escape in JSON


def _connect(bucket: str, patience: Patience) -> S3Store:
    options: ClientConfig = {"timeout": patience.answer, "connect_timeout": patience.connect}
    retry: RetryConfig = {"max_retries": patience.retries, "retry_timeout": patience.retries_end}
    provider: S3CredentialProvider | None = None
    if "AWS_CONTAINER_CREDENTIALS_FULL_URI" in os.environ and "AWS_ACCESS_KEY_ID" not in os.environ:
        from refrain.aws.credentials import ContainerCredentials  # HTTP and TLS, which nothing else needs

        provider = ContainerCredentials()
    endpoint = os.environ.get("AWS_ENDPOINT_URL")
    if not endpoint:
        return S3Store(bucket, client_options=options, retry_config=retry, credential_provider=provider)
    options["allow_http"] = True
    return S3Store(
        bucket,
        endpoint=endpoint,
        client_options=options,
        virtual_hosted_style_request=False,
        retry_config=retry,
        credential_provider=provider,
    )


@contextmanager
def _mapped(key: str) -> Iterator[None]:
    """Turn every error of the library into one of ours."""
    try:
        yield
    except (NotFoundError, FileNotFoundError, ValueError):  # ValueError: a key that no object can have here, as `a//b`
        raise NotFound(key) from None
    except (PreconditionError, AlreadyExistsError):
        raise Conflict(key) from None
    except (BaseError, OSError) as error:
        if isinstance(error, OSError) and error.errno == ENOSPC:
            raise
        raise StorageUnavailable(key, type(error).__name__) from error
