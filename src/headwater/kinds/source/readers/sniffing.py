"""Columns of a source without a contract: what a sample of its files shows, made to agree."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from headwater.errors import HeadwaterError, Issue, Place
from headwater.kinds.source.readers.listing import FoundFile
from headwater.sql.relations import Column

#: So many files are looked into, spread evenly over the names, the first and the last among them.
_SAMPLED_FILES: Final = 8

#: A value of an earlier type is also one of a later type of the same line.
_WIDER: Final = (
    ("BIGINT", "HUGEINT", "DOUBLE"),
    ("INTEGER", "BIGINT", "DOUBLE"),
    ("DATE", "TIMESTAMP"),
    ("DATE", "TIMESTAMP WITH TIME ZONE"),
)


def sniff_columns(
    files: Sequence[FoundFile], sniff: Callable[[FoundFile], tuple[Column, ...]], place: Place
) -> tuple[Column, ...]:
    """The columns of the sampled files in order of appearance; the same for the same files."""
    step = max(1, (len(files) - 1) / max(1, _SAMPLED_FILES - 1))
    chosen = sorted({min(len(files) - 1, round(step * i)) for i in range(_SAMPLED_FILES)})
    types: dict[str, str] = {}
    for index in chosen:
        for column in sniff(files[index]):
            types[column.name] = wider(types.get(column.name, ""), column.type)
    if not types:
        what = "no columns can be told from the files: they are empty"
        fix = "declare the columns in a contract, or deliver a file with rows"
        raise HeadwaterError(Issue(code="E512", what=what, place=place, fix=fix))
    return tuple(Column(name=name, type=kind or "VARCHAR") for name, kind in types.items())


def wider(one: str, other: str) -> str:
    """The narrowest type that holds the values of both; VARCHAR holds everything, `` nothing.

    >>> wider("BIGINT", "DOUBLE"), wider("DATE", "BIGINT")
    ('DOUBLE', 'VARCHAR')
    """
    if one == other or not other:
        return one
    if not one:
        return other
    for line in _WIDER:
        if one in line and other in line:
            return line[max(line.index(one), line.index(other))]
    return "VARCHAR"
