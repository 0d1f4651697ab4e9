"""What every function process runs: the real Lambda runtime interface client, which ends when the cloud is gone.

The cloud holds the other end of standard input and never writes to it. Should the cloud be killed, the end of input
comes at once, on any system, and whatever the function is doing ends with all that it started.
"""

import os
import runpy
import signal
import threading


def end_with_the_cloud() -> None:
    """Wait for the end of input, then end this process and those that it started."""
    os.read(0, 1)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    threading.Thread(target=end_with_the_cloud, daemon=True).start()
    runpy.run_module("awslambdaric", run_name="__main__", alter_sys=True)
