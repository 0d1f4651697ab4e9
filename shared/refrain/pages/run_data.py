"""The report's section on data: where rows came from, how they were split, and the target."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refrain.pages.html import Html, element, html_table, joined, section
from refrain.times import for_people
from refrain.words import counted, figure, share

if TYPE_CHECKING:
    from collections.abc import Sequence

    from refrain.lake.snapshot import DataSummary, UploadSummary

MAX_UPLOADS = 20


def data_section(data: DataSummary) -> Html:
    """Show the rows that models learned from and were compared on."""
    sizes = f"{counted(data.rows, 'row')} of {counted(data.receipts, 'upload')}"
    split = f"{counted(data.train_rows)} to learn from, {counted(data.holdout_rows)} held out"
    note = f"{sizes}: {split}. {_sample(data)}{_labels(data)}{_split(data)}"
    return section("data", "The data", note, _target(data), _uploads(data.uploads))


def _sample(data: DataSummary) -> str:
    """Say how many rows were left out, and how they were chosen."""
    if not data.left_out:
        return ""
    whole = counted(data.rows + data.left_out, "row")
    drawn = "users, with all their rows," if data.users is not None else "rows"
    return (
        f"They are a sample of {whole}: {counted(data.left_out)} were left out, since training holds no more. "
        f"The {drawn} were drawn evenly from all by a hash. "
    )


def _labels(data: DataSummary) -> str:
    """Count what labels brought, if there are any."""
    labelled = data.labelled
    if not labelled.labels:
        return ""
    unused = [f"{counted(labelled.left_out)} of older predictions than a run holds"] if labelled.left_out else []
    unused += [f"{counted(labelled.unmatched)} of no captured prediction"] if labelled.unmatched else []
    unused += [f"{counted(labelled.unusable)} of predictions that cannot be learned from"] if labelled.unusable else []
    rest = f" ({', '.join(unused)})" if unused else ""
    return f"{counted(labelled.rows, 'row')} of these by {counted(labelled.labels, 'label')} of predictions{rest}. "


def _split(data: DataSummary) -> str:
    split = data.split
    window = f"The window is {split.window}" if split.window else "There is no window"
    ways = {
        "upload": "in the order of upload: the newest are held out",
        "time": f"by time: the holdout begins at {for_people(split.cut)}" if split.cut else "by time",
    }
    held = ways.get(split.by, "by a hash of the row")
    first, last = map(for_people, data.time_range)
    merged = counted(data.merged_duplicates, "older row")
    duplicates = f" {merged} of the same key gave way to newer ones." if data.merged_duplicates else ""
    return f"{window}; rows are split {held}. Rows reach from {first} to {last}.{duplicates}"


def _target(data: DataSummary) -> Html | None:
    if data.users is not None and data.items is not None:
        row = [data.target, counted(data.items), counted(data.users)]
        return html_table("Who chose, and among how many", ["To be recommended", "#Items", "#Users"], [row])
    title = f"To be predicted: {data.target}"
    if data.classes:
        header = ["Class", "#Training rows", "Share", "#Holdout rows", "Share"]
        train, holdout = (
            sum(rows) for rows in zip(*((item.train, item.holdout) for item in data.classes), strict=True)
        )
        rows = [[item.name, *_bar(item.train, train), *_bar(item.holdout, holdout)] for item in data.classes]
        return html_table(title, header, rows)
    if data.summary is None:
        return None
    figures = data.summary.to_json()
    header = ["Target", *(f"#{name.replace('_', ' ')}" for name in figures)]
    return html_table(title, header, [[data.target, *map(figure, figures.values())]])


def _bar(rows: int, of: int) -> tuple[str, Html]:
    part = rows / max(of, 1)
    drawn = element("span", class_="share", style=f"width:{72 * part:.1f}px", aria_hidden="true")
    return counted(rows), joined([drawn, " ", share(part)])


def _uploads(uploads: Sequence[UploadSummary]) -> Html | None:
    rows = [
        [item.source, for_people(item.uploaded_at), counted(item.rows_kept), counted(item.rows_rejected)]
        for item in uploads[:MAX_UPLOADS]
    ]
    rest = uploads[MAX_UPLOADS:]
    if rest:
        kept, rejected = sum(item.rows_kept for item in rest), sum(item.rows_rejected for item in rest)
        rows.append([f"{counted(len(rest), 'more upload')}", "", counted(kept), counted(rejected)])
    table = html_table("Uploads", ["File", "Uploaded", "#Rows kept", "#Rows rejected"], rows)
    return element("div", table) if table else None
