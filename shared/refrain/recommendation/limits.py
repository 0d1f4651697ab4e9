"""How much is kept and asked at most; the same in training, evaluation and service, so that all see the same."""

from __future__ import annotations

MAX_RECOMMENDED_ITEMS = 100
"""Items that one answer holds at most, and to which evaluation looks."""

MAX_HISTORY_ITEMS = 500
"""Items of a user's history that count: the newest ones. So many are kept in service, and asked with in evaluation."""

MOST_NAMED = 10_000
"""Items that a request may name in `exclude` or `within`."""
