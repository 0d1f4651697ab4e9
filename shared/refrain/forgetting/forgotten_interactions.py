"""Forget users of a recommender: their interactions beside the curated rows, and their histories."""

from __future__ import annotations

from typing import TYPE_CHECKING

from preprocessing import RecommenderDefinition
from refrain.lake.interactions import interactions_prefix
from refrain.lake.packed_columns import pack_columns, unpack_columns
from refrain.recommendation.history_table import HistoryTable

if TYPE_CHECKING:
    from refrain.aws.storage import Store
    from refrain.forgetting.people import People


def forget_interactions(store: Store, people: People) -> int:
    """Remove their interactions; return how many they were."""
    removed, prefix = 0, interactions_prefix(people.definition.model)
    for key in store.keys(prefix):
        columns = unpack_columns(store.read(key).data)
        theirs = people.mark(columns, len(next(iter(columns.values()))))
        if theirs.any():
            store.write(key, pack_columns({name: array[~theirs] for name, array in columns.items()}))
            removed += int(theirs.sum())
    return removed


def forget_histories(people: People, table: str) -> int:
    """Delete the histories by which requests of users are answered; return how many they were."""
    definition = people.definition
    if not isinstance(definition, RecommenderDefinition) or people.names != (definition.roles.user,):
        return 0
    return HistoryTable(table).delete(definition.model, people.columns[definition.roles.user].tolist())
