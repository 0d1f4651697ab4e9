"""How models and candidates may be named."""

from __future__ import annotations

import re

MODEL_NAME = re.compile(r"[a-z][a-z0-9-]{0,47}")


def suggest_model_name(text: str) -> str:
    """Return the name of a model that is nearest to a text.

    >>> suggest_model_name("Titanic_v2"), suggest_model_name("2026 sales (final)"), suggest_model_name("?")
    ('titanic-v2', 'sales-final', 'model')
    """
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).lstrip("-0123456789")[:48].rstrip("-") or "model"
