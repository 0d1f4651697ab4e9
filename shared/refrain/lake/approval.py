"""What a run asks people before a version goes into service, and what they answer: one object a run.

It is changed by compare-and-swap, so of two people who answer at once one learns of the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from refrain.aws.storage import to_json
from refrain.errors import NotFound
from refrain.lake.document import Document, StoredDocument
from refrain.lake.trial_outcome import TrialOutcome
from refrain.times import for_people

if TYPE_CHECKING:
    from refrain.aws.storage import Store

APPROVALS = "approvals/{}/"
MAX_NEWEST = 20


@dataclass(frozen=True)
class ApprovalAnswer(Document):
    """Whether a version may go into service, who says so (the execution that answered), why, and when."""

    approved: bool
    by: str
    because: str
    at: str


@dataclass(frozen=True)
class Approval(StoredDocument):
    """A question that a run waits with, `until` a time (ISO 8601).

    Whoever has the `token` can let the run go on. `trial` is the outcome of the trial, if there was one.
    """

    path = "approvals/{}/{}.json"

    model: str
    run: str
    version: str
    token: str
    asked_at: str
    until: str
    report: str
    trial: TrialOutcome | None = None
    answer: ApprovalAnswer | None = None

    def write_answer(self, store: Store, etag: str) -> bool:
        """Write it with its answer where nobody has written since; return whether it was written."""
        return store.swap(self.key(self.model, self.run), to_json(self.to_json()), etag)

    def conclude(self, *, refused: bool) -> ApprovalAnswer | None:
        """Return the answer that the run ended with: where it was `refused` without one, nobody answered in time."""
        if refused and (self.answer is None or self.answer.approved):
            return ApprovalAnswer(False, "nobody", f"nobody agreed until {for_people(self.until)}", self.until)
        return self.answer


def read_approval(store: Store, model: str, run: str) -> Approval | None:
    """Read what a run asked, None where it asked nobody. Raises `InvalidDocument`."""
    try:
        return Approval.read(store, model, run)
    except NotFound:
        return None


def read_newest_approvals(store: Store, model: str) -> list[tuple[Approval, str]]:
    """Read the newest questions about a model with their ETags, the newest first; older runs wait no more."""
    keys = sorted(store.keys(APPROVALS.format(model)), reverse=True)[:MAX_NEWEST]
    contents = [store.read(key) for key in keys]
    return [(Approval.from_json(content.json()), content.etag) for content in contents]
