"""What programs send and get, as `/openapi.json` describes it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from headwater.project.serving.scored import Status
from headwater.web.scoring.reading import MOST_ENTITIES, MOST_REASONS

Plain = str | int | float | bool | None


class ScoreQuestion(BaseModel):
    """Which entities are to be scored."""

    model_config = ConfigDict(extra="forbid")

    entities: Annotated[
        list[dict[str, Plain]],
        Field(
            min_length=1,
            max_length=MOST_ENTITIES,
            description="The key columns of each, and values of the request for it alone.",
        ),
    ]
    request: Annotated[
        dict[str, Plain] | None,
        Field(description="Values for all entities that features on request need."),
    ] = None
    reasons: Annotated[
        int, Field(ge=0, le=MOST_REASONS, description="So many of the strongest reasons each.")
    ] = 0


class ReasonFacts(BaseModel):
    """What one feature adds to a score, in log-odds."""

    feature: str
    value: float | str | None
    contribution: float


class ScoreResult(BaseModel):
    """One entity's answer, beside its key columns; `score` is null where it is refused."""

    model_config = ConfigDict(extra="allow")

    score: float | None
    version: int
    status: Status
    reasons: list[ReasonFacts]
    missing: Annotated[list[str], Field(description="Features without a value.")]
    features_at: Annotated[datetime | None, Field(description="Of when its oldest values are.")]


class ViewFreshness(BaseModel):
    """Of which moment and release the values of a feature view are."""

    at: datetime
    computed_at: datetime
    release: int


class ScoreAnswer(BaseModel):
    """Scores, in the order of the entities."""

    model: str
    version: Annotated[int, Field(description="The published one; a challenger's stands beside.")]
    release: int
    results: list[ScoreResult]
    freshness: Annotated[dict[str, ViewFreshness], Field(description="By feature view.")]
    request_id: str


class NamedColumn(BaseModel):
    """A column, with its type in DuckDB."""

    name: str
    type: str


class FeatureFacts(NamedColumn):
    """An input of a model."""

    view: str
    on_request: bool


class TriedVersion(BaseModel):
    """A version that is tried beside the published one."""

    version: int
    role: Literal["challenger", "shadow"]
    share: float
    ends_at: datetime


class ModelFacts(BaseModel):
    """A released model; keys, features and freshness where it gives scores on request."""

    model: str
    online: bool
    version: int | None
    release: int
    keys: list[NamedColumn]
    request: list[NamedColumn]
    features: list[FeatureFacts]
    figures: Annotated[
        dict[str, float | None], Field(description="Of the version, on its test span.")
    ]
    freshness: dict[str, ViewFreshness]
    tried: TriedVersion | None


class ModelList(BaseModel):
    """All models of the release."""

    models: list[ModelFacts]
