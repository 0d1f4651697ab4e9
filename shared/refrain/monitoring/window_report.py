"""A window of predictions held against the version that answered them: drift, estimated quality, what arrived."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, cast

from preprocessing import encode
from refrain.monitoring.drift import Moved, drift
from refrain.monitoring.estimated_quality import estimated
from refrain.monitoring.new_values import missing_values, new_values, unfamiliar_shares
from refrain.monitoring.reference import answer_references, references
from refrain.times import to_iso

if TYPE_CHECKING:
    from collections.abc import Sequence

    from preprocessing import Array, Columns, Definition
    from refrain.lake.capture.reading import Captured
    from refrain.lake.monitoring_report import (
        FigureDocument,
        GapsDocument,
        MovedDocument,
        NewDocument,
        PastWindow,
        WindowDocument,
    )
    from refrain.monitoring.reference import Reference
    from refrain.monitoring.served_version import Version
    from refrain.monitoring.windows import Window
    from refrain.statistics.estimate import Figure
    from refrain.statistics.homogeneity import Counts

MOST_TOLD = 60
"""Features of which a look tells figures; those that drifted and those that matter come first."""

MOST_SHOWN = 12
"""Features of which it tells the distribution too."""

MOST_LISTED = 20
MOST_REMEMBERED = 30


def report_window(
    version: Version, definition: Definition, window: Window, captured: Captured, history: Sequence[PastWindow]
) -> WindowDocument:
    """Judge the predictions of a window. `definition` is the present one, whose rules for monitoring hold."""
    columns, _ = captured.columns(version.definition)
    features = references(version.baseline, definition.monitoring.ignore)
    moved = drift(
        [
            (each, each.count(values))
            for each, values in zip(features, _values(version, features, columns), strict=True)
        ],
        [(each, each.count(captured.answers[:, place])) for place, each in answer_references(version.baseline).items()],
        least_effect=definition.monitoring.least_effect,
        importance=version.importance,
    )
    estimate = estimated(version, definition, captured.answers)
    breaks = estimate is not None and estimate.breaks(definition.gate)
    share, unfamiliar_features = unfamiliar_shares(captured)
    return {
        "since": to_iso(window.since),
        "until": to_iso(window.until),
        "rows": len(captured),
        "alarmed": breaks or any(each.drifted for each in moved),
        "estimated": figure_document(estimate),
        "estimated_breaks_gate": breaks,
        "unfamiliar": share,
        "unfamiliar_features": dict(list(unfamiliar_features.items())[:MOST_LISTED]),
        "features": [
            moved_document(
                each, definition.monitoring.least_effect, to_iso(window.since), history, shown=place < MOST_SHOWN
            )
            for place, each in enumerate(moved[:MOST_TOLD])
        ],
        "features_tested": len(moved),
        "new_values": [cast("NewDocument", asdict(each)) for each in new_values(features, columns)[:MOST_LISTED]],
        "missing": [cast("GapsDocument", asdict(each)) for each in missing_values(moved)[:MOST_LISTED]],
    }


def _values(version: Version, features: Sequence[Reference], columns: Columns) -> list[Array]:
    """Find each feature's values, as the baseline describes them: categories as they are, all else as encoded."""
    matrix = encode(version.definition, version.vocabularies, columns)
    places = {name: place for place, name in enumerate(version.definition.features)}
    return [columns[each.name] if each.category else matrix[:, places[each.name]] for each in features]


def moved_document(
    moved: Moved, least_effect: float, begun: str, history: Sequence[PastWindow], *, shown: bool
) -> MovedDocument:
    """Tell of one feature."""
    return {
        "name": moved.name,
        "answer": moved.answer,
        "p": moved.p,
        "effect": moved.effect,
        "drifted": moved.drifted,
        "usual": bool(moved.reference.moved) and not moved.drifted and moved.effect >= least_effect,
        "importance": moved.importance,
        "matters": moved.matters,
        "since": drifting_since(moved.name, begun, history) if moved.drifted else None,
        "cells": moved.reference.labels if shown else [],
        "reference": _shares(moved.reference.counts) if shown else [],
        "window": _shares(moved.window) if shown else [],
    }


def _shares(counts: Counts) -> list[float]:
    shares: list[float] = (counts / max(int(counts.sum()), 1)).round(6).tolist()
    return shares


def drifting_since(name: str, begun: str, history: Sequence[PastWindow]) -> str:
    """Return the beginning of the first of the latest windows in a row in which a feature drifted."""
    for past in reversed(history):
        if name not in past["drifted"]:
            break
        begun = past["since"]
    return begun


def remembered(version: Version, window: WindowDocument, measured: FigureDocument | None) -> PastWindow:
    """Tell what later looks need of a window."""
    return {
        "version": version.name,
        "since": window["since"],
        "until": window["until"],
        "rows": window["rows"],
        "alarmed": window["alarmed"],
        "drifted": [each["name"] for each in window["features"] if each["drifted"]],
        "effects": {each["name"]: round(each["effect"], 6) for each in window["features"]},
        "estimated": window["estimated"],
        "measured": measured,
        "unfamiliar": window["unfamiliar"],
    }


def figure_document(found: Figure | None) -> FigureDocument | None:
    """Tell a figure."""
    return None if found is None else cast("FigureDocument", asdict(found))
