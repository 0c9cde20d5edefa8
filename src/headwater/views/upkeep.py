"""What compaction and vacuum did."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headwater.views.figures import count, size
from headwater.views.layout import Cell
from headwater.views.page import Page

if TYPE_CHECKING:
    from headwater.project.maintaining import CompactReport, VacuumReport

_MOST_PATHS = 10


def print_compaction(done: CompactReport, page: Page) -> None:
    """The nodes that have fewer files now."""
    page.rows(
        (
            str(each.node),
            Cell(f"{count(each.files_before, 'file')} → {count(each.files_after)}", right=True),
            Cell(size(each.bytes), "quiet", right=True),
        )
        for each in done.nodes
    )
    if done.release is None:
        page.line("Nothing to merge.")
    else:
        page.line(
            Cell(f"release #{done.release.number}", "strong"),
            f" · {done.release.environment} · the rows are the same",
        )


def print_vacuum(done: VacuumReport, grace: str, page: Page) -> None:
    """What was deleted, what stays for now, what is missing."""
    verb = "would delete" if done.dry_run else "deleted"
    strays = f" · {count(done.strays)} unknown to the ledger" if done.strays else ""
    page.line(f"{verb} {count(done.deleted, 'file')}, {size(done.bytes)}{strays}")
    if done.kept:
        page.line(f"{count(done.kept, 'file')} unneeded for less than {grace} stay")
    if done.busy:
        page.line(
            Cell("! ", "warning"),
            f"a run of {', '.join(done.busy)} is under way: files unknown to the ledger were left",
        )
    for path in done.missing[:_MOST_PATHS]:
        page.line(Cell("✖ ", "bad"), f"missing: {path}")
    if done.missing:
        if len(done.missing) > _MOST_PATHS:
            page.line(f"  … {count(len(done.missing) - _MOST_PATHS)} more")
        page.hint("restore them, or build their nodes again: `headwater run --full-refresh NODE`")
