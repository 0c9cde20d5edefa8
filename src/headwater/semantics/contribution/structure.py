"""What a metric is made of: numbers that can be asked by group, and how they make its value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from headwater.semantics.contribution.factors import Factor, Product, Tree
from headwater.semantics.contribution.formula import Part, as_ratio, flat, is_linear, read_tree
from headwater.semantics.metric import Conversion, Cumulative, Metric
from headwater.sql.formulas import Aggregate, Function, Mention, parse_formula

#: Whether values of groups add up: always, up to entities counted in several groups, or never.
Additivity = Literal["additive", "overlapping", "none"]

_DEPTH = 12  # formulas of formulas; a circle is told by `check`
_WORDS: Mapping[Function, str] = {
    "min": "a minimum",
    "max": "a maximum",
    "quantile": "a quantile",
    "quantile_disc": "a quantile",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Structure:
    """A metric's value as a tree over numbers; `extra` are those that are no metrics themselves.

    `because` says why the change cannot be divided among groups; empty where it can.
    """

    metric: Metric
    tree: Tree
    atoms: tuple[str, ...]
    extra: Mapping[str, Metric]
    additivity: Additivity
    because: str = ""

    @property
    def is_sum(self) -> bool:
        """Whether groups have parts of the value."""
        return not self.because and is_linear(self.tree)

    @property
    def ratio(self) -> tuple[Tree, Tree] | None:
        """Numerator and denominator, where it is a ratio that can be divided among groups."""
        return None if self.because or self.is_sum else as_ratio(self.tree)


def structure_of(metric: Metric, metrics: Mapping[str, Metric]) -> Structure:
    """The structure of a metric of a catalog."""
    reading = _Reading(metrics)
    tree = reading.tree(metric, 0)
    because = reading.because
    if not because and not is_linear(tree) and as_ratio(tree) is None:
        because = "its formula is neither a sum nor a ratio"
    return Structure(
        metric=metric,
        tree=tree,
        atoms=tuple(dict.fromkeys(reading.atoms)),
        extra=reading.extra,
        additivity=reading.additivity if not because else "none",
        because=because,
    )


def factors_of(metric: Metric, metrics: Mapping[str, Metric]) -> tuple[tuple[Metric, Metric], ...]:
    """Pairs of metrics whose product the metric is: `orders × average_order_value` is `revenue`.

    They come from ratios of the catalog that have it above the line and one metric below it.
    """
    found = []
    for ratio in metrics.values():
        if not ratio.expr or ratio.shape is not None or ratio.where or not ratio.is_listed:
            continue
        tree = read_tree(parse_formula(ratio.expr, ratio.table), _name)
        if (
            isinstance(tree, Product)
            and tree.times == (Factor(metric.name),)
            and len(tree.over) == 1
            and isinstance(tree.over[0], Factor)
            and tree.over[0].name in metrics
            and tree.over[0].name != metric.name
        ):
            found.append((metrics[tree.over[0].name], ratio))
    return tuple(found)


def parts_of(metric: Metric, metrics: Mapping[str, Metric]) -> tuple[str, ...]:
    """The metrics in its formula, each once."""
    if metric.shape is not None or not metric.expr:
        return ()
    mentions = parse_formula(metric.expr, metric.table).metrics
    return tuple(dict.fromkeys(m.name for m in mentions if m.name in metrics))


def _name(part: Part) -> Tree | None:
    return Factor(part.name) if isinstance(part, Mention) else None


class _Reading:
    """A metric while it is taken apart."""

    def __init__(self, metrics: Mapping[str, Metric]) -> None:
        self.metrics = metrics
        self.atoms: list[str] = []
        self.extra: dict[str, Metric] = {}
        self.additivity: Additivity = "additive"
        self.because = ""

    def tree(self, metric: Metric, depth: int) -> Tree:
        """The metric's tree; what cannot be divided is one number, with the reason noted."""
        shape = metric.shape
        if isinstance(shape, Conversion) and shape.calculation == "conversion_rate":
            return self._conversion(metric, shape)
        if isinstance(shape, Cumulative):
            return self._cumulative(metric, shape, depth)
        if isinstance(shape, Conversion):
            return self._overlapping(metric.name)
        if shape is not None:
            return self._opaque(metric, "it has one value for each cohort")
        formula = parse_formula(metric.expr, metric.table)
        if len(formula.parts) == 1 and isinstance(formula.parts[0], Aggregate):
            return self._aggregate(metric, formula.parts[0], metric.name)
        if depth > _DEPTH:
            return self._opaque(metric, "its formula is too deep")
        found = read_tree(formula, lambda part: self._part(metric, part, depth))
        if found is None:
            return self._opaque(metric, "its formula has more than the four operations")
        return flat(found) if isinstance(found, Product) else found

    def _part(self, metric: Metric, part: Part, depth: int) -> Tree | None:
        if isinstance(part, Mention):
            inner = self.metrics.get(part.name)
            return None if inner is None else self.tree(inner, depth + 1)
        name = f"{metric.name}__{len(self.extra)}"
        self.extra[name] = _of_aggregate(metric, part, name)
        return self._aggregate(self.extra[name], part, name)

    def _aggregate(self, metric: Metric, part: Aggregate, name: str) -> Tree:
        if part.function == "average":
            names = [f"{name}__sum", f"{name}__count"]
            functions: tuple[Function, Function] = ("sum", "count")
            for each, function in zip(names, functions, strict=True):
                self.extra[each] = _of_aggregate(metric, replace(part, function=function), each)
            self.extra.pop(name, None)  # it was asked for nothing else
            self.atoms += names
            return Product((Factor(names[0]),), (Factor(names[1]),))
        if part.function in _WORDS:
            what = _WORDS[part.function]
            return self._opaque(metric, f"{what} of the whole is not made of those of groups")
        if part.function == "count_distinct":
            return self._overlapping(name)
        self.atoms.append(name)
        return Factor(name)

    def _overlapping(self, name: str) -> Tree:
        self.additivity = "overlapping"
        self.atoms.append(name)
        return Factor(name)

    def _cumulative(self, metric: Metric, shape: Cumulative, depth: int) -> Tree:
        """Adds up where its input does: groups of the window make the window."""
        of = self.metrics.get(shape.input_metric)
        if of is None:
            return self._opaque(metric, "its input is unknown")
        inner = _Reading(self.metrics)
        tree = inner.tree(of, depth + 1)
        if inner.because or not is_linear(tree):
            return self._opaque(metric, f"its input `{of.name}` is no sum")
        if inner.additivity == "overlapping":
            self.additivity = "overlapping"
        self.atoms.append(metric.name)
        return Factor(metric.name)

    def _conversion(self, metric: Metric, shape: Conversion) -> Tree:
        count = f"{metric.name}__conversions"
        counted = replace(shape, calculation="conversions")
        self.extra[count] = replace(metric, name=count, shape=counted, is_listed=False, format="")
        self.atoms += [count, shape.base_metric]
        self.additivity = "overlapping"
        return Product((Factor(count),), (Factor(shape.base_metric),))

    def _opaque(self, metric: Metric, because: str) -> Tree:
        self.because = self.because or because
        self.atoms.append(metric.name)
        return Factor(metric.name)


def _of_aggregate(metric: Metric, part: Aggregate, name: str) -> Metric:
    """A metric of one aggregate alone, over the same rows."""
    word = "count" if part.function == "count_distinct" else part.function
    argument = f"distinct {part.argument}" if part.function == "count_distinct" else part.argument
    if part.fraction:
        argument = f"{argument}, {part.fraction}"
    expr = f"{word}({argument or '*'})" + (f" filter (where {part.where})" if part.where else "")
    return replace(metric, name=name, expr=expr, is_listed=False, format="", places={})
