"""Labels from `labels/*.yml`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from headwater.definitions.fields import INVALID, take_described
from headwater.definitions.files import root_mapping
from headwater.definitions.functions import SqlFunction, read_function
from headwater.definitions.loader import Files, ReadContext, Reading, name_of
from headwater.definitions.yamltext import Located
from headwater.errors import Issue, Place, did_you_mean
from headwater.features.formulas import text_issue
from headwater.features.labels import LabelSpec, ObserveSpec
from headwater.features.model import HasFeatures
from headwater.ids import NodeId
from headwater.kinds.label.definition import LabelDefinition
from headwater.sql.feature_formulas import parse_feature, parse_row_condition
from headwater.sql.formula_parts import Aggregate, Mention
from headwater.sql.problems import SqlError

if TYPE_CHECKING:
    from headwater.definitions.schemas import DescribedFiles

_ENDINGS: Final = (".yml", ".yaml")


@dataclass(frozen=True, slots=True)
class LabelReader:
    """Reads labels."""

    kind: str = "label"
    is_relation: bool = True

    @property
    def suffixes(self) -> Mapping[str, tuple[str, ...]]:
        """Folder → the endings of the files that it may hold."""
        return {"labels": _ENDINGS}

    def read(self, context: ReadContext) -> Reading:
        """All labels beside the views that they name, and what is wrong with their files."""
        read = [
            context.parse((path,), read_label, LabelDefinition)
            for ending in _ENDINGS
            for path in context.paths("labels", ending)
        ]
        issues = [issue for _, found in read for issue in found]
        made: list[LabelDefinition] = []
        functions = _functions(context) if read else ()
        for label, _ in read:
            if label is not None:
                found = _with_views(label, context, issues)
                made += [replace(found, functions=functions)] if found is not None else []
        return Reading(definitions=tuple(made), issues=tuple(issues))

    def schemas(self) -> Mapping[str, DescribedFiles]:
        """What editors are told of its files."""
        from headwater.kinds.label.keys import SCHEMAS

        return SCHEMAS


LABEL_READER: Final = LabelReader()


def read_label(files: Files) -> LabelDefinition | None:
    """The label of one file; None where a mistake was noted."""
    from headwater.kinds.label.keys import LABEL

    name = name_of(files.path, files.path[files.path.rfind(".") :], files.issues)
    root = root_mapping(files, "give `entity:`, `source:`, `horizon:` and `expr:`")
    if root is None:
        return None
    before = len(files.issues)
    values = LABEL.read(root, files.issues)
    if values is INVALID or name is None or len(files.issues) > before:
        return None
    place = Place(files.path, 1)
    spec = LabelSpec(
        name=name,
        observe=ObserveSpec(**values.get("observe", {})),
        place=place,
        places=dict(_places(root)),
        **{k: values[k] for k in ("entity", "source", "horizon", "expr", "where") if k in values},
    )
    files.issues.extend(_expr_issues(spec))
    files.issues.extend(_observe_issues(spec))
    if len(files.issues) > before:
        return None
    return LabelDefinition(
        id=NodeId("label", name),
        place=place,
        files=files.paths,
        described=take_described(values),
        spec=spec,
    )


def _expr_issues(spec: LabelSpec) -> Iterator[Issue]:
    """E015: nothing is asked of the horizon, or a moment that is not its own."""
    place = spec.place_of("expr")
    try:
        parts = parse_feature(spec.expr, spec.source).parts
    except SqlError as error:
        yield text_issue(error.problem, place, "`expr`: ")
        return
    if not any(isinstance(part, Aggregate) for part in parts):
        what = "`expr` says nothing of the rows of the horizon"
        fix = "count them, as in `count(*) = 0`"
        yield Issue(code="E015", what=what, place=place, fix=fix)
    for part in parse_feature(spec.expr, spec.source).parameters:
        what = (
            f"`:{part.name}` in the `expr` of a label: its rows are those of `[at, at + horizon)`"
        )
        fix = "leave it out; what is known at the moment are features"
        yield Issue(code="E015", what=what, place=place, fix=fix)


def _observe_issues(spec: LabelSpec) -> Iterator[Issue]:
    """E016: keys of `observe` that do not go together, or a condition that cannot be read."""
    observe, place = spec.observe, spec.place_of("observe")
    if observe.table and "observe.every" in spec.places:
        what = "`observe` has `every` and `table`: each says when there are rows"
        yield Issue(code="E016", what=what, place=place, fix="keep one of them")
    if observe.at and not observe.table:
        what = "`observe` has `at` and no `table`"
        fix = "add `table:`; the moments of `every` are the ends of periods"
        yield Issue(code="E016", what=what, place=place, fix=fix)
    if not observe.where:
        return
    try:
        condition = parse_row_condition(observe.where, observe.table)
    except SqlError as error:
        problem = replace(error.problem, code="E016")
        yield text_issue(problem, spec.place_of("observe.where"), "`where`: ")
        return
    for mention in condition.columns:
        if "." not in mention.name and not observe.table:
            what = f"`where` names `{mention.name}`"
            fix = f"name features with their view, as in `customer.{mention.name}`"
            yield Issue(code="E016", what=what, place=spec.place_of("observe.where"), fix=fix)


def features_named(spec: LabelSpec) -> dict[str, list[Mention]]:
    """The features that `observe.where` names, by their view."""
    found: dict[str, list[Mention]] = {}
    if spec.observe.where:
        for mention in parse_row_condition(spec.observe.where, spec.observe.table).columns:
            view, dot, feature = mention.name.partition(".")
            if dot:
                at = Mention(feature, mention.line, mention.column)
                found.setdefault(view, []).append(at)
    return found


def _with_views(
    label: LabelDefinition, context: ReadContext, issues: list[Issue]
) -> LabelDefinition | None:
    """The label with the views that its rows are chosen by; E016 for one that is unknown."""
    known = {n.name: d for n, d in context.definitions.items() if n.kind == "feature_view"}
    broken = {_stem(path) for path in context.tree.under("features")} - known.keys()
    views = []
    for name in features_named(label.spec):
        if name in known:
            view = known[name]
            assert isinstance(view, HasFeatures)
            views.append(view.spec)
        elif name not in broken:
            what = f"`where` names the feature view `{name}`, which there is not"
            fix = did_you_mean(name, known, "feature views stand in `features/`")
            place = label.spec.place_of("observe.where")
            issues.append(Issue(code="E016", what=what, place=place, fix=fix))
    named = features_named(label.spec)
    return replace(label, views=tuple(views)) if len(views) == len(named) else None


def _stem(path: str) -> str:
    return path.rpartition("/")[2].partition(".")[0]


def _functions(context: ReadContext) -> tuple[str, ...]:
    """The texts of the project's SQL functions, which expressions may call."""
    paths = context.paths("functions", ".sql")
    read = (context.parse((path,), read_function, SqlFunction)[0] for path in paths)
    return tuple(function.text for function in read if function is not None)


def _places(root: Located) -> Iterator[tuple[str, Place]]:
    """Where the value of each key stands."""
    for key, located in root.mapping.items():
        yield key, located.place
    observe = root.get("observe")
    for key, located in observe.mapping.items() if observe is not None else ():
        yield f"observe.{key}", located.place
