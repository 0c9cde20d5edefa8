"""Scoring by key: immutable for one release and the versions that it shows; swapped as a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from headwater.errors import HeadwaterError, Issue, UsageError, did_you_mean
from headwater.online.codec import NOBODY, encode_key
from headwater.online.model import OnlineTable, Vector
from headwater.project.serving.asking import Asked, read_entities
from headwater.project.serving.assembling import Row, complete, look_up
from headwater.project.serving.model import OnlineModel, OnlineView
from headwater.project.serving.reading import StoreReader
from headwater.project.serving.scored import Reason, Scored

__all__ = ["OnlineModel", "OnlineView", "Runtime"]


class Runtime:
    """Scores entities by their keys: by the published version of a model, or one that is asked for.

    Safe in many threads. A new release makes a new one; nothing in it changes.
    """

    def __init__(
        self,
        models: Mapping[str, Mapping[int, OnlineModel]],
        published: Mapping[str, int],
        reader: StoreReader,
        *,
        release: int,
    ) -> None:
        self.models = models  # name → version → model
        self.published = published  # name → the version that answers
        self.reader = reader
        self.release = release

    def model(self, name: str, version: int | None = None) -> OnlineModel:
        """A model that scores online. Code E052 for an unknown one."""
        versions = self.models.get(name)
        if versions is None:
            fix = did_you_mean(name, self.models, "`scores: {online: true}` in the model's file")
            what = f"no model `{name}` scores online"
            raise UsageError(Issue(code="E052", what=what, fix=fix))
        wanted = self.published[name] if version is None else version
        if wanted not in versions:
            fix = f"loaded are {', '.join(f'@{each}' for each in sorted(versions))}"
            what = f"version {wanted} of `{name}` is not loaded"
            raise UsageError(Issue(code="E052", what=what, fix=fix))
        return versions[wanted]

    def unfilled(self) -> tuple[OnlineTable, ...]:
        """Tables that models read and that no micro-batch has filled yet."""
        views = {
            view.table: view
            for versions in self.models.values()
            for model in versions.values()
            for view in model.views
        }
        return tuple(
            table for table in views if self.reader.read(table, [NOBODY]).freshness is None
        )

    def score(
        self,
        model: str,
        entities: Sequence[Mapping[str, object]],
        *,
        at: datetime,
        request: Mapping[str, object] | None = None,
        reasons: int = 0,
        version: int | None = None,
    ) -> list[Scored]:
        """One answer an entity, in their order.

        An entity is its key columns, and may hold request values of its own, which go before those
        of `request`. `at` is the instant of the request: ages are measured from it. Codes: E052 for
        an unknown model, E053 for a key that is missing or of a wrong type, E054 for a value.
        """
        chosen = self.model(model, version)
        asked = read_entities(chosen.keys, chosen.request, entities, request or {})
        keys = [encode_key(each.key) for each in asked]
        rows = look_up(self.reader, chosen, keys, at)
        vectors = complete(chosen, rows, asked, at)
        return [
            _scored(chosen, each, row, vector, reasons)
            for each, row, vector in zip(asked, rows, vectors, strict=True)
        ]


def _scored(
    model: OnlineModel, asked: Asked, row: Row, vector: Vector | None, reasons: int
) -> Scored:
    """The answer for one entity."""
    scored = Scored(
        keys=asked.key,
        score=None,
        version=model.version,
        status=row.status,
        moments=row.moments,
        request=asked.values,
    )
    if vector is None:
        default = model.policy.default
        if row.status == "default" and not isinstance(default, Mapping):
            return replace(scored, score=default)
        return scored
    names = model.columns
    missing = tuple([names[i].name for i, value in enumerate(vector) if value is None])
    try:
        score = model.score_vector(vector)
        explained = model.explain(vector, reasons) if reasons else ()
    except HeadwaterError:  # a value that no model takes, as an infinite one
        return replace(scored, status="failed", vector=vector, missing=missing)
    values = dict(zip((column.name for column in names), vector, strict=True)) if reasons else {}
    return replace(
        scored,
        score=score,
        vector=vector,
        missing=missing,
        reasons=tuple([Reason(name, values[name], added) for name, added in explained]),
    )
