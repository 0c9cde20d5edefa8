"""Changed contracts on a page: what changed, whom it can break, what has to happen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from headwater.views.figures import count
from headwater.views.issues import print_issues
from headwater.views.layout import Cell
from headwater.views.page import Page
from headwater.views.plain import plain

if TYPE_CHECKING:
    from headwater.project.agreeing import Agreement


def print_agreements(found: Sequence[Agreement], page: Page) -> None:
    """Each changed contract beside the released one."""
    if not found:
        page.line("No contract differs from the released one.")
    for agreement in found:
        result = agreement.compatibility
        forbidden = {violation.change for violation in result.violations}
        page.line(
            Cell(str(agreement.node), "strong"),
            f"   contract {agreement.released.version} → {agreement.contract.version}",
            Cell(f"   {result.mode.value.lower()}: ", "quiet"),
            Cell("compatible", "good") if result.ok else Cell("not compatible", "bad"),
        )
        page.rows(
            (
                Cell("✖", "bad") if change in forbidden else Cell("·", "quiet"),
                change.kind.value,
                change.what,
                Cell("breaks readers", "warning") if change.breaks_readers else "",
                Cell(str(change.place), "place"),
            )
            for change in result.changes
        )
        if agreement.consumers:
            page.line(f"  read by {count(len(agreement.consumers), 'consumer')}:")
            page.rows(
                [(str(each), f"owner {each.owner or 'none'}") for each in agreement.consumers],
                indent=4,
            )
        print_issues(agreement.issues, page)
        if agreement.acknowledged is not None:
            note = agreement.acknowledged
            page.line(f"  acknowledged by {note.author}: {note.text}")


def agreement_data(agreement: Agreement) -> dict[str, Any]:
    """A changed contract for machines."""
    result = agreement.compatibility
    return {
        "node": str(agreement.node),
        "released": agreement.released.version,
        "version": agreement.contract.version,
        "mode": result.mode.value,
        "compatible": result.ok,
        "suggested_version": result.suggested_version,
        "changes": plain(result.changes),
        "violations": plain(result.violations),
        "consumers": plain(agreement.consumers),
        "issues": plain(agreement.issues),
        "acknowledged": plain(agreement.acknowledged),
    }
