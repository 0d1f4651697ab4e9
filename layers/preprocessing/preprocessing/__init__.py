"""THE preprocessing layer: the only way from a value in an upload or a request to a feature.

`decode`, `clean` and `encode` work on columns of one row or a million. Ingest, training and inference all use them, so
that a model sees in service exactly what it saw in training. Imports numpy only.
"""

from preprocessing.cells import tidy_text
from preprocessing.clean import clean, prepare
from preprocessing.column_names import similar_names
from preprocessing.columns import (
    Array,
    Columns,
    Lists,
    Problem,
    is_missing,
    missing,
    objects,
    present,
    rows_to_columns,
    rows_to_lists,
)
from preprocessing.decode import decode
from preprocessing.definition import Column, Definition, Derived, RecommenderDefinition, Roles
from preprocessing.definition_reader import load_definition, parse_definition, read_definition
from preprocessing.encode import MISSING, UNSEEN, Vocabularies, encode, learn_vocabularies
from preprocessing.errors import DefinitionError, PreprocessingError
from preprocessing.joined_times import join_times
from preprocessing.model_name import MODEL_NAME
from preprocessing.model_rules import Candidate, Gate, Monitoring, Retraining, Rollout, Training
from preprocessing.training_section import SMALLER_IS_BETTER

__version__ = "2.0.0"
"""Another one whenever a value means something else than before: rows, runs and versions remember theirs."""

__all__ = [
    "MISSING",
    "MODEL_NAME",
    "SMALLER_IS_BETTER",
    "UNSEEN",
    "Array",
    "Candidate",
    "Column",
    "Columns",
    "Definition",
    "DefinitionError",
    "Derived",
    "Gate",
    "Lists",
    "Monitoring",
    "PreprocessingError",
    "Problem",
    "RecommenderDefinition",
    "Retraining",
    "Roles",
    "Rollout",
    "Training",
    "Vocabularies",
    "clean",
    "decode",
    "encode",
    "is_missing",
    "join_times",
    "learn_vocabularies",
    "load_definition",
    "missing",
    "objects",
    "parse_definition",
    "prepare",
    "present",
    "read_definition",
    "rows_to_columns",
    "rows_to_lists",
    "similar_names",
    "tidy_text",
]
