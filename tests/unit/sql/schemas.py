"""The upstreams of the written cases, and the cases themselves, read from `cases/`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from headwater.sql import Column, Read, Relation

CASES = Path(__file__).parent / "cases"
FUNCTIONS = (
    "create macro twice(x) as x * 2",
    "create function yesterday() as current_date - 1",
)

Relations = dict[str, Relation]


def relation(
    name: str, columns: Mapping[str, str], time: str | None = None, key: tuple[str, ...] = ()
) -> Relation:
    """An upstream from its columns' types."""
    listed = tuple(Column(name=column, type=type_) for column, type_ in columns.items())
    return Relation(name=name, columns=listed, time=time, key=key)


def _named(*relations: Relation) -> Relations:
    return {found.name: found for found in relations}


PAIRS = _named(
    relation(
        "t",
        {
            "id": "INTEGER",
            "a": "INTEGER",
            "b": "VARCHAR",
            "st": "STRUCT(x INTEGER, y STRUCT(z INTEGER))",
            "l": "INTEGER[]",
            "d": "DATE",
            "ts": "TIMESTAMP",
            "j": "JSON",
        },
    ),
    relation("u", {"id": "INTEGER", "k": "INTEGER", "w": "DOUBLE", "ts": "TIMESTAMP"}),
    relation("v", {"id": "INTEGER", "a": "INTEGER", "b": "VARCHAR"}),
    relation("keyed", {"id": "INTEGER", "name": "VARCHAR"}, key=("id",)),
)
MUTATIONS = PAIRS | _named(
    relation(
        "t",
        {column.name: column.type for column in PAIRS["t"].columns}
        | {"ls": "STRUCT(p INTEGER, q VARCHAR)[]", "m": "MAP(VARCHAR, INTEGER)"},
    ),
    relation(
        "u",
        {column.name: column.type for column in PAIRS["u"].columns} | {"d": "DATE"},
    ),
)
DETERMINISM = _named(
    relation(
        "t",
        {
            "id": "INTEGER",
            "cid": "INTEGER",
            "a": "INTEGER",
            "b": "VARCHAR",
            "d": "DATE",
            "ts": "TIMESTAMP",
        },
        key=("id",),
    ),
    relation(
        "u",
        {"id": "INTEGER", "k": "INTEGER", "w": "DOUBLE", "p": "DECIMAL(12,4)", "ts": "TIMESTAMP"},
    ),
    relation("c", {"cid": "INTEGER", "name": "VARCHAR"}, key=("cid",)),
)
ALIGNMENT = _named(
    relation("a", {"id": "INTEGER", "g": "INTEGER", "x": "INTEGER", "ts": "TIMESTAMP"}, "ts"),
    relation("b", {"id": "INTEGER", "g": "INTEGER", "y": "INTEGER", "d": "DATE"}, "d"),
    relation("c", {"g": "INTEGER", "name": "VARCHAR", "since": "DATE"}),
    relation("z", {"g": "INTEGER", "x": "INTEGER", "seen": "TIMESTAMP WITH TIME ZONE"}, "seen"),
)


@dataclass(frozen=True, slots=True)
class Case:
    """One block of a case file: its title, its lines of SQL, its expectations by word."""

    title: str
    queries: tuple[str, ...]
    expected: tuple[tuple[str, str], ...]

    def get(self, word: str, otherwise: str = "") -> str:
        """The text after `word:`."""
        return dict(self.expected).get(word, otherwise)


def read_cases(name: str, words: frozenset[str]) -> Iterator[Case]:
    """The blocks of `cases/<name>.txt`: `== title`, SQL, `->`, more SQL, `word: expectation`."""
    for block in (CASES / f"{name}.txt").read_text().split("\n== ")[1:]:
        title, *lines = block.strip("\n").split("\n")
        expected: list[tuple[str, str]] = []
        queries: list[list[str]] = [[]]
        for line in lines:
            word, colon, rest = line.partition(":")
            if colon and word in words:
                expected.append((word, rest.strip()))
            elif line == "->":
                queries.append([])
            else:
                queries[-1].append(line)
        texts = tuple("\n".join(query).strip("\n") for query in queries)
        yield Case(title, texts, tuple(expected))


def mutations() -> Iterator[tuple[str, str]]:
    """Queries that differ in one constant, and last those that differ in a name."""
    text = (CASES / "mutations.txt").read_text()
    lines = [line for line in text.split("\n") if line and not line.startswith(("#", "=="))]
    return iter(list(zip(lines[::2], lines[1::2], strict=True)))


def changed(relations: Relations, change: str) -> tuple[Relations, Read | None]:
    """The upstreams after a change, and the read whose key changes with it, if one does."""
    match change.split():
        case []:
            return relations, None
        case ["add", "a", "column", "to", name]:
            columns = (Column(name="zz_new", type="INTEGER"), *relations[name].columns)
        case ["add", "column", column, "to", name]:
            columns = (*relations[name].columns, Column(name=column, type="INTEGER"))
        case ["reorder", "the", "columns", "of", name]:
            columns = relations[name].columns[::-1]
        case ["rename", old, "to", new, "in", name]:
            columns = tuple(
                replace(column, name=new) if column.name == old else column
                for column in relations[name].columns
            )
        case ["change", "the", "rows", "of", name]:
            return relations, Read(name, None)
        case ["change", column]:
            name, _, column = column.partition(".")
            return relations, Read(name, column)
        case _:
            raise ValueError(change)
    return relations | {name: replace(relations[name], columns=columns)}, None
