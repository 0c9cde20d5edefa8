"""The columns that a model reads: of its views, and of its label's own rows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Final

from headwater.errors import HeadwaterError, Issue, Place, did_you_mean
from headwater.features.labels import narrowed
from headwater.features.model import DAY, FeatureSet
from headwater.graph.node import Node
from headwater.kinds.model.definition import Chosen, Inputs, ModelDefinition
from headwater.learning.model import AS_OF, LABEL, InputColumn, LearningSpec

SCORE: Final = "score"
_NO_INPUT: Final = ("STRUCT", "MAP", "UNION", "LIST", "BLOB", "INTERVAL")


def chosen_columns(
    inputs: Inputs, sets: Iterable[FeatureSet], label: Node, place: Place
) -> dict[str, str]:
    """The chosen features with their types, in order.

    Raises E038 for what is unknown, has the name of another, or cannot be learnt.
    """
    by_view = {each.view: each for each in sets}
    found: dict[str, str] = {}
    issues: list[Issue] = []
    taken = {name.casefold(): label.id.name for name, _ in label.schema} | {SCORE: "scores"}
    for chosen in inputs.features:
        where = chosen.place if chosen.place.path else place
        if chosen in inputs.given:
            picked, known = _given(chosen, label), [n for n, _ in label.schema]
        else:
            view = by_view[chosen.view]
            picked, known = _picked(chosen, view, label), [c.name for c in view.columns]
        if not picked:
            issues.append(_no_feature(chosen, known, where))
        for name, kind in picked.items():
            owner = taken.setdefault(name.casefold(), chosen.view)
            if owner != chosen.view:
                what = f"`{name}` is a column of `{owner}` and of `{chosen.view}`"
                fix = "give one of the features another name, or leave it out"
                issues.append(Issue(code="E038", what=what, place=where, fix=fix))
            elif _cannot_learn(kind):
                what = f"`{chosen.view}.{name}` is {kind}, which no model can read"
                fix = "make numbers, texts, dates or booleans of it"
                issues.append(Issue(code="E038", what=what, place=where, fix=fix))
            else:
                found[name] = kind
    if issues:
        raise HeadwaterError(*issues)
    return found


def narrowed_to(view: FeatureSet, columns: Collection[str]) -> FeatureSet:
    """The view with the chosen columns alone, unless one of them comes with a request."""
    chosen = [column for column in view.columns if column.name in columns]
    if any(column.on_request for column in chosen):
        return view
    return narrowed(view, [column.name for column in chosen])


def _given(chosen: Chosen, label: Node) -> dict[str, str]:
    """A column of the label's own rows."""
    rest = {n: t for n, t in label.schema if n not in (*label.key, AS_OF, DAY, LABEL)}
    return {n: t for n, t in rest.items() if n == chosen.feature}


def _picked(chosen: Chosen, view: FeatureSet, label: Node) -> dict[str, str]:
    """One feature of a view, or all that label rows can have.

    Those that come with a request are among them where the label's rows carry its values.
    """
    with_request = set(view.request) <= set(label.column_names)
    return {
        column.name: column.type
        for column in view.columns
        if (with_request or not column.on_request) and chosen.feature in ("", column.name)
    }


def _no_feature(chosen: Chosen, known: list[str], place: Place) -> Issue:
    if chosen.feature in known or not chosen.feature:
        what = f"`{chosen}` comes with a request, so past rows do not have it"
        fix = "choose features of the source, or a label whose `observe.table` has these values"
    else:
        what = f"unknown feature `{chosen}`"
        fix = did_you_mean(chosen.feature, known, f"`{chosen.view}` has: {', '.join(known)}")
    return Issue(code="E038", what=what, place=place, fix=fix)


def _cannot_learn(kind: str) -> bool:
    return kind.endswith("]") or kind.startswith(_NO_INPUT)


def input_columns(rows: Node, inputs: Inputs) -> Iterator[InputColumn]:
    """What the model reads of its training set: all but keys, moment and label."""
    owners = {c.name: c for each in inputs.sets for c in each.columns}
    for name, kind in rows.schema:
        if name in (*rows.key, AS_OF, DAY, LABEL):
            continue
        owner = owners.get(name)
        yield InputColumn(
            name=name,
            type=kind,
            is_category=kind.startswith(("VARCHAR", "ENUM", "UUID")),
            view=owner.view if owner is not None else "",
            on_request=owner is None or owner.on_request,
        )


def unknown_columns(definition: ModelDefinition, learning: LearningSpec) -> Iterator[Issue]:
    """E038: a baseline or a group by what is no column."""
    known = [column.name for column in learning.columns]
    for key, names in (("recency", (learning.recency,)), ("groups", learning.groups)):
        for name in names:
            if name and name not in known:
                fix = did_you_mean(name, known, f"features are: {', '.join(known)}")
                place = definition.inputs.place_of(key, definition.place)
                what = f"`{key}` names `{name}`, which is no feature of the model"
                yield Issue(code="E038", what=what, place=place, fix=fix)
