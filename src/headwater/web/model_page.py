"""What the pages of models show: versions with their reports, drawn; what is tried beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from headwater.charts.figure import figure
from headwater.charts.model import Chart
from headwater.errors import HeadwaterError
from headwater.ids import ALL_TIME, NodeId
from headwater.kinds.model.definition import ModelDefinition
from headwater.kinds.model.versions import read_facts
from headwater.learning.report import TrainingReport
from headwater.project.monitoring.reports import read_report
from headwater.project.serving.deploying import Deployment, live_deployments
from headwater.project.versions import published_version
from headwater.semantics.formats import NumberFormat, format_of
from headwater.views.models import charts
from headwater.views.models.card import Standing, VersionLine, changes_between, money_format
from headwater.views.models.figures import FigureSort
from headwater.views.summaries import NodeFacts
from headwater.web.context import NotThere, Snapshot
from headwater.web.drawing import Drawn, drawn

_WIDE = 760.0  # pixels, as in models.css
_BESIDE = 416.0
_SMALL = 330.0  # charts beside each other
_SMALL_HEIGHT = 190.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelEntry:
    """One model with its versions, newest first."""

    facts: NodeFacts
    definition: ModelDefinition
    lines: tuple[VersionLine, ...]
    label: NodeFacts | None
    scores: NodeFacts | None
    trial: Deployment | None  # what is tried beside the published version

    @property
    def name(self) -> str:
        """Its name."""
        return self.facts.node.name

    @property
    def title(self) -> str:
        """What people call it."""
        return self.facts.title or self.facts.node.name

    @property
    def published(self) -> VersionLine | None:
        """The version that answers now."""
        return next((line for line in self.lines if line.standing == "published"), None)

    @property
    def main(self) -> VersionLine | None:
        """The version that its card shows: the published one, else the newest."""
        return self.published or next(iter(self.lines), None)

    @property
    def promotable(self) -> VersionLine | None:
        """The newest version that could be published instead."""
        return next((line for line in self.lines if line.standing in ("passed", "replaced")), None)

    @property
    def scored_until(self) -> datetime | None:
        """Up to when batch scores are there; None without scores."""
        spans = self.scores.intervals if self.scores is not None else ()
        return spans[-1].end if spans and spans[-1] != ALL_TIME else None

    def line(self, number: int | None) -> VersionLine:
        """One version, or the main one. Code E974."""
        found = self.main if number is None else None
        found = found or next((line for line in self.lines if line.number == number), None)
        if found is None:
            what = f"model.{self.name} was not trained yet"
            if number is not None:
                what = f"there is no version {number} of model.{self.name}"
            raise NotThere(what, f"`headwater run model.{self.name}` trains it")
        return found


def model_entries(snapshot: Snapshot) -> tuple[ModelEntry, ...]:
    """All models of the release, by name."""
    names = sorted(node for node in snapshot.facts if node.kind == "model")
    return tuple(model_entry(snapshot, node.name) for node in names)


def model_entry(snapshot: Snapshot, name: str) -> ModelEntry:
    """One model. Code E974 with the nearest name."""
    facts = snapshot.node("model", name)
    definition = snapshot.bound.graph.nodes[facts.node].definition
    assert isinstance(definition, ModelDefinition)
    return ModelEntry(
        facts=facts,
        definition=definition,
        lines=_lines(snapshot, facts.node),
        label=snapshot.facts.get(NodeId("label", definition.inputs.label)),
        scores=snapshot.facts.get(NodeId("scores", name)),
        trial=live_deployments(snapshot.ledger).get(name),
    )


def _lines(snapshot: Snapshot, node: NodeId) -> tuple[VersionLine, ...]:
    versions = snapshot.ledger.versions(node)
    current = published_version(snapshot.ledger, snapshot.view, node)
    shown = snapshot.ledger.shown_in(version.build for version in versions)
    facts = [read_facts(version) for version in versions]

    def standing(build: str, passed: bool) -> Standing:
        if current is not None and build == current.build:
            return "published"
        if build in shown:
            return "replaced"
        return "passed" if passed else "held"

    return tuple(
        VersionLine(
            number=version.number,
            at=version.at,
            standing=standing(version.build, version.passed),
            environment=version.environment,
            facts=facts[at],
            changes=changes_between(facts[at + 1], facts[at]) if at + 1 < len(facts) else (),
        )
        for at, version in enumerate(versions)
    )


def report_of(snapshot: Snapshot, node: NodeId, number: int) -> TrainingReport | None:
    """The report of a version; None where its files are gone or cannot be read."""
    try:
        return read_report(snapshot.workspace, snapshot.ledger.version(node, number))
    except HeadwaterError:
        return None


def money_of(snapshot: Snapshot) -> NumberFormat:
    """How the project writes money."""
    listed = snapshot.reader.catalog.metrics.values()
    return money_format([format_of(metric) for metric in listed if metric.format])


@dataclass(frozen=True, slots=True, kw_only=True)
class CardCharts:
    """The charts of a model card; None, or empty, where the report has nothing to show."""

    figures: Sequence[tuple[FigureSort, Drawn]]
    split: Drawn | None
    calibration: Drawn | None
    profit: Drawn | None
    importance: Drawn | None
    dependences: Sequence[tuple[str, Drawn]]
    backtest: Drawn | None


def draw_card(report: TrainingReport, money: NumberFormat) -> CardCharts:
    """All charts of a report."""
    figures = charts.figure_charts(report, "This version")
    return CardCharts(
        figures=[(sort, _small(chart)) for sort, chart in figures],
        split=_drawn(charts.split_chart(report)),
        calibration=_drawn(charts.calibration_chart(report), _BESIDE),
        profit=_drawn(charts.profit_chart(report, money), _BESIDE),
        importance=_drawn(charts.importance_chart(report)),
        dependences=[(name, _small(chart)) for name, chart in charts.dependence_charts(report)],
        backtest=_drawn(charts.backtest_chart(report)),
    )


def _drawn(chart: Chart | None, width: float = _WIDE) -> Drawn | None:
    return drawn(figure(chart, width=width)) if chart is not None else None


def _small(chart: Chart) -> Drawn:
    return drawn(figure(chart, width=_SMALL, height=_SMALL_HEIGHT))
