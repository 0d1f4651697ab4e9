"""Saves the pages that people read after the demo."""

from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
FOLDER = PROJECT / "build" / "demo"


def save_page(name: str, content: bytes) -> Path:
    """Write a page; return its path in the project."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / name).write_bytes(content)
    return (FOLDER / name).relative_to(PROJECT)
