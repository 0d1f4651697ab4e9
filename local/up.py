"""`python -m local.up`: the local cloud in the foreground, until Ctrl-C or SIGTERM.

When it answers, `stack.json` in the state folder holds the addresses; the file is removed when the cloud stops.
"""

import argparse
import fcntl
import gc
import json
import os
import signal
import sys
import threading
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from local.concurrency import NEW_ACCOUNT
from local.errors import AlreadyRunning, LocalError, NoDefinitions
from local.names import STACK

PROJECT = Path(__file__).resolve().parent.parent
SWITCH_SECONDS = 0.0005
"""A tenth of Python's default, which is longer than an answer takes. It costs 8 % of the throughput under load."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the local cloud; return 0 when it was stopped, 2 when it could not start."""
    options = _parse(arguments)
    stop = threading.Event()
    _stop_on_signals(stop)
    try:
        _start(options, stop)
    except KeyboardInterrupt:
        return 0
    except LocalError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _start(options: argparse.Namespace, stop: threading.Event) -> None:
    if options.until_stdin_closes:
        threading.Thread(target=_wait_for_end_of_input, daemon=True).start()
    with _only_one(options.folder):
        _run(options, stop)


def _run(options: argparse.Namespace, stop: threading.Event) -> None:
    if options.models and not options.models.is_dir():
        raise NoDefinitions(options.models)
    # These imports take seconds; a cloud that runs already or a taken port should be reported at once.
    from local.web_server import WebServer

    services, api = (WebServer(port) for port in _ports(options))
    print("The local cloud starts: S3, SQS, DynamoDB, Step Functions, Lambda and an HTTPS API.", flush=True)
    # moto names what it does not emulate, and Refrain emulates that itself.
    warnings.filterwarnings("ignore", module=r"moto\.")
    from local.running_stack import Options, Ports, RunningStack

    running = RunningStack(
        Options(
            options.template,
            options.folder,
            options.tick,
            options.stack,
            dict(options.parameter),
            options.concurrency,
            options.keep,
        ),
        Ports(services, api),
    )
    _keep_answers_fast()
    stack_file = options.folder / "stack.json"
    try:
        if not stop.is_set():
            if options.models:
                _apply_definitions(options.models, running.stack)
            _write_stack_file(stack_file, running.stack)
            _announce(running.stack, options.folder)
        while not stop.wait(1):  # a signal that reached another thread does not wake this one
            pass
    finally:
        stack_file.unlink(missing_ok=True)
        running.stop()


def _ports(options: argparse.Namespace) -> list[int]:
    """Return the ports that were asked for, else the free ones among those that the kept cloud had."""
    if not options.keep or options.port or options.api_port:
        return [options.port, options.api_port]
    from local.kept_state import read_addresses
    from local.web_server import is_free

    return [port if is_free(port) else 0 for port in read_addresses(options.keep).get("ports", [0, 0])]


def _keep_answers_fast() -> None:
    """Switch between threads often and keep the garbage collector short, so that answers do not wait."""
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.collect()
    gc.freeze()  # a full collection would stop all threads for a third of a second


def _announce(stack: Mapping[str, str], folder: Path) -> None:
    print(f"The local cloud is running. Its addresses are in {folder / 'stack.json'}, its logs in {folder / 'logs'}.")
    print(f"  upload   AWS_ENDPOINT_URL={stack['aws_endpoint_url']}  s3://{stack['inbox_bucket']}/<model>/<file>")
    print(f"  predict  {stack['api_url']}/docs  x-api-key: {stack['api_key']}")
    print("Ctrl-C stops it.", flush=True)


def _apply_definitions(models: Path, stack: Mapping[str, str]) -> None:
    """Apply the definitions of a folder, and report those that cannot be used."""
    from local.local_stack import LocalStack
    from local.stack_client import StackClient
    from preprocessing import DefinitionError

    client = StackClient(LocalStack(dict(stack)))
    for path in sorted(models.glob("*.toml")):
        try:
            client.apply(path)
        except DefinitionError as error:
            print(f"This definition cannot be used, and was not applied: {error}", flush=True)


def _write_stack_file(path: Path, stack: Mapping[str, str]) -> None:
    """Write the file in one step, so that nobody reads half of it."""
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(dict(stack), indent=2) + "\n")
    partial.replace(path)


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """Hold the folder's lock; the system releases it however the process ends."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            raise AlreadyRunning(str(folder), lock.read().strip()) from error
        (folder / "stack.json").unlink(missing_ok=True)  # left by a cloud that was killed
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _stop_on_signals(stop: threading.Event) -> None:
    """Let the first signal interrupt the process, even while it starts, and ignore signals while it ends."""
    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup ignores it
        numbers.append(signal.SIGHUP)

    def handle(_number: int, _frame: FrameType | None) -> None:
        for number in numbers:
            signal.signal(number, signal.SIG_IGN)
        stop.set()  # an import in progress may swallow the interrupt
        raise KeyboardInterrupt

    for number in numbers:
        signal.signal(number, handle)


def _wait_for_end_of_input() -> None:
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local.up", description="The local cloud, until Ctrl-C.")
    parser.add_argument("--port", type=int, default=0, help="port of the AWS services (default: a free one)")
    parser.add_argument("--api-port", type=int, default=0, help="port of the API (default: a free one)")
    parser.add_argument("--models", type=Path, help="folder of definitions to apply at the start")
    parser.add_argument("--stack", default=STACK, help="name of the stack; stacks can run side by side")
    parser.add_argument("--folder", type=Path, help="folder for its state (default: .local, or .local/stacks/<name>)")
    parser.add_argument("--keep", type=Path, help="folder in which its data stays while it is stopped")
    parser.add_argument("--template", type=Path, default=PROJECT / "template.yaml", help="the template to run")
    parser.add_argument(
        "--parameter", type=_parameter, action="append", default=[], help="NAME=VALUE of the template's parameters"
    )
    parser.add_argument(
        "--concurrency", type=int, default=NEW_ACCOUNT, help="the account's limit on running calls of functions"
    )
    parser.add_argument(
        "--tick", type=float, help="seconds between two calls of each schedule (default: as in the template; 0: never)"
    )
    parser.add_argument("--until-stdin-closes", action="store_true", help="stop when standard input ends")
    options = parser.parse_args(arguments)
    options.folder = options.folder or state_folder(options.stack)
    return options


def state_folder(stack: str) -> Path:
    """Return the folder for the state of a stack: `.local` for the usual one."""
    return PROJECT / ".local" if stack == STACK else PROJECT / ".local" / "stacks" / stack


def _parameter(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name, value


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    os._exit(status)  # do not wait for moto's threads of running executions
