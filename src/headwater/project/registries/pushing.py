"""Pushing a version of a model to a registry: which one, and whether it becomes the champion."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headwater.errors import HeadwaterError, Issue, UsageError
from headwater.kinds.model.artifact import read_artifact
from headwater.kinds.model.versions import gate_text, read_facts
from headwater.ledger import Version
from headwater.project.monitoring.reports import read_report
from headwater.project.recording import PROD
from headwater.project.registries.mlflow import Offer, Pushed, push_version
from headwater.project.registries.mlflow_client import registry_address
from headwater.project.release_view import ReleaseView
from headwater.project.versions import (
    find_trained,
    find_version,
    names_a_version,
    published_version,
)

if TYPE_CHECKING:
    from headwater.project import Project


def push(
    project: Project, text: str, *, to: str = "", name: str = "", force: bool = False
) -> Pushed:
    """Register `model.churn@7`, or the published version of `model.churn`, in MLflow.

    The version that `prod` publishes gets the alias `champion`, unless it failed its gates. Codes:
    E046 (it failed its gates, and `force` is not given), E049 (no such version), E044 (its files
    are damaged), and those of the registry: E085, E086, E087.
    """
    address = registry_address(to, project.workspace.root)
    version = _version(project, text)
    if not version.passed and not force:
        failed = "; ".join(map(gate_text, read_facts(version).failed))
        fix = f"`headwater push {version} --force` registers it all the same, without the alias"
        raise HeadwaterError(Issue(code="E046", what=f"{version} fails {failed}", fix=fix))
    prod = ReleaseView.of(project.ledger, project.ledger.head(PROD))
    return push_version(
        _offer(project, version),
        address=address,
        root=project.workspace.root,
        champion=version.passed
        and published_version(project.ledger, prod, version.node) == version,
        name=name,
    )


def _version(project: Project, text: str) -> Version:
    """The version that is named, or the one that the environment publishes. Code E049."""
    if names_a_version(text):
        return find_version(project.ledger, text)
    node = find_trained(project.ledger, text)
    version = published_version(project.ledger, project.published, node)
    if version is None:
        what = f"`{project.environment}` publishes no version of {node}"
        fix = f"`headwater versions {node}` lists what was trained; push one, as `{node}@1`"
        raise UsageError(Issue(code="E049", what=what, fix=fix))
    return version


def _offer(project: Project, version: Version) -> Offer:
    workspace = project.workspace
    build = workspace.ledger.builds([version.build])[version.build]
    with workspace.engine.session() as session:
        files = read_artifact(version, build.files, session, workspace.lake.absolute)
    return Offer(version=version, files=files, report=read_report(workspace, version))
