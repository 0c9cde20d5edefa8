"""From what the store knows to the vector that a model sees, or why there is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from headwater.learning.model import InputColumn
from headwater.learning.values import is_category, name, number
from headwater.online.codec import NOBODY
from headwater.online.model import Value, Vector
from headwater.project.serving.asking import Asked
from headwater.project.serving.model import OnlineModel, OnlineView
from headwater.project.serving.reading import Kept, Looked, StoreReader
from headwater.project.serving.scored import Status, ViewMoment


@dataclass(frozen=True, slots=True)
class Row:
    """One entity's vector of each view, and how good they are; without vectors it is refused."""

    status: Status
    vectors: tuple[Vector, ...] | None = None
    moments: tuple[ViewMoment, ...] = ()


def look_up(
    reader: StoreReader, model: OnlineModel, keys: Sequence[str], at: datetime
) -> list[Row]:
    """What is known of each entity, by what the model's policy says."""
    falls_back = "default" in (model.policy.unknown_entity, model.policy.store_down)
    with_nobody = falls_back or len(model.views) > 1
    wanted = [*keys, NOBODY] if with_nobody else keys
    looked = [reader.read(view.table, wanted) for view in model.views]
    return [_row(model, looked, place, with_nobody, at) for place in range(len(keys))]


def complete(
    model: OnlineModel, rows: Sequence[Row], asked: Sequence[Asked], at: datetime
) -> list[Vector | None]:
    """The vectors in the order of the model's columns, with what is computed on demand."""
    parts: dict[int, list[Sequence[Value]]] = {
        i: list(row.vectors) for i, row in enumerate(rows) if row.vectors is not None
    }
    for n, view in enumerate(model.views):
        if view.on_demand is None or not parts:
            continue
        moments = [rows[i].moments[n].freshness.at if rows[i].moments else at for i in parts]
        vectors = [tuple(part[n]) for part in parts.values()]
        made = view.on_demand.values(vectors, moments, [asked[i].values for i in parts])
        for part, values in zip(parts.values(), made, strict=True):
            part[n] = (*part[n], *values)
    return [
        _vector(model, parts[i], asked[i].values) if i in parts else None for i in range(len(rows))
    ]


def _row(
    model: OnlineModel, looked: Sequence[Looked], place: int, with_nobody: bool, at: datetime
) -> Row:
    policy = model.policy
    kept = [each.kept[place] for each in looked]
    is_down = any(each.is_down for each in looked)
    if is_down and not (policy.store_down == "last_known" and any(kept)):
        return _default(model, looked) if policy.store_down == "default" else Row("store_down")
    if any(each.freshness is None and not each.is_down for each in looked):
        return Row("not_filled")
    if looked and not any(kept):
        is_default = policy.unknown_entity == "default"
        return _default(model, looked) if is_default else Row("unknown_entity")
    if with_nobody:  # in a view without events of this entity it is as one that has none
        kept = [own or each.kept[-1] for own, each in zip(kept, looked, strict=True)]
    known = [each for each in kept if each is not None]
    if len(known) < len(kept):
        return Row("store_down")
    status: Status = "last_known" if is_down else "ok"
    if any(_is_stale(view, each, at) for view, each in zip(model.views, known, strict=True)):
        if policy.stale == "refuse":
            return Row("too_old")
        status = "last_known" if is_down else "stale"
    return Row(status, tuple([each.vector for each in known]), _moments(model.views, known))


def _default(model: OnlineModel, looked: Sequence[Looked]) -> Row:
    """Declared values over those of an entity without events; or nothing, for a declared score."""
    default = model.policy.default
    if not isinstance(default, Mapping):
        return Row("default")
    nobody = [each.kept[-1] for each in looked]
    vectors = tuple(
        tuple(
            default.get(column, None if each is None else each.vector[i])
            for i, (column, _) in enumerate(view.stored)
        )
        for view, each in zip(model.views, nobody, strict=True)
    )
    known = [each for each in nobody if each is not None]
    moments = _moments(model.views, known) if len(known) == len(nobody) else ()
    return Row("default", vectors, moments)


def _is_stale(view: OnlineView, kept: Kept, at: datetime) -> bool:
    return view.ttl is not None and at - kept.freshness.at > view.ttl


def _moments(views: Sequence[OnlineView], kept: Sequence[Kept]) -> tuple[ViewMoment, ...]:
    pairs = zip(views, kept, strict=True)
    return tuple([ViewMoment(view.table, each.freshness) for view, each in pairs])


def _vector(
    model: OnlineModel, parts: Sequence[Sequence[Value]], given: Mapping[str, object]
) -> Vector:
    """The model's columns from the views' vectors, and of the request itself."""
    return tuple(
        [
            parts[view][place] if view >= 0 else _given(column, given[column.name])
            for column, (view, place) in zip(model.columns, model.places, strict=True)
        ]
    )


def _given(column: InputColumn, value: object) -> Value:
    """A value of the request as the model sees it."""
    if value is None:
        return None
    return name(value) if is_category(column) else number(value)
