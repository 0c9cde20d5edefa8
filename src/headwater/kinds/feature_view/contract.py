"""What a view promises of its features, as rules: of each row, or of what was built."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Final

from headwater.contracts.conditions import Bounded, NotNull
from headwater.contracts.definition import DatasetRule, Metric, RowRule, Rule, Unit
from headwater.contracts.operators import Operator, Threshold
from headwater.contracts.quoting import quote
from headwater.errors import Issue, did_you_mean
from headwater.features.model import ViewSpec
from headwater.graph.node import Schema
from headwater.kinds.feature_view.definition import FeatureViewDefinition, Promise

#: All that was published before: drift is of the newest period against everything earlier.
_EVER: Final = timedelta(days=36_500)
_NUMBERS: Final = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "FLOAT", "DOUBLE", "DECIMAL")
#: The 95th percentile of χ² with 10 degrees of freedom, for ten bins and one of nulls: below
#: so much by (1/rows + 1/rows) an index of equal distributions lies (see `stats.stability`).
_CHANCE: Final = 18.307


def promised_columns(
    definition: FeatureViewDefinition, schema: Schema
) -> tuple[Mapping[str, Promise], list[Issue]]:
    """Promises by column; a feature's name stands for all of its windows. E011 for an unknown."""
    names = [name for name, _ in schema]
    found: dict[str, Promise] = {}
    issues: list[Issue] = []
    windows = _columns_of(definition.spec)
    for name, promise in definition.contract.items():
        columns = [name] if name in names else [c for c in windows.get(name, ()) if c in names]
        for column in columns:
            found[column] = promise
        if not columns:
            is_feature = name in windows or name in {c for each in windows.values() for c in each}
            what = f"the contract names `{name}`, which is no column of the view"
            fix = did_you_mean(name, [*names, *windows], "columns: " + ", ".join(names))
            if is_feature:
                fix = "it needs a request, and is in no table: promise something of what it uses"
            issues.append(Issue(code="E011", what=what, place=promise.place, fix=fix))
    return found, issues


def _columns_of(spec: ViewSpec) -> dict[str, list[str]]:
    """The columns of each feature, by what it may be called in each window."""
    found = {}
    for feature in spec.features:
        windows = feature.windows or spec.windows
        suffixed = [f"{feature.name}_{each.text}" for each in windows if each.text != "all"]
        found[feature.name] = [feature.name, *suffixed]
    return found


def contract_rules(definition: FeatureViewDefinition, schema: Schema) -> tuple[Rule, ...]:
    """The rules of a bound view."""
    promised, _ = promised_columns(definition, schema)
    types = dict(schema)
    return tuple(
        rule
        for column, promise in promised.items()
        for rule in _rules(column, types[column], promise)
    )


def _rules(column: str, kind: str, promise: Promise) -> Iterator[Rule]:
    place, columns = promise.place, (column,)
    if promise.required:
        condition = NotNull(column=column)
        yield RowRule(name=f"{column}.required", condition=condition, columns=columns, place=place)
    if promise.minimum is not None:
        low = Bounded(column=column, comparison=">=", bound=promise.minimum)
        name = f"{column}.minimum {promise.minimum}"
        yield RowRule(name=name, condition=low, columns=columns, place=place)
    if promise.maximum is not None:
        high = Bounded(column=column, comparison="<=", bound=promise.maximum)
        name = f"{column}.maximum {promise.maximum}"
        yield RowRule(name=name, condition=high, columns=columns, place=place)
    if promise.nulls is not None:
        yield DatasetRule(
            name=f"{column}.nulls",
            metric=Metric.NULL_VALUES,
            threshold=Threshold(Operator.LESS_OR_EQUAL, (100 * promise.nulls,)),
            unit=Unit.PERCENT,
            columns=columns,
            condition=NotNull(column=column),
            place=place,
        )
    if promise.drift is not None:
        yield DatasetRule(
            name=f"{column}.drift",
            metric=Metric.SQL,
            threshold=Threshold(Operator.LESS_OR_EQUAL, (promise.drift,)),
            columns=columns,
            sql=drift_sql(column, is_number=kind.startswith(_NUMBERS)),
            window=_EVER,
            place=place,
        )


def drift_sql(column: str, *, is_number: bool) -> str:
    """PSI of the newest day in `{object}` against all earlier days, there and in `{past}`.

    Numbers have ten bins by the earlier rows' quantiles, nulls one of their own; other values are
    their own bins. What so few rows would show by chance counts as 0. NULL without earlier rows.
    """
    name = quote(column)
    value = f"CAST({name} AS DOUBLE)" if is_number else f"CAST({name} AS VARCHAR)"
    edges = "SELECT quantile_cont(v, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]) FROM earlier"
    number = f"coalesce(len(list_filter(({edges}), lambda edge: v > edge)), 0)"
    bin_of = f"CASE WHEN v IS NULL THEN NULL ELSE {number} END" if is_number else "v"
    return f"""
WITH newest AS (SELECT {value} AS v FROM {{object}} WHERE day = (SELECT max(day) FROM {{object}})),
earlier AS (
  SELECT {value} AS v FROM {{object}} WHERE day < (SELECT max(day) FROM {{object}})
  UNION ALL SELECT {value} FROM {{past}} WHERE day < (SELECT max(day) FROM {{object}})
),
binned AS (
  SELECT {bin_of} AS bin, count(*) AS now, 0 AS before FROM newest GROUP BY ALL
  UNION ALL SELECT {bin_of} AS bin, 0, count(*) FROM earlier GROUP BY ALL
),
counts AS (SELECT bin, sum(now) AS now, sum(before) AS before FROM binned GROUP BY bin),
totals AS (SELECT nullif(sum(now), 0) AS now, nullif(sum(before), 0) AS before FROM counts),
shares AS (
  SELECT greatest(c.now / t.now, 0.0001, 0.5 / t.now) AS p,
    greatest(c.before / t.before, 0.0001, 0.5 / t.before) AS q, t.now, t.before
  FROM counts AS c, totals AS t
),
moved AS (
  SELECT sum((p - q) * ln(p / q)) AS psi, any_value(now) AS now, any_value(before) AS before
  FROM shares
)
SELECT CASE WHEN psi > {_CHANCE} * (1.0 / now + 1.0 / before) THEN psi
  WHEN now + before IS NOT NULL THEN 0 END FROM moved"""
