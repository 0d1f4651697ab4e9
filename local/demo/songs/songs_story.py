"""The story of songs: interactions become a recommender that knows the newest ones; then weeks of it, simulated.

The first part uses the product as anybody would. The weeks are simulated in this process: hourly retraining for weeks
would take the local cloud a day.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import numpy as np

from cli.receipts import print_receipts
from cli.run_states import follow_states
from local.cloud import Cloud
from local.demo import screen
from local.demo.errors import DemoFailed
from local.demo.saved_pages import save_page
from local.demo.songs.hit_rates import count_hits
from local.demo.songs.policies import DEFINITION, POLICIES, follow
from local.demo.songs.repertoire import HOUR, Plan, releases
from local.demo.songs.simulation import Service, listener_ids, simulate
from local.demo.songs.songs_picture import SIMULATED, points, render
from local.stack_client import StackClient
from refrain.words import share

if TYPE_CHECKING:
    from pathlib import Path

MODEL = "songs"
STRANGER = "somebody-new"
RECOMMENDED_SONGS = 10


def perform(folder: Path) -> None:
    """Play both parts. Raises `DemoFailed` when something goes wrong."""
    plan = Plan()
    screen.print_title("A music streaming service, simulated")
    screen.say(
        f"{SIMULATED} {plan.listeners:,} listeners play songs for {plan.before // 7} weeks, and for "
        f"{plan.watched // 7} more, in which a genre comes into fashion, songs come out and one becomes a hit."
    )
    service = simulate(plan)
    with Cloud(folder=folder / "songs") as cloud:
        stage = StackClient(cloud)
        stage.apply(DEFINITION)
        learn(stage, service)
        listen(stage, service, some_listener(service))
    watch(service)


def learn(stage: StackClient, service: Service) -> dict[str, Any]:
    """Upload the first weeks, a file a week, and train the first version."""
    screen.print_title("Upload the first weeks of interactions, and retrain")
    plan = service.plan
    keys = []
    for week in range(plan.before // 7):
        since, until = (service.until(plan.at(7 * number - plan.before)) for number in (week, week + 1))
        keys.append(f"{MODEL}/week-{week + 1}.csv")
        stage.upload(keys[-1], service.csv(since, until))
    receipts = [stage.receipt(key) for key in keys]
    print_receipts(screen.console, receipts)
    incomplete = [
        receipt["source"]["key"] for receipt in receipts if receipt["status"] != "kept" or receipt["rows_rejected"]
    ]
    if incomplete:
        raise DemoFailed(f"not all interactions were kept: {', '.join(incomplete)}")
    execution = stage.retrain(MODEL)
    follow_states(screen.console, stage.states(execution))
    outcome = stage.outcome(execution)
    if outcome["outcome"] != "promoted":
        raise DemoFailed(f"no model was promoted: {outcome.get('reason') or outcome.get('why')}")
    screen.say(f"\n[bold]promoted[/]: {outcome['reason']}")
    screen.say(f"report: {save_page('songs-report.html', stage.lake(outcome['report'].split('/', 3)[3]))}")
    return outcome


def listen(stage: StackClient, service: Service, listener: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Ask for a listener, upload a play of the first song, ask again; return the recommendations before and after."""
    screen.print_title("Ask for a listener, play a song, ask again")
    before = _ask(stage, listener, popular=False)
    played = before[0]
    key = f"{MODEL}/just-now.csv"
    stage.upload(key, _just_played(service, listener, played))
    if stage.receipt(key)["rows_kept"] != 1:
        raise DemoFailed("the new interaction was not kept")
    after = _ask(stage, listener, popular=False)
    if played["id"] in [item["id"] for item in after]:
        raise DemoFailed(f"{played['title']} was just played, and is recommended again")
    screen.print_recommendations({f"for {listener}": before, f"after {played['title']} was played": after})
    screen.say("Nothing was retrained in between: ingest updates the listener's history, and the API reads it.")
    screen.say(f"\nFor {STRANGER}, who has no history: the popular songs, marked as such.")
    screen.print_recommendations({f"for {STRANGER}": _ask(stage, STRANGER, popular=True)[:3]})
    return before, after


def watch(service: Service) -> None:
    """Follow the simulated weeks with each policy, and draw the result."""
    screen.print_title(f"{service.plan.watched // 7} weeks pass: trained once, weekly, hourly (simulated)")
    screen.say(
        "In this process, not in the local cloud: hundreds of versions are trained, exported and asked by the code "
        "that trains and serves. Plays do not depend on recommendations. A session is hit when one of the ten songs "
        "recommended before it is played in it for the first time.\n"
    )
    names = tuple(policy.name for policy in POLICIES)
    screen.print_rates("day", names)
    days = []
    for day in follow(service):
        days.append(day)
        today = count_hits(service, names, [day])
        date = str(np.datetime_as_string(service.plan.at(day.day), unit="D"))
        screen.print_rates(date, list(map(share, today.hit.mean(axis=0))), _news(service.plan, day.day))
    rates = count_hits(service, names, days)
    screen.print_rates("all days", [share(rates.rate(name).value) for name in names])
    screen.print_rates("versions", [f"{count:,}" for count in rates.versions])
    screen.say(f"\nweekly over once:       {points(rates.gain('weekly', 'once'))} percentage points")
    screen.say(f"hourly over weekly:     {points(rates.gain('hourly', 'weekly'))} percentage points")
    screen.say(f"hourly over popularity: {points(rates.gain('hourly', 'popularity'))} percentage points")
    screen.say(f"the picture: {save_page('songs.html', render(service.plan, rates).encode())}")


def some_listener(service: Service) -> str:
    """Return the listener with the most plays before the watched weeks."""
    played = np.bincount(service.listener[: service.until(service.plan.start)], minlength=service.plan.listeners)
    return str(listener_ids(service.plan.listeners)[int(played.argmax())])


def _news(plan: Plan, day: int) -> str:
    """Say what happens in the service on a day."""
    news = [
        (day in releases(plan), "songs come out"),
        (int(plan.shift) == day, "a genre comes into fashion"),
        (int(plan.hit) == day, "a hit breaks out"),
    ]
    return ", ".join(event for happens, event in news if happens)


def _ask(stage: StackClient, listener: str, *, popular: bool) -> list[dict[str, Any]]:
    status, answer, _ = stage.predict(MODEL, [{"user": listener, "k": RECOMMENDED_SONGS}])
    if status != 200:
        raise DemoFailed(f"the API answered {status}: {answer}")
    prediction = answer["predictions"][0]
    if bool(prediction.get("popular")) != popular or "history" in prediction:
        raise DemoFailed(f"the answer for {listener} is {'not ' if popular else ''}marked as popular songs")
    items: list[dict[str, Any]] = prediction["items"]
    return items


def _just_played(service: Service, listener: str, song: dict[str, Any]) -> bytes:
    """Write one interaction, an hour after the last one that was uploaded."""
    time = np.datetime_as_string(service.plan.start + HOUR, unit="s") + "Z"
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(service.columns(0, 0))
    writer.writerow([listener, song["id"], time, 200, song["title"], song["artist"]])
    return text.getvalue().encode()
