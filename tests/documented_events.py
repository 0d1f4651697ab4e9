"""The events that docs/events.md describes, with the facts of each in their order."""

import re
from pathlib import Path

PAGE = (Path(__file__).parents[1] / "docs" / "events.md").read_text(encoding="utf-8")
DOCUMENTED_FACTS: dict[str, list[str]] = {
    name: re.findall(r"`(\w+)`", facts)
    for name, facts in re.findall(r"^\| `([A-Z]\w+)` \|.*\|(.*)\|$", PAGE, re.MULTILINE)
}
