"""The report's section on data: where rows came from, how they were split, what is to be predicted."""

from collections.abc import Mapping
from typing import Literal

from refrain.lake.evaluation import Data, Evaluation
from refrain.pages.html import Html, element, html_table, joined
from refrain.pages.run_sections import section
from refrain.times import for_people
from refrain.words import counted, figure, share

MOST_UPLOADS = 20

_LEFT_OUT: Mapping[Literal["unmatched", "unusable"], str] = {
    "unmatched": "of no captured prediction",
    "unusable": "of predictions that cannot be learned from",
}


def data(evaluation: Evaluation) -> Html:
    """Show what was learned from and compared on."""
    found = evaluation["data"]
    sizes = f"{counted(found['rows'], 'row')} of {counted(found['receipts'], 'upload')}"
    split = f"{counted(found['train_rows'])} to learn from, {counted(found['holdout_rows'])} held out"
    note = f"{sizes}: {split}. {_labelled(found)}{_split(found)}"
    return section("data", "The data", note, _target(found), _uploads(found))


def _labelled(found: Data) -> str:
    """Say what labels brought, where there are any."""
    labelled = found.get("labelled")
    if not labelled or not labelled["labels"]:
        return ""
    left = [f"{counted(labelled[each])} {words}" for each, words in _LEFT_OUT.items() if labelled[each]]
    out = f" ({', '.join(left)})" if left else ""
    return (
        f"{counted(labelled['rows'], 'row')} of these by {counted(labelled['labels'], 'label')} of predictions{out}. "
    )


def _split(found: Data) -> str:
    split = found["split"]
    window = f"The window is {split['window']}" if split["window"] else "There is no window"
    held = "by a hash of the row"
    if split["by"] == "upload":
        held = "in the order of upload: the newest are held out"
    if split["by"] == "time":
        held = f"by time: the holdout begins at {for_people(split['cut'])}" if split["cut"] else "by time"
    times = found.get("time_range")
    reach = f" Rows reach from {for_people(times[0])} to {for_people(times[1])}." if times else ""
    merged = counted(found["merged_duplicates"], "older row")
    duplicates = f" {merged} of the same key gave way to newer ones." if found["merged_duplicates"] else ""
    return f"{window}; rows are split {held}.{reach}{duplicates}"


def _target(found: Data) -> Html | None:
    if "users" in found and "items" in found:
        header = ["To be recommended", "#Items", "#Users"]
        return html_table(
            "Who chose, and among how many",
            header,
            [[found["target"], counted(found["items"]), counted(found["users"])]],
        )
    if found.get("classes"):
        classes = found["classes"]
        train, holdout = (max(sum(each[part] for each in classes), 1) for part in ("train", "holdout"))
        rows = [
            [
                each["name"],
                counted(each["train"]),
                _bar(each["train"] / train),
                counted(each["holdout"]),
                _bar(each["holdout"] / holdout),
            ]
            for each in classes
        ]
        header = ["Class", "#Training rows", "Share", "#Holdout rows", "Share"]
        return html_table(f"To be predicted: {found['target']}", header, rows)
    if "summary" in found:
        names = ("min", "lower_quartile", "median", "mean", "upper_quartile", "max")
        header = ["", *(f"#{name.replace('_', ' ')}" for name in names)]
        summary = found["summary"]
        values = [
            summary["min"],
            summary["lower_quartile"],
            summary["median"],
            summary["mean"],
            summary["upper_quartile"],
            summary["max"],
        ]
        return html_table(f"To be predicted: {found['target']}", header, [[found["target"], *map(figure, values)]])
    return None


def _bar(part: float) -> Html:
    drawn = element("span", class_="share", style=f"width:{72 * part:.1f}px", aria_hidden="true")
    return joined([drawn, " ", share(part)])


def _uploads(found: Data) -> Html | None:
    uploads = found["uploads"]
    if not uploads:
        return None
    rows = [
        [each["source"], for_people(each["uploaded_at"]), counted(each["rows_kept"]), counted(each["rows_rejected"])]
        for each in uploads[:MOST_UPLOADS]
    ]
    rest = uploads[MOST_UPLOADS:]
    if rest:
        kept, rejected = sum(each["rows_kept"] for each in rest), sum(each["rows_rejected"] for each in rest)
        rows.append([f"{counted(len(rest), 'more upload')}", "", counted(kept), counted(rejected)])
    return element("div", html_table("Uploads", ["File", "Uploaded", "#Rows kept", "#Rows rejected"], rows))
