"""What every card says of its metrics: who answers for them, and how far they can be trusted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from headwater.clock import local
from headwater.errors import HeadwaterError
from headwater.kinds.dashboard.definition import Card
from headwater.semantics.asking import Answer
from headwater.semantics.spans import open_words
from headwater.semantics.wording import dimension_words, title_of
from headwater.views.dashboards.model import MetricAbout, State
from headwater.views.dashboards.reading import Questions


def about(questions: Questions, names: Iterable[str]) -> tuple[MetricAbout, ...]:
    """What a reader gets to know where the metrics' names stand."""
    found = []
    for name in names:
        metric, standing = questions.metric(name), questions.reader.standing(name)
        found.append(
            MetricAbout(
                name=name,
                title=title_of(metric),
                description=metric.description,
                owner=metric.owner,
                better=metric.better,
                playbook=metric.playbook,
                approved_by=standing.approved_by,
                approved_at=standing.approved_at,
                data_until=standing.data_until,
                restated=standing.restated,
                restated_at=standing.restated_at,
            )
        )
    return tuple(found)


def state_of(questions: Questions, card: Card, answers: Iterable[Answer]) -> State:
    """Empty, stale, or all is well; with cause, owner and next step."""
    for name in card.metrics:
        because = questions.reader.standing(name).stale_because
        if because:
            return State(
                sort="stale",
                cause=because,
                owner=questions.metric(name).owner,
                next_step=f"`headwater trace metric.{name}` shows what holds it",
            )
    found = tuple(answers)
    if found and not any(_has_value(answer, card.metrics) for answer in found):
        return empty(questions, card, found[0])
    return State()


def empty(questions: Questions, card: Card, answer: Answer) -> State:
    """No value in the period: because data end before it, or because nothing matches."""
    owner = questions.metric(card.metrics[0]).owner if card.metrics else ""
    period = questions.asked.period
    zone = questions.clock.zone
    if answer.data_from is not None and answer.data_until is not None:
        first, last = local(answer.data_from, zone).date(), questions.last_day(answer)
        assert last is not None
        if period.last < first or period.first > last:
            cause = f"data reach from {first} to {last}"
            return State(sort="empty", cause=cause, owner=owner, next_step="choose a period in it")
    if questions.asked.filters:
        chosen = ", ".join(dimension_words(name) for name in questions.asked.filters)
        return State(
            sort="empty",
            cause=f"no row matches the filter on {chosen}",
            owner=owner,
            next_step="choose another value",
        )
    cause = "there is no row in this period"
    return State(sort="empty", cause=cause, owner=owner, next_step="choose a longer period")


def failed(questions: Questions, card: Card, error: HeadwaterError) -> State:
    """A question that could not be answered; the other cards can."""
    issue = error.issues[0]
    owner = questions.metric(card.metrics[0]).owner if _is_known(questions, card) else ""
    cause = f"{issue.code} {issue.what}"
    return State(sort="failed", cause=cause, owner=owner, next_step=issue.fix)


def filter_notes(questions: Questions, names: Iterable[str]) -> tuple[str, ...]:
    """Which of the chosen filters do not hold for a card."""
    missing = dict.fromkeys(dimension for name in names for dimension in questions.unfiltered(name))
    return tuple(f"not filtered by {dimension_words(name)}" for name in missing)


def open_notes(questions: Questions, answer: Answer) -> tuple[str, ...]:
    """Which numbers of a card may still move, and why."""
    period = questions.asked.period
    several = len(answer.open_until) > 1
    return tuple(
        f"{title_of(questions.metric(name)) if several else 'So far'}: "
        f"{open_words(answer.last or period.last, day)}"
        for name, day in answer.open_until.items()
    )


def _is_known(questions: Questions, card: Card) -> bool:
    return bool(card.metrics) and card.metrics[0] in questions.reader.catalog.metrics


def _has_value(answer: Answer, names: Sequence[str]) -> bool:
    places = [
        at
        for at, column in enumerate(answer.columns)
        if column.sort == "metric" and column.metric in names
    ]
    return any(row[at] is not None for row in answer.rows for at in places)
