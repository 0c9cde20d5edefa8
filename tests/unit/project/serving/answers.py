"""Answers as a model would give them, without one."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from headwater.learning.model import InputColumn
from headwater.online.model import Freshness, OnlineTable
from headwater.project.serving.model import OnlineModel
from headwater.project.serving.scored import Role, Scored, ServedRow, ViewMoment

NOON = datetime(2011, 11, 9, 12, tzinfo=UTC)
_FRESH = Freshness(at=NOON - timedelta(hours=1), release=2, computed_at=NOON, entities=9)


def model(version: int = 1) -> OnlineModel:
    """A model of which only names matter."""
    return OnlineModel(
        name="churn",
        version=version,
        keys=(("customer_id", "BIGINT"), ("shop", "VARCHAR")),
        columns=(
            InputColumn(name="orders_90d", type="BIGINT"),
            InputColumn(name="country", type="VARCHAR", is_category=True),
            InputColumn(name="recency", type="DOUBLE"),
        ),
        views=(),
        score_vector=lambda vector: float(len(vector)),
        explain=lambda _vector, _top: (),
    )


def answered(number: int) -> Scored:
    """A good answer."""
    return Scored(
        keys=(number, "Zürich"),
        score=0.7,
        version=1,
        status="ok",
        vector=(3.0, "GB", None),
        moments=(ViewMoment(OnlineTable("customer", "d1"), _FRESH),),
        request={"basket": 1.5, "visit": date(2011, 12, 1)},
        missing=("recency",),
    )


def row(request_id: str, scored: Scored, role: Role = "champion") -> ServedRow:
    """The answer as it is logged."""
    return ServedRow(request_id=request_id, at=NOON, role=role, ms=0.25, scored=scored)
