"""From a table to the columns that its rows may be grouped by: joins that never multiply rows.

A join goes from columns to the table whose key they hold, so that each row finds at most one
partner; a row without one keeps its place, with NULL. Several joins in a row are as safe.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from headwater.contracts.quoting import quote
from headwater.errors import HeadwaterError, Issue, Place, UsageError, did_you_mean
from headwater.semantics.catalog import Catalog, Dataset, remembered

_MOST_HOPS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """A join from columns of one table to the key of another."""

    columns: tuple[str, ...]
    table: str
    key: tuple[str, ...]  # empty: the table has none, and the join is refused

    def is_called(self, word: str) -> bool:
        """Whether a name with dots may call it so: by its table, or by its only column."""
        return word == self.table or (len(self.columns) == 1 and word == self.columns[0])


Path = tuple[Hop, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """A column within reach of a table. `flat` is its one name, however it was written."""

    flat: str
    path: Path
    column: tuple[str, ...]  # a field of a struct has more than one part
    type: str


@remembered
def reach(catalog: Catalog, table: str, name: str) -> Reached:
    """The column that a name means for rows of a table: `country`, `customers.country`.

    Raises UsageError: E902 unknown, E905 the join would multiply rows, E906 several ways.
    """
    dataset = catalog.datasets[table]
    parts = tuple(name.split("."))
    own = parts[1:] if len(parts) > 1 and parts[0] == table else parts
    first, kind = _own(dataset, own[0])
    if first and len(own) == 1:
        return Reached(flat=first, path=(), column=(first,), type=kind)
    if kind.startswith("STRUCT"):
        kind = _field_type(kind, own[1:])
        return Reached(flat=".".join(own), path=(), column=(first, *own[1:]), type=kind)
    if len(parts) > 1:
        ways = _ways(paths(catalog, table), parts[:-1])
        if len(ways) == 1:
            found = _column(catalog, table, ways[0], parts[-1])
            if found is not None:
                return found
        if len(ways) > 1:
            raise _ambiguous(table, name, parts[-1], ways)
    raise UsageError(_unreachable(catalog, dataset, name, parts))


def _own(dataset: Dataset, name: str) -> tuple[str, str]:
    """A column as the table spells it, and its type; both empty if there is none."""
    folded = name.casefold()
    for column, kind in dataset.columns:
        if column.casefold() == folded:
            return column, kind
    return "", ""


def _field_type(struct: str, fields: tuple[str, ...]) -> str:
    """A field's type, where the struct says it plainly; else text, which everything can be."""
    inner = struct.removeprefix("STRUCT(").removesuffix(")")
    for item in inner.split(", "):
        name, _, kind = item.partition(" ")
        if len(fields) == 1 and name.strip('"') == fields[0] and "(" not in kind:
            return kind
    return "VARCHAR"


def _column(catalog: Catalog, table: str, path: Path, column: str) -> Reached | None:
    column, kind = _own(catalog.datasets[path[-1].table], column)
    if not column:
        return None
    for hop in path:
        if not hop.key:
            raise UsageError(_without_key(table, hop, column))
    return Reached(flat=_flat(catalog, table, path, column), path=path, column=(column,), type=kind)


def _flat(catalog: Catalog, table: str, path: Path, column: str) -> str:
    """`customers.country`, or the whole way where several lead to the table."""
    ending = [p for p in paths(catalog, table) if p[-1].table == path[-1].table]
    if len(ending) == 1:
        return f"{path[-1].table}.{column}"
    return ".".join([*("_".join(hop.columns) for hop in path), column])


@remembered
def paths(catalog: Catalog, table: str) -> tuple[Path, ...]:
    """All ways of joins out of a table that meet no table twice, shortest first."""
    found: list[Path] = []
    edge: list[Path] = [()]
    for _ in range(_MOST_HOPS):
        edge = [(*path, hop) for path in edge for hop in _onward(catalog, table, path)]
        found += edge
    return tuple(found)


def _onward(catalog: Catalog, table: str, path: Path) -> Iterator[Hop]:
    met = {table, *(hop.table for hop in path)}
    dataset = catalog.datasets[path[-1].table if path else table]
    for columns, target in dataset.references.items():
        reached = catalog.datasets.get(target)
        if reached is not None and target not in met:
            key = reached.key if len(reached.key) == len(columns) else ()
            yield Hop(columns=tuple(columns), table=target, key=key)


def _ways(known: Iterable[Path], words: Sequence[str]) -> list[Path]:
    """The paths that words mean: those they spell whole, else those they are a part of."""
    ending = [path for path in known if path[-1].is_called(words[-1])]
    whole = [
        path
        for path in ending
        if len(path) == len(words)
        and all(hop.is_called(word) for hop, word in zip(path, words, strict=True))
    ]
    return whole or [path for path in ending if _contains(path, words)]


def _contains(path: Path, words: Sequence[str]) -> bool:
    hops = iter(path)
    return all(any(hop.is_called(word) for hop in hops) for word in words)


def reachable(catalog: Catalog, table: str) -> Mapping[str, Reached]:
    """Every column that rows of a table can be grouped by, under its one name."""
    dataset = catalog.datasets[table]
    names = [name for name, _ in dataset.columns]
    for path in paths(catalog, table):
        if all(hop.key for hop in path):
            target = catalog.datasets[path[-1].table]
            names += [_flat(catalog, table, path, column) for column, _ in target.columns]
    return {name: reach(catalog, table, name) for name in names}


def _ambiguous(table: str, name: str, column: str, ways: Sequence[Path]) -> UsageError:
    spelled = [".".join([*("_".join(hop.columns) for hop in way), column]) for way in ways[:3]]
    what = f"`{name}` can be reached from `{table}` in {len(ways)} ways"
    fix = "say which: " + " or ".join(f"`{spelling}`" for spelling in spelled)
    return UsageError(Issue(code="E906", what=what, fix=fix))


def _without_key(table: str, hop: Hop, column: str) -> Issue:
    what = f"`{hop.table}.{column}` would multiply rows of `{table}`: `{hop.table}` has no such key"
    return Issue(
        code="E905", what=what, fix=f"add `key: {_listed(hop.columns)}` to tables/{hop.table}.sql"
    )


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"[{', '.join(names)}]"


def _unreachable(catalog: Catalog, dataset: Dataset, name: str, parts: tuple[str, ...]) -> Issue:
    """Why a name means nothing here: a table beyond a join that multiplies, or no such column."""
    other = catalog.datasets.get(parts[0]) if len(parts) > 1 else None
    if other is not None and any(column == parts[-1] for column, _ in other.columns):
        if any(path[-1].table == dataset.name for path in paths(catalog, other.name)):
            what = f"`{name}` would multiply rows: many of `{other.name}` belong to one of "
            fix = f"group a metric of `{other.name}`, or add its value to `{dataset.name}`"
            return Issue(code="E905", what=f"{what}`{dataset.name}`", fix=fix)
        if other.name != dataset.name:
            fix = f"add `references: {{column: {other.name}}}` to tables/{dataset.name}.sql"
            what = f"`{dataset.name}` has no way to `{name}`"
            return Issue(code="E902", what=what, fix=fix)
    known = tuple(reachable(catalog, dataset.name))
    what = f"unknown dimension `{name}` of `{dataset.name}`"
    last = {flat.rpartition(".")[2]: flat for flat in reversed(known)}
    near = did_you_mean(name, known)
    if not near and name in last:
        near = f"did you mean `{last[name]}`?"
    fix = near or f"it can be grouped by {', '.join(f'`{known_name}`' for known_name in known[:8])}"
    return Issue(code="E902", what=what, fix=fix)


def at_place(error: HeadwaterError, place: Place) -> HeadwaterError:
    """The same issues, where the definition stands that caused them."""
    return HeadwaterError(
        *(
            Issue(code=issue.code, what=issue.what, place=place, fix=issue.fix)
            for issue in error.issues
        )
    )


def relation(catalog: Catalog, table: str, names: Iterable[str], view: str | None = None) -> str:
    """What to read the rows of a table from, with the columns reached under their flat names.

    Only a table whose columns are all its own is read as it is.
    """
    reached = {found.flat: found for found in (reach(catalog, table, name) for name in names)}
    joined = [found for found in reached.values() if found.path or len(found.column) > 1]
    source = quote(view or table)
    if not joined:
        return source
    aliases: dict[Path, str] = {(): "own"}
    lines = [f"FROM {source} AS own"]
    for found in joined:
        for length in range(1, len(found.path) + 1):
            path = found.path[:length]
            if path not in aliases:
                hop, before = path[-1], aliases[path[:-1]]
                alias = aliases[path] = f"joined{len(aliases)}"
                matches = " AND ".join(
                    f"{before}.{quote(column)} = {alias}.{quote(key)}"
                    for column, key in zip(hop.columns, hop.key, strict=True)
                )
                lines.append(f"LEFT JOIN {quote(hop.table)} AS {alias} ON {matches}")
    columns = "".join(
        f", {aliases[found.path]}.{'.'.join(map(quote, found.column))} AS {quote(found.flat)}"
        for found in joined
    )
    return f"(SELECT own.*{columns} {' '.join(lines)})"


def tables_of(catalog: Catalog, table: str, names: Iterable[str]) -> tuple[str, ...]:
    """The table and all that are joined to it for these columns, each once."""
    hops = (hop.table for name in names for hop in reach(catalog, table, name).path)
    return tuple(dict.fromkeys([table, *hops]))
