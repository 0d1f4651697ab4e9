"""`python -m local.demo`: a model is trained and answers, learns from more data, and is replaced or kept with a reason.

Then another model learns from a stream of real data that changes, without help; this act is skipped for the user's own
data. `MODEL=songs` alone shows a simulated music service instead.
"""

from __future__ import annotations

import argparse
import math
import shutil
import signal
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from local.cloud import Cloud
from local.demo import loop, screen
from local.demo.errors import DemoFailed
from local.demo.saved_pages import save_page
from local.demo.stream_page import mean_errors, render_stream_page
from local.demo.uploads import DemoUploads, tumour_uploads, user_uploads
from local.errors import LocalError
from local.stack_client import StackClient
from preprocessing import DefinitionError, load_definition

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


SONGS = "songs"
TUMOURS = Path(__file__).parents[2] / "examples" / "tumours.toml"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo; return 0 when all went well, 1 when something failed, 2 when it could not begin."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--data", type=Path, help="a file to upload instead of the example's (DATA=…)")
    parser.add_argument("--model", type=Path, help="the definition that reads it (MODEL=….toml); or songs")
    options = parser.parse_args(arguments)
    try:
        if options.data is None and str(options.model) == SONGS:
            return _run_songs()
        uploads = _choose_uploads(options.data, options.model)
        with _temporary_folder() as folder:
            _run_loop(uploads, options.model or TUMOURS, folder / "cloud")
            if not options.model:
                _run_stream(folder)
        screen.say("\n[green]The demo succeeded.[/] The local cloud is stopped; the reports stay in build/demo.")
    except (DemoFailed, LocalError) as error:
        screen.say(f"\n[red]The demo failed:[/] {error}")
        return 1
    except (OSError, DefinitionError) as error:
        print(_explain(error), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


@contextmanager
def _temporary_folder() -> Iterator[Path]:
    """Make a folder for the states of local clouds; after a failure it stays, since errors name logs in it."""
    folder = Path(tempfile.mkdtemp(prefix="refrain-demo-"))
    try:
        yield folder
    except (DemoFailed, LocalError):
        screen.say(f"\nThe logs of its local clouds stay in {folder}.")
        raise
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    shutil.rmtree(folder, ignore_errors=True)


def _choose_uploads(data: Path | None, model: Path | None) -> DemoUploads:
    if data is None and model is None:
        return tumour_uploads()
    if data is None or model is None:
        raise OSError("DATA and MODEL go together: a file to upload, and the definition (TOML) that describes it")
    return user_uploads(data, load_definition(model))


def _explain(error: OSError | DefinitionError) -> str:
    """Say what could not be used; the operating system's sentence begins with a number and has the name at its end."""
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename} cannot be read: {(error.strerror or type(error).__name__).lower()}"
    return str(error)


def _run_loop(uploads: DemoUploads, definition: Path, folder: Path) -> None:
    screen.print_title("The local cloud starts")
    screen.say("It takes some ten seconds, more on a slow machine.")
    with Cloud(folder=folder, patience=math.inf) as cloud:
        client = StackClient(cloud)
        client.apply(definition)
        screen.say(f"S3, SQS, Step Functions and Lambda at {client.stack['aws_endpoint_url']}")
        screen.say(f"HTTPS API at {client.stack['api_url']}")
        loop.run_loop(client, uploads)


def _run_songs() -> int:
    from local.demo.songs import songs_story  # late, since it imports SciPy and ONNX Runtime

    with _temporary_folder() as folder:
        songs_story.perform(folder)
    screen.say("\n[green]The demo succeeded.[/]")
    return 0


def _run_stream(folder: Path) -> None:
    """Run the second act on a local cloud with fast schedules."""
    from local.demo import flights, stream  # late, since they import pandas and ONNX Runtime

    screen.print_title("A stream of real data that changes: nobody retrains")
    screen.say(
        "How many minutes will a flight from New York be in the air? A model learns it from the winter of 2013 and "
        "predicts the flights that follow, a week or more at a time. Labels come one block late. Monitoring runs every "
        f"{stream.TICK:g} seconds."
    )
    with Cloud(folder=folder / "stream", tick=stream.TICK, patience=math.inf) as cloud:
        client = StackClient(cloud)
        client.apply(stream.DEFINITION)
        act = stream.FlightStream(client, flights.read_flights())
        screen.say(f"\n{act.train_first_version()['reason']}\n")
        screen.print_block_header()
        act.run()
        error, first_version_error = mean_errors(act.timeline)
        screen.say(
            f"\n[bold]{error:.1f} minutes off on average, {first_version_error:.1f} without retraining[/]. "
            f"{len(act.timeline.blocks)} blocks; no request failed."
        )
        screen.say(f"page of the stream: {save_page('stream.html', render_stream_page(act.timeline).encode())}")
        report = save_page("stream-monitoring.html", client.lake(act.first_report_page))
        screen.say(f"monitoring report that started the first run: {report}")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # clean up as after Ctrl-C
    raise SystemExit(main())
