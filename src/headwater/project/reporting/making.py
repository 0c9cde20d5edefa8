"""Reports of a project: made from a release, written, delivered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.util import find_spec
from typing import TYPE_CHECKING

from headwater.definitions.cron import Cron
from headwater.errors import Issue, UsageError, did_you_mean
from headwater.graph.graph import Graph
from headwater.kinds.report.definition import ReportDefinition
from headwater.project.metrics.restating import read_restatements
from headwater.project.releasing import bind_released
from headwater.project.reporting.delivering import Delivery, read_deliveries
from headwater.project.reporting.numbers import Numbers
from headwater.project.reporting.pack import Pack, make_pack, pack_json
from headwater.project.reporting.page import pack_html
from headwater.project.reporting.paper import pack_pdf

if TYPE_CHECKING:
    from headwater.project.facade import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportStanding:
    """A report, when it is due next, and its newest delivery."""

    report: ReportDefinition
    next_due: datetime | None
    last: Delivery | None


def find_report(project: Project, name: str | None, *, released: bool = False) -> ReportDefinition:
    """A report by name; the only one where none is named. Code E945.

    What is delivered is `released`: a half-edited file goes to nobody.
    """
    known = reports_in(released_graph(project) if released else project.bound.graph)
    if name is None and len(known) == 1:
        return next(iter(known.values()))
    if name is not None and name.removeprefix("report.") in known:
        return known[name.removeprefix("report.")]
    listed = ", ".join(known)
    otherwise = f"reports are: {listed}" if known else "a report is a file `reports/NAME.yml`"
    what = f"unknown report `{name}`" if name is not None else "which report?"
    fix = did_you_mean(name or "", known, otherwise)
    raise UsageError(Issue(code="E945", what=what, fix=fix))


def released_graph(project: Project) -> Graph:
    """The definitions of the release that the environment shows. Code E945 before the first."""
    view, bound = project.view, project.bound
    if view.release is None:
        what = "nothing is released yet, so that there is nothing to deliver"
        raise UsageError(Issue(code="E945", what=what, fix="`headwater run`"))
    if view.release.tree == bound.tree_digest:
        return bound.graph
    return bind_released(project.workspace, view).graph


def reports_in(graph: Graph) -> dict[str, ReportDefinition]:
    """The reports among definitions, by name."""
    definitions = (node.definition for node in graph.nodes.values())
    found = [each for each in definitions if isinstance(each, ReportDefinition)]
    return {each.id.name: each for each in sorted(found, key=lambda report: report.id)}


def build_pack(
    project: Project,
    report: ReportDefinition,
    *,
    period: str = "",
    given: Mapping[str, str] | None = None,
) -> Pack:
    """The pack of a report, from the release that the environment shows."""
    numbers = numbers_of(project)
    return make_pack(report, numbers, project.settings.name, period=period, given=given)


def numbers_of(project: Project) -> Numbers:
    """The numbers of the release that the environment shows."""
    return Numbers(
        project.metrics,
        project.workspace.clock,
        project.settings.closed_days,
        read_restatements(project.ledger),
    )


def pack_files(pack: Pack, project: Project) -> dict[str, bytes]:
    """Page, numbers and, where typst is installed, the PDF, by file name."""
    zone = project.workspace.zone
    found = {
        f"{pack.name}.html": pack_html(pack, zone).encode(),
        f"{pack.name}.json": pack_json(pack).encode(),
    }
    if has_typst():
        found[f"{pack.name}.pdf"] = pack_pdf(pack, zone)
    return found


def has_typst() -> bool:
    """Whether PDFs can be set."""
    return find_spec("typst") is not None


def list_reports(project: Project) -> tuple[ReportStanding, ...]:
    """All reports by name."""
    clock = project.workspace.clock
    newest: dict[str, Delivery] = {}
    for delivery in read_deliveries(project.ledger):
        if delivery.status == "delivered":
            newest[delivery.report] = delivery
    return tuple(
        ReportStanding(
            report=report,
            next_due=Cron.parse(report.schedule).after(clock.now, clock.zone)[0]
            if report.schedule
            else None,
            last=newest.get(name),
        )
        for name, report in reports_in(project.bound.graph).items()
    )
