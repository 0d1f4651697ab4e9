"""The first act: a model is born and answers, learns from more data, and says why it was replaced or kept."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

from local.demo import screen
from local.demo.errors import DemoFailed
from local.demo.saved_pages import save_page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from local.demo.uploads import DemoUploads
    from local.stack_client import StackClient


def run_loop(stage: StackClient, story: DemoUploads) -> None:
    """Upload, retrain, predict; upload more, and retrain again."""
    screen.print_title("Upload: files are checked, and kept or rejected row by row")
    _upload(stage, story.first)
    screen.print_title("Retrain: the state machine trains the candidates and decides")
    first = _retrain(stage, story.model, 1)
    if first["outcome"] != "promoted":
        raise DemoFailed(f"no model was promoted: {first['reason']}")
    screen.print_title("Predict: over HTTPS")
    _predict(stage, story.model, str(first["champion"]))
    if story.later:
        screen.print_title("More data comes: retrain, and compare with the champion")
        _upload(stage, story.later)
        _retrain(stage, story.model, 2)


def _upload(stage: StackClient, uploads: Sequence[tuple[str, bytes]]) -> None:
    for key, content in uploads:
        stage.upload(key, content)
    receipts = [stage.receipt(key) for key, _ in uploads]
    screen.print_receipts(receipts)
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
            screen.print_rejected_rows([json.loads(line) for line in lines])


def _retrain(stage: StackClient, model: str, number: int) -> dict[str, Any]:
    execution = stage.retrain(model)
    screen.print_states(stage.states(execution))
    outcome = stage.outcome(execution)
    if outcome["outcome"] == "nothing_to_learn":
        raise DemoFailed(f"there was nothing to learn from: {outcome.get('why')}")
    screen.say(f"\n[bold]{outcome['outcome']}[/]: {outcome['reason']}")
    where = save_page(f"{model}-{number}.html", stage.lake(outcome["report"].split("/", 3)[3]))
    screen.say(f"report: {where}  (in the lake: {outcome['report']})")
    return outcome


def _predict(stage: StackClient, model: str, version: str) -> None:
    golden = json.loads(stage.lake(f"versions/{model}/{version}/golden.json"))["rows"]
    known = golden[:3]
    status, answer, _ = stage.predict(model, known)
    if status != 200:
        raise DemoFailed(f"the API answered {status}: {answer}")
    _, _, milliseconds = stage.predict(model, known)
    for prediction in answer["predictions"]:
        screen.say(f"  {screen.prediction_text(prediction)}")
    screen.say(f"  version {answer['model_version']}, {milliseconds:.1f} ms for {len(known)} rows when warm")

    number = next((name for name, value in known[0].items() if isinstance(value, int | float) and value), None)
    if number is None:
        return
    _, answer, _ = stage.predict(model, [{**known[0], number: float(known[0][number]) * 1000}])
    if "predictions" in answer:
        screen.say(f"\nThe same row with {number} a thousand times as large:")
        screen.say(f"  {screen.prediction_text(answer['predictions'][0])}")
    status, problem, _ = stage.predict(model, [{**known[0], number: "a lot"}])
    if status != 422 and status != 400:
        raise DemoFailed(f"an instance that cannot be used was answered with {status}")
    screen.say(f'\nAnd with {number} = "a lot" ({status}):')
    screen.print_json(problem)
