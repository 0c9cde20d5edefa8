"""A plan on the page: one line a node, action and reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headwater.views.estimate import expected_seconds
from headwater.views.figures import count, moment, seconds
from headwater.views.layout import Cell
from headwater.views.summaries import later_nodes, plan_lines

if TYPE_CHECKING:
    from headwater.plan.steps import Plan
    from headwater.project import Project
    from headwater.views.page import Page

_STYLES = {"load": "good", "build": "good", "recheck": "warning", "remove": "bad"}


def print_plan(project: Project, plan: Plan, page: Page) -> None:
    """The head, the steps, and what to do with them."""
    zone = project.workspace.zone
    released = "nothing published yet"
    if plan.release is not None:
        released = f"{plan.environment} at release #{plan.release}"
    page.line(
        Cell(project.settings.name, "strong"),
        f" · {released} · now {moment(plan.now, zone)} {zone.key}",
    )
    lines = plan_lines(plan, zone)
    page.rows(
        (
            Cell(str(number), "quiet", right=True),
            Cell(line.action, _STYLES[line.action]),
            str(line.node),
            line.what,
            Cell(line.reason, "quiet"),
        )
        for number, line in enumerate(lines, 1)
    )
    for node in plan.removed:
        page.line(f"  {node} is no longer defined, and leaves the release")
    for node in plan.barred:
        page.line(
            Cell("! ", "warning"), f"{node} is stale, but a rollback rejected what it would become"
        )
    later = later_nodes(plan, project.bound.graph)
    if later:
        named = ", ".join(map(str, later[:6])) + (f" and {len(later) - 6} more" * (len(later) > 6))
        page.line(Cell("  then ", "quiet"), f"the days that the loads bring: {named}")
    command = "headwater run"
    if plan.environment != "prod":
        command += f" --env {plan.environment}"
    if plan.steps:
        steps = count(len(lines), "step")
        builds = f" ({count(len(plan.steps), 'build')})" if len(plan.steps) > len(lines) else ""
        expected_s = expected_seconds(plan, project.view, zone)
        about = f", about {seconds(expected_s)}" if expected_s is not None else ""
        page.line(f"{steps}{builds}{about}. `{command}` does exactly this.")
    elif not plan.removed:
        page.line("Nothing to do: everything is up to date.")
    print_edited(project, page)


def print_edited(project: Project, page: Page) -> None:
    """Edited definitions that `prod` does not run."""
    from headwater.project.recording import PROD

    edited = project.edited
    if edited and project.environment == PROD:
        named = ", ".join(map(str, edited[:3])) + (
            f" and {len(edited) - 3} more" * (len(edited) > 3)
        )
        page.line(
            Cell("! ", "warning"),
            f"{count(len(edited), 'definition')} edited and not released: {named}",
        )
        page.hint("`headwater run --env NAME` builds them beside, `headwater run --apply` releases")
