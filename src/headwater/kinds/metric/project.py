"""All metrics of a project: how they are made of each other, and the rollups that serve them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from headwater.definitions.codec import codec_of
from headwater.definitions.functions import SqlFunction, read_function
from headwater.definitions.loader import ReadContext, Reading
from headwater.definitions.model import Described, Settings
from headwater.errors import Issue, Place, did_you_mean
from headwater.ids import NodeId, digest
from headwater.kinds.metric.definition import MetricDefinition, RollupDefinition
from headwater.kinds.metric.drafts import Draft, Drafts, read_file
from headwater.kinds.metric.tables import Tables
from headwater.semantics.catalog import Calendar
from headwater.semantics.metric import Metric
from headwater.semantics.rollup import Rollup

_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Project:
    """All metrics of a project, and what their definitions have in common."""

    metrics: Mapping[str, Metric]
    made_of: Mapping[str, tuple[str, ...]]
    rollups: tuple[Rollup, ...]
    tables: Tables
    calendar: Calendar
    functions: tuple[str, ...]

    def metric(self, draft: Draft) -> MetricDefinition:
        """A metric with all that it is made of."""
        metric = draft.metric
        parts = {name: self.metrics[name] for name in self.made_of[metric.name]}
        named = [(part.table, draft.uses.columns) for part in parts.values() if part.table]
        tables = dict.fromkeys(name for each in named for name in self.tables.around(*each))
        return MetricDefinition(
            id=NodeId("metric", metric.name),
            place=metric.place,
            files=(metric.place.path,),
            described=draft.described,
            metric=metric,
            parts=parts,
            tables=tuple(tables),
            rollups=tuple(rollup.name for rollup in self.rollups if rollup.table in tables),
            calendar=self.calendar,
            functions=self.functions,
        )

    def rollup(self, rollup: Rollup, drafts: Mapping[str, Draft]) -> RollupDefinition:
        """A rollup: its owner is that of its table, or of a metric where that has none."""
        served = [m for m in self.metrics.values() if m.table == rollup.table and m.is_listed]
        owners = (drafts[metric.name].described.owner for metric in served)
        return RollupDefinition(
            id=NodeId("rollup", rollup.name),
            place=served[0].place_of("table"),
            files=tuple(dict.fromkeys(metric.place.path for metric in served)),
            described=Described(
                description=f"Kept by Headwater for metrics of {rollup.table}.",
                owner=self.tables.owners.get(rollup.table, "") or next(owners),
            ),
            rollup=rollup,
            tables=self.tables.around(rollup.table, rollup.dimensions),
            calendar=self.calendar,
            functions=self.functions,
        )


def read_metrics(paths: Iterable[str], context: ReadContext) -> Reading:
    """Metrics and rollups, and everything that is wrong with the metrics' files."""
    read = [context.parse((path,), read_file, Drafts) for path in paths]
    issues = [issue for _, found in read for issue in found]
    written = [draft for drafts, _ in read if drafts is not None for draft in drafts.drafts]
    broken = frozenset(name for drafts, _ in read if drafts is not None for name in drafts.broken)
    drafts = _with_filtered(written, broken, issues)
    whole = _whole(drafts, broken, issues)
    issues += _headline_issues(context.settings, drafts, broken)
    metrics = {name: drafts[name].metric for name in whole}
    tables = Tables.of(context.definitions.values())
    calendar = calendar_of(context.settings)
    project = _Project(
        metrics=metrics,
        made_of=whole,
        rollups=_rollups(tuple(metrics.values()), tables, calendar, context),
        tables=tables,
        calendar=calendar,
        functions=_functions(context),
    )
    made: list[MetricDefinition | RollupDefinition] = []
    made += [project.metric(draft) for draft in written if draft.metric.name in whole]
    made += [project.rollup(rollup, drafts) for rollup in project.rollups]
    return Reading(definitions=tuple(made), issues=tuple(issues))


def _functions(context: ReadContext) -> tuple[str, ...]:
    """The texts of the project's SQL functions, which expressions may call."""
    paths = context.paths("functions", ".sql")
    read = (context.parse((path,), read_function, SqlFunction)[0] for path in paths)
    return tuple(function.text for function in read if function is not None)


def calendar_of(settings: Settings) -> Calendar:
    """Where days, weeks and fiscal years of the project begin."""
    return Calendar(
        zone=settings.timezone,
        week_starts=_DAYS.index(settings.week_starts),
        fiscal_year_starts=settings.fiscal_year_starts,
    )


def _with_filtered(
    written: Iterable[Draft], broken: frozenset[str], issues: list[Issue]
) -> dict[str, Draft]:
    """The metrics by name, and those that others read with a filter of their own among them."""
    found: dict[str, Draft] = {}
    for draft in written:
        found.setdefault(draft.metric.name, draft)
    for draft in tuple(found.values()):
        for each in draft.filtered:
            base = found.get(each.metric)
            if base is None:
                if each.metric not in broken:
                    issues.append(_unknown(each.metric, each.place, found))
                continue
            conditions = [text for text in (base.metric.where, each.where) if text]
            metric = replace(
                base.metric,
                name=each.name,
                where=" and ".join(f"({text})" for text in conditions),
                is_listed=False,
            )
            found[each.name] = replace(base, metric=metric, filtered=())
    return found


def _whole(
    drafts: Mapping[str, Draft], broken: frozenset[str], issues: list[Issue]
) -> dict[str, tuple[str, ...]]:
    """Each metric of which everything is known → all metrics that it is made of, itself first.

    Code E907: an unknown metric, or a circle.
    """
    known = {*drafts, *broken, *(f.name for draft in drafts.values() for f in draft.filtered)}
    noted: set[str] = set()
    found: dict[str, tuple[str, ...]] = {}
    for name, draft in drafts.items():
        for used, place in draft.uses.metrics:
            if used not in known and draft.metric.is_listed:
                issues.append(_unknown(used, place, drafts))
        parts = _made_of(name, drafts)
        if name in parts[1:]:
            circle = frozenset(part for part in parts if name in _made_of(part, drafts)[1:])
            if not circle & noted:
                issues.append(_circle(name, circle, drafts))
            noted |= circle
        elif all(part in drafts for part in parts):
            found[name] = parts
    return {n: parts for n, parts in found.items() if not noted.intersection(parts)}


def _made_of(name: str, drafts: Mapping[str, Draft]) -> tuple[str, ...]:
    """A metric and all that it uses, directly or not; itself again where it is in a circle."""
    found = [name]
    queue = [name]
    while queue:
        draft = drafts.get(queue.pop(0))
        for used, _ in draft.uses.metrics if draft is not None else ():
            if used not in found[1:]:
                found.append(used)
                queue.append(used)
    return tuple(found)


def _circle(name: str, circle: frozenset[str], drafts: Mapping[str, Draft]) -> Issue:
    way = [name]
    while len(way) == 1 or way[-1] != name:
        options = [used for used, _ in drafts[way[-1]].uses.metrics if used in circle]
        way.append(name if name in options else options[0])
    what = f"metrics are made of each other in a circle: {' → '.join(way)}"
    place = drafts[name].metric.place
    return Issue(code="E907", what=what, place=place, fix="take one of these uses out")


def _headline_issues(
    settings: Settings, drafts: Mapping[str, Draft], broken: frozenset[str]
) -> Iterator[Issue]:
    """E907 where the settings name a metric that is none."""
    name = settings.headline
    if name and name not in drafts and name not in broken:
        fix = did_you_mean(name, drafts, "name one of `headwater ls kind:metric`")
        what = f"unknown metric `{name}`"
        yield Issue(code="E907", what=what, place=settings.headline_place, fix=fix)


def _unknown(name: str, place: Place, drafts: Mapping[str, Draft]) -> Issue:
    otherwise = f"a column stands inside of an aggregate: `sum({name})`"
    fix = did_you_mean(name, drafts, otherwise)
    return Issue(code="E907", what=f"unknown metric `{name}`", place=place, fix=fix)


def _rollups(
    metrics: tuple[Metric, ...], tables: Tables, calendar: Calendar, context: ReadContext
) -> tuple[Rollup, ...]:
    """The rollups that serve them; kept with what was read, as the choice takes a while."""
    from headwater.semantics.rollups import choose_rollups

    plain = [repr(replace(metric, place=Place(), places={})) for metric in metrics]
    timeless = sorted(tables.timeless)
    key = context.cache.key("rollups", digest(plain, timeless, repr(calendar)))
    codec = codec_of(tuple[Rollup, ...])
    kept = context.cache.get(key)
    if kept is not None:
        try:
            known: tuple[Rollup, ...] = codec.read(kept)
        except (TypeError, ValueError, LookupError, AttributeError):
            pass  # a damaged row: chosen anew
        else:
            return known
    found = choose_rollups(metrics, calendar=calendar, timeless=timeless)
    context.cache.put(key, codec.write(found))
    return found
