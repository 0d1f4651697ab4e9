"""Runs Lambda's own runtime interface client in a function process, and ends it when the local cloud is gone.

The cloud holds the other end of standard input and never writes to it. When the cloud is killed, the input ends at
once, on any system, and so does the function with all processes that it started.
"""

import os
import runpy
import signal
import threading


def end_with_the_cloud() -> None:
    """Wait for the end of input, then end this process and all that it started."""
    os.read(0, 1)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    threading.Thread(target=end_with_the_cloud, daemon=True).start()
    runpy.run_module("awslambdaric", run_name="__main__", alter_sys=True)
