"""Runs Lambda's own runtime interface client in a function process, without what Lambda lacks.

It ends when the local cloud is gone. The cloud holds the other end of standard input and never writes to it. When the
cloud is killed, the input ends at once, on any system, and so does the function with all processes that it started.
"""

import _multiprocessing  # type: ignore[import-not-found]
import errno
import os
import runpy
import signal
import threading


class NoSemaphore:
    """Takes the place of semaphores, which Lambda lacks, as it has no `/dev/shm`; joblib then runs one thread."""

    SEM_VALUE_MAX = _multiprocessing.SemLock.SEM_VALUE_MAX

    def __init__(self, *_arguments: object, **_options: object) -> None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))


def end_with_the_cloud() -> None:
    """Wait for the end of input, then end this process and all that it started."""
    os.read(0, 1)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    _multiprocessing.SemLock = NoSemaphore
    threading.Thread(target=end_with_the_cloud, daemon=True).start()
    runpy.run_module("awslambdaric", run_name="__main__", alter_sys=True)
