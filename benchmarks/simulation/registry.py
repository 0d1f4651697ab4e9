"""All designed cells, by `part/name`. A part is a module of this folder with a function `cells`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.simulation import (
    causes,
    checks,
    coverage,
    drift,
    estimates,
    familiar,
    far,
    gate,
    lists,
    recommenders,
    refits,
    seasons,
    segments,
    trials,
    years,
)

if TYPE_CHECKING:
    from benchmarks.simulation.cell import Cell

PARTS = {
    "gate": "Does a run promote the right model?",
    "years": "Is a healthy model retrained all year, and is a change in week 30 answered within a week?",
    "refit": "Does a sound refit serve, and is a broken one seen?",
    "trials": "Does a trial dismiss what does harm, and promote what does none?",
    "lists": "Do logged lists say what others would be worth, and do rising songs reach listeners?",
    "recommenders": "Are items found that nobody chose before, by their descriptions?",
    "checks": "Do the method checks find what is wrong, and only that?",
    "drift": "Does monitoring find what people call drift, and only that?",
    "estimates": "Does an estimate without labels hold what labels show later?",
    "familiar": "Is a row seen that is unlike training, and an ordinary one not?",
    "coverage": "Does the truth lie in intervals and sets as often as asked, and is an abrupt change withdrawn?",
    "causes": "Is the cause of a drop named first, and none where nothing changed?",
    "segments": "Is a feature named that changed in one segment alone, and no other?",
    "seasons": "Are seasons no drift, and is a drift on top of them found?",
    "far": "Is what lies far beyond training found, and nothing else, where features wander?",
}
"""The question of each part, as the page asks it."""

CELLS: dict[str, Cell] = {
    f"{cell.part}/{cell.name}": cell
    for part in (
        gate,
        refits,
        trials,
        years,
        lists,
        recommenders,
        checks,
        drift,
        seasons,
        far,
        segments,
        estimates,
        familiar,
        coverage,
        causes,
    )
    for cell in part.cells()
}
