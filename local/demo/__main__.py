"""`python -m local.demo`: a model is born and answers, learns from more data, and says why it was replaced or kept.

Then, unless the data is the user's own, another one meets a stream of real data that changes, and nobody helps it.
`MODEL=songs` alone tells of a simulated music service instead.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import tempfile
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
    from collections.abc import Sequence


SONGS = "songs"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo; 0 when all was well, 1 when something was not, 2 when it could not begin."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--data", type=Path, help="a file to upload instead of the example's (DATA=…)")
    parser.add_argument("--model", type=Path, help="the definition that reads it (MODEL=….toml); or songs")
    options = parser.parse_args(arguments)
    try:
        if options.data is None and str(options.model) == SONGS:
            return _songs()
        story = _story(options.data, options.model)
        with tempfile.TemporaryDirectory(prefix="refrain-demo-") as folder:
            models = Path(folder) / "definitions"
            models.mkdir()
            if options.model:
                shutil.copy(options.model, models)
            _perform(story, Path(folder) / "cloud", models)
            if not options.model:
                _stream(Path(folder))
        screen.say("\n[green]All was well.[/] The local cloud is stopped; the reports stay.")
    except (DemoFailed, LocalError) as failed:
        screen.say(f"\n[red]The demo failed:[/] {failed}")
        return 1
    except (OSError, DefinitionError) as wrong:
        print(wrong, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


def _story(data: Path | None, model: Path | None) -> DemoUploads:
    if data is None and model is None:
        return tumour_uploads()
    if data is None or model is None:
        raise OSError("DATA and MODEL go together: a file to upload, and the definition (TOML) that reads it")
    return user_uploads(data, load_definition(model))


def _perform(story: DemoUploads, folder: Path, models: Path) -> None:
    screen.print_title("The local cloud starts")
    with Cloud(folder=folder, models=models) as cloud:
        stage = StackClient(cloud)
        screen.say(f"S3, SQS, Step Functions and Lambda at {stage.stack['aws_endpoint_url']}")
        screen.say(f"HTTPS API at {stage.stack['api_url']}")
        loop.run_loop(stage, story)


def _songs() -> int:
    from local.demo import songs  # late: it brings SciPy and ONNX Runtime

    with tempfile.TemporaryDirectory(prefix="refrain-demo-") as folder:
        songs.perform(Path(folder))
    screen.say("\n[green]All was well.[/]")
    return 0


def _stream(folder: Path) -> None:
    """Perform the second act on a cloud of its own, whose clock runs fast."""
    from local.demo import flights, stream  # late: they bring pandas and ONNX Runtime

    screen.print_title("A stream of real data that changes: nobody retrains")
    models = folder / "stream-definitions"
    models.mkdir()
    shutil.copy(stream.DEFINITION, models)
    screen.say(
        "How many minutes will a flight from New York be in the air? A model learns it from the winter of 2013, and is "
        "asked about the flights that follow, a good week at a time; labels come a week late. Monitoring looks every "
        f"{stream.TICK:g} seconds."
    )
    with Cloud(folder=folder / "stream", models=models, tick=stream.TICK) as cloud:
        stage = StackClient(cloud)
        act = stream.FlightStream(stage, flights.read_flights())
        screen.say(f"\n{act.begin()['reason']}\n")
        screen.print_block_header()
        act.perform()
        answered, first = mean_errors(act.account)
        screen.say(
            f"\n[bold]{answered:.1f} minutes off on average; the first version, never retrained, {first:.1f}[/], "
            f"in {len(act.account.blocks)} blocks. No request failed."
        )
        screen.say(f"the picture: {save_page('stream.html', render_stream_page(act.account).encode())}")
        screen.say(f"the look that started the first run: {save_page('stream-look.html', stage.lake(act.look))}")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that it cleans up as after Ctrl-C
    raise SystemExit(main())
