"""A pack: facts, sentences and charts of all metrics of a report over one period."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from headwater.charts.model import Chart, Sparkline
from headwater.contracts.quoting import literal
from headwater.errors import Issue, UsageError, did_you_mean
from headwater.ids import digest
from headwater.kinds.report.definition import ReportDefinition
from headwater.kinds.report.read import substitute
from headwater.project.reporting.exhibits import charts_of, sparkline
from headwater.project.reporting.facts import Asked, MetricFacts, gather
from headwater.project.reporting.figures import Figure, Sentence, figures_in, plain_text
from headwater.project.reporting.narrative import action, restated, standing, unusual
from headwater.project.reporting.numbers import Numbers
from headwater.project.reporting.reasons import reasons
from headwater.semantics.periods import Period
from headwater.semantics.spans import span_words
from headwater.semantics.wording import title_of

_NUMBER: Final = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One metric of a pack."""

    facts: MetricFacts
    title: str
    standing: tuple[Sentence, ...]
    reasons: tuple[Sentence, ...]
    unusual: tuple[Sentence, ...]
    restated: tuple[Sentence, ...]
    action: Sentence | None
    spark: Sparkline | None
    charts: tuple[Chart, ...]

    @property
    def sentences(self) -> tuple[Sentence, ...]:
        """All of them, in reading order."""
        return (*self.standing, *self.reasons, *self.unusual, *self.restated)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """Everything that its page and its PDF show."""

    report: ReportDefinition
    project: str
    period: Period
    parameters: Mapping[str, str]
    blocks: tuple[Block, ...]
    release: int | None
    made_at: datetime
    data_until: datetime | None
    language: str = "en"

    @property
    def title(self) -> str:
        """The report's title."""
        return self.report.title

    @property
    def name(self) -> str:
        """What its files are called: `monthly-2011-11-01-2011-11-30`, or of a whole period less."""
        parts = (self.report.id.name, file_period(self.period), *self.parameters.values())
        return "-".join(re.sub(r"\W+", "-", part).strip("-") for part in parts)

    @property
    def subtitle(self) -> str:
        """Its period, and what was chosen."""
        chosen = (f"{name.replace('_', ' ')}: {value}" for name, value in self.parameters.items())
        return " · ".join((span_words(self.period), *chosen))

    @property
    def figures(self) -> tuple[Figure, ...]:
        """All numbers in its sentences, in order; their position is what they are called by."""
        return tuple(figures_in(s for block in self.blocks for s in block.sentences))

    @property
    def summary(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """What is better, worse, off target, restated: words and titles; empty ones left out."""
        told = (
            ("Better", self._titles("good")),
            ("Worse", self._titles("bad")),
            ("Off target", tuple(b.title for b in self.blocks if b.facts.misses_target)),
            ("Unusual days", tuple(b.title for b in self.blocks if b.unusual)),
            ("Restated", tuple(b.title for b in self.blocks if b.restated)),
        )
        return tuple((word, titles) for word, titles in told if titles)

    def _titles(self, judged: str) -> tuple[str, ...]:
        return tuple(
            block.title
            for block in self.blocks
            if block.facts.first is not None and block.facts.first.change.judged == judged
        )

    @property
    def digest(self) -> str:
        """A hash of what it says: texts and values, not when it was made."""
        said = [
            [plain_text(s) for s in (*b.sentences, *filter(None, (b.action,)))] for b in self.blocks
        ]
        return digest(
            self.title, self.subtitle, self.release, said, [f.value for f in self.figures]
        )


def make_pack(
    report: ReportDefinition,
    numbers: Numbers,
    project: str,
    *,
    period: str = "",
    given: Mapping[str, str] | None = None,
) -> Pack:
    """The pack of a report. Codes E807 (period), E952 (parameter), and those of a query."""
    asked_period = numbers.period(period or report.period)
    parameters = chosen_parameters(report, given or {})
    asked = Asked(
        period=asked_period,
        compare=report.compare,
        by=report.by,
        where=tuple(conditions(report, parameters)),
        with_restatements="restatements" in report.include,
        with_unusual="unusual" in report.include,
    )
    blocks = tuple(_block(gather(name, asked, numbers), report, numbers) for name in report.metrics)
    found = [b.facts.first.why if b.facts.first is not None else b.facts.alone for b in blocks]
    answers = [each for each in found if each is not None]
    return Pack(
        report=report,
        project=project,
        period=asked_period,
        parameters=parameters,
        blocks=blocks,
        release=next((each.release for each in answers), None),
        made_at=numbers.clock.now,
        data_until=min((a.data_until for a in answers if a.data_until is not None), default=None),
    )


def _block(facts: MetricFacts, report: ReportDefinition, numbers: Numbers) -> Block:
    return Block(
        facts=facts,
        title=title_of(facts.metric),
        standing=tuple(standing(facts)),
        reasons=tuple(reasons(facts, numbers.reader.catalog.metrics)),
        unusual=tuple(unusual(facts)),
        restated=tuple(restated(facts)),
        action=action(facts) if "actions" in report.include else None,
        spark=sparkline(facts),
        charts=charts_of(facts),
    )


def chosen_parameters(report: ReportDefinition, given: Mapping[str, str]) -> dict[str, str]:
    """The defaults, with what was given instead. Code E952 for an unknown name."""
    for name in given:
        if name not in report.parameters:
            listed = ", ".join(report.parameters)
            otherwise = f"it has: {listed}" if listed else "it has no parameters"
            fix = did_you_mean(name, report.parameters, otherwise)
            what = f"{report.id} has no parameter `{name}`"
            raise UsageError(Issue(code="E952", what=what, place=report.place, fix=fix))
    return {**report.parameters, **given}


def conditions(report: ReportDefinition, parameters: Mapping[str, str]) -> Iterator[str]:
    """The report's conditions with their parameters as literals."""
    for condition in report.where:
        yield substitute(condition, {n: _literal(value) for n, value in parameters.items()})


def _literal(text: str) -> str:
    """A number as it is, anything else as quoted text."""
    return text if _NUMBER.fullmatch(text) else literal(text)


def file_period(period: Period) -> str:
    """A period in the name of a file.

    >>> from datetime import date
    >>> file_period(Period(first=date(2011, 11, 1), last=date(2011, 11, 30)))
    '2011-11'
    """
    months, first, last = period.whole_months, period.first, period.last
    if months == 12 and first.month == 1:
        return f"{first:%Y}"
    if months == 1:
        return f"{first:%Y-%m}"
    return f"{first.isoformat()}" if first == last else f"{first.isoformat()}-{last.isoformat()}"


def pack_data(pack: Pack) -> dict[str, Any]:
    """The pack for machines: sentences, and how each of their numbers is derived."""
    position = 0
    blocks = []
    for block in pack.blocks:
        said: list[dict[str, Any]] = []
        for sentence in block.sentences:
            count = sum(isinstance(part, Figure) for part in sentence)
            said.append(
                {
                    "text": plain_text(sentence),
                    "figures": list(range(position, position + count)),
                }
            )
            position += count
        blocks.append(
            {
                "metric": block.facts.metric.name,
                "title": block.title,
                "sentences": said,
                "action": plain_text(block.action) if block.action is not None else "",
            }
        )
    return {
        "report": pack.report.id.name,
        "title": pack.title,
        "period": {
            "first": pack.period.first.isoformat(),
            "last": pack.period.last.isoformat(),
        },
        "parameters": dict(pack.parameters),
        "release": pack.release,
        "made_at": pack.made_at.isoformat(),
        "digest": pack.digest,
        "metrics": blocks,
        "figures": [
            {"text": f.text, "value": str(f.value), "source": f.source} for f in pack.figures
        ],
    }


def pack_json(pack: Pack) -> str:
    """The same as text."""
    return json.dumps(pack_data(pack), indent=2, ensure_ascii=False) + "\n"
