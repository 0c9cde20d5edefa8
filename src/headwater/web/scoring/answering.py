"""Who answers for which entity, and what becomes of it: scores, roles, rows for the log."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Final

from headwater.project.serving.assigning import is_challenged
from headwater.project.serving.deploying import Deployment
from headwater.project.serving.model import OnlineModel
from headwater.project.serving.runtime import Runtime
from headwater.project.serving.scored import Role, Scored, ServedRow, ViewMoment
from headwater.web.scoring.reading import Question, Values
from headwater.web.scoring.refusing import RETRY_AFTER_S, Refusal

_LOG: Final = logging.getLogger("headwater.web")


@dataclass(frozen=True, slots=True)
class Part:
    """What one version answered in one role."""

    model: OnlineModel
    role: Role
    scored: Sequence[Scored]
    ms: float  # of one entity: the time of all, shared out


@dataclass(slots=True)
class Answers:
    """All that came of a question: an answer an entity, in order, and who made them."""

    scored: list[Scored]
    parts: list[Part] = field(default_factory=list)


def answer(
    runtime: Runtime,
    model: OnlineModel,
    question: Question,
    deployment: Deployment | None,
    at: datetime,
) -> Answers:
    """Score every entity, by the challenger where the entity falls into its share.

    A challenger that raises is counted, and the champion answers in its place.
    """
    entities = question.entities
    challenged: list[int] = []
    if deployment is not None and not deployment.is_shadow:
        challenged = [
            place
            for place, entity in enumerate(entities)
            if is_challenged(deployment.salt, _key(model, entity), deployment.share)
        ]
    if not challenged or deployment is None:
        part = _score(runtime, model, "champion", question, entities, at)
        return Answers(list(part.scored), [part])
    chosen = [entities[place] for place in challenged]
    tried = _try(runtime, deployment, "challenger", question, chosen, at)
    by_place = {} if tried is None else dict(zip(challenged, tried.scored, strict=True))
    answers = Answers([], [] if tried is None else [tried])
    rest = [place for place in range(len(entities)) if place not in by_place]
    if rest:
        part = _score(runtime, model, "champion", question, [entities[p] for p in rest], at)
        by_place.update(zip(rest, part.scored, strict=True))
        answers.parts.append(part)
    answers.scored = [by_place[place] for place in range(len(entities))]
    if tried is None:
        instead = [by_place[place] for place in challenged]
        answers.parts.append(_failed(runtime, deployment, "challenger", instead))
    return answers


def answer_in_shadow(
    runtime: Runtime,
    deployment: Deployment,
    question: Question,
    answered: Sequence[Scored],
    at: datetime,
) -> Part:
    """What a challenger would have answered; nobody waits for it."""
    tried = _try(runtime, deployment, "shadow", question, question.entities, at)
    return tried or _failed(runtime, deployment, "shadow", answered)


def refusal_of(answers: Sequence[Scored]) -> Refusal | None:
    """The refusal where no entity has a score. Codes E065 (400), E073 (404), E074 (503)."""
    if any(not each.is_refused for each in answers):
        return None
    statuses = {each.status for each in answers}
    if statuses == {"unknown_entity"}:
        named = ", ".join(str(part) for part in answers[0].keys)
        what = f"nothing is known of `{named[:200]}`"
        what += f", nor of {len(answers) - 1:,} others" if len(answers) > 1 else ""
        fix = "`scores: {online: {unknown_entity: default}}` of the model gives them a score"
        return Refusal.of(404, "E073", what, fix)
    if statuses <= {"unknown_entity", "failed"}:
        what = "the values make a feature that the model cannot take, such as an infinite one"
        return Refusal.of(400, "E065", what, "correct the values of the request")
    what, fix = next(told for status, told in _DOWN.items() if status in statuses)
    return Refusal.of(503, "E074", what, fix, retry_after=str(RETRY_AFTER_S))


_DOWN: Final = {
    "store_down": ("the online store cannot be reached", "ask again; `headwater online` says more"),
    "not_filled": ("the online store is not filled yet", "ask again; `headwater online` fills it"),
    "too_old": (
        "the values that are kept online are too old",
        "ask again; `headwater online` says how fresh they are",
    ),
}


def rows_of(part: Part, request_id: str, at: datetime) -> list[ServedRow]:
    """The answers of a part as the log keeps them."""
    return [
        ServedRow(request_id=request_id, at=at, role=part.role, ms=part.ms, scored=scored)
        for scored in part.scored
    ]


def write_answer(
    runtime: Runtime, model: OnlineModel, answers: Sequence[Scored], request_id: str
) -> bytes:
    """The body of an answer."""
    names = [name for name, _ in model.keys]
    freshness: dict[str, object] = {}
    results = []
    for scored in answers:
        oldest, views = _moments(scored.moments)
        freshness.update(views)
        results.append(
            {
                **dict(zip(names, scored.keys, strict=True)),
                "score": scored.score,
                "version": scored.version,
                "status": scored.status,
                "reasons": [
                    {"feature": r.feature, "value": r.value, "contribution": r.contribution}
                    for r in scored.reasons
                ],
                "missing": scored.missing,
                "features_at": oldest,
            }
        )
    body = {
        "model": model.name,
        "version": model.version,
        "release": runtime.release,
        "results": results,
        "freshness": freshness,
        "request_id": request_id,
    }
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"), default=str).encode()


@lru_cache(maxsize=64)
def _moments(moments: tuple[ViewMoment, ...]) -> tuple[str | None, dict[str, dict[str, object]]]:
    """The oldest moment, and all by view; the same ones come again until the next micro-batch."""
    views: dict[str, dict[str, object]] = {
        moment.table.view: {
            "at": moment.freshness.at.isoformat(),
            "computed_at": moment.freshness.computed_at.isoformat(),
            "release": moment.freshness.release,
        }
        for moment in moments
    }
    oldest = min((moment.freshness.at for moment in moments), default=None)
    return (oldest.isoformat() if oldest is not None else None), views


def _key(model: OnlineModel, entity: Values) -> tuple[object, ...]:
    """The key as it was sent; what is no key is refused by whoever scores."""
    return tuple([entity.get(name) for name, _ in model.keys])


def _score(
    runtime: Runtime,
    model: OnlineModel,
    role: Role,
    question: Question,
    entities: Sequence[Values],
    at: datetime,
) -> Part:
    began = time.perf_counter()
    scored = runtime.score(
        model.name,
        entities,
        at=at,
        request=question.request,
        reasons=question.reasons,
        version=model.version,
    )
    return Part(model, role, scored, (time.perf_counter() - began) * 1000 / len(entities))


def _try(
    runtime: Runtime,
    deployment: Deployment,
    role: Role,
    question: Question,
    entities: Sequence[Values],
    at: datetime,
) -> Part | None:
    """What a challenger answers; None where it raised."""
    try:
        model = runtime.model(deployment.model, deployment.version)
        return _score(runtime, model, role, question, entities, at)
    except Exception:  # noqa: BLE001 - whatever a challenger does, the champion goes on
        _LOG.warning("%s failed", deployment, exc_info=True)
        return None


def _failed(
    runtime: Runtime, deployment: Deployment, role: Role, answered: Sequence[Scored]
) -> Part:
    """That a challenger had no answer for entities that the champion answered."""
    model = runtime.model(deployment.model, deployment.version)
    scored = [
        Scored(keys=each.keys, score=None, version=model.version, status="failed")
        for each in answered
    ]
    return Part(model, role, scored, 0.0)
