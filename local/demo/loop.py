"""The first act: a model is trained and answers, learns from more data, and is replaced or kept with a reason."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from cli.predictions import prediction_text
from cli.receipts import print_receipts, print_rejected_rows, read_rejected_rows
from cli.run_states import follow_states
from local.demo import screen
from local.demo.errors import DemoFailed
from local.demo.saved_pages import save_page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from local.demo.uploads import DemoUploads
    from local.stack_client import StackClient


def run_loop(client: StackClient, uploads: DemoUploads) -> None:
    """Upload, retrain, predict; upload more, and retrain again."""
    screen.print_title("Upload: each row of a file is kept, or rejected with a reason")
    _upload(client, uploads.first)
    screen.print_title("Retrain: a run trains the candidates and decides")
    first = _retrain(client, uploads.model, 1)
    if first["outcome"] != "promoted":
        raise DemoFailed(f"no model was promoted: {first['reason']}")
    screen.print_title("Predict over HTTPS")
    _predict(client, uploads.model, str(first["champion"]))
    if uploads.later:
        screen.print_title("More data: retrain and compare with the champion")
        _upload(client, uploads.later)
        _retrain(client, uploads.model, 2)


def _upload(client: StackClient, uploads: Sequence[tuple[str, bytes]]) -> None:
    for key, content in uploads:
        client.upload(key, content)
    receipts = [client.receipt(key) for key, _ in uploads]
    print_receipts(screen.console, receipts)
    for receipt in receipts:
        if receipt["status"] != "kept":
            raise DemoFailed(f"{receipt['source']['key']} was {receipt['status']}: {receipt.get('reason')}")
        if receipt["rows_read"] != receipt["rows_kept"] + receipt["rows_rejected"]:
            raise DemoFailed(f"{receipt['source']['key']}: rows are lost, {receipt['rows_read']} were read")
        if receipt["rejected"]:
            screen.say(
                f"\nrejected rows of {receipt['source']['key']} (s3://{client.stack['lake_bucket']}/{receipt['rejected']}):"
            )
            print_rejected_rows(screen.console, read_rejected_rows(client, receipt))


def _retrain(client: StackClient, model: str, number: int) -> dict[str, Any]:
    execution = client.retrain(model)
    follow_states(screen.console, client.states(execution))
    outcome = client.outcome(execution)
    if outcome["outcome"] == "nothing_to_learn":
        raise DemoFailed(f"there was nothing to learn: {outcome.get('why')}")
    screen.say(f"\n[bold]{outcome['outcome']}[/]: {outcome['reason']}")
    page = save_page(f"{model}-{number}.html", client.lake(outcome["report"].split("/", 3)[3]))
    screen.say(f"report: {page}  (in the lake: {outcome['report']})")
    return outcome


def _predict(client: StackClient, model: str, version: str) -> None:
    golden = json.loads(client.lake(f"versions/{model}/{version}/golden.json"))["rows"]
    instances = golden[:3]
    status, answer, _ = client.predict(model, instances)
    if status != 200:
        raise DemoFailed(f"the API answered {status}: {answer}")
    _, _, milliseconds = client.predict(model, instances)
    for prediction in answer["predictions"]:
        screen.say(f"  {prediction_text(prediction)}")
    screen.say(f"  version {answer['model_version']}, {milliseconds:.1f} ms for {len(instances)} rows when warm")

    number = next((name for name, value in instances[0].items() if isinstance(value, int | float) and value), None)
    if number is None:
        return
    _, answer, _ = client.predict(model, [{**instances[0], number: float(instances[0][number]) * 1000}])
    if "predictions" in answer:
        screen.say(f"\nThe same row with {number} a thousand times as large:")
        screen.say(f"  {prediction_text(answer['predictions'][0])}")
    status, problem, _ = client.predict(model, [{**instances[0], number: "a lot"}])
    if status != 422 and status != 400:
        raise DemoFailed(f"an unusable instance was answered with {status}")
    screen.say(f'\nAnd with {number} = "a lot" ({status}):')
    screen.print_json(problem)
