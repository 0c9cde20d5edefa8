"""The keeper of a site: its jobs are read anew each time that it looks."""

from __future__ import annotations

from headwater.definitions.settings import read_settings
from headwater.definitions.tree import SETTINGS_FILE
from headwater.errors import raise_errors
from headwater.project.recording import PROD
from headwater.project.scheduling import Job, jobs_of
from headwater.web.context import Site
from headwater.web.scheduling.keeper import Keeper
from headwater.web.scheduling.starting import Target


def keeper_of(site: Site) -> Keeper | None:
    """The keeper; None where it was left out, or where another environment than prod is shown."""
    if not site.options.schedule or site.environment != PROD:
        return None
    workspace = site.workspace
    return Keeper(
        workspace.ledger,
        target_of(site),
        lambda: workspace.at_this_moment().clock,
        lambda: read_jobs(site),
    )


def target_of(site: Site) -> Target:
    """Where the commands of a site work."""
    workspace = site.workspace
    return Target(
        root=workspace.root,
        environment=site.environment,
        profile=workspace.profile_name,
        now=site.options.now,
    )


def read_jobs(site: Site) -> tuple[Job, ...]:
    """The commands that `headwater.yml` schedules now, and the released nodes that do."""
    path = site.workspace.root / SETTINGS_FILE
    settings, issues = read_settings(path.read_text(encoding="utf-8") if path.is_file() else None)
    raise_errors(issues)
    return jobs_of(settings, site.snapshot.bound.graph)
