"""`python -m local.demo`: a model is born and answers, learns from more data, and says why it was replaced or kept."""

from __future__ import annotations

import argparse
import gzip
import json
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local.cloud import Cloud
from local.demo import screen
from local.demo.act import Stage
from local.demo.errors import DemoFailed
from local.demo.story import Story, own, tumours
from local.errors import LocalError
from preprocessing import DefinitionError, load_definition

if TYPE_CHECKING:
    from collections.abc import Sequence

PROJECT = Path(__file__).resolve().parents[2]
REPORTS = PROJECT / "build" / "demo"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo; 0 when all was well, 1 when something was not, 2 when it could not begin."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--data", type=Path, help="a file to upload instead of the example's (DATA=…)")
    parser.add_argument("--model", type=Path, help="the definition that reads it (MODEL=….toml)")
    options = parser.parse_args(arguments)
    try:
        story = _story(options.data, options.model)
        with tempfile.TemporaryDirectory(prefix="refrain-demo-") as folder:
            models = Path(folder) / "definitions"
            models.mkdir()
            if options.model:
                shutil.copy(options.model, models)
            _perform(story, Path(folder) / "cloud", models)
    except (DemoFailed, LocalError) as failed:
        screen.say(f"\n[red]The demo failed:[/] {failed}")
        return 1
    except (OSError, DefinitionError) as wrong:
        print(wrong, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


def _story(data: Path | None, model: Path | None) -> Story:
    if data is None and model is None:
        return tumours()
    if data is None or model is None:
        raise OSError("DATA and MODEL go together: a file to upload, and the definition (TOML) that reads it")
    return own(data, load_definition(model))


def _perform(story: Story, folder: Path, models: Path) -> None:
    screen.title("The local cloud starts")
    with Cloud(folder=folder, models=models) as cloud:
        stage = Stage(cloud)
        screen.say(f"S3, SQS, Step Functions and Lambda at {stage.stack['aws_endpoint_url']}")
        screen.say(f"HTTPS API at {stage.stack['api_url']}")
        screen.title("Upload: files are checked, and kept or rejected row by row")
        _upload(stage, story.first)
        screen.title("Retrain: the state machine trains the candidates and decides")
        first = _retrain(stage, story.model, 1)
        if first["outcome"] != "promoted":
            raise DemoFailed(f"no model was promoted: {first['reason']}")
        screen.title("Predict: over HTTPS")
        _predict(stage, story.model, str(first["champion"]))
        if story.later:
            screen.title("More data comes: retrain, and compare with the champion")
            _upload(stage, story.later)
            _retrain(stage, story.model, 2)
    screen.say("\n[green]All was well.[/] The local cloud is stopped; the reports stay.")


def _upload(stage: Stage, uploads: Sequence[tuple[str, bytes]]) -> None:
    for key, content in uploads:
        stage.upload(key, content)
    receipts = [stage.receipt(key) for key, _ in uploads]
    screen.receipts(receipts)
    for receipt in receipts:
        if receipt["status"] != "kept":
            raise DemoFailed(f"{receipt['source']['key']} was {receipt['status']}: {receipt.get('reason')}")
        if receipt["rows_read"] != receipt["rows_kept"] + receipt["rows_rejected"]:
            raise DemoFailed(f"{receipt['source']['key']}: rows are lost, {receipt['rows_read']} were read")
        if receipt["rejected"]:
            screen.say(
                f"\nrejected of {receipt['source']['key']} (s3://{stage.stack['lake_bucket']}/{receipt['rejected']}):"
            )
            lines = gzip.decompress(stage.lake(receipt["rejected"])).splitlines()
            screen.rejected([json.loads(line) for line in lines])


def _retrain(stage: Stage, model: str, number: int) -> dict[str, Any]:
    execution = stage.retrain(model)
    screen.states(stage.states(execution))
    outcome = stage.outcome(execution)
    if outcome["outcome"] == "nothing_to_learn":
        raise DemoFailed(f"there was nothing to learn from: {outcome.get('why')}")
    screen.say(f"\n[bold]{outcome['outcome']}[/]: {outcome['reason']}")
    report = REPORTS / f"{model}-{number}.html"
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_bytes(stage.lake(outcome["report"].split("/", 3)[3]))
    screen.say(f"report: {report.relative_to(PROJECT)}  (in the lake: {outcome['report']})")
    return outcome


def _predict(stage: Stage, model: str, version: str) -> None:
    golden = json.loads(stage.lake(f"versions/{model}/{version}/golden.json"))["rows"]
    known = golden[:3]
    status, answer, _ = stage.predict(model, known)
    if status != 200:
        raise DemoFailed(f"the API answered {status}: {answer}")
    _, _, milliseconds = stage.predict(model, known)
    for prediction in answer["predictions"]:
        screen.say(f"  {screen.answer(prediction)}")
    screen.say(f"  version {answer['model_version']}, {milliseconds:.1f} ms for {len(known)} rows when warm")

    number = next((name for name, value in known[0].items() if isinstance(value, int | float) and value), None)
    if number is None:
        return
    _, answer, _ = stage.predict(model, [{**known[0], number: float(known[0][number]) * 1000}])
    if "predictions" in answer:
        screen.say(
            f"\nThe same row with {number} a thousand times as large:\n  {screen.answer(answer['predictions'][0])}"
        )
    status, problem, _ = stage.predict(model, [{**known[0], number: "a lot"}])
    if status != 422 and status != 400:
        raise DemoFailed(f"an instance that cannot be used was answered with {status}")
    screen.say(f'\nAnd with {number} = "a lot" ({status}):')
    screen.document(problem)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that it cleans up as after Ctrl-C
    raise SystemExit(main())
