"""A view's spec, taken apart: a column for each feature and window, ordered by what it uses.

Pure reading of the texts; what the entity and the source are is not known yet.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from headwater.errors import Issue, Place, did_you_mean
from headwater.features.model import AS_OF, DAY, FeatureSpec, NamedWindow, ViewSpec
from headwater.graph.graph import topological_order
from headwater.ids import NodeId
from headwater.sql.feature_formulas import parse_feature, parse_row_condition
from headwater.sql.formula_parts import Aggregate, Mention, Parameter, ParsedCondition, Part
from headwater.sql.problems import SqlError, SqlProblem
from headwater.windows.model import ALL_TIME, Window

#: The moment that is asked of; every view has it.
AT = "at"
#: What every view has beside keys and features.
OWN_COLUMNS = frozenset({AS_OF, DAY})
_ALL = NamedWindow(text="all", window=ALL_TIME)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One feature in one window."""

    name: str
    feature: FeatureSpec
    parts: tuple[Part, ...]
    window: Window
    where: ParsedCondition | None  # the feature's own

    @property
    def uses(self) -> tuple[Mention, ...]:
        """The other features that it is made of."""
        return tuple(part for part in self.parts if type(part) is Mention)

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The parameters that stand in its own text."""
        return tuple(part for part in self.parts if isinstance(part, Parameter))

    @property
    def aggregates(self) -> tuple[Aggregate, ...]:
        """Its aggregates in written order."""
        return tuple(part for part in self.parts if isinstance(part, Aggregate))


@dataclass(frozen=True, slots=True, kw_only=True)
class Formulas:
    """The columns of a view, each behind those that it uses, and names as they are written."""

    columns: tuple[Column, ...]  # ordered by use
    declared: tuple[str, ...]  # their names in written order
    on_request: frozenset[str]
    where: ParsedCondition | None

    @property
    def stored(self) -> tuple[Column, ...]:
        """The columns that need no request."""
        return tuple(c for c in self.columns if c.name not in self.on_request)


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """What the texts of a view hold, in written order; names may be unknown."""

    columns: tuple[Column, ...]
    where: ParsedCondition | None


def read_texts(spec: ViewSpec) -> tuple[Texts, list[Issue]]:
    """Every text that can be read, and what is wrong with the others: E001, E003."""
    issues: list[Issue] = []
    where = _condition(spec.where, spec.source, spec.place_of("where"), issues)
    columns = tuple(column for f in spec.features for column in _columns(spec, f, issues))
    return Texts(columns=columns, where=where), issues


def read_formulas(spec: ViewSpec, texts: Texts) -> tuple[Formulas | None, list[Issue]]:
    """The columns in order, or what is wrong with their names: E002, E004, E005 and E009."""
    columns = texts.columns
    named = {column.name.casefold(): column for column in reversed(columns)}
    issues = [
        *_same_names(spec, columns),
        *(issue for column in columns for issue in _unknown(column, named, spec)),
        *_parameter_issues(spec, columns),
    ]
    if issues:
        return None, issues
    ordered, cycle = _ordered(columns, named)
    if cycle is not None:
        return None, [cycle]
    return Formulas(
        columns=tuple(ordered),
        declared=tuple(column.name for column in columns),
        on_request=_on_request(ordered, named),
        where=texts.where,
    ), []


def text_issue(problem: SqlProblem, place: Place, prefix: str = "") -> Issue:
    """A problem in a text as an issue at its place in the file.

    Only the first line of a text stands where it is written: later ones may be folded.
    """
    where = place
    if problem.line == 1 and place.column:
        where = Place(place.path, place.line, place.column + problem.column - 1)
    return Issue(code=problem.code, what=f"{prefix}{problem.what}", place=where, fix=problem.fix)


def mention_issue(code: str, what: str, mention: Mention, place: Place, fix: str) -> Issue:
    """An issue with a name where it stands in a text."""
    problem = SqlProblem(code=code, what=what, fix=fix, line=mention.line, column=mention.column)
    return text_issue(problem, place)


def _columns(spec: ViewSpec, feature: FeatureSpec, issues: list[Issue]) -> Iterator[Column]:
    where = _condition(feature.where, spec.source, feature.place_of("where"), issues)
    try:
        parts = parse_feature(feature.expr, spec.source).parts
    except SqlError as error:
        issues.append(text_issue(error.problem, feature.place_of("expr"), f"`{feature.name}`: "))
        return
    if any(isinstance(part, Aggregate) for part in parts):
        windows = feature.windows or spec.windows or (_ALL,)
    else:
        windows = (_ALL,)
        for key, given in (("windows", feature.windows), ("where", feature.where)):
            if given:
                what = f"`{feature.name}` has no aggregate, so `{key}:` says nothing of it"
                fix = f"remove `{key}:`; those of the features that it names count"
                issues.append(Issue(code="E001", what=what, place=feature.place_of(key), fix=fix))
    for window in windows:
        suffix = "" if window.window == ALL_TIME else f"_{window.text}"
        yield Column(
            name=f"{feature.name}{suffix}",
            feature=feature,
            parts=parts,
            window=window.window,
            where=where,
        )


def _condition(text: str, source: str, place: Place, issues: list[Issue]) -> ParsedCondition | None:
    if not text:
        return None
    try:
        return parse_row_condition(text, source)
    except SqlError as error:
        issues.append(text_issue(error.problem, place, "`where`: "))
        return None


def _same_names(spec: ViewSpec, columns: Sequence[Column]) -> Iterator[Issue]:
    """E005: two columns of one name, or of a name that rows have anyway."""
    first: dict[str, Column] = {}
    for column in columns:
        known = first.setdefault(column.name.casefold(), column)
        place = column.feature.place
        if column.name.casefold() in OWN_COLUMNS:
            what = f"`{column.name}` is the name of a column that every feature view has"
            yield Issue(code="E005", what=what, place=place, fix="call the feature something else")
        elif known is not column:
            what = f"two features are called `{column.name}`"
            fix = f"the first stands in {known.feature.place}"
            yield Issue(code="E005", what=what, place=place, fix=fix)
        elif column.name.casefold() in (name.casefold() for name in spec.request):
            what = f"`{column.name}` is a feature and a parameter of the request"
            yield Issue(code="E005", what=what, place=place, fix="rename one of them")


def _unknown(column: Column, named: Mapping[str, Column], spec: ViewSpec) -> Iterator[Issue]:
    """E002: a name outside of aggregates that is no feature."""
    for mention in column.uses:
        if mention.name.casefold() in named:
            continue
        windowed = [c.name for c in named.values() if c.feature.name == mention.name]
        fix = did_you_mean(mention.name, (c.name for c in named.values() if c is not column))
        if windowed:
            fix = f"name it with its window: `{'`, `'.join(sorted(windowed))}`"
        fix = (
            fix
            or f"for a column of `{spec.source}`, wrap it in an aggregate: `sum({mention.name})`"
        )
        what = f"`{column.name}`: unknown feature `{mention.name}`"
        yield mention_issue("E002", what, mention, column.feature.place_of("expr"), fix)


def _parameter_issues(spec: ViewSpec, columns: Sequence[Column]) -> Iterator[Issue]:
    """E009: a parameter that is used and not declared, or declared and not used."""
    used: set[str] = set()
    told: set[tuple[str, str]] = set()
    for column in columns:
        for parameter in column.parameters:
            used.add(parameter.name)
            known = parameter.name in (AT, *spec.request)
            if known or (column.feature.name, parameter.name) in told:
                continue
            told.add((column.feature.name, parameter.name))
            fix = did_you_mean(parameter.name, (AT, *spec.request))
            fix = fix or f"declare it: `request: {{{parameter.name}: double}}`"
            what = f"`{column.feature.name}`: unknown parameter `:{parameter.name}`"
            place = column.feature.place_of("expr")
            yield mention_issue("E009", what, parameter, place, fix)
    for name in spec.request:
        place = spec.place_of(f"request.{name}")
        if name == AT:
            what = "`at` is the moment that is asked of, and needs no declaration"
            yield Issue(code="E009", what=what, place=place, fix="remove it from `request:`")
        elif name not in used and not told:
            what = f"nothing uses the parameter `{name}`"
            fix = f"use it as `:{name}` in a feature, or remove it"
            yield Issue(code="E009", what=what, place=place, fix=fix)


def _ordered(
    columns: Sequence[Column], named: Mapping[str, Column]
) -> tuple[list[Column], Issue | None]:
    """Columns behind those that they use; E004 for a circle."""
    ids = {NodeId("feature", column.name): column for column in columns}
    order, cycle = topological_order(
        {
            node: [NodeId("feature", named[m.name.casefold()].name) for m in column.uses]
            for node, column in ids.items()
        }
    )
    if not cycle:
        return [ids[node] for node in order], None
    first = ids[cycle[0]].feature
    return [], Issue(
        code="E004",
        what=f"features use each other in a circle: {' → '.join(node.name for node in cycle)}",
        place=first.place_of("expr"),
        fix="take one of these names out",
    )


def _on_request(ordered: Sequence[Column], named: Mapping[str, Column]) -> frozenset[str]:
    """The columns that need values of a request, through others too."""
    found: set[str] = set()
    for column in ordered:
        asked = any(parameter.name != AT for parameter in column.parameters)
        if asked or any(named[m.name.casefold()].name in found for m in column.uses):
            found.add(column.name)
    return frozenset(found)
