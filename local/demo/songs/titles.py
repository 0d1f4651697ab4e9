"""Invented names of songs and artists, so that people see names instead of numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

FIRST = """
Amber Broken Crimson Distant Electric Falling Golden Hollow Infinite Jagged Kinder Lonely Midnight Northern
Open Paper Quiet Restless Silver Tender Upside Velvet Wandering Yellow Neon Salt Burning Copper Frozen
Hidden Little Second
"""
SECOND = """
Avenue Balcony Carousel Daylight Echo Fever Garden Harbour Island January Kitchen Letters Mirror Nights
Ocean Parade Question Radio Summer Telephone Umbrella Valley Window Yesterday Zero Lanterns Bridges Dancer
Forest Highway Mountain Staircase
"""
BANDS = """
Foxes Lovers Engineers Sparrows Tigers Cousins Sailors Gardeners Strangers Pilots Bakers Wolves Sisters
Postmen Astronauts Giants Clerks Swimmers Neighbours Ghosts
"""


def titles(draw: np.random.Generator, count: int) -> list[str]:
    """Draw titles, all different; at most as many as there are pairs of words."""
    return _pairs(draw, FIRST, SECOND, count)


def artists(draw: np.random.Generator, count: int) -> list[str]:
    """Draw names of bands, all different."""
    return [f"The {name}" for name in _pairs(draw, FIRST, BANDS, count)]


def _pairs(draw: np.random.Generator, first_words: str, second_words: str, count: int) -> list[str]:
    first, second = first_words.split(), second_words.split()
    if count > len(first) * len(second):
        raise ValueError(f"there are names for {len(first) * len(second)}, not for {count}")
    pairs = draw.permutation(len(first) * len(second))[:count].tolist()
    return [f"{first[pair // len(second)]} {second[pair % len(second)]}" for pair in pairs]
