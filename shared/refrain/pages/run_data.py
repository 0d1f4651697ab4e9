"""The report's section on data: where rows came from, how they were split, what is to be predicted."""

from refrain.lake.evaluation import Evaluation
from refrain.lake.snapshot import DataSummary, LabelCounts
from refrain.pages.html import Html, element, html_table, joined
from refrain.pages.run_sections import section
from refrain.times import for_people
from refrain.words import counted, figure, share

MAX_UPLOADS = 20


def data(evaluation: Evaluation) -> Html:
    """Show what was learned from and compared on."""
    summary = DataSummary.from_json(evaluation["data"])
    sizes = f"{counted(summary.rows, 'row')} of {counted(summary.receipts, 'upload')}"
    split = f"{counted(summary.train_rows)} to learn from, {counted(summary.holdout_rows)} held out"
    note = f"{sizes}: {split}. {_labelled(summary.labelled)}{_split(summary)}"
    return section("data", "The data", note, _target(summary), _uploads(summary))


def _labelled(labelled: LabelCounts | None) -> str:
    """Say what labels brought, where there are any."""
    if labelled is None or not labelled.labels:
        return ""
    left_out = [
        f"{counted(rows)} {words}"
        for rows, words in (
            (labelled.unmatched, "of no captured prediction"),
            (labelled.unusable, "of predictions that cannot be learned from"),
        )
        if rows
    ]
    out = f" ({', '.join(left_out)})" if left_out else ""
    return f"{counted(labelled.rows, 'row')} of these by {counted(labelled.labels, 'label')} of predictions{out}. "


def _split(summary: DataSummary) -> str:
    split = summary.split
    window = f"The window is {split.window}" if split.window else "There is no window"
    held = "by a hash of the row"
    if split.by == "upload":
        held = "in the order of upload: the newest are held out"
    if split.by == "time":
        held = f"by time: the holdout begins at {for_people(split.cut)}" if split.cut else "by time"
    first, last = map(for_people, summary.time_range)
    merged = counted(summary.merged_duplicates, "older row")
    duplicates = f" {merged} of the same key gave way to newer ones." if summary.merged_duplicates else ""
    return f"{window}; rows are split {held}. Rows reach from {first} to {last}.{duplicates}"


def _target(summary: DataSummary) -> Html | None:
    if summary.users is not None and summary.items is not None:
        header = ["To be recommended", "#Items", "#Users"]
        row = [summary.target, counted(summary.items), counted(summary.users)]
        return html_table("Who chose, and among how many", header, [row])
    if summary.classes:
        train, holdout = (max(sum(getattr(c, side) for c in summary.classes), 1) for side in ("train", "holdout"))
        rows = [
            [c.name, counted(c.train), _bar(c.train / train), counted(c.holdout), _bar(c.holdout / holdout)]
            for c in summary.classes
        ]
        header = ["Class", "#Training rows", "Share", "#Holdout rows", "Share"]
        return html_table(f"To be predicted: {summary.target}", header, rows)
    if summary.summary:
        figures = summary.summary.to_json()
        header = ["", *(f"#{name.replace('_', ' ')}" for name in figures)]
        row = [summary.target, *map(figure, figures.values())]
        return html_table(f"To be predicted: {summary.target}", header, [row])
    return None


def _bar(part: float) -> Html:
    drawn = element("span", class_="share", style=f"width:{72 * part:.1f}px", aria_hidden="true")
    return joined([drawn, " ", share(part)])


def _uploads(summary: DataSummary) -> Html | None:
    if not summary.uploads:
        return None
    rows = [
        [upload.source, for_people(upload.uploaded_at), counted(upload.rows_kept), counted(upload.rows_rejected)]
        for upload in summary.uploads[:MAX_UPLOADS]
    ]
    rest = summary.uploads[MAX_UPLOADS:]
    if rest:
        kept, rejected = sum(upload.rows_kept for upload in rest), sum(upload.rows_rejected for upload in rest)
        rows.append([f"{counted(len(rest), 'more upload')}", "", counted(kept), counted(rejected)])
    return element("div", html_table("Uploads", ["File", "Uploaded", "#Rows kept", "#Rows rejected"], rows))
