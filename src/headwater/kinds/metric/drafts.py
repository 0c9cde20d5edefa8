"""The metrics of one file as they are written, before they know of each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from headwater.definitions.fields import take_described
from headwater.definitions.files import root_mapping
from headwater.definitions.loader import Files, name_of
from headwater.definitions.model import Described
from headwater.definitions.yamltext import Located
from headwater.errors import Place
from headwater.ids import is_name
from headwater.kinds.metric.keys import FILE, METRIC, NESTED, SHARED
from headwater.kinds.metric.shapes import Filtered, build_metric
from headwater.kinds.metric.templates import template_issues
from headwater.kinds.metric.uses import Uses, uses_of
from headwater.semantics.metric import Metric

_HINT: Final = "give `metrics:`, or the keys of one metric: `table:` and `expr:`"
_NAMES: Final = frozenset(key.name for key in SHARED)
#: What a metric cannot be without, so that it can be owned, read and judged.
REQUIRED: Final = ("description", "owner", "better")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One metric of a file; `filtered` are metrics of others with a filter, which it names."""

    metric: Metric
    described: Described
    uses: Uses
    filtered: tuple[Filtered, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafts:
    """All metrics of one file; `broken` names those that could not be read."""

    drafts: tuple[Draft, ...] = ()
    broken: tuple[str, ...] = ()


def read_file(files: Files) -> Drafts | None:
    """The metrics of a file; what is wrong with it is noted."""
    root = root_mapping(files, _HINT)
    if root is None:
        return None
    several = root.get("metrics")
    if several is None or "type" in root.mapping:
        name = name_of(files.path, files.path[files.path.rfind(".") :], files.issues)
        written = [] if name is None else [(name, replace(root, key_place=Place(files.path, 1)))]
        shared: dict[str, Located] = {}
    else:
        own = {key: value for key, value in root.mapping.items() if key != "metrics"}
        FILE.read_keys({**own, "metrics": replace(several, value={})}, root.place, files.issues)
        written = list(_named(several, files))
        shared = {key: value for key, value in own.items() if key in _NAMES}
    found = [(name, _draft(name, located, shared, files)) for name, located in written]
    return Drafts(
        drafts=tuple(draft for _, draft in found if draft is not None),
        broken=tuple(name for name, draft in found if draft is None),
    )


def _named(several: Located, files: Files) -> Iterator[tuple[str, Located]]:
    """The metrics of a mapping, or of a list as dbt has it."""
    if several.is_mapping:
        yield from several.mapping.items()
        return
    for item in several.items:
        name = item.get("name")
        if name is None or not isinstance(name.value, str):
            FILE.keys[-1].type.refuse(item, files.issues, "write `metrics:` as name → keys")
            continue
        keys = {key: value for key, value in item.mapping.items() if key != "name"}
        yield name.value, Located(keys, item.place, name.place)


def _draft(
    name: str, located: Located, shared: Mapping[str, Located], files: Files
) -> Draft | None:
    """One metric by its own keys, and by those of its file where it lacks them."""
    place = located.key_place or located.place
    if not located.is_mapping:
        METRIC.read(located, files.issues)
        return None
    if not is_name(name):
        what = f"`{name}` cannot name a metric: letters, digits and underscores, no digit first"
        files.wrong("E122", what, place)
        return None
    before = len(files.issues)
    keys = {**shared, **_unnested(located)}
    values = METRIC.read_keys(keys, place, files.issues)
    known = {key.name: key for key in METRIC.keys}
    for key in REQUIRED:
        if not str(values.get(key, "")).strip() and (key not in keys or key in values):
            fix = f"add `{key}:`, {known[key].doc}"
            files.wrong("E116", f"missing key `{key}`", place, fix)
    files.issues.extend(template_issues(located))
    if len(files.issues) > before:
        return None
    places = {key: _content(value, files) for key, value in keys.items()}
    for item in keys["dimensions"].items if "dimensions" in keys else ():
        places[f"dimensions.{item.value}"] = _content(item, files)
    described = take_described(values)
    built = build_metric(name, values, described, place, places, files.issues)
    if built is None:
        return None
    metric, filtered = built
    uses = uses_of(metric, files.issues)
    if uses.counts_rows and not metric.table:
        files.wrong("E116", "missing key `table`", place, "add `table:`, whose rows are counted")
    if len(files.issues) > before:
        return None
    if not uses.counts_rows and keys.get("where") is shared.get("where"):
        metric = replace(metric, where="")  # the file's, which holds for rows of its table
    return Draft(metric=metric, described=described, uses=uses, filtered=filtered)


def _unnested(located: Located) -> dict[str, Located]:
    """The keys of a metric, those of dbt's blocks one level higher."""
    found = dict(located.mapping)
    while blocks := [found.pop(block) for block in NESTED if block in found]:
        for block in blocks:
            found = {**block.mapping, **found}
    return found


def _content(located: Located, files: Files) -> Place:
    """Where a value's first character stands: behind the quote, or in the line below `|`."""
    place = located.place
    text = files.texts.get(place.path)
    if text is None or not isinstance(located.value, str):
        return place
    lines = text.split("\n")
    first = lines[place.line - 1][place.column - 1 :]
    if first[:1] in ("'", '"'):
        return replace(place, column=place.column + 1)
    if first[:1] in ("|", ">"):
        for number, line in enumerate(lines[place.line :], place.line + 1):
            if line.strip():
                return Place(place.path, number, len(line) - len(line.lstrip()) + 1)
    return place
