"""JSON objects of a stream: their keys matched with the columns, their types sniffed."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from headwater.contracts.definition import Contract
from headwater.errors import HeadwaterError, Issue, Place
from headwater.kinds.source.readers.casting import TextFormat
from headwater.kinds.source.readers.json_landing import JsonShape, keys_of, pointer, sniff_texts
from headwater.kinds.source.readers.model import LoadStamp
from headwater.kinds.source.readers.naming import column_names, match_headers
from headwater.sql.relations import Column

#: The keys are told from so many records; a key that comes later is found by its column's name.
_KEY_RECORDS: Final = 1_000


def object_shape(
    texts: Iterator[str],
    columns: tuple[Column, ...],
    contract: Contract | None,
    place: Place,
    delivery: str,
    form: TextFormat,
    load: LoadStamp,
) -> tuple[JsonShape, tuple[Issue, ...], Iterator[str]]:
    """How the objects become columns, what was noticed, and all the texts again."""
    first = list(itertools.islice(texts, _KEY_RECORDS))
    keys = keys_of(first)
    match = match_headers(keys, columns, contract, delivery, place)
    pointers = tuple(
        pointer(column.name if position is None else keys[position])
        for position, column in zip(match.positions, columns, strict=True)
    )
    shape = JsonShape(delivery=delivery, columns=columns, pointers=pointers, form=form, load=load)
    return shape, match.issues if first else (), itertools.chain(first, texts)


def sniff_objects(texts: Sequence[str], place: Place) -> tuple[Column, ...]:
    """The columns of some objects; raises `HeadwaterError` (E512) if there are none."""
    if not texts:
        fix = "declare the columns in a contract"
        what = "no columns can be told: there are no records"
        raise HeadwaterError(Issue(code="E512", what=what, place=place, fix=fix))
    with tempfile.TemporaryDirectory() as folder:
        found = sniff_texts(texts, Path(folder))
    names = column_names(key for key, _ in found)
    return tuple(
        Column(name=name, type=kind or "VARCHAR")
        for name, (_, kind) in zip(names, found, strict=True)
    )
