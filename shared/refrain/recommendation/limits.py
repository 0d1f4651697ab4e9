"""Limits that are the same in training, evaluation and service, so that all of them see the same."""

from __future__ import annotations

MAX_RECOMMENDED_ITEMS = 100
"""Items in one answer, and in one of the lists that evaluation judges."""

MAX_HISTORY_ITEMS = 500
"""The newest items of a user's history: so many are stored for service, and used in evaluation."""

MAX_NAMED_ITEMS = 10_000
"""Items that a request may name in each of its lists."""
