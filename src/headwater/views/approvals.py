"""Which metrics are approved, by whom, and who may approve the others."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from headwater.errors import Issue
from headwater.project.metrics.approving import may_text
from headwater.views.figures import count, moment
from headwater.views.issues import print_issues
from headwater.views.layout import Cell
from headwater.views.plain import plain

if TYPE_CHECKING:
    from headwater.project import Project
    from headwater.project.metrics.approving import Approvable, Approval
    from headwater.views.page import Page


def print_approvables(project: Project, found: Sequence[Approvable], page: Page) -> None:
    """Drafts first, with who may approve them."""
    if not found:
        page.line("No metric is released yet: `headwater run`")
        return
    zone = project.workspace.zone
    drafts = [each for each in found if each.is_draft]
    page.rows(
        (Cell("draft", "warning"), each.metric, each.owner, f"{may_text(each.may)} may approve")
        for each in drafts
    )
    page.rows(
        (
            Cell("✔", "good"),
            each.metric,
            each.owner,
            f"{each.approval.by} for {each.approval.team}, {moment(each.approval.at, zone)}",
            each.approval.reason,
        )
        for each in found
        if each.approval is not None
    )
    page.line(f"{count(len(drafts), 'draft')}, {len(found) - len(drafts):,} approved")


def print_approved(
    project: Project, made: Sequence[Approval], before: Collection[str], page: Page
) -> None:
    """One line a metric; what was approved before is told with who did."""
    zone = project.workspace.zone
    for each in made:
        by = f"{each.by} for {each.team}, {moment(each.at, zone)}"
        if each.is_withdrawn:
            page.line(
                Cell("− ", "warning"), Cell(each.metric, "strong"), f" is a draft again · {by}"
            )
        elif each.metric in before:
            what = f"`{each.metric}` was approved already"
            print_issues([Issue(code="W936", what=what, fix=f"by {by}")], page)
        else:
            page.line(Cell("✔ ", "good"), Cell(each.metric, "strong"), f" approved · {by}")


def approvable_data(each: Approvable) -> dict[str, Any]:
    """For machines."""
    return {**plain(each), "is_draft": each.is_draft}
